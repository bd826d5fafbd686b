"""Tracks: which levels a competition plays, as data."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gym_mario_suite.agents.registry import unknown_name
from gym_mario_suite.engine.world import Mode, Rules
from gym_mario_suite.errors import OptionError, as_integer
from gym_mario_suite.levels.deceptive import GENERATOR_DECEPTIVE
from gym_mario_suite.levels.generate import GENERATOR_2009
from gym_mario_suite.levels.level import Level

if TYPE_CHECKING:
    from gym_mario_suite.competition.episode import LevelRecord

_INT32 = 1 << 31
_DIFFICULTIES = (0, 3, 5, 10)
_TRIALS = 10

# Generator: `module:function`, called with seed, difficulty, type and length.
GENERATORS: dict[str, str] = {
    GENERATOR_2009: "gym_mario_suite.levels.generate:generate",
    GENERATOR_DECEPTIVE: "gym_mario_suite.levels.deceptive:deceptive",
}


@dataclass(frozen=True, kw_only=True)
class LevelSpec:
    """One level of a track.

    Attributes:
        difficulty: Difficulty of the generator; a track's scores are means over one difficulty.
        trial: Number of the level within its difficulty, from 0.
        level_seed: Seed of the generator.
        type: 0 overground, 1 underground, 2 castle.
        length: Columns.
        time_limit: Seconds of level time.
        mode: Mario's power state at the start.
        generator: Name of the generator in `GENERATORS`.
    """

    difficulty: int
    trial: int
    level_seed: int
    type: int
    length: int
    time_limit: int = 200
    mode: Mode = Mode.FIRE
    generator: str = GENERATOR_2009

    def __str__(self) -> str:
        return (
            f"level of difficulty {self.difficulty}, trial {self.trial} "
            f"(seed {self.level_seed}, type {self.type}, {self.length} columns)"
        )

    @property
    def label(self) -> str:
        """The level within its track."""
        return f"difficulty {self.difficulty}, trial {self.trial}"

    @property
    def group(self) -> str:
        """What the levels of one `difficulty` have in common."""
        return f"difficulty {self.difficulty}"

    def results(self, record: LevelRecord, exit_px: int | None) -> dict[str, Any]:
        """What a track adds to the JSON form of a level's score."""
        return {}

    def generate(self) -> Level:
        """The level itself.

        Raises:
            OptionError: For an unknown generator.
        """
        if self.generator not in GENERATORS:
            raise unknown_name("level generator", self.generator, GENERATORS)
        make = _imported(GENERATORS[self.generator])
        return make(self.level_seed, self.difficulty, self.type, self.length)


@dataclass(frozen=True)
class Track:
    """A list of levels to be played in order by one agent.

    Attributes:
        name: Name of the track in `TRACKS`.
        seed: What the levels were chosen by.
        levels: The levels, those of one difficulty together.
        only_last_counts: Whether the last level alone makes the score; the others are for learning.
        note: What a reader of the results must know of the track.
        rules: Rules of all its levels. Under those of 2019 the score is the share of levels won,
            in percent.
    """

    name: str
    seed: int
    levels: tuple[LevelSpec, ...]
    only_last_counts: bool = False
    note: str = ""
    rules: Rules = Rules.COMPETITION_2009


def remainder(dividend: int, divisor: int) -> int:
    """What is left of a division rounded toward zero: it has the sign of the dividend."""
    rest = abs(dividend) % abs(divisor)
    return -rest if dividend < 0 else rest


def wrap_int32(value: int) -> int:
    """`value` as 32-bit arithmetic holds it."""
    return (value + _INT32) % (2 * _INT32) - _INT32


def cig_2009(seed: int) -> Track:
    """The 40 levels of the 2009 competition's second phase (IEEE CIG, `CompetitionScore`).

    Ten levels of each difficulty 0, 3, 5 and 10, played as fire Mario with 200 seconds each. For
    trial i the length is 200 + 128 * i + the remainder of seed / (i + 1), the type i modulo 3,
    the level's seed `seed` + i in 32-bit arithmetic.

    Raises:
        OptionError: For a seed that is no whole number of 32 bits.
    """
    seed = as_integer("seed", seed, -_INT32, _INT32 - 1)
    levels = tuple(
        LevelSpec(
            difficulty=difficulty,
            trial=trial,
            level_seed=wrap_int32(seed + trial),
            type=trial % 3,
            length=200 + 128 * trial + remainder(seed, trial + 1),
        )
        for difficulty in _DIFFICULTIES
        for trial in range(_TRIALS)
    )
    return Track("cig-2009", seed, levels)


def ice_gic_2009(seed: int) -> Track:
    """Ten levels in the manner of the 2009 competition's first phase (ICE-GIC).

    A reconstruction: the program of that phase is not preserved. The ten levels here have the
    program's default length of 320 columns and the four difficulties 0, 3, 5 and 10 (three levels
    each of the first two, two each of the others), and the score is the sum of the four mean
    distances.

    Raises:
        OptionError: For a seed that is no whole number of 32 bits.
    """
    seed = as_integer("seed", seed, -_INT32, _INT32 - 1)
    difficulties = (0, 0, 0, 3, 3, 3, 5, 5, 10, 10)
    levels = tuple(
        LevelSpec(
            difficulty=difficulty,
            trial=difficulties[:number].count(difficulty),
            level_seed=wrap_int32(seed + number),
            type=number % 3,
            length=320,
        )
        for number, difficulty in enumerate(difficulties)
    )
    note = "a reconstruction: the program of the first phase of 2009 is not preserved"
    return Track("ice-gic-2009", seed, levels, note=note)


def learning(seed: int, *, attempts: int = 100, difficulty: int = 2, length: int = 90) -> Track:
    """One deceptive level, attempted again and again; only the last attempt counts.

    The agent stays the same object, so what it learns in one attempt it may use in the next. It
    starts as fire Mario and has 60 seconds.

    Args:
        seed: Seed of the level.
        attempts: How often the level is played, 1 to 100,000.
        difficulty: Of `levels.deceptive`.
        length: Columns.

    Raises:
        OptionError: For an argument out of range.
    """
    seed = as_integer("seed", seed, -_INT32, _INT32 - 1)
    attempts = as_integer("attempts", attempts, 1, 100_000)
    levels = tuple(
        LevelSpec(
            difficulty=difficulty,
            trial=attempt,
            level_seed=seed,
            type=0,
            length=length,
            time_limit=60,
            generator=GENERATOR_DECEPTIVE,
        )
        for attempt in range(attempts)
    )
    return Track("learning", seed, levels, True, "only the last attempt counts")


def quick(seed: int) -> Track:
    """Four short levels, one of each difficulty: for trying things out.

    Raises:
        OptionError: For a seed that is no whole number of 32 bits.
    """
    seed = as_integer("seed", seed, -_INT32, _INT32 - 1)
    levels = tuple(
        LevelSpec(
            difficulty=difficulty,
            trial=0,
            level_seed=wrap_int32(seed + number),
            type=number % 3,
            length=160,
            time_limit=60,
        )
        for number, difficulty in enumerate(_DIFFICULTIES)
    )
    return Track("quick", seed, levels)


# Name: function of a seed (and keyword options), or `module:function`, imported when it is asked
# for. Rooms that come later add theirs here, other programs with `register_track`.
TrackMaker = Callable[..., Track]
TRACKS: dict[str, TrackMaker | str] = {
    "cig-2009": cig_2009,
    "ice-gic-2009": ice_gic_2009,
    "learning": learning,
    "quick": quick,
    "framework-2019": "gym_mario_suite.competition.framework_track:needs_levels",
}


def register_track(name: str, maker: TrackMaker | str) -> None:
    """Add a track.

    Args:
        name: Its name.
        maker: Function that takes the seed, and options as keyword arguments with whole numbers
            as defaults; or the same as `module:function`.

    Raises:
        OptionError: If there is a track of that name.
    """
    if name in TRACKS:
        raise OptionError(f"there is already a track {name!r}")
    TRACKS[name] = maker


def make_track(text: str, seed: int) -> Track:
    """The track that `text` describes, for a seed.

    Args:
        text: `NAME` or `NAME:OPTION=NUMBER,...`, for example `learning:attempts=20`.
        seed: What the levels are chosen by.

    Returns:
        The track; its name is `text`, so that results tell apart what differs in options.

    Raises:
        OptionError: For an unknown track or option, an option given twice, or a seed that the
            track cannot use.
    """
    name, colon, assignments = text.partition(":")
    if name not in TRACKS:
        raise unknown_name("track", name, TRACKS)
    maker = TRACKS[name]
    if isinstance(maker, str):
        maker = _imported(maker)
    known = list(inspect.signature(maker).parameters)[1:]
    options: dict[str, int] = {}
    for assignment in assignments.split(",") if colon else ():
        option, equals, value = (part.strip() for part in assignment.partition("="))
        if not equals:
            raise OptionError(f"track {name!r}: expected OPTION=NUMBER, got {assignment!r}")
        if option not in known:
            raise unknown_name(f"option of track {name!r}", option, known)
        if option in options:
            raise OptionError(f"track {name!r}: option {option!r} is given twice")
        try:
            options[option] = int(value)
        except ValueError:
            raise OptionError(
                f"track {name!r}: option {option!r} must be a whole number, got {value!r}"
            ) from None
    track = maker(seed, **options)
    if not track.levels:
        raise OptionError(f"track {text!r} has no levels")
    return replace(track, name=text)


def _imported(path: str) -> Any:
    module_name, attribute = path.split(":")
    return getattr(importlib.import_module(module_name), attribute)
