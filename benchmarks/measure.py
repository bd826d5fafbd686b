"""Measuring and reporting: repetitions, medians, peers, machines."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gym_mario_suite import whole_file
from gym_mario_suite.provenance import commit


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One measured figure.

    Attributes:
        name: Stable name.
        value: Median of the repetitions.
        unit: Unit of `value`.
        better: "higher" or "lower".
        low: Smallest repetition.
        high: Largest repetition.
        peer: What it is compared with, or None.
        peer_value: The peer's figure, in the same unit.
        target: What the figure should reach, or None.
    """

    name: str
    value: float
    unit: str
    better: str = "higher"
    low: float = float("nan")
    high: float = float("nan")
    peer: str | None = None
    peer_value: float | None = None
    target: float | None = None


def rate(
    work: Callable[[], int], repetitions: int, clock: Callable[[], float] = time.thread_time
) -> tuple[float, float, float]:
    """How many things `work` does in a second: median, smallest and largest of the repetitions.

    Args:
        work: Does some work and returns how many things it did. Called once before, uncounted.
        repetitions: How often to measure.
        clock: Seconds. CPU time of this thread where the work is on one core, because other
            programs on the machine disturb it least; wall time for several cores.
    """
    work()
    rates = []
    for _ in range(repetitions):
        start = clock()
        done = work()
        rates.append(done / (clock() - start))
    return statistics.median(rates), min(rates), max(rates)


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "name": "machine",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{package: _version(package) for package in ("numpy", "numba", "gymnasium")},
        "commit": commit(),
    }


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"


def _version(package: str) -> str:
    from importlib.metadata import version

    return version(package)


def write_json(path: Path, metrics: list[Metric], facts: dict[str, Any] | None = None) -> None:
    """Write the figures and the machine's record, with further `facts`, all or nothing."""
    records: list[dict[str, Any]] = [
        {key: None if value != value else value for key, value in asdict(metric).items()}
        for metric in metrics
    ]
    whole_file.write_json(path, [*records, {**machine(), **(facts or {})}])
