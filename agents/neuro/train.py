"""Evolve the network: `python -m gym_mario_suite.agents.neuro.train --out weights.npz`.

CMA-ES with a diagonal covariance (`cma`), which suits a few hundred weights. A network's fitness is
the mean share of the levels it passes, over levels that change with every generation, so that it
cannot learn them by heart; the mean of the distribution is judged on fixed levels now and then, and
the best of those is kept.

The shipped weights are from three runs of some minutes on two cores, each but the first going on
from the one before (`--start`, with `--spread` 0.5, 0.25, 0.15).
"""

from __future__ import annotations

import io
import signal
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.agents.neuro.network import PARAMETERS, Network, load_parameters
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import Status
from gym_mario_suite.errors import OptionError, as_integer, as_number
from gym_mario_suite.levels.generate import generate
from gym_mario_suite.program import Interruption, told_errors
from gym_mario_suite.whole_file import real_path, require_writable, write_whole

_DIFFICULTIES = (0, 0, 1, 2, 3, 5)
_JUDGE_SEED = 900_000  # no level of a competition's usual seeds
_PATIENCE_TICKS = 60  # without getting further
_JUDGED_EVERY = 10  # generations
LevelArguments = tuple[int, int, int, int]


def levels_of(seed: int, repeats: int) -> list[LevelArguments]:
    """Seed, difficulty, type and length of the levels of one generation."""
    return [
        (seed + 31 * number + difficulty, difficulty, number % 3, 240)
        for number in range(repeats)
        for difficulty in _DIFFICULTIES
    ]


def training_levels(generation: int, seed: int) -> list[LevelArguments]:
    """The levels of one generation: none of those that the mean is judged on."""
    levels = levels_of(1000 * generation + seed, 2)
    if set(levels) & set(judged_levels()):
        levels = levels_of(1000 * generation + seed + 500, 2)
    return levels


def judged_levels() -> list[LevelArguments]:
    """The levels that the mean is judged on."""
    return levels_of(_JUDGE_SEED, 4)


def share_passed(parameters: NDArray[np.float64], levels: Sequence[LevelArguments]) -> float:
    """Mean share of the levels that the network passes; it is stopped when it gets no further."""
    network = Network.from_parameters(parameters)
    total = 0.0
    for arguments in levels:
        level = generate(*arguments)
        game = Game(level.image, time_limit=100)
        keys, best, best_tick, tick = 0, 0.0, 0, 0
        while game.status == Status.RUNNING and tick - best_tick < _PATIENCE_TICKS:
            game.tick(keys)
            keys = network.act(game)
            tick += 1
            if game.x > best + 1:
                best, best_tick = float(game.x), tick
        # A win takes a little more when it takes long, so that standing about does not pay.
        total += min(best / (16 * level.x_exit), 1.0) - tick / 100_000
    return total / len(levels)


@dataclass(frozen=True, kw_only=True)
class Evolution:
    """Evolve the network of the agent `neuro`. Ctrl-C stops after a generation with the best.

    Attributes:
        out: File of weights to write; `--start` goes on from it.
        generations: How many there are at most.
        population: Networks in each.
        seed: Decides everything.
        minutes: How long it takes at most.
        jobs: Processes that play.
        start: Weights to go on from.
        spread: Standard deviation at first.
    """

    out: Path
    generations: int = 500
    population: int = 32
    seed: int = 0
    minutes: float = 60.0
    jobs: int = 2
    start: Path | None = None
    spread: float = 0.5

    def __post_init__(self) -> None:
        as_integer("generations", self.generations, 1, 1 << 40)
        as_integer("population", self.population, 2, 1 << 20)
        as_integer("seed", self.seed, 0, (1 << 31) - 1)
        as_integer("jobs", self.jobs, 1, 1024)
        as_number("minutes", self.minutes, 0.0, 1e9)
        as_number("spread", self.spread, 1e-9, 1e6)


def train(run: Evolution) -> NDArray[np.float64]:
    """Evolve, and write the best weights found.

    Raises:
        OptionError: Without the library `cma`, or if the file cannot be written, or holds something
            else than the weights to go on from.
        WeightsError: If `start` cannot be read.
    """
    try:
        import cma
    except ImportError:
        raise OptionError('training needs cma: pip install "gym-mario-suite[agents]"') from None

    require_writable(run.out)
    is_new = not run.out.exists()
    if not is_new and (run.start is None or real_path(run.start) != real_path(run.out)):
        raise OptionError(
            f"{run.out} is there already: go on from it by --start {run.out}, or give another --out"
        )
    mean = np.zeros(PARAMETERS) if run.start is None else load_parameters(run.start)
    options = {
        "CMA_diagonal": True,
        "popsize": run.population,
        "seed": run.seed + 1,
        "verbose": -9,
        "maxiter": run.generations,
    }
    strategy = cma.CMAEvolutionStrategy(mean, run.spread, options)
    judged = judged_levels()
    best, best_share = mean, -1.0
    if run.start is not None:  # maybe the same file: only better ones replace these
        best_share = share_passed(mean, judged)
        if is_new:
            _write(run.out, best)
    ends = time.monotonic() + 60 * run.minutes
    # Ctrl-C reaches the players, too; the generation is finished with them.
    with (
        ProcessPoolExecutor(run.jobs, initializer=_ignore_interruptions) as pool,
        Interruption() as interruption,
    ):
        is_last = False
        while not is_last:
            candidates = strategy.ask()
            levels = training_levels(strategy.countiter, run.seed)
            shares = list(pool.map(partial(share_passed, levels=levels), candidates))
            strategy.tell(candidates, [-share for share in shares])
            is_last = bool(strategy.stop()) or time.monotonic() >= ends or interruption.asked
            if strategy.countiter % _JUDGED_EVERY == 0 or is_last:
                share = share_passed(strategy.mean, judged)
                print(f"generation {strategy.countiter}: {share:.3f}, of {max(shares):.3f}")
                if share > best_share:
                    best, best_share = strategy.mean.copy(), share
                    _write(run.out, best)
    if interruption.asked:
        print(f"interrupted; go on with --start {run.out}", file=sys.stderr)
    print(f"best: {best_share:.3f}")
    return best


def _ignore_interruptions() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _write(path: Path, weights: NDArray[np.float64]) -> None:
    data = io.BytesIO()
    np.savez_compressed(data, parameters=weights.astype(np.float32))
    write_whole(path, data.getvalue())


if __name__ == "__main__":
    with told_errors("agents"):
        import tyro

        train(tyro.cli(Evolution, prog="python -m gym_mario_suite.agents.neuro.train"))
