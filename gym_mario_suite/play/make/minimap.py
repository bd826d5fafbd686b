"""The strip that shows the whole course."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.levels.maker.parts import AIR, N_PARTS
from gym_mario_suite.play.canvas import CREAM, GOLD, GREEN, INK, RED, Canvas, Pixels
from gym_mario_suite.play.make.pictures import backdrop, engine_theme, icon
from gym_mario_suite.play.make.workbench import Workbench

_MARGIN_PX = 3
_MOST_PX = 6  # for a cell
_BACK = (21, 23, 53)


@lru_cache(maxsize=4)
def _colours(theme: int) -> NDArray[np.uint8]:
    """A colour for each part, uint8[parts, 3]: the mean of its picture."""
    found = np.zeros((N_PARTS, 3), np.uint8)
    sky = backdrop(theme).reshape(-1, 3).mean(0) * 0.8
    for part in range(N_PARTS):
        drawn = icon(part)
        shown = drawn[..., 3] > 0
        found[part] = drawn[shown][:, :3].mean(0) if shown.any() else sky
    found[AIR] = sky
    return found


def strip_box(width: int, height: int, columns: int, rows: int) -> tuple[int, int, int, int]:
    """Left, top, width and height in pixels of the course in a strip of a size."""
    room = width - 2 * _MARGIN_PX, height - 2 * _MARGIN_PX
    # As wide as there is room, lower than the course is where it must be.
    scale = min(room[0] / columns, _MOST_PX)
    across = max(1, min(room[0], int(columns * scale)))
    tall = max(1, min(room[1], int(rows * max(scale, 1.0))))
    return (width - across) // 2, (height - tall) // 2, across, tall


def column_at(x: int, width: int, height: int, bench: Workbench) -> float:
    """The course's column at a pixel of the strip."""
    document = bench.document
    left, _, across, _ = strip_box(width, height, document.width, document.height)
    return min(max((x - left) / across, 0.0), 1.0) * document.width


def paint_minimap(pixels: Pixels, bench: Workbench) -> None:
    """The course, the way, the part that the board shows, and what was marked."""
    canvas = Canvas(pixels)
    canvas.fill(0, 0, canvas.width_px, canvas.height_px, _BACK, 1)
    document, view = bench.document, bench.view
    columns, rows = document.width, document.height
    left, top, across, tall = strip_box(canvas.width_px, canvas.height_px, columns, rows)
    x = np.arange(across) * columns // across
    y = np.arange(tall) * rows // tall
    colours = _colours(engine_theme(document.about.theme))
    pixels[top : top + tall, left : left + across] = colours[document.cells[y[:, None], x[None]]]

    def place(column: float, row: float) -> tuple[int, int]:
        return (
            left + int(min(max(column / columns, 0), 1) * (across - 1)),
            top + int(min(max(row / rows, 0), 1) * (tall - 1)),
        )

    verdict = bench.verdict
    for column, row in verdict.path.tolist()[::2]:
        px, py = place(column + 0.5, row + 0.5)
        canvas.fill(px, py, 1, 1, CREAM, 0.9)
    if not verdict.solved:
        px, _ = place(verdict.furthest_column + 1, 0)
        canvas.fill(px, top, 1, tall, RED, 1)
    px, _ = place(document.goal_column + 0.5, 0)
    canvas.fill(px, top, 1, tall, GREEN, 1)
    for death_x, death_y in bench.deaths:
        px, py = place(death_x / 16, death_y / 16)
        canvas.fill(px - 1, py - 1, 3, 3, RED, 1)
    x0, _ = place(view.left_px / view.cell_px, 0)
    x1, _ = place((view.left_px + view.width_px) / view.cell_px, 0)
    for edge, colour in ((1, INK), (0, GOLD)):
        canvas.fill(x0 - edge, top - 2 - edge, x1 - x0 + 1 + 2 * edge, 1, colour, 1)
        canvas.fill(x0 - edge, top + tall + 1 + edge, x1 - x0 + 1 + 2 * edge, 1, colour, 1)
        canvas.fill(x0 - edge, top - 2 - edge, 1, tall + 4 + 2 * edge, colour, 1)
        canvas.fill(x1 + edge, top - 2 - edge, 1, tall + 4 + 2 * edge, colour, 1)
    px, py = place(bench.cursor[0] + 0.5, bench.cursor[1] + 0.5)
    canvas.fill(px - 1, py - 1, 2, 2, GOLD, 1)
