"""ForwardAgent, a sample agent of the 2009 Mario AI Competition."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.agents.base import GameView
from gym_mario_suite.engine.world import Button
from gym_mario_suite.errors import OptionError

_RIGHT = int(Button.RIGHT)
_JUMP = int(Button.JUMP)
_SPEED = int(Button.SPEED)


class ForwardAgent:
    """Runs right and jumps at what stands in the way and at gaps.

    It looks at the merged grid, so creatures, items and its own fireballs are in the way too.
    With something in one of the two cells ahead, or a gap, it presses JUMP where that has an
    effect (it may jump, or is in the air with JUMP held) and otherwise leaves the button as it
    was; with nothing ahead it lets go. After `jump_limit` ticks in a row it lets go for one tick,
    which makes the next jump possible. SPEED is pressed at gaps only. A gap is one of the four
    columns from two behind Mario to one ahead with nothing below his row, while something is
    right below him.

    Args:
        jump_limit: Ticks in a row with something ahead, after which JUMP is released.
    """

    name = "forward"
    independent_levels = True

    def __init__(self, *, jump_limit: int = 16) -> None:
        if jump_limit < 0:
            raise OptionError(f"jump_limit must be 0 or more ticks, got {jump_limit}")
        self._jump_limit = jump_limit
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._jump = False
        self._jump_ticks = 0

    def act(self, game: GameView) -> int:
        """RIGHT, with JUMP and SPEED by the rule of the class."""
        grid = game.merged_grid()
        gap = _gap_near(grid)
        if gap or grid[11, 13] or grid[11, 12]:
            if game.may_jump or (self._jump and not game.on_ground):
                self._jump = True
            self._jump_ticks += 1
        else:
            self._jump = False
            self._jump_ticks = 0
        if self._jump_ticks > self._jump_limit:
            self._jump = False
            self._jump_ticks = 0
        return _RIGHT | _JUMP * self._jump | _SPEED * gap


def _gap_near(grid: NDArray[np.int8]) -> bool:
    if not grid[12, 11]:
        return False
    return not grid[12:22, 9:13].any(axis=0).all()
