"""Noise that depends on seed, episode and step alone, and on nothing else.

A counter-based generator (Philox 4x64, Salmon et al. 2011) is asked for block (episode, step) of a
seed's stream, so a dream does not depend on which others are dreamt beside it. The 16-bit draws
become normal numbers by a table of quantiles: the same on every machine and in every version.
"""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

_BITS = 16
_MASK = (1 << 64) - 1
# Which stream of a step: the frame's first noise, then what samplers with more steps might add.
_FRAME = 0


@lru_cache(maxsize=1)
def _quantiles() -> NDArray[np.float32]:
    """The standard normal's value at the middle of each of 65536 equal shares, float32."""
    count = 1 << _BITS
    inverse = NormalDist().inv_cdf
    upper = np.array([inverse((count / 2 + i + 0.5) / count) for i in range(count // 2)])
    return np.concatenate([-upper[::-1], upper]).astype(np.float32)


def normal_noise(seed: int, episode: int, step: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Standard normal numbers of one step of one episode, float32 of the shape.

    Args:
        seed: Key of the stream, 64 bits.
        episode: Number of the episode.
        step: Number of the step within it.
        shape: Shape of the result.
    """
    count = int(np.prod(shape))
    counter = [0, _FRAME, step & _MASK, episode & _MASK]
    bits = np.random.Philox(key=[seed & _MASK, 0], counter=counter)
    words: NDArray[np.uint64] = np.asarray(bits.random_raw(-(-count // 4)), "<u8")
    draws = words.view("<u2")[:count]
    # No draw is outside; "clip" is the mode that does not look for such.
    return _quantiles().take(draws, mode="clip").reshape(shape)
