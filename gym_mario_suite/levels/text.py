"""Levels and views of them as text, in the letters of the Mario AI Framework."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.tiles import LIKENESS_2009, TILE_BEHAVIOUR, Behaviour, Tile, Tile2019
from gym_mario_suite.engine.world import EnemyType, Kind, Rules
from gym_mario_suite.levels.level import Level

AIR = "-"
EXIT = "F"
START = "M"

ENEMY_LETTERS = {
    EnemyType.RED_KOOPA: "r",
    EnemyType.GREEN_KOOPA: "k",
    EnemyType.GOOMBA: "g",
    EnemyType.SPIKY: "y",
    EnemyType.FLOWER: "T",
}

KIND_LETTERS = {
    Kind.MARIO: "M",
    Kind.GOOMBA: "g",
    Kind.GOOMBA_WINGED: "G",
    Kind.RED_KOOPA: "r",
    Kind.RED_KOOPA_WINGED: "R",
    Kind.GREEN_KOOPA: "k",
    Kind.GREEN_KOOPA_WINGED: "K",
    Kind.BULLET_BILL: "*",
    Kind.SPIKY: "y",
    Kind.SPIKY_WINGED: "Y",
    Kind.ENEMY_FLOWER: "W",
    Kind.SHELL: "s",
    Kind.MUSHROOM: "m",
    Kind.FIRE_FLOWER: "f",
    Kind.LIFE_MUSHROOM: "l",
    Kind.FIREBALL: "'",
}

LEGEND = (
    "X ground  # stair  S brick  C brick with coin  U brick with power-up  Q coin block\n"
    "@ power-up block  D used block  o coin  t pipe  T pipe with flower  B b cannon\n"
    "% hill top  | hill  1 2 hidden blocks (power-up, coin)  M start  F exit\n"
    "r k g y red koopa, green koopa, goomba, spiky (capital: winged)"
)


def _letters() -> NDArray[np.str_]:
    """One letter for each tile byte."""
    letters = np.full(256, AIR)
    solid = (TILE_BEHAVIOUR & Behaviour.BLOCK_ALL) != 0
    platform = (TILE_BEHAVIOUR & Behaviour.BLOCK_UPPER) != 0
    letters[solid] = "#"
    letters[128:192] = "X"
    letters[platform] = "%"
    letters[[Tile.HILL_LEFT, Tile.HILL_BODY, Tile.HILL_RIGHT]] = "|"
    for tile, letter in {
        Tile.HIDDEN_COIN_BLOCK: "2",
        Tile.HIDDEN_POWER_BLOCK: "1",
        Tile.USED_BLOCK: "D",
        Tile.PIPE_TOP_LEFT: "t",
        Tile.PIPE_TOP_RIGHT: "t",
        Tile.PIPE_BODY_LEFT: "t",
        Tile.PIPE_BODY_RIGHT: "t",
        Tile.CANNON_MUZZLE: "B",
        Tile.CANNON_NECK: "b",
        Tile.CANNON_BASE: "b",
        Tile.BRICK: "S",
        Tile.BRICK_COIN: "C",
        Tile.BRICK_POWER: "U",
        Tile.QUESTION_COIN: "Q",
        Tile.QUESTION_POWER: "@",
    }.items():
        letters[tile] = letter
    letters[32:36] = "o"
    return letters


def _letters_2019(letters: NDArray[np.str_]) -> NDArray[np.str_]:
    """One letter for each tile byte of the 2019 rules; hidden blocks show here."""
    like = letters[LIKENESS_2009]
    like[[Tile2019.GOAL_TOP, Tile2019.GOAL_POLE]] = EXIT
    like[Tile2019.HIDDEN_LIFE_BLOCK] = "1"
    like[Tile2019.HIDDEN_COIN_BLOCK] = "2"
    like[Tile2019.BRICK_LIFE] = "L"
    return like


TILE_LETTERS = _letters()
TILE_LETTERS_OF_RULES = np.stack([TILE_LETTERS, _letters_2019(TILE_LETTERS)])


def level_text(level: Level) -> str:
    """The level as lines of letters, top row first (see LEGEND).

    Ground art of all kinds is `X`, so the text cannot be turned back into the very same tiles.
    """
    grid = TILE_LETTERS_OF_RULES[level.rules][level.tiles].T.copy()
    for spawn in level.spawns:
        letter = ENEMY_LETTERS[spawn.enemy]
        winged = spawn.winged and spawn.enemy != EnemyType.FLOWER
        grid[spawn.y, spawn.x] = letter.upper() if winged else letter
    column, row = (32 // 16, 0) if level.start is None else level.start
    if column < level.width:
        grid[max(row, 0), column] = START
    if 0 <= level.x_exit < level.width:
        # In 2009 the exit's row is that of the ground.
        above = int(level.rules == Rules.COMPETITION_2009)
        row = min(max(level.y_exit - above, 0), level.height - 1)
        grid[row, level.x_exit] = EXIT
    return "\n".join("".join(row) for row in grid)
