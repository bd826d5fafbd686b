"""Milliseconds of one core to make a level of 14 x 100, with repair."""

from __future__ import annotations

from functools import partial

from benchmarks.measure import Metric, rate
from gym_mario_suite.levels.generator import Generator
from gym_mario_suite.levels.generators import generator_named

# Published for the Mario Maker 2 automaton at 30 iterations of 7x7 windows, on an Apple M1.
CA_MS = 13_000.0
ROWS = (
    ("ms_per_level_with_repair", "tile-diffusion", 150.0, 20),
    ("ms_per_level_with_repair_quality", "tile-diffusion-quality", 1000.0, 4),
    ("vae_ms_per_level", "vae", None, 20),
    ("context_ca_ms_per_level", "context-ca", None, 4),
)


def _make(generator: Generator, count: int) -> int:
    return len([generator.generate_grid(seed) for seed in range(count)])


def run(quick: bool) -> list[Metric]:
    """All figures of this benchmark."""
    repetitions = 3 if quick else 9
    metrics = []
    for name, row, target, count in ROWS:
        rates = rate(partial(_make, generator_named(row), count), repetitions)
        median, low, high = (1000 / each for each in rates)
        automaton = row == "context-ca"
        metrics.append(
            Metric(
                name=name,
                value=median,
                low=high,
                high=low,
                unit="ms",
                better="lower",
                target=target,
                peer="MarioDiffusion (Go), published" if automaton else None,
                peer_value=CA_MS if automaton else None,
            )
        )
    return metrics
