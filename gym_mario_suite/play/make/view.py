"""What of the course the board shows: zoom and scroll."""

from __future__ import annotations

from gym_mario_suite.play.make.shapes import Cell

ZOOMS_PX = (4, 8, 16, 32, 48)  # sides of a cell
_MARGIN_CELLS = 2  # that one can scroll beyond the course
_AHEAD_CELLS = 3  # that stay visible around the cursor


class View:
    """Zoom and scroll, in pixels of the picture.

    Attributes:
        cell_px: Side of a cell.
        left_px: Course pixel at the board's left edge.
        top_px: Course pixel at its top edge.
        width_px: Width of the board.
        height_px: Its height.
    """

    def __init__(self) -> None:
        self.cell_px = 16
        self.left_px = self.top_px = 0
        self.width_px, self.height_px = 480, 300
        self._columns, self._rows = 1, 1

    def fit(self, columns: int, rows: int, width_px: int, height_px: int) -> None:
        """Take the sizes of the course and of the board; the view moves as little as it must."""
        self._columns, self._rows = columns, rows
        self.width_px, self.height_px = max(1, width_px), max(1, height_px)
        self._clamp()

    def cell(self, x: int, y: int) -> Cell:
        """The cell at a pixel of the board, which may be outside of the course."""
        return (x + self.left_px) // self.cell_px, (y + self.top_px) // self.cell_px

    def place(self, column: float, row: float) -> tuple[int, int]:
        """Pixel of the board where a cell's top left corner is."""
        return (
            int(column * self.cell_px) - self.left_px,
            int(row * self.cell_px) - self.top_px,
        )

    @property
    def columns(self) -> tuple[int, int]:
        """First column that shows, and the first one that shows no more."""
        first = max(0, self.left_px // self.cell_px)
        end = -(-(self.left_px + self.width_px) // self.cell_px)
        return first, max(first, min(self._columns, end))

    def scroll(self, dx_px: int, dy_px: int) -> None:
        """Move by pixels."""
        self.left_px += dx_px
        self.top_px += dy_px
        self._clamp()

    def page(self, step: int) -> int:
        """Move by most of the board's width; by how many columns it was."""
        columns = max(1, self.width_px // self.cell_px - 4)
        self.scroll(step * columns * self.cell_px, 0)
        return columns

    def centre_column(self, column: float) -> None:
        """Bring a column into the middle."""
        self.left_px = int(column * self.cell_px) - self.width_px // 2
        self._clamp()

    def show(self, cell: Cell) -> None:
        """Scroll until a cell is seen, with some around it."""
        px = self.cell_px
        for axis, (at, size) in enumerate(zip(cell, (self.width_px, self.height_px), strict=True)):
            ahead = min(_AHEAD_CELLS, max(0, (size // px - 1) // 2)) * px
            now = self.left_px if axis == 0 else self.top_px
            low, high = at * px - ahead, (at + 1) * px + ahead - size
            now = low if now > low else high if now < high else now
            if axis == 0:
                self.left_px = now
            else:
                self.top_px = now
        self._clamp()

    def zoom(self, step: int, x: int | None = None, y: int | None = None) -> None:
        """The next zoom in or out, around a pixel of the board (its middle by default)."""
        x = self.width_px // 2 if x is None else x
        y = self.height_px // 2 if y is None else y
        at = ZOOMS_PX.index(self.cell_px) + step
        new = ZOOMS_PX[min(max(at, 0), len(ZOOMS_PX) - 1)]
        factor = new / self.cell_px
        self.left_px = int((self.left_px + x) * factor) - x
        self.top_px = int((self.top_px + y) * factor) - y
        self.cell_px = new
        self._clamp()

    def _clamp(self) -> None:
        self.left_px = _clamped(self.left_px, self._columns * self.cell_px, self.width_px, 0.5)
        # A course that is lower than the board stands on the board's lower edge.
        self.top_px = _clamped(self.top_px, self._rows * self.cell_px, self.height_px, 0.5)


def _clamped(at: int, size: int, shown: int, share: float) -> int:
    if size <= shown:
        return -int((shown - size) * share)
    margin = min(_MARGIN_CELLS * 16, (shown - 1) // 2)
    return min(max(at, -margin), size - shown + margin)
