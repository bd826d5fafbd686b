"""A level as letters."""

import numpy as np
import pytest

from gym_mario_suite.engine.tiles import Tile
from gym_mario_suite.engine.world import EnemyType
from gym_mario_suite.levels import Level, Spawn, generate
from gym_mario_suite.levels.text import AIR, ENEMY_LETTERS, LEGEND, level_text


def test_worked_example() -> None:
    """The 80 columns of seed 0, cut to what is not ground alone."""
    rows = level_text(generate(0, 0, 0, 80)).split("\n")
    assert len(rows) == 15
    assert {len(row) for row in rows} == {80}
    assert rows[0] == "--M" + "-" * 77
    assert set("".join(rows[1:10])) == {AIR}
    assert rows[10] == "-" * 28 + "F" + "-" * 51
    assert rows[11] == "-" * 15 + "ooo--" + "X" * 60
    assert rows[12] == "-" * 20 + "X" * 60
    assert rows[13] == "-" * 13 + "X" * 67
    assert rows[14] == "X" * 80


def test_every_tile_and_enemy_has_its_letter() -> None:
    tiles = np.zeros((8, 4), np.uint8)
    row = [
        Tile.BRICK,
        Tile.BRICK_COIN,
        Tile.BRICK_POWER,
        Tile.QUESTION_COIN,
        Tile.QUESTION_POWER,
        Tile.USED_BLOCK,
        Tile.COIN,
        Tile.STAIR_BLOCK,
    ]
    tiles[:, 1] = row
    tiles[:, 3] = [
        Tile.GROUND,
        Tile.PIPE_TOP_LEFT,
        Tile.PIPE_BODY_RIGHT,
        Tile.CANNON_MUZZLE,
        Tile.CANNON_NECK,
        Tile.CANNON_BASE,
        Tile.HILL_TOP,
        Tile.HILL_BODY,
    ]
    spawns = [
        Spawn(0, 2, EnemyType.RED_KOOPA),
        Spawn(1, 2, EnemyType.GREEN_KOOPA, True),
        Spawn(2, 2, EnemyType.GOOMBA),
        Spawn(3, 2, EnemyType.SPIKY, True),
        Spawn(4, 2, EnemyType.FLOWER, True),
    ]
    text = level_text(Level(tiles, spawns, 7, 3))
    assert text.split("\n") == ["--M-----", "SCUQ@Do#", "rKgYT--F", "XttBbb%|"]


@pytest.mark.parametrize("level_type", [0, 1, 2])
def test_generated_levels_use_letters_of_the_legend(level_type: int) -> None:
    letters = set("".join(level_text(generate(s, 8, level_type)) for s in range(10))) - {"\n"}
    known = {word for line in LEGEND.split("\n") for word in line.split() if len(word) == 1}
    winged = {letter.upper() for letter in ENEMY_LETTERS.values()}
    assert letters <= known | winged | {AIR}


def test_hidden_blocks_are_in_the_legend() -> None:
    tiles = np.zeros((2, 2), np.uint8)
    tiles[:, 1] = [Tile.HIDDEN_COIN_BLOCK, Tile.HIDDEN_POWER_BLOCK]
    letters = level_text(Level(tiles, [], 9)).split("\n")[1]
    known = {word for line in LEGEND.split("\n") for word in line.split() if len(word) == 1}
    assert AIR not in letters
    assert set(letters) <= known


@pytest.mark.parametrize(("width", "x_exit"), [(1, 0), (2, 5), (3, -1)])
def test_narrow_levels_and_exits_outside(width: int, x_exit: int) -> None:
    rows = level_text(Level(np.zeros((width, 3), np.uint8), [], x_exit)).split("\n")
    assert [len(row) for row in rows] == [width] * 3
    assert ("F" in "".join(rows)) is (0 <= x_exit < width)
    assert ("M" in rows[0]) is (width > 2)
