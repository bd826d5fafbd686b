"""Levels from a seed, with every argument checked."""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.compiled import announce_first_compile
from gym_mario_suite.engine.level_image import (
    FINISHED,
    MAX_WIDTH,
    TOO_MANY_CHANGES,
    image_capacity,
)
from gym_mario_suite.errors import LevelError, as_integer
from gym_mario_suite.levels.generator_2009 import HEIGHT_2009, NO_ZONE_POSSIBLE, generate_2009
from gym_mario_suite.levels.level import Level

DEFAULT_LENGTH = 320
GENERATOR_2009 = "2009"
_INT32 = 1 << 31
_INT64 = 1 << 63


def capacity_2009(length: int) -> int:
    """Length of an int32 array that holds any 2009 level of that many columns.

    A column of a generated level has at most eight spawn points (a line on the ground, seven hills)
    and a cannon entry.
    """
    return image_capacity(length, HEIGHT_2009, 8 * length, 3 * length)


def check_parameters(
    seed: int, difficulty: int, level_type: int, length: int
) -> tuple[int, int, int, int]:
    """The generator's four arguments as Python ints, or an error that says what was expected.

    Raises:
        OptionError: For an argument out of range.
    """
    return (
        as_integer("seed", seed, -_INT64, _INT64 - 1),
        as_integer("difficulty", difficulty, -_INT32, _INT32 - 1),
        as_integer("level_type", level_type, -_INT32, _INT32 - 1),
        as_integer("length", length, 1, MAX_WIDTH),
    )


def explain_failure(code: int, difficulty: int) -> str:
    """Why the generator returned `code` (other than 0)."""
    if code == NO_ZONE_POSSIBLE:
        return (
            f"difficulty {difficulty} overflows the generator's 32-bit zone weights, "
            "so the original program aborts; use a difficulty up to 268435453"
        )
    if code == TOO_MANY_CHANGES:
        return "the level would have more coins, blocks and enemies than the engine can track"
    return "the level does not fit its buffer"


def generate(
    seed: int,
    difficulty: int = 0,
    level_type: int = 0,
    length: int = DEFAULT_LENGTH,
) -> Level:
    """The level that the 2009 competition's generator makes.

    Args:
        seed: Any 64-bit signed int.
        difficulty: Usually 0 to 10 or more; negative values make emptier levels.
        level_type: 0 overground, 1 underground, 2 castle.
        length: Columns. The competition uses 200 to 1361; below 75 there is only the start and
            the end, and below 23 the exit may lie outside the map, as in the original.

    Raises:
        OptionError: For an argument that is no whole number or out of range.
        LevelError: For arguments that make the original program abort.
    """
    seed, difficulty, level_type, length = check_parameters(seed, difficulty, level_type, length)
    announce_first_compile(generate_2009)
    image = np.zeros(capacity_2009(length), np.int32)
    code = generate_2009(
        image,
        np.zeros(1, np.uint64),
        np.zeros(5, np.int64),
        length,
        np.uint64(seed & 0xFFFFFFFFFFFFFFFF),
        difficulty,
        level_type,
    )
    if code != FINISHED:
        raise LevelError(explain_failure(code, difficulty))
    metadata = {
        "generator": GENERATOR_2009,
        "seed": seed,
        "difficulty": difficulty,
        "type": level_type,
        "length": length,
    }
    return Level.from_image(image, metadata)
