"""Wave function collapse: levels all of whose 3x3 windows were seen in real levels.

The overlapping model of M. Gumin (2016): every place keeps the set of patterns still possible
there; the place with the fewest is decided, by the patterns' counts, and what no longer fits is
taken out around it until nothing changes. A level is made in blocks of columns, each fitted to the
one before (Merrell's "modifying in blocks"), because a contradiction somewhere is likely in a
hundred columns; a block that fails is made anew, and after some failures the one before as well.
No kept library of the algorithm was found on the package index, so it is written here; all of it
is whole numbers, and thus the same everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.errors import LevelError, as_integer
from gym_mario_suite.levels.generator import DEFAULT_HEIGHT, DEFAULT_WIDTH, Generator
from gym_mario_suite.levels.java_random import next_below, seed_java_random
from gym_mario_suite.levels.ngram import ROWS
from gym_mario_suite.levels.tile_grid import MAX_HEIGHT, MAX_WIDTH, Theme, Tile, TileGrid
from gym_mario_suite.levels.wfc_patterns import OPPOSITE, PATTERN_ROWS, SIZE, Patterns

_BLOCK = 16  # columns of a block that are kept
_AHEAD = 6  # columns that are made beyond it, so that the next one has something to go on with
_TRIES = 8  # of a block, before the one before is made anew
_MOST_TRIES = 4000
_ROWS = PATTERN_ROWS
_OPPOSITE = np.array(OPPOSITE)
_SIDE = np.array([(0, 1), (0, -1), (1, 0), (-1, 0)])  # row, column of each direction

_DECIDED, _CONTRADICTION = 0, 1

Memory = tuple[NDArray[np.bool_], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]


@jit
def _take_out(possible, left, stack, top, column, pattern, row):
    """A pattern is no longer possible at a place; returns the new height of the stack."""
    possible[column, pattern] = False
    left[row, column] -= 1
    stack[top, 0] = column
    stack[top, 1] = pattern
    return top + 1


@jit
def _propagate(possible, supports, left, rows, ends, fitting, stack, top):
    """Take out what has nothing left that fits, until nothing changes."""
    columns = possible.shape[0]
    while top > 0:
        top -= 1
        column = np.int64(stack[top, 0])
        pattern = np.int64(stack[top, 1])
        if left[rows[pattern], column] == 0:
            return _CONTRADICTION
        for direction in range(4):
            row = rows[pattern] + _SIDE[direction, 0]
            beside = column + _SIDE[direction, 1]
            if not (0 <= row < _ROWS and 0 <= beside < columns):
                continue
            back = _OPPOSITE[direction]
            for i in range(ends[direction, pattern], ends[direction, pattern + 1]):
                other = np.int64(fitting[direction, i])
                supports[beside, other, back] -= 1
                if supports[beside, other, back] == 0 and possible[beside, other]:
                    top = _take_out(possible, left, stack, top, beside, other, row)
    return _DECIDED


@jit
def _begin(possible, supports, left, rows, first, ends):
    """Everything is possible everywhere."""
    columns = possible.shape[0]
    possible[:] = True
    for row in range(_ROWS):
        left[row] = first[row + 1] - first[row]
    for column in range(columns):
        for pattern in range(possible.shape[1]):
            for direction in range(4):
                supports[column, pattern, direction] = (
                    ends[direction, pattern + 1] - ends[direction, pattern]
                )


@jit
def _take_out_unsupported(possible, supports, left, rows, stack):
    """What has nothing that fits from the start; returns the height of the stack."""
    columns = possible.shape[0]
    top = 0
    for column in range(columns):
        for pattern in range(possible.shape[1]):
            for direction in range(4):
                row = rows[pattern] + _SIDE[direction, 0]
                beside = column + _SIDE[direction, 1]
                inside = 0 <= row < _ROWS and 0 <= beside < columns
                if inside and supports[column, pattern, direction] == 0:
                    top = _take_out(possible, left, stack, top, column, pattern, rows[pattern])
                    break
    return top


@jit
def _fewest_left(left, rng):
    """The undecided place with the fewest patterns, by lot among equals; -1 if all are decided."""
    best = 1 << 30
    place = -1
    equals = 0
    for column in range(left.shape[1]):
        for row in range(_ROWS):
            n = left[row, column]
            if n <= 1 or n > best:
                continue
            if n < best:
                best = np.int64(n)
                equals = 0
            equals += 1
            if next_below(rng, equals) == 0:
                place = column * _ROWS + row
    return place


@jit
def collapse(possible, supports, left, stack, rows, first, counts, ends, fitting, border, rng):
    """Decide all places of a block.

    Args:
        possible: bool[columns, patterns], filled.
        supports: int32[columns, patterns, 4], memory.
        left: int32[12, columns], memory.
        stack: int32[columns * patterns, 2], memory.
        rows: Row of each pattern.
        first: First pattern of each row, and one more.
        counts: Of each pattern.
        ends: int64[4, patterns + 1] and
        fitting: int32[4, most], the neighbours.
        border: int32[12]: the patterns of the block's first column, -1 for any.
        rng: State of the random numbers.

    Returns:
        Whether it worked out (0) or came to a contradiction (1).
    """
    _begin(possible, supports, left, rows, first, ends)
    top = _take_out_unsupported(possible, supports, left, rows, stack)
    if _propagate(possible, supports, left, rows, ends, fitting, stack, top) != _DECIDED:
        return _CONTRADICTION
    for row in range(_ROWS):
        if border[row] < 0:
            continue
        if not possible[0, border[row]]:
            return _CONTRADICTION
        top = 0
        for pattern in range(first[row], first[row + 1]):
            if pattern != border[row] and possible[0, pattern]:
                top = _take_out(possible, left, stack, top, 0, pattern, row)
        if _propagate(possible, supports, left, rows, ends, fitting, stack, top) != _DECIDED:
            return _CONTRADICTION
    while True:
        place = _fewest_left(left, rng)
        if place < 0:
            return _DECIDED
        column = place // _ROWS
        row = place % _ROWS
        total = 0
        for pattern in range(first[row], first[row + 1]):
            if possible[column, pattern]:
                total += counts[pattern]
        drawn = next_below(rng, total)
        top = 0
        chosen = -1
        for pattern in range(first[row], first[row + 1]):
            if not possible[column, pattern]:
                continue
            drawn -= counts[pattern]
            if drawn < 0 and chosen < 0:
                chosen = pattern
            else:
                top = _take_out(possible, left, stack, top, column, pattern, row)
        if _propagate(possible, supports, left, rows, ends, fitting, stack, top) != _DECIDED:
            return _CONTRADICTION


class WaveFunctionCollapse(Generator):
    """Levels by wave function collapse.

    Args:
        patterns: What may occur; None for the patterns that come with the package (Super Mario
            Bros. and its Japanese sequel in the VGLC).
    """

    name = "wfc"

    def __init__(self, patterns: Patterns | None = None) -> None:
        self._patterns = Patterns.shipped() if patterns is None else patterns
        neighbours = self._patterns.neighbours
        self._ends = np.stack([ends for ends, _ in neighbours]).astype(np.int64)
        self._fitting = np.zeros((4, max(len(flat) for _, flat in neighbours)), np.int32)
        for direction, (_, flat) in enumerate(neighbours):
            self._fitting[direction, : len(flat)] = flat
        self._rows = self._patterns.rows.astype(np.int64)
        self._first = self._patterns.first.astype(np.int64)
        self._counts = self._patterns.counts.astype(np.int64)

    def generate_grids(
        self,
        seeds: Sequence[int],
        *,
        width: int = DEFAULT_WIDTH,
        height: int = DEFAULT_HEIGHT,
        theme: int = 0,
    ) -> list[TileGrid]:
        """The grids of some seeds.

        Args:
            seeds: Any whole numbers of 64 bits.
            width: Columns, 3 or more.
            height: Rows, 14 or more: above the fourteenth is air.
            theme: 0 overground, 1 underground, 2 castle: what it looks like.

        Raises:
            OptionError: For an option out of range.
            LevelError: When no level of a seed works out.
        """
        width = as_integer("width", width, SIZE, MAX_WIDTH)
        height = as_integer("height", height, ROWS, MAX_HEIGHT)
        theme = as_integer("theme", theme, 0, max(Theme))
        memory = _memory(len(self._rows))
        return [self._grid(seed, width, height, theme, memory) for seed in seeds]

    def _grid(self, seed: int, width: int, height: int, theme: int, memory: Memory) -> TileGrid:
        seed = as_integer("seed", seed, -(1 << 63), (1 << 63) - 1)
        rng = np.zeros(1, np.uint64)
        seed_java_random(rng, np.uint64(seed & 0xFFFFFFFFFFFFFFFF))
        line = self._line(width - SIZE + 1, rng, seed, memory)
        codes = np.full((height, width), Tile.EMPTY, np.uint8)
        tiles = self._patterns.tiles
        for column, patterns in enumerate(line):
            for row, pattern in enumerate(patterns.tolist()):
                top = height - ROWS + row
                codes[top : top + SIZE, column : column + SIZE] = tiles[pattern]
        metadata = {"generator": self.name, "seed": seed}
        return TileGrid(codes, Theme(theme), metadata=metadata)

    def _line(
        self, columns: int, rng: NDArray[np.uint64], seed: int, memory: Memory
    ) -> list[NDArray[np.int32]]:
        """The patterns of each column."""
        starts = self._patterns.starts
        line = [starts[next_below(rng, len(starts))].astype(np.int32)]
        failures = 0
        for _ in range(_MOST_TRIES):
            if len(line) >= columns:
                return line[:columns]
            block = self._block(line[-1], rng, memory)
            if block is not None:
                line += block
                failures = 0
                continue
            failures += 1
            if failures % _TRIES == 0:
                # As many blocks back as it failed, the first column always stays.
                del line[max(1, len(line) - _BLOCK * (failures // _TRIES)) :]
        raise LevelError(f"no level of seed {seed} worked out in {_MOST_TRIES} tries")

    def _block(
        self, border: NDArray[np.int32], rng: NDArray[np.uint64], memory: Memory
    ) -> list[NDArray[np.int32]] | None:
        """The columns after one; None when it came to a contradiction."""
        possible = memory[0]
        outcome = collapse(
            *memory,
            self._rows,
            self._first,
            self._counts,
            self._ends,
            self._fitting,
            border,
            rng,
        )
        if outcome != _DECIDED:
            return None
        # One pattern is left in each row, and patterns are in the order of their rows.
        return [np.flatnonzero(column).astype(np.int32) for column in possible[1 : _BLOCK + 1]]


def _memory(patterns: int) -> Memory:
    """What `collapse` works in."""
    columns = 1 + _BLOCK + _AHEAD
    return (
        np.zeros((columns, patterns), bool),
        np.zeros((columns, patterns, 4), np.int32),
        np.zeros((_ROWS, columns), np.int32),
        np.zeros((columns * patterns, 2), np.int32),
    )
