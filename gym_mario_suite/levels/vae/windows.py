"""The 14x14 windows that the categorical VAE learns from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.levels.corpus import WINDOW, CorpusLevel, Domain, windows
from gym_mario_suite.levels.tile_grid import Tile

SPRITES = 11  # tiles of the published encoding, which has none for cannons


def vae_windows(levels: Sequence[CorpusLevel]) -> NDArray[np.uint8]:
    """All windows of the Super Mario Bros. levels as published: width - 14 of each level.

    Of the game's 15 levels these are 2713. Cannons become ground.

    Returns:
        uint8[n, 14, 14], codes 0 to 10.
    """
    parts = [windows(level.codes, last=False) for level in levels if level.domain == Domain.SMB]
    flat = np.concatenate(parts) if parts else np.zeros((0, WINDOW * WINDOW), np.uint8)
    return np.where(flat >= SPRITES, np.uint8(Tile.GROUND), flat).reshape(-1, WINDOW, WINDOW)


def one_hot(codes: NDArray[np.uint8]) -> NDArray[np.float32]:
    """float32[n, 14, 14, 11] of windows."""
    return np.eye(SPRITES, dtype=np.float32)[codes]
