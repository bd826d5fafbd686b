"""Pictures of whole levels, drawn by the engine with this project's art."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.draw import Renderer
from gym_mario_suite.engine.game import start_worlds, tick_worlds
from gym_mario_suite.engine.tiles import TILE_PX
from gym_mario_suite.engine.world import (
    SCREEN_HEIGHT_PX,
    SCREEN_WIDTH_PX,
    Mode,
    Rules,
    empty_worlds,
)
from gym_mario_suite.levels.level import Level, Spawn
from gym_mario_suite.levels.playability import Playability

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]

STATIC_COLOUR: Colour = (255, 255, 255)
RUN_COLOUR: Colour = (255, 40, 40)
_EDGE_COLOUR: Colour = (0, 0, 0)

_SCREEN_ROWS = SCREEN_HEIGHT_PX // TILE_PX
_SCREEN_COLUMNS = SCREEN_WIDTH_PX // TILE_PX
# The camera has Mario in its middle. He is far above the picture, where only the camera sees him.
_HALF_PX = SCREEN_WIDTH_PX // 2
_FAR_ABOVE_PX = -2000.0


def level_picture(level: Level) -> Picture:
    """The level at its start, with the enemies where they appear.

    Returns:
        uint8[16 * height, 16 * width, 3].
    """
    renderer = Renderer()
    rows = [
        np.concatenate([*_screens(renderer, band)], axis=1)[: band.height * TILE_PX]
        for band in _bands(level)
    ]
    return np.concatenate(rows)


def joined(pictures: Sequence[Picture], axis: int, gap_px: int = 4) -> Picture:
    """Pictures with white between them, so that it is seen where one ends.

    Args:
        pictures: Of one size across the axis.
        axis: 0 puts them one below the other, 1 side by side.
        gap_px: Between two of them.
    """
    shape = list(pictures[0].shape)
    shape[axis] = gap_px
    gap = np.full(shape, 255, np.uint8)
    return np.concatenate([pictures[0], *(p for q in pictures[1:] for p in (gap, q))], axis)


def _bands(level: Level) -> Iterator[Level]:
    """The level in bands as high as the screen: the camera of 2009 does not move vertically."""
    theme = {"type": level.theme}
    for top in range(0, level.height, _SCREEN_ROWS):
        rows = level.tiles[:, top : top + _SCREEN_ROWS]
        spawns = [
            Spawn(spawn.x, spawn.y - top, spawn.enemy, spawn.winged)
            for spawn in level.spawns
            if top <= spawn.y < top + _SCREEN_ROWS
        ]
        start = (0, -1) if level.rules != Rules.COMPETITION_2009 else None
        yield Level(rows, spawns, level.x_exit, level.y_exit - top, theme, level.rules, start)


def _screens(renderer: Renderer, band: Level) -> Iterator[Picture]:
    """Pictures beside each other that make the whole band."""
    theme = band.theme
    width_px = band.width * TILE_PX
    done = 0
    while done < width_px:
        worlds = empty_worlds(1)
        start_worlds(band.image, worlds, int(Mode.SMALL), 200, 0)
        body = worlds[0]["players"][0]["body"]
        body["x"] = float(done + _HALF_PX)
        body["y"] = _FAR_ABOVE_PX
        tick_worlds(band.image, worlds, 0)  # brings the enemies near the screen
        body["x"] = float(done + _HALF_PX)
        body["y"] = _FAR_ABOVE_PX
        screen = renderer.rgb_still(band.image, worlds, 0, theme)
        left = min(done, width_px - SCREEN_WIDTH_PX)
        if left < 0:  # a level narrower than the screen is in its middle
            left >>= 1
        yield screen[:, done - left : width_px - left]
        done = left + SCREEN_WIDTH_PX


def playability_picture(found: Playability) -> Picture:
    """The level with the ways through it: the solver's (white) and that of A* (red).

    Returns:
        uint8[16 * height, 16 * width, 3].
    """
    picture = level_picture(found.level)
    cells = found.static.path.astype(np.float64)
    cells[:, 1] += found.sky_rows
    draw_way(picture, cells * TILE_PX + TILE_PX / 2, STATIC_COLOUR)
    if found.engine is not None:
        # Mario's position is in the middle of his feet.
        positions = found.engine.positions.astype(np.float64) - (0, TILE_PX / 2)
        draw_way(picture, positions, RUN_COLOUR)
    return picture


def draw_way(picture: Picture, points: NDArray[np.float64], colour: Colour) -> None:
    """A line through points (x, y in px), two pixels wide on a dark edge."""
    if not len(points):
        return
    steps = np.abs(np.diff(points, axis=0)).max(axis=1, initial=0).sum()
    way = np.concatenate([[0], np.abs(np.diff(points, axis=0)).max(axis=1)]).cumsum()
    at = np.linspace(0, way[-1], int(steps) + 1)
    x = np.interp(at, way, points[:, 0]).astype(int)
    y = np.interp(at, way, points[:, 1]).astype(int)
    height, width, _ = picture.shape
    for size, ink in ((2, _EDGE_COLOUR), (1, colour)):
        for dx in range(-size, size):
            for dy in range(-size, size):
                inside = (x + dx >= 0) & (x + dx < width) & (y + dy >= 0) & (y + dy < height)
                picture[(y + dy)[inside], (x + dx)[inside]] = ink
