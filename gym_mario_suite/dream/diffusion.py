"""The formulas of the diffusion: preconditioning and noise levels.

Written with arithmetic alone, so that they serve numpy arrays, torch tensors and plain numbers.
Source: T. Karras et al., "Elucidating the Design Space of Diffusion-Based Generative Models"
(2022), table 1; offset noise as DIAMOND (Alonso et al. 2024) has it: a noise level sigma with
offset noise o counts as sqrt(sigma^2 + o^2).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from gym_mario_suite.dream.presets import DreamConfig
from gym_mario_suite.errors import OptionError

SOLVERS = ("euler", "heun")
MAX_STEPS = 1000


class Preconditioning(NamedTuple):
    """Factors of a denoiser D(x) = skip x + out F(in x), one for each noise level."""

    c_in: Any
    c_skip: Any
    c_out: Any


def preconditioning(sigma: Any, config: DreamConfig) -> Preconditioning:
    """The factors for noise levels `sigma`: a number, an array or a tensor."""
    data = config.sigma_data**2
    squared = sigma**2 + config.sigma_offset**2
    c_in = 1 / (squared + data) ** 0.5
    c_skip = data / (squared + data)
    c_out = squared**0.5 * c_skip**0.5
    return Preconditioning(c_in, c_skip, c_out)


def sampling_sigmas(
    steps: int, sigma_min: float, sigma_max: float, rho: float
) -> tuple[float, ...]:
    """The noise levels that sampling goes down, with the 0 at the end: `steps` + 1 numbers.

    Raises:
        OptionError: For a number of steps out of range.
    """
    if not 1 <= steps <= MAX_STEPS:
        raise OptionError(f"sampling takes 1 to {MAX_STEPS} steps, got {steps}")
    if steps == 1:
        return (sigma_max, 0.0)
    low, high = sigma_min ** (1 / rho), sigma_max ** (1 / rho)
    levels = [(high + i / (steps - 1) * (low - high)) ** rho for i in range(steps)]
    return (*levels, 0.0)
