"""A level image made of what an agent has seen, and guesses where it has not looked yet.

The image has the engine's layout, with the widest level's width, no exit and no spawn points (an
agent sees creatures only once they are there). `seen` (uint8[columns, rows]) tells what was seen
from what is a guess.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.compiled import inline_jit, jit
from gym_mario_suite.engine.level_image import (
    AT_CANNON_START,
    AT_CANNONS,
    AT_SPAWN_START,
    AT_SPAWNS,
    CELLS,
    IMAGE_SIZE,
    MAX_WIDTH,
    N_CANNONS,
    N_CHANGEABLE,
    X_EXIT,
    LevelImage,
    cell_at,
    image_capacity,
    start_image,
)
from gym_mario_suite.engine.observe import BORDER, GRID_CENTRE, GRID_SIZE, TILE_CODES
from gym_mario_suite.engine.tiles import TILE_BEHAVIOUR, Behaviour, Tile
from gym_mario_suite.engine.world import SPENT_BITS

ROWS = 15  # of every level of the competition
_MAX_CANNONS = 1024
_GUESSED_COLUMNS = 32  # beyond the last one seen

_CHANGEABLE = int(Behaviour.BUMPABLE | Behaviour.BREAKABLE | Behaviour.PICKUPABLE)
_STANDABLE_CELL = int(Behaviour.BLOCK_ALL | Behaviour.BLOCK_UPPER) << 8
_STATIC_CELL = 0xFF | int(Behaviour.BLOCK_ALL | Behaviour.BLOCK_UPPER | Behaviour.BLOCK_LOWER) << 8
_FIRST_GROUND = 128  # tile bytes from here on are ground and hills
_MUZZLE = int(Tile.CANNON_MUZZLE)


def empty_map() -> tuple[LevelImage, NDArray[np.uint8]]:
    """An image of which nothing is known, and what was seen of it."""
    image = np.zeros(image_capacity(MAX_WIDTH, ROWS, 0, _MAX_CANNONS), np.int32)
    return image, np.zeros((MAX_WIDTH, ROWS), np.uint8)


@jit
def forget_map(image, seen):
    """Nothing is known any more."""
    image[:] = 0
    seen[:] = 0
    start_image(image, MAX_WIDTH, ROWS)
    image[X_EXIT] = MAX_WIDTH + 1
    image[AT_SPAWN_START] = CELLS + MAX_WIDTH * ROWS
    image[AT_CANNON_START] = image[AT_SPAWN_START] + MAX_WIDTH + 1
    image[AT_SPAWNS] = image[AT_CANNON_START] + MAX_WIDTH + 1
    image[AT_CANNONS] = image[AT_SPAWNS]
    image[IMAGE_SIZE] = image.shape[0]


@inline_jit
def grid_origin(v):
    """The first column (row) of the grids when Mario's x (y) is `v`."""
    whole = np.int64(v)
    return (whole >> 4 if whole >= 0 else -((-whole) >> 4)) - GRID_CENTRE


@jit
def _write_cell(image, world, x, y, tile):
    """Put a tile into the map; a changeable one is given a bit in the world."""
    mask = np.int64(TILE_BEHAVIOUR[tile])
    cell = tile | mask << 8
    if mask & _CHANGEABLE and image[N_CHANGEABLE] < SPENT_BITS:
        bit = np.int64(image[N_CHANGEABLE])
        image[N_CHANGEABLE] = bit + 1
        world.spent[bit >> 5] &= ~(np.uint32(1) << np.uint32(bit & 31))
        world.spent_words = (bit >> 5) + 1
        cell |= (bit + 1) << 16
    image[CELLS + x * ROWS + y] = cell


@jit
def _list_cannons(image, seen):
    """Write the table of cannons anew: those seen, not those that are guesses."""
    start = image[AT_CANNON_START]
    cannon = 0
    for x in range(MAX_WIDTH):
        image[start + x] = cannon
        for y in range(ROWS):
            muzzle = seen[x, y] and image[CELLS + x * ROWS + y] & 0xFF == _MUZZLE
            if muzzle and cannon < _MAX_CANNONS:
                image[image[AT_CANNONS] + cannon] = x << 12 | y << 4
                cannon += 1
    image[start + MAX_WIDTH] = cannon
    image[N_CANNONS] = cannon


@inline_jit
def _static_cell(image, x, y):
    """The cell without what play can do to it: a guess collects and breaks nothing."""
    cell = image[CELLS + x * ROWS + y] & _STATIC_CELL
    return cell if cell & _STANDABLE_CELL else 0


@inline_jit
def _is_ground(image, x, y):
    """Whether a cell is ground: not a pipe, a block or a hill, which one can pass."""
    tile = image[CELLS + x * ROWS + y] & 0xFF
    return tile >= _FIRST_GROUND and TILE_CODES[1, tile] == BORDER


@jit
def _guess_below(image, seen, x, bottom):
    """Cells of a seen column that are below the window: ground goes down, else as on the left."""
    for y in range(max(bottom, 0), ROWS):
        if seen[x, y]:
            continue
        if y > 0 and _is_ground(image, x, y - 1):
            image[CELLS + x * ROWS + y] = image[CELLS + x * ROWS + y - 1]
        elif x > 0:
            image[CELLS + x * ROWS + y] = _static_cell(image, x - 1, y)


@jit
def _guess_ahead(image, last):
    """Columns not seen yet continue the ground of the last column that has any."""
    model = last
    while model > 0 and not _is_ground(image, model, ROWS - 1):
        model -= 1
    for x in range(last + 1, min(last + 1 + _GUESSED_COLUMNS, MAX_WIDTH)):
        ground = True
        for y in range(ROWS - 1, -1, -1):
            ground = ground and _is_ground(image, model, y)
            image[CELLS + x * ROWS + y] = image[CELLS + model * ROWS + y] if ground else 0


@jit
def see_tiles(image, seen, world, grid, mario_x, mario_y):
    """Take up the level grid at Z = 0 (int8[22, 22]) around Mario.

    Bricks look alike, whatever they hold, and so do question blocks: the map takes them for plain
    ones until they turn out otherwise.

    Returns:
        The first column to the right that is not seen.
    """
    left = grid_origin(mario_x)
    top = grid_origin(mario_y)
    last = min(left + GRID_SIZE, MAX_WIDTH) - 1
    bottom = min(top + GRID_SIZE, ROWS)
    cannons = False
    fresh = False
    for x in range(max(left, 0), last + 1):
        for y in range(max(top, 0), bottom):
            code = grid[y - top, x - left]
            known = seen[x, y]
            if known and TILE_CODES[0, cell_at(image, world, x, y) & 0xFF] == code:
                continue
            fresh = True
            seen[x, y] = 1
            tile = np.int64(code) & 0xFF
            cannons = cannons or tile == _MUZZLE
            if tile != 0 or known or image[CELLS + x * ROWS + y] != 0:
                _write_cell(image, world, x, y, tile)
        if bottom < ROWS:
            _guess_below(image, seen, x, bottom)
    if fresh and last >= 0:
        _guess_ahead(image, last)
    if cannons:
        _list_cannons(image, seen)
    return last + 1
