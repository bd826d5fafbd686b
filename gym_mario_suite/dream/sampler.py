"""Sampling a frame: down the noise levels by Euler's or Heun's method.

The first noise is standard normal whatever the first noise level is, as in DIAMOND: a network
trained with it knows the level from what it is told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from gym_mario_suite.dream.diffusion import SOLVERS
from gym_mario_suite.errors import as_choice

# (noisy frames, noise level) to (denoised frames, head)
Denoise = Callable[[Any, float], tuple[Any, Any]]


def sample(
    denoise: Denoise,
    noise: Any,
    sigmas: Sequence[float],
    solver: str = "euler",
    watch: Callable[[Any], None] | None = None,
) -> tuple[Any, Any]:
    """Solve the probability flow from `noise` down to a frame.

    Args:
        denoise: The denoiser. It is asked once for each step, by Heun's method twice but for the
            last one.
        noise: Where it begins: an array or a tensor.
        sigmas: Noise levels, falling; the last may be 0.
        solver: "euler" (first order) or "heun" (second order).
        watch: Called with what is expected of the frame after each step.

    Returns:
        The frames, and what else the last call gave.

    Raises:
        OptionError: For an unknown solver.
    """
    as_choice("solver", solver, SOLVERS)
    x = noise
    head = None
    for sigma, lower in pairwise(sigmas):
        denoised, head = denoise(x, sigma)
        if watch is not None:
            watch(denoised)
        if lower == 0:
            # What Euler's step comes to, without its rounding.
            x = denoised
            continue
        slope = (x - denoised) / sigma
        moved = x + slope * (lower - sigma)
        if solver == "heun":
            denoised, head = denoise(moved, lower)
            slope = (slope + (moved - denoised) / lower) / 2
            moved = x + slope * (lower - sigma)
        x = moved
    return x, head
