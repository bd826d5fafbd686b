"""Make dying cost something."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import VectorEnv, VectorWrapper

from gym_mario_suite.errors import OptionError, as_number

# `info["status"]` of a game that Mario has lost; the same in all environments of this suite.
_DEAD = 0


class DeathPenalty(gym.Wrapper[Any, Any, Any, Any], gym.utils.RecordConstructorArgs):
    """Takes a penalty off the reward of the step in which Mario's death ends the episode.

    A truncation is no death. On the NES Mario dies when the game's time is up; Infinite Mario's
    time is a limit of the competition, and its end a truncation.

    Args:
        env: An environment whose info has a `status`, 0 for dead.
        penalty: What a death costs.

    Raises:
        OptionError: If the penalty is no finite number; and, when an episode ends, if the info has
            no `status`.
    """

    def __init__(self, env: gym.Env[Any, Any], penalty: float = 25.0) -> None:
        penalty = as_number("penalty", penalty)
        gym.utils.RecordConstructorArgs.__init__(self, penalty=penalty)
        gym.Wrapper.__init__(self, env)
        self._penalty = penalty

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Step, and take the penalty off when it was deadly."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        reward = float(reward)
        if terminated and _status(info) == _DEAD:
            reward -= self._penalty
        return observation, reward, terminated, truncated, info


class VectorDeathPenalty(VectorWrapper, gym.utils.RecordConstructorArgs):
    """`DeathPenalty` for vector environments, in all autoreset modes.

    Args:
        env: A vector environment whose info has a `status`, 0 for dead.
        penalty: As of `DeathPenalty`.

    Raises:
        OptionError: As `DeathPenalty`.
    """

    def __init__(self, env: VectorEnv[Any, Any, Any], penalty: float = 25.0) -> None:
        penalty = as_number("penalty", penalty)
        gym.utils.RecordConstructorArgs.__init__(self, penalty=penalty)
        super().__init__(env)
        self._penalty = penalty

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Step, and take the penalty off where it was deadly."""
        observations, rewards, terminated, truncated, infos = self.env.step(actions)
        if np.any(terminated):
            # With SAME_STEP autoreset the info is the next episode's.
            status = _status(infos.get("final_info", infos))
            dead = np.asarray(terminated) & (np.asarray(status) == _DEAD)
            rewards = rewards - self._penalty * dead
        return observations, rewards, terminated, truncated, infos


def _status(info: dict[str, Any]) -> Any:
    if "status" not in info:
        raise OptionError("DeathPenalty needs an environment whose info has a `status`")
    return info["status"]
