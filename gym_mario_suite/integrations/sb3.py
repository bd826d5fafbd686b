"""stable-baselines3 on Gymnasium's native vector environments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env.base_vec_env import VecEnv, VecEnvStepReturn

from gym_mario_suite.errors import OptionError


class GymVecAdapter(VecEnv):
    """A Gymnasium `VectorEnv` in the shape that stable-baselines3 learns from.

    SB3 takes only its own `VecEnv`, in which a finished environment shows the first observation
    of its next episode at once. So the vector environment must reset in the same step, or leave
    the reset to this adapter.

    Finished episodes carry `infos[i]["terminal_observation"]`, `["TimeLimit.truncated"]` and
    `["episode"]` (return `r`, length `l`), so `VecMonitor` is not needed.

    Args:
        envs: A vector environment with SAME_STEP or DISABLED autoreset.

    Raises:
        OptionError: For NEXT_STEP autoreset: SB3 would learn from the step that only resets.

    Example:
        >>> import gymnasium as gym, gym_mario_suite
        >>> from gym_mario_suite.integrations.sb3 import GymVecAdapter
        >>> envs = gym.make_vec(
        ...     "MarioInfinite-v0", num_envs=4, autoreset_mode="SAME_STEP", obs="features"
        ... )
        >>> venv = GymVecAdapter(envs)
        >>> venv.reset().shape
        (4, 118)
    """

    def __init__(self, envs: VectorEnv[Any, Any, Any]) -> None:
        mode = envs.metadata.get("autoreset_mode")
        if mode not in (AutoresetMode.SAME_STEP, AutoresetMode.DISABLED):
            raise OptionError(
                f"the vector environment resets by {getattr(mode, 'name', mode)}; make it with "
                'autoreset_mode="SAME_STEP" (or "DISABLED") for stable-baselines3'
            )
        self.envs = envs
        self._mode = mode
        self._actions: Any = None
        super().__init__(envs.num_envs, envs.single_observation_space, envs.single_action_space)
        self._returns = np.zeros(self.num_envs)
        self._lengths = np.zeros(self.num_envs, np.int64)

    def reset(self) -> Any:
        """First observations of new episodes; seeds and options come from `seed`, `set_options`."""
        seeds: Any = self._seeds if any(seed is not None for seed in self._seeds) else None
        options = self._options[0] if any(self._options) else None
        if any(row != self._options[0] for row in self._options):
            raise OptionError("a native vector environment takes the same options for all games")
        observations, infos = self.envs.reset(seed=seeds, options=options or None)
        self.reset_infos = [info_row(infos, i) for i in range(self.num_envs)]
        self._reset_seeds()
        self._reset_options()
        self._returns[:] = 0.0
        self._lengths[:] = 0
        return _copied(observations)

    def step_async(self, actions: np.ndarray) -> None:
        """Keep the actions for `step_wait`."""
        self._actions = actions

    def step_wait(self) -> VecEnvStepReturn:
        """Step all games; infos are filled for finished episodes only."""
        observations, rewards, terminated, truncated, batched = self.envs.step(self._actions)
        self._returns += rewards
        self._lengths += 1
        dones = terminated | truncated
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        if dones.any():
            observations = self._finish(
                np.flatnonzero(dones).tolist(), observations, terminated, batched, infos
            )
        return _copied(observations), rewards.astype(np.float32), dones, infos

    def _finish(
        self,
        ended: list[int],
        observations: Any,
        terminated: np.ndarray,
        batched: dict[str, Any],
        infos: list[dict[str, Any]],
    ) -> Any:
        same_step = self._mode == AutoresetMode.SAME_STEP
        last_infos = batched["final_info"] if same_step else batched
        for i in ended:
            infos[i] = info_row(last_infos, i)
            last = batched["final_obs"][i] if same_step else _row(observations, i)
            infos[i]["terminal_observation"] = last
            infos[i]["TimeLimit.truncated"] = not terminated[i]
            infos[i]["episode"] = {"r": float(self._returns[i]), "l": int(self._lengths[i])}
        self._returns[ended] = 0.0
        self._lengths[ended] = 0
        if same_step:
            first_infos = {
                k: v for k, v in batched.items() if not k.lstrip("_").startswith("final_")
            }
        else:
            mask = np.zeros(self.num_envs, bool)
            mask[ended] = True
            observations, first_infos = self.envs.reset(options={"reset_mask": mask})
        for i in ended:
            self.reset_infos[i] = info_row(first_infos, i)
        return observations

    def close(self) -> None:
        """Close the vector environment."""
        self.envs.close()

    def get_images(self) -> Sequence[np.ndarray | None]:
        """A picture of each game, where the environment renders pictures."""
        frames: Any = self.envs.render()
        return [None] * self.num_envs if frames is None else list(frames)

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """An attribute of the vector environment, once for each game."""
        value = getattr(self.envs, attr_name)
        return [value for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Set an attribute of the vector environment; it holds for all games."""
        if len(list(self._get_indices(indices))) != self.num_envs:
            raise OptionError("the games of a native vector environment share their attributes")
        setattr(self.envs, attr_name, value)

    def env_method(
        self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any
    ) -> list[Any]:
        """Call a method of the vector environment; its result has a row for each game."""
        result = getattr(self.envs, method_name)(*method_args, **method_kwargs)
        wanted = list(self._get_indices(indices))
        if isinstance(result, list | tuple | np.ndarray) and len(result) == self.num_envs:
            return [result[i] for i in wanted]
        return [result for _ in wanted]

    def env_is_wrapped(self, wrapper_class: type[gym.Wrapper], indices: Any = None) -> list[bool]:
        """True for `Monitor`: episode statistics are part of this adapter."""
        return [issubclass(wrapper_class, Monitor) for _ in self._get_indices(indices)]

    def _get_indices(self, indices: Any) -> Iterable[int]:
        if indices is None:
            return range(self.num_envs)
        return [indices] if isinstance(indices, int) else indices


def _copied(observations: Any) -> Any:
    """Observations of their own: SB3 keeps the last ones over a step, which `copy=False` reuses."""
    if isinstance(observations, dict):
        return {key: value.copy() for key, value in observations.items()}
    return observations.copy()


def _row(observations: Any, index: int) -> Any:
    """A copy of one game's observation (dict observations key by key)."""
    if isinstance(observations, dict):
        return {key: value[index].copy() for key, value in observations.items()}
    return observations[index].copy()


def info_row(batched: dict[str, Any], index: int) -> dict[str, Any]:
    """One game's info out of a vector environment's batched infos."""
    row: dict[str, Any] = {}
    for key, value in batched.items():
        if key.startswith("_") or not batched.get(f"_{key}", _ALWAYS)[index]:
            continue
        if isinstance(value, dict):
            row[key] = info_row(value, index)
        else:
            item = value[index]
            row[key] = item.item() if isinstance(item, np.generic) else item
    return row


class _Always:
    """A mask that is True everywhere, for keys without one."""

    def __getitem__(self, index: int) -> bool:
        return True


_ALWAYS = _Always()
