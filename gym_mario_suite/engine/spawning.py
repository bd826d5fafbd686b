"""Spawn points and cannons under the competition's rules."""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.compiled import inline_jit, jit
from gym_mario_suite.engine.creatures import move_flower
from gym_mario_suite.engine.level_image import (
    AT_CANNON_START,
    AT_CANNONS,
    AT_SPAWN_START,
    AT_SPAWNS,
    N_CANNONS,
    WIDTH,
    spawn_is_dead,
)
from gym_mario_suite.engine.motion import F1
from gym_mario_suite.engine.sprites import (
    KIND_OF_TYPE,
    add_effect,
    add_sprite,
    facing_mario,
    is_listed,
)
from gym_mario_suite.engine.world import SCREEN_WIDTH_PX, Effect, EnemyType, Kind

_BULLET_BILL = int(Kind.BULLET_BILL)
_FLOWER_TYPE = int(EnemyType.FLOWER)
_CANNON_SMOKE = int(Effect.CANNON_SMOKE)
_SCREEN = np.float32(SCREEN_WIDTH_PX)
CANNON_PERIOD_TICKS = 100
_FLOWER_HEAD_START_TICKS = 4
_BELOW_ALL = 1 << 30  # a row further down than any


@inline_jit
def tile_column(v):
    """V / 16 for an int, truncated toward zero."""
    return v >> 4 if v >= 0 else -((-v) >> 4)


@jit
def _spawn(image, world, spawn, facing):
    """The enemy of a spawn point appears; its first tick is the caller's to run."""
    packed = image[image[AT_SPAWNS] + spawn]
    x = packed >> 12
    y = (packed >> 4) & 0xFF
    enemy_type = (packed >> 1) & 7
    winged = packed & 1
    kind = KIND_OF_TYPE[enemy_type]
    if enemy_type == _FLOWER_TYPE:
        slot = add_sprite(world, kind, np.float32(x * 16 + 15), np.float32(y * 16 + 24), 1)
        if slot < 0:
            return
        s = world.sprites[slot]
        s.spawn = spawn
        s.y_start = y * 16 + 24
        s.ya = np.float32(-8)
        s.y = s.y - F1
        for _ in range(_FLOWER_HEAD_START_TICKS):
            move_flower(world, s)
    else:
        slot = add_sprite(
            world,
            kind + winged,
            np.float32(x * 16 + 8),
            np.float32(y * 16 + 15),
            1 if facing == 0 else facing,
        )
        if slot < 0:
            return
        s = world.sprites[slot]
        s.spawn = spawn
        s.winged = winged


@jit
def _fire_cannon(world, x, y, facing):
    add_effect(world, _CANNON_SMOKE, x * 16 + 8 + facing * 8, y * 16 + 8)
    slot = add_sprite(
        world,
        _BULLET_BILL,
        np.float32(x * 16 + 8 + facing * 8),
        np.float32(y * 16 + 15),
        facing,
    )
    if slot >= 0:
        world.sprites[slot].ya = np.float32(-5)


@jit
def scan_column(image, world, x, spawning, firing):
    """Spawn points and cannons of one column, from top to bottom."""
    facing = facing_mario(world, x)
    spawn = 0
    spawn_end = 0
    if spawning and 0 <= x < image[WIDTH]:
        spawn = image[image[AT_SPAWN_START] + x]
        spawn_end = image[image[AT_SPAWN_START] + x + 1]
    cannon = 0
    cannon_end = 0
    if firing and facing != 0:
        # The columns beyond the map repeat the first and the last one.
        column = min(max(x, 0), image[WIDTH] - 1)
        cannon = image[image[AT_CANNON_START] + column]
        cannon_end = image[image[AT_CANNON_START] + column + 1]
    while spawn < spawn_end or cannon < cannon_end:
        spawn_y = (image[image[AT_SPAWNS] + spawn] >> 4) & 0xFF if spawn < spawn_end else 1 << 30
        cannon_y = (
            (image[image[AT_CANNONS] + cannon] >> 4) & 0xFF if cannon < cannon_end else 1 << 30
        )
        if spawn_y <= cannon_y:
            if not spawn_is_dead(image, world, spawn) and not is_listed(world, spawn):
                _spawn(image, world, spawn, facing)
            spawn += 1
        else:
            _fire_cannon(world, x, cannon_y, facing)
            cannon += 1


@jit
def scan(image, world):
    """Spawn what comes into the window, and fire the cannons whose turn it is.

    The original walks over every cell of the window. The same follows from less: a spawn point
    acts only when its column was not in the window of the previous scan, and at most one column
    of the window (narrower than 50 columns) has its cannons' turn. What appears makes its first
    move after the scan and not within it, which comes to the same: it touches nothing.
    """
    first = tile_column(int(world.x_cam)) - 1
    last = tile_column(int(world.x_cam + _SCREEN)) + 1
    fire_column = last + 1
    if image[N_CANNONS] > 0 and world.tick & 1 == 0:
        candidate = first + ((world.tick >> 1) - first) % (CANNON_PERIOD_TICKS // 2)
        if candidate <= last:
            fire_column = candidate
    known_first = world.scan_first
    known_last = world.scan_last
    world.scan_first = first
    world.scan_last = last
    if first == known_first and last == known_last:
        if fire_column <= last:
            scan_column(image, world, fire_column, False, True)
        return
    for x in range(first, last + 1):
        fresh = x < known_first or x > known_last
        if fresh or x == fire_column:
            scan_column(image, world, x, fresh, x == fire_column)
