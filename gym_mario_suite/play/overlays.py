"""What an agent sees and thinks, drawn over the game."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.draw import camera
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.observe import (
    BORDER,
    BRICK,
    GRID_CENTRE,
    GRID_SIZE,
    HALF_BORDER,
    PIPE_OR_CANNON,
    QUESTION_BLOCK,
)
from gym_mario_suite.engine.tiles import TILE_PX
from gym_mario_suite.engine.world import Kind
from gym_mario_suite.play.canvas import CREAM, GOLD, GREEN, INK, Canvas, Colour, Pixels

MAX_TRAJECTORIES = 600
_SEARCHED: Colour = (255, 64, 96)
_SOLID: Colour = (134, 200, 255)
_ENEMIES = range(Kind.GOOMBA, Kind.SHELL + 1)
_COLOURS: dict[int, Colour] = {
    BORDER: _SOLID,
    HALF_BORDER: GREEN,
    PIPE_OR_CANNON: (183, 91, 203),
    BRICK: (239, 129, 54),
    QUESTION_BLOCK: GOLD,
    int(Kind.MUSHROOM): (85, 184, 63),
    int(Kind.FIRE_FLOWER): (85, 184, 63),
    int(Kind.FIREBALL): (255, 154, 74),
    **dict.fromkeys(_ENEMIES, (230, 63, 63)),
}
# Digits of 3x5 pixels, a row each, as bits.
_DIGITS = {
    **{"0": "75557", "1": "26227", "2": "71747", "3": "71717", "4": "55711"},
    **{"5": "74717", "6": "74757", "7": "71122", "8": "75757", "9": "75717", "-": "00700"},
}


def draw_grid(canvas: Canvas, game: Game) -> None:
    """The competition's view (Z 1 of tiles, 0 of sprites) over the cells that it describes."""
    codes = game.merged_grid().astype(np.int64)
    colours, opacities, numbers = _cell_tables()
    left, top = _grid_origin(game)
    x, y = (np.array([left, top]) - camera_px(game)).tolist()
    shown = _spread(codes != 0)
    edge = np.zeros((TILE_PX, TILE_PX), np.bool_)
    edge[0, :] = edge[:, 0] = True
    edges = np.tile(edge, (GRID_SIZE, GRID_SIZE))
    opacity = _spread(opacities[codes + 128])
    opacity = np.where(edges, np.where(shown, 0.6, 0.16), opacity)
    picture = _spread(colours[codes + 128])
    picture[edges] = INK
    digits = numbers[codes + 128].transpose(0, 2, 1, 3).reshape(opacity.shape)
    for mask, colour in ((np.roll(digits, (1, 1), (0, 1)), INK), (digits, CREAM)):
        picture[mask] = colour
        opacity[mask] = 1
    canvas.stamp_rgba(x, y, picture, opacity)
    origin = np.array([x, y]) + GRID_CENTRE * TILE_PX
    canvas.line(origin + TILE_PX * np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]), CREAM)


def draw_trajectories(canvas: Canvas, game: Game, agent: object) -> None:
    """What a planning agent searched, and in another colour what it means to do.

    Args:
        canvas: The picture of the game.
        game: The game.
        agent: One with a method `trajectories`, which gives paths of Mario in px of the level,
            float[n, 2] each. It may have `chosen_trajectory`, which gives one path of this kind.
    """
    shift = camera_px(game)
    searched: Callable[[], Iterable[Any]] = getattr(agent, "trajectories", lambda: ())
    for path in list(searched())[-MAX_TRAJECTORIES:]:
        canvas.line(np.asarray(path, np.float64).reshape(-1, 2) - shift, _SEARCHED, 0.8)
    chosen = getattr(agent, "chosen_trajectory", None)
    if chosen is not None:
        path = np.asarray(chosen(), np.float64).reshape(-1, 2) - shift
        canvas.line(path + np.array([0, 1]), INK)
        canvas.line(path, CREAM)


def camera_px(game: Game) -> NDArray[np.int64]:
    """Left and top edge of the screen in px of the level, int64[2], as the renderer has it."""
    # The Python form of the compiled function takes a record with attributes.
    return np.array(camera.py_func(game.image, game.worlds.view(np.recarray)[0]), np.int64)


def _grid_origin(game: Game) -> tuple[int, int]:
    """Level px of the grid's top left corner."""
    # As in `observe`, px -15 to 15 are cell 0: int() rounds toward zero.
    column, row = (int(int(v) / TILE_PX) for v in (game.x, game.y))
    return TILE_PX * (column - GRID_CENTRE), TILE_PX * (row - GRID_CENTRE)


def _spread(cells: NDArray[Any]) -> NDArray[Any]:
    return cells.repeat(TILE_PX, 0).repeat(TILE_PX, 1)


@lru_cache(maxsize=1)
def _cell_tables() -> tuple[Pixels, NDArray[np.float64], NDArray[np.bool_]]:
    """Of each code from -128 to 127: colour, opacity, and its number as a mask of 16x16."""
    colours = np.full((256, 3), 255, np.uint8)
    opacities = np.full(256, 0.5)
    numbers = np.zeros((256, TILE_PX, TILE_PX), np.bool_)
    for code in range(-128, 128):
        colours[code + 128] = _COLOURS.get(code, (220, 214, 230))
        text = str(code)
        x = (TILE_PX - 4 * len(text) + 2) // 2
        for digit in text:
            for row, bits in enumerate(_DIGITS[digit]):
                for column in range(3):
                    numbers[code + 128, 6 + row, x + column] = int(bits) >> (2 - column) & 1
            x += 4
    opacities[128] = 0
    numbers[128] = False
    return colours, opacities, numbers
