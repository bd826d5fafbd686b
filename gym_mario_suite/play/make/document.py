"""The course being edited: its cells, what is said about it, limits, undo, and the live solver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.errors import LevelError
from gym_mario_suite.levels.formats.course import Course, Style
from gym_mario_suite.levels.maker.course import CourseTheme, KeptObject, MakerCourse, check_size
from gym_mario_suite.levels.maker.part_limits import CourseLimits
from gym_mario_suite.levels.maker.parts import AIR, BY_NAME, TILE_OF
from gym_mario_suite.levels.solver import Solution, Solver

Cells = NDArray[np.uint8]


class LimitError(LevelError):
    """An edit would break a limit; the message says which."""


@dataclass(frozen=True)
class About:
    """All of a course but its cells, and the limits it is made under."""

    name: str
    description: str
    style: Style
    theme: CourseTheme
    timer_s: int
    start: tuple[int, int] | None
    goal: int | None
    kept: tuple[KeptObject, ...]
    origin: Course | None
    limits: CourseLimits


@dataclass(frozen=True)
class Change:
    """One step of the history: what it was before and after.

    Attributes:
        title: What was done, for the status line.
        at: Flat indices of the cells that changed, int32[n]; None when all were replaced.
        before: Their parts, uint8[n], or the whole course's cells.
        after: The same afterwards.
        about: What was said about the course, before and after.
    """

    title: str
    at: NDArray[np.int32] | None
    before: Cells
    after: Cells
    about: tuple[About, About]


class Document:
    """A course with its history.

    A stroke is a row of edits that is undone in one step: `begin`, any edits, `end`. Edits outside
    of a stroke are steps of their own. Every edit checks the limits first: it may not bring any
    group above its limit, nor further above it where the course is there already.

    Args:
        course: The course to begin with.
        limits: What it is made under.

    Attributes:
        version: Grows with every change of the course.
    """

    def __init__(self, course: MakerCourse, limits: CourseLimits) -> None:
        self._cells = np.array(course.cells)
        self._about = _about(course, limits)
        self._undo: list[Change] = []
        self._redo: list[Change] = []
        self._stroke: tuple[str, Cells, About] | None = None
        self._saved: Change | None = None
        self._saved_at_all = True
        self.version = 0
        self._course: tuple[int, MakerCourse] | None = None
        self._solver: Solver | None = None
        self._solver_key: tuple[Any, ...] = ()
        self._solution: tuple[int, Solution] | None = None

    # --- what it is -----------------------------------------------------------------------------

    @property
    def cells(self) -> Cells:
        """Parts, uint8[rows, columns]; a view that must not be written."""
        view = self._cells.view()
        view.setflags(write=False)
        return view

    @property
    def about(self) -> About:
        """What is said about the course."""
        return self._about

    @property
    def limits(self) -> CourseLimits:
        """What it is made under."""
        return self._about.limits

    @property
    def height(self) -> int:
        """Rows."""
        return self._cells.shape[0]

    @property
    def width(self) -> int:
        """Columns."""
        return self._cells.shape[1]

    @property
    def goal_column(self) -> int:
        """The column of the goal."""
        return self.width - 1 if self._about.goal is None else self._about.goal

    @property
    def course(self) -> MakerCourse:
        """The course as it is now."""
        if self._course is None or self._course[0] != self.version:
            self._course = self.version, self._made(self._cells, self._about)
        return self._course[1]

    @property
    def counts(self) -> Mapping[str, int]:
        """Cells that count in each limited group."""
        return self.limits.counts(self._cells)

    @property
    def modified(self) -> bool:
        """Whether there is something that `mark_saved` has not seen."""
        now = self._undo[-1] if self._undo else None
        return self._stroke is not None or not self._saved_at_all or now is not self._saved

    def inside(self, column: int, row: int) -> bool:
        """Whether there is such a cell."""
        return 0 <= column < self.width and 0 <= row < self.height

    def solution(self) -> Solution:
        """The solver's answer; the search is kept from edit to edit."""
        if self._solution is None or self._solution[0] != self.version:
            self._solution = self.version, self._solved()
        return self._solution[1]

    def _solved(self) -> Solution:
        start, end = self._about.start, self.goal_column + 1
        if start is not None and start[0] >= end:
            return self.course.solution()
        codes = TILE_OF[self._cells[:, :end]]
        key = (codes.shape, start)
        if self._solver is None or self._solver_key != key:
            self._solver, self._solver_key = Solver(codes, start), key
        else:
            old = self._solver.codes
            for row, column in np.argwhere(old != codes).tolist():
                self._solver.edit(row, column, int(codes[row, column]))
        return self._solver.solution()

    # --- edits ----------------------------------------------------------------------------------

    def begin(self, title: str) -> None:
        """Begin a stroke; one that is under way ends."""
        self.end()
        self._stroke = title, self._cells.copy(), self._about

    def end(self) -> bool:
        """End the stroke; whether it changed anything."""
        if self._stroke is None:
            return False
        title, cells, about = self._stroke
        self._stroke = None
        return self._record(title, cells, about)

    def abandon(self) -> bool:
        """End the stroke as if it had never been; whether it had changed anything."""
        if self._stroke is None:
            return False
        (_, cells, about), self._stroke = self._stroke, None
        if about == self._about and np.array_equal(cells, self._cells):
            return False
        self._cells, self._about = cells, about
        self.version += 1
        return True

    def put(self, edits: Mapping[tuple[int, int], int], title: str = "edit") -> bool:
        """Put parts at cells (column, row); those outside are passed over.

        All or nothing: an edit that would break a limit changes nothing.

        Returns:
            Whether anything changed.

        Raises:
            LimitError: When a limit would be broken.
        """
        inside = [(r, c, part) for (c, r), part in edits.items() if self.inside(c, r)]
        if not inside:
            return False
        cells = self._cells.copy()
        rows, columns, parts = (list(each) for each in zip(*inside, strict=True))
        cells[rows, columns] = parts
        return self._become(cells, self._about, title)

    def replace_cells(self, cells: Cells, title: str, **fields: Any) -> bool:
        """Put other cells in place of all, of any size; `fields` change what is said about it.

        The start and the goal stay where they are, or go where the course would leave them.

        Raises:
            LimitError: When a limit would be broken.
            LevelError: When it would be no course.
        """
        about = replace(self._about, **fields)
        height, width = cells.shape
        if about.goal is not None and about.goal >= width - 1:
            about = replace(about, goal=None)
        if about.start is not None and (about.start[0] >= width or about.start[1] >= height):
            about = replace(about, start=None)
        return self._become(np.array(cells, np.uint8), about, title)

    def resize(self, width: int, height: int) -> bool:
        """Another size: columns come and go at the right, rows at the top.

        Raises:
            LimitError: When it is larger than the limits allow.
            LevelError: When no course is so large or small.
        """
        check_size(height, width)
        rows = min(height, self.height)
        columns = min(width, self.width)
        cells = np.full((height, width), AIR, np.uint8)
        cells[-rows:, :columns] = self._cells[-rows:, :columns]
        start = self._about.start
        if start is not None:
            # The ground stays where it is, so the start moves with it.
            start = start[0], max(-1, start[1] + height - self.height)
        return self.replace_cells(cells, "resize", start=start)

    def describe(self, title: str = "properties", **fields: Any) -> bool:
        """Change what is said about the course, or its limits.

        Raises:
            LevelError: When it would be no course.
        """
        about = replace(self._about, **fields)
        if about.goal is not None and about.goal >= self.width - 1:
            about = replace(about, goal=None)
        return self._become(self._cells, about, title)

    def _become(self, cells: Cells, about: About, title: str) -> bool:
        if about.limits == self._about.limits:
            self._check_limits(cells)
        if cells is self._cells and about == self._about:
            return False
        same = cells.shape == self._cells.shape and np.array_equal(cells, self._cells)
        if same and about == self._about:
            return False
        made = self._made(cells, about)  # refuses what is no course
        outside = self._stroke is None
        before, before_about = self._cells, self._about
        self._cells, self._about = np.array(cells), about
        self.version += 1
        self._course = self.version, made
        if outside:
            self._record(title, before, before_about)
        return True

    def _record(self, title: str, cells: Cells, about: About) -> bool:
        if cells.shape != self._cells.shape:
            change = Change(title, None, cells, self._cells.copy(), (about, self._about))
        else:
            at = np.flatnonzero(cells.ravel() != self._cells.ravel()).astype(np.int32)
            if not len(at) and about == self._about:
                return False
            before, after = cells.ravel()[at], self._cells.ravel()[at]
            change = Change(title, at, before, after, (about, self._about))
        self._undo.append(change)
        self._redo.clear()
        return True

    def _check_limits(self, cells: Cells) -> None:
        limits = self.limits
        height, width = cells.shape
        for size, old, most, what in (
            (width, self.width, limits.width, "columns"),
            (height, self.height, limits.height, "rows"),
        ):
            if size > most and size > old:
                raise LimitError(f"{limits.name}: at most {most} {what}")
        before, after = self.counts, limits.counts(cells)
        for group, most in limits.most.items():
            if after[group] > most and after[group] > before[group]:
                raise LimitError(f"{limits.name}: at most {most} {group.replace('_', ' ')}")

    # --- history --------------------------------------------------------------------------------

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to undo."""
        return bool(self._undo) or self._stroke is not None

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to do again."""
        return bool(self._redo)

    @property
    def last_change(self) -> Change | None:
        """The step that `undo` would undo."""
        return self._undo[-1] if self._undo else None

    def undo(self) -> str | None:
        """Take the last step back; its title, None when there is none."""
        self.end()
        if not self._undo:
            return None
        change = self._undo.pop()
        self._redo.append(change)
        self._go(change, change.before, change.about[0])
        return change.title

    def redo(self) -> str | None:
        """Do the step that was taken back last again; its title, None when there is none."""
        self.end()
        if not self._redo:
            return None
        change = self._redo.pop()
        self._undo.append(change)
        self._go(change, change.after, change.about[1])
        return change.title

    def _go(self, change: Change, cells: Cells, about: About) -> None:
        if change.at is None:
            self._cells = cells.copy()
        else:
            self._cells.ravel()[change.at] = cells
        self._about = about
        self.version += 1

    def mark_saved(self) -> None:
        """The course as it is now is in its file."""
        self.end()
        self._saved = self._undo[-1] if self._undo else None
        self._saved_at_all = True

    def mark_unsaved(self) -> None:
        """The course is in no file, as one that was recovered."""
        self._saved_at_all = False

    @staticmethod
    def _made(cells: Cells, about: About) -> MakerCourse:
        return MakerCourse(
            cells,
            about.name,
            about.description,
            about.style,
            about.theme,
            about.timer_s,
            about.start,
            about.goal,
            about.kept,
            about.origin,
        )


def _about(course: MakerCourse, limits: CourseLimits) -> About:
    return About(
        course.name,
        course.description,
        course.style,
        course.theme,
        course.timer_s,
        course.start,
        course.goal,
        tuple(course.kept),
        course.origin,
        limits,
    )


def new_course(width: int = 100, height: int = 14) -> MakerCourse:
    """A course with nothing but two rows of ground.

    Raises:
        LevelError: For a size that no course has.
    """
    check_size(height, width)
    cells = np.full((height, width), AIR, np.uint8)
    cells[-2:] = BY_NAME["ground"].code
    return MakerCourse(cells)
