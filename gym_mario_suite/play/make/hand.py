"""The tools: what pressing, moving and letting go does to a document."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from gym_mario_suite.levels.maker.parts import AIR, BY_NAME
from gym_mario_suite.play.make.commands import Tool
from gym_mario_suite.play.make.document import Cells, Document, LimitError
from gym_mario_suite.play.make.palette import CATEGORIES, Entry, entry_of, stamp_cells
from gym_mario_suite.play.make.shapes import Cell, flood_cells, line_cells, rectangle_cells

Box = tuple[int, int, int, int]
_DRAWN = (Tool.BRUSH, Tool.ERASER)
_SPANNED = (Tool.RECTANGLE, Tool.OUTLINE, Tool.LINE)
# Halves that change places when what they belong to is flipped.
_MIRRORED = (("pipe_top_left", "pipe_top_right"), ("pipe_left", "pipe_right"))


class Hand:
    """Holds a tool and a part over a document.

    Args:
        document: What is edited.
        notify: Told what was refused.

    Attributes:
        tool: The tool.
        entry: What of the palette it paints.
        other: What it painted before.
        selection: Left, top, right, bottom of the selected cells (the last two outside), or None.
        clipboard: Cells that were copied, or None.
        anchor: Cell where the stroke under way began, or None.
        at: Cell where it is now.
    """

    def __init__(self, document: Document, notify: Callable[[str], None]) -> None:
        self.document = document
        self._notify = notify
        self.tool = Tool.BRUSH
        self.entry: Entry = CATEGORIES["TERRAIN"][0]
        self.other: Entry = CATEGORIES["BLOCKS"][0]
        self.selection: Box | None = None
        self.clipboard: Cells | None = None
        self.anchor: Cell | None = None
        self.at: Cell = (0, 0)
        self._erasing = False
        self._moving = False

    # --- strokes --------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether a stroke is under way."""
        return self.anchor is not None

    @property
    def moving(self) -> bool:
        """Whether the selection is being dragged."""
        return self._moving

    def begin(self, cell: Cell, erase: bool = False) -> None:
        """Press the tool down on a cell.

        Args:
            cell: Column and row.
            erase: Whether to put air, whatever the part is.
        """
        self.end()
        self.anchor = self.at = cell
        self._erasing = erase or self.tool is Tool.ERASER
        if erase and self.tool not in (*_SPANNED, Tool.FILL):
            self.document.begin("erase")
            self._draw([cell])
            return
        match self.tool:
            case Tool.BRUSH if self.entry.stamp:
                self._put(stamp_cells(self.entry.stamp, self.document.cells, cell), "stamp")
            case Tool.BRUSH | Tool.ERASER:
                self.document.begin("paint" if self.tool is Tool.BRUSH else "erase")
                self._draw([cell])
            case Tool.FILL:
                part = self._part()
                self._put(dict.fromkeys(flood_cells(self.document.cells, cell), part), "fill")
            case Tool.PICK:
                self.pick_up(cell)
            case Tool.START | Tool.GOAL:
                self.document.begin(f"move the {self.tool}")
                self._mark(cell)
            case Tool.SELECT:
                self._moving = self._in_selection(cell)
                if not self._moving:
                    self.selection = None
            case Tool.PASTE:
                self.paste_at(cell)

    def move(self, cell: Cell) -> None:
        """Move the tool to a cell while it is pressed."""
        if self.anchor is None or cell == self.at:
            return
        before, self.at = self.at, cell
        if (self._erasing and self.tool not in (*_SPANNED, Tool.FILL)) or (
            self.tool is Tool.BRUSH and not self.entry.stamp
        ):
            self._draw(line_cells(before, cell))
        elif self.tool in (Tool.START, Tool.GOAL):
            self._mark(cell)
        elif self.tool is Tool.SELECT and not self._moving:
            self.selection = self._span()

    def end(self) -> None:
        """Let go."""
        if self.anchor is None:
            return
        if self.tool in _SPANNED:
            self._put(dict.fromkeys(self._shape(), self._part()), str(self.tool))
        elif self.tool is Tool.SELECT and not self._erasing:
            if self._moving:
                self.move_selection(self.at[0] - self.anchor[0], self.at[1] - self.anchor[1])
            elif self.at == self.anchor:
                self.selection = None
            else:
                self.selection = self._span()
        self.anchor = None
        self._moving = self._erasing = False
        self.document.end()

    def cancel(self) -> bool:
        """Let go without having done anything; whether a brush had drawn, which is taken back."""
        drawn = self._erasing or self.tool in (*_DRAWN, Tool.START, Tool.GOAL)
        brushed = self.anchor is not None and drawn and self.tool not in _SPANNED
        self.anchor = None
        self._moving = self._erasing = False
        return brushed and self.document.abandon()

    def preview(self) -> dict[Cell, int]:
        """What letting go (or a press, of a stamp or a paste) would put, by cell."""
        document = self.document
        if self.anchor is not None and self.tool in _SPANNED:
            return {c: self._part() for c in self._shape() if document.inside(*c)}
        if self._moving and self.selection is not None and self.anchor is not None:
            dx, dy = self.at[0] - self.anchor[0], self.at[1] - self.anchor[1]
            left, top, right, bottom = self.selection
            cells = document.cells[top:bottom, left:right]
            return self._laid(cells, (left + dx, top + dy))
        return {}

    def ghost(self, cell: Cell) -> dict[Cell, int]:
        """What a press at a cell would put there."""
        if self.anchor is not None:
            return {}
        if self.tool is Tool.PASTE and self.clipboard is not None:
            return self._laid(self.clipboard, cell)
        if self.tool is Tool.BRUSH and self.entry.stamp:
            edits = stamp_cells(self.entry.stamp, self.document.cells, cell)
            return {at: part for at, part in edits.items() if self.document.inside(*at)}
        if self.tool in (Tool.BRUSH, *_SPANNED, Tool.FILL) and self.document.inside(*cell):
            return {cell: self._part()}
        return {}

    # --- parts ----------------------------------------------------------------------------------

    def choose(self, entry: Entry) -> None:
        """Take a part of the palette; tools that paint nothing give way to the brush."""
        if entry != self.entry:
            self.other, self.entry = self.entry, entry
        if self.tool not in (Tool.BRUSH, Tool.FILL, *_SPANNED) or (
            entry.stamp and self.tool is not Tool.BRUSH
        ):
            self.take(Tool.BRUSH)

    def take(self, tool: Tool) -> None:
        """Take a tool."""
        self.end()
        self.tool = tool

    def pick_up(self, cell: Cell) -> None:
        """Take the part of a cell; air is the eraser."""
        if not self.document.inside(*cell):
            return
        part = int(self.document.cells[cell[1], cell[0]])
        if part == AIR:
            self.take(Tool.ERASER)
        else:
            self.tool = Tool.BRUSH if self.tool in (Tool.PICK, Tool.ERASER) else self.tool
            self.choose(entry_of(part))

    def erase(self, cell: Cell) -> None:
        """Put air where the selection is, or at a cell."""
        if self.selection is not None:
            self._put(dict.fromkeys(_cells(self.selection), AIR), "erase")
        else:
            self._put({cell: AIR}, "erase")

    # --- selection ------------------------------------------------------------------------------

    def select_all(self) -> None:
        """Select the whole course."""
        self.take(Tool.SELECT)
        self.selection = (0, 0, self.document.width, self.document.height)

    def clip_selection(self) -> None:
        """Fit the selection into the course, after that became smaller."""
        if self.selection is not None:
            left, top, right, bottom = self.selection
            right, bottom = min(right, self.document.width), min(bottom, self.document.height)
            self.selection = (left, top, right, bottom) if left < right and top < bottom else None

    def copy(self) -> bool:
        """Copy the selection; whether there is one."""
        if self.selection is None:
            return False
        left, top, right, bottom = self.selection
        self.clipboard = np.array(self.document.cells[top:bottom, left:right])
        return True

    def cut(self) -> bool:
        """Copy the selection and put air there."""
        if not self.copy():
            return False
        assert self.selection is not None
        return self._put(dict.fromkeys(_cells(self.selection), AIR), "cut")

    def paste_at(self, cell: Cell) -> bool:
        """Put the copied cells with their top left one at a cell, and select them."""
        if self.clipboard is None:
            return False
        if not self._put(self._laid(self.clipboard, cell), "paste"):
            return False
        height, width = self.clipboard.shape
        left, top = max(0, cell[0]), max(0, cell[1])
        self.selection = (left, top, cell[0] + width, cell[1] + height)
        self.clip_selection()
        return True

    def move_selection(self, dx: int, dy: int) -> bool:
        """Move the selected cells; what they leave is air, what leaves the course is lost."""
        if self.selection is None or not (dx or dy):
            return False
        left, top, right, bottom = self.selection
        cells = np.array(self.document.cells[top:bottom, left:right])
        edits = dict.fromkeys(_cells(self.selection), AIR)
        edits |= self._laid(cells, (left + dx, top + dy))
        if not self._put(edits, "move"):
            same = not np.any(cells != AIR)
            if not same:
                return False
        self.selection = (
            max(0, left + dx),
            max(0, top + dy),
            max(0, right + dx),
            max(0, bottom + dy),
        )
        self.clip_selection()
        return True

    def flip(self, over: bool) -> bool:
        """Flip the selection, or what is about to be pasted: left to right, or top to bottom.

        Whether there is something to flip.
        """
        if self.tool is Tool.PASTE and self.clipboard is not None:
            self.clipboard = flipped(self.clipboard, over)
            return True
        if self.selection is None:
            return False
        left, top, right, bottom = self.selection
        cells = flipped(self.document.cells[top:bottom, left:right], over)
        self._put(self._laid(cells, (left, top)), "flip")
        return True

    # --- inside ---------------------------------------------------------------------------------

    def _part(self) -> int:
        return AIR if self._erasing else self.entry.part

    def _draw(self, cells: Iterable[Cell]) -> None:
        """Put the part cell by cell: what a limit refuses does not keep the others away."""
        part = self._part()
        for cell in cells:
            self._put({cell: part}, "paint")

    def _put(self, edits: dict[Cell, int], title: str) -> bool:
        try:
            return self.document.put(edits, title)
        except LimitError as error:
            self._notify(f"limit reached: {error}")
            return False

    def _mark(self, cell: Cell) -> None:
        column = min(max(cell[0], 0), self.document.width - 1)
        row = min(max(cell[1], 0), self.document.height - 1)
        if self.tool is Tool.START:
            self.document.describe("start", start=(column, row))
        else:
            self.document.describe("goal", goal=column)

    def _shape(self) -> list[Cell]:
        assert self.anchor is not None
        if self.tool is Tool.LINE:
            return line_cells(self.anchor, self.at)
        return rectangle_cells(self.anchor, self.at, self.tool is Tool.RECTANGLE)

    def _span(self) -> Box | None:
        assert self.anchor is not None
        (x0, y0), (x1, y1) = self.anchor, self.at
        left, right = max(0, min(x0, x1)), min(self.document.width, max(x0, x1) + 1)
        top, bottom = max(0, min(y0, y1)), min(self.document.height, max(y0, y1) + 1)
        return (left, top, right, bottom) if left < right and top < bottom else None

    def _in_selection(self, cell: Cell) -> bool:
        if self.selection is None:
            return False
        left, top, right, bottom = self.selection
        return left <= cell[0] < right and top <= cell[1] < bottom

    def _laid(self, cells: Cells, at: Cell) -> dict[Cell, int]:
        return {
            (at[0] + x, at[1] + y): int(cells[y, x])
            for y in range(cells.shape[0])
            for x in range(cells.shape[1])
            if self.document.inside(at[0] + x, at[1] + y)
        }


def flipped(cells: Cells, over: bool) -> Cells:
    """Cells flipped left to right (with halves of pipes exchanged), or top to bottom."""
    if over:
        return cells[::-1].copy()
    found = cells[:, ::-1].copy()
    before = found.copy()
    for one, other in _MIRRORED:
        found[before == BY_NAME[one].code] = BY_NAME[other].code
        found[before == BY_NAME[other].code] = BY_NAME[one].code
    return found


def _cells(box: Box) -> list[Cell]:
    left, top, right, bottom = box
    return [(x, y) for y in range(top, bottom) for x in range(left, right)]
