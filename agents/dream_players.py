"""Who plays for the dream's data: a mix of policies, good, bad and odd.

A world model must have seen what its players will do, so data of good play alone will not do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from gym_mario_suite.agents.base import Agent
from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import Button

# What is pressed before the next tick, given the game and an episode's own random numbers.
Policy = Callable[[Game, np.random.Generator], int]
# Makes the policy of a new episode.
PolicyMaker = Callable[[np.random.Generator], Policy]

_RIGHT, _LEFT = int(Button.RIGHT), int(Button.LEFT)
# All combinations that a person can mean: no LEFT with RIGHT.
COMBINATIONS = tuple(
    direction | down | jump | speed
    for direction in (0, _LEFT, _RIGHT)
    for down in (0, int(Button.DOWN))
    for jump in (0, int(Button.JUMP))
    for speed in (0, int(Button.SPEED))
)
_DOWN_SHARE = 0.06  # people duck little
EPSILONS = (0.0, 0.05, 0.1, 0.2, 0.4, 0.7, 0.9)
_HOLD_TICKS = (2, 21)
_WALL, _GAP, _ENEMY, _AIR = 1, 2, 4, 8
_NEAR_PX = 64
_GRID_CENTRE = 11


def _any_combination(rng: np.random.Generator) -> int:
    weights = [_DOWN_SHARE if keys & Button.DOWN else 1.0 for keys in COMBINATIONS]
    total = sum(weights)
    return int(rng.choice(COMBINATIONS, p=[w / total for w in weights]))


def noisy_agent(name: str) -> PolicyMaker:
    """An agent of the registry, disturbed: with a rate of the episode's own, a random action."""

    def make(rng: np.random.Generator) -> Policy:
        agent: Agent = make_agent(name)
        agent.reset()
        epsilon = float(rng.choice(EPSILONS))
        held = [0, 0]  # the disturbance and how many ticks it lasts

        def policy(game: Game, rng: np.random.Generator) -> int:
            keys = int(agent.act(game))
            if held[1] == 0 and rng.random() < epsilon / 6:
                held[:] = [_any_combination(rng), int(rng.integers(*_HOLD_TICKS))]
            if held[1]:
                held[1] -= 1
                return held[0]
            return keys

        return policy

    return make


def sticky_buttons(rng: np.random.Generator) -> Callable[[np.random.Generator], int]:
    """Any combination, held for 2 to 20 ticks, to the right more often than not."""
    to_right = float(rng.uniform(0.2, 0.8))
    held = [0, 0]

    def pressed(rng: np.random.Generator) -> int:
        if held[1] == 0:
            keys = _any_combination(rng)
            if rng.random() < to_right:
                keys = keys & ~_LEFT | _RIGHT
            held[:] = [keys, int(rng.integers(*_HOLD_TICKS))]
        held[1] -= 1
        return held[0]

    return pressed


def sticky_random(rng: np.random.Generator) -> Policy:
    """`sticky_buttons`, whatever the game does."""
    pressed = sticky_buttons(rng)

    def policy(game: Game, rng: np.random.Generator) -> int:
        return pressed(rng)

    return policy


def context_of(game: Game) -> int:
    """Which of 16 situations Mario is in: in the air, before a wall, a gap, an enemy."""
    grid = game.level_grid(2)
    row, column = _GRID_CENTRE, _GRID_CENTRE
    context = 0 if game.on_ground else _AIR
    if grid[row, column + 1] or grid[row - 1, column + 1]:
        context |= _WALL
    if not grid[row + 1 :, column + 1 : column + 4].any(axis=0).all():
        context |= _GAP
    enemies = game.enemy_floats()
    if len(enemies) and np.abs(enemies[:, 1] - float(game.x)).min() < _NEAR_PX:
        context |= _ENEMY
    return context


@dataclass
class BalancingPolicy:
    """Picks what has been pressed least in the present situation, and holds it for a while.

    Its counts go on from episode to episode.

    Attributes:
        counts: How often each combination was chosen in each situation.
    """

    counts: np.ndarray = field(default_factory=lambda: np.zeros((16, len(COMBINATIONS)), np.int64))

    def __call__(self, rng: np.random.Generator) -> Policy:
        """The policy of a new episode."""
        held = [0, 0]

        def policy(game: Game, rng: np.random.Generator) -> int:
            if held[1] == 0:
                row = self.counts[context_of(game)]
                rarest = np.flatnonzero(row == row.min())
                choice = int(rng.choice(rarest))
                row[choice] += 1
                held[:] = [COMBINATIONS[choice], int(rng.integers(2, 13))]
            held[1] -= 1
            return held[0]

        return policy


@dataclass(frozen=True)
class Share:
    """A policy's share of the episodes."""

    weight: float
    make: PolicyMaker


def usual_mix(extra: Mapping[str, Share] | None = None) -> dict[str, Share]:
    """The mix of a data set; `extra` adds policies (a trained network, say) by name."""
    return {
        "astar": Share(0.35, noisy_agent("astar:budget=300")),
        "heuristic": Share(0.10, noisy_agent("heuristic")),
        "forward-jumping": Share(0.10, noisy_agent("forward-jumping")),
        "sticky-random": Share(0.25, sticky_random),
        "balancing": Share(0.20, BalancingPolicy()),
        **(extra or {}),
    }
