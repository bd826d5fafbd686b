"""How every sprite but Mario moves: enemies, shells, bullet bills, fireballs, power-ups."""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.compiled import inline_jit, jit
from gym_mario_suite.engine.motion import F0, F1, F2, F5, F10, step_x, step_y
from gym_mario_suite.engine.sprites import add_effect, nearest_player_x, start_tick
from gym_mario_suite.engine.world import MAX_SPRITES, Effect, Kind, Rules

_BULLET_BILL = int(Kind.BULLET_BILL)
_ENEMY_FLOWER = int(Kind.ENEMY_FLOWER)
_SHELL = int(Kind.SHELL)
_MUSHROOM = int(Kind.MUSHROOM)
_FIRE_FLOWER = int(Kind.FIRE_FLOWER)
_LIFE_MUSHROOM = int(Kind.LIFE_MUSHROOM)
_FIREBALL = int(Kind.FIREBALL)
_COMPETITION_2009 = int(Rules.COMPETITION_2009)
_PUFF = int(Effect.PUFF)

_WALK_SPEED = np.float32(1.75)
_SHELL_SPEED = 11
_FIREBALL_SPEED = 8
_FRICTION = np.float32(0.89)
_FALL_DAMPING = np.float32(0.85)
_WINGED_FALL_DAMPING = np.float32(0.95)
_WINGED_GRAVITY = np.float32(0.6)
_FIREBALL_GRAVITY = np.float32(1.5)
_FLOWER_GRAVITY = np.float32(0.1)
# These two are doubles in the original: the product is rounded to float32 once, at the end.
_CORPSE_DAMPING_F64 = 0.95
_FLOWER_DAMPING_F64 = 0.9

_POWER_UP_RISE_TICKS = 9
_OLD_POWER_UP_TICKS = 30_000  # the 2019 flower's counter goes on; int16 must not wrap
_FLOWER_WAIT_TICKS = 40
_FLOWER_SAFE_PX = 24
_FLOWER_RISE_2019_PX = np.float32(20)


@inline_jit
def _damp64(v, factor):
    """float32(float64(v) * factor)."""
    return np.float32(np.float64(v) * factor)


@inline_jit
def _fly_off(s):
    s.x = s.x + s.xa
    s.y = s.y + s.ya
    s.ya = _damp64(s.ya, _CORPSE_DAMPING_F64)
    s.ya = s.ya + F1


@jit
def _count_down_death(world, s):
    """A dead body's clock; at its end the body leaves."""
    s.dead_time -= 1
    if s.dead_time == 0:
        s.dead_time = 1
        s.removed = 1
        add_effect(world, _PUFF, int(s.x), int(s.y))


@inline_jit
def _face_along(s):
    """Face the way the body is moving, if it moves at all fast."""
    if s.xa > F2:
        s.facing = 1
    if s.xa < -F2:
        s.facing = -1


@jit
def move_flower(world, s):
    """The enemy flower rises from its pipe and sinks back; it waits while Mario stands near."""
    if s.dead_time > 0:
        _count_down_death(world, s)
        _fly_off(s)
        return
    y_start = np.float32(s.y_start)
    if s.y >= y_start:
        s.y = y_start
        distance = int(abs(nearest_player_x(world, s.x) - s.x))
        s.aux += 1
        s.ya = np.float32(-8) if s.aux > _FLOWER_WAIT_TICKS and distance > _FLOWER_SAFE_PX else F0
    else:
        s.aux = 0
    s.y = s.y + s.ya
    s.ya = _damp64(s.ya, _FLOWER_DAMPING_F64)
    s.ya = s.ya + _FLOWER_GRAVITY


@jit
def move_flower_2019(world, s):
    """The enemy flower is a lift: up 1 px a tick, a wait, down, a wait while Mario stands near."""
    y_start = np.float32(s.y_start)
    top = y_start - _FLOWER_RISE_2019_PX
    if s.ya > F0:
        if s.y >= y_start:
            s.y = y_start
            distance = int(abs(nearest_player_x(world, s.x) - s.x))
            s.aux += 1
            if s.aux > _FLOWER_WAIT_TICKS and distance > _FLOWER_SAFE_PX:
                s.aux = 0
                s.ya = -F1
    elif s.ya < F0 and s.y < top:
        s.y = top
        s.aux += 1
        if s.aux > _FLOWER_WAIT_TICKS:
            s.aux = 0
            s.ya = F1
    s.y = s.y + s.ya


@jit
def _register_shell(world, slot):
    if world.n_shells < MAX_SPRITES:
        world.shells[world.n_shells] = slot
        world.n_shells += 1


@jit
def kill_fireball(s):
    """The fireball is spent; it leaves the list in its next normal tick."""
    s.dead = 1
    s.xa = np.float32(s.facing * -2)
    s.ya = -F5
    s.dead_time = 100


@jit
def _move_bullet(world, s):
    if s.dead_time > 0:
        _count_down_death(world, s)
        _fly_off(s)
        return
    s.xa = np.float32(s.facing * 4)
    s.x = s.x + s.xa


@jit
def _walk_speed(kind, facing):
    """Speed of a walking body in px per tick, with the sign of where it faces."""
    if kind == _SHELL:
        return np.float32(facing * _SHELL_SPEED)
    if kind == _FIREBALL:
        return np.float32(facing * _FIREBALL_SPEED)
    return np.float32(facing) * _WALK_SPEED


@jit
def _rise(s):
    """A power-up rises out of its block; False when it has risen."""
    if s.aux >= _POWER_UP_RISE_TICKS:
        return False
    s.y = s.y - F1
    s.aux += 1
    return True


@jit
def _register_fireball(world, slot):
    # With creatures off this list only grows, unread: the bound is for that case.
    if world.n_fireballs < 2 * MAX_SPRITES:
        world.fireballs[world.n_fireballs] = slot
        world.n_fireballs += 1


@jit
def _prepare_walk(world, s, slot):
    """What a walking body does before its step; False when it does not walk in this tick."""
    kind = s.kind
    if kind == _SHELL and s.carried:
        _register_shell(world, slot)
        return False
    if s.dead_time > 0:
        if kind == _FIREBALL:
            s.removed = 1
            add_effect(world, _PUFF, int(s.x), int(s.y))
            return False
        _count_down_death(world, s)
        if s.fly_death or kind == _SHELL:
            _fly_off(s)
        return False
    if (kind == _MUSHROOM or kind == _LIFE_MUSHROOM) and _rise(s):
        return False
    _face_along(s)
    s.xa = _walk_speed(kind, s.facing)
    if kind == _SHELL:
        if s.facing != 0:
            _register_shell(world, slot)
    elif kind == _FIREBALL:
        _register_fireball(world, slot)
    return True


@jit
def _settle(s):
    """Damping, gravity and bounces after a body's step."""
    kind = s.kind
    light = s.winged != 0
    damping = _WINGED_FALL_DAMPING if light else _FALL_DAMPING
    gravity = _WINGED_GRAVITY if light else F2
    bounces = light
    if kind == _FIREBALL:
        if s.on_ground:
            s.ya = -F10
        damping = _WINGED_FALL_DAMPING
        gravity = _FIREBALL_GRAVITY
        bounces = False
    s.ya = s.ya * damping
    s.xa = s.xa * _FRICTION
    if not s.on_ground:
        s.ya = s.ya + gravity
    elif bounces:
        s.ya = -F10


@jit
def tick_sprite(image, world, slot):
    """One tick of the sprite in `slot`."""
    s = world.sprites[slot]
    start_tick(s)
    kind = s.kind
    in_2009 = world.rules == _COMPETITION_2009
    if kind == _ENEMY_FLOWER:
        if in_2009:
            move_flower(world, s)
        else:
            move_flower_2019(world, s)
    elif kind == _BULLET_BILL:
        _move_bullet(world, s)
    elif kind == _FIRE_FLOWER:
        if in_2009:
            _rise(s)
        elif s.aux < _OLD_POWER_UP_TICKS:
            # It counts before it tests, and so stays a pixel lower.
            s.aux += 1
            if s.aux < _POWER_UP_RISE_TICKS:
                s.y = s.y - F1
    elif _prepare_walk(world, s, slot):
        if not step_x(image, world, s, s.xa):
            if kind == _FIREBALL:
                if not in_2009:
                    s.removed = 1
                    return
                kill_fireball(s)
            else:
                s.facing = -s.facing
        s.on_ground = 0
        step_y(image, world, s, s.ya)
        _settle(s)
