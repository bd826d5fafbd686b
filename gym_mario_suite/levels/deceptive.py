"""Levels that mislead who always runs right: dead ends, hidden blocks, shortcuts.

A level is a row of traps on flat ground, without creatures:

* *hidden stairs*: a wall too high to jump over. The way up begins well before it, at a block that
  shows itself only when it is bumped from below, and on which one can step only by going back;
* *tunnel*: it looks like the way and is closed at its end. Its roof has a hole halfway, through
  which one must jump to the left; from there the way goes on above;
* *high road* (no trap, a shortcut): walls that one can hop over one by one, or pass at a run above
  by a road whose first step is a hidden block.

A level is made until two exhaustive searches on the exact engine agree that it can be won, and that
it cannot be won by any player who never presses LEFT.
"""

from __future__ import annotations

import random
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.tiles import Tile
from gym_mario_suite.errors import LevelError, as_integer
from gym_mario_suite.levels.exhaustive import WITHOUT_LEFT, search_level
from gym_mario_suite.levels.level import Level

GENERATOR_DECEPTIVE = "deceptive"
HEIGHT = 15
GROUND = 13  # row
MIN_LENGTH, MAX_LENGTH = 64, 160
DEFAULT_LENGTH = 90
_START, _END = 9, 14  # columns that stay flat
_TRIES = 40
_INT32 = 1 << 31

Tiles = NDArray[np.uint8]


@lru_cache(maxsize=8)
def deceptive(
    seed: int, difficulty: int = 0, level_type: int = 0, length: int = DEFAULT_LENGTH
) -> Level:
    """The deceptive level of a seed.

    Args:
        seed: Any 32-bit int.
        difficulty: Traps beside the one that every level has, 0 to 10, as far as they fit.
        level_type: 0 overground, 1 underground, 2 castle: the pictures only.
        length: Columns, 64 to 160.

    Raises:
        OptionError: For an argument that is no whole number or out of range.
        LevelError: When no level of that seed passes both searches.
    """
    seed = as_integer("seed", seed, -_INT32, _INT32 - 1)
    difficulty = as_integer("difficulty", difficulty, 0, 10)
    level_type = as_integer("level_type", level_type, 0, 2)
    length = as_integer("length", length, MIN_LENGTH, MAX_LENGTH)
    chance = random.Random(f"deceptive {seed} {difficulty} {length}")
    metadata = {
        "generator": GENERATOR_DECEPTIVE,
        "seed": seed,
        "difficulty": difficulty,
        "type": level_type,
        "length": length,
    }
    for _ in range(_TRIES):
        level = Level(_draft(chance, difficulty, length), [], length - 6, GROUND, metadata)
        if search_level(level, WITHOUT_LEFT).keys is None and search_level(level).keys is not None:
            return level
    raise LevelError(f"no deceptive level of seed {seed} and {length} columns passed the searches")


def _draft(chance: random.Random, difficulty: int, length: int) -> Tiles:
    """A level that may or may not be what is wanted."""
    tiles = np.zeros((length, HEIGHT), np.uint8)
    tiles[:, GROUND] = Tile.GROUND_TOP
    tiles[:, GROUND + 1 :] = Tile.GROUND
    makers = [_hidden_stairs]
    makers += [chance.choice((_hidden_stairs, _tunnel, _high_road)) for _ in range(difficulty + 1)]
    chance.shuffle(makers)
    x = _START
    stairs_due = True
    for maker in makers:
        if maker is not _hidden_stairs and stairs_due and x > length // 3:
            maker = _hidden_stairs  # the one that no level goes without
        room = length - _END - x
        width = maker(chance, tiles[x : x + room])
        if width:
            stairs_due = stairs_due and maker is not _hidden_stairs
            x += width + chance.randint(3, 6)
    return tiles


def _hidden_stairs(chance: random.Random, tiles: Tiles) -> int:
    """Hidden step, platform, wall. Returns the columns used, 0 if there is no room."""
    step = chance.randint(2, 6)
    platform = step + 1 + chance.randint(2, 3)
    wall = platform + chance.randint(2, 3) + 2
    thickness = chance.randint(1, 3)
    if wall + thickness > len(tiles):
        return 0
    tiles[step, 9] = Tile.HIDDEN_COIN_BLOCK
    tiles[platform : platform + 2, 6] = Tile.STAIR_BLOCK
    top = chance.randint(2, 3)
    tiles[wall : wall + thickness, top:GROUND] = Tile.STAIR_BLOCK
    tiles[wall - 1, 8] = Tile.STAIR_BLOCK  # against wall jumps from below
    return wall + thickness


def _tunnel(chance: random.Random, tiles: Tiles) -> int:
    """A tunnel closed at its end, with a hole in its roof and a wall right of the hole."""
    hole = chance.randint(6, 9)
    end = hole + 4 + chance.randint(5, 10)
    if end + 2 > len(tiles):
        return 0
    tiles[:end, 9] = Tile.STAIR_BLOCK
    tiles[hole : hole + 3, 9] = Tile.AIR
    tiles[0:2, 0:9] = Tile.STAIR_BLOCK  # nobody gets onto the roof from outside
    tiles[hole + 3, 6:9] = Tile.STAIR_BLOCK
    tiles[end : end + 2, 7:GROUND] = Tile.STAIR_BLOCK
    for x in range(hole + 5, end - 1, 2):
        tiles[x, 11] = Tile.COIN  # they lure into the dead end
    return end + 2


def _high_road(chance: random.Random, tiles: Tiles) -> int:
    """Walls to hop over, and a road above them with a hidden first step."""
    walls = chance.randint(2, 4)
    step = chance.randint(1, 3)
    first = step + 7
    end = first + 4 * walls
    if end > len(tiles):
        return 0
    tiles[step, 9] = Tile.HIDDEN_COIN_BLOCK
    tiles[step + 3 : end, 6] = Tile.STAIR_BLOCK
    for i in range(walls):
        tiles[first + 4 * i, GROUND - chance.randint(2, 3) : GROUND] = Tile.STAIR_BLOCK
    for x in range(step + 5, end, 2):
        tiles[x, 5] = Tile.COIN
    return end
