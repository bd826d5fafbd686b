"""Whether a course can be finished, and if not, what is in the way.

The solver says how far Mario comes. Why he comes no further is found by trying: things that could
be in the way are taken away one at a time, and what lets him pass was it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.levels.jump_arcs import REACH_UP
from gym_mario_suite.levels.solver import Solution, solve
from gym_mario_suite.levels.tile_grid import SOLID, Tile

Codes = NDArray[np.uint8]
_AHEAD = 14  # columns beyond the furthest one that are looked at
_HEADROOM = 5


@dataclass(frozen=True)
class Verdict:
    """What the solver says of a course.

    Attributes:
        solved: Whether the goal's column can be reached.
        furthest_column: The last column that can be, -1 without a place to start.
        path: Columns and rows of the way there, int32[n, 2].
        jumps: How often Mario takes off on it.
        reason: What is in the way, a sentence; empty when it is solved.
    """

    solved: bool
    furthest_column: int
    path: NDArray[np.int32]
    jumps: int
    reason: str


def judge(codes: Codes, start: tuple[int, int] | None, found: Solution) -> Verdict:
    """Explain what the solver found.

    Args:
        codes: Tile codes of the columns up to the goal's.
        start: Where Mario starts; None for the solver's choice.
        found: The solver's answer.
    """
    reason = "" if found.solved else _reason(codes, start, found)
    jumps = _jumps(codes, found.path)
    return Verdict(found.solved, found.furthest_column, found.path, jumps, reason)


def _jumps(codes: Codes, path: NDArray[np.int32]) -> int:
    """Steps upwards from something solid."""
    if len(path) < 2:
        return 0
    here, after = path[:-1], path[1:]
    return sum(
        bool(y2 < y and _solid(codes, x, y + 1))
        for (x, y), (_, y2) in zip(here.tolist(), after.tolist(), strict=True)
    )


def _solid(codes: Codes, column: int, row: int) -> bool:
    height, width = codes.shape
    return 0 <= row < height and 0 <= column < width and bool(SOLID[codes[row, column]])


def _reason(codes: Codes, start: tuple[int, int] | None, found: Solution) -> str:
    furthest = found.furthest_column
    if furthest < 0:
        if start is not None:
            return "the start is inside a block"
        return "no place to stand in the first 8 columns"
    stood = [(x, y) for x, y in found.path.tolist() if _solid(codes, x, y + 1)]
    if not stood:
        return "the start is above a pit"
    x, y = max(stood)
    for text, changed in _trials(codes, x, y, furthest):
        if solve(changed, start).furthest_column > furthest:
            return text
    return f"no jump leads past column {furthest + 1}"


def _trials(codes: Codes, x: int, y: int, furthest: int) -> list[tuple[str, Codes]]:
    """What could be in the way of Mario at (x, y), and the codes without it."""
    end = min(codes.shape[1], furthest + _AHEAD)
    ahead = range(x + 1, end)
    trials: list[tuple[str, Codes]] = []
    gap = _gap(codes, x, end)
    if gap:
        first, last = gap
        bridged = codes.copy()
        bridged[min(y + 1, codes.shape[0] - 1), x + 1 : last + 1] = Tile.GROUND
        columns = f"columns {first + 1} to {last + 1}"
        text = f"gap of {last - first + 1} at {columns} is too wide"
        if last == codes.shape[1] - 1:
            text = f"no ground up to the goal, {columns}"
        trials.append((text, bridged))
    wall = next((c for c in ahead if _solid(codes, c, y)), None)
    if wall is not None:
        top = y
        while top >= 0 and _solid(codes, wall, top):
            top -= 1
        rise = y - top
        opened = codes.copy()
        opened[max(0, y - _HEADROOM) : y + 1, wall : min(end, wall + 3)] = Tile.EMPTY
        trials.append((f"wall of {rise} at column {wall + 1} is too high", opened))
    ceiling = codes.copy()
    low, high = max(0, x - 2), min(codes.shape[1], furthest + 4)
    ceiling[max(0, y - REACH_UP - 1) : y, low:high] = Tile.EMPTY
    if not np.array_equal(ceiling, codes):
        trials.append((f"too little room to jump near column {x + 1}", ceiling))
    step = next((c for c in ahead if _stands_above(codes, c, y)), None)
    if step is not None:
        row = _stands_above(codes, step, y)
        stair = codes.copy()
        for k, c in enumerate(range(max(x, step - 2), step)):
            stair[min(y, (row or 0) + 3 - k), c] = Tile.GROUND
        rise = y - (row or 0)
        trials.append((f"step of {rise} rows up at column {step + 1} is too high", stair))
    floor = codes.copy()
    floor[min(y + 1, codes.shape[0] - 1), x + 1 : end] = Tile.GROUND
    floor[max(0, y - _HEADROOM) : y + 1, x + 1 : end] = Tile.EMPTY
    trials.append((f"no way on from column {x + 1}: too far, or too narrow", floor))
    return trials


def _gap(codes: Codes, x: int, end: int) -> tuple[int, int] | None:
    """First and last of the next columns beyond x in which nobody can stand."""
    solid = SOLID[codes]
    first = x + 1
    while first < end and _stands(solid[:, first]):
        first += 1
    last = first - 1
    while last + 1 < codes.shape[1] and not _stands(solid[:, last + 1]):
        last += 1
    return (first, last) if last >= first and first < end else None


def _stands(column: NDArray[np.bool_]) -> bool:
    return bool((column[1:] & ~column[:-1]).any() or column[0])


def _stands_above(codes: Codes, column: int, row: int) -> int | None:
    """The lowest row above `row` of a column with room above something solid."""
    for y in range(row - 1, -1, -1):
        if _solid(codes, column, y + 1) and not _solid(codes, column, y):
            return y
    return None
