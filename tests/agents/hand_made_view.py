from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.world import Button, Mode

LEFT, RIGHT, JUMP, SPEED = (
    int(button) for button in (Button.LEFT, Button.RIGHT, Button.JUMP, Button.SPEED)
)

START_X, START_Y = np.float32(100), np.float32(200)  # px


def flat_ground() -> NDArray[np.int8]:
    """Solid from the row below Mario's cell down, air above."""
    grid = np.zeros((22, 22), np.int8)
    grid[12:] = -10
    return grid


@dataclass
class HandMadeView:
    """A `GameView` whose answers a test writes down; Mario stands on flat ground."""

    tiles: NDArray[np.int8] = field(default_factory=flat_ground)
    sprites: dict[tuple[int, int], int] = field(default_factory=dict)
    enemies: list[tuple[float, float, float]] = field(default_factory=list)
    x: np.float32 = START_X
    y: np.float32 = START_Y
    on_ground: bool = True
    may_jump: bool = True
    carrying: bool = False
    mode: Mode = Mode.FIRE
    kills: int = 0

    def level_grid(self, z: int = 1) -> NDArray[np.int8]:
        assert z == 1
        return self.tiles

    def enemies_grid(self, z: int = 0) -> NDArray[np.int8]:
        raise NotImplementedError

    def merged_grid(self, z_level: int = 1, z_enemies: int = 0) -> NDArray[np.int8]:
        assert (z_level, z_enemies) == (1, 0)
        grid = self.tiles.copy()
        for cell, kind in self.sprites.items():
            grid[cell] = kind
        return grid

    def enemy_floats(self) -> NDArray[np.float32]:
        return np.array(self.enemies, np.float32).reshape(-1, 3)

    def level_bitmap(self) -> NDArray[np.uint16]:
        raise NotImplementedError


def with_tile(row: int, column: int, tile: int = -10) -> NDArray[np.int8]:
    grid = flat_ground()
    grid[row, column] = tile
    return grid


def with_gap(column: int) -> NDArray[np.int8]:
    grid = flat_ground()
    grid[:, column] = 0
    return grid
