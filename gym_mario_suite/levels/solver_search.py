"""The compiled search of the static solver, and the memory that it works on.

The queue is kept with all that was reached, in the order it was reached in; so an edit takes the
search back to just before the first step that looked at the edited cell.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.compiled import inline_jit, jit
from gym_mario_suite.levels.jump_arcs import REACH_COLUMNS, REACH_DOWN, REACH_UP, arc_tree
from gym_mario_suite.levels.tile_grid import START_COLUMNS

SKY_ROWS = 4

# Cells lie column by column, with so many columns and rows of nothing around grid and sky that no
# arc leads outside the array.
_SIDE = REACH_COLUMNS
_ABOVE = SKY_ROWS + REACH_UP
_BELOW = REACH_DOWN + 1
_FREE = 0
_BLOCKED = 1
_NOTHING = 2  # one can neither be there nor stand on it

# Columns of the queue: one row for each cell that was reached, in the order of the search.
_CELL = 0
_FROM = 1  # row of the cell it was reached from
_BY = 2  # row of the arc tree whose point it is, or _STEP
_TAIL = 3  # rows there were before the cell was expanded
_BEST = 4  # row of the furthest cell up to this one
_QUEUE_COLUMNS = 5
_STEP = -1

# Fields of the search.
_WIDTH = 0
_STRIDE = 1  # cells from a column to the next
_HEAD = 2  # rows of the queue that have been expanded
_LENGTH = 3  # rows of the queue
_START = 4  # the start's cell, -1 for none
_FIXED = 5  # the cell where the start has to be, 0 to look for one
_FIELDS = 6

_TREE = arc_tree()
_REACH = int(REACH_COLUMNS)
_UP = int(REACH_UP)
_DOWN = int(REACH_DOWN)


@inline_jit
def _column_of(search, cell):
    return cell // search[_STRIDE] - _SIDE


@jit
def _find_start(cells, search):
    """The lowest free cell on something solid in the first columns, of these the leftmost."""
    if search[_FIXED] > 0:
        return search[_FIXED] if cells[search[_FIXED]] == _FREE else -1
    stride = search[_STRIDE]
    for row in range(stride - _BELOW - 1, _ABOVE - 1, -1):
        for column in range(min(START_COLUMNS, search[_WIDTH])):
            cell = (column + _SIDE) * stride + row
            if cells[cell] == _FREE and cells[cell + 1] == _BLOCKED:
                return cell
    return -1


@inline_jit
def _reach(queue, reached, search, cell, origin, by):
    """Append a cell unless it was reached before; its column is known to be inside."""
    if reached[cell]:
        return
    row = search[_LENGTH]
    queue[row, _CELL] = cell
    queue[row, _FROM] = origin
    queue[row, _BY] = by
    best = row
    if row > 0:
        best = queue[row - 1, _BEST]
        if _column_of(search, cell) > _column_of(search, queue[best, _CELL]):
            best = row
    queue[row, _BEST] = best
    reached[cell] = row + 1
    search[_LENGTH] = row + 1


@jit
def _expand(cells, queue, reached, search, offsets, row):
    """Reach all cells that can be reached from that of a row of the queue in one move."""
    cell = np.int64(queue[row, _CELL])
    stride = search[_STRIDE]
    left = cell - stride
    right = cell + stride
    if cells[cell + 1] != _BLOCKED:
        if cells[cell + 1] == _FREE:
            _reach(queue, reached, search, cell + 1, row, _STEP)
            if cells[left] == _FREE and cells[left + 1] == _FREE:
                _reach(queue, reached, search, left + 1, row, _STEP)
            if cells[right] == _FREE and cells[right + 1] == _FREE:
                _reach(queue, reached, search, right + 1, row, _STEP)
        return
    if cells[right] == _FREE:
        _reach(queue, reached, search, right, row, _STEP)
    if cells[left] == _FREE:
        _reach(queue, reached, search, left, row, _STEP)
    point = 0
    while point < offsets.shape[0]:
        target = cell + offsets[point, 0]
        if cells[target] == _FREE:
            _reach(queue, reached, search, target, row, point)
            point += 1
        else:
            point = np.int64(offsets[point, 1])


@jit
def run_search(cells, queue, reached, search, offsets):
    """Search until the last column is reached or nothing new can be.

    Returns the furthest column.
    """
    if search[_LENGTH] == 0:
        search[_START] = _find_start(cells, search)
        if search[_START] < 0:
            return -1
        _reach(queue, reached, search, search[_START], -1, _STEP)
    last = search[_WIDTH] - 1
    while True:
        length = search[_LENGTH]
        furthest = _column_of(search, queue[queue[length - 1, _BEST], _CELL])
        if furthest == last or search[_HEAD] == length:
            return furthest
        queue[search[_HEAD], _TAIL] = length
        _expand(cells, queue, reached, search, offsets, search[_HEAD])
        search[_HEAD] += 1


@jit
def _forget_from(queue, reached, search, row):
    """Go back to before row `row` of the queue was expanded."""
    if row >= search[_HEAD]:
        return
    keep = np.int64(queue[row, _TAIL])
    for i in range(keep, search[_LENGTH]):
        reached[queue[i, _CELL]] = 0
    search[_HEAD] = row
    search[_LENGTH] = keep


@jit
def begin_anew(queue, reached, search):
    """Forget the search; `lay_out` may then put another grid in its place."""
    for i in range(search[_LENGTH]):
        reached[queue[i, _CELL]] = 0
    search[_HEAD] = 0
    search[_LENGTH] = 0


@jit
def change_cell(cells, queue, reached, search, column, row, solid):
    """Make a cell solid or free, and take back what of the search may have looked at it."""
    stride = search[_STRIDE]
    changed = (column + _SIDE) * stride + row + _ABOVE
    value = _BLOCKED if solid else _FREE
    # A search that ends at a goal knows nothing of the columns beyond it.
    if cells[changed] == value or cells[changed] == _NOTHING:
        return
    first = search[_HEAD]
    # Who stood on the ground had looked as far as the arcs reach, who fell only next to himself.
    for x in range(max(column - _REACH, 0), min(column + _REACH + 1, search[_WIDTH])):
        for y in range(max(row - _DOWN, -SKY_ROWS), row + _UP + 1):
            cell = (x + _SIDE) * stride + y + _ABOVE
            if cells[cell] == _NOTHING:
                break
            if reached[cell] == 0 or reached[cell] > first:
                continue
            near = abs(x - column) <= 1 and 0 <= row - y <= 1
            if near or cells[cell + 1] == _BLOCKED:
                first = min(first, reached[cell] - 1)
    cells[changed] = value
    _forget_from(queue, reached, search, first)
    may_move = column < START_COLUMNS or search[_FIXED] > 0
    if may_move and _find_start(cells, search) != search[_START]:
        begin_anew(queue, reached, search)


@jit
def mark_way(queue, search, tree, marks):
    """Mark the cells of the way that was found, and count its jumps.

    Args:
        queue: As `run_search` left it.
        search: As `run_search` left it.
        tree: `jump_arcs.arc_tree()`.
        marks: uint8[height, width], set to 1 where the way leads and to 0 elsewhere.

    Returns:
        The jumps.
    """
    marks[:] = 0
    length = search[_LENGTH]
    if length == 0:
        return 0
    stride = search[_STRIDE]
    jumps = 0
    row = np.int64(queue[length - 1, _BEST])
    while row >= 0:
        cell = np.int64(queue[row, _CELL])
        origin = np.int64(queue[row, _FROM])
        by = np.int64(queue[row, _BY])
        jumps += by >= 0
        while True:
            y = cell % stride - _ABOVE
            if y >= 0:
                marks[y, cell // stride - _SIDE] = 1
            by = np.int64(tree[by, 2]) if by >= 0 else -1
            if by < 0:
                break
            cell = np.int64(queue[origin, _CELL]) + tree[by, 0] * stride + tree[by, 1]
        row = origin
    return jumps


@jit
def aim(search, column, row, goal):
    """Have a search, not laid out yet, begin in a cell and end with a column.

    Args:
        search: One grid's.
        column: Column of the start, -1 to look for one.
        row: Its row, which may be one of the sky above the grid.
        goal: The column.
    """
    search[_WIDTH] = goal + 1
    search[_FIXED] = 0
    if column >= 0:
        search[_FIXED] = (column + _SIDE) * search[_STRIDE] + row + _ABOVE


@jit
def lay_out(cells, search, codes, solid):
    """Fill `cells` from the codes of a grid, up to the column with which the search ends."""
    cells[:] = _NOTHING
    stride = search[_STRIDE]
    for x in range(search[_WIDTH]):
        top = (x + _SIDE) * stride + _ABOVE
        cells[top - SKY_ROWS : top] = _FREE
        for y in range(codes.shape[0]):
            cells[top + y] = _BLOCKED if solid[codes[y, x]] else _FREE


@jit
def _write_path(queue, search, tree, end, path):
    """Write the way to row `end` backwards from the end of `path`; returns where it begins."""
    stride = search[_STRIDE]
    at = path.shape[0]
    row = end
    while row >= 0:
        cell = np.int64(queue[row, _CELL])
        at -= 1
        path[at, 0] = cell // stride - _SIDE
        path[at, 1] = cell % stride - _ABOVE
        origin = np.int64(queue[row, _FROM])
        by = np.int64(queue[row, _BY])
        if by >= 0:
            base = np.int64(queue[origin, _CELL])
            point = np.int64(tree[by, 2])
            while point >= 0:
                at -= 1
                path[at, 0] = base // stride - _SIDE + tree[point, 0]
                path[at, 1] = base % stride - _ABOVE + tree[point, 1]
                point = np.int64(tree[point, 2])
        row = origin
    return at


@jit
def _path_length(queue, tree, end):
    cells = 0
    row = end
    while row >= 0:
        cells += 1
        by = np.int64(queue[row, _BY])
        point = np.int64(tree[by, 2]) if by >= 0 else -1
        while point >= 0:
            cells += 1
            point = np.int64(tree[point, 2])
        row = np.int64(queue[row, _FROM])
    return cells


def search_memory(
    height: int, width: int, count: int
) -> tuple[
    NDArray[np.uint8], NDArray[np.int32], NDArray[np.int32], NDArray[np.int64], NDArray[np.int32]
]:
    """What the compiled functions work on, for `count` grids of one size.

    Returns:
        cells, queue, reached, search (each with a row for each grid) and the offsets of the arcs,
        which all share. `lay_out` fills in a grid.
    """
    stride = height + _ABOVE + _BELOW
    size = (width + 2 * _SIDE) * stride
    search = np.zeros((count, _FIELDS), np.int64)
    search[:, _WIDTH] = width
    search[:, _STRIDE] = stride
    offsets = np.empty((len(_TREE), 2), np.int32)
    offsets[:, 0] = _TREE[:, 0] * stride + _TREE[:, 1]
    offsets[:, 1] = _TREE[:, 3]
    return (
        np.empty((count, size), np.uint8),
        np.zeros((count, width * (height + SKY_ROWS) + 1, _QUEUE_COLUMNS), np.int32),
        np.zeros((count, size), np.int32),  # row of the queue plus one, 0 for not reached
        search,
        offsets,
    )


def found_way(queue: NDArray[np.int32], search: NDArray[np.int64]) -> NDArray[np.int32]:
    """The way to the furthest cell, int32[n, 2]: columns and rows, as `run_search` left it."""
    if search[_LENGTH] == 0:
        return np.zeros((0, 2), np.int32)
    end = int(queue[search[_LENGTH] - 1, _BEST])
    path = np.empty((_path_length(queue, _TREE, end), 2), np.int32)
    _write_path(queue, search, _TREE, end, path)
    return path
