"""Structural text levels of the Video Game Level Corpus: 33 letters that tell enemies apart.

A tile grid has codes for less than these letters say: bricks lose what is hidden in them, and the
flagpole, springs, moving platforms and plants that hang from above become air, as they are in the
corpus' processed layer. (A plant on a pipe, air there, is an enemy here: the plant's kind is
known.) The rows as they were read are kept in the metadata, so that a cell which was not changed is
written again by its own letter.
"""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.world import EnemyType
from gym_mario_suite.errors import LevelError
from gym_mario_suite.levels.formats.text_rows import checked_rows, without_end_blanks
from gym_mario_suite.levels.grid_levels import usual_enemy
from gym_mario_suite.levels.level import Spawn
from gym_mario_suite.levels.tile_grid import Tile, TileGrid

ROWS_READ = "structural_rows"  # in the metadata

# The first letter of a code is the one that it is written by.
_TILES: dict[str, Tile] = {
    "#": Tile.GROUND,
    "B": Tile.BRICK,
    "+": Tile.BRICK,
    "O": Tile.BRICK,
    "*": Tile.BRICK,
    "H": Tile.BRICK,
    "-": Tile.EMPTY,
    "|": Tile.EMPTY,
    "Y": Tile.EMPTY,
    "y": Tile.EMPTY,
    ">": Tile.EMPTY,
    "v": Tile.EMPTY,
    "X": Tile.EMPTY,
    "M": Tile.POWER_BLOCK,
    "?": Tile.COIN_BLOCK,
    "[": Tile.PIPE_TOP_LEFT,
    "]": Tile.PIPE_TOP_RIGHT,
    "p": Tile.PIPE_LEFT,
    "d": Tile.PIPE_LEFT,
    "{": Tile.PIPE_LEFT,
    "P": Tile.PIPE_RIGHT,
    "D": Tile.PIPE_RIGHT,
    "}": Tile.PIPE_RIGHT,
    "o": Tile.COIN,
    "C": Tile.CANNON_TOP,
    "c": Tile.CANNON_BODY,
}
# Hammer brothers and lakitus are not in the engine: the nearest that walks, the nearest that hurts.
_ENEMIES: dict[str, tuple[EnemyType, bool]] = {
    "g": (EnemyType.GOOMBA, False),
    "k": (EnemyType.GREEN_KOOPA, False),
    "K": (EnemyType.GREEN_KOOPA, True),
    "V": (EnemyType.FLOWER, False),
    "h": (EnemyType.GOOMBA, False),
    "l": (EnemyType.SPIKY, True),
    "t": (EnemyType.RED_KOOPA, False),
}
LETTERS = "".join([*_TILES, *_ENEMIES])
_LETTER_OF_TILE = {tile: letter for letter, tile in reversed(_TILES.items())}
_LETTER_OF_ENEMY = {
    **{enemy: letter for letter, enemy in reversed(_ENEMIES.items())},
    (EnemyType.GOOMBA, True): "g",
    (EnemyType.RED_KOOPA, True): "K",
    (EnemyType.SPIKY, False): "l",
    (EnemyType.FLOWER, True): "V",
}


def read_structural_text(text: str) -> TileGrid:
    """The grid of a structural text level; blanks at the ends of lines do not count.

    Raises:
        LevelError: For a text that is none; the message says where and what was expected.
    """
    rows = checked_rows(without_end_blanks(text), LETTERS, "structural VGLC level text")
    codes = [[_TILES.get(letter, Tile.ENEMY) for letter in row] for row in rows]
    enemies = [
        Spawn(x, y, *_ENEMIES[letter])
        for y, row in enumerate(rows)
        for x, letter in enumerate(row)
        if letter in _ENEMIES
    ]
    return TileGrid(np.array(codes, np.uint8), enemies=enemies, metadata={ROWS_READ: rows})


def write_structural_text(grid: TileGrid) -> str:
    """The grid as a structural text level.

    Enemies whose kind is not known are those of `grid_levels`: plants over pipes, else goombas. The
    alphabet has none but winged green koopas (`K`), no winged goombas and no spikies (`l`, a
    lakitu, stands for them).
    """
    known = {(spawn.x, spawn.y): spawn for spawn in grid.enemies}
    before = _rows_read(grid)
    lines = []
    for y, row in enumerate(grid.codes.tolist()):
        letters = []
        for x, code in enumerate(row):
            old = before[y][x] if before else ""
            if code == Tile.ENEMY:
                spawn = known.get((x, y)) or usual_enemy(grid.codes, x, y)
                enemy = spawn.enemy, spawn.winged
                same = _ENEMIES.get(old) == enemy
                letter = old if same else _LETTER_OF_ENEMY[enemy]
            else:
                letter = old if _TILES.get(old) == code else _LETTER_OF_TILE[Tile(code)]
            letters.append(letter)
        lines.append("".join(letters) + "\n")
    return "".join(lines)


def _rows_read(grid: TileGrid) -> list[str] | None:
    """The rows of the text that the grid was read from, where there is one of its size."""
    rows = grid.metadata.get(ROWS_READ)
    try:
        checked = checked_rows("\n".join(rows or ()), LETTERS, "structural VGLC level text")
    except (LevelError, TypeError):
        return None
    fits = len(checked) == grid.height and len(checked[0]) == grid.width
    return checked if fits else None
