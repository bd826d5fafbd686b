"""Cut the line of figures off the top of pictures."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import VectorEnv
from numpy.typing import NDArray

from gym_mario_suite.errors import OptionError, as_integer
from gym_mario_suite.wrappers.observed import VectorObserved
from gym_mario_suite.wrappers.recorded_arguments import record_arguments


class CropHUD(
    gym.ObservationWrapper[Any, Any, Any],
    gym.utils.RecordConstructorArgs,
):
    """Cuts the figures (score, time, lives) off the top of pictures, so that they get lower.

    A learner's curiosity about a running clock never ends, and a network has no use for lines that
    say nothing of the level. To keep the size and blacken the figures instead, give the
    environments of this suite `hud=False`.

    Args:
        env: An environment whose observations are pictures, [height, width] or
            [height, width, channels].
        lines: How many lines to cut; by default what the figures take in this suite's `rgb` and
            `gray84` observations.

    Raises:
        OptionError: If the observations are no pictures, or `lines` is missing or not possible.

    Example:
        >>> import gymnasium as gym
        >>> from gym_mario_suite.wrappers import CropHUD
        >>> CropHUD(gym.make("gym_mario_suite:MarioInfinite-v0", obs="rgb")).observation_space
        Box(0, 255, (227, 320, 3), uint8)
    """

    def __init__(self, env: gym.Env[Any, Any], lines: int | None = None) -> None:
        record_arguments(self, lines=lines)
        gym.ObservationWrapper.__init__(self, env)
        self._lines, self.observation_space = _cut(env, env.observation_space, lines)

    def observation(self, observation: Any) -> NDArray[Any]:
        """The picture without its figures."""
        return observation[self._lines :]


class VectorCropHUD(VectorObserved, gym.utils.RecordConstructorArgs):
    """`CropHUD` for vector environments.

    Args:
        env: A vector environment whose observations are pictures.
        lines: As of `CropHUD`.

    Raises:
        OptionError: As `CropHUD`.
    """

    def __init__(self, env: VectorEnv[Any, Any, Any], lines: int | None = None) -> None:
        record_arguments(self, lines=lines)
        self._lines, space = _cut(env, env.single_observation_space, lines)
        super().__init__(env, space)

    def observations(self, observations: NDArray[Any]) -> NDArray[Any]:
        """The pictures without their figures."""
        return observations[:, self._lines :]


def _cut(env: Any, space: gym.Space[Any], lines: int | None) -> tuple[int, gym.spaces.Box]:
    """How many lines to cut, and the space of what is left."""
    if not isinstance(space, gym.spaces.Box) or len(space.shape) not in (2, 3):
        raise OptionError(f"CropHUD needs pictures, got {space}")
    height = space.shape[0]
    if lines is None:
        known = env.metadata.get("hud_lines", {})
        if height not in known or space.dtype != np.uint8:
            raise OptionError("CropHUD does not know this environment's pictures: give lines=")
        lines = known[height]
    lines = as_integer("lines", lines, 1, height - 1)
    assert space.dtype is not None
    return lines, gym.spaces.Box(space.low[lines:], space.high[lines:], dtype=space.dtype.type)
