"""Makers of courses: hill climbing with the solver, MaskablePPO, and chance."""
