"""A world of the agent's own that follows the real one, corrected by what the agent sees.

The agent knows the rules and its own buttons, so most of what it cannot see follows from what it
saw: Mario's speed, the facing of a creature, how long a flower waits. Where the real world turns
out otherwise, the shadow takes over what is seen, and infers speeds from the last two positions.
"""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.compiled import inline_jit, jit
from gym_mario_suite.engine.creatures import move_flower
from gym_mario_suite.engine.player import HURT_TICKS, mode_of, set_mode
from gym_mario_suite.engine.sprites import add_sprite, commit_sprites
from gym_mario_suite.engine.tick import start_world, tick
from gym_mario_suite.engine.world import NO_SPRITE, Kind, Status

# What is seen of Mario, int64
ON_GROUND = 0
MAY_JUMP = 1
CARRYING = 2
MODE = 3
KILLS = 4
FACTS = 5

_GOOMBA = int(Kind.GOOMBA)
_GOOMBA_WINGED = int(Kind.GOOMBA_WINGED)
_RED_KOOPA_WINGED = int(Kind.RED_KOOPA_WINGED)
_GREEN_KOOPA_WINGED = int(Kind.GREEN_KOOPA_WINGED)
_BULLET_BILL = int(Kind.BULLET_BILL)
_SPIKY_WINGED = int(Kind.SPIKY_WINGED)
_ENEMY_FLOWER = int(Kind.ENEMY_FLOWER)
_SHELL = int(Kind.SHELL)
_MUSHROOM = int(Kind.MUSHROOM)
_RUNNING = int(Status.RUNNING)

_NO_TIME_LIMIT_S = 1_000_000
_MATCH_PX = 48.0  # further off it is another creature
_F0 = np.float32(0)
_FRICTION = np.float32(0.89)
_WALK_SPEED = np.float32(1.75)
_CORPSE_SPEED = np.float32(1.9)  # between a walker's 1.75 and a corpse's 2 px per tick
_CORPSE_TICKS = 100
# A flower is 32.86 px above its rest when it is first seen: its head start and a tick.
_FLOWER_FIRST_RISE = np.float32(32.86)
_FLOWER_HEAD_START_TICKS = 5


@jit
def start_shadow(image, world, mode):
    """The shadow of a level that has just begun."""
    start_world(image, world, mode, _NO_TIME_LIMIT_S, 0)


@jit
def advance_shadow(image, world, before, keys):
    """A tick of the shadow; `before` (float32[slots + 1, 2]) keeps the positions from before.

    The last row is Mario's.
    """
    for i in range(world.n_sprites):
        slot = world.order[i]
        before[slot, 0] = world.sprites[slot].x
        before[slot, 1] = world.sprites[slot].y
    body = world.players[0].body
    before[-1, 0] = body.x
    before[-1, 1] = body.y
    tick(image, world, keys)


@inline_jit
def _is_listed(kind):
    return _GOOMBA <= kind <= _MUSHROOM


@inline_jit
def _has_wings(kind):
    return kind in (_GOOMBA_WINGED, _RED_KOOPA_WINGED, _GREEN_KOOPA_WINGED, _SPIKY_WINGED)


@jit
def _add_flower(world, x, y):
    rest = np.float32(np.floor((y + _FLOWER_FIRST_RISE) * np.float32(0.0625)) * 16 + 8)
    slot = add_sprite(world, _ENEMY_FLOWER, x, rest, 1)
    if slot < 0:
        return
    s = world.sprites[slot]
    s.y_start = int(rest)
    s.ya = np.float32(-8)
    s.y = s.y - np.float32(1)
    for _ in range(_FLOWER_HEAD_START_TICKS):
        move_flower(world, s)
    s.y = y


@jit
def _add_seen(world, kind, x, y):
    """A sprite that the shadow did not foresee, as it is after its first tick."""
    if kind == _ENEMY_FLOWER:
        _add_flower(world, x, y)
        return
    facing = -1 if x > world.players[0].body.x else 1
    in_cell = x - np.float32(np.floor(x * np.float32(0.0625)) * 16) - np.float32(8)
    if abs(in_cell) == _WALK_SPEED:  # its first step from the middle of a cell
        facing = 1 if in_cell > _F0 else -1
    slot = add_sprite(world, kind, x, y, facing)
    if slot < 0:
        return
    s = world.sprites[slot]
    s.map_x = int(x * np.float32(0.0625))
    s.map_y = int(y * np.float32(0.0625))
    if kind == _MUSHROOM:
        s.facing = 1
        s.aux = 1
    elif kind == _SHELL:
        s.facing = 0
        s.ya = np.float32(-2)
    elif kind != _BULLET_BILL:
        s.winged = _has_wings(kind)
        s.ya = np.float32(0.6) if s.winged else np.float32(2)


@jit
def _correct_motion(s, dx, dy):
    """The sprite moved by (dx, dy) and not as foreseen: infer the state that explains it."""
    if dx > _F0:
        s.facing = 1
    elif dx < _F0:
        s.facing = -1
    if s.kind == _ENEMY_FLOWER:
        s.ya = dy * np.float32(0.9) + np.float32(0.1)
        return
    if s.kind == _SHELL or s.kind == _MUSHROOM or s.kind == _BULLET_BILL:
        s.ya = _F0 if dy == _F0 else dy * np.float32(0.85) + np.float32(2)
        if s.kind == _SHELL and dx == _F0:
            s.facing = 0
        return
    if abs(dx) > _CORPSE_SPEED:
        s.fly_death = 1
        s.dead_time = _CORPSE_TICKS
        s.xa = dx
        s.ya = dy * np.float32(0.95) + np.float32(1)
        return
    if dx != _F0:
        s.fly_death = 0
        s.dead_time = 0
    s.on_ground = dy == _F0
    if s.on_ground:
        s.ya = np.float32(-10) if s.winged else _F0
    elif s.winged:
        s.ya = dy * np.float32(0.95) + np.float32(0.6)
    else:
        s.ya = dy * np.float32(0.85) + np.float32(2)


@jit
def see_sprites(world, before, floats, match):
    """Take up the float list (float32[n, 3]): kind, x and y of creatures, shells and mushrooms.

    `match` (int16, as long as there are slots) is working memory.
    """
    match[:] = -1
    count = floats.shape[0]
    for exact in (True, False):
        for j in range(count):
            nearest = -1
            limit = 0.0 if exact else _MATCH_PX
            for i in range(world.n_sprites):
                slot = np.int64(world.order[i])
                s = world.sprites[slot]
                if match[slot] >= 0 or s.kind != floats[j, 0]:
                    continue
                distance = np.float64(abs(s.x - floats[j, 1]) + abs(s.y - floats[j, 2]))
                if distance <= limit:
                    nearest = slot
                    limit = distance - 1e-9
            if nearest < 0:
                continue
            taken = False
            for i in range(world.n_sprites):
                taken = taken or match[world.order[i]] == j
            if not taken:
                match[nearest] = j
    for j in range(count):
        slot = -1
        for i in range(world.n_sprites):
            if match[world.order[i]] == j:
                slot = np.int64(world.order[i])
        x = floats[j, 1]
        y = floats[j, 2]
        if slot < 0:
            _add_seen(world, np.int64(floats[j, 0]), x, y)
            continue
        s = world.sprites[slot]
        if s.x != x or s.y != y:
            _correct_motion(s, x - before[slot, 0], y - before[slot, 1])
            s.x = x
            s.y = y
    for i in range(world.n_sprites):
        s = world.sprites[world.order[i]]
        if _is_listed(s.kind) and match[world.order[i]] < 0:
            s.removed = 1
            if s.carried:
                world.players[0].carried = NO_SPRITE
    commit_sprites(world)


@jit
def _see_mode(world, player, mode):
    """A power-up or a hurt pauses the world for a tick; a foreseen one that was none does not."""
    known = mode_of(player)
    if mode == known:
        return
    set_mode(player, mode > 0, mode == 2)
    if mode > known and player.invulnerable_time == HURT_TICKS:
        player.invulnerable_time = 0
        world.paused = 0
        return
    world.paused = 1
    if mode < known:
        player.invulnerable_time = HURT_TICKS


@jit
def see_mario(world, before, x, y, facts):
    """Take up what is seen of Mario: his position and `facts` (int64[FACTS])."""
    player = world.players[0]
    body = player.body
    if player.status != _RUNNING:
        player.status = _RUNNING
        player.death_time = 0
        player.win_time = 0
        world.paused = 0
    _see_mode(world, player, facts[MODE])
    body.on_ground = facts[ON_GROUND]
    player.may_jump = facts[MAY_JUMP]
    if body.x != x:
        body.xa = (x - before[-1, 0]) * _FRICTION
        body.x = x
    if body.y != y:
        body.ya = (y - before[-1, 1]) * np.float32(0.85)
        if not body.on_ground:
            body.ya = body.ya + np.float32(3)
        body.y = y
    world.kills_total = facts[KILLS]
    if not facts[CARRYING] and player.carried != NO_SPRITE:
        if player.carried >= 0:
            world.sprites[player.carried].carried = 0
        player.carried = NO_SPRITE
    elif facts[CARRYING] and player.carried == NO_SPRITE:
        for i in range(world.n_sprites):
            slot = np.int64(world.order[i])
            s = world.sprites[slot]
            if s.kind == _SHELL and abs(s.x - body.x) < 16 and abs(s.y - body.y) < 16:
                player.carried = slot
                s.carried = 1
                break
