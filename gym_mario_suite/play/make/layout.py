"""Where things are in the editor's picture."""

from __future__ import annotations

from dataclasses import dataclass

LEAST_PX = (496, 288)
TOOLBAR_PX = 24
PANEL_PX = 150
STATUS_PX = 14
VERDICT_PX = 14
MINIMAP_PX = 32


@dataclass(frozen=True)
class Rect:
    """A rectangle in pixels."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The first x beyond it."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """The first y beyond it."""
        return self.y + self.height

    def holds(self, x: int, y: int) -> bool:
        """Whether a pixel is inside."""
        return self.x <= x < self.right and self.y <= y < self.bottom


@dataclass(frozen=True)
class Layout:
    """The editor's areas."""

    width: int
    height: int
    toolbar: Rect
    board: Rect
    panel: Rect
    verdict: Rect
    minimap: Rect
    status: Rect


def laid_out(width: int, height: int) -> Layout:
    """The areas of a picture of a size, at least `LEAST_PX`."""
    width, height = max(width, LEAST_PX[0]), max(height, LEAST_PX[1])
    left = width - PANEL_PX
    status = height - STATUS_PX
    minimap = status - MINIMAP_PX
    verdict = minimap - VERDICT_PX
    return Layout(
        width,
        height,
        Rect(0, 0, width, TOOLBAR_PX),
        Rect(0, TOOLBAR_PX, left, verdict - TOOLBAR_PX),
        Rect(left, TOOLBAR_PX, PANEL_PX, status - TOOLBAR_PX),
        Rect(0, verdict, left, VERDICT_PX),
        Rect(0, minimap, left, MINIMAP_PX),
        Rect(0, status, width, STATUS_PX),
    )
