"""Making a level passable: parts of it are drawn anew where the static solver gets stuck."""

from __future__ import annotations

import numpy as np

from gym_mario_suite.errors import LevelError
from gym_mario_suite.levels.diffusion.footprints import open_structures, remove_broken
from gym_mario_suite.levels.diffusion.sampler import Canvas, Sampler
from gym_mario_suite.levels.solver import Solver
from gym_mario_suite.levels.tile_grid import MASK, N_TILES, SOLID, Tile

_BEFORE, _BEYOND = 4, 12  # columns around the furthest one that are drawn anew
_GROWS_EVERY = 3  # a try more makes the window a column wider on each side every so often
_STEPS = 8
_CONTEXT = 24  # columns beside the window that the network sees
_HEADROOM = 3
_BRIDGE_TILES = (Tile.GROUND, Tile.BRICK, Tile.COIN_BLOCK, Tile.POWER_BLOCK)


def inpaint_until_passable(
    sampler: Sampler, canvas: Canvas, shape: tuple[int, int], key: int, tries: int
) -> int:
    """Draw windows anew where the way ends, until it leads through or `tries` are spent.

    A try that makes the way shorter is undone.

    Args:
        sampler: Draws the windows.
        canvas: Changed in place.
        shape: Rows and columns of the level, which is the canvas' lower left.
        key: Seed; each try has noise of its own.
        tries: At most.

    Returns:
        How many tries were made.
    """
    rows, columns = shape
    height, width = canvas.codes.shape
    # Without an added row, which would be more sky than the level has.
    top = height - rows
    solver = Solver(canvas.codes[top:, :columns])
    furthest = solver.furthest_column()
    stuck = 0
    for attempt in range(tries):
        if furthest == columns - 1:
            return attempt
        grown = stuck // _GROWS_EVERY
        first = max(0, furthest - _BEFORE - grown) // 2 * 2
        end = min(width, furthest + _BEYOND + grown + (furthest + _BEYOND + grown) % 2)
        before = canvas.codes.copy()
        window = canvas.codes[:, first:end]
        window[~canvas.frozen[:, first:end]] = MASK
        open_structures(canvas.codes, canvas.frozen)
        undecided = np.flatnonzero((canvas.codes == MASK).any(0))
        if not len(undecided):
            stuck += 1
            continue
        low = max(0, min(first, int(undecided[0])) - _CONTEXT) // 2 * 2
        high = min(width, max(end, int(undecided[-1]) + 1) + _CONTEXT)
        sampler.fill(canvas, key + attempt, _STEPS, (low, high + high % 2))
        for column in np.flatnonzero((canvas.codes != before).any(0)):
            if column < columns:
                solver.edit_column(int(column), canvas.codes[top:, column])
        reached = solver.furthest_column()
        if reached < furthest:
            for column in np.flatnonzero((canvas.codes != before).any(0)):
                if column < columns:
                    solver.edit_column(int(column), before[top:, column])
            canvas.codes[:] = before
        stuck = stuck + 1 if reached <= furthest else 0
        furthest = max(furthest, reached)
    return tries


def bridge(canvas: Canvas, shape: tuple[int, int]) -> None:
    """Lay a floor from where the way ends to where it goes on, which always ends in a way through.

    Args:
        canvas: Changed in place.
        shape: Rows and columns of the level, which is the canvas' lower left.

    Raises:
        LevelError: If frozen cells, limits or the allowed tiles leave no way.
    """
    codes = canvas.codes
    rows, columns = shape
    top = len(codes) - rows
    for _ in range(columns):
        solution = Solver(codes[top:, :columns]).solution()
        if solution.solved:
            return
        x, y = _last_footing(canvas, solution.path + np.array((0, top)))
        before = codes.copy()
        reach = min(columns, max(x, solution.furthest_column) + 2)
        for column in range(x + 1, reach):
            _lay(canvas, column, y)
        remove_broken(codes, canvas.frozen | _laid(before, codes))
        if np.array_equal(before, codes):
            break
    raise LevelError(
        "no way leads through the level, and none can be made: frozen cells, limits or the tiles "
        "allowed leave no room; loosen them, or generate with playable=False"
    )


def _laid(before: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Cells that were made solid."""
    return (before != codes) & SOLID[codes]


def _last_footing(canvas: Canvas, path: np.ndarray) -> tuple[int, int]:
    """The last cell of the way that one can stand in; without a way, the bottom left corner."""
    codes = canvas.codes
    rows = codes.shape[0]
    for x, y in path[::-1].tolist():
        if 0 <= y < rows - 1 and SOLID[codes[y + 1, x]]:
            return x, y
    return -1, rows - 2


def _lay(canvas: Canvas, column: int, row: int) -> None:
    """Make (row, column) a free cell with headroom and a floor, as far as it is not frozen."""
    codes, frozen = canvas.codes, canvas.frozen
    for y in range(max(0, row - _HEADROOM), row + 1):
        if SOLID[codes[y, column]] and not frozen[y, column]:
            codes[y, column] = Tile.EMPTY
    below = row + 1
    if SOLID[codes[below, column]] or frozen[below, column]:
        return
    constraints = canvas.constraints
    counts = np.bincount(codes.ravel(), minlength=N_TILES + 1)
    for tile in _BRIDGE_TILES:
        groups = zip(constraints.groups, constraints.limits, strict=True)
        full = any(
            bits >> tile & 1 and sum(int(counts[t]) for t in Tile if bits >> t & 1) >= limit
            for bits, limit in groups
        )
        if constraints.allowed >> tile & 1 and not full:
            codes[below, column] = tile
            return
