"""Which edits of `MarioMaker-v0` are allowed: the limits, and the masks of actions; compiled."""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.compiled import inline_jit, jit
from gym_mario_suite.envs.maker_options import NARROW, PATCH, TURTLE, WIDE

MOVES = 4  # of the turtle: left, right, up, down


@inline_jit
def keeps_limits(board, rules, i, old, new):
    """Whether a cell may hold `new` instead of `old`: no group that is full may grow."""
    for group in range(rules.most.shape[0]):
        if (
            rules.member[new, group]
            and not rules.member[old, group]
            and board.held[i, group] >= rules.most[group]
        ):
            return False
    return True


@jit
def _fill_allowed(board, rules, i):
    k = rules.tile_of.shape[0]
    for old in range(k):
        for new in range(k):
            board.allowed[i, old, new] = old == new or keeps_limits(board, rules, i, old, new)


@inline_jit
def _mask_cell(board, rules, i, row, column, at):
    """The mask of one cell's parts: what it holds is always allowed."""
    old = board.maps[i, row, column]
    frozen = board.frozen[i, row, column]
    for part in range(rules.tile_of.shape[0]):
        board.masks[i, at + part] = part == old or (
            not frozen and keeps_limits(board, rules, i, old, part)
        )


@jit
def write_mask(board, rules, i):
    """Which actions change something that may be changed, or nothing at all."""
    height, width = board.maps.shape[1], board.maps.shape[2]
    k = rules.tile_of.shape[0]
    column, row = np.int64(board.pos[i, 0]), np.int64(board.pos[i, 1])
    mask = board.masks[i]
    if rules.kind == NARROW:
        _mask_cell(board, rules, i, row, column, 0)
    elif rules.kind == TURTLE:
        mask[0] = column > 0
        mask[1] = column < width - 1
        mask[2] = row > 0
        mask[3] = row < height - 1
        _mask_cell(board, rules, i, row, column, MOVES)
    elif rules.kind == PATCH:
        for y in range(rules.patch_rows):
            for x in range(rules.patch_columns):
                at = (y * rules.patch_columns + x) * k
                if row + y < height and column + x < width:
                    _mask_cell(board, rules, i, row + y, column + x, at)
                else:
                    mask[at : at + k] = 1  # beyond the map: does nothing
    elif rules.kind == WIDE:
        _mask_axes(board, rules, i)
    else:
        _fill_allowed(board, rules, i)
        for y in range(height):
            for x in range(width):
                at = (y * width + x) * k
                old = board.maps[i, y, x]
                if board.frozen[i, y, x]:
                    mask[at : at + k] = 0
                    mask[at + old] = 1
                else:
                    for part in range(k):
                        mask[at + part] = board.allowed[i, old, part]


@jit
def _mask_axes(board, rules, i):
    """Columns and rows that have a cell to change, and parts that some of these cells may hold."""
    height, width = board.maps.shape[1], board.maps.shape[2]
    mask = board.masks[i]
    mask[: width + height] = 0
    any_free = False
    for y in range(height):
        for x in range(width):
            if not board.frozen[i, y, x]:
                mask[x] = 1
                mask[width + y] = 1
                any_free = True
    if not any_free:
        mask[: width + height] = 1  # nothing can be changed: every action does nothing
    for part in range(rules.tile_of.shape[0]):
        possible = False
        for old in range(rules.tile_of.shape[0]):
            if board.counts[i, old] and (old == part or keeps_limits(board, rules, i, old, part)):
                possible = True
        mask[width + height + part] = possible
