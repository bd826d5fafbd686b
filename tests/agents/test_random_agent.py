"""The random agent: the original's draws, from a seed."""

from typing import Any

from gym_mario_suite.agents.random_agent import RandomAgent
from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.engine.world import Button
from gym_mario_suite.levels.java_random import JavaRandom

NO_GAME: Any = None


def answers(agent: Any, count: int) -> list[int]:
    return [agent.act(NO_GAME) for _ in range(count)]


def rule(draws: JavaRandom) -> int:
    """The rule as the description of the original has it."""
    pressed = []
    for i in range(5):
        t = draws.next_boolean()
        if i == 0 and t and draws.next_boolean():
            t = draws.next_boolean()
        if i == 1 or (i == 4 and not t):
            t = draws.next_boolean()
        if i == 4 and not t:
            t = draws.next_boolean()
        pressed.append(t)
    if pressed[1]:
        pressed[0] = False
    return sum(1 << i for i, t in enumerate(pressed) if t)


def test_it_follows_the_rule() -> None:
    draws = JavaRandom(42)
    assert answers(RandomAgent(seed=42), 500) == [rule(draws) for _ in range(500)]


def test_reset_begins_again_and_seeds_differ() -> None:
    agent = RandomAgent(seed=1)
    first = answers(agent, 50)
    agent.reset()
    assert answers(agent, 50) == first
    assert answers(make_agent("random:seed=1"), 50) == first
    assert answers(RandomAgent(seed=2), 50) != first


def test_left_and_right_are_never_held_together() -> None:
    both = Button.LEFT | Button.RIGHT
    pressed = answers(RandomAgent(), 2000)
    assert all(keys & both != both for keys in pressed)
    share = sum(keys & Button.SPEED > 0 for keys in pressed) / 2000
    assert 0.82 < share < 0.93  # three draws of which one must come true
