"""Levels as grids of 13 tile codes, the alphabet of the Video Game Level Corpus.

This is what corpora hold, what level makers learn and what editors change: small, the same for all
games, without a start, an exit or a rule set. `grid_levels` turns a grid into a level that can be
played and a level into a grid.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gym_mario_suite.engine.level_image import MAX_HEIGHT, MAX_WIDTH
from gym_mario_suite.errors import LevelError
from gym_mario_suite.levels.level import Spawn


class Tile(IntEnum):
    """Tile codes. 0 to 10 are those of the 11-sprite encoding in common use."""

    GROUND = 0
    BRICK = 1
    EMPTY = 2
    POWER_BLOCK = 3
    COIN_BLOCK = 4
    ENEMY = 5
    PIPE_TOP_LEFT = 6
    PIPE_TOP_RIGHT = 7
    PIPE_LEFT = 8
    PIPE_RIGHT = 9
    COIN = 10
    CANNON_TOP = 11
    CANNON_BODY = 12


class Theme(IntEnum):
    """What a level looks like; the numbers are the level types of 2009."""

    OVERGROUND = 0
    UNDERGROUND = 1
    CASTLE = 2


N_TILES = len(Tile)
LETTERS = "XS-?QE<>[]oBb"  # of the processed layer, by code
START_COLUMNS = 8  # a player starts in one of these
MASK = N_TILES  # what generators write for a cell not yet decided; never in a TileGrid

SOLID: NDArray[np.bool_] = np.ones(N_TILES, bool)
SOLID[[Tile.EMPTY, Tile.ENEMY, Tile.COIN]] = False
SOLID.setflags(write=False)


@dataclass(frozen=True, eq=False)
class TileGrid:
    """A grid of tile codes.

    Two grids are equal when all but their metadata is.

    Args:
        codes: Values of `Tile`, [height, width], top row first, converted to uint8. Copied; the
            stored array is read-only.
        theme: What the level looks like.
        enemies: Which enemy an ENEMY cell is, for those of which it is known, by column and row of
            the grid; the others are for `grid_levels.to_level` to choose.
        metadata: Where the grid came from: JSON-able, for example `generator` and `seed`.

    Raises:
        LevelError: When the codes are no two-dimensional array of codes 0 to 12, the size is out
            of bounds, or an entry of `enemies` is not on an ENEMY cell of its own.
    """

    codes: NDArray[np.uint8]
    theme: Theme = Theme.OVERGROUND
    enemies: Sequence[Spawn] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        codes = checked_codes(self.codes)
        if isinstance(self.theme, bool) or self.theme not in set(Theme):
            known = ", ".join(f"{theme.value} ({theme.name.lower()})" for theme in Theme)
            raise LevelError(f"a grid's theme must be one of {known}; got {self.theme!r}")
        height, width = codes.shape
        enemies = tuple(sorted(self.enemies, key=lambda spawn: (spawn.x, spawn.y)))
        for spawn in enemies:
            inside = 0 <= spawn.x < width and 0 <= spawn.y < height
            if not inside or codes[spawn.y, spawn.x] != Tile.ENEMY:
                raise LevelError(
                    f"the grid has no enemy at column {spawn.x}, row {spawn.y}, "
                    f"so none can be a {spawn.enemy.name.lower()}"
                )
        if len({(spawn.x, spawn.y) for spawn in enemies}) < len(enemies):
            raise LevelError("two entries of `enemies` are about the same cell")
        object.__setattr__(self, "codes", codes)
        object.__setattr__(self, "theme", Theme(self.theme))
        object.__setattr__(self, "enemies", enemies)
        object.__setattr__(self, "metadata", MappingProxyType(dict(self.metadata)))

    @property
    def height(self) -> int:
        """Rows."""
        return self.codes.shape[0]

    @property
    def width(self) -> int:
        """Columns."""
        return self.codes.shape[1]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what the grid is (all but the metadata), as hex."""
        digest = hashlib.sha256(f"{self.height} {self.width} {int(self.theme)} ".encode())
        digest.update(self.codes.tobytes())
        for spawn in self.enemies:
            digest.update(f"{spawn.x} {spawn.y} {int(spawn.enemy)} {spawn.winged} ".encode())
        return digest.hexdigest()

    def rows(self) -> list[str]:
        """The grid in the corpus' letters, a string for each row, top row first."""
        letters = np.array(list(LETTERS))[self.codes]
        return ["".join(row) for row in letters]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TileGrid):
            return NotImplemented
        return (
            np.array_equal(self.codes, other.codes)
            and self.theme == other.theme
            and self.enemies == other.enemies
        )

    def __hash__(self) -> int:
        return hash(self.digest)

    def __reduce__(self) -> tuple[Any, ...]:
        return TileGrid, (np.array(self.codes), self.theme, self.enemies, dict(self.metadata))

    def __repr__(self) -> str:
        origin = ", ".join(f"{key}={value!r}" for key, value in self.metadata.items())
        theme = self.theme.name.lower()
        return f"<TileGrid {self.height}x{self.width} {theme}{origin and ', '}{origin}>"


def array_of_codes(codes: ArrayLike) -> NDArray[Any]:
    """`codes` as an array, whatever is in it.

    Raises:
        LevelError: For lists of different lengths, which are none.
    """
    try:
        return np.asarray(codes)
    except ValueError:
        raise LevelError("tile codes must be rows of the same length") from None


def checked_codes(codes: ArrayLike) -> NDArray[np.uint8]:
    """`codes` as a read-only uint8[height, width] of its own.

    Raises:
        LevelError: When it is no two-dimensional array of tile codes, or its size is out of bounds.
    """
    array = array_of_codes(codes)
    if array.ndim != 2 or array.dtype.kind not in "iu":
        raise LevelError(
            f"tile codes must be whole numbers of [height, width], got {array.dtype} {array.shape}"
        )
    height, width = array.shape
    if not (1 <= height <= MAX_HEIGHT and 1 <= width <= MAX_WIDTH):
        raise LevelError(
            f"a grid has 1 to {MAX_HEIGHT} rows and 1 to {MAX_WIDTH} columns, "
            f"got {height} and {width}"
        )
    wrong = np.argwhere((array < 0) | (array >= N_TILES))
    if len(wrong):
        row, column = wrong[0]
        raise LevelError(
            f"tile codes are 0 to {N_TILES - 1}, got {array[row, column]} at row {row + 1}, "
            f"column {column + 1}"
        )
    kept = np.array(array, np.uint8, order="C")
    kept.setflags(write=False)
    return kept


def standing_row(codes: NDArray[np.uint8], column: int) -> int | None:
    """The lowest row of a column that is free and has something solid right below, or None."""
    solid = SOLID[codes[:, column]]
    rows = np.flatnonzero(~solid[:-1] & solid[1:])
    return int(rows[-1]) if len(rows) else None


def start_cell(codes: NDArray[np.uint8]) -> tuple[int, int] | None:
    """Column and row where a player starts: the lowest standing place of the first 8 columns.

    Of equally low ones it is the leftmost; None where there is none.
    """
    best: tuple[int, int] | None = None
    for column in range(min(START_COLUMNS, codes.shape[1])):
        row = standing_row(codes, column)
        if row is not None and (best is None or row > best[1]):
            best = column, row
    return best
