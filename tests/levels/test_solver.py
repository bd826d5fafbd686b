"""The static solver, against a plain search that follows its rules word by word."""

from __future__ import annotations

import itertools
import os
from collections import deque
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from gym_mario_suite.errors import LevelError, OptionError
from gym_mario_suite.levels.jump_arcs import ARCS, REACH_COLUMNS, REACH_DOWN, REACH_UP
from gym_mario_suite.levels.solver import SKY_ROWS, Solver, furthest_columns, solve
from gym_mario_suite.levels.tile_grid import LETTERS, SOLID, start_cell
from tests.levels.grids import CODES, code_arrays, grid_of


def reachable(codes: np.ndarray, start: tuple[int, int] | None = None) -> set[tuple[int, int]]:
    """All cells (column, row) that can be reached: a search over cells and points of arcs."""
    height, width = codes.shape

    def solid(x: int, y: int) -> bool:
        return 0 <= x < width and 0 <= y < height and bool(SOLID[codes[y, x]])

    def free(x: int, y: int) -> bool:
        return 0 <= x < width and -SKY_ROWS <= y < height and not solid(x, y)

    start = start_cell(codes) if start is None else start
    if start is None or solid(*start):
        return set()
    # (column, row, None) is walking or falling, (column, row, (arc, point)) on an arc.
    first: tuple[int, int, Any] = (*start, None)
    seen = {first}
    queue = deque([first])
    while queue:
        x, y, mode = queue.popleft()
        after: list = []
        if mode is not None:
            arc, point = mode
            after.append((x, y, None))
            if point + 1 < len(ARCS[arc]):
                take_off = (x - ARCS[arc][point][0], y - ARCS[arc][point][1])
                dx, dy = ARCS[arc][point + 1]
                after.append((take_off[0] + dx, take_off[1] + dy, (arc, point + 1)))
        elif solid(x, y + 1):
            after += [(x - 1, y, None), (x + 1, y, None)]
            after += [(x + a[0][0], y + a[0][1], (i, 0)) for i, a in enumerate(ARCS)]
        else:
            after.append((x, y + 1, None))
            after += [(x + side, y + 1, None) for side in (-1, 1) if free(x + side, y)]
        for state in after:
            if free(*state[:2]) and state not in seen:
                seen.add(state)
                queue.append(state)
    return {(x, y) for x, y, _ in seen}


def test_the_arcs_are_the_published_ones() -> None:
    assert len(ARCS) == len(set(ARCS)) == 52
    assert max(map(len, ARCS)) == 18
    assert (REACH_COLUMNS, REACH_UP, REACH_DOWN) == (9, 4, 3)


@settings(max_examples=100, deadline=None)
@given(code_arrays(max_height=12, max_width=24))
def test_the_furthest_column_is_that_of_the_plain_search(codes: np.ndarray) -> None:
    cells = reachable(codes)
    solution = solve(codes)
    assert solution.furthest_column == max((x for x, _ in cells), default=-1)
    assert solution.solved == (solution.furthest_column == codes.shape[1] - 1)
    path = [tuple(cell) for cell in solution.path.tolist()]
    assert set(path) <= cells
    if path:
        assert path[0] == start_cell(codes)
        assert path[-1][0] == solution.furthest_column
        assert all(max(abs(a - c), abs(b - d)) == 1 for (a, b), (c, d) in itertools.pairwise(path))


EDITS = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99), CODES), max_size=25)


@settings(max_examples=100, deadline=None)
@given(code_arrays(max_height=12, max_width=40), EDITS, st.integers(1, 4))
def test_after_every_edit_the_answer_is_that_of_a_new_search(
    codes: np.ndarray, edits: list[tuple[int, int, int]], ask_every: int
) -> None:
    solver = Solver(codes)
    expected = codes.copy()
    for number, (row, column, code) in enumerate(edits):
        row, column = row % codes.shape[0], column % codes.shape[1]
        expected[row, column] = code
        if number % 7 == 6:
            expected[:, column] = code
            solver.edit_column(column, expected[:, column])
        else:
            solver.edit(row, column, code)
        assert np.array_equal(solver.codes, expected)
        if number % ask_every == 0:
            fresh = solve(expected)
            kept = solver.solution()
            assert kept.furthest_column == fresh.furthest_column
            assert kept.solved == fresh.solved
            assert np.array_equal(kept.path, fresh.path)


@settings(max_examples=100, deadline=None)
@given(code_arrays(max_height=12, max_width=24), st.integers(0, 99), st.integers(0, 99), EDITS)
def test_a_start_that_is_given_is_where_the_search_begins(
    codes: np.ndarray, column: int, row: int, edits: list[tuple[int, int, int]]
) -> None:
    height, width = codes.shape
    start = column % width, row % (height + 1) - 1
    solver = Solver(codes, start)
    for number in range(len(edits) + 1):
        cells = reachable(codes, start)
        found = solver.solution()
        assert found.furthest_column == max((x for x, _ in cells), default=-1)
        assert set(map(tuple, found.path.tolist())) <= cells
        if len(found.path):
            assert tuple(found.path[0].tolist()) == start
        fresh = solve(codes, start)
        assert np.array_equal(found.path, fresh.path)
        if number == 4 or number == len(edits):
            break
        y, x, code = edits[number]
        codes[y % height, x % width] = code
        solver.edit(y % height, x % width, code)


def test_a_start_outside_is_refused() -> None:
    codes = flat_with_gap(0)
    with pytest.raises(OptionError, match="the start's column"):
        Solver(codes, (40, 3))
    with pytest.raises(OptionError, match="the start's row"):
        Solver(codes, (3, -5))
    assert solve(codes, (20, -4)).path[0].tolist() == [20, -4]


def flat_with_gap(gap: int, width: int = 40) -> np.ndarray:
    codes = np.array(grid_of("\n".join(["-" * width] * 13 + ["X" * width])).codes)
    codes[13, 15 : 15 + gap] = 2
    return codes


def test_gaps_and_walls() -> None:
    assert solve(flat_with_gap(8)).solved
    wide = solve(flat_with_gap(16))
    assert not wide.solved
    assert 15 <= wide.furthest_column < 31
    wall = flat_with_gap(0)
    wall[9:13, 20] = 0
    assert solve(wall).solved
    wall[8, 20] = 0
    assert solve(wall).furthest_column == 19
    wall[8:13, 20] = 5  # enemies do not stand in the way
    assert solve(wall).solved


def test_many_grids_at_once() -> None:
    grids = np.stack([flat_with_gap(gap) for gap in (0, 8, 12)])
    assert furthest_columns(grids).tolist() == [solve(g).furthest_column for g in grids]
    assert furthest_columns([np.full((3, 5), 2)]).tolist() == [-1]


def test_rows_of_different_lengths_are_refused() -> None:
    with pytest.raises(LevelError, match="rows of the same length"):
        solve([[0, 1], [0]])


def test_wrong_edits_are_refused_and_change_nothing() -> None:
    solver = Solver(flat_with_gap(0))
    with pytest.raises(OptionError, match="row must be a whole number from 0 to 13"):
        solver.edit(14, 0, 1)
    with pytest.raises(OptionError, match="code"):
        solver.edit(0, 0, 13)
    with pytest.raises(LevelError, match="14 codes"):
        solver.edit_column(3, [0, 1])
    with pytest.raises(LevelError, match="got 99"):
        solver.edit_column(3, [99] * 14)
    with pytest.raises(LevelError, match="same length"):
        solver.edit_column(3, [[0]] + [[0, 1]] * 13)
    assert np.array_equal(solver.codes, flat_with_gap(0))


@pytest.mark.skipif("MARIO_CORPUS" not in os.environ, reason="set MARIO_CORPUS=FOLDER")
def test_the_levels_of_super_mario_bros_can_be_solved() -> None:
    """And those of the Japanese sequel that need no spring, moving platform or warp."""
    folder = Path(os.environ["MARIO_CORPUS"])

    def solved(game: str) -> list[bool]:
        files = sorted((folder / game / "processed").glob("*.txt"))
        rows = [file.read_text().split() for file in files]
        return [solve([[LETTERS.index(c) for c in line] for line in text]).solved for text in rows]

    original, sequel = solved("smb"), solved("smb2j")
    if not original and not sequel:
        pytest.skip("the corpus has no smb/processed and no smb2j/processed")
    assert all(original)
    assert sum(sequel) >= 2 / 3 * len(sequel)
