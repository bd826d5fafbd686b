"""Recipes for stable-baselines3 on every environment family, and an agent that one of them made."""
