"""How a tick begins under the rules of the 2019 framework: time, camera, losses, spawning."""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.compiled import inline_jit, jit
from gym_mario_suite.engine.contacts_2019 import TYPE_2019
from gym_mario_suite.engine.events import add_event, clear_events
from gym_mario_suite.engine.level_image import (
    AT_CANNON_START,
    AT_CANNONS,
    AT_SPAWN_START,
    AT_SPAWNS,
    HEIGHT,
    WIDTH,
)
from gym_mario_suite.engine.motion import F0, F1, is_enemy
from gym_mario_suite.engine.player_2019 import is_alive, lose
from gym_mario_suite.engine.sprites import (
    KIND_OF_TYPE,
    add_effect,
    add_sprite,
    facing_mario,
    is_listed,
)
from gym_mario_suite.engine.world import Effect, EnemyType, Event, Kind, Status

_RUNNING = int(Status.RUNNING)
_TIME_OUT = int(Status.TIME_OUT)
_FIREBALL = int(Kind.FIREBALL)
_BULLET_BILL = int(Kind.BULLET_BILL)
_FLOWER_TYPE = int(EnemyType.FLOWER)
_FALL_KILL = int(Event.FALL_KILL)
_CANNON_SMOKE = int(Effect.CANNON_SMOKE)

SCREEN_2019_PX = 256
MS_PER_TICK = 30
_HALF_SCREEN = np.float32(SCREEN_2019_PX // 2)
_SCREEN = np.float32(SCREEN_2019_PX)
_MARGIN = np.float32(64)
_FALL_MARGIN_PX = 32
# The framework counts falls from here, whatever the level's height.
_FALL_KILL_Y = np.float32(SCREEN_2019_PX + _FALL_MARGIN_PX)
_CANNON_PERIOD_TICKS = 100
_BELOW_ALL = 1 << 30


@inline_jit
def _along(v, size_px):
    """A camera coordinate for Mario's `v`, kept inside a level of that size (0 wins)."""
    v = v - _HALF_SCREEN
    limit = np.float32(size_px - SCREEN_2019_PX)
    if v > limit:
        v = limit
    if v < F0:
        v = F0
    return v


@jit
def _remove_lost_sprites(image, world):
    """What is 64 px beside the screen or 32 px below the level leaves; Mario too, when he falls."""
    floor = np.float32(image[HEIGHT] * 16 + _FALL_MARGIN_PX)
    fireballs = 0
    for i in range(world.n_sprites):
        s = world.sprites[world.order[i]]
        if s.x < world.x_cam - _MARGIN or s.x > world.x_cam + _SCREEN + _MARGIN or s.y > floor:
            s.removed = 1
            if (is_enemy(s.kind) or s.kind == _BULLET_BILL) and s.y > _FALL_KILL_Y:
                add_event(world, _FALL_KILL, TYPE_2019[s.kind])
        elif s.kind == _FIREBALL:
            fireballs += 1
    world.fireballs_on_screen = fireballs
    for p in range(world.n_players):
        player = world.players[p]
        if player.body.y > floor and is_alive(player):
            lose(world, player)
            player.body.removed = 1


@jit
def _spawn_2019(image, world, spawn, facing):
    packed = image[image[AT_SPAWNS] + spawn]
    x = packed >> 12
    y = (packed >> 4) & 0xFF
    enemy_type = (packed >> 1) & 7
    winged = packed & 1
    kind = KIND_OF_TYPE[enemy_type]
    if enemy_type == _FLOWER_TYPE:
        slot = add_sprite(world, kind, np.float32(x * 16 + 17), np.float32(y * 16 + 18), 1)
        if slot >= 0:
            s = world.sprites[slot]
            s.spawn = spawn
            s.y_start = y * 16 + 18
            s.ya = -F1
        return
    px = np.float32(x * 16 + 8)
    slot = add_sprite(
        world, kind + winged, px, np.float32(y * 16 + 15), 1 if facing == 0 else facing
    )
    if slot >= 0:
        world.sprites[slot].spawn = spawn
        world.sprites[slot].winged = winged


@jit
def _fire_2019(world, x, y, facing):
    add_effect(world, _CANNON_SMOKE, x * 16 + 8 + facing * 8, y * 16 + 8)
    px = np.float32(x * 16 + 8 + facing * 8)
    slot = add_sprite(world, _BULLET_BILL, px, np.float32(y * 16 + 15), facing)
    if slot >= 0:
        world.sprites[slot].ya = np.float32(-5)


@jit
def _scan_column_2019(image, world, x, top, bottom, column_is_new, known_top, known_bottom):
    """Spawn points and cannons of one column of the window, from top to bottom."""
    facing = facing_mario(world, x)
    spawn = 0
    spawn_end = 0
    if 0 <= x < image[WIDTH]:
        spawn = image[image[AT_SPAWN_START] + x]
        spawn_end = image[image[AT_SPAWN_START] + x + 1]
    cannon = 0
    cannon_end = 0
    if facing != 0 and world.tick % _CANNON_PERIOD_TICKS == 0:
        column = min(max(x, 0), image[WIDTH] - 1)
        cannon = image[image[AT_CANNON_START] + column]
        cannon_end = image[image[AT_CANNON_START] + column + 1]
    while spawn < spawn_end or cannon < cannon_end:
        spawn_y = _BELOW_ALL
        if spawn < spawn_end:
            spawn_y = (image[image[AT_SPAWNS] + spawn] >> 4) & 0xFF
        cannon_y = _BELOW_ALL
        if cannon < cannon_end:
            cannon_y = (image[image[AT_CANNONS] + cannon] >> 4) & 0xFF
        if spawn_y <= cannon_y:
            fresh = column_is_new or spawn_y < known_top or spawn_y > known_bottom
            if fresh and top <= spawn_y <= bottom and not is_listed(world, spawn):
                _spawn_2019(image, world, spawn, facing)
            spawn += 1
        else:
            if top <= cannon_y <= bottom:
                _fire_2019(world, x, cannon_y, facing)
            cannon += 1


@jit
def _scan_2019(image, world):
    """Spawn what comes into the window, and fire all cannons of it every hundredth tick."""
    first = (int(world.x_cam) >> 4) - 1
    last = (int(world.x_cam + _SCREEN) >> 4) + 1
    top = (int(world.y_cam) >> 4) - 1
    bottom = (int(world.y_cam + _SCREEN) >> 4) + 1
    known_first = world.scan_first
    known_last = world.scan_last
    known_top = world.scan_top
    known_bottom = world.scan_bottom
    world.scan_first = first
    world.scan_last = last
    world.scan_top = top
    world.scan_bottom = bottom
    same = first == known_first and last == known_last and top == known_top
    if same and bottom == known_bottom and world.tick % _CANNON_PERIOD_TICKS != 0:
        return
    for x in range(first, last + 1):
        fresh = x < known_first or x > known_last
        _scan_column_2019(image, world, x, top, bottom, fresh, known_top, known_bottom)


@jit
def begin_tick_2019(image, world):
    """What a tick begins with under these rules; False when that is all of it.

    `time_left` counts milliseconds here, 30 for each tick. A world whose game has ended does not
    change any more.
    """
    player = world.players[0]
    if player.status != _RUNNING:
        return False
    world.start_time += 1
    if world.paused > 0:
        world.paused -= 1
        return False
    if world.time_left > 0:
        world.time_left -= MS_PER_TICK
        if world.time_left <= 0:
            world.time_left = 0
            player.status = _TIME_OUT
            clear_events(world)
            return False
    world.tick += 1
    world.x_cam = _along(player.body.x, image[WIDTH] * 16)
    world.y_cam = _along(player.body.y, image[HEIGHT] * 16)
    clear_events(world)
    _remove_lost_sprites(image, world)
    _scan_2019(image, world)
    return True
