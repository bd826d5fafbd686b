"""Why a course cannot be finished, as `mario make` says it."""

import numpy as np
import pytest

from gym_mario_suite.levels.solver import solve
from gym_mario_suite.levels.tile_grid import LETTERS
from gym_mario_suite.play.make.verdict import judge


def verdict_of(*rows, start=None):
    codes = np.array([[LETTERS.index(letter) for letter in row] for row in rows], np.uint8)
    return judge(codes, start, solve(codes, start))


def flat(width, above=12):
    return [list("-" * width) for _ in range(above)] + [list("X" * width) for _ in range(2)]


def text_of(grid):
    return ["".join(row) for row in grid]


def test_solved():
    found = verdict_of(*text_of(flat(40)))
    assert found.solved
    assert found.reason == ""
    assert found.jumps > 0
    assert found.furthest_column == 39


def test_a_gap():
    grid = flat(60)
    for row in (12, 13):
        grid[row][10:30] = "-" * 20
    found = verdict_of(*text_of(grid))
    assert not found.solved
    assert found.reason == "gap of 20 at columns 11 to 30 is too wide"


def test_a_gap_up_to_the_goal():
    grid = flat(60)
    for row in (12, 13):
        grid[row][10:60] = "-" * 50
    assert verdict_of(*text_of(grid)).reason == "no ground up to the goal, columns 11 to 60"


def test_a_wall():
    grid = flat(60)
    for row in range(5, 12):
        grid[row][20:22] = "XX"
    assert verdict_of(*text_of(grid)).reason == "wall of 7 at column 21 is too high"


def test_a_ceiling():
    grid = flat(60)
    for row in range(11):
        grid[row][10:30] = "X" * 20
    for row in (12, 13):
        grid[row][24:28] = "----"
    found = verdict_of(*text_of(grid))
    assert not found.solved
    assert found.reason == "gap of 4 at columns 25 to 28 is too wide" or "room" in found.reason


def test_nowhere_to_start():
    assert "first 8 columns" in verdict_of(*["-" * 20] * 4).reason
    rows = text_of(flat(20))
    assert verdict_of(*rows, start=(3, 13)).reason == "the start is inside a block"
    gap = flat(60)
    for row in (12, 13):
        gap[row][0:59] = "-" * 59
    assert "pit" in verdict_of(*text_of(gap), start=(2, 5)).reason


@pytest.mark.parametrize("seed", range(60))
def test_there_is_always_a_reason(seed):
    """Of random grids: solved, or a reason that names a column of the grid or the start."""
    random = np.random.default_rng(seed)
    grid = flat(40)
    for _ in range(12):
        column, row = int(random.integers(8, 39)), int(random.integers(0, 14))
        height, width = int(random.integers(1, 9)), int(random.integers(1, 9))
        letter = "X-"[int(random.integers(2))]
        for y in range(row, min(14, row + height)):
            for x in range(column, min(40, column + width)):
                grid[y][x] = letter
    found = verdict_of(*text_of(grid))
    assert found.solved == (found.reason == "")
    if not found.solved:
        assert 0 <= found.furthest_column < 39
