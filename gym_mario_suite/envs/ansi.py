"""The screen as text, in the letters of `levels.text`."""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.engine.level_image import LevelImage, cell_at
from gym_mario_suite.engine.tick_2019 import SCREEN_2019_PX
from gym_mario_suite.engine.world import (
    MS_PER_SECOND,
    SCREEN_HEIGHT_PX,
    SCREEN_WIDTH_PX,
    TICKS_PER_SECOND,
    Kind,
    Rules,
    Worlds,
)
from gym_mario_suite.levels.text import KIND_LETTERS, TILE_LETTERS_OF_RULES

_COLUMNS = SCREEN_WIDTH_PX // 16 + 1
_ROWS = SCREEN_HEIGHT_PX // 16
_COLUMNS_2019 = SCREEN_2019_PX // 16 + 1
_ROWS_2019 = SCREEN_2019_PX // 16


@jit
def _read_screen(image, worlds, first, top, out):
    for x in range(out.shape[0]):
        for y in range(out.shape[1]):
            out[x, y] = cell_at(image, worlds[0], first + x, top + y) & 0xFF


def screen_text(image: LevelImage, worlds: Worlds) -> str:
    """What the camera sees: a line of telemetry, then the screen's letters.

    15 rows of 21 letters, or under the 2019 rules 16 rows of 17.

    Args:
        image: Level image.
        worlds: WORLD[1].
    """
    world = worlds[0]
    player = world["players"][0]
    rules = int(world["rules"])
    in_2009 = rules == Rules.COMPETITION_2009
    first = max(int(world["x_cam"]), 0) >> 4
    top = 0 if in_2009 else int(world["y_cam"]) >> 4
    columns, rows = (_COLUMNS, _ROWS) if in_2009 else (_COLUMNS_2019, _ROWS_2019)
    tiles = np.zeros((columns, rows), np.uint8)
    _read_screen(image, worlds, first, top, tiles)
    grid = TILE_LETTERS_OF_RULES[rules][tiles].T.copy()
    order = world["order"][: world["n_sprites"]]
    bodies = [*world["sprites"][order], player["body"]]
    for body in bodies:
        column = int(body["x"]) // 16 - first
        row = int(body["y"]) // 16 - top
        if 0 <= column < columns and 0 <= row < rows:
            grid[row, column] = KIND_LETTERS[Kind(int(body["kind"]))]
    mode = ("small", "large", "fire")[int(player["large"]) + int(player["fire"])]
    unit = TICKS_PER_SECOND if in_2009 else MS_PER_SECOND
    head = (
        f"x {float(player['body']['x']):.0f}  {mode}  coins {player['coins']}  "
        f"kills {world['kills_total']}  time {int(world['time_left']) // unit}"
    )
    return "\n".join([head, *("".join(row) for row in grid)]) + "\n"
