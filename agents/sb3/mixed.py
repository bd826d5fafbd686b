"""Several vector environments side by side as one, for training on a mixture of difficulties."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from stable_baselines3.common.vec_env.base_vec_env import VecEnv, VecEnvStepReturn

from gym_mario_suite.errors import OptionError


class MixedVecEnv(VecEnv):
    """The games of several `VecEnv`s, one after the other, as one `VecEnv`.

    Args:
        parts: Vector environments with the same spaces.

    Raises:
        OptionError: For no parts, or parts of different spaces.
    """

    def __init__(self, parts: Sequence[VecEnv]) -> None:
        if not parts:
            raise OptionError("a mixture needs at least one vector environment")
        first = parts[0]
        for part in parts[1:]:
            if (part.observation_space, part.action_space) != (
                first.observation_space,
                first.action_space,
            ):
                raise OptionError("the parts of a mixture must have the same spaces")
        self.parts = list(parts)
        self._ends = np.cumsum([part.num_envs for part in parts]).tolist()
        super().__init__(self._ends[-1], first.observation_space, first.action_space)

    def reset(self) -> Any:
        """First observations of all parts; part after part takes its share of seeds and options."""
        observations = []
        for part, rows in self._shares():
            part._seeds = self._seeds[rows]
            part._options = self._options[rows]
            observations.append(part.reset())
        self._reset_seeds()
        self._reset_options()
        self.reset_infos = [info for part in self.parts for info in part.reset_infos]
        return np.concatenate(observations)

    def step_async(self, actions: np.ndarray) -> None:
        """Hand every part its actions."""
        for part, rows in self._shares():
            part.step_async(actions[rows])

    def step_wait(self) -> VecEnvStepReturn:
        """Step all parts."""
        steps = [part.step_wait() for part in self.parts]
        self.reset_infos = [info for part in self.parts for info in part.reset_infos]
        return (
            np.concatenate([np.asarray(step[0]) for step in steps]),
            np.concatenate([step[1] for step in steps]),
            np.concatenate([step[2] for step in steps]),
            [info for step in steps for info in step[3]],
        )

    def close(self) -> None:
        """Close all parts."""
        for part in self.parts:
            part.close()

    def get_images(self) -> Sequence[np.ndarray | None]:
        """Pictures of all games, where the environments render them."""
        return [image for part in self.parts for image in part.get_images()]

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """An attribute of the games asked for."""
        values = [value for part in self.parts for value in part.get_attr(attr_name)]
        return [values[index] for index in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Set an attribute of all games."""
        if len(list(self._get_indices(indices))) != self.num_envs:
            raise OptionError("the games of native vector environments share their attributes")
        for part in self.parts:
            part.set_attr(attr_name, value)

    def env_method(
        self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any
    ) -> list[Any]:
        """Call a method of all parts; the results of the games asked for."""
        results = [
            result
            for part in self.parts
            for result in part.env_method(method_name, *method_args, **method_kwargs)
        ]
        return [results[index] for index in self._get_indices(indices)]

    def env_is_wrapped(self, wrapper_class: type[Any], indices: Any = None) -> list[bool]:
        """Whether the parts of the games asked for are wrapped so."""
        wrapped = [one for part in self.parts for one in part.env_is_wrapped(wrapper_class)]
        return [wrapped[index] for index in self._get_indices(indices)]

    def _shares(self) -> list[tuple[VecEnv, slice]]:
        starts = [0, *self._ends[:-1]]
        return [
            (part, slice(start, end))
            for part, start, end in zip(self.parts, starts, self._ends, strict=True)
        ]
