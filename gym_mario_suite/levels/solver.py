"""The static solver: can the last column of a grid be reached by walking, falling and jumping?

Creatures are ignored, and Mario is one cell that jumps along the published arcs of
`levels.jump_arcs`. On the ground he steps to the left or right or takes off; on an arc he goes on
while the cells are free, and may let go at any point; in the air he falls row by row, straight or
with a column of drift. Four rows of open sky are above the grid; beside and below it is nothing.
The search is exact for these rules and deterministic. It underestimates how well Mario steers in
the air, and knows no enemies, springs or moving platforms.

`Solver` keeps its search: after an edit it goes on from the first step that looked at the edited
cell, so that editors and environments can ask after every single edit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gym_mario_suite.errors import LevelError, as_integer
from gym_mario_suite.levels.solver_search import (
    SKY_ROWS,
    aim,
    change_cell,
    found_way,
    lay_out,
    run_search,
    search_memory,
)
from gym_mario_suite.levels.tile_grid import N_TILES, SOLID, array_of_codes, checked_codes


@dataclass(frozen=True)
class Solution:
    """What the solver found.

    Attributes:
        solved: Whether the last column can be reached.
        furthest_column: The last column that can be reached, -1 where there is no place to start.
        path: int32[n, 2], columns and rows of the cells from the start to there (to the first one
            of that column that was found); rows of the sky are negative.
    """

    solved: bool
    furthest_column: int
    path: NDArray[np.int32]


class Solver:
    """A grid that can be edited, with a search that is kept up to date.

    After any edits the answer equals that of a new solver of the edited grid.

    Args:
        codes: Tile codes, [height, width].
        start: Column and row of the cell where Mario starts, which may be in the air and in the
            rows of sky above the grid (-1 to -4); None for the lowest standing place of the first
            columns. Nothing can be reached from a start within something solid.

    Raises:
        LevelError: When these are no tile codes.
        OptionError: For a start outside the grid.
    """

    def __init__(self, codes: ArrayLike, start: tuple[int, int] | None = None) -> None:
        self._codes = np.array(checked_codes(codes))
        height, width = self._codes.shape
        memory = search_memory(height, width, 1)
        self._cells, self._queue, self._reached, self._search = (each[0] for each in memory[:4])
        self._offsets = memory[4]
        if start is not None:
            column = as_integer("the start's column", start[0], 0, width - 1)
            row = as_integer("the start's row", start[1], -SKY_ROWS, height - 1)
            aim(self._search, column, row, width - 1)
        lay_out(self._cells, self._search, self._codes, SOLID)

    @property
    def codes(self) -> NDArray[np.uint8]:
        """The grid as it is now, uint8[height, width]; a copy."""
        return self._codes.copy()

    def edit(self, row: int, column: int, code: int) -> None:
        """Change one cell.

        Raises:
            OptionError: For a cell outside the grid or an unknown code.
        """
        height, width = self._codes.shape
        row = as_integer("row", row, 0, height - 1)
        column = as_integer("column", column, 0, width - 1)
        self._put(row, column, as_integer("code", code, 0, N_TILES - 1))

    def edit_column(self, column: int, codes: ArrayLike) -> None:
        """Change a whole column.

        Raises:
            OptionError: For a column outside the grid.
            LevelError: When `codes` are not as many tile codes as the grid has rows.
        """
        height, width = self._codes.shape
        column = as_integer("column", column, 0, width - 1)
        array = array_of_codes(codes)
        if array.shape != (height,):
            raise LevelError(f"a column of the grid has {height} codes, got shape {array.shape}")
        for row, code in enumerate(checked_codes(array[None])[0]):
            self._put(row, column, int(code))

    def _put(self, row: int, column: int, code: int) -> None:
        if SOLID[code] != SOLID[self._codes[row, column]]:
            change_cell(
                self._cells,
                self._queue,
                self._reached,
                self._search,
                column,
                row,
                bool(SOLID[code]),
            )
        self._codes[row, column] = code

    def furthest_column(self) -> int:
        """The last column that can be reached, -1 where there is no place to start."""
        return int(run_search(self._cells, self._queue, self._reached, self._search, self._offsets))

    def solved(self) -> bool:
        """Whether the last column can be reached."""
        return self.furthest_column() == self._codes.shape[1] - 1

    def solution(self) -> Solution:
        """The answer with the way."""
        furthest = self.furthest_column()
        solved = furthest == self._codes.shape[1] - 1
        return Solution(solved, furthest, found_way(self._queue, self._search))


def solve(codes: ArrayLike, start: tuple[int, int] | None = None) -> Solution:
    """Search a grid for a way from its start to its last column.

    Args:
        codes: Tile codes, [height, width].
        start: As of `Solver`.

    Raises:
        LevelError: When these are no tile codes.
        OptionError: For a start outside the grid.
    """
    return Solver(codes, start).solution()


def solve_to(goal: int, codes: ArrayLike, start: tuple[int, int] | None = None) -> Solution:
    """Search a grid for a way from its start to a column.

    A start beyond that column has arrived already.

    Args:
        goal: The column, one of the grid's.
        codes: Tile codes, [height, width].
        start: As of `Solver`.

    Raises:
        LevelError: When these are no tile codes.
        OptionError: For a start outside the grid.
    """
    if start is not None and start[0] > goal:
        return Solution(True, start[0], np.array([start], np.int32))
    return solve(np.asarray(codes)[:, : goal + 1], start)


def furthest_columns(grids: Sequence[ArrayLike] | NDArray[np.uint8]) -> NDArray[np.int64]:
    """The last column that can be reached in each of many grids, int64[n]; -1 for no start.

    Args:
        grids: Tile codes, [n, height, width], or a sequence of grids of any sizes.

    Raises:
        LevelError: When these are no tile codes.
    """
    return np.array([Solver(codes).furthest_column() for codes in grids], np.int64)
