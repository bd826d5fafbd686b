"""The A* agents on the competition's levels: time per answer, levels cleared.

Figures without a suffix are of `astar`, which sees the competition's window; those ending in
`_world` are of `astar-world`. The times are those of `Agent.act`, by the wall clock, of all steps
of all levels of a seed; value, low and high are the median and the extremes over the seeds. The
Java entry cannot run here; its figure is the mean of a run on a server of the same kind.
"""

from __future__ import annotations

import statistics

import numpy as np

from benchmarks.measure import Metric
from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.competition.episode import play_level
from gym_mario_suite.competition.tracks import make_track
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import Status

SEEDS = (0, 1)
QUICK_TRIALS = 3  # of ten of each difficulty
BAUMGARTEN = "Baumgarten's A* of 2009"
BAUMGARTEN_MS = 0.38
VIEWS = {"astar": "", "astar-world": "_world"}


def _play(name: str, seed: int, trials: int) -> tuple[float, float, float]:
    """Mean and 99th percentile of ms per step, and the share of levels cleared."""
    agent = make_agent(name)
    records = [
        play_level(agent, Game(spec.generate().image, spec.mode, spec.time_limit))
        for spec in make_track("cig-2009", seed).levels
        if spec.trial < trials
    ]
    ms = np.concatenate([record.act_times_ns for record in records]) / 1e6
    cleared = sum(record.status == Status.WIN for record in records)
    return float(ms.mean()), float(np.percentile(ms, 99)), cleared / len(records)


def _metric(
    name: str,
    values: tuple[float, ...],
    unit: str,
    better: str,
    target: float,
    peer_value: float | None = None,
) -> Metric:
    return Metric(
        name=name,
        value=statistics.median(values),
        low=min(values),
        high=max(values),
        unit=unit,
        better=better,
        target=target,
        peer=BAUMGARTEN if peer_value else None,
        peer_value=peer_value,
    )


def run(quick: bool) -> list[Metric]:
    """All figures of this benchmark."""
    trials = QUICK_TRIALS if quick else 10
    metrics = []
    for name, suffix in VIEWS.items():
        runs = [_play(name, seed, trials) for seed in SEEDS]
        means, p99s, shares = zip(*runs, strict=True)
        mean = f"ms_per_step_mean{suffix}"
        metrics += [
            _metric(mean, means, "ms", "lower", 0.2, BAUMGARTEN_MS),
            _metric(f"ms_per_step_p99{suffix}", p99s, "ms", "lower", 4.0),
            _metric(f"levels_cleared_share{suffix}", shares, "", "higher", 1.0),
        ]
    return metrics
