"""Style: how far the 2x2 patterns of a grid are from those of the corpus, kept exact under edits.

The measure is the Kullback-Leibler divergence, in bits, of the patterns of a grid (Q) from those of
the levels that the package's pattern statistics were made of (P, with 0.1 added to each count):

    D = sum q log2 q - sum q log2 p = (sum c log2 c - sum over windows of log2 p) / n - log2 n

with counts c and n windows. Both sums are kept in whole numbers of 2**-20 bits, so that after any
edits they equal those of a fresh count to the last bit.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.compiled import inline_jit, jit
from gym_mario_suite.levels.tile_grid import N_TILES
from gym_mario_suite.levels.wfc_patterns import PATTERN_ROWS, Patterns

N_PATTERNS = N_TILES**4
UNIT = 1 << 20
_ADDED = 0.1


@cache
def corpus_bits() -> NDArray[np.int64]:
    """log2 of each pattern's probability in the corpus, in units of 2**-20, int64[13**4]."""
    shipped = Patterns.shipped()
    counts = np.full(N_PATTERNS, _ADDED)
    for rows, chosen in (
        (slice(0, 2), slice(None)),
        (slice(1, 3), shipped.rows == PATTERN_ROWS - 1),
    ):
        windows = shipped.tiles[chosen][:, rows, :2].reshape(-1, 4).astype(np.int64)
        numbers = windows @ (N_TILES ** np.arange(3, -1, -1))
        np.add.at(counts, numbers, shipped.counts[chosen])
    bits = np.round(np.log2(counts / counts.sum()) * UNIT).astype(np.int64)
    bits.setflags(write=False)
    return bits


@cache
def count_bits(windows: int) -> NDArray[np.int64]:
    """C log2 c for c = 0 .. windows, in units of 2**-20, int64[windows + 1]."""
    counts = np.arange(windows + 1, dtype=np.float64)
    bits = np.zeros(windows + 1, np.int64)
    bits[1:] = np.round(counts[1:] * np.log2(counts[1:]) * UNIT).astype(np.int64)
    bits.setflags(write=False)
    return bits


@inline_jit
def _pattern_at(codes, row, column):
    upper = np.int64(codes[row, column]) * N_TILES + codes[row, column + 1]
    lower = np.int64(codes[row + 1, column]) * N_TILES + codes[row + 1, column + 1]
    return upper * N_TILES * N_TILES + lower


@jit
def add_windows(codes, counts, sums, by_count, by_pattern, first_row, first_column, sign):
    """Add (sign 1) or take away (-1) the windows with upper left cells in a 2x2 block.

    Args:
        codes: uint8[height, width].
        counts: int32[13**4].
        sums: int64[2], sum of c log c and of log p over the windows.
        by_count: `count_bits`.
        by_pattern: `corpus_bits`.
        first_row: The block's; windows that do not fit into the grid are left out.
        first_column: The block's.
        sign: 1 or -1.
    """
    height, width = codes.shape
    for row in range(max(first_row, 0), min(first_row + 2, height - 1)):
        for column in range(max(first_column, 0), min(first_column + 2, width - 1)):
            pattern = _pattern_at(codes, row, column)
            before = np.int64(counts[pattern])
            sums[0] += by_count[before + sign] - by_count[before]
            sums[1] += sign * by_pattern[pattern]
            counts[pattern] = before + sign


@jit
def count_windows(codes, counts, sums, by_count, by_pattern):
    """Count all windows anew."""
    counts[:] = 0
    sums[:] = 0
    for row in range(0, codes.shape[0], 2):
        for column in range(0, codes.shape[1], 2):
            add_windows(codes, counts, sums, by_count, by_pattern, row, column, 1)


@jit
def divergence(sums, windows):
    """D in bits."""
    return (sums[0] - sums[1]) / (UNIT * windows) - np.log2(np.float64(windows))
