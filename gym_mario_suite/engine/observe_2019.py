"""What an agent may see under the 2019 rules: the grids and the enemy list of the framework.

A grid is int8[16, 16], x first, around Mario ([8, 8] is his cell) or around the middle of the
screen. Detail 0 tells everything apart, 1 goes by behaviour, 2 is something or nothing. Sprites
are shown where they are now; of several in a cell the one nearest the end of the list shows.

Three oddities are the framework's: sprites of details 0 and 1 have the same codes, screen grids
have row 8 of the level in the middle wherever the camera is, and the scene beside, above and below
the level repeats its border, where the complete grid has air above and below.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.compiled import inline_jit, jit
from gym_mario_suite.engine.contacts_2019 import TYPE_2019
from gym_mario_suite.engine.level_image import HEIGHT, cell_at
from gym_mario_suite.engine.motion import is_enemy
from gym_mario_suite.engine.tick_2019 import SCREEN_2019_PX
from gym_mario_suite.engine.world import Kind

GRID_2019 = 16
CENTRE_2019 = 8
MARIO = 0
SCREEN = 1

_BULLET_BILL = int(Kind.BULLET_BILL)
_HALF_SCREEN = np.float32(SCREEN_2019_PX // 2)

# Codes of details 0 and 1.
_OFFSET = 16
SOLID = 17
CANNON = 19
BRICK = 22
QUESTION_BLOCK = 24
COIN = 31
PIPE = 34
PLATFORM = 59
SOMETHING = 100
ENEMY = 2
SPIKED_ENEMY = 8
ITEM = 12
FIREBALL = 16


def _tile_codes() -> NDArray[np.int8]:
    """Observed code of each tile byte at details 0, 1, 2: int8[3, 256]."""
    bricks, questions, hidden = [6, 7, 50, 51], [8, 11], [48, 49]
    codes = np.zeros((3, 256), np.int8)
    codes[0, 1:111] = np.arange(1, 111) + _OFFSET
    codes[0, bricks] = BRICK
    codes[0, questions] = QUESTION_BLOCK
    codes[0, hidden] = 0
    codes[1, [1, 2, 14]] = SOLID
    codes[1, [3, 4, 5]] = CANNON
    codes[1, bricks] = BRICK
    codes[1, questions] = QUESTION_BLOCK
    codes[1, 15] = COIN
    codes[1, [18, 19, 20, 21]] = PIPE
    codes[1, [44, 45, 46]] = PLATFORM
    codes[2, 1:] = SOMETHING
    codes[2, [*hidden, 47]] = 0
    return codes


def _sprite_codes() -> NDArray[np.int8]:
    """Observed code of each sprite kind 0..31 at details 0, 1, 2: int8[3, 32]."""
    codes = np.zeros((3, 32), np.int8)
    plain = [kind for kind in Kind if Kind.GOOMBA <= kind <= Kind.BULLET_BILL] + [Kind.SHELL]
    spiked = [Kind.SPIKY, Kind.SPIKY_WINGED, Kind.ENEMY_FLOWER]
    codes[:2, plain] = ENEMY
    codes[:2, spiked] = SPIKED_ENEMY
    codes[:2, [Kind.MUSHROOM, Kind.FIRE_FLOWER, Kind.LIFE_MUSHROOM]] = ITEM
    codes[:2, Kind.FIREBALL] = FIREBALL
    codes[2, plain + spiked] = 1
    return codes


TILE_CODES_2019 = _tile_codes()
SPRITE_CODES_2019 = _sprite_codes()
TILE_CODES_2019.setflags(write=False)
SPRITE_CODES_2019.setflags(write=False)


@inline_jit
def _cell(v):
    """Cell of a px coordinate, truncated toward zero."""
    whole = np.int64(v)
    return whole >> 4 if whole >= 0 else -((-whole) >> 4)


@inline_jit
def _left(world, centre):
    if centre == SCREEN:
        return _cell(world.x_cam + _HALF_SCREEN) - CENTRE_2019
    return _cell(world.players[0].body.x) - CENTRE_2019


@inline_jit
def _top(world, centre):
    if centre == SCREEN:
        return 0
    return _cell(world.players[0].body.y) - CENTRE_2019


@jit
def write_scene_2019(image, world, centre, detail, out):
    """Tiles around Mario (`centre` 0) or the screen's middle (1) into `out` (int8[16, 16])."""
    left = _left(world, centre)
    top = _top(world, centre)
    for c in range(GRID_2019):
        for r in range(GRID_2019):
            y = min(max(top + r, 0), image[HEIGHT] - 1)
            out[c, r] = TILE_CODES_2019[detail, cell_at(image, world, left + c, y) & 0xFF]


@jit
def _write_sprites(world, left, top, detail, out, over_tiles):
    """Put sprites into `out`; what a detail does not show hides others, but no tiles."""
    for i in range(world.n_sprites):
        s = world.sprites[world.order[i]]
        x = _cell(s.x)
        y = _cell(s.y)
        code = SPRITE_CODES_2019[detail, s.kind]
        if x < 0 or y < 0 or (over_tiles and code == 0):
            continue
        if 0 < x - left < GRID_2019 and 0 < y - top < GRID_2019:
            out[x - left, y - top] = code


@jit
def write_enemies_2019(world, centre, detail, out):
    """Sprites around Mario or the screen's middle into `out` (int8[16, 16]), other cells 0."""
    out[:] = 0
    _write_sprites(world, _left(world, centre), _top(world, centre), detail, out, False)


@jit
def write_complete_2019(image, world, centre, scene_detail, enemies_detail, out):
    """Tiles with the sprites over them into `out` (int8[16, 16])."""
    left = _left(world, centre)
    top = _top(world, centre)
    for c in range(GRID_2019):
        for r in range(GRID_2019):
            cell = cell_at(image, world, left + c, top + r)
            out[c, r] = TILE_CODES_2019[scene_detail, cell & 0xFF]
    _write_sprites(world, left, top, enemies_detail, out, True)


@jit
def write_enemy_floats_2019(world, out):
    """The framework's type number, x and y (px) of each enemy into `out` (float32[n, 3]).

    Shells, items and fireballs are no enemies. Returns how many rows were written; rows that do
    not fit are left out.
    """
    count = 0
    for i in range(world.n_sprites):
        s = world.sprites[world.order[i]]
        if (is_enemy(s.kind) or s.kind == _BULLET_BILL) and count < out.shape[0]:
            out[count, 0] = TYPE_2019[s.kind]
            out[count, 1] = s.x
            out[count, 2] = s.y
            count += 1
    return count
