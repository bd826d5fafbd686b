"""Stepped movement against the tiles, shared by Mario and all bodies that walk, and block bumps.

A move is split into sub-steps of at most 8 px. Each probes a few points of the moved body; the
order of the probes matters, because Mario's probes collect coins and bump blocks, and a moving
shell's probes bump blocks. All walking bodies are 8 px wide.
"""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.compiled import inline_jit, jit, merged_jit
from gym_mario_suite.engine.events import add_event
from gym_mario_suite.engine.level_image import cell_at, kill_spawn, spend
from gym_mario_suite.engine.sprites import add_effect, add_sprite, start_tick
from gym_mario_suite.engine.tiles import LIFE, Behaviour
from gym_mario_suite.engine.world import Effect, Event, Kind, Rules

F0 = np.float32(0)
F1 = np.float32(1)
F2 = np.float32(2)
F5 = np.float32(5)
F8 = np.float32(8)
F10 = np.float32(10)
HALF_WIDTH = np.float32(4)
SIXTEENTH = np.float32(0.0625)

_BLOCK_UPPER = int(Behaviour.BLOCK_UPPER) << 8
_BLOCK_ALL = int(Behaviour.BLOCK_ALL) << 8
_BLOCK_LOWER = int(Behaviour.BLOCK_LOWER) << 8
_SPECIAL = int(Behaviour.SPECIAL) << 8
_BUMPABLE = int(Behaviour.BUMPABLE) << 8
_BREAKABLE = int(Behaviour.BREAKABLE) << 8
_PICKUPABLE = int(Behaviour.PICKUPABLE) << 8
_CHANGEABLE = _BUMPABLE | _BREAKABLE | _PICKUPABLE

_MARIO = int(Kind.MARIO)
_RED_KOOPA = int(Kind.RED_KOOPA)
_RED_KOOPA_WINGED = int(Kind.RED_KOOPA_WINGED)
_BULLET_BILL = int(Kind.BULLET_BILL)
_FIRST_ENEMY = int(Kind.GOOMBA)
_ENEMY_FLOWER = int(Kind.ENEMY_FLOWER)
_SHELL = int(Kind.SHELL)
_MUSHROOM = int(Kind.MUSHROOM)
_FIRE_FLOWER = int(Kind.FIRE_FLOWER)

_LIFE_MUSHROOM = int(Kind.LIFE_MUSHROOM)
_LIFE = int(LIFE) << 8
_COMPETITION_2009 = int(Rules.COMPETITION_2009)
_BUMP = int(Event.BUMP)
_COLLECT = int(Event.COLLECT)
# Parameters of the BUMP event.
_BROKEN_BRICK = 22
_BUMPED_BLOCK = 24

_COIN_POP = int(Effect.COIN_POP)
_BRICK_BREAK = int(Effect.BRICK_BREAK)
_BLOCK_BUMP = int(Effect.BLOCK_BUMP)
_COIN_TAKEN = int(Effect.COIN_TAKEN)


@inline_jit
def cell_of(v):
    """Cell of a px coordinate: v / 16, truncated toward zero."""
    return int(v * SIXTEENTH)


@inline_jit
def get_coin(player):
    """A coin for the player; every hundredth is a life."""
    player.coins += 1
    if player.coins % 100 == 0:
        player.lives += 1


@inline_jit
def is_enemy(kind):
    """Walking enemies and the enemy flower (not bullet bills, not shells)."""
    return _FIRST_ENEMY <= kind <= _ENEMY_FLOWER and kind != _BULLET_BILL


@jit
def _bump_above(image, world, x, y, player):
    """What stands on a block that the player bumps feels it; (x, y) is the cell above."""
    in_2009 = world.rules == _COMPETITION_2009
    above = cell_at(image, world, x, y)
    if above & _PICKUPABLE:
        if not in_2009:
            add_event(world, _COLLECT, above & 0xFF)
        get_coin(player)
        spend(image, world, x, y)
        add_effect(world, _COIN_POP, x * 16 + 8, y * 16 + 16)
    left = np.float32(x * 16)
    right = np.float32(x * 16 + 16)
    for i in range(world.n_sprites):
        s = world.sprites[world.order[i]]
        kind = s.kind
        enemy = is_enemy(kind)
        if not (enemy or kind == _SHELL or kind == _MUSHROOM or kind == _LIFE_MUSHROOM):
            continue
        if enemy and s.dead_time != 0:
            continue
        if not in_2009 and s.removed:
            continue
        half_width = F2 if kind == _ENEMY_FLOWER else HALF_WIDTH
        if not (s.x + half_width > left and s.x - half_width < right and y == cell_of(s.y - F1)):
            continue
        if enemy:
            s.xa = np.float32(player.body.facing * -2)
            s.ya = -F5
            world.kills_bump += 1
            if not in_2009:
                s.removed = 1
                continue
            s.fly_death = 1
            kill_spawn(image, world, s.spawn)
            s.dead_time = 100
            s.winged = 0
        else:
            s.facing = -player.body.facing
            s.ya = -F10


@jit
def _release_item(world, x, y, life, player):
    """A power-up for the player comes out of the block at cell (x, y) and makes its first move."""
    kind = _FIRE_FLOWER if player.large else _MUSHROOM
    if life:
        kind = _LIFE_MUSHROOM
    px = x * 16 + (8 if world.rules == _COMPETITION_2009 else 9)
    slot = add_sprite(world, kind, np.float32(px), np.float32(y * 16 + 8), 1)
    if slot >= 0:
        item = world.sprites[slot]
        start_tick(item)
        item.y = item.y - F1
        item.aux = 1


@jit
def bump(image, world, x, y, strong, player):
    """Hit the block at cell (x, y) from below or, by a player's shell, from the side."""
    cell = cell_at(image, world, x, y)
    in_2009 = world.rules == _COMPETITION_2009
    if cell & _BUMPABLE:
        _bump_above(image, world, x, y - 1, player)
        if not in_2009:
            add_event(world, _BUMP, _BUMPED_BLOCK)
        spend(image, world, x, y)
        add_effect(world, _BLOCK_BUMP, x * 16 + 8, y * 16 + 16)
        if cell & _SPECIAL:
            _release_item(world, x, y, False, player)
        elif not in_2009 and cell & _LIFE:
            _release_item(world, x, y, True, player)
        else:
            get_coin(player)
            add_effect(world, _COIN_POP, x * 16 + 8, y * 16)
    if cell & _BREAKABLE:
        _bump_above(image, world, x, y - 1, player)
        if strong:
            if not in_2009:
                add_event(world, _BUMP, _BROKEN_BRICK)
            spend(image, world, x, y)
            add_effect(world, _BRICK_BREAK, x * 16 + 8, y * 16 + 8)
        else:
            add_effect(world, _BLOCK_BUMP, x * 16 + 8, y * 16 + 16)


@inline_jit
def blocks(cell, dy):
    """Whether a cell is solid for a probe whose vertical direction is `dy`."""
    if cell & _BLOCK_ALL:
        return True
    if dy > F0:
        return cell & _BLOCK_UPPER != 0
    return dy < F0 and cell & _BLOCK_LOWER != 0


@jit
def _touch_tile(image, world, body, x, y, cell, blocked, dx, dy):
    """What a probe of Mario or of a moving shell does to the tile it finds."""
    # A player's body has his index there, a shell that of whom it belongs to.
    player = world.players[body.aux if world.n_players > 1 else 0]
    if body.kind == _MARIO:
        if cell & _PICKUPABLE:
            if world.rules != _COMPETITION_2009:
                add_event(world, _COLLECT, cell & 0xFF)
            get_coin(player)
            spend(image, world, x, y)
            add_effect(world, _COIN_TAKEN, x * 16 + 8, y * 16 + 8)
        if blocked and dy < F0:
            bump(image, world, x, y, player.large != 0, player)
    elif blocked and dy == F0 and dx != F0:
        bump(image, world, x, y, True, player)


@inline_jit
def probe(image, world, body, own_x, own_y, px, py, dx, dy):
    """Whether the point (px, py) is blocked for `body`, with what the probe does on the way.

    A probe into the body's own cell (own_x, own_y) never blocks and touches nothing.
    """
    x = cell_of(px)
    y = cell_of(py)
    if x == own_x and y == own_y:
        return False
    cell = cell_at(image, world, x, y)
    if cell == 0:
        return False
    blocked = blocks(cell, dy)
    if cell & _CHANGEABLE and (body.kind == _MARIO or body.kind == _SHELL):
        _touch_tile(image, world, body, x, y, cell, blocked, dx, dy)
    return blocked


@merged_jit
def _step_down(image, world, body, dy):
    x = body.x
    y = body.y
    own_x = cell_of(x)
    own_y = cell_of(y)
    left = x - HALF_WIDTH
    right = x + HALF_WIDTH
    foot = y + dy
    if (
        probe(image, world, body, own_x, own_y, left, foot, F0, F0)
        or probe(image, world, body, own_x, own_y, right, foot, F0, F0)
        or probe(image, world, body, own_x, own_y, left, foot + F1, F0, dy)
        or probe(image, world, body, own_x, own_y, right, foot + F1, F0, dy)
    ):
        if body.kind == _MARIO:
            body.y = np.float32(int((y - F1) * SIXTEENTH + F1) * 16 - 1)
        else:
            body.y = np.float32(int(y * SIXTEENTH + F1) * 16 - 1)
        body.on_ground = 1
        return False
    body.y = foot
    return True


@merged_jit
def _step_up(image, world, body, dy):
    x = body.x
    y = body.y
    own_x = cell_of(x)
    own_y = cell_of(y)
    head = y + dy - np.float32(body.height)
    if (
        probe(image, world, body, own_x, own_y, x, head, F0, dy)
        or probe(image, world, body, own_x, own_y, x - HALF_WIDTH, head, F0, dy)
        or probe(image, world, body, own_x, own_y, x + HALF_WIDTH, head, F0, dy)
    ):
        height = np.int64(body.height)
        body.y = np.float32(int((y - np.float32(height)) * SIXTEENTH) * 16 + height)
        body.ya = F0
        return False
    body.y = y + dy
    return True


@merged_jit
def _step_aside(image, world, body, dx):
    x = body.x
    y = body.y
    own_x = cell_of(x)
    own_y = cell_of(y)
    side = x + dx + HALF_WIDTH if dx > F0 else x + dx - HALF_WIDTH
    height = np.int64(body.height)
    # All three are always evaluated: each may collect a coin or bump a block.
    top = probe(image, world, body, own_x, own_y, side, y - np.float32(height), dx, F0)
    middle = probe(image, world, body, own_x, own_y, side, y - np.float32(height >> 1), dx, F0)
    bottom = probe(image, world, body, own_x, own_y, side, y, dx, F0)
    body.sliding = 1 if top and middle and bottom else 0
    blocked = top or middle or bottom
    if (
        not blocked
        and (body.kind == _RED_KOOPA or body.kind == _RED_KOOPA_WINGED)
        and body.on_ground
    ):
        # Red koopas turn at cliffs.
        below = cell_at(image, world, cell_of(side), int(y * SIXTEENTH + F1))
        blocked = not blocks(below, F1)
    if blocked:
        if dx > F0:
            body.x = np.float32(int((x + HALF_WIDTH) * SIXTEENTH + F1) * 16 - 4 - 1)
        else:
            body.x = np.float32(int((x - HALF_WIDTH) * SIXTEENTH) * 16 + 4)
        body.xa = F0
        return False
    body.x = x + dx
    return True


@inline_jit
def _part_of(d):
    """The next sub-step of a move: at most 8 px."""
    if d > F8:
        return F8
    if d < -F8:
        return -F8
    return d


@jit
def step_x(image, world, body, dx):
    """Move `body` by `dx` px, in sub-steps of 8; False when a wall (or cliff) stopped it."""
    while dx > F0 or dx < F0:
        part = _part_of(dx)
        if not _step_aside(image, world, body, part):
            return False
        dx = dx - part
    return True


@jit
def step_y(image, world, body, dy):
    """Move `body` by `dy` px, in sub-steps of 8; False when floor or ceiling stopped it."""
    while dy > F0 or dy < F0:
        part = _part_of(dy)
        if part > F0:
            free = _step_down(image, world, body, part)
        else:
            free = _step_up(image, world, body, part)
        if not free:
            return False
        dy = dy - part
    return True
