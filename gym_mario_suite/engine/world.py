"""The world as a value: the records a tick reads and writes, and nothing else.

A world is one numpy record of type `WORLD`. Copying it copies the game; comparing its bytes
compares games. What never changes in play (tiles, spawn points) is in the level image, shared by
all worlds made from it (`level_image`); a world keeps one bit for each tile that has been
collected, broken or used up, and for each spawn point whose enemy was killed.

Sprites live in fixed slots; `order` lists the slots in the order of the original's sprite list
(newest first). Mario is not among them: he is always last in that list, so the tick handles the
players after the sprites.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag

import numpy as np
from numpy.typing import NDArray

MAX_PLAYERS = 4
KEY_BITS = 5  # for each player, in the keys of a tick
MAX_SPRITES = 128
SPENT_BITS = 32_768
EFFECT_SLOTS = 16
EVENT_SLOTS = 32
NO_SPRITE = -1
# The shell a player carries can leave the sprite list (far above the screen). The original keeps
# the reference, so the player still counts as carrying.
DETACHED_SHELL = -2

TICKS_PER_SECOND = 15  # of the level's timer, 2009 rules
MS_PER_SECOND = 1000  # of the level's timer, 2019 rules: 30 ms a tick
SCREEN_WIDTH_PX = 320
SCREEN_HEIGHT_PX = 240
LIVES_AT_START = 1024


class Button(IntFlag):
    """Bits of an action, in the order of the competition's five booleans."""

    LEFT = 1
    RIGHT = 2
    DOWN = 4
    JUMP = 8
    SPEED = 16


class Kind(IntEnum):
    """Kind codes of sprites, as observations report them."""

    MARIO = -31
    NONE = 0
    GOOMBA = 2
    GOOMBA_WINGED = 3
    RED_KOOPA = 4
    RED_KOOPA_WINGED = 5
    GREEN_KOOPA = 6
    GREEN_KOOPA_WINGED = 7
    BULLET_BILL = 8
    SPIKY = 9
    SPIKY_WINGED = 10
    ENEMY_FLOWER = 12
    SHELL = 13
    MUSHROOM = 14
    FIRE_FLOWER = 15
    LIFE_MUSHROOM = 16  # 2019 rules only
    FIREBALL = 25


class EnemyType(IntEnum):
    """Enemy types of spawn points (not the same numbers as `Kind`)."""

    RED_KOOPA = 0
    GREEN_KOOPA = 1
    GOOMBA = 2
    SPIKY = 3
    FLOWER = 4


class Status(IntEnum):
    """How an episode stands."""

    DEAD = 0
    WIN = 1
    RUNNING = 2
    TIME_OUT = 3  # 2019 rules only: in 2009 Mario dies when the time is up


class Mode(IntEnum):
    """Mario's power state."""

    SMALL = 0
    LARGE = 1
    FIRE = 2


class Rivalry(IntEnum):
    """What players in one world do to each other when they touch."""

    NONE = 0  # they pass through
    PUSH = 1  # they stand in each other's way
    STOMP = 2  # and one who lands on another hurts him


class Rules(IntEnum):
    """Rule sets; a field of the world."""

    COMPETITION_2009 = 0
    FRAMEWORK_2019 = 1


# Ticks in a second of real time, at the speed at which the original programs show them.
RENDER_FPS = {Rules.COMPETITION_2009: 24, Rules.FRAMEWORK_2019: 30}


class Effect(IntEnum):
    """Cosmetic events for drawing; nothing in the game reads them."""

    NONE = 0
    COIN_POP = 1
    BRICK_BREAK = 2
    BLOCK_BUMP = 3
    COIN_TAKEN = 4
    PUFF = 5
    CANNON_SMOKE = 6


class Event(IntEnum):
    """Events of the 2019 rules, with the framework's numbers."""

    BUMP = 1
    STOMP_KILL = 2
    FIRE_KILL = 3
    SHELL_KILL = 4
    FALL_KILL = 5
    JUMP = 6
    LAND = 7
    COLLECT = 8
    HURT = 9
    KICK = 10
    LOSE = 11
    WIN = 12


BODY = np.dtype(
    [
        ("x", "f4"),  # px, middle of the feet
        ("y", "f4"),
        ("xa", "f4"),  # px per tick
        ("ya", "f4"),
        ("map_x", "i2"),  # cell at the start of the body's last tick
        ("map_y", "i2"),
        ("dead_time", "i2"),
        # Enemy flower: waiting ticks. Mushroom, fire flower: ticks since birth. Player: his index.
        # Shell (2009): index of the player who last had to do with it.
        ("aux", "i2"),
        ("spawn", "i2"),  # index of the spawn point that made it, or -1
        ("y_start", "i2"),  # enemy flower: px of its rest position
        ("kind", "i1"),
        ("facing", "i1"),  # -1 left, 1 right, 0 a resting shell
        ("height", "u1"),  # px
        ("on_ground", "u1"),
        ("winged", "u1"),
        ("dead", "u1"),  # shell, bullet bill, fireball
        ("fly_death", "u1"),
        ("carried", "u1"),
        ("sliding", "u1"),  # players: all three side probes of the last step were blocked
        ("removed", "u1"),  # leaves the list at the end of this tick
        # Records have no padding: numpy's copies leave padding out, and bytes would differ.
        ("spare", "u1", (2,)),
    ],
    align=True,
)

PLAYER = np.dtype(
    [
        ("body", BODY),
        ("x_jump_speed", "f4"),
        ("y_jump_speed", "f4"),
        ("x_jump_start", "f4"),  # 2019: where the jump began, negative when no landing is awaited
        ("jump_time", "i2"),
        ("invulnerable_time", "i2"),
        ("death_time", "i2"),
        ("win_time", "i2"),
        ("carried", "i2"),  # slot of the carried shell, NO_SPRITE or DETACHED_SHELL
        ("keys", "u1"),  # buttons in effect in the current tick
        ("status", "u1"),
        ("was_on_ground", "u1"),
        ("may_jump", "u1"),
        ("ducking", "u1"),
        ("can_shoot", "u1"),
        ("large", "u1"),
        ("fire", "u1"),
        ("scan_first", "i2"),  # several players: first column of his last spawn scan
        ("coins", "i4"),
        ("lives", "i4"),
        ("mushrooms", "i4"),
        ("flowers", "i4"),
        ("jumps", "i4"),
        ("hurts", "i4"),
    ],
    align=True,
)

EVENT = np.dtype(
    [
        ("kind", "i4"),
        ("parameter", "i4"),
        ("mode", "i4"),
        ("tick", "i4"),
        ("x", "f4"),
        ("y", "f4"),
    ],
    align=True,
)

EFFECT = np.dtype([("kind", "i4"), ("born", "i4"), ("x", "i4"), ("y", "i4")], align=True)

WORLD = np.dtype(
    [
        ("players", PLAYER, (MAX_PLAYERS,)),
        ("n_players", "i4"),
        ("rules", "i4"),
        ("fingerprint", "i4"),  # of the level
        # clocks, in ticks
        ("tick", "i4"),  # does not advance while paused
        ("start_time", "i4"),  # 1 + ticks since the start
        ("time_left", "i4"),
        ("time_limit", "i4"),
        # camera and the columns of the last spawn scan
        ("x_cam", "f4"),
        ("y_cam", "f4"),
        ("scan_first", "i4"),
        ("scan_last", "i4"),
        ("scan_top", "i4"),
        ("scan_bottom", "i4"),
        # counters
        ("kills_total", "i4"),
        ("kills_stomp", "i4"),
        ("kills_fire", "i4"),
        ("kills_shell", "i4"),
        ("kills_bump", "i4"),
        ("fireballs_on_screen", "i4"),
        ("sprites_dropped", "i4"),  # spawns refused because all slots were taken
        # switches
        ("paused", "u1"),
        ("creatures_off", "u1"),
        ("invulnerable", "u1"),
        ("power_restoration", "u1"),
        ("timer_on", "u1"),
        ("rivalry", "u1"),  # what players do to each other
        ("spare", "u1", (6,)),
        # sprite lists, as slots
        ("n_sprites", "i4"),
        ("n_added", "i4"),
        ("n_free", "i4"),
        ("n_shells", "i4"),
        ("n_fireballs", "i4"),
        ("slots_used", "i4"),  # slots from here on were never used
        ("n_effects", "i4"),
        ("n_events", "i4"),
        ("spent_words", "i4"),  # words of `spent` that the level needs
        ("order", "u1", (MAX_SPRITES,)),
        ("added", "u1", (MAX_SPRITES,)),
        ("free", "u1", (MAX_SPRITES,)),
        ("shells", "u1", (MAX_SPRITES,)),
        ("fireballs", "u1", (2 * MAX_SPRITES,)),
        ("effects", EFFECT, (EFFECT_SLOTS,)),
        ("sprites", BODY, (MAX_SPRITES,)),
        ("spent", "u4", (SPENT_BITS // 32,)),
        ("events", EVENT, (EVENT_SLOTS,)),  # of the last tick, 2019 rules
    ],
    align=True,
)

Worlds = NDArray[np.void]


def empty_worlds(count: int) -> Worlds:
    """`count` zeroed worlds; each must be reset before its first tick."""
    return np.zeros(count, WORLD)
