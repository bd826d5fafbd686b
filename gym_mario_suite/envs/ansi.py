"""The screen as text, in the letters of `levels.text`."""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.engine.level_image import LevelImage, cell_at
from gym_mario_suite.engine.world import (
    SCREEN_HEIGHT_PX,
    SCREEN_WIDTH_PX,
    TICKS_PER_SECOND,
    Kind,
    Worlds,
)
from gym_mario_suite.levels.text import KIND_LETTERS, TILE_LETTERS

_COLUMNS = SCREEN_WIDTH_PX // 16 + 1
_ROWS = SCREEN_HEIGHT_PX // 16


@jit
def _read_screen(image, worlds, first, out):
    for x in range(out.shape[0]):
        for y in range(out.shape[1]):
            out[x, y] = cell_at(image, worlds[0], first + x, y) & 0xFF


def screen_text(image: LevelImage, worlds: Worlds) -> str:
    """What the camera sees: a line of telemetry, then 15 rows of 21 letters.

    Args:
        image: Level image.
        worlds: WORLD[1].
    """
    world = worlds[0]
    player = world["players"][0]
    first = max(int(world["x_cam"]), 0) >> 4
    tiles = np.zeros((_COLUMNS, _ROWS), np.uint8)
    _read_screen(image, worlds, first, tiles)
    grid = TILE_LETTERS[tiles].T.copy()
    order = world["order"][: world["n_sprites"]]
    bodies = [*world["sprites"][order], player["body"]]
    for body in bodies:
        column = int(body["x"]) // 16 - first
        row = int(body["y"]) // 16
        if 0 <= column < _COLUMNS and 0 <= row < _ROWS:
            grid[row, column] = KIND_LETTERS[Kind(int(body["kind"]))]
    mode = ("small", "large", "fire")[int(player["large"]) + int(player["fire"])]
    head = (
        f"x {float(player['body']['x']):.0f}  {mode}  coins {player['coins']}  "
        f"kills {world['kills_total']}  time {int(world['time_left']) // TICKS_PER_SECOND}"
    )
    return "\n".join([head, *("".join(row) for row in grid)]) + "\n"
