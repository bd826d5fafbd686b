"""Tile grids, and the way from grids to levels and back."""

from __future__ import annotations

import pickle
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given, settings

from gym_mario_suite.engine.tiles import TILE_BEHAVIOURS, Behaviour, Tile2019
from gym_mario_suite.engine.tiles import Tile as Tile2009
from gym_mario_suite.engine.world import EnemyType, Rules
from gym_mario_suite.errors import LevelError
from gym_mario_suite.levels import Spawn, generate
from gym_mario_suite.levels.grid_levels import to_grid, to_level
from gym_mario_suite.levels.tile_grid import LETTERS, SOLID, Theme, Tile, TileGrid, start_cell
from tests.levels.grids import grid_of, grids

EXAMPLE = """
------------
--?---------
-----E------
--SQ-<>--B--
o-E--[]--b-E
XXXXXXXX-XXX
"""


def test_the_codes_are_those_of_the_encoding_in_common_use() -> None:
    assert "".join(LETTERS[code] for code in Tile) == "XS-?QE<>[]oBb"
    assert [int(code) for code in Tile] == list(range(13))
    assert "".join(LETTERS[code] for code in Tile if not SOLID[code]) == "-Eo"


def test_a_grid_is_a_value() -> None:
    grid = grid_of(EXAMPLE)
    codes = np.array(grid.codes)
    same = TileGrid(codes, metadata={"seed": 3})
    codes[:] = 0
    assert same == grid
    assert hash(same) == hash(grid)
    assert same.digest == grid.digest
    assert same != TileGrid(grid.codes, Theme.CASTLE)
    assert pickle.loads(pickle.dumps(same)) == same
    assert pickle.loads(pickle.dumps(same)).metadata == {"seed": 3}
    with pytest.raises(ValueError, match="read-only"):
        grid.codes[0, 0] = 1


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        (np.zeros(3, np.uint8), r"\[height, width\]"),
        (np.zeros((2, 2)), "whole numbers"),
        (np.array([[0, 1], [2, 13]]), "got 13 at row 2, column 2"),
        (np.array([[0, -1]]), "got -1 at row 1, column 2"),
        (np.zeros((256, 2), np.uint8), "255 rows"),
        ([[1], [1, 2]], "rows of the same length"),
    ],
)
def test_what_is_no_grid_is_refused(codes: Any, words: str) -> None:
    with pytest.raises(LevelError, match=words):
        TileGrid(codes)


def test_an_entry_of_enemies_belongs_to_an_enemy() -> None:
    grid = grid_of(EXAMPLE)
    with pytest.raises(LevelError, match="no enemy at column 0, row 0"):
        TileGrid(grid.codes, enemies=[Spawn(0, 0, EnemyType.SPIKY)])
    twice = [Spawn(2, 4, EnemyType.SPIKY), Spawn(2, 4, EnemyType.GOOMBA)]
    with pytest.raises(LevelError, match="same cell"):
        TileGrid(grid.codes, enemies=twice)


def test_a_level_of_2009_has_the_grids_things() -> None:
    level = to_level(grid_of(EXAMPLE))
    assert (level.width, level.height, level.rules) == (12, 15, Rules.COMPETITION_2009)
    assert level.start == (0, 13)
    assert (level.x_exit, level.y_exit) == (11, 14)
    assert [(s.x, s.y, s.enemy.name) for s in level.spawns] == [
        (2, 13, "GOOMBA"),
        (5, 11, "GOOMBA"),
        (11, 13, "GOOMBA"),
    ]
    tiles = level.tiles
    assert tiles[2, 10] == Tile2009.QUESTION_POWER
    assert tiles[3, 12] == Tile2009.QUESTION_COIN
    assert tiles[9, 12] == Tile2009.CANNON_MUZZLE
    assert tiles[9, 13] == Tile2009.CANNON_NECK
    assert tiles[0, 13] == Tile2009.COIN


def test_an_enemy_over_the_right_half_of_a_pipe_is_its_plant() -> None:
    text = """
    ---E--
    --<>--
    --[]--
    XXXXXX
    """
    (spawn,) = to_level(grid_of(text)).spawns
    assert spawn == Spawn(2, 12, EnemyType.FLOWER)
    assert to_grid(to_level(grid_of(text))) == grid_of(text)
    known = TileGrid(grid_of(text).codes, enemies=[Spawn(3, 0, EnemyType.RED_KOOPA, True)])
    assert to_level(known).spawns == (Spawn(3, 11, EnemyType.RED_KOOPA, True),)
    assert to_grid(to_level(known)) == known


@settings(max_examples=150, deadline=None)
@given(grids(), st.sampled_from([*Rules, None]))
def test_a_grid_survives_being_a_level(grid: TileGrid, rules: Rules | None) -> None:
    level = to_level(grid, rules)
    back = to_grid(level)
    if level.rules == Rules.COMPETITION_2009:
        assert back == grid
    else:
        # The goal's pole stands in the last column.
        assert np.array_equal(back.codes[:, :-1], grid.codes[:, :-1])


@settings(max_examples=150, deadline=None)
@given(grids(), st.sampled_from([*Rules]))
def test_what_is_solid_blocks_in_the_engine(grid: TileGrid, rules: Rules) -> None:
    """But for cells of ground with ground on all four sides, which nobody can reach."""
    level = to_level(grid, rules)
    sky = level.height - grid.height
    blocks = (TILE_BEHAVIOURS[level.rules][level.tiles.T[sky:]] & Behaviour.BLOCK_ALL) != 0
    solid = SOLID[grid.codes]
    if rules == Rules.FRAMEWORK_2019:
        blocks, solid = blocks[:, :-1], solid[:, :-1]
        assume(solid.size > 0)
    assert not (blocks & ~solid).any()
    around = np.pad(solid, 1, mode="edge")
    around[0] = False
    enclosed = around[:-2, 1:-1] & around[2:, 1:-1] & around[1:-1, :-2] & around[1:-1, 2:]
    assert not (solid & ~blocks & ~enclosed).any()


def test_high_grids_are_played_by_the_rules_of_2019() -> None:
    codes = np.full((27, 20), Tile.EMPTY)
    codes[-1] = Tile.GROUND
    codes[10:26, 7] = Tile.GROUND
    codes[5, 7] = Tile.GROUND
    level = to_level(TileGrid(codes))
    assert level.rules == Rules.FRAMEWORK_2019
    assert level.height == 27
    assert level.tiles[7, 5] == Tile2019.STAIR_BLOCK
    assert level.tiles[7, 12] == Tile2019.GROUND
    assert level.start == (0, 25)
    assert level.tiles[19, 25] == Tile2019.GOAL_POLE


def test_levels_of_the_generator_become_grids() -> None:
    level = generate(7, 6, 1, 400)
    grid = to_grid(level, 14)
    assert grid.codes.shape == (14, 400)
    assert grid.theme == Theme.UNDERGROUND
    assert (grid.codes == Tile.ENEMY).sum() == len([s for s in level.spawns if s.y > 0])
    counts = np.bincount(grid.codes.ravel(), minlength=13)
    assert (counts[[Tile.GROUND, Tile.BRICK, Tile.PIPE_TOP_LEFT, Tile.COIN]] > 0).all()
    assert counts[Tile.PIPE_TOP_LEFT] == counts[Tile.PIPE_TOP_RIGHT]


def test_the_start_is_the_lowest_place_of_the_first_columns() -> None:
    grid = grid_of("""
    XX----------
    --X---------
    --X------E--
    """)
    assert start_cell(grid.codes) == (2, 0)
    assert start_cell(grid_of("----\n----").codes) is None
    assert to_level(grid_of("----\n----")).start is None
