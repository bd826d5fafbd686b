"""The 3x3 patterns of some levels, row by row, and which fit beside and below each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.errors import LevelError
from gym_mario_suite.levels.formats.arrays import read_npz, write_npz
from gym_mario_suite.levels.ngram import ROWS, fourteen_rows
from gym_mario_suite.levels.tile_grid import N_TILES

SIZE = 3
PATTERN_ROWS = ROWS - SIZE + 1
RIGHT, LEFT, DOWN, UP = range(4)
OPPOSITE = (LEFT, RIGHT, UP, DOWN)
_SHIPPED = Path(__file__).parent / "wfc.npz"


class Patterns:
    """Patterns with the rows they were seen in.

    A pattern belongs to the row of its upper left tile: the ground stays below and the sky above,
    and few patterns have to be kept in view at each place.

    Args:
        rows: Row of each pattern, uint8[n], ascending.
        tiles: Its codes, uint8[n, 3, 3].
        counts: How often it was seen there, int32[n].
        starts: Patterns of the first column of each level, int16[levels, 12], from the top.

    Raises:
        LevelError: When the arrays do not fit each other.

    Attributes:
        first: int64[13]: patterns of row r are `first[r]` up to, not including, `first[r + 1]`.
        neighbours: For each direction (right, left, down, up) int64[n + 1] and int32[m]: which
            patterns fit there, as compressed rows.
    """

    def __init__(
        self, rows: NDArray[Any], tiles: NDArray[Any], counts: NDArray[Any], starts: NDArray[Any]
    ) -> None:
        n = len(rows)
        fits = (
            n > 0
            and tiles.shape == (n, SIZE, SIZE)
            and counts.shape == (n,)
            and starts.ndim == 2
            and starts.shape[1] == PATTERN_ROWS
            and len(starts) > 0
            and bool((np.diff(rows.astype(int)) >= 0).all())
            and set(rows.tolist()) == set(range(PATTERN_ROWS))
            and int(tiles.max()) < N_TILES
            and int(counts.min()) > 0
            and bool((rows[starts] == np.arange(PATTERN_ROWS)).all())
        )
        if not fits:
            raise LevelError("these are no patterns of levels")
        self.rows = rows
        self.tiles = tiles
        self.counts = counts
        self.starts = starts
        self.first = np.searchsorted(rows, np.arange(PATTERN_ROWS + 1))
        self.neighbours = self._fitting()

    @classmethod
    def of_levels(cls, levels: Iterable[NDArray[np.uint8]]) -> Patterns:
        """Collect the patterns of some levels.

        Args:
            levels: Tile codes, uint8[rows, columns]; cut or filled with air at the top.

        Raises:
            LevelError: When no level has three columns.
        """
        seen: Counter[tuple[int, bytes]] = Counter()
        beginnings: list[list[tuple[int, bytes]]] = []
        for codes in levels:
            grid = fourteen_rows(codes)
            if grid.shape[1] < SIZE:
                continue
            windows = np.lib.stride_tricks.sliding_window_view(grid, (SIZE, SIZE))
            keys = [[(row, w.tobytes()) for w in windows[row]] for row in range(PATTERN_ROWS)]
            for line in keys:
                seen.update(line)
            beginnings.append([line[0] for line in keys])
        if not beginnings:
            raise LevelError("there is no level of three columns to take patterns from")
        order = sorted(seen)
        number = {key: index for index, key in enumerate(order)}
        return cls(
            np.array([row for row, _ in order], np.uint8),
            np.frombuffer(b"".join(tiles for _, tiles in order), np.uint8).reshape(-1, SIZE, SIZE),
            np.array([seen[key] for key in order], np.int32),
            np.array([[number[key] for key in line] for line in beginnings], np.int16),
        )

    @classmethod
    def shipped(cls) -> Patterns:
        """The patterns that come with the package.

        Raises:
            LevelError: When their file is missing or damaged.
        """
        try:
            arrays = read_npz(_SHIPPED.read_bytes())
            return cls(arrays["rows"], arrays["tiles"], arrays["counts"], arrays["starts"])
        except (OSError, KeyError) as error:
            raise LevelError(f"{_SHIPPED} cannot be read: {error}") from None

    def to_bytes(self) -> bytes:
        """The patterns as a `.npz` file."""
        return write_npz(
            {
                "rows": self.rows,
                "tiles": self.tiles,
                "counts": self.counts,
                "starts": self.starts,
            }
        )

    def _fitting(self) -> tuple[tuple[NDArray[np.int64], NDArray[np.int32]], ...]:
        overlaps = {
            RIGHT: (self.tiles[:, :, 1:], self.tiles[:, :, :-1], 0),
            LEFT: (self.tiles[:, :, :-1], self.tiles[:, :, 1:], 0),
            DOWN: (self.tiles[:, 1:], self.tiles[:, :-1], 1),
            UP: (self.tiles[:, :-1], self.tiles[:, 1:], -1),
        }
        fitting = []
        for direction in range(4):
            own, other, rows_down = overlaps[direction]
            by_overlap: dict[tuple[int, bytes], list[int]] = {}
            for index, row in enumerate(self.rows.tolist()):
                by_overlap.setdefault((row, other[index].tobytes()), []).append(index)
            lists = [
                by_overlap.get((row + rows_down, own[index].tobytes()), [])
                for index, row in enumerate(self.rows.tolist())
            ]
            ends = np.cumsum([0, *map(len, lists)])
            flat = np.array([each for line in lists for each in line], np.int32)
            fitting.append((ends, flat))
        return tuple(fitting)
