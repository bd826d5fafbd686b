"""Mario Maker's map as the cursor sees it: a square around it."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import VectorEnv
from numpy.typing import NDArray

from gym_mario_suite.errors import as_integer
from gym_mario_suite.wrappers.map_planes import (
    Observation,
    VectorMapPlanes,
    checked_spaces,
    codes_of,
)
from gym_mario_suite.wrappers.recorded_arguments import record_arguments

_MOST = 255
# What lies beyond the map's edge in the other planes: frozen, and no way.
_BEYOND = {"frozen": 1, "path": 0}


class CropMap(gym.ObservationWrapper[Any, Any, Any], gym.utils.RecordConstructorArgs):
    """Cuts the square around the cursor out of the map, with the cursor in its middle.

    A policy then sees the same wherever it works, and can be used on maps of another size. Cells
    beyond the edge have a code of their own, one more than the parts have; in `frozen` they are
    1, in `path` 0. All else of the observation stays.

    Args:
        env: `MarioMaker-v0` in a representation with a cursor, or another environment with a map
            of codes and a position (column, row).
        size: Cells on each side of the square, 1 to 255; the cursor is in row and column
            `size // 2`.

    Raises:
        OptionError: If the observation has no map and position, or for a size out of range.

    Example:
        >>> import gymnasium as gym
        >>> from gym_mario_suite.wrappers import CropMap
        >>> CropMap(gym.make("gym_mario_suite:MarioMaker-v0"), 9).observation_space["map"]
        Box(0, 20, (9, 9), uint8)
    """

    def __init__(self, env: gym.Env[Any, Any], size: int = 28) -> None:
        record_arguments(self, size=size)
        gym.ObservationWrapper.__init__(self, env)
        self._cut = _Cut(env.observation_space, size)
        self.observation_space: Any = self._cut.space

    def observation(self, observation: Any) -> Any:
        """The observation with cropped planes."""
        batch = {name: np.asarray(value)[None] for name, value in observation.items()}
        return {name: value[0] for name, value in self._cut(batch).items()}


class VectorCropMap(VectorMapPlanes, gym.utils.RecordConstructorArgs):
    """`CropMap` for vector environments.

    Args:
        env: A vector environment with maps and positions.
        size: As of `CropMap`.

    Raises:
        OptionError: As `CropMap`.
    """

    def __init__(self, env: VectorEnv[Any, Any, Any], size: int = 28) -> None:
        record_arguments(self, size=size)
        self._cut = _Cut(env.single_observation_space, size)
        super().__init__(env, self._cut.space)

    def observations(self, observations: Any) -> Any:
        """The observations with cropped planes."""
        return self._cut(observations)


class _Cut:
    """Cuts the squares of a batch of observations."""

    def __init__(self, space: gym.Space[Any], size: int) -> None:
        spaces = checked_spaces("CropMap", space, "map", "pos")
        codes, shape = codes_of("CropMap", spaces["map"])
        self._size = size = as_integer("size", size, 1, _MOST)
        # The cells around the map have the code that no part has.
        self._beyond = {"map": codes}
        spaces["map"] = gym.spaces.Box(0, codes, (size, size), np.uint8)
        for name, value in _BEYOND.items():
            plane = spaces.get(name)
            if plane is not None and plane.shape == shape:
                self._beyond[name] = value
                spaces[name] = gym.spaces.Box(0, 1, (size, size), np.int8)
        self.space = gym.spaces.Dict(spaces)

    def __call__(self, observations: Observation) -> Observation:
        pos = np.asarray(observations["pos"])
        found = dict(observations)
        for name, beyond in self._beyond.items():
            found[name] = self._cropped(np.asarray(observations[name]), pos, beyond)
        return found

    def _cropped(self, planes: NDArray[Any], pos: NDArray[Any], beyond: int) -> NDArray[Any]:
        before, size = self._size // 2, self._size
        after = size - 1 - before
        around = ((0, 0), (before, after), (before, after))
        padded = np.pad(planes, around, constant_values=beyond)
        rows = pos[:, 1, None] + np.arange(size)
        columns = pos[:, 0, None] + np.arange(size)
        batch = np.arange(len(planes))[:, None, None]
        return padded[batch, rows[:, :, None], columns[:, None, :]]
