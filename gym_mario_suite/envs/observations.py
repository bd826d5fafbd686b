"""Observation modes of Infinite Mario: their spaces and the functions that fill them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.engine.learner_views import (
    CHANNELS,
    N_FEATURES,
    write_channels,
    write_features,
)
from gym_mario_suite.engine.observe import GRID_SIZE, MAX_Z, write_merged_grid
from gym_mario_suite.errors import OptionError


@jit
def _write_grid_rows(images, rows, worlds, mask, first, end, z_level, z_enemies, out):
    for i in range(first, end):
        if mask[i]:
            write_merged_grid(images[rows[i]], worlds[i], 0, z_level, z_enemies, out[i])


@jit
def _write_channels_rows(images, rows, worlds, mask, first, end, _z_level, _z_enemies, out):
    for i in range(first, end):
        if mask[i]:
            write_channels(images[rows[i]], worlds[i], 0, out[i])


@jit
def _write_features_rows(images, rows, worlds, mask, first, end, _z_level, _z_enemies, out):
    for i in range(first, end):
        if mask[i]:
            write_features(images[rows[i]], worlds[i], 0, out[i])


@dataclass(frozen=True)
class ObservationMode:
    """One way to observe the game.

    Attributes:
        name: Value of the environment's `obs` option.
        low: Smallest value.
        high: Largest value.
        shape: Shape of one observation.
        dtype: Its dtype.
        write: Compiled function that fills the observations of some rows of a batch.
    """

    name: str
    low: float
    high: float
    shape: tuple[int, ...]
    dtype: type[Any]
    write: Callable[..., None]

    def space(self) -> gym.spaces.Box:
        """The Gymnasium space of one observation."""
        return gym.spaces.Box(self.low, self.high, self.shape, self.dtype)

    def buffer(self, count: int) -> NDArray[Any]:
        """Room for the observations of `count` environments."""
        return np.zeros((count, *self.shape), self.dtype)


OBSERVATION_MODES: dict[str, ObservationMode] = {
    mode.name: mode
    for mode in (
        ObservationMode("grid", -128, 127, (GRID_SIZE, GRID_SIZE), np.int8, _write_grid_rows),
        ObservationMode(
            "channels",
            0,
            1,
            (len(CHANNELS), GRID_SIZE, GRID_SIZE),
            np.int8,  # not uint8, which learners take for the pixels of an image
            _write_channels_rows,
        ),
        ObservationMode("features", -1, 1, (N_FEATURES,), np.float32, _write_features_rows),
    )
}


def observation_mode(name: str) -> ObservationMode:
    """The observation mode of that name.

    Raises:
        OptionError: If there is none; the message lists those there are.
    """
    if name not in OBSERVATION_MODES:
        raise OptionError(
            f"unknown observation mode {name!r}; there are {', '.join(OBSERVATION_MODES)}"
        )
    return OBSERVATION_MODES[name]


def checked_z(name: str, z: int) -> int:
    """A level of detail of the grids, 0 to 2.

    Raises:
        OptionError: If it is another value.
    """
    if isinstance(z, bool) or z not in range(MAX_Z + 1):
        raise OptionError(f"{name} must be 0, 1 or 2, got {z!r}")
    return int(z)
