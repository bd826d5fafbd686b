"""Games to be drawn, and what is drawn of them."""

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.draw import GRAY84_SHAPE, RGB_HALF_SHAPE, RGB_SHAPE, Renderer
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.tiles import Tile
from gym_mario_suite.engine.world import Kind, Mode, Worlds
from gym_mario_suite.levels import Level

Frame = NDArray[np.uint8]

SHAPES = {"rgb": RGB_SHAPE, "rgb_half": RGB_HALF_SHAPE, "gray84": GRAY84_SHAPE}
GROUND_ROW = 13
STANDING_Y = 16 * GROUND_ROW - 1
CREATURES = [k for k in Kind if k not in (Kind.MARIO, Kind.NONE)]


def draw(renderer: Renderer, view: str, game: Game, **options) -> Frame:
    return getattr(renderer, view)(game.image, game.worlds, **options)


def flat_level(width: int = 60, tiles=(), x_exit: int | None = None) -> Level:
    """A level of two rows of ground, with extra tiles (column, row, byte)."""
    cells = np.zeros((width, 15), np.uint8)
    cells[:, GROUND_ROW] = Tile.GROUND_TOP
    cells[:, GROUND_ROW + 1] = Tile.GROUND
    for x, y, tile in tiles:
        cells[x, y] = tile
    return Level(cells, [], width - 2 if x_exit is None else x_exit, GROUND_ROW)


def game_at(level: Level, x: float = 160, y: float = STANDING_Y, mode: Mode = Mode.LARGE) -> Game:
    game = Game(level.image, mode)
    body = game.worlds[0]["players"][0]["body"]
    body["x"], body["y"], body["on_ground"] = x, y, 1
    return game


def add_sprite(worlds: Worlds, kind: int, x: float, y: float, **fields) -> None:
    world = worlds[0]
    slot = int(world["n_sprites"])
    world["order"][slot] = slot
    body = world["sprites"][slot]
    body["kind"], body["x"], body["y"], body["facing"], body["aux"] = kind, x, y, 1, 20
    for name, value in fields.items():
        body[name] = value
    world["n_sprites"] = slot + 1
