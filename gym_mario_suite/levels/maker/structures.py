"""Structures: halves of pipes and of cannons that lack what belongs to them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.levels.diffusion.footprints import whole
from gym_mario_suite.levels.tile_grid import SOLID, Tile

# Who builds may stand them on anything solid; the corpora, and so what is learnt, know less.
_CARRIERS = sum(
    1 << tile
    for tile in Tile
    if SOLID[tile] and not Tile.PIPE_TOP_LEFT <= tile <= Tile.PIPE_RIGHT and tile < Tile.CANNON_TOP
)


@jit
def is_broken(codes, row, column):
    """Whether the cell is part of a pipe or a cannon that lacks a neighbour.

    A half of a pipe needs the other half beside it, a top or a body above it if it is a body, and
    below it a body or something solid that is neither pipe nor cannon; so do cannons. Below the
    grid all is solid.
    """
    return not whole(codes, row, column, _CARRIERS)


@jit
def broken_near(codes, row, column):
    """Broken cells among those whose state the cell can change: itself and its four neighbours."""
    height, width = codes.shape
    count = int(is_broken(codes, row, column))
    if row > 0:
        count += is_broken(codes, row - 1, column)
    if row < height - 1:
        count += is_broken(codes, row + 1, column)
    if column > 0:
        count += is_broken(codes, row, column - 1)
    if column < width - 1:
        count += is_broken(codes, row, column + 1)
    return count


@jit
def count_broken(codes):
    """Broken cells of a whole grid."""
    count = 0
    for row in range(codes.shape[0]):
        for column in range(codes.shape[1]):
            count += is_broken(codes, row, column)
    return count


def broken_cells(codes: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Columns and rows of the broken cells of a grid of tile codes."""
    return [
        (column, row)
        for row in range(codes.shape[0])
        for column in range(codes.shape[1])
        if is_broken(codes, row, column)
    ]
