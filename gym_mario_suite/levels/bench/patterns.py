"""Counts of small tile patterns, and distances between them.

The distances are those of level generation papers: the Kullback-Leibler divergence of tile
patterns (Lucas and Volz, GECCO 2019), smoothed as there, and the Jensen-Shannon divergence in bits,
which is bounded and does not hang on the smoothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.levels.corpus import WINDOW, windows, with_rows
from gym_mario_suite.levels.noise_fields import mixed_words
from gym_mario_suite.levels.tile_grid import N_TILES

SIZES = (2, 3, 4)
_SMOOTHING = 1e-6


@dataclass(frozen=True)
class PatternCounts:
    """How often each n x n pattern occurs.

    Attributes:
        patterns: uint64[k], ascending; a pattern's codes as the digits of a number of base 13.
        counts: int64[k].
    """

    patterns: NDArray[np.uint64]
    counts: NDArray[np.int64]


def count_patterns(grids: Sequence[NDArray[np.uint8]], size: int) -> PatternCounts:
    """The patterns of all size x size windows of the lowest 14 rows of some grids."""
    found = []
    for grid in grids:
        codes = with_rows(grid, WINDOW).astype(np.uint64)
        height, width = codes.shape[0] - size + 1, codes.shape[1] - size + 1
        numbers = np.zeros((height, width), np.uint64)
        for y in range(size):
            for x in range(size):
                numbers = numbers * np.uint64(N_TILES) + codes[y : y + height, x : x + width]
        found.append(numbers.ravel())
    patterns, counts = np.unique(np.concatenate(found), return_counts=True)
    return PatternCounts(patterns, counts.astype(np.int64))


def _shares(counts: PatternCounts, patterns: NDArray[np.uint64]) -> NDArray[np.float64]:
    shares = np.zeros(len(patterns))
    shares[np.searchsorted(patterns, counts.patterns)] = counts.counts / counts.counts.sum()
    return shares


def jensen_shannon(p: PatternCounts, q: PatternCounts) -> float:
    """Jensen-Shannon divergence in bits, 0 (equal) to 1 (nothing in common)."""
    patterns = np.union1d(p.patterns, q.patterns)
    a, b = _shares(p, patterns), _shares(q, patterns)
    middle = (a + b) / 2
    return float((_relative_entropy(a, middle) + _relative_entropy(b, middle)) / 2)


def _relative_entropy(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    some = a > 0
    return float((a[some] * np.log2(a[some] / b[some])).sum())


def pattern_divergence(real: PatternCounts, made: PatternCounts, weight: float = 1.0) -> float:
    """Tile pattern KL divergence in nats: w KL(real || made) + (1 - w) KL(made || real)."""
    patterns = np.union1d(real.patterns, made.patterns)
    a, b = (_smoothed(counts, patterns) for counts in (real, made))
    forth, back = (a * np.log(a / b)).sum(), (b * np.log(b / a)).sum()
    return float(weight * forth + (1 - weight) * back)


def _smoothed(counts: PatternCounts, patterns: NDArray[np.uint64]) -> NDArray[np.float64]:
    """(C + eps) / ((N + eps) (1 + eps))."""
    raw = np.zeros(len(patterns))
    raw[np.searchsorted(patterns, counts.patterns)] = counts.counts
    return (raw + _SMOOTHING) / ((raw.sum() + _SMOOTHING) * (1 + _SMOOTHING))


def window_hashes(codes: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """A hash of each 14x14 window of a grid, from left to right, uint64[n]."""
    flat = windows(codes)
    padded = np.zeros((len(flat), -(-flat.shape[1] // 8) * 8), np.uint8)
    padded[:, : flat.shape[1]] = flat
    words = padded.view("<u8")
    state = np.zeros(len(words), np.uint64)
    for i in range(words.shape[1]):
        state = mixed_words(state + words[:, i] + np.uint64(i + 1))
    return state
