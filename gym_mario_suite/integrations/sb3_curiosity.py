"""Curiosity as a reward for any algorithm of stable-baselines3, in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env.base_vec_env import VecEnv, VecEnvStepReturn, VecEnvWrapper

from gym_mario_suite.errors import OptionError
from gym_mario_suite.wrappers.curiosity_learner import CuriosityLearner
from gym_mario_suite.wrappers.curiosity_options import CuriosityOptions


class CuriosityVecEnv(VecEnvWrapper):
    """Rewards what surprises, see `gym_mario_suite.wrappers.CuriosityReward`.

    Policy and curiosity share no parameters and the curiosity stands still while a rollout is
    collected, so this wrapper and an algorithm that knows nothing of it make the same updates as
    one that optimises the sum of both losses; give it the algorithm's `n_steps`.

    Infos have `surprisal` and `extrinsic_reward`. The statistics of episodes, in `episode`, stay
    those of the environment, with its own rewards. With `hide_dones` (the default) SB3 is told
    of no end, and where one was, `infos[i]["hidden_done"]` is True.

    Args:
        venv: A VecEnv with numbered actions and a Box of observations.
        log_dir: Folder for TensorBoard's files.
        **options: As of `CuriosityOptions`.

    Attributes:
        learner: Networks, scale and metrics.

    Raises:
        OptionError: For spaces that curiosity is not for, or an option that is not possible.

    Example:
        >>> import gymnasium as gym, gym_mario_suite
        >>> from stable_baselines3 import PPO
        >>> from gym_mario_suite.integrations.sb3 import GymVecAdapter
        >>> from gym_mario_suite.integrations.sb3_curiosity import CuriosityVecEnv
        >>> envs = gym.make_vec(
        ...     "MarioInfinite-v0", num_envs=8, autoreset_mode="SAME_STEP", obs="terrain"
        ... )
        >>> venv = CuriosityVecEnv(GymVecAdapter(envs), n_steps=16, feature_size=64)
        >>> model = PPO("MlpPolicy", venv, n_steps=16, batch_size=128).learn(256)
        >>> sorted(venv.learner.metrics)
        ['forward_loss', 'inverse_accuracy', 'inverse_loss', 'reward', 'surprisal']
    """

    def __init__(self, venv: VecEnv, *, log_dir: str | Path | None = None, **options: Any) -> None:
        super().__init__(venv)
        try:
            self.options = CuriosityOptions(**options)
        except TypeError as error:
            raise OptionError(f"curiosity: {error}") from None
        self.learner = CuriosityLearner(
            venv.observation_space, venv.action_space, venv.num_envs, self.options, log_dir
        )
        self.learning = True
        self._before: NDArray[Any] | None = None
        self._actions: NDArray[Any] | None = None

    def reset(self) -> Any:
        """Begin episodes."""
        observations = self.venv.reset()
        self._before = np.array(observations)
        return observations

    def step_async(self, actions: np.ndarray) -> None:
        """Start the step."""
        self._actions = np.array(actions)
        self.venv.step_async(actions)

    def step_wait(self) -> VecEnvStepReturn:
        """End the step, and reward what surprised. `learning = False` stops the learning."""
        observations, extrinsic, dones, infos = self.venv.step_wait()
        assert isinstance(observations, np.ndarray)
        if self._before is None or self._actions is None:
            raise OptionError("call reset() before step()")
        after = observations
        if not self.options.hide_dones and dones.any():
            after = observations.copy()
            for game in np.flatnonzero(dones):
                after[game] = infos[game]["terminal_observation"]
        rewards, surprisal = self.learner.rewards(
            self._before, self._actions, after, extrinsic, learn=self.learning
        )
        self._before = np.array(observations)
        for game, info in enumerate(infos):
            info["surprisal"] = float(surprisal[game])
            info["extrinsic_reward"] = float(extrinsic[game])
            if self.options.hide_dones and dones[game]:
                info["hidden_done"] = True
        if self.options.hide_dones:
            dones = np.zeros_like(dones)
        return observations, rewards.astype(np.float32), dones, infos

    def save(self, path: str | Path) -> None:
        """Write the curiosity: networks, optimiser, scale."""
        self.learner.save(path)

    def load(self, path: str | Path) -> None:
        """Take up what `save` wrote.

        Raises:
            WeightsError: If it cannot be read or does not fit.
        """
        self.learner.load(path)

    def close(self) -> None:
        """Close the environments and the log."""
        self.learner.close()
        super().close()
