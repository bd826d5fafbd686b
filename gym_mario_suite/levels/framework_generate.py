"""Levels of the 2009 generator as levels of the 2019 rules.

The 2019 framework's own level makers are Java programs; this gives its rules a supply of levels
that needs no file. Tiles and creatures are those that look and behave most alike, Mario starts on
the ground of the third column, and the goal stands at the generator's exit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.tiles import Tile
from gym_mario_suite.engine.tiles import Tile2019 as T
from gym_mario_suite.engine.world import Rules
from gym_mario_suite.levels.framework_text import put_pole
from gym_mario_suite.levels.generate import DEFAULT_LENGTH, generate
from gym_mario_suite.levels.level import Level

GENERATOR_FRAMEWORK = "2009 by the rules of 2019"
_START_COLUMN = 2
_FIRST_GROUND_ART = 128


def _tiles_2019() -> NDArray[np.uint8]:
    """The tile of 2019 for each tile byte that the generator writes."""
    table = np.zeros(256, np.uint8)
    table[_FIRST_GROUND_ART:192] = T.GROUND
    for tile, like in {
        Tile.STAIR_BLOCK: T.STAIR_BLOCK,
        Tile.CANNON_MUZZLE: T.CANNON_MUZZLE,
        Tile.CANNON_NECK: T.CANNON_NECK,
        Tile.CANNON_BASE: T.CANNON_BASE,
        Tile.BRICK: T.BRICK,
        Tile.BRICK_COIN: T.BRICK_COIN,
        Tile.BRICK_POWER: T.BRICK_POWER,
        Tile.QUESTION_COIN: T.QUESTION_COIN,
        Tile.QUESTION_POWER: T.QUESTION_POWER,
        Tile.COIN: T.COIN,
        Tile.PIPE_TOP_LEFT: T.PIPE_TOP_LEFT,
        Tile.PIPE_TOP_RIGHT: T.PIPE_TOP_RIGHT,
        Tile.PIPE_BODY_LEFT: T.PIPE_BODY_LEFT,
        Tile.PIPE_BODY_RIGHT: T.PIPE_BODY_RIGHT,
        Tile.HILL_TOP_LEFT: T.PLATFORM,
        Tile.HILL_TOP: T.PLATFORM,
        Tile.HILL_TOP_RIGHT: T.PLATFORM,
        Tile.HILL_TOP_LEFT_OVER: T.PLATFORM,
        Tile.HILL_TOP_RIGHT_OVER: T.PLATFORM,
        Tile.HILL_LEFT: T.PLATFORM_BACKGROUND,
        Tile.HILL_BODY: T.PLATFORM_BACKGROUND,
        Tile.HILL_RIGHT: T.PLATFORM_BACKGROUND,
    }.items():
        table[tile] = like
    return table


def _end_platforms(tiles: NDArray[np.uint8]) -> None:
    """Give platforms the ends that the framework gives them, by their neighbours."""
    platform = np.pad(tiles == T.PLATFORM, ((1, 1), (0, 0)))
    ends = T.PLATFORM_SINGLE + 2 * platform[:-2] + platform[2:]
    np.copyto(tiles, ends.astype(np.uint8), where=platform[1:-1])


_TILES = _tiles_2019()


def generate_framework(
    seed: int, difficulty: int = 0, level_type: int = 0, length: int = DEFAULT_LENGTH
) -> Level:
    """The level of the 2009 generator for these arguments, by the rules of 2019.

    Args:
        seed: Any 64-bit signed int.
        difficulty: As of `levels.generate.generate`.
        level_type: The same.
        length: Columns.

    Raises:
        OptionError: For an argument that is no whole number or out of range.
        LevelError: For arguments that make the original program abort.
    """
    origin = generate(seed, difficulty, level_type, length)
    tiles = _TILES[origin.tiles]
    for spawn in origin.spawns:
        if tiles[spawn.x, spawn.y] == T.PLATFORM_BACKGROUND:
            tiles[spawn.x, spawn.y] = T.AIR  # a cell of a level text holds one or the other
    _end_platforms(tiles)
    start = min(_START_COLUMN, origin.width - 1)
    floor = int(np.argmax(tiles[start] == T.GROUND))
    metadata = {**origin.metadata, "generator": GENERATOR_FRAMEWORK}
    if 0 <= origin.x_exit < origin.width:
        put_pole(tiles, origin.x_exit, origin.y_exit - 1)
    return Level(
        tiles,
        origin.spawns,
        origin.x_exit,
        origin.y_exit - 1,
        metadata,
        Rules.FRAMEWORK_2019,
        (start, floor - 1),
    )
