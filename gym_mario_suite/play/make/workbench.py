"""What lies before the one who edits a course: document, hand, view, cursor, message, box."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gym_mario_suite.levels.maker.course import MakerCourse
from gym_mario_suite.levels.maker.part_limits import CourseLimits
from gym_mario_suite.levels.maker.parts import TILE_OF
from gym_mario_suite.play.make.document import Document
from gym_mario_suite.play.make.file_dialog import FileDialog
from gym_mario_suite.play.make.forms import Form, HelpPage, Question
from gym_mario_suite.play.make.hand import Hand
from gym_mario_suite.play.make.palette import CATEGORIES, CATEGORY_NAMES, Entry
from gym_mario_suite.play.make.recovery import Recovery
from gym_mario_suite.play.make.shapes import Cell
from gym_mario_suite.play.make.verdict import Verdict, judge
from gym_mario_suite.play.make.view import View

MESSAGE_S = 5.0
Dialog = Form | Question | HelpPage | FileDialog


@dataclass
class Message:
    """A line for the user.

    Attributes:
        text: What it says.
        bad: Whether something was refused.
        until_s: When it goes, by the editor's clock.
    """

    text: str
    bad: bool
    until_s: float


class Workbench:
    """A document, a hand, a view and the box over them.

    Args:
        course: The course to begin with.
        path: The file it came from.
        limits: Of the course.
        recovery: Where unsaved work goes; None for nowhere.
        clock: Seconds.

    Attributes:
        document: The course.
        path: The file it came from, or None.
        hand: The tools.
        view: What the board shows.
        cursor: The keyboard's cell.
        hover: The mouse's cell, or None.
        category: Number of the palette's category that shows.
        grid: Whether the grid shows.
        way: Whether the solver's way shows.
        played_way: Whether the way of the last test play shows.
        dialog: The box over it all, or None.
        message: The line for the user, or None.
        recovery: Where unsaved work goes, or None.
        played: Pixels of the course where Mario was in the last test play, float[n, 2].
        deaths: Where he died.
        closed: Whether the editor is to end.
    """

    def __init__(
        self,
        course: MakerCourse,
        path: Path | None,
        limits: CourseLimits,
        recovery: Recovery | None,
        clock: Callable[[], float],
    ) -> None:
        self.clock = clock
        self.recovery = recovery
        self.view = View()
        self.grid = True
        self.way = self.played_way = True
        self.category = 0
        self.dialog: Dialog | None = None
        self.message: Message | None = None
        self.closed = False
        self._lay_out(course, path, limits)

    def load(self, course: MakerCourse, path: Path | None, limits: CourseLimits) -> None:
        """Take another course in place of the present one."""
        clipboard = self.hand.clipboard
        self._lay_out(course, path, limits)
        self.hand.clipboard = clipboard

    def _lay_out(self, course: MakerCourse, path: Path | None, limits: CourseLimits) -> None:
        if self.recovery is not None:
            self.recovery.begin_anew()
        self.document = Document(course, limits)
        self.hand = Hand(self.document, self.refuse)
        self.path = path
        self.cursor: Cell = (0, max(0, course.height - 3))
        self.hover: Cell | None = None
        self.played = np.zeros((0, 2))
        self.deaths: list[tuple[float, float]] = []
        self._verdict: tuple[int, Verdict] | None = None
        size = self.view.width_px, self.view.height_px
        self.view.fit(course.width, course.height, *size)
        self.view.show(self.cursor)

    @property
    def title(self) -> str:
        """The window's title: file, a star for what is not saved."""
        name = "untitled" if self.path is None else self.path.name
        return f"{name}{' *' if self.document.modified else ''}"

    @property
    def verdict(self) -> Verdict:
        """Whether the course can be finished, as it is now."""
        document = self.document
        if self._verdict is None or self._verdict[0] != document.version:
            codes = TILE_OF[document.cells[:, : document.goal_column + 1]]
            found = judge(codes, document.about.start, document.solution())
            self._verdict = document.version, found
        return self._verdict[1]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The palette's category that shows."""
        return CATEGORIES[CATEGORY_NAMES[self.category]]

    @property
    def pointed(self) -> Cell:
        """The cell that the mouse is on, or else the cursor."""
        return self.hover if self.hover is not None else self.cursor

    def notify(self, text: str) -> None:
        """Show a message for a while."""
        self.message = Message(text, False, self.clock() + MESSAGE_S)

    def refuse(self, text: str) -> None:
        """Show why something was not done."""
        self.message = Message(text, True, self.clock() + MESSAGE_S)

    def autosave(self, now: bool = False) -> None:
        """Keep a copy of what is not saved, if it is time."""
        if self.recovery is None:
            return
        document = self.document
        self.recovery.keep(
            document.version, document.modified, self.path, lambda: document.course, now
        )
        if self.recovery.error and self.message is None:
            self.refuse(self.recovery.error)

    def move_cursor(self, dx: int, dy: int) -> None:
        """Move the keyboard's cell, and what is drawn with it."""
        column = min(max(self.cursor[0] + dx, 0), self.document.width - 1)
        row = min(max(self.cursor[1] + dy, 0), self.document.height - 1)
        self.cursor = column, row
        self.hover = None
        self.view.show(self.cursor)
        self.hand.move(self.cursor)

    def nearest_cell(self, cell: Cell) -> Cell:
        """The cell of the course next to one that may lie beside it."""
        return (
            min(max(cell[0], 0), self.document.width - 1),
            min(max(cell[1], 0), self.document.height - 1),
        )
