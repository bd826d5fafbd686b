"""Evolve the network: `python -m gym_mario_suite.agents.neuro.train --out weights.npz`.

CMA-ES with a diagonal covariance (`cma`), which suits a few hundred weights. A network's fitness is
the mean share of the levels it passes, over levels that change with every generation, so that it
cannot learn them by heart; the mean of the distribution is judged on fixed levels now and then, and
the best of those is kept.

The shipped weights are from three runs of some minutes on two cores, each but the first going on
from the one before (`--start`, with `--spread` 0.5, 0.25, 0.15).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.agents.neuro.network import PARAMETERS, Network
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import Status
from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels.generate import generate
from gym_mario_suite.program import told_errors

_DIFFICULTIES = (0, 0, 1, 2, 3, 5)
_JUDGE_SEED = 900_000  # no level of a competition's usual seeds
_PATIENCE_TICKS = 60  # without getting further
LevelArguments = tuple[int, int, int, int]


def levels_of(seed: int, repeats: int) -> list[LevelArguments]:
    """Seed, difficulty, type and length of the levels of one generation."""
    return [
        (seed + 31 * number + difficulty, difficulty, number % 3, 240)
        for number in range(repeats)
        for difficulty in _DIFFICULTIES
    ]


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


def train(
    generations: int,
    population: int,
    seed: int,
    minutes: float,
    jobs: int,
    start: Path | None,
    spread: float,
) -> NDArray[np.float64]:
    """The best weights found.

    Raises:
        OptionError: Without the library `cma`.
    """
    try:
        import cma
    except ImportError:
        raise OptionError("training needs cma: pip install 'gym-mario-suite[agents]'") from None

    mean = np.zeros(PARAMETERS)
    if start is not None:
        with np.load(start) as stored:
            mean = stored["parameters"].astype(np.float64)
    options = {
        "CMA_diagonal": True,
        "popsize": population,
        "seed": seed + 1,
        "verbose": -9,
        "maxiter": generations,
    }
    strategy = cma.CMAEvolutionStrategy(mean, spread, options)
    judged = levels_of(_JUDGE_SEED, 4)
    best, best_share = mean, -1.0
    ends = time.monotonic() + 60 * minutes
    with ProcessPoolExecutor(jobs) as pool:
        while not strategy.stop() and time.monotonic() < ends:
            candidates = strategy.ask()
            levels = levels_of(1000 * strategy.countiter + seed, 2)
            shares = list(pool.map(partial(share_passed, levels=levels), candidates))
            strategy.tell(candidates, [-share for share in shares])
            if strategy.countiter % 10 == 0:
                share = share_passed(strategy.mean, judged)
                print(f"generation {strategy.countiter}: {share:.3f}, of {max(shares):.3f}")
                if share > best_share:
                    best, best_share = strategy.mean.copy(), share
    print(f"best: {best_share:.3f}")
    return best


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Evolve the network of the agent `neuro`.")
    parser.add_argument("--out", type=Path, required=True, help="file of weights to write")
    parser.add_argument("--generations", type=int, default=500)
    parser.add_argument("--population", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--start", type=Path, help="weights to go on from")
    parser.add_argument("--spread", type=float, default=0.5, help="standard deviation at first")
    given = parser.parse_args()
    weights = train(
        given.generations,
        given.population,
        given.seed,
        given.minutes,
        given.jobs,
        given.start,
        given.spread,
    )
    np.savez_compressed(given.out, parameters=weights.astype(np.float32))


if __name__ == "__main__":
    with told_errors():
        main()
