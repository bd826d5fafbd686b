"""Two commits on one machine: `python -m benchmarks compare COMMIT_A COMMIT_B --name engine`.

Each commit is checked out into a folder of its own, and its own benchmark runs there, in turns: a
machine that is warm, or busy with other work, disturbs both alike. A figure's ratio is taken pair
by pair, so that what drifts slowly falls out of it.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
_RESAMPLES = 2000
_CONFIDENCE = 0.95


class CompareError(Exception):
    """Two commits cannot be compared; the message says why."""


@dataclass(frozen=True)
class Ratio:
    """How a figure of B relates to that of A.

    Attributes:
        name: The metric.
        better: "higher" or "lower".
        a: Median of A.
        b: Median of B.
        ratio: Median of the pairs' ratios, B over A.
        low: Lower end of the ratio's interval.
        high: Upper end.
    """

    name: str
    better: str
    a: float
    b: float
    ratio: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """Whether B is faster: only where the interval leaves 1 out."""
        if self.low <= 1 <= self.high:
            return "no difference seen"
        return "B is better" if (self.ratio > 1) == (self.better == "higher") else "A is better"


Figures = dict[str, tuple[float, str]]  # by metric: value, and "higher" or "lower"


def compare(
    commit_a: str,
    commit_b: str,
    name: str,
    pairs: int = 5,
    quick: bool = True,
    tell: Callable[[str], None] = lambda _line: None,
) -> list[Ratio]:
    """Run a benchmark of two commits in turns.

    Args:
        commit_a: Anything git knows as a commit.
        commit_b: The other one.
        name: A benchmark of `python -m benchmarks`.
        pairs: Runs of each.
        quick: As `--quick` of the benchmark.
        tell: Told of each run.

    Raises:
        CompareError: For a commit that git does not know, or a benchmark that fails.
    """
    if pairs < 2:
        raise CompareError(f"--pairs must be 2 or more, for an interval; got {pairs}")
    with checked_out(commit_a) as folder_a, checked_out(commit_b) as folder_b:
        for folder, commit in ((folder_a, commit_a), (folder_b, commit_b)):
            tell(f"{commit}: compiling, not counted")
            figures_of(folder, name, quick)
        runs: tuple[list[Figures], list[Figures]] = ([], [])
        for number in range(pairs):
            # The order changes from pair to pair: neither always runs second.
            for side in (0, 1) if number % 2 == 0 else (1, 0):
                tell(f"pair {number + 1} of {pairs}: {(commit_a, commit_b)[side]}")
                runs[side].append(figures_of((folder_a, folder_b)[side], name, quick))
    return ratios(*runs)


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """A folder with the files of a commit, gone afterwards; the checkout at hand is not touched.

    Raises:
        CompareError: If git does not know the commit.
    """
    folder = Path(tempfile.mkdtemp(prefix="mario-compare-"))
    tree = folder / "tree"
    try:
        _git("worktree", "add", "--detach", "--force", str(tree), commit)
        yield tree
    finally:
        subprocess.run(
            ["git", "-C", str(REPOSITORY), "worktree", "remove", "--force", str(tree)],
            capture_output=True,
            check=False,
        )
        shutil.rmtree(folder, ignore_errors=True)


def figures_of(folder: Path, name: str, quick: bool) -> Figures:
    """What the benchmark of the sources in a folder measures.

    Raises:
        CompareError: If it fails.
    """
    target = folder / "figures.json"
    command = [sys.executable, "-m", "benchmarks", name, "--json", str(target)]
    # First on the path, so that the folder's own package is measured and not the installed one;
    # and the cache beside its sources, so that it is not that of the other.
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    environment.pop("NUMBA_CACHE_DIR", None)
    ran = subprocess.run(
        [*command, "--quick"] if quick else command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode != 0:
        last = (ran.stderr.strip().splitlines() or ["no message"])[-1]
        raise CompareError(f"the benchmark {name} of {folder} failed: {last}")
    records = json.loads(target.read_text(encoding="utf-8"))
    return {each["name"]: (each["value"], each["better"]) for each in records if "value" in each}


def ratios(runs_a: list[Figures], runs_b: list[Figures]) -> list[Ratio]:
    """B over A for each metric that all runs have.

    The interval is that of a bootstrap of the pairs' median ratio, 95 %, with seeded draws.
    """
    common = [m for m in runs_a[0] if all(m in run for run in (*runs_a, *runs_b))]
    found = []
    for metric in common:
        a = [run[metric][0] for run in runs_a]
        b = [run[metric][0] for run in runs_b]
        if not all(a):
            continue
        pairs = [y / x for x, y in zip(a, b, strict=True)]
        low, high = interval(pairs)
        better = runs_a[0][metric][1]
        found.append(
            Ratio(
                metric,
                better,
                statistics.median(a),
                statistics.median(b),
                statistics.median(pairs),
                low,
                high,
            )
        )
    return found


def interval(values: list[float]) -> tuple[float, float]:
    """Bootstrap interval of the median."""
    chance = random.Random(0)
    medians = sorted(
        statistics.median(chance.choices(values, k=len(values))) for _ in range(_RESAMPLES)
    )
    edge = round(_RESAMPLES * (1 - _CONFIDENCE) / 2)
    return medians[edge], medians[-edge - 1]


def _git(*arguments: str) -> str:
    try:
        return subprocess.run(
            ["git", "-C", str(REPOSITORY), *arguments],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    except FileNotFoundError:
        raise CompareError("comparing commits needs git") from None
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or ["no message"])[-1]
        raise CompareError(f"git {' '.join(arguments[:2])}: {last}") from None
