"""Speed of the answers to "can this level be finished?": static solver, after edits, engine's A*.

One core, CPU time. Levels are those of the generator `ngram`, 14 rows. An edit puts into a random
cell what another cell of its row holds, so that the grid stays one like a level; after each the
furthest column is asked for. The peer's figure is of the step of its environment `smb-narrow`
(14x114, random actions), which asks its own search in the same way; its version 0.4.0 does not run
beside ours and was measured on a machine of the same kind.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import Metric, rate
from gym_mario_suite.levels.generators import generator_named
from gym_mario_suite.levels.level import Level
from gym_mario_suite.levels.playability import EnginePlayer
from gym_mario_suite.levels.solver import Solver, furthest_columns

PEER = "gym-pcgrl 0.4.0 smb-narrow"
PEER_STEPS = 120
EDIT_WIDTH = 114

Grids = list[NDArray[np.uint8]]


def _solve_all(grids: Grids) -> int:
    return len(furthest_columns(grids))


def _edits(grids: Grids, count: int) -> list[tuple[int, int, int]]:
    """Row, column and new code of some edits."""
    chance = np.random.default_rng(0)
    rows, columns, others, sources = (
        chance.integers(0, bound, count).tolist()
        for bound in (len(grids[0]), EDIT_WIDTH, EDIT_WIDTH, len(grids))
    )
    return [
        (row, column, int(grids[source][row, other]))
        for row, column, other, source in zip(rows, columns, others, sources, strict=True)
    ]


def _edit_and_ask(grids: Grids, edits: list[tuple[int, int, int]]) -> int:
    for codes in grids:
        solver = Solver(codes)
        for row, column, code in edits:
            solver.edit(row, column, code)
            solver.furthest_column()
    return len(grids) * len(edits)


def _edit_and_solve_anew(grids: Grids, edits: list[tuple[int, int, int]]) -> int:
    for codes in grids:
        changed = codes.copy()
        for row, column, code in edits:
            changed[row, column] = code
            Solver(changed).furthest_column()
    return len(grids) * len(edits)


def _play_all(player: EnginePlayer, levels: list[Level]) -> int:
    return len([player.play(level) for level in levels])


def run(quick: bool) -> list[Metric]:
    """All figures of this benchmark."""
    repetitions = 5 if quick else 15
    generator = generator_named("ngram")
    grids = [np.array(g.codes) for g in generator.generate_grids(range(20))]
    wide = [np.array(g.codes) for g in generator.generate_grids(range(6), width=EDIT_WIDTH)]
    edits = _edits(wide, 500)
    levels = generator.generate_batch(range(20))
    solve = rate(partial(_solve_all, grids * 5), repetitions)
    kept = rate(partial(_edit_and_ask, wide, edits), repetitions)
    anew = rate(partial(_edit_and_solve_anew, wide, edits[:100]), repetitions)
    play = rate(partial(_play_all, EnginePlayer(), levels), 3 if quick else 7)
    return [
        _time("static_solver_ms_per_100_columns", solve, 2.0),
        Metric(
            name="edits_with_solver_per_second",
            value=kept[0],
            low=kept[1],
            high=kept[2],
            unit="edits/s",
            peer=PEER,
            peer_value=PEER_STEPS,
            target=2000,
        ),
        Metric(
            name="edits_solved_anew_per_second",
            value=anew[0],
            low=anew[1],
            high=anew[2],
            unit="edits/s",
        ),
        _time("engine_astar_ms_per_level_100", play, None),
    ]


def _time(name: str, rates: tuple[float, float, float], target: float | None) -> Metric:
    median, low, high = (1000 / each for each in rates)
    return Metric(
        name=name, value=median, low=high, high=low, unit="ms", better="lower", target=target
    )
