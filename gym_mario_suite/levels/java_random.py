"""The random source of java.util.Random, for levels that must equal the original's.

A 48-bit linear congruential generator. The state lives in a one-element uint64 array, so that
compiled functions advance it in place; each draw below is one step unless it says otherwise.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.compiled import jit

_MULTIPLIER = np.uint64(0x5DEECE66D)
_INCREMENT = np.uint64(0xB)
_MASK = np.uint64((1 << 48) - 1)


@jit
def seed_java_random(state, seed):
    """Set the state from a 64-bit seed (negative seeds count as two's complement)."""
    state[0] = (np.uint64(seed) ^ _MULTIPLIER) & _MASK


@jit
def next_bits(state, bits):
    """The top `bits` (1 to 31) bits of the next state, as a non-negative int."""
    state[0] = (state[0] * _MULTIPLIER + _INCREMENT) & _MASK
    return np.int64(state[0] >> np.uint64(48 - bits))


@jit
def next_below(state, n):
    """Uniform int in 0 .. n - 1, for n > 0. Takes more steps when a draw is rejected."""
    if n & -n == n:
        return (n * next_bits(state, 31)) >> 31
    while True:
        bits = next_bits(state, 31)
        value = bits % n
        if bits - value + (n - 1) < 1 << 31:
            return value


class JavaRandom:
    """java.util.Random for Python callers.

    Args:
        seed: Any Python int; its lowest 64 bits count, as in Java.
    """

    def __init__(self, seed: int) -> None:
        self._state: NDArray[np.uint64] = np.zeros(1, np.uint64)
        seed_java_random(self._state, np.uint64(seed & 0xFFFFFFFFFFFFFFFF))

    def next_int(self, bound: int | None = None) -> int:
        """An int in 0 .. bound - 1, or any 32-bit int without a bound.

        Raises:
            ValueError: If `bound` is not from 1 to 2**31 - 1.
        """
        if bound is None:
            high = next_bits(self._state, 31) << 1
            # next_bits stops at 31: the 32nd bit is read from the same state.
            low = int(self._state[0] >> np.uint64(16)) & 1
            value = high | low
            return value - (1 << 32) if value >= 1 << 31 else value
        if not 0 < bound < 1 << 31:
            raise ValueError(f"bound must be from 1 to 2**31 - 1, got {bound}")
        return int(next_below(self._state, bound))

    def next_boolean(self) -> bool:
        """One random bit."""
        return next_bits(self._state, 1) != 0
