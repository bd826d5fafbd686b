"""What the wrappers of Mario Maker's maps share: Dict observations with planes, game by game."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.errors import OptionError
from gym_mario_suite.wrappers.observed import VectorObserved

Observation = dict[str, NDArray[Any]]


class VectorMapPlanes(VectorObserved):
    """Changes Dict observations of a vector environment, the last ones of episodes too."""

    def observation(self, observation: Any) -> Any:
        """The changed observation of one game."""
        batch = {name: np.asarray(value)[None] for name, value in observation.items()}
        changed: Any = self.observations(batch)  # type: ignore[arg-type]
        return {name: value[0] for name, value in changed.items()}


def checked_spaces(wrapper: str, space: gym.Space[Any], *names: str) -> dict[str, gym.Space[Any]]:
    """The spaces of a Dict observation that has these entries.

    Raises:
        OptionError: For other observations.
    """
    if not isinstance(space, gym.spaces.Dict) or any(name not in space.spaces for name in names):
        raise OptionError(
            f"{wrapper} needs observations with {' and '.join(names)}, such as those of "
            f"MarioMaker-v0; got {space}"
        )
    return dict(space.spaces)


def codes_of(wrapper: str, space: gym.Space[Any]) -> tuple[int, tuple[int, int]]:
    """How many codes a map's cells can have, and its rows and columns.

    Raises:
        OptionError: For a space that is no map of codes.
    """
    if not isinstance(space, gym.spaces.Box) or len(space.shape) != 2 or space.dtype != np.uint8:
        raise OptionError(f"{wrapper} needs a map of codes, uint8[rows, columns]; got {space}")
    rows, columns = space.shape
    return int(space.high.max()) + 1, (rows, columns)
