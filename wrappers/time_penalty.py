"""Make every step cost something."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv, VectorWrapper

from gym_mario_suite.errors import as_number
from gym_mario_suite.wrappers.games_begun import games_begun


class TimePenalty(gym.Wrapper[Any, Any, Any, Any], gym.utils.RecordConstructorArgs):
    """Takes a penalty off the reward of every step.

    Args:
        env: The environment.
        penalty: What a step costs.

    Raises:
        OptionError: If the penalty is no finite number.
    """

    def __init__(self, env: gym.Env[Any, Any], penalty: float = 0.1) -> None:
        penalty = as_number("penalty", penalty)
        gym.utils.RecordConstructorArgs.__init__(self, penalty=penalty)
        gym.Wrapper.__init__(self, env)
        self._penalty = penalty

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Step, and take the penalty off."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        return observation, float(reward) - self._penalty, terminated, truncated, info


class VectorTimePenalty(VectorWrapper, gym.utils.RecordConstructorArgs):
    """`TimePenalty` for vector environments. A step that only resets a game costs nothing.

    Args:
        env: The environment.
        penalty: As of `TimePenalty`.

    Raises:
        OptionError: If the penalty is no finite number.
    """

    def __init__(self, env: VectorEnv[Any, Any, Any], penalty: float = 0.1) -> None:
        penalty = as_number("penalty", penalty)
        gym.utils.RecordConstructorArgs.__init__(self, penalty=penalty)
        super().__init__(env)
        self._penalty = penalty
        self._resets = env.metadata["autoreset_mode"] == AutoresetMode.NEXT_STEP
        self._ended = np.zeros(env.num_envs, bool)

    def reset(
        self, *, seed: Any = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin episodes; options as of the environment."""
        began = games_begun(options, self.num_envs)
        result = self.env.reset(seed=seed, options=options)
        self._ended = self._ended & ~began
        return result

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Step, and take the penalty off."""
        observations, rewards, terminated, truncated, infos = self.env.step(actions)
        played = ~self._ended if self._resets else np.ones(self.num_envs, bool)
        self._ended = np.asarray(terminated) | np.asarray(truncated)
        return observations, rewards - self._penalty * played, terminated, truncated, infos
