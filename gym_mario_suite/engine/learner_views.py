"""Views for learners: one-hot channels, a compact feature vector, and that with the tiles around.

Unlike the competition's grids (`observe`) these show sprites where they are now.
"""

from __future__ import annotations

from math import floor

import numpy as np

from gym_mario_suite.engine.compiled import inline_jit, jit
from gym_mario_suite.engine.level_image import HEIGHT, RULES, WIDTH, X_EXIT, cell_at
from gym_mario_suite.engine.observe import GRID_CENTRE, GRID_SIZE
from gym_mario_suite.engine.tiles import Behaviour, Tile, Tile2019
from gym_mario_suite.engine.world import NO_SPRITE, Kind, Rules

CHANNELS = (
    "solid",
    "platform",
    "brick",
    "bump_block",
    "coin",
    "cannon",
    "stompable",
    "spiked",
    "shell",
    "power_up",
    "fireball",
)
_SOLID, _PLATFORM, _BRICK, _BUMP, _COIN, _CANNON = range(6)
_STOMPABLE, _SPIKED, _SHELL_CHANNEL, _POWER_UP, _FIREBALL_CHANNEL = range(6, 11)

_BLOCK_ALL = int(Behaviour.BLOCK_ALL) << 8
_BLOCK_UPPER = int(Behaviour.BLOCK_UPPER) << 8
_BUMPABLE = int(Behaviour.BUMPABLE) << 8
_BREAKABLE = int(Behaviour.BREAKABLE) << 8
_PICKUPABLE = int(Behaviour.PICKUPABLE) << 8
_BLOCK_LOWER = int(Behaviour.BLOCK_LOWER) << 8
_MUZZLE = int(Tile.CANNON_MUZZLE)
_MUZZLE_2019 = int(Tile2019.CANNON_MUZZLE)
_COMPETITION_2009 = int(Rules.COMPETITION_2009)


def _channel_of_kind() -> np.ndarray:
    channel = np.full(32, -1, np.int64)
    channel[[2, 3, 4, 5, 6, 7, 8]] = _STOMPABLE
    channel[[9, 10, 12]] = _SPIKED
    channel[Kind.SHELL] = _SHELL_CHANNEL
    channel[[Kind.MUSHROOM, Kind.FIRE_FLOWER, Kind.LIFE_MUSHROOM]] = _POWER_UP
    channel[Kind.FIREBALL] = _FIREBALL_CHANNEL
    return channel


_CHANNEL_OF_KIND = _channel_of_kind()

# The feature vector: 20 numbers of the player, 8 sprites of 8 numbers, 17 columns of 2.
PLAYER_FEATURES = (
    "x_in_cell",
    "y",
    "x_speed",
    "y_speed",
    "facing",
    "on_ground",
    "may_jump",
    "can_shoot",
    "sliding",
    "ducking",
    "carrying",
    "small",
    "large",
    "fire",
    "invulnerable",
    "jump_time",
    "time_left",
    "fireballs",
    "progress",
    "cannon_phase",
)
SPRITE_FEATURES = ("present", "dx", "dy", "x_speed", "y_speed", "stompable", "dangerous", "item")
COLUMN_FEATURES = ("drop", "gap")
NEAREST_SPRITES = 8
FIRST_COLUMN = -4
COLUMNS = 17
N_FEATURES = (
    len(PLAYER_FEATURES) + NEAREST_SPRITES * len(SPRITE_FEATURES) + COLUMNS * len(COLUMN_FEATURES)
)
_SPRITES_AT = len(PLAYER_FEATURES)
_COLUMNS_AT = _SPRITES_AT + NEAREST_SPRITES * len(SPRITE_FEATURES)
_ROWS_ABOVE = 4
_REACH_ROWS = 12

# The tiles of the terrain view, rows first: as far as a jump leads.
TERRAIN_FIRST_ROW = -7
TERRAIN_ROWS = 14
TERRAIN_FIRST_COLUMN = -3
TERRAIN_COLUMNS = 16
N_TERRAIN = N_FEATURES + TERRAIN_ROWS * TERRAIN_COLUMNS


@inline_jit
def _cell(v):
    whole = np.int64(v)
    return whole >> 4 if whole >= 0 else -((-whole) >> 4)


@inline_jit
def _clip(v):
    return np.float32(min(max(v, -1.0), 1.0))


@jit
def write_channels(image, world, player_index, out):
    """One-hot planes around a player into `out` (int8[11, 22, 22]), in the order of CHANNELS.

    Mario's cell is [11, 11] of each plane. `solid` is what blocks from all sides, bricks and
    blocks with contents included; used blocks are only solid. Hidden blocks are not shown under the
    2019 rules, whose levels have them.
    """
    player = world.players[player_index]
    left = _cell(player.body.x) - GRID_CENTRE
    top = _cell(player.body.y) - GRID_CENTRE
    in_2009 = image[RULES] == _COMPETITION_2009
    muzzle = _MUZZLE if in_2009 else _MUZZLE_2019
    out[:] = 0
    for c in range(GRID_SIZE):
        x = left + c
        if not 0 <= x < image[WIDTH]:
            continue
        for r in range(max(0, -top), min(GRID_SIZE, image[HEIGHT] - top)):
            cell = cell_at(image, world, x, top + r)
            if cell == 0 or (not in_2009 and cell & _BLOCK_LOWER):
                continue
            if cell & _BLOCK_ALL:
                out[_SOLID, r, c] = 1
                if cell & 0xFF == muzzle:
                    out[_CANNON, r, c] = 1
            if cell & _BLOCK_UPPER:
                out[_PLATFORM, r, c] = 1
            if cell & _BREAKABLE:
                out[_BRICK, r, c] = 1
            if cell & _BUMPABLE:
                out[_BUMP, r, c] = 1
            if cell & _PICKUPABLE:
                out[_COIN, r, c] = 1
    for i in range(world.n_sprites):
        s = world.sprites[world.order[i]]
        channel = _CHANNEL_OF_KIND[s.kind]
        c = _cell(s.x) - left
        r = _cell(s.y) - top
        if channel >= 0 and 0 <= c < GRID_SIZE and 0 <= r < GRID_SIZE:
            out[channel, r, c] = 1


@jit
def _write_sprite(out, at, s, body):
    channel = _CHANNEL_OF_KIND[s.kind]
    alive = s.dead_time == 0 and not s.carried
    out[at] = 1
    out[at + 1] = _clip((s.x - body.x) / 160.0)
    out[at + 2] = _clip((s.y - body.y) / 120.0)
    out[at + 3] = _clip(s.xa / 12.0)
    out[at + 4] = _clip(s.ya / 16.0)
    out[at + 5] = channel == _STOMPABLE and alive
    resting_shell = channel == _SHELL_CHANNEL and s.facing == 0
    harmful = channel == _STOMPABLE or channel == _SPIKED or channel == _SHELL_CHANNEL
    out[at + 6] = harmful and alive and not resting_shell
    out[at + 7] = channel == _POWER_UP


@jit
def _write_nearest_sprites(world, body, out):
    """The nearest sprites (fireballs left out), each once, nearest first; ties by list order."""
    last_distance = -1.0
    last_index = -1
    for k in range(NEAREST_SPRITES):
        best = -1
        best_distance = 0.0
        for i in range(world.n_sprites):
            s = world.sprites[world.order[i]]
            if _CHANNEL_OF_KIND[s.kind] == _FIREBALL_CHANNEL:
                continue
            distance = abs(np.float64(s.x - body.x)) + abs(np.float64(s.y - body.y))
            if distance < last_distance or (distance == last_distance and i <= last_index):
                continue
            if best < 0 or distance < best_distance:
                best = i
                best_distance = distance
        if best < 0:
            return
        last_distance = best_distance
        last_index = best
        at = _SPRITES_AT + k * len(SPRITE_FEATURES)
        _write_sprite(out, at, world.sprites[world.order[best]], body)


@jit
def _write_columns(image, world, body, out):
    """How far down the ground is in each column, and whether there is none."""
    column = _cell(body.x)
    row = _cell(body.y)
    for k in range(COLUMNS):
        drop = _REACH_ROWS
        gap = 1
        for r in range(row - _ROWS_ABOVE, image[HEIGHT]):
            cell = cell_at(image, world, column + FIRST_COLUMN + k, r)
            if cell & (_BLOCK_ALL | _BLOCK_UPPER):
                drop = r - row
                gap = 0
                break
        at = _COLUMNS_AT + k * len(COLUMN_FEATURES)
        out[at] = _clip(drop / np.float64(_REACH_ROWS))
        out[at + 1] = gap


@jit
def write_features(image, world, player_index, out):
    """The compact state of a player into `out` (float32[118]), every number in -1 .. 1.

    First PLAYER_FEATURES; then for each of the 8 nearest sprites SPRITE_FEATURES (all 0 where
    there is none); then for each column from 4 behind to 12 ahead COLUMN_FEATURES: rows down to
    the first solid tile from 4 rows above Mario's feet (divided by 12), and 1 for a gap.
    """
    player = world.players[player_index]
    body = player.body
    out[:] = 0
    out[0] = _clip(body.x / 16.0 - floor(body.x / 16.0))
    out[1] = _clip(body.y / 240.0)
    out[2] = _clip(body.xa / 12.0)
    out[3] = _clip(body.ya / 20.0)
    out[4] = body.facing
    out[5] = body.on_ground
    out[6] = player.may_jump
    out[7] = player.can_shoot and player.fire
    out[8] = body.sliding
    out[9] = player.ducking
    out[10] = player.carried != NO_SPRITE
    out[11] = not player.large
    out[12] = player.large and not player.fire
    out[13] = player.fire
    out[14] = _clip(player.invulnerable_time / 32.0)
    out[15] = _clip(player.jump_time / 8.0)
    out[16] = _clip(world.time_left / max(np.float64(world.time_limit), 1.0))
    out[17] = _clip(world.fireballs_on_screen / 2.0)
    out[18] = _clip(body.x / max(image[X_EXIT] * 16.0, 1.0))
    out[19] = _clip((world.tick % 100) / 100.0)
    _write_nearest_sprites(world, body, out)
    _write_columns(image, world, body, out)


@jit
def write_terrain(image, world, player_index, out):
    """The feature vector and then the tiles around a player into `out` (float32[342]).

    The tiles are 14 rows from 7 above Mario's, each of 16 columns from 3 behind him: 1 where one is
    solid, 0.5 where it can be stood on only, -1 below the level, 0 elsewhere.
    """
    write_features(image, world, player_index, out)
    body = world.players[player_index].body
    left = _cell(body.x) + TERRAIN_FIRST_COLUMN
    top = _cell(body.y) + TERRAIN_FIRST_ROW
    in_2009 = image[RULES] == _COMPETITION_2009
    at = N_FEATURES
    for r in range(TERRAIN_ROWS):
        y = top + r
        for c in range(TERRAIN_COLUMNS):
            x = left + c
            tile = 0.0
            if y >= image[HEIGHT]:
                tile = -1.0
            elif y >= 0 and 0 <= x < image[WIDTH]:
                cell = cell_at(image, world, x, y)
                if not in_2009 and cell & _BLOCK_LOWER:
                    tile = 0.0  # a hidden block
                elif cell & _BLOCK_ALL:
                    tile = 1.0
                elif cell & _BLOCK_UPPER:
                    tile = 0.5
            out[at] = tile
            at += 1
