"""Beam search at several widths: what its plans bring beside A*'s play, and how fast it plans.

On the competition's levels, whole ones, for the environment's reward `fitness` (px, less seconds,
plus coins, 5000 for the exit), and for one of coins and kills alone. Figures are means over the
levels; times are wall time on two threads, with the median and the extremes over the levels.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Mapping, Sequence

from benchmarks.measure import Metric
from gym_mario_suite.agents.beam.beam import Beam, BeamOptions
from gym_mario_suite.agents.beam.program import play_for
from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.competition.tracks import make_track
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import Status
from gym_mario_suite.levels.level import Level

SEED = 0
PEER = "astar-world"
WIDTHS = (64, 256, 1024)
QUICK_WIDTHS = (64, 256)
QUICK_TRIALS = 2  # of ten of each difficulty
THREADS = 2
DEVICE = os.environ.get("MARIO_BEAM_DEVICE", "cpu")
REWARDS: dict[str, str | Mapping[str, float]] = {
    "fitness": "fitness",
    "loot": {"coins": 1.0, "kills": 1.0, "win": 100.0},
}


def _levels(trials: int) -> list[Level]:
    return [s.generate() for s in make_track("cig-2009", SEED).levels if s.trial < trials]


def _planned(
    name: str, width: int, levels: list[Level], peers: Sequence[Mapping[str, float]]
) -> list[Metric]:
    """The figures of one reward and one width; `peers` are the peer's terms, by level."""
    options = BeamOptions(width=width, reward=REWARDS[name], device=DEVICE, threads=THREADS)
    beam = Beam(options)
    rewards, coins, seconds, rates, cleared = [], [], [], [], 0
    for level in levels:
        game = Game(level.image)
        game.tick(0)
        start = time.perf_counter()
        plan = beam.plan(game.image, game.worlds)
        passed = time.perf_counter() - start
        rewards.append(plan.reward)
        coins.append(plan.terms["coins"])
        seconds.append(passed)
        rates.append(plan.steps_played * options.span / passed)
        cleared += plan.status == Status.WIN

    def spread(what: str, values: list[float], unit: str, better: str = "higher") -> Metric:
        return Metric(
            name=f"beam_{name}_{what}_{width}",
            value=statistics.median(values),
            low=min(values),
            high=max(values),
            unit=unit,
            better=better,
        )

    return [
        Metric(
            name=f"beam_{name}_{width}",
            value=statistics.fmean(rewards),
            unit="reward",
            peer=PEER,
            peer_value=statistics.fmean(sum(terms.values()) for terms in peers),
        ),
        Metric(
            name=f"beam_{name}_coins_{width}",
            value=statistics.fmean(coins),
            unit="coins",
            peer=PEER,
            peer_value=statistics.fmean(terms["coins"] for terms in peers),
        ),
        Metric(name=f"beam_{name}_cleared_{width}", value=100 * cleared / len(levels), unit="%"),
        spread("seconds_a_level", seconds, "s", "lower"),
        spread("ticks_per_second", rates, "ticks/s"),
    ]


def run(quick: bool) -> list[Metric]:
    """All figures of this benchmark; `MARIO_BEAM_DEVICE=cuda` plans on a GPU."""
    levels = _levels(QUICK_TRIALS if quick else 10)
    metrics = []
    for name, reward in REWARDS.items():
        options = BeamOptions(reward=reward)
        agent = make_agent(PEER)
        peers = [play_for(agent, level, options)[2] for level in levels]
        for width in QUICK_WIDTHS if quick else WIDTHS:
            metrics += _planned(name, width, levels, peers)
    return metrics
