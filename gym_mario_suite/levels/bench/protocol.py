"""The bench: every generator on the same seeds, beside real levels put through the same numbers."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels.bench.metrics import kinds, metrics_of
from gym_mario_suite.levels.bench.patterns import count_patterns, jensen_shannon
from gym_mario_suite.levels.bench.reference import Reference, load_reference, real_crops
from gym_mario_suite.levels.corpus import WINDOW, Split
from gym_mario_suite.levels.generator import Generator
from gym_mario_suite.levels.generators import GENERATORS, generator_named
from gym_mario_suite.levels.grid_levels import to_level
from gym_mario_suite.levels.playability import EnginePlayer
from gym_mario_suite.levels.tile_grid import TileGrid
from gym_mario_suite.whole_file import distinct_file_name, write_whole

HEIGHT, WIDTH = 14, 100
REAL = ("real-train", "real-test")
_DRIFT_SIZE = 3


@dataclass(frozen=True)
class Contender:
    """A row of the bench.

    Attributes:
        name: In the records.
        generator: Name of the generator.
        options: What it is asked for besides the size.
        longer: Options of runs of ten times the iterations, for the drift; none where there are no
            iterations.
    """

    name: str
    generator: str
    options: dict[str, Any]
    longer: tuple[dict[str, Any], ...] = ()


# A level of the default takes 14 looks, and a refinement eight.
CONTENDERS = (
    Contender(
        "tile-diffusion",
        "tile-diffusion",
        {},
        ({"iterations": 140}, {"refine": 16}),
    ),
    Contender("tile-diffusion-quality", "tile-diffusion-quality", {}),
    Contender("vae", "vae", {}),
    Contender("vae-playability", "vae", {"sampling": "playability"}),
    Contender("context-ca", "context-ca", {}, ({"iterations": 300},)),
    Contender("context-ca-fixed", "context-ca", {"mode": "fixed"}, ({"iterations": 300},)),
    Contender("infinite", "infinite", {}),
    Contender("ngram", "ngram", {}),
    Contender("wfc", "wfc", {}),
)


def contenders(names: Sequence[str] | None = None) -> list[Contender]:
    """The rows of some names, without those of real levels.

    Args:
        names: Names of rows, or of generators as `generator_named` takes them; None for all rows
            and generators by name.

    Raises:
        OptionError: For a name that is neither, or a generator whose size cannot be asked for.
    """
    rows = {row.name: row for row in CONTENDERS}
    if names is None:
        named = {row.generator for row in CONTENDERS}
        return [
            *CONTENDERS,
            *(Contender(name, name, {}) for name in GENERATORS if name not in named),
        ]
    chosen = [row for row in CONTENDERS if row.name in names]
    for name in dict.fromkeys(names):
        if name in rows or name in REAL:
            continue
        if ":" not in name and name not in GENERATORS:
            raise OptionError(
                f"unknown row {name!r}; there are {', '.join((*REAL, *rows))}, or a generator: "
                "NAME:weights=FILE, MODULE:CLASS"
            )
        generator_named(name).check_options({"width": WIDTH, "height": HEIGHT})
        chosen.append(Contender(name, name, {}))
    return chosen


@dataclass(frozen=True)
class Protocol:
    """How much is measured.

    Attributes:
        levels: Levels of each generator, seeds 0 and up.
        engine_levels: How many of them the engine's A* plays.
        drift_levels: How many are made again with ten times the iterations.
        timed_levels: How many are made one by one for the time.
        engine_nodes: Nodes of each of A*'s searches.
    """

    levels: int = 500
    engine_levels: int = 200
    drift_levels: int = 40
    timed_levels: int = 50
    engine_nodes: int = 40_000


QUICK = Protocol(24, 8, 6, 6, 20_000)


@dataclass(frozen=True)
class Result:
    """What was found of one row.

    Attributes:
        name: Of the row.
        records: As in the JSON file.
        samples: Some of its levels.
        shapes_from: All of its levels' codes, for the plots.
    """

    name: str
    records: list[dict[str, Any]]
    samples: list[TileGrid]
    shapes_from: list[NDArray[np.uint8]]


def record(generator: str, metric: str, value: float, n: int) -> dict[str, Any]:
    """One record."""
    return {"generator": generator, "metric": metric, "value": float(value), "n": n}


def bench_unplayed(
    generator: Generator, seeds: Sequence[int], options: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The bench's records of a generator's levels that take no playing and no second making.

    Args:
        generator: Makes the levels.
        seeds: Two or more.
        options: What the generator is to make.

    Raises:
        OptionError: For fewer seeds, or levels of several sizes or of too few columns.
    """
    if len(seeds) < 2:
        raise OptionError(
            f"the bench compares levels with each other: two or more, got {len(seeds)}"
        )
    generator.check_options(dict(options))
    grids = generator.generate_grids(seeds, **options)
    sizes = {grid.codes.shape for grid in grids}
    if len(sizes) > 1 or min(width for _, width in sizes) < WINDOW:
        told = ", ".join(f"{height}x{width}" for height, width in sorted(sizes))
        raise OptionError(
            f"the bench wants levels of one size, {WINDOW} columns or more; got {told}"
        )
    return _unplayed_records(generator.name, grids, load_reference())


def _unplayed_records(
    name: str, grids: Sequence[TileGrid], reference: Reference
) -> list[dict[str, Any]]:
    n = len(grids)
    found = dict(metrics_of([grid.codes for grid in grids], reference))
    if "repairs" in grids[0].metadata:
        repaired = [grid.metadata["repaired"] for grid in grids]
        found["bridged"] = repaired.count("bridge") / n
        found["playable_static_raw"] = repaired.count("no") / n
    else:
        found["playable_static_raw"] = found["playable_static"]
    return [record(name, metric, value, n) for metric, value in found.items()]


class Bench:
    """Measures rows one after the other.

    Args:
        protocol: How much.
        reference: What to compare with.
        work: Folder in which finished rows are kept, so that an interrupted bench goes on; None
            for none.
        tick: Called with a line about what is being done.
    """

    def __init__(
        self,
        protocol: Protocol,
        reference: Reference,
        work: Path | None,
        tick: Callable[[str], None],
    ) -> None:
        self.protocol = protocol
        self.reference = reference
        self._work = work
        self._tick = tick
        self._player: EnginePlayer | None = None

    def generator_row(self, contender: Contender) -> Result:
        """All numbers of a generator.

        Raises:
            OptionError: When the generator cannot be made.
        """
        generator = generator_named(contender.generator)
        grids = self._generated(contender, generator)
        kept = self._kept(contender.name, grids)
        if kept is not None:
            return self._result(contender.name, kept, grids)
        records = self._level_records(contender.name, grids)
        records += self._drift(contender, generator, grids)
        records += self._times(contender, generator)
        records.append(self._determinism(contender, generator, grids))
        self._keep(contender.name, grids, records)
        return self._result(contender.name, records, grids)

    def real_row(self, name: str, split: Split) -> Result:
        """All numbers of crops of real levels."""
        levels = split.train if name == REAL[0] else split.held_out
        crops = real_crops(levels, self.protocol.levels, WIDTH, REAL.index(name))
        grids = [TileGrid(crop, metadata={"generator": name}) for crop in crops]
        kept = self._kept(name, grids)
        if kept is None:
            kept = self._level_records(name, grids)
            self._keep(name, grids, kept)
        return self._result(name, kept, grids)

    def _result(self, name: str, records: list[dict[str, Any]], grids: list[TileGrid]) -> Result:
        return Result(name, records, grids[:4], [grid.codes for grid in grids])

    def _generated(self, contender: Contender, generator: Generator) -> list[TileGrid]:
        grids = []
        for seed in range(self.protocol.levels):
            self._tick(f"{contender.name}: level {seed + 1} of {self.protocol.levels}")
            grids.append(_one(generator, seed, contender.options))
        return grids

    def _level_records(self, name: str, grids: list[TileGrid]) -> list[dict[str, Any]]:
        self._tick(f"{name}: statistics")
        records = _unplayed_records(name, grids, self.reference)
        won = []
        for i, grid in enumerate(grids[: self.protocol.engine_levels]):
            self._tick(f"{name}: A* plays level {i + 1} of {self.protocol.engine_levels}")
            if self._player is None:
                self._player = EnginePlayer(self.protocol.engine_nodes)
            won.append(self._player.play(to_level(grid)).won)
        return [*records, record(name, "playable_engine", float(np.mean(won)), len(won))]

    def _drift(
        self, contender: Contender, generator: Generator, grids: list[TileGrid]
    ) -> list[dict[str, Any]]:
        """How much the patterns move away from the training levels at ten times the iterations."""
        some = [grid.codes for grid in grids[: self.protocol.drift_levels]]
        real = self.reference.patterns["train", _DRIFT_SIZE]
        before = jensen_shannon(real, count_patterns(some, _DRIFT_SIZE))
        drifts, fewest = [], []
        for options in contender.longer:
            longer = []
            for seed in range(len(some)):
                self._tick(f"{contender.name}: ten times the iterations, level {seed + 1}")
                longer.append(_one(generator, seed, {**contender.options, **options}).codes)
            drifts.append(jensen_shannon(real, count_patterns(longer, _DRIFT_SIZE)) - before)
            fewest.append(kinds(longer))
        if not drifts:
            return []
        n = len(some)
        return [
            record(contender.name, "js3_drift_10x", max(drifts), n),
            record(contender.name, "kinds_before_10x", kinds(some), n),
            record(contender.name, "kinds_10x", min(fewest), n),
        ]

    def _times(self, contender: Contender, generator: Generator) -> list[dict[str, Any]]:
        """Processor time of single levels, in milliseconds."""
        times = []
        for seed in range(self.protocol.timed_levels):
            self._tick(f"{contender.name}: time of level {seed + 1}")
            start = time.process_time()
            _one(generator, seed, contender.options)
            times.append(1000 * (time.process_time() - start))
        n = len(times)
        return [
            record(contender.name, "ms_per_level", float(np.mean(times)), n),
            record(contender.name, "ms_per_level_p50", float(np.median(times)), n),
            record(contender.name, "ms_per_level_p95", float(np.quantile(times, 0.95)), n),
        ]

    def _determinism(
        self, contender: Contender, generator: Generator, grids: list[TileGrid]
    ) -> dict[str, Any]:
        """Whether a batch in another order gives the same levels as one by one."""
        n = min(self.protocol.timed_levels, len(grids))
        self._tick(f"{contender.name}: a batch of {n}")
        seeds = list(range(n))[::-1]
        size = {"width": WIDTH, "height": HEIGHT, **contender.options}
        batch = generator.generate_grids(seeds, **size)[::-1]
        same = [a.digest == b.digest for a, b in zip(batch, grids, strict=False)]
        return record(contender.name, "same_in_batch", float(np.mean(same)), n)

    def _stamp(self, grids: list[TileGrid]) -> str:
        digest = hashlib.sha256(json.dumps(asdict(self.protocol)).encode())
        for counts in self.reference.patterns.values():
            digest.update(counts.counts.tobytes())
        for grid in grids:
            digest.update(grid.digest.encode())
        return digest.hexdigest()

    def _kept(self, name: str, grids: list[TileGrid]) -> list[dict[str, Any]] | None:
        """The records of a row of an earlier run on the very same levels."""
        path = self._file(name)
        if path is None or not path.exists():
            return None
        try:
            kept = json.loads(path.read_bytes())
            stamp, records = kept["stamp"], [record(**each) for each in kept["records"]]
        except (ValueError, KeyError, TypeError):
            return None  # a damaged row is measured anew
        return records if stamp == self._stamp(grids) else None

    def _keep(self, name: str, grids: list[TileGrid], records: list[dict[str, Any]]) -> None:
        path = self._file(name)
        if path is not None:
            kept = {"stamp": self._stamp(grids), "records": records}
            write_whole(path, json.dumps(kept).encode())

    def _file(self, name: str) -> Path | None:
        """Where a row is kept, if rows are kept at all."""
        return self._work / distinct_file_name(name, "", ".json") if self._work else None


def _one(generator: Generator, seed: int, options: dict[str, Any]) -> TileGrid:
    return generator.generate_grid(seed, width=WIDTH, height=HEIGHT, **options)
