"""Base of the wrappers whose step holds an action for several steps of the environment."""

from __future__ import annotations

from typing import Any, Protocol

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv, VectorWrapper
from numpy.typing import NDArray

from gym_mario_suite.envs.native_vector import NativeVectorEnv
from gym_mario_suite.errors import OptionError
from gym_mario_suite.wrappers.games_begun import games_begun

# Info entries of these names belong to one step of the environment, so a held action adds them up.
_OF_ONE_STEP = ("reward_", "event_")


class Frames(Protocol):
    """What a held action shows of the frames it passes, in arrays over games."""

    def begin(self, observations: NDArray[Any], mask: NDArray[np.bool_]) -> None:
        """The games of the mask show the first observation of an episode."""
        ...

    def see(
        self,
        number: int,
        observations: NDArray[Any],
        mask: NDArray[np.bool_],
        ended: NDArray[np.bool_],
    ) -> None:
        """The games of the mask have made step `number` (from 1), those of `ended` their last."""
        ...

    def picture(self) -> NDArray[Any]:
        """The observations of all games as the wrapper shows them: a new array."""
        ...


def slower(metadata: dict[str, Any], steps: int) -> dict[str, Any]:
    """The metadata of an environment whose steps are `steps` times as long."""
    if "render_fps" not in metadata:
        return metadata
    return {**metadata, "render_fps": max(1, round(metadata["render_fps"] / steps))}


class HeldAction(gym.Wrapper[Any, Any, Any, Any]):
    """Steps a single environment `steps` times with one action, or until the episode ends.

    Rewards are added up, and so are the info's terms of the reward (`reward_<term>`) and counts of
    events (`event_<name>`); all other infos are those of the last step.

    Args:
        env: The environment.
        steps: Steps for each action.
        frames: Keeps what is shown of them.
    """

    def __init__(self, env: gym.Env[Any, Any], steps: int, frames: Frames) -> None:
        gym.Wrapper.__init__(self, env)
        self.metadata = slower(env.metadata, steps)
        self._steps = steps
        self._frames = frames

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[Any], dict[str, Any]]:
        """Begin an episode."""
        observation, info = self.env.reset(seed=seed, options=options)
        self._frames.begin(np.asarray(observation)[None], np.ones(1, bool))
        return self._frames.picture()[0], info

    def step(self, action: Any) -> tuple[NDArray[Any], float, bool, bool, dict[str, Any]]:
        """Hold the action."""
        total = 0.0
        sums: dict[str, float] = {}
        active = np.ones(1, bool)
        terminated = truncated = False
        info: dict[str, Any] = {}
        for number in range(1, self._steps + 1):
            observation, reward, terminated, truncated, info = self.env.step(action)
            total += float(reward)
            for key, value in info.items():
                if key.startswith(_OF_ONE_STEP):
                    sums[key] = sums.get(key, 0) + value
            ended = terminated or truncated
            self._frames.see(number, np.asarray(observation)[None], active, np.array([ended]))
            if ended:
                break
        return self._frames.picture()[0], total, terminated, truncated, {**info, **sums}


class VectorHeldAction(VectorWrapper):
    """`HeldAction` for the native vector environments, game by game the same.

    A game that ends in the midst of a span waits for the others. The wrapper resets games itself,
    in the autoreset mode that the environment was made with.

    Args:
        env: A native vector environment, not wrapped.
        steps: Steps for each action.
        frames: Keeps what is shown of them.

    Raises:
        OptionError: For another kind of vector environment.
    """

    env: VectorEnv[Any, Any, Any]

    def __init__(self, env: VectorEnv[Any, Any, Any], steps: int, frames: Frames) -> None:
        if not isinstance(env, NativeVectorEnv):
            name = type(self).__name__.removeprefix("Vector")
            raise OptionError(
                f"{type(self).__name__} needs a native vector environment of this suite, not "
                f"wrapped, got {env!r}; otherwise wrap the single environments: "
                f'gymnasium.make_vec(..., vectorization_mode="sync", wrappers=[{name}])'
            )
        super().__init__(env)
        self.metadata = slower(env.metadata, steps)
        self._native = env
        self._mode = AutoresetMode(env.metadata["autoreset_mode"])
        self._steps = steps
        self._frames = frames
        self._ended = np.zeros(env.num_envs, bool)

    def reset(
        self, *, seed: Any = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[Any], dict[str, Any]]:
        """Begin episodes; options as of the environment."""
        infos = self._begin(seed, options)
        return self._frames.picture(), infos

    def step(
        self, actions: Any
    ) -> tuple[
        NDArray[Any], NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]
    ]:
        """Hold every game's action."""
        fresh = np.zeros(self.num_envs, bool)
        infos: dict[str, Any] = {}
        if self._mode == AutoresetMode.NEXT_STEP and self._ended.any():
            fresh = self._ended.copy()
            infos = self._begin(None, {"reset_mask": fresh})
        active = ~fresh
        rewards = np.zeros(self.num_envs)
        terminated, truncated = np.zeros((2, self.num_envs), bool)
        sums: dict[str, NDArray[Any]] = {}
        for number in range(1, self._steps + 1):
            if not active.any():
                break
            observations, gained, dead, cut, infos = self._native.step_some(actions, active)
            rewards += gained
            terminated |= dead
            truncated |= cut
            if number == 1:
                sums = {key: infos[key].copy() for key in infos if key.startswith(_OF_ONE_STEP)}
            else:
                # Games that wait still show the entries of the last step they made.
                for key, total in sums.items():
                    np.add(total, infos[key], out=total, where=active)
            self._frames.see(number, observations, active, dead | cut)
            active = active & ~(dead | cut)
        if fresh.any():
            sums = {key: np.where(fresh, infos[key], values) for key, values in sums.items()}
        infos |= sums
        self._ended = terminated | truncated
        pictures = self._frames.picture()
        if self._mode == AutoresetMode.SAME_STEP and self._ended.any():
            ended = self._ended.copy()
            finals = self._native.finals(pictures, infos, ended)
            first = self._begin(None, {"reset_mask": ended})
            pictures = self._frames.picture()
            running = {key: np.where(ended, first[key], values) for key, values in sums.items()}
            infos = {**first, **running, **finals}
        return pictures, rewards, terminated, truncated, infos

    def _begin(self, seed: Any, options: dict[str, Any] | None) -> dict[str, Any]:
        began = games_begun(options, self.num_envs)
        observations, infos = self._native.reset(seed=seed, options=options)
        self._frames.begin(observations, began)
        self._ended = self._ended & ~began
        return infos
