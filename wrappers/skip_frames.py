"""Hold every action for some steps of the environment."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import VectorEnv
from numpy.typing import NDArray

from gym_mario_suite.errors import OptionError, as_integer, as_switch
from gym_mario_suite.wrappers.held_action import HeldAction, VectorHeldAction
from gym_mario_suite.wrappers.recorded_arguments import record_arguments

_MOST_STEPS = 1000


class SkipFrames(HeldAction, gym.utils.RecordConstructorArgs):
    """Holds every action for `skip` steps and shows the last observation.

    Rewards are added up, and so are the info's `reward_<term>` and `event_<name>` entries. The
    environments of this suite have an option `frame_skip` that does the same faster; the wrapper is
    for all others, and for a skip around other wrappers.

    Args:
        env: The environment.
        skip: Steps for each action.
        max_pool: Whether pixels are the larger of the last two observations, which keeps what
            flickers; for uint8 observations.

    Raises:
        OptionError: For a skip out of range, or pooling of what is no uint8 picture.

    Example:
        >>> import gymnasium as gym
        >>> from gym_mario_suite.wrappers import SkipFrames
        >>> env = SkipFrames(gym.make("gym_mario_suite:MarioInfinite-v0"), skip=4)
        >>> observation, info = env.reset(seed=0)
        >>> env.step(4)[4]["ticks"] - info["ticks"]
        4
    """

    def __init__(self, env: gym.Env[Any, Any], skip: int = 4, max_pool: bool = False) -> None:
        record_arguments(self, skip=skip, max_pool=max_pool)
        skip = as_integer("skip", skip, 1, _MOST_STEPS)
        HeldAction.__init__(self, env, skip, _LastFrame(env.observation_space, 1, max_pool))


class VectorSkipFrames(VectorHeldAction, gym.utils.RecordConstructorArgs):
    """`SkipFrames` for the native vector environments, game by game the same.

    Args:
        env: A native vector environment, not wrapped.
        skip: Steps for each action.
        max_pool: As of `SkipFrames`.

    Raises:
        OptionError: As `SkipFrames`, and for another kind of vector environment.
    """

    def __init__(
        self, env: VectorEnv[Any, Any, Any], skip: int = 4, max_pool: bool = False
    ) -> None:
        record_arguments(self, skip=skip, max_pool=max_pool)
        skip = as_integer("skip", skip, 1, _MOST_STEPS)
        frames = _LastFrame(env.single_observation_space, env.num_envs, max_pool)
        VectorHeldAction.__init__(self, env, skip, frames)


class _LastFrame:
    """Shows the last observation, or the larger of the last two of a span."""

    def __init__(self, space: gym.Space[Any], count: int, max_pool: bool) -> None:
        if not isinstance(space, gym.spaces.Box):
            raise OptionError(f"SkipFrames needs observations of a Box, got {space}")
        max_pool = as_switch("max_pool", max_pool)
        if max_pool and space.dtype != np.uint8:
            raise OptionError(f"max_pool is for uint8 pictures, got {space.dtype} observations")
        self._last = np.zeros((count, *space.shape), space.dtype)
        self._before = np.zeros_like(self._last) if max_pool else None

    def begin(self, observations: NDArray[Any], mask: NDArray[np.bool_]) -> None:
        self._last[mask] = observations[mask]
        if self._before is not None:
            self._before[mask] = observations[mask]

    def see(
        self,
        number: int,
        observations: NDArray[Any],
        mask: NDArray[np.bool_],
        ended: NDArray[np.bool_],
    ) -> None:
        if self._before is not None:
            # The last frame of the span before is not of this action.
            self._before[mask] = observations[mask] if number == 1 else self._last[mask]
        self._last[mask] = observations[mask]

    def picture(self) -> NDArray[Any]:
        return self._last.copy() if self._before is None else np.maximum(self._before, self._last)
