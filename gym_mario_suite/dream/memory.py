"""What a dream remembers beside its last frames: how fast Mario is, and where between two pixels.

Four frames of whole pixels do not tell it: of a camera that goes 5.45 px a tick only three steps of
5 or 6 are seen, and four in five next steps is as much as can be guessed from them. A model with a
memory says after each step how fast Mario is then, and where; it counts ticks, from which the next
picture of an animation follows, and knows where the camera is. This goes into its next step, and
into nothing else. Where a dream begins with pictures alone, the memory is empty; speeds are first
guessed, and Mario is looked for.

`carried` is written with arithmetic alone, so that it serves numpy arrays and torch tensors.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.dream.presets import head_slices

# `known`, `placed` and `seen` are 1 or 0: whether the speeds; the places in the level, the clock,
# the camera and the theme; and the places in the picture mean anything.
MEMORY = (
    *("known", "placed", "speed_x", "speed_y", "x", "y", "jump_time"),
    *("seen", "screen_x", "screen_y", "clock", "camera", "theme"),
)
MEMORY_SIZE = len(MEMORY)
PLACE = slice(MEMORY.index("x"), MEMORY.index("y") + 1)
SCREEN = slice(MEMORY.index("screen_x"), MEMORY.index("screen_y") + 1)
PLACED = MEMORY.index("placed")
CLOCK, CAMERA, THEME = (MEMORY.index(name) for name in ("clock", "camera", "theme"))
THEMES = 3
CAMERA_PERIOD = 2560  # px of a frame; after so many all layers of the backdrop stand alike
# Ticks after which the pictures of creatures and of tiles come again; the clock counts both.
CLOCK_PERIODS = (8, 18)
CLOCK_PERIOD = math.lcm(*CLOCK_PERIODS)
PLACE_PERIOD_PX = 16  # of the engine; after so many px all layers of the scenery stand alike
# The head gives speeds and the jump's time in these units, to be of the size of 1.
SPEED_UNIT = 4.0  # px a tick
JUMP_UNIT = 4.0  # ticks
SCREEN_UNIT = 16.0  # px: tiles
_HALF_PX = 2.0  # the head gives Mario's way in px of a frame, which are two of the engine's
_FASTEST, _FARTHEST = 8.0, 32.0  # so that a dream which has gone wrong does not go to infinity
_SLICES = head_slices()


def no_memory(count: int) -> NDArray[np.float32]:
    """The memory of dreams that begin with pictures alone."""
    return np.zeros((count, MEMORY_SIZE), np.float32)


def known_memory(
    speed_x: Any, speed_y: Any, x: Any, y: Any, jump_time: Any, camera: Any, clock: Any, theme: Any
) -> NDArray[np.float32]:
    """The memory of a moment in the engine.

    Args:
        speed_x: Mario's speed in px a tick, to the right; a number or an array. Where it is not
            known it is NaN, and the memory is empty.
        speed_y: The same, down.
        x: Where Mario is, in px.
        y: The same, down.
        jump_time: Ticks that the jump still rises.
        camera: The picture's left edge, px of the level.
        clock: Ticks since the start, which all animations follow.
        theme: Of the level.

    Returns:
        float32[..., MEMORY_SIZE].
    """
    known = np.isfinite(speed_x)
    # Frames are drawn at half size, from an even column on.
    left = np.floor(np.asarray(camera) / _HALF_PX)
    screen = x - left * _HALF_PX, y
    places = np.asarray(x) % PLACE_PERIOD_PX, np.asarray(y) % PLACE_PERIOD_PX
    time = np.asarray(clock) % CLOCK_PERIOD
    turn = left % CAMERA_PERIOD
    parts = [known, known, speed_x, speed_y, *places, jump_time, known, *screen, time, turn, theme]
    return np.where(known[..., None], np.stack(parts, -1), 0).astype(np.float32)


def carried(memory: Any, head: Any, stack: Callable[[list[Any]], Any]) -> Any:
    """The memory after a step.

    Args:
        memory: float[n, MEMORY_SIZE], before.
        head: float[n, HEAD_SIZE], what the model said of the step.
        stack: Makes [n, k] of k arrays [n].
    """
    move = head[:, _SLICES["move"]]
    speed = head[:, _SLICES["speed"]].clip(-_FASTEST, _FASTEST)
    jump = head[:, _SLICES["jump_time"]][:, 0].clip(-_FASTEST, _FASTEST)
    screen = head[:, _SLICES["screen"]].clip(-_FARTHEST, _FARTHEST)
    placed = memory[:, 1]
    return stack(
        [
            placed * 0 + 1,
            placed,
            speed[:, 0] * SPEED_UNIT,
            speed[:, 1] * SPEED_UNIT,
            (memory[:, 4] + move[:, 0] * _HALF_PX) % PLACE_PERIOD_PX * placed,
            (memory[:, 5] + move[:, 1] * _HALF_PX) % PLACE_PERIOD_PX * placed,
            jump * JUMP_UNIT,
            placed * 0 + 1,
            screen[:, 0] * SCREEN_UNIT,
            screen[:, 1] * SCREEN_UNIT,
            (memory[:, CLOCK] + 1) % CLOCK_PERIOD * placed,
            (memory[:, CAMERA] + move[:, 2].round()) % CAMERA_PERIOD * placed,
            memory[:, THEME] * placed,
        ]
    )
