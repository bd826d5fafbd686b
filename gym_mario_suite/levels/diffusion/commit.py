"""Deciding cells: the compiled inner loop of the tile diffusion's sampler."""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.levels.diffusion.footprints import fitting, place
from gym_mario_suite.levels.noise_fields import exact_exp, exact_log, gumbel
from gym_mario_suite.levels.tile_grid import MASK, N_TILES, Tile

_MASK = int(MASK)
_EMPTY = int(Tile.EMPTY)
_FIRST_HALF, _LAST_HALF = int(Tile.PIPE_TOP_LEFT), int(Tile.PIPE_RIGHT)
_MAX_BIAS = 4.0
_ROUNDS = 6  # of the fit of the biases
_STEADY = 0.5  # share of a correction that is applied


@jit
def within_limits(bits, groups, room):
    """The tiles among `bits` whose groups all have room; air always is.

    Args:
        bits: Tiles, as bits.
        groups: int64[n], the tiles of each group, as bits.
        room: int64[n], how many more cells each group may have.
    """
    for tile in range(N_TILES):
        if tile == _EMPTY:
            continue
        needed = 2 if _FIRST_HALF <= tile <= _LAST_HALF else 1
        for g in range(len(groups)):
            if groups[g] >> tile & 1 and room[g] < needed:
                bits &= ~(1 << tile)
    return bits


@jit
def commit(codes, cells, logits, key, first, bias, sharpness, allowed, groups, room):
    """Decide the cells in their order, each by the Gumbel-max rule.

    Args:
        codes: uint8[H, W], changed in place.
        cells: int64[n], row * W + column; decided ones are passed over.
        logits: float32[n, 13].
        key: Of the field of noise.
        first: Column of the level that the grid's first one is.
        bias: float64[13], added to the logits.
        sharpness: 1 / temperature.
        allowed: The tiles that may be used, as bits.
        groups: See `within_limits`.
        room: Likewise; reduced by what is placed.
    """
    height, width = codes.shape
    for i in range(len(cells)):
        y, x = cells[i] // width, cells[i] % width
        if codes[y, x] != _MASK:
            continue
        bits = fitting(codes, y, x) & allowed
        bits = within_limits(bits, groups, room)
        if bits == 0:
            bits = 1 << _EMPTY  # what this breaks is cleared away at the end
        best, best_score = -1, 0.0
        for tile in range(N_TILES):
            score = (np.float64(logits[i, tile]) + bias[tile]) * sharpness
            if bits >> tile & 1:
                score += gumbel(key, height - 1 - y, first + x, tile)
                if best < 0 or score > best_score:
                    best, best_score = tile, score
        other = place(codes, y, x, best)
        taken = 1 if other < 0 else 2
        for g in range(len(groups)):
            if groups[g] >> best & 1:
                room[g] -= taken


@jit
def fit_bias(logits, count, bias, sharpness, allowed, quota_groups, wanted, shift):
    """Choose biases so that the expected counts of some groups of tiles come to what is wanted.

    A constant bias would compound from step to step; one that is fitted anew at every step, to what
    is decided and expected by then, does not.

    Args:
        logits: float32[n, 13] of all undecided cells.
        count: How many of them to look at.
        bias: float64[13], overwritten.
        sharpness: 1 / temperature.
        allowed: Tiles that may be used, as bits.
        quota_groups: int64[q], the tiles of each quota, as bits; no tile is in two.
        wanted: float64[q, 2], least and most cells of each among the undecided ones.
        shift: float64[q], the biases of the last step, where the fit starts; overwritten.
    """
    expected = np.float64(0)
    for _ in range(_ROUNDS):
        for tile in range(N_TILES):
            bias[tile] = 0.0
            for q in range(len(quota_groups)):
                if quota_groups[q] >> tile & 1:
                    bias[tile] = shift[q]
        for q in range(len(quota_groups)):
            expected = 0.0
            for i in range(count):
                top = -1e30
                for tile in range(N_TILES):
                    if allowed >> tile & 1:
                        top = max(top, (np.float64(logits[i, tile]) + bias[tile]) * sharpness)
                total, part = 0.0, 0.0
                for tile in range(N_TILES):
                    if allowed >> tile & 1:
                        score = (np.float64(logits[i, tile]) + bias[tile]) * sharpness - top
                        if score > -40.0:
                            share = exact_exp(score)
                            total += share
                            if quota_groups[q] >> tile & 1:
                                part += share
                expected += part / total
            goal = min(max(expected, wanted[q, 0]), wanted[q, 1])
            goal = min(max(goal, 0.05), count - 0.05)
            have = min(max(expected, 0.05), count - 0.05)
            odds = exact_log(goal / (count - goal)) - exact_log(have / (count - have))
            shift[q] = min(max(shift[q] + _STEADY * odds, -_MAX_BIAS), _MAX_BIAS)
    for tile in range(N_TILES):
        bias[tile] = 0.0
        for q in range(len(quota_groups)):
            if quota_groups[q] >> tile & 1:
                bias[tile] = shift[q]
