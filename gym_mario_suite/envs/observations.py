"""Observation modes of Infinite Mario: their spaces and what fills them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.learner_views import CHANNELS, N_FEATURES, N_TERRAIN
from gym_mario_suite.engine.observe import GRID_SIZE, MAX_Z
from gym_mario_suite.engine.observe_2019 import GRID_2019
from gym_mario_suite.engine.rows import (
    write_channels_rows,
    write_features_rows,
    write_framework_rows,
    write_grid_rows,
    write_terrain_rows,
)
from gym_mario_suite.engine.world import Rules
from gym_mario_suite.errors import OptionError


@dataclass(frozen=True, kw_only=True)
class ViewOptions:
    """Options of the observation modes.

    Attributes:
        z_level: Level of detail of the grid's tiles.
        z_enemies: Level of detail of the grid's sprites.
        hud: Whether pixels show the line of figures at the top.
    """

    z_level: int = 1
    z_enemies: int = 0
    hud: bool = True


class ObservationWriter(Protocol):
    """Fills the observations of some rows of a batch."""

    def __call__(
        self,
        images: NDArray[np.int32],
        rows: NDArray[np.int64],
        worlds: NDArray[np.void],
        themes: NDArray[np.int64],
        mask: NDArray[np.bool_],
        first: int,
        end: int,
        out: NDArray[Any],
    ) -> None:
        """Write the games `first` .. `end` - 1 whose `mask` is set into their rows of `out`."""
        ...


_WRITE_ROWS: dict[str, Callable[..., None]] = {
    "grid": write_grid_rows,
    "framework": write_framework_rows,
    "channels": write_channels_rows,
    "features": write_features_rows,
    "terrain": write_terrain_rows,
}


@dataclass(frozen=True)
class _RowsWriter:
    """Has a compiled function write.

    It holds the function's name, so that environments are pickled without machine code.

    Attributes:
        name: Of the observation mode.
        details: Levels of detail, where the mode has them.
    """

    name: str
    details: tuple[int, ...] = ()

    def __call__(
        self,
        images: NDArray[np.int32],
        rows: NDArray[np.int64],
        worlds: NDArray[np.void],
        themes: NDArray[np.int64],
        mask: NDArray[np.bool_],
        first: int,
        end: int,
        out: NDArray[Any],
    ) -> None:
        """See `ObservationWriter`."""
        _WRITE_ROWS[self.name](first, end, images, rows, worlds, mask, *self.details, out)


def _plain_writer(name: str) -> Callable[[ViewOptions], ObservationWriter]:
    """Makes writers of an observation that has no options."""
    return lambda _: _RowsWriter(name)


def _detailed_writer(name: str) -> Callable[[ViewOptions], ObservationWriter]:
    """Makes writers of a grid, which has levels of detail."""

    def make(options: ViewOptions) -> ObservationWriter:
        z_level = checked_z("z_level", options.z_level)
        return _RowsWriter(name, (z_level, checked_z("z_enemies", options.z_enemies)))

    return make


def _pixel_writer(name: str) -> Callable[[ViewOptions], ObservationWriter]:
    def make(options: ViewOptions) -> ObservationWriter:
        # Drawing is imported by those who want pixels.
        from gym_mario_suite.envs.pixel_observations import PixelWriter

        return PixelWriter(name, options.hud)

    return make


@dataclass(frozen=True)
class ObservationMode:
    """One way to observe the game.

    Attributes:
        name: Value of the environment's `obs` option.
        low: Smallest value.
        high: Largest value.
        shape: Shape of one observation.
        dtype: Its dtype.
        writer: Makes what fills the observations, from the options.
    """

    name: str
    low: float
    high: float
    shape: tuple[int, ...]
    dtype: type[Any]
    writer: Callable[[ViewOptions], ObservationWriter]

    def space(self) -> gym.spaces.Box:
        """The Gymnasium space of one observation."""
        return gym.spaces.Box(self.low, self.high, self.shape, self.dtype)

    def buffer(self, count: int) -> NDArray[Any]:
        """Room for the observations of `count` environments."""
        return np.zeros((count, *self.shape), self.dtype)


OBSERVATION_MODES: dict[str, ObservationMode] = {
    mode.name: mode
    for mode in (
        ObservationMode(
            "grid", -128, 127, (GRID_SIZE, GRID_SIZE), np.int8, _detailed_writer("grid")
        ),
        ObservationMode(
            "channels",
            0,
            1,
            (len(CHANNELS), GRID_SIZE, GRID_SIZE),
            np.int8,  # not uint8, which learners take for the pixels of an image
            _plain_writer("channels"),
        ),
        ObservationMode("features", -1, 1, (N_FEATURES,), np.float32, _plain_writer("features")),
        ObservationMode("terrain", -1, 1, (N_TERRAIN,), np.float32, _plain_writer("terrain")),
        ObservationMode("rgb", 0, 255, (240, 320, 3), np.uint8, _pixel_writer("rgb")),
        ObservationMode("rgb_half", 0, 255, (120, 160, 3), np.uint8, _pixel_writer("rgb_half")),
        ObservationMode("gray84", 0, 255, (84, 84), np.uint8, _pixel_writer("gray84")),
    )
}


# Modes that only the 2019 rules have.
OBSERVATION_MODES_2019: dict[str, ObservationMode] = {
    "framework": ObservationMode(
        "framework", -128, 127, (GRID_2019, GRID_2019), np.int8, _detailed_writer("framework")
    )
}


def observation_mode(name: str, rules: Rules = Rules.COMPETITION_2009) -> ObservationMode:
    """The observation mode of that name.

    Raises:
        OptionError: If the rules have none of the name; the message lists those there are.
    """
    modes = OBSERVATION_MODES
    if rules == Rules.FRAMEWORK_2019:
        modes = modes | OBSERVATION_MODES_2019
    if not isinstance(name, str) or name not in modes:
        raise OptionError(f"unknown observation mode {name!r}; there are {', '.join(modes)}")
    return modes[name]


def checked_z(name: str, z: int) -> int:
    """A level of detail of the grids, 0 to 2.

    Raises:
        OptionError: If it is another value.
    """
    if isinstance(z, bool) or z not in range(MAX_Z + 1):
        raise OptionError(f"{name} must be 0, 1 or 2, got {z!r}")
    return int(z)
