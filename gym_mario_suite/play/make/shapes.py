"""Cells of lines, rectangles and connected areas, as columns and rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Cell = tuple[int, int]


def line_cells(start: Cell, end: Cell) -> list[Cell]:
    """The cells of a straight line without gaps, both ends included."""
    (x0, y0), (x1, y1) = start, end
    steps = max(abs(x1 - x0), abs(y1 - y0))
    if steps == 0:
        return [start]
    return [
        (round(x0 + (x1 - x0) * i / steps), round(y0 + (y1 - y0) * i / steps))
        for i in range(steps + 1)
    ]


def rectangle_cells(corner: Cell, other: Cell, filled: bool) -> list[Cell]:
    """The cells of a rectangle between two corners, or of its outline."""
    left, right = sorted((corner[0], other[0]))
    top, bottom = sorted((corner[1], other[1]))
    return [
        (x, y)
        for y in range(top, bottom + 1)
        for x in range(left, right + 1)
        if filled or x in (left, right) or y in (top, bottom)
    ]


def flood_cells(cells: NDArray[np.uint8], at: Cell) -> list[Cell]:
    """The connected cells (by their sides) that hold the same as the one at `at`."""
    height, width = cells.shape
    x, y = at
    if not (0 <= x < width and 0 <= y < height):
        return []
    same = cells == cells[y, x]
    seen = np.zeros_like(same)
    seen[y, x] = True
    stack, found = [at], []
    while stack:
        x, y = stack.pop()
        found.append((x, y))
        for nx, ny in ((x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)):
            if 0 <= nx < width and 0 <= ny < height and same[ny, nx] and not seen[ny, nx]:
                seen[ny, nx] = True
                stack.append((nx, ny))
    return found
