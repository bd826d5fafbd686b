"""Random numbers with an address: what a cell draws depends on the seed and its place alone.

A field is a function of (key, row from the bottom, column, tile). So a level is the same whether
it is made alone or in a batch, cells can be drawn in any order, and a taller or wider level of the
same seed starts from the same noise. Bits come from the finaliser of SplitMix64 (Steele, Lea and
Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014). The logarithm and the
exponential are our own: those of mathematics libraries differ in the last bit.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.compiled import inline_jit, jit

PRIORITY = 1 << 20  # in place of a tile: the cell's place in the order

_WORD = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_U30, _U27, _U31, _U11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_ROW, _COLUMN = np.uint64(_GOLDEN), np.uint64(0xD1B54A32D192ED03)
_TILE = np.uint64(0x8CB92BA72F3D8DD7)
_UNIT = 2.0**-53
_LN_2 = math.log(2.0)
_SQRT_HALF = math.sqrt(0.5)


def field_key(seed: int, *streams: int) -> np.uint64:
    """The key of one field of a seed; different `streams` give independent fields."""
    state = 0
    for number in (seed, *streams):
        state = (state ^ (number & _WORD)) + _GOLDEN & _WORD
        state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & _WORD
        state = (state ^ state >> 27) * 0x94D049BB133111EB & _WORD
        state ^= state >> 31
    return np.uint64(state)


@inline_jit
def _mixed(z):
    z = (z ^ (z >> _U30)) * _MIX_1
    z = (z ^ (z >> _U27)) * _MIX_2
    return z ^ (z >> _U31)


def mixed_words(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64 on each word of an array."""
    return _mixed.py_func(words)


@inline_jit
def uniform(key, row, column, tile):
    """A number in (0, 1)."""
    place = key + np.uint64(row + 1) * _ROW + np.uint64(column + 1) * _COLUMN
    bits = _mixed(_mixed(place) + np.uint64(tile + 1) * _TILE)
    return (np.float64(bits >> _U11) + 0.5) * _UNIT


@jit
def exact_log(x):
    """Natural logarithm of a positive float64, by operations that round the same everywhere."""
    mantissa, exponent = math.frexp(x)
    if mantissa < _SQRT_HALF:
        mantissa *= 2.0
        exponent -= 1
    s = (mantissa - 1.0) / (mantissa + 1.0)
    square = s * s
    series = 1.0 / 19.0
    for odd in range(17, 0, -2):
        series = series * square + 1.0 / odd
    return exponent * _LN_2 + 2.0 * s * series


@jit
def exact_exp(x):
    """E to the power of a float64 of -700 to 700, likewise."""
    halvings = math.floor(x / _LN_2 + 0.5)
    rest = x - halvings * _LN_2
    series = 1.0
    for i in range(14, 0, -1):
        series = 1.0 + series * rest / i
    return math.ldexp(series, int(halvings))


@jit
def gumbel(key, row, column, tile):
    """A number of the standard Gumbel distribution."""
    return -exact_log(-exact_log(uniform(key, row, column, tile)))


@jit
def normal(key, row, column, index):
    """A number of the standard normal distribution, by Marsaglia's polar method."""
    turn = 0
    while True:
        u = 2.0 * uniform(key, row, column, 4 * index + (turn << 20)) - 1.0
        v = 2.0 * uniform(key, row, column, 4 * index + 1 + (turn << 20)) - 1.0
        square = u * u + v * v
        if 0.0 < square < 1.0:
            return u * math.sqrt(-2.0 * exact_log(square) / square)
        turn += 1
