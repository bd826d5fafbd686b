"""The decision of the curiosity article: an action held for a span of frames, some shown."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import VectorEnv
from numpy.typing import NDArray

from gym_mario_suite.errors import OptionError, as_integer, as_integers
from gym_mario_suite.wrappers.area_shrink import AreaShrink
from gym_mario_suite.wrappers.held_action import HeldAction, VectorHeldAction
from gym_mario_suite.wrappers.recorded_arguments import record_arguments

_MOST_FRAMES = 1000
_SPAN = 12
_KEEP = (4, 8, 12)
_SIZE = (110, 84)
_CROP = (18, 102)


class FrameSpan(HeldAction, gym.utils.RecordConstructorArgs):
    """Holds every action for a span of frames and shows some of them, grey and small, as channels.

    The defaults are those of the curiosity replication article (M. Burge, 2019): an action lasts
    12 frames; the 4th, 8th and 12th are made grey, shrunk to 110 x 84 by means of areas, and lines
    18 to 101 of each kept, which leaves uint8[84, 84, 3]. The article's emulator showed all 256 px
    of a line, the environments here show 240; so what is seen is a little wider than there.

    Frames are frames of the game: an environment made with `frame_skip=4` is stepped 3 times for a
    span of 12, which is faster where only every fourth frame is kept (give it `max_pool=False`).
    Where an episode ends in the midst of a span, its last frame takes the place of those missing;
    at its beginning the first frame fills all channels. Rewards are added up.

    Args:
        env: An environment whose observations are pictures, uint8[height, width, 3] or
            uint8[height, width].
        span: Frames for each action.
        keep: Which of them are shown, from 1, in ascending order.
        size: Height and width to which frames are shrunk; None keeps them.
        crop: First line kept and the one past the last, after shrinking; None keeps all.

    Raises:
        OptionError: For observations that are no pictures, or numbers that are not possible.

    Example:
        >>> import gymnasium as gym
        >>> from gym_mario_suite.wrappers import FrameSpan
        >>> env = gym.make("gym_mario_suite:MarioInfinite-v0", obs="rgb", actions="curiosity")
        >>> env = FrameSpan(env)
        >>> env.observation_space
        Box(0, 255, (84, 84, 3), uint8)
        >>> _, info = env.reset(seed=0)
        >>> env.step(10)[4]["ticks"] - info["ticks"]
        12
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        span: int = _SPAN,
        keep: Sequence[int] = _KEEP,
        size: Sequence[int] | None = _SIZE,
        crop: Sequence[int] | None = _CROP,
    ) -> None:
        steps, kept = _in_steps(env, span, keep)
        frames = _KeptFrames(env.observation_space, 1, kept, size, crop)
        record_arguments(self, span=span, keep=keep, size=size, crop=crop)
        HeldAction.__init__(self, env, steps, frames)
        self.metadata = _of_other_pictures(self.metadata)
        self.observation_space = frames.space


class VectorFrameSpan(VectorHeldAction, gym.utils.RecordConstructorArgs):
    """`FrameSpan` for the native vector environments, game by game the same.

    Args:
        env: A native vector environment, not wrapped.
        span: As of `FrameSpan`.
        keep: As of `FrameSpan`.
        size: As of `FrameSpan`.
        crop: As of `FrameSpan`.

    Raises:
        OptionError: As `FrameSpan`, and for another kind of vector environment.
    """

    def __init__(
        self,
        env: VectorEnv[Any, Any, Any],
        span: int = _SPAN,
        keep: Sequence[int] = _KEEP,
        size: Sequence[int] | None = _SIZE,
        crop: Sequence[int] | None = _CROP,
    ) -> None:
        steps, kept = _in_steps(env, span, keep)
        frames = _KeptFrames(env.single_observation_space, env.num_envs, kept, size, crop)
        record_arguments(self, span=span, keep=keep, size=size, crop=crop)
        VectorHeldAction.__init__(self, env, steps, frames)
        self.metadata = _of_other_pictures(self.metadata)
        self.single_observation_space = frames.space
        self.observation_space = gym.vector.utils.batch_space(frames.space, env.num_envs)


def _of_other_pictures(metadata: dict[str, Any]) -> dict[str, Any]:
    """The metadata without where the figures are: shrunk and cut they are elsewhere, or gone."""
    return {name: value for name, value in metadata.items() if name != "hud_lines"}


def _in_steps(env: Any, span: int, keep: Sequence[int]) -> tuple[int, tuple[int, ...]]:
    """The span and the frames kept, counted in steps of the environment."""
    options = getattr(env.unwrapped, "options", None)
    skip = getattr(options, "frame_skip", 1)
    span = as_integer("span", span, 1, _MOST_FRAMES)
    kept = as_integers("keep", keep, 1, span)
    if not kept or any(after <= before for before, after in itertools.pairwise(kept)):
        raise OptionError(f"keep must be frames of the span in ascending order, got {kept}")
    if any(number % skip for number in (span, *kept)):
        raise OptionError(
            f"the environment has frame_skip={skip}, so span and keep must be multiples of "
            f"{skip}; got span={span}, keep={kept}"
        )
    return span // skip, tuple(number // skip for number in kept)


class _KeptFrames:
    """Shows some frames of a span as channels."""

    def __init__(
        self,
        space: gym.Space[Any],
        count: int,
        keep: tuple[int, ...],
        size: Sequence[int] | None,
        crop: Sequence[int] | None,
    ) -> None:
        if not isinstance(space, gym.spaces.Box) or space.dtype != np.uint8:
            raise OptionError(f'FrameSpan needs pictures of uint8 (obs="rgb"), got {space}')
        self._shrink = AreaShrink(space.shape, _two("size", size), _two("crop", crop))
        self._keep = keep
        height, width = self._shrink.shape
        self._channels = np.zeros((len(keep), count, height, width), np.uint8)
        self.space = gym.spaces.Box(0, 255, (height, width, len(keep)), np.uint8)

    def begin(self, observations: NDArray[Any], mask: NDArray[np.bool_]) -> None:
        self._write(0, observations, mask)

    def see(
        self,
        number: int,
        observations: NDArray[Any],
        mask: NDArray[np.bool_],
        ended: NDArray[np.bool_],
    ) -> None:
        # The first channel that is not of an earlier frame; later frames overwrite the rest.
        channel = sum(kept < number for kept in self._keep)
        if channel == len(self._keep):
            return
        if self._keep[channel] != number:
            mask = mask & ended
            if not mask.any():
                return
        self._write(channel, observations, mask)

    def picture(self) -> NDArray[Any]:
        return np.ascontiguousarray(np.moveaxis(self._channels, 0, -1))

    def _write(self, channel: int, observations: NDArray[Any], mask: NDArray[np.bool_]) -> None:
        """Fill the channel and those behind it."""
        self._shrink(observations, mask, self._channels[channel])
        for later in self._channels[channel + 1 :]:
            later[mask] = self._channels[channel, mask]


def _two(name: str, numbers: Sequence[int] | None) -> tuple[int, int] | None:
    if numbers is None:
        return None
    given = as_integers(name, numbers, 0, 1 << 16)
    if len(given) != 2:
        raise OptionError(f"{name} must be two numbers, got {given}")
    return given[0], given[1]
