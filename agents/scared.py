"""ScaredAgent and ScaredSpeedyAgent, sample agents of the 2009 Mario AI Competition."""

from __future__ import annotations

from gym_mario_suite.agents.base import GameView
from gym_mario_suite.engine.world import Button
from gym_mario_suite.errors import OptionError

_JUMP = int(Button.JUMP)


class ScaredAgent:
    """Walks right and jumps at walls and at the edge of a gap.

    It looks at tiles only. With a tile right ahead, or none below that cell, it presses JUMP where
    that has an effect (it may jump, or is in the air with JUMP held) and otherwise leaves the
    button as it was; else it lets go. After `jump_limit` ticks in a row it lets go for one tick.

    As in the original, the state of JUMP and the count of ticks outlive `reset` and are carried
    from level to level.

    Args:
        jump_limit: Ticks in a row with a wall or gap ahead, after which JUMP is released.
    """

    name = "scared"
    _held = int(Button.RIGHT)

    def __init__(self, *, jump_limit: int = 46) -> None:
        if jump_limit < 0:
            raise OptionError(f"jump_limit must be 0 or more ticks, got {jump_limit}")
        self._jump_limit = jump_limit
        self._jump = False
        self._jump_ticks = 0

    def reset(self) -> None:
        """Nothing: JUMP and the count carry over."""

    def act(self, game: GameView) -> int:
        """RIGHT (and SPEED for the speedy one), with JUMP by the rule of the class."""
        grid = game.level_grid()
        if grid[11, 12] or not grid[12, 12]:
            if game.may_jump or (self._jump and not game.on_ground):
                self._jump = True
            self._jump_ticks += 1
        else:
            self._jump = False
            self._jump_ticks = 0
        if self._jump_ticks > self._jump_limit:
            self._jump = False
            self._jump_ticks = 0
        return self._held | _JUMP * self._jump


class ScaredSpeedyAgent(ScaredAgent):
    """ScaredAgent with SPEED held for ever.

    Firing needs SPEED released in the tick before, so a level started as fire Mario sees one
    fireball, in its second tick.
    """

    name = "scared-speedy"
    _held = int(Button.RIGHT | Button.SPEED)
