"""What a dream remembers beside its last frames: how fast Mario is, and where between two pixels.

Four frames of whole pixels do not tell it: of a camera that goes 5.45 px a tick only three steps of
5 or 6 are seen, and four in five next steps is as much as can be guessed from them. A model with a
memory says after each step how fast Mario is then, and where; it counts ticks, from which the next
picture of an animation follows, and knows where the camera is. This goes into its next step, and
into nothing else. Where a dream begins with pictures alone, the memory is empty; speeds are first
guessed, and Mario is looked for.
"""

from __future__ import annotations

import math
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

# `known`, `placed` and `seen` are 1 or 0: whether the speeds and all that has no place; the places
# in the level, the clock, the camera and the theme; and the places in the picture mean anything.
# `near` is 1 if there is a creature near Mario; where it is is told as seen from him.
# Tall ones are two tiles high, sharp ones cannot be stomped.
# `scans` is 1 if the camera has just come to another column of tiles: what is to appear beyond the
# right edge appears in the next step. `volley` is twice the column of tiles whose cannons fire in
# the next step.
# Then all creatures in and about the picture, in places of their own (see `herd`): where each is
# in the picture, how fast it goes, where it looks, what it is, and how long it has waited.
HERD = 8


class Of(IntEnum):
    """What is remembered of each creature of the herd, as places among its numbers."""

    THERE = 0  # 1 if there is one
    X = 1  # px of the engine, in the picture
    Y = 2
    SPEED_X = 3  # px a tick
    SPEED_Y = 4
    FACING = 5  # -1 left, 1 right, 0 a resting shell
    KIND = 6  # place in KINDS
    WINGED = 7
    WAIT = 8  # ticks that a flower has waited in its pipe, or a power-up has risen


CREATURE = tuple(part.name.lower() for part in Of)
# Kinds that are told apart, by their names in the engine; wings are told beside them.
KINDS = (
    ("GOOMBA", "GOOMBA_WINGED"),
    ("RED_KOOPA", "RED_KOOPA_WINGED"),
    ("GREEN_KOOPA", "GREEN_KOOPA_WINGED"),
    ("SPIKY", "SPIKY_WINGED"),
    ("ENEMY_FLOWER",),
    ("SHELL",),
    ("BULLET_BILL",),
    ("MUSHROOM",),
    ("FIRE_FLOWER",),
)
RED_KOOPA, GREEN_KOOPA, SPIKY, FLOWER, SHELL, BULLET = (
    next(i for i, names in enumerate(KINDS) if names[0] == name)
    for name in ("RED_KOOPA", "GREEN_KOOPA", "SPIKY", "ENEMY_FLOWER", "SHELL", "BULLET_BILL")
)
LAST_CREATURE = BULLET  # what follows are items
MEMORY = (
    *("known", "placed", "speed_x", "speed_y", "x", "y", "jump_time"),
    *("seen", "screen_x", "screen_y", "clock", "camera", "theme"),
    *("on_ground", "may_jump", "ducking", "large", "invulnerable"),
    *("near", "near_x", "near_y", "near_speed_x", "near_speed_y"),
    *("near_tall", "near_winged", "near_sharp"),
    *("scans", "volley"),
    *(f"creature_{number}_{name}" for number in range(HERD) for name in CREATURE),
)
MEMORY_SIZE = len(MEMORY)
PLACE = slice(MEMORY.index("x"), MEMORY.index("y") + 1)
SCREEN = slice(MEMORY.index("screen_x"), MEMORY.index("screen_y") + 1)
PLACED = MEMORY.index("placed")
CLOCK, CAMERA, THEME = (MEMORY.index(name) for name in ("clock", "camera", "theme"))
FLAGS = slice(MEMORY.index("on_ground"), MEMORY.index("large") + 1)
INVULNERABLE = MEMORY.index("invulnerable")
STOMP_TICKS = 1.0  # for which Mario cannot be hurt after he has stomped a creature
HURT_TICKS = 32.0  # for which he cannot be hurt again; in the first of them all stand still
NEAR = MEMORY.index("near")
NEAR_PX = 40  # of the engine; a creature is near that is no further from Mario, to any side
NEAR_PLACE = slice(NEAR + 1, NEAR + 3)
NEAR_SPEED = slice(NEAR + 3, NEAR + 5)
NEAR_KIND = slice(NEAR + 5, NEAR + 8)
SCANS = NEAR_KIND.stop
VOLLEY = SCANS + 1
HERD_FROM = VOLLEY + 1
THEMES = 3
VOLLEY_PERIOD = 100  # ticks between two shots of a cannon
CAMERA_PERIOD = 2560  # px of a frame; after so many all layers of the backdrop stand alike
# Ticks after which the pictures of creatures and of tiles come again; the clock counts both.
CLOCK_PERIODS = (8, 18)
CLOCK_PERIOD = math.lcm(*CLOCK_PERIODS)
PLACE_PERIOD_PX = 16  # of the engine; after so many px all layers of the scenery stand alike
# The head gives speeds and the jump's time in these units, to be of the size of 1.
SPEED_UNIT = 4.0  # px a tick
JUMP_UNIT = 4.0  # ticks
INVULNERABLE_UNIT = 16.0  # ticks
SCREEN_UNIT = 16.0  # px: tiles
HALF_PX = 2.0  # the head gives Mario's way in px of a frame, which are two of the engine's


def no_memory(count: int) -> NDArray[np.float32]:
    """The memory of dreams that begin with pictures alone."""
    return np.zeros((count, MEMORY_SIZE), np.float32)
