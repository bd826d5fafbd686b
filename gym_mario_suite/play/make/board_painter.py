"""The board: the course, the ways through it, marks, selection and cursor."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.levels.maker.parts import TILE_OF
from gym_mario_suite.levels.maker.structures import broken_cells
from gym_mario_suite.levels.tile_grid import SOLID
from gym_mario_suite.play.canvas import BLUE, CREAM, GOLD, GREEN, INK, RED, Canvas, Colour, Pixels
from gym_mario_suite.play.make.pictures import (
    BoardPictures,
    engine_theme,
    frame,
    part_picture,
    stamp,
)
from gym_mario_suite.play.make.shapes import Cell
from gym_mario_suite.play.make.workbench import Workbench

_OUTSIDE = (16, 13, 30)
_GRID_OPACITY, _SCREEN_OPACITY = 0.13, 0.3
_SCREEN_COLUMNS = 24  # of a screen of the game
_GHOST_OPACITY = 0.6
_BLINK_S = 0.5


class BoardPainter:
    """Paints boards; keeps the last course's picture."""

    def __init__(self) -> None:
        self._pictures = BoardPictures()
        self._broken: tuple[tuple[int, int], list[Cell]] | None = None
        self._mario = frame("small_stand")
        self._drawn: tuple[tuple[object, ...], Pixels] | None = None

    def paint(self, pixels: Pixels, bench: Workbench) -> None:
        """Paint the board into its pixels."""
        canvas = Canvas(pixels)
        document, view = bench.document, bench.view
        px = view.cell_px
        first, end = view.columns
        top = max(0, view.top_px // px)
        bottom = min(document.height, -(-(view.top_px + view.height_px) // px))
        pixels[:] = _OUTSIDE
        key = (id(document), document.version)
        if first < end and top < bottom:
            box = (first, top, end, bottom)
            seen = (*key, px, *box)
            if self._drawn is None or self._drawn[0] != seen:
                self._drawn = seen, self._pictures.draw(document.course, key, px, box)
            x, y = view.place(first, top)
            _put(pixels, self._drawn[1], x, y)
        self._paint_grid(canvas, bench)
        self._paint_broken(canvas, bench, key)
        self._paint_goal(canvas, bench)
        self._paint_start(pixels, bench)
        if bench.way:
            self._paint_way(canvas, bench)
        if bench.played_way:
            self._paint_played(canvas, bench)
        self._paint_ghost(pixels, bench)
        self._paint_selection(canvas, bench)
        self._paint_cursor(canvas, bench)

    def _paint_grid(self, canvas: Canvas, bench: Workbench) -> None:
        view, document = bench.view, bench.document
        px = view.cell_px
        left, top = view.place(0, 0)
        right, bottom = view.place(document.width, document.height)
        first, end = view.columns
        if bench.grid and px >= 8:
            for column in range(first, end + 1):
                x, _ = view.place(column, 0)
                is_screen = column % _SCREEN_COLUMNS == 0
                opacity = _SCREEN_OPACITY if is_screen else _GRID_OPACITY
                canvas.fill(x, max(0, top), 1, bottom - max(0, top), CREAM, opacity)
            for row in range(document.height + 1):
                _, y = view.place(0, row)
                canvas.fill(max(0, left), y, right - max(0, left), 1, CREAM, _GRID_OPACITY)
        if px >= 8:
            for column in range(first - first % 10 + 9, end, 10):
                x, _ = view.place(column, 0)
                if px * 10 > 8 * 5:
                    canvas.text(x + max(0, px - 8) // 2, max(1, top - 10), str(column + 1), GOLD)

    def _paint_broken(self, canvas: Canvas, bench: Workbench, key: tuple[int, int]) -> None:
        if self._broken is None or self._broken[0] != key:
            self._broken = key, broken_cells(TILE_OF[bench.document.cells])
        view = bench.view
        for column, row in self._broken[1]:
            x, y = view.place(column, row)
            _frame(canvas, x, y, view.cell_px, view.cell_px, RED, 0.8)

    def _paint_goal(self, canvas: Canvas, bench: Workbench) -> None:
        view, document = bench.view, bench.document
        px = view.cell_px
        x, top = view.place(document.goal_column, 0)
        _, bottom = view.place(0, document.height)
        canvas.fill(x, max(0, top), px, bottom - max(0, top), GREEN, 0.16)
        canvas.fill(x + px // 2, max(0, top), max(1, px // 8), bottom - max(0, top), GREEN, 0.9)
        side = max(3, px * 3 // 4)
        flag_y = max(2, top + 2)
        for row in range(side):
            for column in range(0, side, max(1, side // 4)):
                on = (row // max(1, side // 4) + column // max(1, side // 4)) % 2 == 0
                colour = CREAM if on else INK
                wide = max(1, side // 4)
                canvas.fill(x + px // 2 + px // 8 + column, flag_y + row, wide, 1, colour, 1)

    def _paint_start(self, pixels: Pixels, bench: Workbench) -> None:
        path = bench.verdict.path
        start = bench.document.about.start
        if start is None:
            if not len(path):
                return
            start = int(path[0, 0]), int(path[0, 1])
        view = bench.view
        px = view.cell_px
        x, y = view.place(*start)
        canvas = Canvas(pixels)
        # A start that was placed is framed; one that follows from the ground is not.
        if bench.document.about.start is not None:
            _frame(canvas, x, y, px, px, GREEN, 1)
        drawn = self._mario
        if px < 16:
            drawn = drawn[:: 16 // px, :: 16 // px]
        else:
            drawn = drawn.repeat(px // 16, 0).repeat(px // 16, 1)
        stamp(pixels, drawn, x - 8 * px // 16, y - px, 0.85)

    def _paint_way(self, canvas: Canvas, bench: Workbench) -> None:
        """The solver's way: a dot where Mario takes off, a cross where it ends."""
        verdict, view = bench.verdict, bench.view
        px = view.cell_px
        points = (verdict.path + 0.5) * px - (view.left_px, view.top_px)
        if len(points):
            curve = _rounded(points.astype(np.float64))
            for shift, colour in ((1, INK), (0, CREAM)):
                canvas.line(curve + np.array([0, shift]), colour, 0.8)
            standing = _standing(bench.document.cells, verdict.path)
            for number in np.flatnonzero(standing[:-1]):
                after = verdict.path[number + 1]
                x, y = points[number].astype(int).tolist()
                if after[1] < verdict.path[number][1]:
                    canvas.fill(x - 2, y - 2, 5, 5, INK, 1)
                    canvas.fill(x - 1, y - 1, 3, 3, GOLD, 1)
        if not verdict.solved:
            x, top = view.place(verdict.furthest_column + 1, 0)
            _, bottom = view.place(0, bench.document.height)
            canvas.fill(x, max(0, top), 2, bottom - max(0, top), RED, 0.9)
            rest, _ = view.place(bench.document.goal_column + 1, 0)
            canvas.fill(x + 2, max(0, top), rest - x - 2, bottom - max(0, top), RED, 0.12)
            if len(points):
                x, y = points[-1].astype(int).tolist()
                half = max(3, px // 3)
                for step in range(-half, half + 1):
                    for side in (-1, 1):
                        canvas.fill(x + step, y + side * step, 2, 2, RED, 1)

    def _paint_played(self, canvas: Canvas, bench: Workbench) -> None:
        view = bench.view
        scale = view.cell_px / 16
        if len(bench.played):
            points = bench.played * scale - (view.left_px, view.top_px)
            points = points - (0, 8 * scale)
            for shift, colour in ((1, INK), (0, BLUE)):
                canvas.line(points + np.array([0, shift]), colour, 0.9)
        for death_x, death_y in bench.deaths:
            x = int(death_x * scale) - view.left_px
            y = min(int((death_y - 8) * scale) - view.top_px, canvas.height_px - 5)
            for step in range(-4, 5):
                for side in (-1, 1):
                    canvas.fill(x + step, y + side * step + 1, 2, 1, INK, 1)
                    canvas.fill(x + step, y + side * step, 2, 1, RED, 1)

    def _paint_ghost(self, pixels: Pixels, bench: Workbench) -> None:
        view = bench.view
        theme = engine_theme(bench.document.about.theme)
        shown = bench.hand.preview()
        if not shown and bench.dialog is None:
            shown = bench.hand.ghost(bench.pointed)
        for (column, row), part in shown.items():
            x, y = view.place(column, row)
            if not (-2 * view.cell_px < x < view.width_px and -64 < y < view.height_px + 64):
                continue
            drawn, dx, dy = part_picture(part, view.cell_px, theme)
            if not drawn[..., 3].any():
                Canvas(pixels).fill(x, y, view.cell_px, view.cell_px, INK, 0.35)
            stamp(pixels, drawn, x + dx, y + dy, _GHOST_OPACITY)

    def _paint_selection(self, canvas: Canvas, bench: Workbench) -> None:
        selection, hand, view = bench.hand.selection, bench.hand, bench.view
        if selection is None:
            return
        left, top, right, bottom = selection
        if hand.moving and hand.anchor is not None:
            dx, dy = hand.at[0] - hand.anchor[0], hand.at[1] - hand.anchor[1]
            left, right, top, bottom = left + dx, right + dx, top + dy, bottom + dy
        x0, y0 = view.place(left, top)
        x1, y1 = view.place(right, bottom)
        canvas.fill(max(0, x0), max(0, y0), x1 - max(0, x0), y1 - max(0, y0), BLUE, 0.14)
        _frame(canvas, x0 - 1, y0 - 1, x1 - x0 + 2, y1 - y0 + 2, INK, 0.8)
        _frame(canvas, x0, y0, x1 - x0, y1 - y0, BLUE, 1)

    def _paint_cursor(self, canvas: Canvas, bench: Workbench) -> None:
        view = bench.view
        px = view.cell_px
        if bench.hover is not None and bench.hover != bench.cursor:
            x, y = view.place(*bench.hover)
            _frame(canvas, x, y, px, px, CREAM, 0.7)
        x, y = view.place(*bench.cursor)
        bright = int(bench.clock() / _BLINK_S) % 2 == 0
        _frame(canvas, x - 1, y - 1, px + 2, px + 2, INK, 0.9)
        _frame(canvas, x, y, px, px, GOLD if bright else CREAM, 1)


def _put(pixels: Pixels, drawn: Pixels, x: int, y: int) -> None:
    height, width = drawn.shape[:2]
    y0, x0 = max(0, y), max(0, x)
    y1, x1 = min(pixels.shape[0], y + height), min(pixels.shape[1], x + width)
    if y0 < y1 and x0 < x1:
        pixels[y0:y1, x0:x1] = drawn[y0 - y : y1 - y, x0 - x : x1 - x]


def _frame(
    canvas: Canvas, x: int, y: int, width: int, height: int, colour: Colour, opacity: float
) -> None:
    if width < 1 or height < 1:
        return
    canvas.fill(x, y, width, 1, colour, opacity)
    canvas.fill(x, y + height - 1, width, 1, colour, opacity)
    canvas.fill(x, y + 1, 1, height - 2, colour, opacity)
    canvas.fill(x + width - 1, y + 1, 1, height - 2, colour, opacity)


def _rounded(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """A line with its corners cut twice (Chaikin, 1974); the ends stay."""
    for _ in range(2):
        if len(points) < 3:
            break
        first, second = points[:-1], points[1:]
        cut = np.stack([0.75 * first + 0.25 * second, 0.25 * first + 0.75 * second], 1)
        points = np.concatenate([points[:1], cut.reshape(-1, 2), points[-1:]])
    return points


def _standing(cells: NDArray[np.uint8], path: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether something solid is below each cell of a way."""
    solid = SOLID[TILE_OF[cells]]
    height = len(solid)
    below = path[:, 1] + 1
    inside = (below >= 0) & (below < height)
    return inside & solid[np.clip(below, 0, height - 1), path[:, 0]]
