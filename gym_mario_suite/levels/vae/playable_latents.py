"""Which latents of a VAE decode to chunks that can be crossed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.levels.solver import Solver

Decode = Callable[[NDArray[np.float64]], NDArray[np.uint8]]

_MOST = 1024
_NEIGHBOURS = 8
_NEIGHBOUR_SPREAD = 0.15


def playable_latents(
    encodings: NDArray[np.float64], decode: Decode, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Encodings of training windows whose surroundings decode to chunks that can be crossed.

    Args:
        encodings: Latent means of training windows, float64[n, latent size].
        decode: Function from a latent to a chunk's codes.
        rng: Chooses the encodings and the neighbours.

    Returns:
        float64[at most 1024, latent size]; all chosen encodings where none is playable.
    """
    chosen = encodings[rng.permutation(len(encodings))[:_MOST]]
    kept = []
    for latent in chosen:
        spread = _NEIGHBOUR_SPREAD * rng.standard_normal((_NEIGHBOURS, len(latent)))
        around = [latent, *(latent + spread)]
        if all(Solver(decode(each)).solved() for each in around):
            kept.append(latent)
    return np.array(kept) if kept else chosen
