"""How good a maker is: courses made from random starts, asked of the solver and of the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.envs.maker_vector import MarioMakerVectorEnv
from gym_mario_suite.levels.maker.course_levels import course_to_level
from gym_mario_suite.levels.playability import EnginePlayer

# The map that makers are measured on: 14x114 random cells, a fifth of which may change.
MAP: dict[str, Any] = {"representation": "narrow", "cursor": "columns"}

FIRST_SEED = 1_000_000  # far from those of training
Choice = Callable[[Any, Any, NDArray[np.bool_], np.random.Generator], NDArray[Any]]


@dataclass(frozen=True)
class Measured:
    """What became of the courses.

    Attributes:
        courses: How many.
        solved_at_start: Share of the random starts that can be finished.
        solved: Share of the courses that can be finished.
        progress: Mean share of the columns that can be reached.
        changes: Mean number of cells that were changed.
        limit_violations: Courses that break a limit.
        played: How many of the courses the engine's A* played, enemies included.
        won: How many of them it won.
    """

    courses: int
    solved_at_start: float
    solved: float
    progress: float
    changes: float
    limit_violations: int
    played: int = 0
    won: int = 0


def measure_maker(
    choose_for: Callable[[MarioMakerVectorEnv], Choice],
    seeds: int = 100,
    played: int = 0,
    **options: Any,
) -> Measured:
    """Let a maker make a course of each of the random starts of seeds 1,000,000 and on.

    Args:
        choose_for: Gives the maker of some environments: a function of observations, infos, masks
            and a random generator that returns their actions.
        seeds: How many courses.
        played: How many of the first of them the engine's A* plays, a second or so each.
        **options: Of `MarioMaker-v0`, over `MAP`.
    """
    chosen = {**MAP, **options}
    envs = MarioMakerVectorEnv(seeds, autoreset_mode="disabled", num_threads=1, **chosen)
    choose = choose_for(envs)
    chance = np.random.default_rng(0)
    observations, infos = envs.reset(seed=FIRST_SEED)
    at_start = infos["solved"].copy()
    running = np.ones(seeds, bool)
    while running.any():
        actions = choose(observations, infos, envs.action_masks(), chance)
        observations, _, terminated, truncated, infos = envs.step_some(actions, running)
        running &= ~(terminated | truncated)
    limits = envs.options.course_limits
    broken = [bool(envs.course(index).violations(limits)) for index in range(seeds)]
    played = min(played, seeds)
    player = EnginePlayer()
    levels = [course_to_level(envs.course(index)) for index in range(played)]
    return Measured(
        seeds,
        float(at_start.mean()),
        float(infos["solved"].mean()),
        float(infos["progress"].mean()),
        float(infos["changes"].mean()),
        sum(broken),
        played,
        sum(player.play(level).won for level in levels),
    )


def idle_choice(
    observations: Any, _infos: Any, _masks: NDArray[np.bool_], _chance: np.random.Generator
) -> NDArray[np.int64]:
    """The part that is there already: the course stays the random start."""
    column, row = observations["pos"].T
    return observations["map"][np.arange(len(row)), row, column].astype(np.int64)


def random_choice(
    _observations: Any, _infos: Any, masks: NDArray[np.bool_], chance: np.random.Generator
) -> NDArray[np.int64]:
    """Any possible action of each environment, all with the same probability."""
    scores = chance.random(masks.shape)
    return np.where(masks, scores, -1.0).argmax(axis=1)
