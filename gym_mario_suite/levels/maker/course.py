"""A course: a grid of parts, with what Super Mario Maker 2 says of it besides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gym_mario_suite.engine.level_image import MAX_HEIGHT, MAX_WIDTH
from gym_mario_suite.errors import LevelError
from gym_mario_suite.levels.formats.course import Course, Style
from gym_mario_suite.levels.level import as_level_integer, checked_start
from gym_mario_suite.levels.maker.part_limits import CourseLimits
from gym_mario_suite.levels.maker.parts import (
    AIR,
    N_IDS,
    N_PARTS,
    PARTS,
    TILE_OF,
    UNSUPPORTED,
)
from gym_mario_suite.levels.solver import Solution, solve_to

MIN_TIMER_S, MAX_TIMER_S = 10, 500
DEFAULT_TIMER_S = 300


class CourseTheme(IntEnum):
    """Themes of an area, by their numbers in the game's files."""

    GROUND = 0
    UNDERGROUND = 1
    CASTLE = 2
    AIRSHIP = 3
    UNDERWATER = 4
    GHOST_HOUSE = 5
    SNOW = 6
    DESERT = 7
    SKY = 8
    FOREST = 9


@dataclass(frozen=True)
class KeptObject:
    """An object that no cell holds, as the fields it has in the game's file.

    Positions are in 160ths of a tile, counted from the lower left corner.
    """

    x: int
    y: int
    unknown: int
    width: int
    height: int
    flag: int
    child_flag: int
    extended: int
    id: int
    child_id: int
    link_id: int
    sound_id: int


@dataclass(frozen=True, eq=False)
class MakerCourse:
    """A course of parts. Two are equal when all but their origins are.

    Args:
        cells: Codes of `parts.PARTS`, [rows, columns], top row first. Copied; read-only.
        name: Its name.
        description: Its description.
        style: Style of the game.
        theme: What it looks like.
        timer_s: Seconds a player has, 10 to 500.
        start: Column and row of the cell where Mario starts; None for the lowest standing place of
            the first columns, as for any grid.
        goal: Column of the goal; None for the last one.
        kept: Objects that no cell can hold, for the game's file.
        origin: The file of the game it was read from: areas, tracks and settings that are not here
            go back into the file that is written.

    Raises:
        LevelError: When a size, a code, a place or a kept object's id is not possible; the message
            says where and what is.
    """

    cells: NDArray[np.uint8]
    name: str = ""
    description: str = ""
    style: Style = Style.SMB1
    theme: CourseTheme = CourseTheme.GROUND
    timer_s: int = DEFAULT_TIMER_S
    start: tuple[int, int] | None = None
    goal: int | None = None
    kept: Sequence[KeptObject] = ()
    origin: Course | None = None

    def __post_init__(self) -> None:
        cells = _checked_cells(self.cells)
        height, width = cells.shape
        try:
            object.__setattr__(self, "style", Style(self.style))
            object.__setattr__(self, "theme", CourseTheme(self.theme))
        except ValueError as error:
            raise LevelError(f"the course's style or theme is none: {error}") from None
        timer_s = as_level_integer("the course's timer", self.timer_s, MIN_TIMER_S, MAX_TIMER_S)
        object.__setattr__(self, "timer_s", timer_s)
        object.__setattr__(self, "start", checked_start(self.start, width, height))
        if self.goal is not None:
            goal = as_level_integer("the goal's column", self.goal, 0, width - 1)
            object.__setattr__(self, "goal", goal)
        for number, item in enumerate(self.kept):
            if not 0 <= item.id < N_IDS:
                raise LevelError(
                    f"kept object {number}: object ids are 0 to {N_IDS - 1}, got {item.id}"
                )
        object.__setattr__(self, "cells", cells)
        object.__setattr__(self, "kept", tuple(self.kept))

    @property
    def height(self) -> int:
        """Rows."""
        return self.cells.shape[0]

    @property
    def width(self) -> int:
        """Columns."""
        return self.cells.shape[1]

    @property
    def goal_column(self) -> int:
        """The column of the goal."""
        return self.width - 1 if self.goal is None else self.goal

    @property
    def unsupported(self) -> dict[str, int]:
        """Cells and kept objects that do nothing when the course is played, by name."""
        found = Counter(
            PARTS[code].name
            for code in self.cells[self.cells != AIR].tolist()
            if PARTS[code].tier == UNSUPPORTED
        )
        for item in self.kept:
            found[next((p.name for p in PARTS if p.id == item.id), f"object {item.id}")] += 1
        return dict(sorted(found.items()))

    def violations(self, limits: CourseLimits) -> list[str]:
        """One sentence for each limit that the course exceeds."""
        return limits.violations(self.cells)

    def solution(self) -> Solution:
        """What the static solver finds: whether the goal's column can be reached.

        A start beyond the goal has arrived already.
        """
        return solve_to(self.goal_column, TILE_OF[self.cells], self.start)

    def _value(self) -> tuple[object, ...]:
        about = (self.name, self.description, self.style, self.theme, self.timer_s)
        return (self.cells.shape, self.cells.tobytes(), *about, self.start, self.goal, self.kept)

    def __eq__(self, other: object) -> bool:
        return self._value() == other._value() if isinstance(other, MakerCourse) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._value())

    def __repr__(self) -> str:
        return f"<MakerCourse {self.name!r} {self.height}x{self.width}>"


def check_size(height: int, width: int) -> None:
    """Refuse a size that no course has, before cells are made for it.

    Raises:
        LevelError: Saying which there are.
    """
    if not (1 <= height <= MAX_HEIGHT and 1 <= width <= MAX_WIDTH):
        raise LevelError(
            f"a course has 1 to {MAX_HEIGHT} rows and 1 to {MAX_WIDTH} columns, "
            f"got {height} and {width}"
        )


def _checked_cells(cells: ArrayLike) -> NDArray[np.uint8]:
    try:
        array = np.asarray(cells)
    except ValueError:
        raise LevelError("a course's cells must be rows of the same length") from None
    if array.ndim != 2 or array.dtype.kind not in "iu":
        raise LevelError(
            f"a course's cells are whole numbers of [rows, columns], got {array.dtype} "
            f"{array.shape}"
        )
    check_size(*array.shape)
    wrong = np.argwhere((array < 0) | (array >= N_PARTS))
    if len(wrong):
        row, column = wrong[0]
        raise LevelError(
            f"parts are 0 to {N_PARTS - 1}, got {array[row, column]} at column {column}, row {row}"
        )
    kept = np.array(array, np.uint8, order="C")
    kept.setflags(write=False)
    return kept
