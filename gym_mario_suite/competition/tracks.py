"""Tracks: which levels a competition plays, as data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gym_mario_suite.agents.registry import unknown_name
from gym_mario_suite.engine.world import Mode
from gym_mario_suite.levels.generate import as_integer, generate
from gym_mario_suite.levels.level import Level

_INT32 = 1 << 31
_DIFFICULTIES = (0, 3, 5, 10)
_TRIALS = 10


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
    """

    difficulty: int
    trial: int
    level_seed: int
    type: int
    length: int
    time_limit: int = 200
    mode: Mode = Mode.FIRE

    def __str__(self) -> str:
        return (
            f"level of difficulty {self.difficulty}, trial {self.trial} "
            f"(seed {self.level_seed}, type {self.type}, {self.length} columns)"
        )

    def generate(self) -> Level:
        """The level itself."""
        return generate(self.level_seed, self.difficulty, self.type, self.length)


@dataclass(frozen=True)
class Track:
    """A list of levels to be played in order by one agent.

    Attributes:
        name: Name of the track in `TRACKS`.
        seed: What the levels were chosen by.
        levels: The levels, those of one difficulty together.
    """

    name: str
    seed: int
    levels: tuple[LevelSpec, ...]


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


TRACKS: dict[str, Callable[[int], Track]] = {"cig-2009": cig_2009}


def make_track(name: str, seed: int) -> Track:
    """The track of that name for a seed.

    Raises:
        OptionError: For an unknown track, or a seed the track cannot use.
    """
    if name not in TRACKS:
        raise unknown_name("track", name, TRACKS)
    return TRACKS[name](seed)
