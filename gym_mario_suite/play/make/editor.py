"""The editor without its window: what every key, press and second does."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gym_mario_suite.errors import MarioError
from gym_mario_suite.levels.maker.course import MakerCourse
from gym_mario_suite.levels.maker.part_limits import CourseLimits, course_limits
from gym_mario_suite.levels.maker.parts import TILE_OF
from gym_mario_suite.play.make.answers import Answers
from gym_mario_suite.play.make.commands import BY_KEY, Do, Tool
from gym_mario_suite.play.make.desk import Desk
from gym_mario_suite.play.make.document import Document, LimitError
from gym_mario_suite.play.make.file_dialog import FileDialog
from gym_mario_suite.play.make.forms import Form, HelpPage, Question
from gym_mario_suite.play.make.hand import Hand
from gym_mario_suite.play.make.palette import CATEGORIES, CATEGORY_NAMES, Entry, category_of
from gym_mario_suite.play.make.recovery import Recovery
from gym_mario_suite.play.make.shapes import Cell
from gym_mario_suite.play.make.trial import Trial, start_near
from gym_mario_suite.play.make.verdict import Verdict, judge
from gym_mario_suite.play.make.view import View

MESSAGE_S = 5.0
_DEATHS_SHOWN = 50
_STEPS = {
    Do.LEFT: (-1, 0),
    Do.RIGHT: (1, 0),
    Do.UP: (0, -1),
    Do.DOWN: (0, 1),
    Do.FAR_LEFT: (-8, 0),
    Do.FAR_RIGHT: (8, 0),
    Do.FAR_UP: (0, -8),
    Do.FAR_DOWN: (0, 8),
}
_SHIFTS = {
    Do.MOVE_LEFT: (-1, 0),
    Do.MOVE_RIGHT: (1, 0),
    Do.MOVE_UP: (0, -1),
    Do.MOVE_DOWN: (0, 1),
}
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


class Editor:
    """A document, a hand, a view and the boxes over them.

    Args:
        course: The course to begin with.
        path: The file it came from.
        limits: Name of a profile, or limits.
        recovery: Where unsaved work goes; None for nowhere.
        clock: Seconds.

    Attributes:
        document: The course.
        hand: The tools.
        view: What the board shows.
        desk: Files, properties and the generators' forms.
        cursor: The keyboard's cell.
        hover: The mouse's cell, or None.
        category: Number of the palette's category that shows.
        grid: Whether the grid shows.
        way: Whether the solver's way shows.
        played_way: Whether the way of the last test play shows.
        dialog: The box over the editor, or None.
        answers: What generators are asked for and give.
        trial: A test play that the window is to run, or None.
        played: Pixels of the course where Mario was in the last test play, float[n, 2].
        deaths: Where he died.
        closed: Whether the editor is to end.
        full_screen: Whether it fills the screen.
    """

    def __init__(
        self,
        course: MakerCourse,
        path: Path | None = None,
        limits: str | CourseLimits = "mm2",
        recovery: Recovery | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.clock = clock
        self.recovery = recovery
        self.view = View()
        self.grid = True
        self.way = self.played_way = True
        self.category = 0
        self.dialog: Dialog | None = None
        self.answers = Answers(self)
        self.trial: Trial | None = None
        self.closed = False
        self.full_screen = False
        self.message: Message | None = None
        self._held_by_space = False
        self.desk = Desk(self)
        self.load(course, path, course_limits(limits))

    def load(self, course: MakerCourse, path: Path | None, limits: CourseLimits) -> None:
        """Take another course in place of the present one."""
        self.answers.forget()
        if self.recovery is not None:
            self.recovery.begin_anew()
        self.document = Document(course, limits)
        clipboard = self.hand.clipboard if hasattr(self, "hand") else None
        self.hand = Hand(self.document, self.refuse)
        self.hand.clipboard = clipboard
        self.path = path
        self.cursor: Cell = (0, max(0, course.height - 3))
        self.hover: Cell | None = None
        self.played = np.zeros((0, 2))
        self.deaths: list[tuple[float, float]] = []
        self._verdict: tuple[int, Verdict] | None = None
        size = self.view.width_px, self.view.height_px
        self.view.fit(course.width, course.height, *size)
        self.view.show(self.cursor)

    # --- what is shown --------------------------------------------------------------------------

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

    # --- time -----------------------------------------------------------------------------------

    def advance(self) -> None:
        """Look after messages, the generator and the autosave; called every frame."""
        if self.message is not None and self.clock() > self.message.until_s:
            self.message = None
        self.answers.advance()
        self.autosave()

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

    # --- keyboard -------------------------------------------------------------------------------

    def key(self, name: str, text: str = "") -> None:
        """Take a key, named as in `commands`, and the text it types."""
        if self.dialog is not None:
            self._to_dialog(lambda dialog: dialog.press(name, text))
            return
        does = BY_KEY.get(name)
        if does is not None:
            self.do(does)

    def key_up(self, name: str) -> None:
        """A key is let go: space ends what it began."""
        if name == "space" and self.hand.busy and self._held_by_space:
            self._let_go()

    def do(self, does: Tool | Do) -> None:
        """Run a command, or take a tool."""
        try:
            if isinstance(does, Tool):
                self.take(does)
            else:
                self._do(does)
        except LimitError as error:
            self.refuse(f"limit reached: {error}")
        except MarioError as error:
            self.refuse(str(error))

    def take(self, tool: Tool) -> None:
        """Take a tool."""
        if tool is Tool.PASTE and self.hand.clipboard is None:
            self.refuse("nothing was copied yet")
            return
        self.hand.take(tool)

    def _do(self, does: Do) -> None:
        hand, document = self.hand, self.document
        if does in _STEPS:
            self.move_cursor(*_STEPS[does])
            return
        if does in _SHIFTS:
            self._shift(*_SHIFTS[does])
            return
        match does:
            case Do.USE:
                if not hand.busy:
                    hand.begin(self.cursor)
                    self._held_by_space = True
            case Do.HOLD:
                if hand.busy:
                    self._let_go()
                else:
                    hand.begin(self.cursor)
            case Do.ERASE:
                hand.erase(self.cursor)
            case Do.PICK_UP:
                hand.pick_up(self.cursor)
                self._show_part()
            case Do.SWAP_PART:
                hand.choose(hand.other)
                self._show_part()
            case Do.NEXT_PART | Do.PREVIOUS_PART:
                self._step_part(1 if does is Do.NEXT_PART else -1)
            case Do.NEXT_CATEGORY | Do.PREVIOUS_CATEGORY:
                step = 1 if does is Do.NEXT_CATEGORY else -1
                self.category = (self.category + step) % len(CATEGORIES)
                hand.choose(self.entries[0])
            case Do.FIRST_COLUMN | Do.LAST_COLUMN:
                last = document.width - 1
                self.move_cursor(-last if does is Do.FIRST_COLUMN else last, 0)
            case Do.PAGE_LEFT | Do.PAGE_RIGHT:
                step = -1 if does is Do.PAGE_LEFT else 1
                self.move_cursor(step * self.view.page(step), 0)
            case Do.START_HERE:
                document.describe("start", start=self.cursor)
            case Do.GOAL_HERE:
                document.describe("goal", goal=self.cursor[0])
            case Do.UNDO | Do.REDO:
                self._step_history(does is Do.UNDO)
            case Do.COPY | Do.CUT:
                done = hand.copy() if does is Do.COPY else hand.cut()
                if done:
                    self.notify("copied" if does is Do.COPY else "cut")
                else:
                    self.refuse("nothing is selected: S, then drag")
            case Do.PASTE:
                self.take(Tool.PASTE)
            case Do.SELECT_ALL:
                hand.select_all()
            case Do.FLIP_ACROSS | Do.FLIP_OVER:
                if not hand.flip(does is Do.FLIP_OVER):
                    self.refuse("nothing is selected: S, then drag")
            case Do.ZOOM_IN | Do.ZOOM_OUT:
                self.view.zoom(1 if does is Do.ZOOM_IN else -1)
                self.view.show(self.cursor)
            case Do.GRID:
                self.grid = not self.grid
            case Do.WAY:
                self.way = not self.way
            case Do.PLAYED_WAY:
                self.played_way = not self.played_way
                if not len(self.played):
                    self.notify("nothing was played yet: F5")
            case Do.PLAY:
                self.play(None)
            case Do.PLAY_HERE:
                self.play(self.cursor)
            case Do.NEXT_SEED | Do.PREVIOUS_SEED:
                self.answers.step_seed(1 if does is Do.NEXT_SEED else -1)
            case Do.HELP:
                self.dialog = HelpPage()
            case Do.FULL_SCREEN:
                self.full_screen = not self.full_screen
            case Do.ESCAPE:
                self._escape()
            case _:
                self.desk.do(does)

    def move_cursor(self, dx: int, dy: int) -> None:
        """Move the keyboard's cell, and what is drawn with it."""
        column = min(max(self.cursor[0] + dx, 0), self.document.width - 1)
        row = min(max(self.cursor[1] + dy, 0), self.document.height - 1)
        self.cursor = column, row
        self.hover = None
        self.view.show(self.cursor)
        self.hand.move(self.cursor)

    def _shift(self, dx: int, dy: int) -> None:
        if self.hand.selection is not None and not self.hand.busy:
            self.hand.move_selection(dx, dy)
        else:
            self.move_cursor(dx, dy)

    def _let_go(self) -> None:
        self.hand.end()
        self._held_by_space = False
        if self.hand.tool is Tool.PICK:
            self.hand.take(Tool.BRUSH)
        self._show_part()

    def _step_part(self, step: int) -> None:
        entries = self.entries
        at = entries.index(self.hand.entry) if self.hand.entry in entries else -step % len(entries)
        self.hand.choose(entries[(at + step) % len(entries)])

    def _show_part(self) -> None:
        """Show the category of the part in hand."""
        if self.hand.entry not in self.entries:
            place = category_of(self.hand.entry.part)
            if place is not None:
                self.category = place[0]

    def _step_history(self, undo: bool) -> None:
        what = "undo" if undo else "redo"
        if self.hand.cancel() and undo:
            title = "the stroke"
        else:
            title = self.document.undo() if undo else self.document.redo()
        self.notify(f"{what}: {title}" if title else f"nothing to {what}")
        self.hand.clip_selection()
        self.move_cursor(0, 0)

    def _escape(self) -> None:
        if self.hand.busy:
            self.hand.cancel()
            self._held_by_space = False
        elif self.answers.asking is not None:
            self.answers.cancel()
            self.notify("the generator is told to stop")
        elif self.hand.tool is Tool.PASTE:
            self.hand.take(Tool.SELECT)
        elif self.hand.selection is not None:
            self.hand.selection = None
        elif self.hand.tool is not Tool.BRUSH:
            self.hand.take(Tool.BRUSH)
        else:
            self.notify("ctrl+Q quits, F1 helps")

    # --- mouse ----------------------------------------------------------------------------------

    def press(self, cell: Cell, button: int, alt: bool = False) -> None:
        """A mouse button goes down on the board: 1 the tool, 2 pick up, 3 erase."""
        self.cursor = self._inside(cell)
        if button == 2 or (button == 1 and alt):
            self.hand.pick_up(cell)
            self._show_part()
        elif button in (1, 3):
            self.hand.begin(cell, erase=button == 3)
            self._held_by_space = False

    def drag(self, cell: Cell) -> None:
        """The mouse moves over the board."""
        self.hover = cell if self.document.inside(*cell) else None
        if self.hand.busy:
            self.cursor = self._inside(cell)
            self.hand.move(cell)

    def release(self) -> None:
        """The mouse button goes up."""
        if self.hand.busy:
            self._let_go()

    def choose(self, entry: Entry) -> None:
        """A part of the palette was clicked."""
        self.hand.choose(entry)

    def click_dialog(self, target: Any) -> None:
        """Something of the box over the editor was clicked."""
        self._to_dialog(lambda dialog: dialog.click(target))

    def _inside(self, cell: Cell) -> Cell:
        return (
            min(max(cell[0], 0), self.document.width - 1),
            min(max(cell[1], 0), self.document.height - 1),
        )

    def _to_dialog(self, give: Callable[[Dialog | Question], None]) -> None:
        dialog = self.dialog
        if dialog is None:
            return
        question = dialog.question if isinstance(dialog, FileDialog) else None
        try:
            if question is not None:
                give(question)
            else:
                give(dialog)
        except MarioError as error:
            self.refuse(str(error))
        if question is not None and question.done and isinstance(dialog, FileDialog):
            dialog.question = None
        # What was accepted may have opened the next one.
        if dialog.done and self.dialog is dialog:
            self.dialog = None

    # --- test play ------------------------------------------------------------------------------

    def play(self, cell: Cell | None) -> None:
        """Ask the window for a test play, from the start or from a cell.

        Raises:
            LevelError: When the engine cannot hold the course.
        """
        self.hand.end()
        course = self.document.course
        start = None if cell is None else start_near(course, cell)
        self.trial = Trial(course, start)

    def played_trial(self, trial: Trial) -> None:
        """Take down what came of a test play."""
        trial.keep()
        self.trial = None
        self.played = trial.path
        self.deaths = (self.deaths + trial.deaths)[-_DEATHS_SHOWN:]
        if trial.wins:
            self.notify("you reached the goal")
        elif trial.deaths:
            column = int(trial.deaths[-1][0] // 16) + 1
            self.notify(f"you died at column {column}")
        if len(self.played):
            self.cursor = self._inside((int(self.played[-1, 0] // 16), self.cursor[1]))
            self.view.show(self.cursor)
