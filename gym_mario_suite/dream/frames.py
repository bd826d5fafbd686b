"""Frames on their way into a model and out of it: one place for training, spawns and dreaming.

A picture is uint8[..., height, width, 3]. A model sees float32[..., 3, height, width] in -1 .. 1.
Sizes are changed by averaging areas, which cannot overshoot; numbers are clamped before they
become uint8, so that no pixel can wrap around.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.errors import OptionError

Frames = NDArray[np.uint8]
_AT_ONCE = 64  # frames that are held as floats


def to_model(frames: Frames) -> NDArray[np.float32]:
    """Pictures as a model's input: uint8[..., h, w, 3] to float32[..., 3, h, w] in -1 .. 1."""
    values = np.empty((*frames.shape[:-3], 3, *frames.shape[-3:-1]), np.float32)
    for channel in range(3):  # by far faster than to move an axis
        values[..., channel, :, :] = frames[..., channel]
    values *= np.float32(1 / 127.5)
    values -= np.float32(1)
    return values


def to_frames(values: NDArray[np.floating]) -> Frames:
    """A model's output as pictures: clamped to -1 .. 1, then rounded to the nearest of 256."""
    scaled = values * np.float32(127.5)
    scaled += np.float32(128)
    np.clip(scaled, 0, 255, out=scaled)
    frames = np.empty((*values.shape[:-3], *values.shape[-2:], 3), np.uint8)
    for channel in range(3):
        frames[..., channel] = scaled[..., channel, :, :]
    return frames


def quantised(values: Any) -> Any:
    """What becomes of a model's output (a torch tensor) on its way through `to_frames`."""
    return (values * 127.5 + 128).clamp(0, 255).floor() / 127.5 - 1


def resized(frames: Frames, height: int, width: int) -> Frames:
    """Pictures at another size, each new pixel the mean of the area it covers.

    Args:
        frames: uint8[..., h, w, 3].
        height: New height in px.
        width: New width in px.
    """
    if frames.shape[-3:-1] == (height, width):
        return frames
    *many, old_height, old_width, channels = frames.shape
    rows, columns = _areas(old_height, height), _areas(old_width, width)
    flat = frames.reshape(-1, old_height, old_width * channels)
    out = np.empty((len(flat), height, width, channels), np.uint8)
    for first in range(0, len(flat), _AT_ONCE):
        part = rows @ flat[first : first + _AT_ONCE].astype(np.float32)
        part = columns @ part.reshape(-1, old_width, channels)
        part = np.clip(part + 0.5, 0, 255).astype(np.uint8)
        out[first : first + _AT_ONCE] = part.reshape(-1, height, width, channels)
    return out.reshape(*many, height, width, channels)


def checked_frame(frame: Any, height: int, width: int, what: str) -> Frames:
    """A picture of the size that is expected.

    Raises:
        OptionError: If it is something else; the message says what is expected.
    """
    array = np.asarray(frame)
    if array.shape != (height, width, 3) or array.dtype != np.uint8:
        raise OptionError(
            f"{what} must be a picture of {width}x{height} px, uint8 of shape "
            f"({height}, {width}, 3), got {array.dtype} of shape {array.shape}"
        )
    return np.ascontiguousarray(array)


@lru_cache(maxsize=32)
def _areas(old: int, new: int) -> NDArray[np.float32]:
    """float32[new, old]: the share of each old pixel in each new one."""
    edges = np.arange(new + 1) * (old / new)
    pixels = np.arange(old)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return (np.clip(overlap, 0, 1) * (new / old)).astype(np.float32)
