"""Curiosity as a reward, for single and vector environments; torch is imported when it is used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv, VectorWrapper
from numpy.typing import NDArray

from gym_mario_suite.errors import OptionError
from gym_mario_suite.wrappers.curiosity_options import CuriosityOptions
from gym_mario_suite.wrappers.games_begun import games_begun
from gym_mario_suite.wrappers.recorded_arguments import record_arguments

if TYPE_CHECKING:
    from gym_mario_suite.wrappers.curiosity_learner import CuriosityLearner


class CuriosityReward(gym.Wrapper[Any, Any, Any, Any], gym.utils.RecordConstructorArgs):
    """Rewards what surprises: the error of a forward model that learns as the game is played.

    The reward is `intrinsic * surprisal / deviation + extrinsic * clip(reward, -1, 1)`; the info
    has its parts as `surprisal` and `extrinsic_reward`. Every `n_steps` steps the networks learn
    from what they have seen since, in `epochs` passes.

    With `hide_dones` (the default) no end is told: where an episode ends, the wrapper begins the
    next one at once, and the step returns its first observation with `terminated` and `truncated`
    False; the last one is in `info["final_obs"]`, its info in `info["final_info"]`.

    Args:
        env: An environment with numbered actions and a Box of observations.
        log_dir: Folder for TensorBoard's files.
        **options: As of `CuriosityOptions`.

    Attributes:
        learner: Networks, scale and metrics.

    Raises:
        OptionError: For spaces that curiosity is not for, or an option that is not possible.

    Example:
        >>> import gymnasium as gym
        >>> from gym_mario_suite.wrappers import CuriosityReward
        >>> env = gym.make("gym_mario_suite:MarioInfinite-v0", obs="terrain", actions="curiosity")
        >>> env = CuriosityReward(env, feature_size=64, hidden_size=64, device="cpu")
        >>> observation, info = env.reset(seed=0)
        >>> observation, reward, terminated, truncated, info = env.step(10)
        >>> reward > 0, terminated, sorted(info)[-1]
        (True, False, 'time_left')
    """

    def __init__(
        self, env: gym.Env[Any, Any], *, log_dir: str | Path | None = None, **options: Any
    ) -> None:
        log_dir = None if log_dir is None else str(log_dir)
        record_arguments(self, log_dir=log_dir, **options)
        gym.Wrapper.__init__(self, env)
        self.options = _options(options)
        self.learner = _learner(env.observation_space, env.action_space, 1, self.options, log_dir)
        self._before: NDArray[Any] | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode."""
        observation, info = self.env.reset(seed=seed, options=options)
        self._before = np.array(observation)
        return observation, info

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Step, and reward what surprised."""
        observation, extrinsic, terminated, truncated, info = self.env.step(action)
        if self._before is None:
            raise OptionError("call reset() before step()")
        after = observation
        if (terminated or truncated) and self.options.hide_dones:
            last, last_info = observation, info
            observation, info = self.env.reset()
            info = {**info, "final_obs": last, "final_info": last_info}
            after, terminated, truncated = observation, False, False
        rewards, surprisal = self.learner.rewards(
            self._before[None],
            np.array([action]),
            np.asarray(after)[None],
            np.array([float(extrinsic)]),
        )
        self._before = np.array(observation)
        parts = {"surprisal": float(surprisal[0]), "extrinsic_reward": float(extrinsic)}
        return observation, float(rewards[0]), terminated, truncated, {**info, **parts}

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
        """Close the environment and the log."""
        self.learner.close()
        super().close()


class VectorCuriosityReward(VectorWrapper, gym.utils.RecordConstructorArgs):
    """`CuriosityReward` for vector environments, all games with one curiosity.

    It works in the three autoreset modes. With NEXT_STEP, a step that only resets is no transition:
    it gets no reward of curiosity. With `hide_dones` ends are not told either, so the games must
    reset themselves in the same step: that needs SAME_STEP.

    Args:
        env: A vector environment with numbered actions and a Box of observations.
        log_dir: Folder for TensorBoard's files.
        **options: As of `CuriosityOptions`.

    Attributes:
        learner: Networks, scale and metrics.

    Raises:
        OptionError: For spaces that curiosity is not for, an option that is not possible, or hidden
            ends without SAME_STEP autoreset.

    Example:
        >>> import gymnasium as gym, gym_mario_suite
        >>> from gym_mario_suite.wrappers import VectorCuriosityReward
        >>> envs = gym.make_vec("MarioInfinite-v0", num_envs=8, autoreset_mode="SAME_STEP")
        >>> envs = VectorCuriosityReward(envs, feature_size=64, hidden_size=64, device="cpu")
        >>> observations, infos = envs.reset(seed=0)
        >>> envs.step(envs.action_space.sample())[1].shape
        (8,)
    """

    def __init__(
        self,
        env: VectorEnv[Any, Any, Any],
        *,
        log_dir: str | Path | None = None,
        **options: Any,
    ) -> None:
        log_dir = None if log_dir is None else str(log_dir)
        record_arguments(self, log_dir=log_dir, **options)
        super().__init__(env)
        self.options = _options(options)
        self._mode = AutoresetMode(env.metadata["autoreset_mode"])
        if self.options.hide_dones and self._mode != AutoresetMode.SAME_STEP:
            raise OptionError(
                f"hide_dones needs games that reset in the same step, these do by "
                f'{self._mode.name}: make them with autoreset_mode="SAME_STEP", or give '
                "hide_dones=False"
            )
        self.learner = _learner(
            env.single_observation_space,
            env.single_action_space,
            env.num_envs,
            self.options,
            log_dir,
        )
        self._before: NDArray[Any] | None = None
        self._ended = np.zeros(env.num_envs, bool)

    def reset(
        self, *, seed: Any = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[Any], dict[str, Any]]:
        """Begin episodes; options as of the environment."""
        began = games_begun(options, self.num_envs)
        observations, infos = self.env.reset(seed=seed, options=options)
        self._before = np.array(observations)
        self._ended[began] = False
        return observations, infos

    def step(self, actions: Any) -> tuple[NDArray[Any], Any, Any, Any, dict[str, Any]]:
        """Step, and reward what surprised."""
        observations, extrinsic, terminated, truncated, infos = self.env.step(actions)
        if self._before is None:
            raise OptionError("call reset() before step()")
        ended = terminated | truncated
        after = observations
        if not self.options.hide_dones and "final_obs" in infos and ended.any():
            after = np.array(observations)
            for game in np.flatnonzero(ended):
                after[game] = infos["final_obs"][game]
        counted = None
        if self._mode == AutoresetMode.NEXT_STEP:
            counted, self._ended = ~self._ended, ended
        rewards, surprisal = self.learner.rewards(
            self._before, np.asarray(actions), after, np.asarray(extrinsic), counted
        )
        self._before = np.array(observations)
        infos = {**infos, "surprisal": surprisal, "extrinsic_reward": np.array(extrinsic)}
        everyone = np.ones(self.num_envs, bool)
        infos |= {"_surprisal": everyone, "_extrinsic_reward": everyone.copy()}
        if self.options.hide_dones:
            terminated, truncated = np.zeros((2, self.num_envs), bool)
        return observations, rewards, terminated, truncated, infos

    def save(self, path: str | Path) -> None:
        """Write the curiosity: networks, optimiser, scale."""
        self.learner.save(path)

    def load(self, path: str | Path) -> None:
        """Take up what `save` wrote.

        Raises:
            WeightsError: If it cannot be read or does not fit.
        """
        self.learner.load(path)

    def close(self, **arguments: Any) -> None:
        """Close the environment and the log."""
        # There is none where the options were refused.
        learner: CuriosityLearner | None = getattr(self, "learner", None)
        if learner is not None:
            learner.close()
        super().close(**arguments)


def _options(given: dict[str, Any]) -> CuriosityOptions:
    try:
        return CuriosityOptions(**given)
    except TypeError as error:
        raise OptionError(f"curiosity: {error}") from None


def _learner(
    observation_space: gym.Space[Any],
    action_space: gym.Space[Any],
    count: int,
    options: CuriosityOptions,
    log_dir: str | None,
) -> CuriosityLearner:
    try:
        from gym_mario_suite.wrappers.curiosity_learner import CuriosityLearner
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise OptionError(
            'curiosity needs torch: pip install "gym-mario-suite[agents,sb3]"'
        ) from None
    return CuriosityLearner(observation_space, action_space, count, options, log_dir)
