"""What generators are asked for in the editor, and what becomes of their answers."""

from __future__ import annotations

from gym_mario_suite.errors import LevelError, MarioError
from gym_mario_suite.levels.maker.course import MakerCourse
from gym_mario_suite.play.make.asking import Asking, Cancelled, Wish
from gym_mario_suite.play.make.document import Change
from gym_mario_suite.play.make.workbench import Workbench


class Answers:
    """Asks a generator in the background; its answer is one step of the history.

    Args:
        bench: Whose course it is.

    Attributes:
        asking: The generator at work, or None.
        last_wish: What was asked for last, or None.
    """

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self.asking: Asking | None = None
        self.last_wish: Wish | None = None
        self._step: Change | None = None  # of the history, that the last answer was
        self._replaced: Change | None = None  # which the one under way is to take the place of

    def forget(self) -> None:
        """Another course comes: no answer is for it."""
        self.cancel()
        self.asking = self._step = self._replaced = None

    def cancel(self) -> None:
        """Stop the generator at its next look."""
        if self.asking is not None:
            self.asking.cancel()

    def ask(self, wish: Wish) -> None:
        """Ask a generator; an earlier one that is still at work stops."""
        self._bench.hand.end()
        self._ask(wish, self._bench.document.course)
        self._replaced = None

    def _ask(self, wish: Wish, course: MakerCourse) -> None:
        self.cancel()
        self.last_wish = wish
        self.asking = Asking(wish, course, self._bench.document.limits)

    def step_seed(self, step: int) -> None:
        """Ask the same with another seed; an answer that was the last step gives way to it."""
        bench, document = self._bench, self._bench.document
        if self.last_wish is None:
            bench.refuse("ask the generator first: ctrl+G")
            return
        if self.asking is not None:
            return
        bench.hand.end()
        wish, before = self.last_wish.next(step), self._step
        if before is None or document.last_change is not before:
            self.ask(wish)
            return
        # The answer is shown until the next one comes, which is for the course without it.
        document.undo()
        course = document.course
        document.redo()
        self._ask(wish, course)
        self._replaced = before

    def advance(self) -> None:
        """Take the answer, if there is one."""
        asking = self.asking
        # A stroke under way is a step of its own: the answer waits for its end.
        if asking is None or not asking.over or self._bench.hand.busy:
            return
        self.asking = None
        bench = self._bench
        try:
            made = self._put(asking)
        except Cancelled:
            bench.notify("the generator was stopped")
            return
        except MarioError as error:
            bench.refuse(str(error))
            return
        self._step = bench.document.last_change if made else None
        bench.hand.clip_selection()
        bench.move_cursor(0, 0)
        name, seed = asking.wish.generator, asking.wish.seed
        bench.notify(f"{name}, seed {seed}: N for the next one, ctrl+Z back")

    def _put(self, asking: Asking) -> bool:
        """Put the answer into the course; whether it changes anything.

        Raises:
            MarioError: When there is none, or it does not fit any more.
        """
        document, wish = self._bench.document, asking.wish
        cells = asking.answer()
        title = f"generator, seed {wish.seed}"
        places: list[tuple[int, int]] = []
        if wish.box is not None:
            left, top, right, bottom = wish.box
            if right > document.width or bottom > document.height:
                raise LevelError("the course became smaller meanwhile: nothing was put")
            places = [(x, y) for y in range(top, bottom) for x in range(left, right)]
        replaced = self._replaced is not None and document.last_change is self._replaced
        if replaced:
            document.undo()
        try:
            if wish.box is None:
                return document.replace_cells(cells, title)
            return document.put({(x, y): int(cells[y, x]) for x, y in places}, title)
        except MarioError:
            if replaced:
                document.redo()
            raise
