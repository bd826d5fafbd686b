"""What can be known from the competition's window: the world as the agent believes it to be."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.agents.astar.seen_map import empty_map, forget_map, see_tiles
from gym_mario_suite.agents.astar.shadow import (
    CARRYING,
    FACTS,
    KILLS,
    MAY_JUMP,
    MODE,
    ON_GROUND,
    advance_shadow,
    see_mario,
    see_sprites,
    start_shadow,
)
from gym_mario_suite.agents.base import GameView
from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.engine.level_image import LevelImage
from gym_mario_suite.engine.observe import GRID_SIZE
from gym_mario_suite.engine.tiles import TILE_PX
from gym_mario_suite.engine.world import MAX_SPRITES, Worlds, empty_worlds


@jit
def _forget(image, seen, worlds, mode):
    forget_map(image, seen)
    start_shadow(image, worlds[0], mode)


@jit
def _follow(image, seen, worlds, before, match, keys, grid, floats, facts, x, y):
    """A tick of the shadow, then what was seen after the real one; the first unseen column."""
    world = worlds[0]
    advance_shadow(image, world, before, keys)
    see_mario(world, before, x, y, facts)
    column = see_tiles(image, seen, world, grid, x, y)
    see_sprites(world, before, floats, match)
    return column


class WindowModel:
    """The world as it follows from what `GameView` has shown since the start of the level.

    Attributes:
        image: Map of what was seen, with guesses beyond.
        worlds: The shadow of the real world, an array of one.
        seen_to_px: Where the unknown begins, px from the left.
    """

    def __init__(self) -> None:
        self.image: LevelImage
        self.image, self._seen = empty_map()
        self.worlds: Worlds = empty_worlds(1)
        self.seen_to_px = 0
        self._before = np.zeros((MAX_SPRITES + 1, 2), np.float32)
        self._match = np.zeros(MAX_SPRITES, np.int16)
        self._facts = np.zeros(FACTS, np.int64)
        self._started = False
        self._warm_up()

    def _warm_up(self) -> None:
        """Follow an imagined game once, so that the first tick need not wait for numba."""
        _forget(self.image, self._seen, self.worlds, 0)
        grid = np.zeros((GRID_SIZE, GRID_SIZE), np.int8)
        floats = np.zeros((0, 3), np.float32)
        self._follow(0, grid, floats, np.float32(0), np.float32(0))

    def reset(self) -> None:
        """Forget everything: a level is about to begin."""
        self._started = False

    def follow(self, game: GameView, keys: int) -> None:
        """A tick with the buttons `keys` has passed; look at the game and take up what is seen."""
        if not self._started:
            self._started = True
            _forget(self.image, self._seen, self.worlds, int(game.mode))
        facts = self._facts
        facts[ON_GROUND] = game.on_ground
        facts[MAY_JUMP] = game.may_jump
        facts[CARRYING] = game.carrying
        facts[MODE] = game.mode
        facts[KILLS] = game.kills
        self._follow(keys, game.level_grid(0), game.enemy_floats(), game.x, game.y)

    def _follow(
        self,
        keys: int,
        grid: NDArray[np.int8],
        floats: NDArray[np.float32],
        x: np.float32,
        y: np.float32,
    ) -> None:
        column = _follow(
            self.image,
            self._seen,
            self.worlds,
            self._before,
            self._match,
            keys,
            grid,
            floats,
            self._facts,
            x,
            y,
        )
        self.seen_to_px = int(column) * TILE_PX
