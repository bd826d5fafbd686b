"""Generated Infinite Mario levels as tile grids: training material without end."""

from __future__ import annotations

import numpy as np

from gym_mario_suite.levels.corpus import CorpusLevel, Domain
from gym_mario_suite.levels.generate import generate
from gym_mario_suite.levels.grid_levels import to_grid

_LENGTH = 200
_DIFFICULTIES = 11
_TYPES = 3


def infinite_levels(count: int, first_seed: int = 0) -> list[CorpusLevel]:
    """Levels of the 2009 generator, of all types and of difficulties 0 to 10 in turn."""
    levels = []
    for seed in range(first_seed, first_seed + count):
        level = generate(seed, seed % _DIFFICULTIES, seed % _TYPES, _LENGTH)
        codes = np.array(to_grid(level).codes)
        levels.append(CorpusLevel(f"infinite-{seed}", Domain.INFINITE, codes))
    return levels
