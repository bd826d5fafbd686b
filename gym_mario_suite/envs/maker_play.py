"""`MarioMakerPlay-v0`: playing courses of Mario Maker in the engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from gym_mario_suite.engine.world import Rules
from gym_mario_suite.envs.infinite import MarioInfiniteEnv
from gym_mario_suite.envs.infinite_vector import MarioInfiniteVectorEnv
from gym_mario_suite.envs.options import seed_range_of
from gym_mario_suite.errors import LevelError, OptionError
from gym_mario_suite.levels.generator import Generator
from gym_mario_suite.levels.generator_2009 import HEIGHT_2009
from gym_mario_suite.levels.generators import generator_named
from gym_mario_suite.levels.level import Level, rules_name
from gym_mario_suite.levels.maker.course import MakerCourse
from gym_mario_suite.levels.maker.course_files import read_course_file
from gym_mario_suite.levels.maker.course_levels import (
    course_of_grid,
    course_to_grid,
    course_to_level,
)
from gym_mario_suite.levels.tile_grid import TileGrid

CourseMaker = Callable[[int], MakerCourse]
Sampler = CourseMaker | Sequence[MakerCourse | str | Path] | str
# What the environment plays when it is told nothing: fresh courses that nearly all can be won.
DEFAULT_SAMPLER = "tile-diffusion"
# What the course, the sampler or its seeds take the place of.
_NOT_HERE = ("level", "generator", "generator_options", "difficulty", "level_type", "length")


class CourseSampler(Generator):
    """Courses by seed: of a function, of a generator, or one after the other of a list.

    Args:
        sampler: A function of a seed; or the name of a generator, as in `mario levels generate`; or
            courses (or paths of their files): seed s then plays course s modulo their number.

    Raises:
        OptionError: For an empty list, a name that no generator has, or something else.
        LevelError: For a file that cannot be read.
    """

    name = "courses"

    def __init__(self, sampler: Sampler) -> None:
        # Partials, not closures: an environment is pickled with its sampler.
        self._make: Callable[[Sequence[int]], list[MakerCourse]]
        if isinstance(sampler, str):
            self._make = partial(_courses_of_generator, generator_named(sampler))
        elif callable(sampler):
            self._make = partial(_courses_of_function, sampler)
        elif isinstance(sampler, Sequence) and len(sampler) > 0:
            self._make = partial(_courses_of_list, [course_of(course) for course in sampler])
        else:
            raise OptionError(
                "sampler must be a function of a seed, a list of courses or a generator's name, "
                f"got {sampler!r}"
            )

    def courses(self, seeds: Sequence[int]) -> list[MakerCourse]:
        """The courses of some seeds.

        Raises:
            LevelError: When the function made something else.
        """
        made = self._make(seeds)
        for seed, each in zip(seeds, made, strict=True):
            if not isinstance(each, MakerCourse):
                raise LevelError(
                    f"the sampler made {each!r} of seed {seed}, which is no MakerCourse"
                )
        return made

    def generate_grids(self, seeds: Sequence[int]) -> list[TileGrid]:
        """The courses as grids, which cannot say all that courses can."""
        return [course_to_grid(course) for course in self.courses(seeds)]

    def generate_batch(self, seeds: Sequence[int], **options: Any) -> list[Level]:
        """The courses as levels."""
        self.check_options(options)
        return [course_to_level(course) for course in self.courses(seeds)]

    def generate_by_rules(self, seeds: Sequence[int], rules: Rules, **options: Any) -> list[Level]:
        """The courses as levels of a rule set."""
        self.check_options(options)
        return [course_to_level(course, rules) for course in self.courses(seeds)]


def _courses_of_generator(generator: Generator, seeds: Sequence[int]) -> list[MakerCourse]:
    return [course_of_grid(grid) for grid in generator.generate_grids(seeds)]


def _courses_of_function(function: CourseMaker, seeds: Sequence[int]) -> list[MakerCourse]:
    return [function(seed) for seed in seeds]


def _courses_of_list(courses: list[MakerCourse], seeds: Sequence[int]) -> list[MakerCourse]:
    return [courses[seed % len(courses)] for seed in seeds]


def course_of(course: object) -> MakerCourse:
    """A course, or that of a file.

    Raises:
        OptionError: For something else.
        LevelError: For a file that cannot be read.
    """
    if isinstance(course, str | Path):
        return read_course_file(course)
    if not isinstance(course, MakerCourse):
        raise OptionError(f"a course must be a MakerCourse or the path of its file, got {course!r}")
    return course


def play_options(
    course: MakerCourse | str | Path | None, sampler: Sampler | None, options: dict[str, Any]
) -> dict[str, Any]:
    """Options of `MarioInfinite-v0` that play a course, or a sampler's.

    Raises:
        OptionError: When there are both, or an option that they take the place of.
        LevelError: For a course that cannot be read or played.
    """
    for name in _NOT_HERE:
        if name in options:
            raise OptionError(f"MarioMakerPlay-v0 plays courses: {name} cannot be given")
    if course is not None and sampler is not None:
        raise OptionError("give course= or sampler=, not both")
    if course is None and sampler is None:
        sampler = DEFAULT_SAMPLER
    if sampler is not None:
        source = CourseSampler(sampler)
        first_seed, _ = seed_range_of(options.get("level_seed"))
        first = source.courses([first_seed])[0]
        chosen: dict[str, Any] = {"generator": source}
    else:
        first = course_of(course)
        chosen = {}
    rules = options.get("rules")
    if rules is None:
        rules = rules_name(
            Rules.COMPETITION_2009 if first.height <= HEIGHT_2009 else Rules.FRAMEWORK_2019
        )
    if sampler is None:
        named = {rules_name(each): each for each in Rules}
        # Other names are for the options to refuse.
        by_rules = rules if isinstance(rules, Rules) else named.get(str(rules))
        chosen["level"] = course_to_level(first, by_rules)
        chosen["time_limit"] = first.timer_s
    return {**chosen, **options, "rules": rules}


class MarioMakerPlayEnv(MarioInfiniteEnv):
    """A course of Mario Maker, or a sampler's courses, played in the engine.

    ## Description
    Courses of up to 15 rows are played by the rules of 2009, higher ones (a course has up to 27) by
    those of 2019. What the engine does of each part is in `levels/maker/parts.json`; what it cannot
    do is air, and listed in `env.unwrapped.level.metadata["unsupported"]`.

    ## Action space, observation space, rewards, info
    Those of `MarioInfinite-v0`, by the same options `actions`, `obs` and `reward`.

    ## Episode end
    `terminated` when Mario is at the goal or dies, `truncated` when the course's time is up.

    ## Options of reset
    Those of `MarioInfinite-v0`; with a sampler `options={"seed": n}` plays the course of that seed.

    Args:
        course: A MakerCourse, or the path of a file of any format.
        sampler: Instead, a function of a seed that makes courses, a list of courses or paths, or
            the name of a generator ("ngram" makes a course in a fraction of a millisecond, but a
            third of its courses cannot be won). With neither it is "tile-diffusion", which takes a
            tenth of a second for a course. Every episode draws a seed from `level_seed`, a pair
            (first, end) of seeds: keep those of training and of testing apart by it.
        **options: As of `MarioInfinite-v0`; `time_limit` is the course's timer by default (200 for
            a sampler's), `rules` go by the height of the (first) course.

    Raises:
        OptionError: For an option that is not possible.
        LevelError: For a course that cannot be read or played.
    """

    def __init__(
        self,
        *,
        course: MakerCourse | str | Path | None = None,
        sampler: Sampler | None = None,
        render_mode: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(render_mode=render_mode, **play_options(course, sampler, options))


class MarioMakerPlayVectorEnv(MarioInfiniteVectorEnv):
    """Many games of courses, stepped by one compiled call.

    Args:
        num_envs: How many games.
        course: As of `MarioMakerPlayEnv`.
        sampler: As of `MarioMakerPlayEnv`.
        **options: As of `MarioInfiniteVectorEnv`.

    Raises:
        OptionError: For an option that is not possible.
        LevelError: For a course that cannot be read or played.
    """

    _OWN = ("autoreset_mode", "num_threads", "copy", "render_mode")

    def __init__(
        self,
        num_envs: int = 1,
        *,
        course: MakerCourse | str | Path | None = None,
        sampler: Sampler | None = None,
        **options: Any,
    ) -> None:
        own = {name: options.pop(name) for name in self._OWN if name in options}
        super().__init__(num_envs, **own, **play_options(course, sampler, options))
