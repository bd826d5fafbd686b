"""What an agent may see: the competition's grids, its float list, its bitmap.

All functions write into buffers of the caller. A grid is int8[22, 22], rows first; Mario's cell is
[11, 11], so it reaches 11 cells to the left and up and 10 to the right and down. Z is the level of
detail: 0 everything apart, 1 by behaviour, 2 something or nothing.

Sprites are shown in the cell in which they *began* their last tick, and only within 10 cells, as
in the original; the float list has their present positions.

Under the 2019 rules these views show each tile as the tile of 2009 that it is most like (hidden
blocks and the goal's pole as air); the views of the 2019 framework are in `observe_2019`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.compiled import inline_jit, jit
from gym_mario_suite.engine.level_image import CELLS, HEIGHT, RULES, WIDTH, X_EXIT, cell_at
from gym_mario_suite.engine.tiles import LIKENESS_2009
from gym_mario_suite.engine.world import Kind

GRID_SIZE = 22
GRID_CENTRE = 11
BITMAP_UNITS = 31
MAX_Z = 2

# Codes that Z = 1 gives to tiles.
BORDER = -10
HALF_BORDER = -11
PIPE_OR_CANNON = 20
BRICK = 16
QUESTION_BLOCK = 21

_MUSHROOM = int(Kind.MUSHROOM)
_GOOMBA = int(Kind.GOOMBA)


def _tile_codes() -> NDArray[np.int8]:
    """Observed code of each tile byte of 2009 at Z = 0, 1, 2: int8[3, 256]."""
    tile = np.arange(256)
    codes = np.empty((3, 256), np.int8)
    codes[:] = tile.astype(np.uint8).view(np.int8)
    for z in (0, 1):
        codes[z, [16, 17, 18]] = BRICK
        codes[z, [21, 22]] = QUESTION_BLOCK
    codes[1, [15, 34, 148, 149, 150]] = 0
    for first, last in ((128, 131), (136, 147), (152, 159), (168, 175)):
        codes[1, first : last + 1] = BORDER
    codes[1, [4, 9, 187, 191]] = BORDER
    codes[1, [132, 133, 134, 180, 182]] = HALF_BORDER
    codes[1, [10, 11, 26, 27, 14, 30, 46]] = PIPE_OR_CANNON
    codes[2] = 1
    codes[2, [0, 15, 34, 148, 149, 150]] = 0
    return codes


def _sprite_codes() -> NDArray[np.int8]:
    """Observed code of each sprite kind 0..31 at Z = 0, 1, 2: int8[3, 32]."""
    codes = np.zeros((3, 32), np.int8)
    kinds = [2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15, 25]
    codes[0, kinds] = kinds
    codes[1, [2, 3, 4, 5, 6, 7, 8, 13]] = 2
    codes[1, [9, 10, 12]] = 9
    codes[1, [14, 15, 25]] = [14, 15, 25]
    codes[2, kinds] = 1
    codes[:, Kind.LIFE_MUSHROOM] = codes[:, Kind.MUSHROOM]  # its own number is a brick's code
    codes[2, 25] = 0
    return codes


TILE_CODES = _tile_codes()
# By rule set, then Z, then tile byte.
TILE_CODES_OF_RULES = np.stack([TILE_CODES, TILE_CODES[:, LIKENESS_2009]])
SPRITE_CODES = _sprite_codes()
TILE_CODES.setflags(write=False)
TILE_CODES_OF_RULES.setflags(write=False)
SPRITE_CODES.setflags(write=False)


@inline_jit
def _cell(v):
    """Cell of a px coordinate: truncated, then divided by 16 toward zero (-15 .. 15 is cell 0)."""
    whole = np.int64(v)
    return whole >> 4 if whole >= 0 else -((-whole) >> 4)


@jit
def write_level_grid(image, world, player_index, z, out):
    """Tiles around a player at detail `z` into `out` (int8[22, 22]); 0 outside the map."""
    player = world.players[player_index]
    left = _cell(player.body.x) - GRID_CENTRE
    top = _cell(player.body.y) - GRID_CENTRE
    height = np.int64(image[HEIGHT])
    width = np.int64(image[WIDTH])
    codes = TILE_CODES_OF_RULES[image[RULES], z]
    first_row = max(0, -top)
    last_row = min(GRID_SIZE, height - top)
    if first_row > 0 or last_row < GRID_SIZE or left < 0 or left + GRID_SIZE > width:
        out[:] = 0
    for c in range(max(0, -left), min(GRID_SIZE, width - left)):
        column = CELLS + (left + c) * height + top
        for r in range(first_row, last_row):
            cell = image[column + r]
            if cell & ~0xFFFF:
                cell = cell_at(image, world, left + c, top + r)
            out[r, c] = codes[cell & 0xFF]


@jit
def write_enemies_grid(world, player_index, z, out):
    """Sprites around a player at detail `z` into `out` (int8[22, 22]), other cells 0.

    The original's grid can lose a sprite under a cosmetic one, at random; this one has none.
    """
    player = world.players[player_index]
    left = _cell(player.body.x) - GRID_CENTRE
    top = _cell(player.body.y) - GRID_CENTRE
    out[:] = 0
    for i in range(world.n_sprites):
        s = world.sprites[world.order[i]]
        c = s.map_x - left
        r = s.map_y - top
        if s.map_x >= 0 and s.map_y >= 0 and 0 < c < GRID_SIZE and 0 < r < GRID_SIZE:
            out[r, c] = SPRITE_CODES[z, s.kind]


@jit
def write_merged_grid(image, world, player_index, z_level, z_enemies, out):
    """Tiles with the sprites over them into `out` (int8[22, 22]).

    The competition's default is z_level 1, z_enemies 0. A cell that holds 14 (a cannon's muzzle
    at z_level 0, or a mushroom) is not written over, as in the original.
    """
    write_level_grid(image, world, player_index, z_level, out)
    player = world.players[player_index]
    left = _cell(player.body.x) - GRID_CENTRE
    top = _cell(player.body.y) - GRID_CENTRE
    for i in range(world.n_sprites):
        s = world.sprites[world.order[i]]
        c = s.map_x - left
        r = s.map_y - top
        if s.map_x >= 0 and s.map_y >= 0 and 0 < c < GRID_SIZE and 0 < r < GRID_SIZE:
            code = SPRITE_CODES[z_enemies, s.kind]
            if code != 0 and out[r, c] != _MUSHROOM:
                out[r, c] = code


@jit
def write_enemy_floats(world, out):
    """Kind, x, y of all creatures, shells and mushrooms into `out` (float32[n, 3]).

    Returns how many rows were written; rows that do not fit are left out.
    """
    count = 0
    for i in range(world.n_sprites):
        s = world.sprites[world.order[i]]
        if _GOOMBA <= s.kind <= _MUSHROOM and count < out.shape[0]:
            out[count, 0] = s.kind
            out[count, 1] = s.x
            out[count, 2] = s.y
            count += 1
    return count


@jit
def write_level_bitmap(image, world, player_index, out):
    """The level grid at Z = 1 as bits, row by row, into `out` (uint16[31]).

    Bit k of unit j is 1 when cell 16 j + k is not 0. Unlike the grids this one ends at the exit's
    column.
    """
    player = world.players[player_index]
    left = _cell(player.body.x) - GRID_CENTRE
    top = _cell(player.body.y) - GRID_CENTRE
    out[:] = 0
    for r in range(GRID_SIZE):
        y = top + r
        if not 0 <= y < image[HEIGHT]:
            continue
        for c in range(GRID_SIZE):
            x = left + c
            if not 0 <= x <= image[X_EXIT] or x >= image[WIDTH]:
                continue
            code = TILE_CODES_OF_RULES[image[RULES], 1, cell_at(image, world, x, y) & 0xFF]
            if code != 0:
                number = r * GRID_SIZE + c
                out[number >> 4] |= np.uint16(1 << (number & 15))
