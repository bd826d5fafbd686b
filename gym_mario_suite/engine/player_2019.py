"""Mario under the 2019 rules: no wall jumps, no carried shells, longer freezes, events."""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.compiled import jit, merged_jit
from gym_mario_suite.engine.events import add_event
from gym_mario_suite.engine.gait import (
    HURT_TICKS,
    JUMP_SPEED,
    JUMP_TICKS,
    update_height,
    walk_acceleration,
)
from gym_mario_suite.engine.level_image import X_EXIT
from gym_mario_suite.engine.motion import F0, F2, cell_of, get_coin, probe
from gym_mario_suite.engine.sprites import add_sprite, start_tick
from gym_mario_suite.engine.world import Button, Event, Kind, Status

_LEFT = int(Button.LEFT)
_RIGHT = int(Button.RIGHT)
_DOWN = int(Button.DOWN)
_JUMP = int(Button.JUMP)
_SPEED = int(Button.SPEED)
_DEAD = int(Status.DEAD)
_WIN = int(Status.WIN)
_TIME_OUT = int(Status.TIME_OUT)
_FIREBALL = int(Kind.FIREBALL)
_JUMP_EVENT = int(Event.JUMP)
_LAND_EVENT = int(Event.LAND)
_LOSE_EVENT = int(Event.LOSE)
_WIN_EVENT = int(Event.WIN)

F4 = np.float32(4)
F20 = np.float32(20)
_HALF = np.float32(0.5)
_HALF_WIDTH = np.float32(4)
_NO_JUMP = np.float32(-100)
FREEZE_TICKS = 9


@jit
def is_alive(player):
    """Whether Mario still plays or has won."""
    return player.status != _DEAD and player.status != _TIME_OUT


@jit
def lose(world, player):
    """Mario dies; even a win of the same tick is lost."""
    add_event(world, _LOSE_EVENT, 0)
    player.status = _DEAD


@jit
def hurt_2019(world, player):
    """A creature hits Mario: one power level less and a freeze, or death."""
    if player.invulnerable_time > 0 or not is_alive(player):
        return
    player.hurts += 1
    if not player.large:
        lose(world, player)
        return
    world.paused = FREEZE_TICKS
    if player.fire:
        player.fire = 0
    else:
        player.large = 0
    player.invulnerable_time = HURT_TICKS


@jit
def power_up_2019(world, player, fire):
    """A mushroom, or with `fire` a fire flower: more power and a freeze, or a coin."""
    if not is_alive(player):
        return
    if fire:
        player.flowers += 1
    else:
        player.mushrooms += 1
    if (fire and player.fire) or (not fire and player.large):
        get_coin(player)
        return
    world.paused = FREEZE_TICKS
    player.large = 1
    if fire:
        player.fire = 1


@merged_jit
def _head_is_free(image, world, body):
    """Test what is 4 px above the head at take-off; the probes collect and bump as any do."""
    own_x = cell_of(body.x)
    own_y = cell_of(body.y)
    head = body.y - F4 - np.float32(body.height)
    for k in range(3):
        px = body.x
        if k == 1:
            px = body.x - _HALF_WIDTH
        elif k == 2:
            px = body.x + _HALF_WIDTH
        if probe(image, world, body, own_x, own_y, px, head, F0, -F4):
            return False
    return True


@merged_jit
def _jump_2019(image, world, player, jump_held):
    body = player.body
    if not jump_held:
        player.jump_time = 0
    elif body.on_ground and player.may_jump:
        player.x_jump_speed = F0
        player.y_jump_speed = JUMP_SPEED
        player.jump_time = JUMP_TICKS
        body.ya = np.float32(JUMP_TICKS) * JUMP_SPEED
        body.on_ground = 0
        player.jumps += 1
        if _head_is_free(image, world, body):
            player.x_jump_start = body.x
            add_event(world, _JUMP_EVENT, 0)
    elif player.jump_time > 0:
        body.xa = body.xa + player.x_jump_speed
        body.ya = np.float32(player.jump_time) * player.y_jump_speed
        player.jump_time -= 1


@jit
def begin_player_tick_2019(image, world, player, keys):
    """The first half of Mario's tick under these rules; see `player.begin_player_tick`."""
    body = player.body
    start_tick(body)
    player.keys = keys
    speed_held = keys & _SPEED != 0
    jump_held = keys & _JUMP != 0
    if player.invulnerable_time > 0:
        player.invulnerable_time -= 1
    player.was_on_ground = body.on_ground
    acceleration = walk_acceleration(speed_held)
    if body.on_ground:
        player.ducking = keys & _DOWN != 0 and player.large != 0
    update_height(player)
    if body.xa > F2:
        body.facing = 1
    if body.xa < -F2:
        body.facing = -1
    _jump_2019(image, world, player, jump_held)
    if keys & _LEFT and not player.ducking:
        body.xa = body.xa - acceleration
        if player.jump_time >= 0:
            body.facing = -1
    if keys & _RIGHT and not player.ducking:
        body.xa = body.xa + acceleration
        if player.jump_time >= 0:
            body.facing = 1
    shot = False
    if speed_held and player.can_shoot and player.fire and world.fireballs_on_screen < 2:
        x = body.x + np.float32(body.facing * 6)
        slot = add_sprite(world, _FIREBALL, x, body.y - F20, body.facing)
        if slot >= 0:
            world.sprites[slot].ya = F4
            shot = True
    player.can_shoot = not speed_held
    player.may_jump = body.on_ground and not jump_held
    if abs(body.xa) < _HALF:
        body.xa = F0
    return shot


@jit
def arrive_2019(image, world, player):
    """After a move: the landing, the left border, the goal."""
    body = player.body
    if not player.was_on_ground and body.on_ground and player.x_jump_start >= F0:
        add_event(world, _LAND_EVENT, 0)
        player.x_jump_start = _NO_JUMP
    if body.x < F0:
        body.x = F0
        body.xa = F0
    exit_x = np.float32(image[X_EXIT] * 16)
    if body.x > exit_x:
        body.x = exit_x
        body.xa = F0
        add_event(world, _WIN_EVENT, 0)
        player.status = _WIN
