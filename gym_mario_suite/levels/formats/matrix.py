"""Integer matrices of tile codes, as the repository of the two-dimensional VAE keeps its levels.

The codes are those of `tile_grid.Tile`; that repository has the first eleven. In `.json` a matrix
is a list of rows, in `.txt` numbers parted by blanks or commas, a line for each row, in `.npy` an
array. A batch of one level (three dimensions, the first of size one) counts as that level.
"""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np

from gym_mario_suite.engine.level_image import MAX_HEIGHT
from gym_mario_suite.errors import LevelError
from gym_mario_suite.levels.formats.arrays import read_npy, write_npy
from gym_mario_suite.levels.tile_grid import N_TILES, TileGrid, array_of_codes, checked_codes

_WORD = re.compile(r"[^\s,;]+")
_NUMBER = re.compile(r"[+-]?\d{1,9}")
_MOST_WHOLE = 1 << 53


def grid_of_codes(codes: Any) -> TileGrid:
    """The grid of an array of codes, or of a batch of one.

    Raises:
        LevelError: When it is none.
    """
    array = array_of_codes(codes)
    if array.ndim == 3 and len(array) == 1:
        array = array[0]
    if array.ndim == 3:
        raise LevelError(
            f"expected a matrix of tile codes, [height, width], got {len(array)} of them in an "
            f"array of shape {array.shape}: give one level"
        )
    is_whole = array.dtype.kind == "f" and np.array_equal(array, np.rint(array))
    # What no whole number can hold, infinity say, stays as it is and is refused as such.
    if is_whole and (np.abs(array.astype(np.float64)) < _MOST_WHOLE).all():
        array = array.astype(np.int64)
    return TileGrid(checked_codes(array))


def read_matrix_npy(data: bytes) -> TileGrid:
    """The grid of a `.npy` file.

    Raises:
        LevelError: When it holds no matrix of tile codes.
    """
    return grid_of_codes(read_npy(data))


def write_matrix_npy(grid: TileGrid) -> bytes:
    """A `.npy` file of the codes, int64[height, width]."""
    return write_npy(grid.codes.astype(np.int64))


def read_matrix_rows(rows: Any) -> TileGrid:
    """The grid of a parsed JSON matrix: a list of rows, or a list of one such list.

    Raises:
        LevelError: When it is none; the message names row and column.
    """
    if isinstance(rows, list) and len(rows) == 1 and isinstance(rows[0], list):
        inner = rows[0]
        if inner and all(isinstance(row, list) for row in inner):
            rows = inner
    if not isinstance(rows, list) or not rows or not all(isinstance(row, list) for row in rows):
        raise LevelError("expected a matrix of tile codes: a list of lists of whole numbers")
    for number, row in enumerate(rows, 1):
        for column, code in enumerate(row, 1):
            _check_code(code, number, column)
        _check_width(len(row), len(rows[0]), number)
    if not rows[0]:
        raise LevelError("the first row of the matrix is empty")
    return TileGrid(checked_codes(rows))


def write_matrix_json(grid: TileGrid) -> str:
    """The codes as JSON, a line for each row."""
    rows = ",\n ".join(json.dumps(row) for row in grid.codes.tolist())
    return f"[{rows}]\n"


def read_matrix_text(text: str) -> TileGrid:
    """The grid of a text of numbers.

    Raises:
        LevelError: When it is none; the message names line and column.
    """
    rows: list[list[int]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        row = []
        for word in _WORD.finditer(line):
            if not _NUMBER.fullmatch(word[0]):
                raise LevelError(
                    f"expected a tile code from 0 to {N_TILES - 1} at line {number}, column "
                    f"{word.start() + 1}, got {word[0][:20]!r}"
                )
            _check_code(int(word[0]), number, word.start() + 1, "line")
            row.append(int(word[0]))
        rows.append(row)
        _check_width(len(row), len(rows[0]), number, "line")
        if len(rows) > MAX_HEIGHT:
            raise LevelError(f"a matrix has at most {MAX_HEIGHT} rows, line {number} is beyond")
    if not rows:
        raise LevelError("the matrix is empty: expected rows of tile codes")
    return TileGrid(checked_codes(rows))


def write_matrix_text(grid: TileGrid) -> str:
    """The codes as numbers parted by blanks, a line for each row."""
    return "".join(" ".join(map(str, row)) + "\n" for row in grid.codes.tolist())


def _check_code(code: object, row: int, column: int, what: str = "row") -> None:
    if isinstance(code, bool) or not isinstance(code, int) or not 0 <= code < N_TILES:
        raise LevelError(
            f"expected a tile code from 0 to {N_TILES - 1} at {what} {row}, column {column}, got "
            f"{repr(code)[:40]}"
        )


def _check_width(have: int, want: int, row: int, what: str = "row") -> None:
    if have != want:
        raise LevelError(
            f"{what} {row} of the matrix has {have} codes, but the first has {want}: all rows "
            "must have the same length"
        )
