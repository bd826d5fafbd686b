"""Mario Maker's map with a plane for each part."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import VectorEnv

from gym_mario_suite.wrappers.map_planes import VectorMapPlanes, checked_spaces, codes_of


class OneHotMap(gym.ObservationWrapper[Any, Any, Any], gym.utils.RecordConstructorArgs):
    """Turns the codes of a map into vectors with a single 1, uint8[rows, columns, codes].

    Codes are names, not quantities: a network should not have to find out that 7 is no more than 3.

    Args:
        env: `MarioMaker-v0`, or another environment with a map of codes; also one that `CropMap`
            wraps, whose code of the cells beyond the edge gets a plane, too.

    Raises:
        OptionError: If the observation has no map of codes.

    Example:
        >>> import gymnasium as gym
        >>> from gym_mario_suite.wrappers import OneHotMap
        >>> OneHotMap(gym.make("gym_mario_suite:MarioMaker-v0")).observation_space["map"]
        Box(0, 1, (14, 114, 20), uint8)
    """

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        gym.utils.RecordConstructorArgs.__init__(self)
        gym.ObservationWrapper.__init__(self, env)
        self._codes, self.observation_space = _spread(env.observation_space)

    def observation(self, observation: Any) -> Any:
        """The observation with planes."""
        return {**observation, "map": self._codes[observation["map"]]}


class VectorOneHotMap(VectorMapPlanes, gym.utils.RecordConstructorArgs):
    """`OneHotMap` for vector environments.

    Args:
        env: A vector environment with maps of codes.

    Raises:
        OptionError: As `OneHotMap`.
    """

    def __init__(self, env: VectorEnv[Any, Any, Any]) -> None:
        gym.utils.RecordConstructorArgs.__init__(self)
        self._codes, space = _spread(env.single_observation_space)
        super().__init__(env, space)

    def observations(self, observations: Any) -> Any:
        """The observations with planes."""
        return {**observations, "map": self._codes[observations["map"]]}


def _spread(space: gym.Space[Any]) -> tuple[Any, Any]:
    """The vector of each code, and the space of the observations."""
    spaces = checked_spaces("OneHotMap", space, "map")
    codes, shape = codes_of("OneHotMap", spaces["map"])
    spaces["map"] = gym.spaces.Box(0, 1, (*shape, codes), np.uint8)
    return np.eye(codes, dtype=np.uint8), gym.spaces.Dict(spaces)
