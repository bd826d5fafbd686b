"""LuckyAgent, Trond Ellingsen's entry to the 2009 Mario AI Competition."""

from __future__ import annotations

from enum import Enum, auto

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.agents.base import GameView
from gym_mario_suite.engine.world import Button, Mode

_LEFT = int(Button.LEFT)
_RIGHT = int(Button.RIGHT)
_JUMP = int(Button.JUMP)
_SPEED = int(Button.SPEED)

_ENEMY_JUMP_TICKS = 7
_HIGH_WALL = 4  # cells


class Jump(Enum):
    """What the present jump is for."""

    NONE = auto()
    ENEMY = auto()
    GAP = auto()
    WALL = auto()


class EllingsenAgent:
    """Runs right with three kinds of jump, each held for a length that fits its reason.

    A jump begins when one may: over a gap in the column ahead while moving right (held longer the
    slower Mario is), over a wall when he is nearly stopped and nothing is above (held as long as
    the wall is high in cells, three ticks more from four cells on), or at an enemy near in front
    (seven ticks). It is over when he stands again. Falling outside of a jump he steers left above
    a gap or between enemies, and else lets go of RIGHT. While jumping at an enemy as fire Mario,
    SPEED is pressed every other tick, which fires.

    Distances to enemies and speeds are float32, as in the original. Also as there, `reset` only
    sets the memory of SPEED: the jump, its count and the last position are carried from level to
    level.
    """

    name = "ellingsen"

    def __init__(self) -> None:
        self._jump = Jump.NONE
        self._jump_ticks = 0
        self._jump_limit = -1
        self._last_x = np.float32(0)
        self._last_y = np.float32(0)
        self._speed = True

    def reset(self) -> None:
        """SPEED counts as pressed; all else carries over."""
        self._speed = True

    def act(self, game: GameView) -> int:
        """Buttons by the rule of the class."""
        x, y = game.x, game.y
        near, above = _enemies_near_and_above(game.enemy_floats(), x, y)
        grid = game.level_grid()
        gap = not grid[12:22, 12].any()
        self._plan_jump(game, x - self._last_x, near, above, gap, grid)

        falling = bool(self._last_y < y) and self._jump is Jump.NONE
        left = falling and ((near and above) or gap)
        right = not falling and not (above and self._jump is Jump.WALL)
        jump = self._jump is not Jump.NONE and self._jump_ticks < self._jump_limit
        fires = self._jump is Jump.ENEMY and game.mode == Mode.FIRE
        self._speed = not (fires and self._speed)
        self._last_x, self._last_y = x, y
        return _LEFT * left | _RIGHT * right | _JUMP * jump | _SPEED * self._speed

    def _plan_jump(
        self,
        game: GameView,
        x_speed: np.float32,
        near: bool,
        above: bool,
        gap: bool,
        grid: NDArray[np.int8],
    ) -> None:
        """End the jump, begin one, or count a tick of it."""
        may_jump = game.may_jump
        if self._jump is not Jump.NONE and (may_jump or game.on_ground):
            self._jump, self._jump_limit, self._jump_ticks = Jump.NONE, -1, 0
        elif may_jump:
            if gap and x_speed > 0:
                self._begin(Jump.GAP, int(np.float32(9) - x_speed) if x_speed < 6 else 1)
            elif x_speed <= 1 and not above and grid[11, 12]:
                wall = _wall_height(grid)
                self._begin(Jump.WALL, wall + 3 if wall >= _HIGH_WALL else wall)
            elif near and not (above and x_speed > 2):
                self._begin(Jump.ENEMY, _ENEMY_JUMP_TICKS)
        else:
            self._jump_ticks += 1

    def _begin(self, jump: Jump, limit: int) -> None:
        self._jump, self._jump_limit, self._jump_ticks = jump, limit, 0


def _enemies_near_and_above(
    enemies: NDArray[np.float32], x: np.float32, y: np.float32
) -> tuple[bool, bool]:
    """Whether an enemy is near in front, and whether one is overhead."""
    near = above = False
    dx = enemies[:, 1] - x
    dy = y - enemies[:, 2]
    for right, up in zip(dx.tolist(), dy.tolist(), strict=True):
        near = near or (-13 <= right < 92 and -57 <= up < 30)
        above = above or (-28 <= right < 30 and 28 <= up < 73)
    return near, above


def _wall_height(grid: NDArray[np.int8]) -> int:
    """Cells without a hole in the column ahead, from Mario's row up."""
    holes = np.flatnonzero(grid[11::-1, 12] == 0)
    return int(holes[0]) if holes.size else 12
