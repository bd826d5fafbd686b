"""Stack the last observations, or observations from further back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv, VectorWrapper
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from gym_mario_suite.errors import OptionError, as_choice, as_integer, as_integers
from gym_mario_suite.wrappers.games_begun import games_begun
from gym_mario_suite.wrappers.recorded_arguments import record_arguments

_FURTHEST = 1000
_PADDINGS = ("reset", "zero")
_AXES = ("last", "first")


class FrameStack(gym.Wrapper[Any, Any, Any, Any], gym.utils.RecordConstructorArgs):
    """Shows the last `stack` observations at once, the newest last.

    `delays` chooses others: `delays=[0, 4, 8]` shows the present one and those of 4 and 8 steps
    ago; `delays=[2]` shows the observation of 2 steps ago alone, as a player with slow eyes would
    see it.

    Args:
        env: An environment whose observations are a Box.
        stack: How many.
        delays: Ages in steps of the observations shown, in place of `stack`.
        padding: What stands for observations before the episode: "reset" (its first one) or "zero".
        axis: "last" joins them along the last axis (pictures get more channels; a picture without
            channels gets them); "first" puts a new axis in front.

    Raises:
        OptionError: For observations that are no Box, or a value that is not possible.

    Example:
        >>> import gymnasium as gym
        >>> from gym_mario_suite.wrappers import FrameStack
        >>> env = gym.make("gym_mario_suite:MarioInfinite-v0", obs="gray84")
        >>> FrameStack(env, stack=4).observation_space
        Box(0, 255, (84, 84, 4), uint8)
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        stack: int = 4,
        delays: Sequence[int] | None = None,
        padding: str = "reset",
        axis: str = "last",
    ) -> None:
        self._history = _History(env.observation_space, 1, stack, delays, padding, axis)
        record_arguments(self, stack=stack, delays=delays, padding=padding, axis=axis)
        gym.Wrapper.__init__(self, env)
        self.observation_space = self._history.space

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[Any], dict[str, Any]]:
        """Begin an episode."""
        observation, info = self.env.reset(seed=seed, options=options)
        self._history.begin(np.asarray(observation)[None], np.ones(1, bool))
        return self._history.stacked()[0], info

    def step(self, action: Any) -> tuple[NDArray[Any], Any, bool, bool, dict[str, Any]]:
        """Step, and stack what is seen."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        self._history.push(np.asarray(observation)[None])
        return self._history.stacked()[0], reward, terminated, truncated, info


class VectorFrameStack(VectorWrapper, gym.utils.RecordConstructorArgs):
    """`FrameStack` for vector environments, game by game the same, in all autoreset modes.

    Args:
        env: A vector environment whose observations are a Box.
        stack: As of `FrameStack`.
        delays: As of `FrameStack`.
        padding: As of `FrameStack`.
        axis: As of `FrameStack`; it is that of a single game's observation.

    Raises:
        OptionError: As `FrameStack`.
    """

    def __init__(
        self,
        env: VectorEnv[Any, Any, Any],
        stack: int = 4,
        delays: Sequence[int] | None = None,
        padding: str = "reset",
        axis: str = "last",
    ) -> None:
        self._history = _History(
            env.single_observation_space, env.num_envs, stack, delays, padding, axis
        )
        record_arguments(self, stack=stack, delays=delays, padding=padding, axis=axis)
        super().__init__(env)
        self._mode = AutoresetMode(env.metadata["autoreset_mode"])
        self.single_observation_space = self._history.space
        self.observation_space = batch_space(self._history.space, env.num_envs)
        self._ended = np.zeros(env.num_envs, bool)

    def reset(
        self, *, seed: Any = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[Any], dict[str, Any]]:
        """Begin episodes; options as of the environment."""
        began = games_begun(options, self.num_envs)
        observations, infos = self.env.reset(seed=seed, options=options)
        self._history.begin(observations, began)
        self._ended = self._ended & ~began
        return self._history.stacked(), infos

    def step(self, actions: Any) -> tuple[NDArray[Any], Any, Any, Any, dict[str, Any]]:
        """Step, and stack what is seen."""
        observations, rewards, terminated, truncated, infos = self.env.step(actions)
        ended = np.asarray(terminated) | np.asarray(truncated)
        if self._mode == AutoresetMode.SAME_STEP and ended.any():
            last = np.array(observations)
            for index in np.flatnonzero(ended):
                last[index] = infos["final_obs"][index]
            self._history.push(last)
            final = np.full(self.num_envs, None, object)
            for index, stacked in zip(
                np.flatnonzero(ended), self._history.stacked()[ended], strict=True
            ):
                final[index] = stacked
            infos = {**infos, "final_obs": final}
            self._history.begin(observations, ended)
        else:
            self._history.push(observations)
            if self._mode == AutoresetMode.NEXT_STEP:
                # What ended a step ago has been reset in this one.
                self._history.begin(observations, self._ended)
        self._ended = ended
        return self._history.stacked(), rewards, terminated, truncated, infos


class _History:
    """The last observations of some games, and the stack made of them."""

    def __init__(
        self,
        space: gym.Space[Any],
        count: int,
        stack: int,
        delays: Sequence[int] | None,
        padding: str,
        axis: str,
    ) -> None:
        if not isinstance(space, gym.spaces.Box):
            raise OptionError(f"FrameStack needs observations of a Box, got {space}")
        if delays is None:
            delays = range(as_integer("stack", stack, 1, _FURTHEST))
        given = as_integers("delays", delays, 0, _FURTHEST)
        ages = sorted(given, reverse=True)
        if not ages or len(set(ages)) < len(ages):
            raise OptionError(f"delays must be different numbers, at least one, got {given}")
        self._ages = ages
        self._zero = as_choice("padding", padding, _PADDINGS) == "zero"
        self._first = as_choice("axis", axis, _AXES) == "first"
        # A ring: the observation of `age` steps ago is at (now - age) modulo its length.
        self._ring = np.zeros((ages[0] + 1, count, *space.shape), space.dtype)
        self._now = 0
        # A picture without channels gets a last axis to join along.
        self._flat = not self._first and len(space.shape) == 2
        low, high = (self._join([bound[None]] * len(ages))[0] for bound in (space.low, space.high))
        if self._zero:
            low, high = np.minimum(low, 0), np.maximum(high, 0)
        assert space.dtype is not None
        self.space = gym.spaces.Box(low, high, dtype=space.dtype.type)

    def begin(self, observations: NDArray[Any], mask: NDArray[np.bool_]) -> None:
        """The games of the mask begin an episode."""
        self._ring[:, mask] = 0 if self._zero else observations[mask]
        self._ring[self._now, mask] = observations[mask]

    def push(self, observations: NDArray[Any]) -> None:
        """All games have made a step."""
        self._now = (self._now + 1) % len(self._ring)
        self._ring[self._now] = observations

    def stacked(self) -> NDArray[Any]:
        """The stack of every game: a new array."""
        return self._join([self._ring[self._now - age] for age in self._ages])

    def _join(self, frames: list[NDArray[Any]]) -> NDArray[Any]:
        if self._first:
            return np.stack(frames, 1)
        if self._flat:
            return np.stack(frames, -1)
        return np.concatenate(frames, -1)
