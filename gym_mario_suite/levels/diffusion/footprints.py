"""Which tiles fit beside what is decided, so that no pipe and no cannon is ever broken.

A pipe is a top `<>` above bodies `[]`, down to ground or brick or the bottom of the grid; a cannon
is a `B` above any number of `b`. Both halves of a pipe's row are placed at once, and a row is
placed only where the cells above and below can still become what it needs. `fitting` gives the
tiles that keep this so; by induction some tile always fits, unless limits or frozen cells are in
the way.
"""

from __future__ import annotations

from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.levels.tile_grid import MASK, Tile

_TOP_L, _TOP_R = int(Tile.PIPE_TOP_LEFT), int(Tile.PIPE_TOP_RIGHT)
_BODY_L, _BODY_R = int(Tile.PIPE_LEFT), int(Tile.PIPE_RIGHT)
_CANNON, _CARRIAGE = int(Tile.CANNON_TOP), int(Tile.CANNON_BODY)
_GROUND, _BRICK = int(Tile.GROUND), int(Tile.BRICK)
_MASK = int(MASK)
_EMPTY = int(Tile.EMPTY)
_CARRIERS = 1 << _GROUND | 1 << _BRICK  # what a pipe or cannon may stand on
_PLAIN = sum(1 << t for t in Tile) & ~(
    1 << _TOP_L | 1 << _TOP_R | 1 << _BODY_L | 1 << _BODY_R | 1 << _CANNON | 1 << _CARRIAGE
)


@jit
def _is_pipe(code):
    return _TOP_L <= code <= _BODY_R


@jit
def _is_structure(code):
    return _TOP_L <= code <= _BODY_R or code == _CANNON or code == _CARRIAGE


@jit
def _at(codes, y, x):
    """The code of a cell; ground beyond the bottom, air beyond the other edges."""
    if y >= codes.shape[0]:
        return _GROUND
    if y < 0 or x < 0 or x >= codes.shape[1]:
        return _EMPTY
    return int(codes[y, x])


@jit
def _carries(code):
    return code == _GROUND or code == _BRICK


@jit
def pipe_fits(codes, y, x, body):
    """Whether a pipe's row fits in the undecided cells (y, x) and (y, x + 1)."""
    if x < 0 or x + 1 >= codes.shape[1]:
        return False
    if codes[y, x] != _MASK or codes[y, x + 1] != _MASK:
        return False
    above_l, above_r = _at(codes, y - 1, x), _at(codes, y - 1, x + 1)
    if body:
        decided = (above_l == _TOP_L or above_l == _BODY_L) and (
            above_r == _TOP_R or above_r == _BODY_R
        )
        if not decided:
            if y == 0 or above_l != _MASK or above_r != _MASK:
                return False
            # The row above will be a pipe's as well, so it must not be beneath anything else.
            over_l, over_r = _at(codes, y - 2, x), _at(codes, y - 2, x + 1)
            if _is_structure(over_l) and over_l != _TOP_L and over_l != _BODY_L:
                return False
            if _is_structure(over_r) and over_r != _TOP_R and over_r != _BODY_R:
                return False
    elif _is_structure(above_l) or _is_structure(above_r):
        return False
    below_l, below_r = _at(codes, y + 1, x), _at(codes, y + 1, x + 1)
    if below_l == _BODY_L and below_r == _BODY_R:
        return True
    if below_l != _MASK and not _carries(below_l):
        return False
    if below_r != _MASK and not _carries(below_r):
        return False
    under_l, under_r = _at(codes, y + 2, x), _at(codes, y + 2, x + 1)
    # An undecided cell between this row and a body beneath must become a body, both halves of it.
    needs_l = below_l == _MASK and (under_l == _BODY_L or under_l == _BODY_R)
    needs_r = below_r == _MASK and (under_r == _BODY_L or under_r == _BODY_R)
    if needs_l or needs_r:
        return under_l == _BODY_L and under_r == _BODY_R and below_l == _MASK and below_r == _MASK
    if below_l == _MASK and under_l == _CARRIAGE:
        return False
    return not (below_r == _MASK and under_r == _CARRIAGE)


@jit
def cannon_fits(codes, y, x, carriage):
    """Whether a cannon's muzzle or carriage fits in the undecided cell (y, x)."""
    above = _at(codes, y - 1, x)
    if carriage:
        if above == _MASK:
            over = _at(codes, y - 2, x)
            if y == 0 or _is_pipe(over):
                return False
        elif above != _CANNON and above != _CARRIAGE:
            return False
    elif _is_structure(above):
        return False
    below = _at(codes, y + 1, x)
    if below == _MASK:
        under = _at(codes, y + 2, x)
        return under != _BODY_L and under != _BODY_R
    return below == _CARRIAGE or _carries(below)


@jit
def fitting(codes, y, x):
    """The tiles that fit in the undecided cell (y, x), as bits; 0 when none does."""
    above, below = _at(codes, y - 1, x), _at(codes, y + 1, x)
    bits = _PLAIN
    if _is_structure(above):
        bits &= _CARRIERS
    if below == _BODY_L or below == _BODY_R or below == _CARRIAGE:
        bits = 0
    if pipe_fits(codes, y, x, False):
        bits |= 1 << _TOP_L
    if pipe_fits(codes, y, x, True):
        bits |= 1 << _BODY_L
    if pipe_fits(codes, y, x - 1, False):
        bits |= 1 << _TOP_R
    if pipe_fits(codes, y, x - 1, True):
        bits |= 1 << _BODY_R
    if below != _BODY_L and below != _BODY_R:
        if cannon_fits(codes, y, x, False):
            bits |= 1 << _CANNON
        if cannon_fits(codes, y, x, True):
            bits |= 1 << _CARRIAGE
    return bits


@jit
def place(codes, y, x, tile):
    """Decide a cell, and its other half if it is a pipe's. Returns the other half's x, or -1."""
    codes[y, x] = tile
    if tile == _TOP_L or tile == _BODY_L:
        codes[y, x + 1] = tile + 1
        return x + 1
    if tile == _TOP_R or tile == _BODY_R:
        codes[y, x - 1] = tile - 1
        return x - 1
    return -1


@jit
def whole(codes, y, x, carriers=_CARRIERS):
    """Whether the structure that the cell is a part of has its other half, top and support.

    `carriers` says what pipes and cannons may stand on, as bits; below the grid is ground.
    """
    code = codes[y, x]
    if code == _TOP_L or code == _BODY_L:
        if _at(codes, y, x + 1) != code + 1:
            return False
    elif code == _TOP_R or code == _BODY_R:
        if _at(codes, y, x - 1) != code - 1:
            return False
    elif code != _CANNON and code != _CARRIAGE:
        return True
    above, below = _at(codes, y - 1, x), _at(codes, y + 1, x)
    carried = (carriers >> below) & 1 == 1
    if code == _CANNON or code == _CARRIAGE:
        if code == _CARRIAGE and above != _CANNON and above != _CARRIAGE:
            return False
        return carried or below == _CARRIAGE
    body = _BODY_L if code == _TOP_L or code == _BODY_L else _BODY_R
    if code == body and above != body - 2 and above != body:
        return False
    return carried or below == body


@jit
def remove_broken(codes, frozen):
    """Turn what is left of broken structures into air, frozen cells excepted.

    Returns how many cells were changed.
    """
    removed = 0
    again = True
    while again:
        again = False
        for y in range(codes.shape[0]):
            for x in range(codes.shape[1]):
                if codes[y, x] != _MASK and not frozen[y, x] and not whole(codes, y, x):
                    codes[y, x] = _EMPTY
                    removed += 1
                    again = True
    return removed


@jit
def open_structures(codes, frozen):
    """Undecide the rest of structures that have an undecided part, frozen cells excepted."""
    again = True
    while again:
        again = False
        for y in range(codes.shape[0]):
            for x in range(codes.shape[1]):
                code = codes[y, x]
                if code == _MASK or frozen[y, x] or not _is_structure(code):
                    continue
                left = code == _TOP_L or code == _BODY_L
                right = code == _TOP_R or code == _BODY_R
                opened = (left and _at(codes, y, x + 1) == _MASK) or (
                    right and _at(codes, y, x - 1) == _MASK
                )
                if code == _BODY_L or code == _BODY_R or code == _CARRIAGE:
                    opened = opened or _at(codes, y - 1, x) == _MASK
                opened = opened or (_at(codes, y + 1, x) == _MASK)
                if opened:
                    codes[y, x] = _MASK
                    again = True
