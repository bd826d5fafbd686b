"""Levels: the immutable value, the seeded generators, text."""

from gym_mario_suite.levels.generate import generate
from gym_mario_suite.levels.level import Level, Spawn

__all__ = ["Level", "Spawn", "generate"]
