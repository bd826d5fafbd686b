"""Gymnasium environments, single and vectorised: one module per family."""
