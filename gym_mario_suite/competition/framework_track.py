"""The track `framework-2019`: level texts of the 2019 framework, and generated levels by its rules.

What is played is named by the user, so the levels travel with the track. Its name ends with a hash
of them: results of different levels are never taken for the same.
"""

from __future__ import annotations

import glob
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gym_mario_suite.competition.tracks import LevelSpec, Track
from gym_mario_suite.datasets.state_hash import level_hash
from gym_mario_suite.engine.world import Mode, Rules
from gym_mario_suite.errors import LevelError, OptionError
from gym_mario_suite.levels.framework_generate import GENERATOR_FRAMEWORK, generate_framework
from gym_mario_suite.levels.framework_text import load_framework_text
from gym_mario_suite.levels.generate import DEFAULT_LENGTH
from gym_mario_suite.levels.level import Level
from gym_mario_suite.whole_file import files_in, real_path

if TYPE_CHECKING:
    from gym_mario_suite.competition.episode import LevelRecord

FRAMEWORK_TRACK = "framework-2019"
FRAMEWORK_TEXT = "framework text"
SEEDS = "seed:"
_LIST_SUFFIX = ".list"
_MAX_SEEDS = 100_000
_GENERATED = re.compile(r"generated-d(-?\d{1,9})-t(-?\d{1,9})-(\d{1,9})/seed-(-?\d{1,19})")
_SEED_OPTIONS = {"difficulty": 0, "type": 0, "length": DEFAULT_LENGTH}


@dataclass(frozen=True, kw_only=True)
class FrameworkSpec(LevelSpec):
    """A level of the track: `difficulty` numbers its collection, `trial` its place therein.

    Attributes:
        name: Name of the file without its ending, or `seed-N`.
        collection: Name of the file's folder, or how the level was generated.
        digest: Hash of the level (`datasets.state_hash.level_hash`), hexadecimal.
        level: The level; None where only its results are known.
    """

    name: str
    collection: str
    digest: str
    level: Level | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """Collection and name."""
        return f"{self.collection}/{self.name}"

    @property
    def group(self) -> str:
        """The collection."""
        return self.collection

    def generate(self) -> Level:
        """The level itself.

        Raises:
            OptionError: Where only its results are known.
        """
        if self.level is None:
            raise OptionError(f"the level {self.label} is not at hand")
        return self.level

    def results(self, record: LevelRecord, exit_px: int | None) -> dict[str, Any]:
        """What a level of this track adds to the JSON form of a score."""
        return {
            "name": self.name,
            "collection": self.collection,
            "level_digest": self.digest,
            "completion": completion(record.distance, exit_px),
            "time_left_ms": record.time_left_ms,
        }


def completion(distance_px: float, exit_px: int | None) -> float:
    """The share of the way to the exit, 0 to 1, as the framework reckons it."""
    return min(max(distance_px / exit_px, 0.0), 1.0) if exit_px else 0.0


def framework_track(sources: Sequence[str], seed: int = 0) -> Track:
    """The track of some levels.

    Played as the framework does by default: small Mario, 200 seconds of 30 ms ticks.

    Args:
        sources: Each a level text, a folder (all `*.txt` in it and below), a glob pattern, a list
            (`@FILE` or a name that ends in `.list`: a source in each line, relative to the list),
            or `seed:N` or `seed:N..M` with options such as `,difficulty=3,type=1,length=200` for
            levels of the 2009 generator by the rules of 2019.
        seed: Goes into the results, and chooses nothing.

    Raises:
        OptionError: When there is no level, one is named twice, or a source names none.
        LevelError: For a level text that cannot be read; the message names row and column.
    """
    levels: list[tuple[str, str, Level, dict[str, int]]] = []
    named: set[Path | str] = set()
    for source in _flattened(sources, Path()):
        path = source if isinstance(source, str) else real_path(source)
        if path in named:
            raise OptionError(f"--levels names {source} twice")
        named.add(path)
        if isinstance(path, str):
            levels += _generated(path)
            continue
        level = load_framework_text(path)
        levels.append((path.parent.name, path.stem, level, {"length": level.width}))
    if not levels:
        raise OptionError("--levels names no level: the list is empty")
    return track_of(_numbered(levels), seed)


def track_of(specs: Iterable[FrameworkSpec], seed: int) -> Track:
    """The track of these levels, named by their hash."""
    specs = tuple(specs)
    text = "\n".join(f"{spec.collection}/{spec.name} {spec.digest}" for spec in specs)
    digest = hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()
    return Track(f"{FRAMEWORK_TRACK}:{digest[:12]}", seed, specs, rules=Rules.FRAMEWORK_2019)


def needs_levels(seed: int) -> Track:
    """The entry of this track among `TRACKS`: it cannot be made from a seed.

    Raises:
        OptionError: Always.
    """
    raise OptionError(
        f"the track {FRAMEWORK_TRACK} plays the levels that --levels names: a level text, a "
        f"folder, a glob pattern, @LIST, or {SEEDS}N..M"
    )


def _numbered(
    levels: Iterable[tuple[str, str, Level, dict[str, int]]],
) -> list[FrameworkSpec]:
    """Specs, the levels of one collection together."""
    levels = list(levels)
    specs = [
        FrameworkSpec(
            difficulty=difficulty,
            trial=trial,
            level_seed=origin.get("seed", 0),
            type=origin.get("type", 0),
            length=origin["length"],
            mode=Mode.SMALL,
            generator=GENERATOR_FRAMEWORK if "seed" in origin else FRAMEWORK_TEXT,
            name=name,
            collection=collection,
            digest=level_hash(level).hex(),
            level=level,
        )
        for (difficulty, trial), (collection, name, level, origin) in zip(
            _places(level[0] for level in levels), levels, strict=True
        )
    ]
    return sorted(specs, key=lambda spec: (spec.difficulty, spec.trial))


def _places(collections: Iterable[str]) -> Iterator[tuple[int, int]]:
    """The number of each level's collection, and the level's own within it."""
    counts: dict[str, int] = {}
    for collection in collections:
        trial = counts[collection] = counts.get(collection, -1) + 1
        yield list(counts).index(collection), trial


def _flattened(sources: Iterable[str], folder: Path) -> Iterator[Path | str]:
    """Files of level texts, and seeds as text."""
    for source in sources:
        path = folder / source
        if source.startswith(SEEDS):
            yield source
        elif source.startswith("@") or (source.endswith(_LIST_SUFFIX) and os.path.isfile(path)):
            yield from _listed(folder / source.removeprefix("@"))
        elif os.path.isdir(path):
            found = sorted(files_in(path, "**/*.txt"), key=_natural)
            if not found:
                raise OptionError(f"there is no level text (*.txt) in the folder {path}")
            yield from found
        elif glob.has_magic(source) and not os.path.exists(path):
            found = sorted(map(Path, glob.glob(str(path), recursive=True)), key=_natural)
            if not found:
                raise OptionError(f"no file fits the pattern {source!r}")
            yield from (file for file in found if os.path.isfile(file))
        else:
            yield path


def _listed(path: Path) -> Iterator[Path | str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(f"cannot read the list of levels {path}: {error}") from error
    sources = [line.strip() for line in lines]
    sources = [line for line in sources if line and not line.startswith("#")]
    if not sources:
        raise OptionError(f"the list of levels {path} is empty")
    if any(line.startswith("@") or line.endswith(_LIST_SUFFIX) for line in sources):
        raise OptionError(f"the list of levels {path} names another list; name levels")
    yield from _flattened(sources, path.parent)


def _natural(path: Path) -> list[tuple[int, str]]:
    """Sorts lvl-2 before lvl-10."""
    parts = re.split(r"(\d+)", path.as_posix())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def _generated(source: str) -> list[tuple[str, str, Level, dict[str, int]]]:
    """The levels of `seed:N..M,OPTION=NUMBER,...`."""
    seeds, *assignments = source.removeprefix(SEEDS).split(",")
    given: dict[str, int] = {}
    for assignment in assignments:
        name, _, value = assignment.partition("=")
        if name not in _SEED_OPTIONS:
            known = ", ".join(_SEED_OPTIONS)
            raise OptionError(f"unknown option {name!r} in {source!r}; known: {known}")
        if name in given:
            raise OptionError(f"option {name!r} is given twice in {source!r}")
        given[name] = _number(value, source)
    first, dots, last = seeds.partition("..")
    low = _number(first, source)
    high = _number(last, source) if dots else low
    if not low <= high < low + _MAX_SEEDS:
        raise OptionError(f"{source!r} must name 1 to {_MAX_SEEDS:,} seeds, the lower first")
    difficulty, kind, length = (_SEED_OPTIONS | given).values()
    collection = f"generated-d{difficulty}-t{kind}-{length}"
    return [
        (
            collection,
            f"seed-{seed}",
            generate_framework(seed, difficulty, kind, length),
            {"seed": seed, "type": kind, "length": length},
        )
        for seed in range(low, high + 1)
    ]


def _number(text: str, source: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise OptionError(f"{source!r}: expected a whole number, got {text!r}") from None


def claimed_track(run: dict[str, Any]) -> Track:
    """The track of a results file's run, without its levels.

    Raises:
        OptionError: When the run does not say which levels it played.
    """
    try:
        collections = [str(level["collection"]) for level in run["levels"]]
        specs = [
            FrameworkSpec(
                difficulty=difficulty,
                trial=trial,
                level_seed=level["level_seed"],
                type=level["type"],
                length=level["length"],
                mode=Mode.SMALL,
                generator=level["generator"],
                name=str(level["name"]),
                collection=collection,
                digest=str(level["level_digest"]),
            )
            for (difficulty, trial), collection, level in zip(
                _places(collections), collections, run["levels"], strict=True
            )
        ]
    except KeyError as error:
        raise OptionError(f"a level of the run has no {error.args[0]!r}") from None
    return track_of(specs, run["seed"])


def with_level(spec: FrameworkSpec, level: Level) -> FrameworkSpec:
    """The spec with the level, if that is the one whose hash it tells.

    Its seed, type, length and generator are then the level's own, whatever was claimed.
    """
    if level_hash(level).hex() != spec.digest:
        return spec
    if spec.generator == GENERATOR_FRAMEWORK and (made := _made_anew(spec)):
        return replace(spec, level=level, **made)
    return replace(
        spec, level=level, level_seed=0, type=0, length=level.width, generator=FRAMEWORK_TEXT
    )


def _made_anew(spec: FrameworkSpec) -> dict[str, int]:
    """What the generator makes the level from by its name; nothing where it makes another one."""
    named = _GENERATED.fullmatch(spec.label)
    if named is None:
        return {}
    difficulty, kind, length, seed = map(int, named.groups())
    try:
        level = generate_framework(seed, difficulty, kind, length)
    except (LevelError, OptionError):
        return {}
    if level_hash(level).hex() != spec.digest:
        return {}
    return {"level_seed": seed, "type": kind, "length": length}
