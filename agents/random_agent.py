"""RandomAgent, a sample agent of the 2009 Mario AI Competition, with a seed."""

from __future__ import annotations

from gym_mario_suite.agents.base import GameView
from gym_mario_suite.engine.world import Button
from gym_mario_suite.levels.java_random import JavaRandom

_LEFT = int(Button.LEFT)
_RIGHT = int(Button.RIGHT)
_DOWN = int(Button.DOWN)
_JUMP = int(Button.JUMP)
_SPEED = int(Button.SPEED)


class RandomAgent:
    """Presses buttons at random, RIGHT as often as not and never with LEFT.

    Each button is drawn anew for each tick, from the generator of java.util.Random, in the order
    and with the redraws of the original. The original seeded it from the clock; here every
    `reset` seeds it with `seed`, so that a level always sees the same answers.

    Args:
        seed: What the answers are drawn from, 64 bits.
    """

    name = "random"

    def __init__(self, *, seed: int = 0) -> None:
        self._seed = seed
        self.reset()

    def reset(self) -> None:
        """Draw from the beginning again."""
        self._random = JavaRandom(self._seed)

    def act(self, game: GameView) -> int:
        """Buttons that do not depend on the game."""
        draw = self._random.next_boolean
        left = draw()
        if left and draw():
            left = draw()
        draw()  # RIGHT's first draw is not used
        right = draw()
        down = draw()
        jump = draw()
        speed = draw()
        if not speed:
            speed = draw()
            if not speed:
                speed = draw()
        return (
            _LEFT * (left and not right)
            | _RIGHT * right
            | _DOWN * down
            | _JUMP * jump
            | _SPEED * speed
        )
