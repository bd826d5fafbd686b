"""Structures: halves of pipes and of cannons that lack what belongs to them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.levels.tile_grid import N_TILES, SOLID, Tile

_PIPE_TOP_LEFT = int(Tile.PIPE_TOP_LEFT)
_PIPE_TOP_RIGHT = int(Tile.PIPE_TOP_RIGHT)
_PIPE_LEFT = int(Tile.PIPE_LEFT)
_PIPE_RIGHT = int(Tile.PIPE_RIGHT)
_CANNON_TOP = int(Tile.CANNON_TOP)
_CANNON_BODY = int(Tile.CANNON_BODY)
_EMPTY = int(Tile.EMPTY)
_COIN = int(Tile.COIN)

# What something can stand on.
_SUPPORT = SOLID.copy()
_SUPPORT[_PIPE_TOP_LEFT : _PIPE_RIGHT + 1] = False
_SUPPORT[[_CANNON_TOP, _CANNON_BODY]] = False
assert len(_SUPPORT) == N_TILES


@jit
def is_broken(codes, row, column):
    """Whether the cell is part of a pipe or a cannon that lacks a neighbour.

    A half of a pipe needs the other half beside it, a top or a body above it if it is a body, and
    below it a body or something solid that is neither pipe nor cannon; so do cannons. Below the
    grid all is solid.
    """
    code = codes[row, column]
    if code < _PIPE_TOP_LEFT or code == _COIN:
        return False
    height, width = codes.shape
    above = codes[row - 1, column] if row > 0 else _EMPTY
    grounded = row == height - 1 or _SUPPORT[codes[row + 1, column]]
    below = codes[row + 1, column] if row < height - 1 else _EMPTY
    if code >= _CANNON_TOP:
        if code == _CANNON_BODY and above != _CANNON_TOP and above != _CANNON_BODY:
            return True
        return not grounded and below != _CANNON_BODY
    right_half = code == _PIPE_TOP_RIGHT or code == _PIPE_RIGHT
    side = column - 1 if right_half else column + 1
    partner = code - 1 if right_half else code + 1
    if side < 0 or side >= width or codes[row, side] != partner:
        return True
    top = _PIPE_TOP_RIGHT if right_half else _PIPE_TOP_LEFT
    body = _PIPE_RIGHT if right_half else _PIPE_LEFT
    if code == body and above != top and above != body:
        return True
    return not grounded and below != body


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
