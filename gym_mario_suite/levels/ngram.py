"""Columns n-gram: a level drawn column by column, each by the columns before it.

A baseline that is hard to beat at looking like its corpus (Dahlskog, Togelius and Nelson, "Linear
levels through n-grams", 2014): whole columns of real levels, in an order in which real levels have
them. What is further than the context it does not know, so nothing sees to it that a level can be
finished.

The probability of a column backs off from the longest context to shorter ones with absolute
discounting (Ney, Essen and Kneser, 1994): of each count d is taken away and given to the next
shorter context.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.errors import LevelError, OptionError, as_integer
from gym_mario_suite.levels.formats.arrays import read_npz, write_npz
from gym_mario_suite.levels.generator import DEFAULT_HEIGHT, DEFAULT_WIDTH, Generator
from gym_mario_suite.levels.tile_grid import MAX_HEIGHT, MAX_WIDTH, Theme, Tile, TileGrid

ROWS = 14
MAX_ORDER = 4  # columns of the longest n-grams that are counted
DEFAULT_ORDER = 3
_DISCOUNT_PERCENT = 75
_BEFORE_THE_START = -1
_SHIPPED = Path(__file__).parent / "ngram.npz"

Context = tuple[int, ...]


class ColumnCounts:
    """How often which columns follow each other in some levels.

    Args:
        columns: The different columns, uint8[n, 14].
        grams: Runs of columns, int16[m, 4] of row numbers of `columns`, -1 before a level's start.
        counts: How often each run was seen, int32[m].

    Raises:
        LevelError: When the arrays do not fit each other.
    """

    def __init__(self, columns: NDArray[Any], grams: NDArray[Any], counts: NDArray[Any]) -> None:
        fits = (
            columns.ndim == 2
            and columns.shape[1] == ROWS
            and grams.shape == (len(counts), MAX_ORDER)
            and len(counts) > 0
            and int(grams.min()) >= _BEFORE_THE_START
            and int(grams.max()) < len(columns)
        )
        if not fits:
            raise LevelError("these are no counts of columns")
        self.columns = columns
        self.grams = grams
        self.counts = counts

    @classmethod
    def of_levels(cls, levels: Iterable[NDArray[np.uint8]]) -> ColumnCounts:
        """Count the columns of some levels.

        Args:
            levels: Tile codes, uint8[rows, columns]; cut or filled with air at the top.

        Raises:
            LevelError: When there is no level.
        """
        number: dict[bytes, int] = {}
        seen: Counter[Context] = Counter()
        for codes in levels:
            run = [_BEFORE_THE_START] * (MAX_ORDER - 1)
            for column in fourteen_rows(codes).T:
                run.append(number.setdefault(column.tobytes(), len(number)))
            seen.update(tuple(run[at : at + MAX_ORDER]) for at in range(len(run) - MAX_ORDER + 1))
        if not number:
            raise LevelError("there is no level to count the columns of")
        columns = np.frombuffer(b"".join(number), np.uint8).reshape(-1, ROWS)
        grams = np.array(sorted(seen), np.int16)
        counts = np.array([seen[gram] for gram in sorted(seen)], np.int32)
        return cls(columns, grams, counts)

    @classmethod
    def shipped(cls) -> ColumnCounts:
        """The counts that come with the package.

        Raises:
            LevelError: When their file is missing or damaged.
        """
        try:
            arrays = read_npz(_SHIPPED.read_bytes())
            return cls(arrays["columns"], arrays["grams"], arrays["counts"])
        except (OSError, KeyError) as error:
            raise LevelError(f"{_SHIPPED} cannot be read: {error}") from None

    def to_bytes(self) -> bytes:
        """The counts as a `.npz` file."""
        return write_npz({"columns": self.columns, "grams": self.grams, "counts": self.counts})


def fourteen_rows(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The lowest 14 rows of a level, with air on top where it has less."""
    sky = max(ROWS - len(codes), 0)
    return np.pad(codes[-ROWS:], ((sky, 0), (0, 0)), constant_values=Tile.EMPTY)


class _Choices:
    """What followed a context, with discounted and cumulated counts."""

    def __init__(self, following: dict[int, int], discount: int) -> None:
        items = sorted(following.items())
        self.columns = [column for column, _ in items]
        # In hundredths, so that the discount is whole: no rounding, the same everywhere.
        self.sums = list(accumulate(100 * count - discount for _, count in items))
        self.total = 100 * sum(following.values())


class MarkovColumns(Generator):
    """Levels by an n-gram of columns.

    Args:
        counts: What was counted; None for the statistics that come with the package (Super Mario
            Bros. and its Japanese sequel in the VGLC).
    """

    name = "ngram"

    def __init__(self, counts: ColumnCounts | None = None) -> None:
        self._counts = ColumnCounts.shipped() if counts is None else counts
        following: dict[Context, Counter[int]] = defaultdict(Counter)
        for gram, count in zip(
            self._counts.grams.tolist(), self._counts.counts.tolist(), strict=True
        ):
            for length in range(MAX_ORDER):
                following[tuple(gram[MAX_ORDER - 1 - length : -1])][gram[-1]] += count
        self._choices = {
            context: _Choices(columns, _DISCOUNT_PERCENT if context else 0)
            for context, columns in following.items()
        }

    def generate_grids(
        self,
        seeds: Sequence[int],
        *,
        width: int = DEFAULT_WIDTH,
        height: int = DEFAULT_HEIGHT,
        order: int = DEFAULT_ORDER,
        theme: int = 0,
    ) -> list[TileGrid]:
        """The grids of some seeds.

        Args:
            seeds: Any whole numbers.
            width: Columns.
            height: Rows, 14 or more: above the fourteenth is air.
            order: Columns of an n-gram, 1 to 4: a column depends on `order` - 1 before it.
            theme: 0 overground, 1 underground, 2 castle: what it looks like.

        Raises:
            OptionError: For an option out of range.
        """
        width = as_integer("width", width, 1, MAX_WIDTH)
        height = as_integer("height", height, ROWS, MAX_HEIGHT)
        order = as_integer("order", order, 1, MAX_ORDER)
        theme = as_integer("theme", theme, 0, max(Theme))
        return [self._grid(seed, width, height, order, theme) for seed in seeds]

    def _grid(self, seed: int, width: int, height: int, order: int, theme: int) -> TileGrid:
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
            raise OptionError(f"a seed must be a whole number, got {seed!r}")
        chance = random.Random(f"ngram {int(seed)}")
        run = [_BEFORE_THE_START] * (MAX_ORDER - 1)
        for _ in range(width):
            run.append(self._next(chance, run, order - 1))
        codes = np.full((height, width), Tile.EMPTY, np.uint8)
        codes[-ROWS:] = self._counts.columns[run[MAX_ORDER - 1 :]].T
        metadata = {"generator": self.name, "seed": int(seed), "order": order}
        return TileGrid(codes, Theme(theme), metadata=metadata)

    def _next(self, chance: random.Random, run: list[int], length: int) -> int:
        """Draw the column after a run, by its last `length` columns."""
        while True:
            choices = self._choices.get(tuple(run[len(run) - length :]))
            if choices is not None:
                drawn = chance.randrange(choices.total)
                if drawn < choices.sums[-1]:
                    return choices.columns[bisect_right(choices.sums, drawn)]
            length -= 1
