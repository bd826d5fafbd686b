"""Masked discrete diffusion over tiles: seeded levels within limits, and passable."""
