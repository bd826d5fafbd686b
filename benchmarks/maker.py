"""Speed of `MarioMaker-v0`: steps with and without the solver, many environments, resets.

Maps of 14x114, representation narrow, whole steps: action, limits, metrics, reward, mask, the Dict
observation and the info. Random actions; an episode that ends is reset, which counts in. One core,
CPU time. The peer asks its own search in the same way; its version 0.4.0 does not run beside ours
and was measured on a machine of the same kind.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from benchmarks.measure import Metric, rate
from benchmarks.solver import PEER, PEER_STEPS
from gym_mario_suite.envs.maker import MarioMakerEnv
from gym_mario_suite.envs.maker_vector import MarioMakerVectorEnv
from gym_mario_suite.levels.generators import generator_named
from gym_mario_suite.levels.maker.course_levels import course_of_grid

COUNT = 64
PEER_RESET_MS = 32


def _steps(env: MarioMakerEnv, actions: list[int]) -> int:
    env.reset(seed=0)
    for action in actions:
        _, _, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            env.reset()
    return len(actions)


def _vector_steps(envs: MarioMakerVectorEnv, actions: np.ndarray) -> int:
    for row in actions:
        envs.step(row)
    return actions.size


def _resets(env: MarioMakerEnv, count: int) -> int:
    for _ in range(count):
        env.reset()
    return count


def run(quick: bool) -> list[Metric]:
    """All figures of this benchmark."""
    repetitions = 5 if quick else 15
    chance = np.random.default_rng(0)
    # Of random maps few can be finished, and a short search is fast: the solver is asked of maps
    # that begin as a level of the generator `ngram`.
    grid = generator_named("ngram").generate_grid(0, width=114)
    level = {"init": course_of_grid(grid), "palette": "engine", "limits": "none"}
    with_solver, without = MarioMakerEnv(**level), MarioMakerEnv(solver="none")
    envs = MarioMakerVectorEnv(COUNT, solver="none", num_threads=1)
    solved_envs = MarioMakerVectorEnv(COUNT, num_threads=1, **level)
    parts = len(without.options.parts)
    actions = chance.integers(0, parts, 5000).tolist()
    rows = chance.integers(0, parts, (400, COUNT))
    envs.reset(seed=0)
    solved_envs.reset(seed=0)
    with_solver.reset(seed=0)
    figures = (
        ("edits_with_solver_per_second", partial(_steps, with_solver, actions), 2_000, True),
        ("edits_per_second", partial(_steps, without, actions), 30_000, False),
        ("make_vec_64_edits_per_second", partial(_vector_steps, envs, rows), 100_000, False),
        (
            "make_vec_64_edits_with_solver_per_second",
            partial(_vector_steps, solved_envs, rows[:100]),
            None,
            False,
        ),
    )
    metrics = []
    for name, work, target, has_peer in figures:
        median, low, high = rate(work, repetitions)
        metrics.append(
            Metric(
                name=name,
                value=median,
                low=low,
                high=high,
                unit="edits/s",
                peer=PEER if has_peer else None,
                peer_value=PEER_STEPS if has_peer else None,
                target=target,
            )
        )
    median, low, high = (
        1000 / each for each in rate(partial(_resets, with_solver, 200), repetitions)
    )
    metrics.append(
        Metric(
            name="reset_ms",
            value=median,
            low=high,
            high=low,
            unit="ms",
            better="lower",
            peer=PEER,
            peer_value=PEER_RESET_MS,
            target=2.0,
        )
    )
    return metrics
