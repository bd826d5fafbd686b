"""The sprite table: making, listing and removing sprites."""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.compiled import inline_jit, jit
from gym_mario_suite.engine.world import (
    DETACHED_SHELL,
    EFFECT_SLOTS,
    MAX_SPRITES,
    NO_SPRITE,
    Kind,
    Status,
)

_GREEN_KOOPA_WINGED = int(Kind.GREEN_KOOPA_WINGED)
_RED_KOOPA = int(Kind.RED_KOOPA)
_FIREBALL = int(Kind.FIREBALL)
_RUNNING = int(Status.RUNNING)


_NEAR_PX = np.float32(16)
# Kind code of each spawn type; wings add one.
KIND_OF_TYPE = np.array(
    [Kind.RED_KOOPA, Kind.GREEN_KOOPA, Kind.GOOMBA, Kind.SPIKY, Kind.ENEMY_FLOWER], np.int64
)


@inline_jit
def height_of(kind):
    """Body height in px of a sprite kind."""
    if _RED_KOOPA <= kind <= _GREEN_KOOPA_WINGED:
        return 24
    if kind == _FIREBALL:
        return 8
    return 12


@inline_jit
def start_tick(body):
    """What every tick of a body begins with: remember the cell it starts from."""
    body.map_x = int(body.x * np.float32(0.0625))
    body.map_y = int(body.y * np.float32(0.0625))


@inline_jit
def clear_body(body):
    """Zero every field."""
    body.x = np.float32(0)
    body.y = np.float32(0)
    body.xa = np.float32(0)
    body.ya = np.float32(0)
    body.map_x = 0
    body.map_y = 0
    body.dead_time = 0
    body.aux = 0
    body.spawn = 0
    body.y_start = 0
    body.kind = 0
    body.facing = 0
    body.height = 0
    body.on_ground = 0
    body.winged = 0
    body.dead = 0
    body.fly_death = 0
    body.carried = 0
    body.sliding = 0
    body.removed = 0


@jit
def add_sprite(world, kind, x, y, facing):
    """Take a slot for a new sprite and put it on the list of additions.

    Returns the slot, or NO_SPRITE when all slots are taken (then the sprite is not made and
    `sprites_dropped` counts it; the original has no such bound, generated levels never reach it).
    The caller gives the sprite its first tick at once, as the original does.
    """
    if world.n_free == 0:
        world.sprites_dropped += 1
        return NO_SPRITE
    world.n_free -= 1
    slot = np.int64(world.free[world.n_free])
    if slot >= world.slots_used:
        world.slots_used = slot + 1
    s = world.sprites[slot]
    clear_body(s)
    s.x = x
    s.y = y
    s.spawn = -1
    s.kind = kind
    s.facing = facing
    s.height = height_of(kind)
    world.added[world.n_added] = slot
    world.n_added += 1
    return slot


@jit
def commit_sprites(world):
    """End of a tick: additions go to the front of the list, then removals are carried out."""
    k = world.n_added
    if k > 0:
        for i in range(world.n_sprites - 1, -1, -1):
            world.order[i + k] = world.order[i]
        for i in range(k):
            world.order[i] = world.added[i]
        world.n_sprites += k
        world.n_added = 0
    kept = 0
    for i in range(world.n_sprites):
        slot = world.order[i]
        if world.sprites[slot].removed:
            for p in range(world.n_players):
                if world.players[p].carried == slot:
                    world.players[p].carried = DETACHED_SHELL
            world.free[world.n_free] = slot
            world.n_free += 1
        else:
            world.order[kept] = slot
            kept += 1
    world.n_sprites = kept


@jit
def clear_sprites(world):
    """An empty sprite table; low slots are handed out first, so that clones copy little."""
    for i in range(world.slots_used):
        clear_body(world.sprites[i])
    for i in range(MAX_SPRITES):
        world.free[i] = MAX_SPRITES - 1 - i
        world.order[i] = 0
        world.added[i] = 0
        world.shells[i] = 0
        world.fireballs[i] = 0
        world.fireballs[MAX_SPRITES + i] = 0
    world.n_free = MAX_SPRITES
    world.n_sprites = 0
    world.n_added = 0
    world.n_shells = 0
    world.n_fireballs = 0
    world.slots_used = 0


@jit
def add_effect(world, kind, x, y):
    """Remember a cosmetic event at (x, y) px; the oldest of EFFECT_SLOTS is forgotten."""
    e = world.effects[world.n_effects % EFFECT_SLOTS]
    e.kind = kind
    e.born = world.start_time
    e.x = x
    e.y = y
    world.n_effects += 1


@jit
def is_listed(world, spawn):
    """Whether a sprite of this spawn point is in the list."""
    for i in range(world.n_sprites):
        if world.sprites[world.order[i]].spawn == spawn:
            return True
    return False


@jit
def nearest_player_x(world, x):
    """X in px of the player nearest to `x`, among those who play; of the first if nobody does."""
    nearest = world.players[0].body.x
    if world.n_players == 1:
        return nearest
    best = np.float32(np.inf)
    for p in range(world.n_players):
        player = world.players[p]
        distance = abs(player.body.x - x)
        if player.status == _RUNNING and distance < best:
            best = distance
            nearest = player.body.x
    return nearest


@jit
def facing_mario(world, x):
    """Direction from column `x` to Mario: -1, 1, or 0 when he is within 16 px of its middle.

    Of several players it is the nearest one that counts.
    """
    centre = np.float32(x * 16 + 8)
    player_x = nearest_player_x(world, centre)
    facing = 0
    if centre > player_x + _NEAR_PX:
        facing = -1
    if centre < player_x - _NEAR_PX:
        facing = 1
    return facing
