"""Base of the vector wrappers that change every observation by itself."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import VectorEnv, VectorWrapper
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray


class VectorObserved(VectorWrapper):
    """Changes the observations of a vector environment, the last ones of episodes too.

    Gymnasium's own base, `VectorObservationWrapper`, leaves `info["final_obs"]` out and therefore
    refuses SAME_STEP autoreset.

    Args:
        env: The environment.
        space: Observation space of one game after the change.
    """

    def __init__(self, env: VectorEnv[Any, Any, Any], space: gym.Space[Any]) -> None:
        super().__init__(env)
        self.single_observation_space = space
        self.observation_space = batch_space(space, env.num_envs)

    def observations(self, observations: NDArray[Any]) -> NDArray[Any]:
        """The changed observations of any number of games, along the first axis."""
        raise NotImplementedError

    def observation(self, observation: Any) -> Any:
        """The changed observation of one game."""
        return self.observations(np.asarray(observation)[None])[0]

    def reset(
        self, *, seed: Any = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[Any], dict[str, Any]]:
        """Begin episodes; options as of the environment."""
        observations, infos = self.env.reset(seed=seed, options=options)
        return self.observations(observations), infos

    def step(self, actions: Any) -> tuple[NDArray[Any], Any, Any, Any, dict[str, Any]]:
        """Step, and change what is seen."""
        observations, rewards, terminated, truncated, infos = self.env.step(actions)
        if "final_obs" in infos:
            final = np.full(self.num_envs, None, object)
            for index in np.flatnonzero(infos["_final_obs"]):
                final[index] = self.observation(infos["final_obs"][index])
            infos = {**infos, "final_obs": final}
        return self.observations(observations), rewards, terminated, truncated, infos
