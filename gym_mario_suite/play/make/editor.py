"""The editor without its window: what every key, press and second does."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gym_mario_suite.errors import MarioError
from gym_mario_suite.levels.maker.course import MakerCourse
from gym_mario_suite.levels.maker.part_limits import CourseLimits, course_limits
from gym_mario_suite.play.make.answers import Answers
from gym_mario_suite.play.make.commands import BY_KEY, Do, Tool
from gym_mario_suite.play.make.desk import Desk
from gym_mario_suite.play.make.document import LimitError
from gym_mario_suite.play.make.file_dialog import FileDialog
from gym_mario_suite.play.make.forms import HelpPage, Question
from gym_mario_suite.play.make.palette import CATEGORIES, Entry, category_of
from gym_mario_suite.play.make.recovery import Recovery
from gym_mario_suite.play.make.shapes import Cell
from gym_mario_suite.play.make.trial import Trial, start_near
from gym_mario_suite.play.make.workbench import Dialog, Workbench

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


class Editor(Workbench):
    """A workbench, and who works at it: keys, the mouse, files, generators, test plays.

    Args:
        course: The course to begin with.
        path: The file it came from.
        limits: Name of a profile, or limits.
        recovery: Where unsaved work goes; None for nowhere.
        clock: Seconds.

    Attributes:
        answers: What generators are asked for and give.
        desk: Files, properties and the generators' forms.
        trial: A test play that the window is to run, or None.
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
        super().__init__(course, path, course_limits(limits), recovery, clock)
        self.answers = Answers(self)
        self.desk = Desk(self, self.answers)
        self.trial: Trial | None = None
        self.full_screen = False
        self._held_by_space = False

    def load(self, course: MakerCourse, path: Path | None, limits: CourseLimits) -> None:
        """Take another course in place of the present one; no answer under way is for it."""
        self.answers.forget()
        super().load(course, path, limits)

    # --- time -----------------------------------------------------------------------------------

    def advance(self) -> None:
        """Look after messages, the generator and the autosave; called every frame."""
        if self.message is not None and self.clock() > self.message.until_s:
            self.message = None
        self.answers.advance()
        self.autosave()

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
        self.cursor = self.nearest_cell(cell)
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
            self.cursor = self.nearest_cell(cell)
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
            self.cursor = self.nearest_cell((int(self.played[-1, 0] // 16), self.cursor[1]))
            self.view.show(self.cursor)
