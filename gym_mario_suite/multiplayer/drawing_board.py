"""A course in the making: a designer changes single tiles under limits."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.errors import OptionError, as_integer
from gym_mario_suite.levels.grid_levels import to_level
from gym_mario_suite.levels.level import Level
from gym_mario_suite.levels.limits import Limits, limits_named
from gym_mario_suite.levels.solver import Solver
from gym_mario_suite.levels.tile_grid import N_TILES, Tile, TileGrid

ROWS = 14
GROUND_ROWS = 2
# Where the player starts and where the exit is, nothing can be changed.
FROZEN_COLUMNS = 5
_LEAST_WIDTH = 3 * FROZEN_COLUMNS
_MOST_WIDTH = 400


class DrawingBoard:
    """Flat ground to begin with; every change keeps the limits, or is refused.

    Args:
        width: Columns.
        limits: Name of a profile of `levels.limits`, or the most of each group.

    Attributes:
        codes: uint8[14, width], values of `levels.tile_grid.Tile`.
        limits: The limits.

    Raises:
        OptionError: For a width or limits that are not possible.
    """

    def __init__(self, width: int, limits: str | Limits | Mapping[str, int]) -> None:
        self.width = as_integer("width", width, _LEAST_WIDTH, _MOST_WIDTH)
        self.limits = limits_named(limits)
        self.codes = np.full((ROWS, self.width), Tile.EMPTY, np.uint8)
        self.clear()
        broken = self.limits.violations(self.codes)
        if broken:
            raise OptionError(f"limits that flat ground is beyond already: {broken[0]}")

    def clear(self) -> None:
        """Back to flat ground."""
        self.codes[:] = Tile.EMPTY
        self.codes[-GROUND_ROWS:] = Tile.GROUND
        self._solver = Solver(self.codes)

    def put(self, row: int, column: int, code: int) -> str | None:
        """Change a tile; why it was refused, or None.

        Raises:
            OptionError: For a place outside of the board, or no tile code.
        """
        row = as_integer("row", row, 0, ROWS - 1)
        column = as_integer("column", column, 0, self.width - 1)
        code = as_integer("tile", code, 0, N_TILES - 1)
        if not FROZEN_COLUMNS <= column < self.width - FROZEN_COLUMNS:
            return "the beginning and the end of a course cannot be changed"
        before = int(self.codes[row, column])
        self.codes[row, column] = code
        broken = self.limits.violations(self.codes)
        if broken:
            self.codes[row, column] = before
            return broken[0]
        if code != before:
            self._solver.edit(row, column, code)
        return None

    @property
    def way(self) -> float:
        """How far one can come, creatures aside, as a share of the course: 1 for all of it."""
        return max(self._solver.furthest_column(), 0) / (self.width - 1)

    def load(self, codes: NDArray[np.uint8]) -> None:
        """Go on with these codes, uint8[14, width]."""
        self.codes[:] = codes
        self._solver = Solver(self.codes)

    def level(self) -> Level:
        """The course as a level."""
        return to_level(TileGrid(self.codes, metadata={"generator": "designer"}))
