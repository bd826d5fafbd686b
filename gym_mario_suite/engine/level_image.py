"""The level image: one int32 array that holds all the engine needs of a level.

Worlds made from a level share its image and never write to it. It has a header, a cell per tile
(column by column), and two tables sorted in scan order: spawn points and cannons.

A cell packs the tile byte (bits 0-7), its behaviour mask (bits 8-15) and, for tiles that play can
change, a number from 1 on (bits 16-31). Play changes a tile at most once, and what it becomes
follows from what it was (a bumped block becomes a used block; a coin or a broken brick becomes
air), so a world needs a single bit for each such tile: `world.spent`. That is why a clone of a
world stays small at any level length.

While a level is being made its cells are drafts: the tile byte, plus (bits 8-10) the spawn type
plus one and (bit 11) the wings; `finish_image` turns drafts into cells.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.compiled import inline_jit, jit
from gym_mario_suite.engine.tiles import (
    TILE_BEHAVIOUR,
    TILE_BEHAVIOURS,
    Behaviour,
    Tile,
    Tile2019,
)
from gym_mario_suite.engine.world import SPENT_BITS, Rules

LevelImage = NDArray[np.int32]

# header fields
WIDTH = 0
HEIGHT = 1
X_EXIT = 2
Y_EXIT = 3
N_CHANGEABLE = 4
N_SPAWNS = 5
N_CANNONS = 6
AT_SPAWN_START = 7  # per column, where its spawn points begin (width + 1 entries)
AT_CANNON_START = 8
AT_SPAWNS = 9
AT_CANNONS = 10
IMAGE_SIZE = 11  # used length of the array
RULES = 13
X_START = 14  # px, where the players stand at the start
Y_START = 15
FINGERPRINT = 12  # a hash of the rest, by which a saved world knows its level
CELLS = 16  # first cell

# codes that finish_image returns
FINISHED = 0
NO_ROOM = 1
TOO_MANY_CHANGES = 2

MAX_WIDTH = 16_383
MAX_HEIGHT = 255

DRAFT_SPAWN_SHIFT = 8
DRAFT_WINGED = 1 << 11
DRAFT_TILE_MASK = 0xFF
DRAFT_SPAWN_MASK = 0xF00

_CHANGEABLE = int(Behaviour.BUMPABLE | Behaviour.BREAKABLE | Behaviour.PICKUPABLE)
_BUMPABLE_CELL = int(Behaviour.BUMPABLE) << 8
_USED_CELL = int(Tile.USED_BLOCK) | int(TILE_BEHAVIOUR[Tile.USED_BLOCK]) << 8
_USED_CELL_2019 = (
    int(Tile2019.USED_BLOCK) | int(TILE_BEHAVIOURS[Rules.FRAMEWORK_2019, Tile2019.USED_BLOCK]) << 8
)
_MUZZLE = int(Tile.CANNON_MUZZLE)
_MUZZLE_2019 = int(Tile2019.CANNON_MUZZLE)
_COMPETITION_2009 = int(Rules.COMPETITION_2009)
START_X_PX = 32
START_Y_PX = 0


def image_capacity(width: int, height: int, spawns: int, cannons: int) -> int:
    """Length of an image with room for that many spawn points and cannon entries."""
    return CELLS + width * height + 2 * (width + 1) + spawns + cannons


@jit
def start_image(image, width, height):
    """Write an empty draft (all air, no spawn points) of the given size."""
    image[: CELLS + width * height] = 0
    image[WIDTH] = width
    image[HEIGHT] = height
    image[RULES] = _COMPETITION_2009
    image[X_START] = START_X_PX
    image[Y_START] = START_Y_PX


@jit
def _fingerprint(image):
    """A 32-bit hash (FNV-1a over words) of size, exit, cells, spawn points and cannons."""
    value = np.uint32(2166136261)
    image[FINGERPRINT] = 0
    for i in range(image[IMAGE_SIZE]):
        value = np.uint32((value ^ np.uint32(image[i])) * np.uint32(16777619))
    return np.int32(value)


@jit
def finish_image(image):
    """Turn a draft into a level image, in place.

    Returns FINISHED, NO_ROOM (the array is too short for its spawn points and cannons) or
    TOO_MANY_CHANGES (more changeable tiles and spawn points than a world has bits).
    """
    width = image[WIDTH]
    height = image[HEIGHT]
    behaviour = TILE_BEHAVIOURS[image[RULES]]
    in_2009 = image[RULES] == _COMPETITION_2009
    muzzle = _MUZZLE if in_2009 else _MUZZLE_2019
    n_spawns = 0
    n_cannons = 0
    n_changeable = 0
    for i in range(CELLS, CELLS + width * height):
        draft = image[i]
        if draft & DRAFT_SPAWN_MASK:
            n_spawns += 1
        tile = draft & DRAFT_TILE_MASK
        if tile == muzzle:
            # The original reads below the map as the bottom row, and its scan goes two rows
            # further: a muzzle in the bottom row is seen three times. Not so in 2019.
            n_cannons += 3 if in_2009 and (i - CELLS) % height == height - 1 else 1
        if behaviour[tile] & _CHANGEABLE:
            n_changeable += 1
    at_spawn_start = CELLS + width * height
    at_cannon_start = at_spawn_start + width + 1
    at_spawns = at_cannon_start + width + 1
    at_cannons = at_spawns + n_spawns
    size = at_cannons + n_cannons
    if size > image.shape[0]:
        return NO_ROOM
    if n_changeable + n_spawns > SPENT_BITS:
        return TOO_MANY_CHANGES
    image[N_CHANGEABLE] = n_changeable
    image[N_SPAWNS] = n_spawns
    image[N_CANNONS] = n_cannons
    image[AT_SPAWN_START] = at_spawn_start
    image[AT_CANNON_START] = at_cannon_start
    image[AT_SPAWNS] = at_spawns
    image[AT_CANNONS] = at_cannons
    image[IMAGE_SIZE] = size
    spawn = 0
    cannon = 0
    number = 0
    for x in range(width):
        image[at_spawn_start + x] = spawn
        image[at_cannon_start + x] = cannon
        for y in range(height):
            i = CELLS + x * height + y
            draft = image[i]
            tile = draft & DRAFT_TILE_MASK
            if draft & DRAFT_SPAWN_MASK:
                kind = ((draft & 0x700) >> DRAFT_SPAWN_SHIFT) - 1
                winged = 1 if draft & DRAFT_WINGED else 0
                image[at_spawns + spawn] = x << 12 | y << 4 | kind << 1 | winged
                spawn += 1
            if tile == muzzle:
                for row in range(y, y + 3 if in_2009 and y == height - 1 else y + 1):
                    image[at_cannons + cannon] = x << 12 | row << 4
                    cannon += 1
            mask = np.int64(behaviour[tile])
            cell = tile | mask << 8
            if mask & _CHANGEABLE:
                number += 1
                cell |= number << 16
            image[i] = cell
    image[at_spawn_start + width] = spawn
    image[at_cannon_start + width] = cannon
    image[FINGERPRINT] = _fingerprint(image)
    return FINISHED


@jit
def spent_words(image):
    """How many 32-bit words of `world.spent` worlds of this level use."""
    return (image[N_CHANGEABLE] + image[N_SPAWNS] + 31) >> 5


@inline_jit
def is_spent(world, bit):
    """1 if the tile or spawn point of this bit has been changed or killed for good, else 0."""
    return (world.spent[bit >> 5] >> np.uint32(bit & 31)) & np.uint32(1)


@inline_jit
def cell_at(image, world, x, y):
    """The cell at column `x`, row `y` as it is now (tile byte | behaviour mask << 8).

    Outside the map: above it is air, below it the bottom row goes on (2009) or is air (2019), and
    to the sides the nearest column counts.
    """
    if y < 0:
        return 0
    if x < 0:
        x = 0
    elif x >= image[WIDTH]:
        x = image[WIDTH] - 1
    if y >= image[HEIGHT]:
        if image[RULES] != _COMPETITION_2009:
            return 0
        y = image[HEIGHT] - 1
    cell = image[CELLS + x * image[HEIGHT] + y]
    number = (cell >> 16) & 0xFFFF
    if number != 0:
        if is_spent(world, number - 1):
            if not cell & _BUMPABLE_CELL:
                return 0
            return _USED_CELL if image[RULES] == _COMPETITION_2009 else _USED_CELL_2019
        return cell & 0xFFFF
    return cell


@jit
def spend(image, world, x, y):
    """Change the tile at column `x`, row `y`: a bumped block to used, a coin or brick to air.

    Nothing happens outside the map or on tiles that play cannot change.
    """
    if 0 <= x < image[WIDTH] and 0 <= y < image[HEIGHT]:
        number = (image[CELLS + x * image[HEIGHT] + y] >> 16) & 0xFFFF
        if number != 0:
            bit = number - 1
            world.spent[bit >> 5] |= np.uint32(1) << np.uint32(bit & 31)


@inline_jit
def spawn_is_dead(image, world, spawn):
    """Whether the enemy of spawn point `spawn` was killed in a way that keeps it dead."""
    return is_spent(world, image[N_CHANGEABLE] + spawn)


@jit
def kill_spawn(image, world, spawn):
    """Mark spawn point `spawn` (or -1 for none) as dead for good."""
    if spawn >= 0:
        bit = image[N_CHANGEABLE] + spawn
        world.spent[bit >> 5] |= np.uint32(1) << np.uint32(bit & 31)


@jit
def read_tiles(image, world, out):
    """Write the level's tiles as they are in `world` into `out` (uint8, width x height)."""
    for x in range(image[WIDTH]):
        for y in range(image[HEIGHT]):
            out[x, y] = cell_at(image, world, x, y) & 0xFF
