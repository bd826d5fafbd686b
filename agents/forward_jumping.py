"""ForwardJumpingAgent, a sample agent of the 2009 Mario AI Competition."""

from __future__ import annotations

from gym_mario_suite.agents.base import GameView
from gym_mario_suite.engine.world import Button

_RIGHT = int(Button.RIGHT)
_RIGHT_JUMP_SPEED = int(Button.RIGHT | Button.JUMP | Button.SPEED)


class ForwardJumpingAgent:
    """Runs right and jumps without end, seeing nothing.

    JUMP and SPEED are pressed whenever a jump may start or Mario is in the air, and released in
    the ticks between, so every jump is as long as it can be. Sergey Karakovskiy's JumpingAgent of
    the competition follows the same rule.
    """

    name = "forward-jumping"
    independent_levels = True

    def reset(self) -> None:
        """Nothing is remembered."""

    def act(self, game: GameView) -> int:
        """RIGHT, with JUMP and SPEED by the rule of the class."""
        return _RIGHT_JUMP_SPEED if game.may_jump or not game.on_ground else _RIGHT
