"""One door for course files: own JSON (`.mmc.json`), the game's own, and every level format."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from gym_mario_suite.engine.world import Rules
from gym_mario_suite.errors import LevelError, MarioError, OptionError
from gym_mario_suite.levels.formats.course import Course
from gym_mario_suite.levels.formats.files import (
    Document,
    Format,
    format_named,
    format_of,
    read_document,
    read_level,
    write_level,
)
from gym_mario_suite.levels.level import Level
from gym_mario_suite.levels.maker.course import MakerCourse
from gym_mario_suite.levels.maker.course_blob import course_of_file, file_of_course
from gym_mario_suite.levels.maker.course_json import read_course_json, write_course_json
from gym_mario_suite.levels.maker.course_levels import (
    course_of_grid,
    course_of_level,
    course_to_grid,
    course_to_level,
)
from gym_mario_suite.levels.maker.parts import PARTS
from gym_mario_suite.levels.tile_grid import TileGrid
from gym_mario_suite.whole_file import write_whole

SUFFIX = ".mmc.json"
_MAX_BYTES = 64 << 20
_OF_THE_GAME = frozenset({"course", "course-zlib"})
_OF_LEVELS = frozenset({"json", "npz", "bytes"})  # hold grids as well as levels with all they have


def is_course_file(path: Path | str) -> bool:
    """Whether a file is a course of our own, by its name."""
    return str(path).lower().endswith(SUFFIX)


def check_file_name(path: Path) -> None:
    """Fail now rather than at the first saving if no course can be saved under this name.

    Raises:
        OptionError: For a file name of no format.
    """
    if not is_course_file(path):
        _format_of(path)


def _format_of(path: Path) -> Format:
    try:
        return format_of(path)
    except OptionError as error:
        raise OptionError(f"{error}; a course's ends in {SUFFIX}") from None


def read_course_file(path: Path | str) -> MakerCourse:
    """The course of a file: `.mmc.json`, or any format of `levels.formats.files`.

    Raises:
        LevelError: When it cannot be read; the message names the file and what is wrong where.
    """
    path = Path(path)
    if not is_course_file(path):
        return as_course(read_document(path))
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise LevelError(f"{path}: larger than {_MAX_BYTES >> 20} MiB, no course is")
        return read_course_json(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise LevelError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise LevelError(f"{path}: not UTF-8 text ({error.reason})") from None
    except MarioError as error:
        raise LevelError(f"{path}: {error}") from None


def read_level_or_course(
    path: Path | str, format: str | None = None, rules: Rules | None = None
) -> Level:
    """The level of a file of any format, `.mmc.json` included.

    Args:
        path: The file.
        format: Its format, of those of levels; None for what name and contents tell.
        rules: As of `read_level`.

    Raises:
        LevelError: As of `read_level` and `read_course_file`.
        OptionError: For an unknown format.
    """
    if format is not None or not is_course_file(path):
        return read_level(path, format, rules)
    level = course_to_level(read_course_file(path), rules)
    return replace(level, metadata={**level.metadata, "file": Path(path).name})


def as_course(document: Document | MakerCourse) -> MakerCourse:
    """The course of what a level file holds.

    Raises:
        LevelError: When it is a course file that is no course.
    """
    if isinstance(document, MakerCourse):
        return document
    if isinstance(document, Course):
        return course_of_file(document)
    if isinstance(document, TileGrid):
        return course_of_grid(document)
    return course_of_level(document)


def write_course_file(path: Path | str, course: MakerCourse, format: str | None = None) -> None:
    """Write a course whole or not at all; what the format cannot hold is left out (`left_out`).

    Formats of levels say what 13 tile codes can say; `json`, `npz` and `bytes` hold the level of a
    course where it says more: a start or a goal of its own, one-way platforms, hidden blocks, what
    is in bricks.

    Args:
        path: The file, replaced if it is there.
        course: The course.
        format: A name of `levels.formats.files.FORMATS`; None to choose by the file's name.

    Raises:
        OptionError: For an unknown format or file name, or when the file cannot be written; what it
            held before is kept then.
        LevelError: When the format cannot hold such a course.
    """
    if format is None and is_course_file(path):
        write_whole(Path(path), write_course_json(course).encode())
        return
    name = (_format_of(Path(path)) if format is None else format_named(format)).name
    document: Document
    if name in _OF_THE_GAME:
        document = file_of_course(course)
    elif name in _OF_LEVELS and _is_more_than_tiles(course):
        document = course_to_level(course)
    else:
        document = course_to_grid(course)
    write_level(path, document, name)


def write_level_or_course(
    path: Path | str, document: Document | MakerCourse, format: str | None = None
) -> None:
    """Write what a file of any format held, as the name of the file or of the format says.

    Args:
        path: The file, replaced if it is there.
        document: A course of our own, or what level files hold.
        format: As of `write_course_file`.

    Raises:
        OptionError: As of `write_course_file`.
        LevelError: As of `write_course_file`.
    """
    if isinstance(document, MakerCourse) or (format is None and is_course_file(path)):
        write_course_file(path, as_course(document), format)
    else:
        write_level(path, document, format)


def _is_more_than_tiles(course: MakerCourse) -> bool:
    """Whether what is played of a course is more than its tile grid says."""
    own_places = (course.start, course.goal) != (None, None)
    return own_places or any(PARTS[code].engine is not None for code in np.unique(course.cells))


def left_out(path: Path, course: MakerCourse) -> list[str]:
    """What of a course a file of this name cannot hold, besides what is played alike.

    Returns:
        Any of "<number> parts" (those that do nothing when played), "the start" and "the goal".

    Raises:
        OptionError: For a file name of no format.
    """
    if is_course_file(path):
        return []
    name = _format_of(path).name
    unsupported = sum(course.unsupported.values())
    lost = []
    if unsupported and name not in _OF_THE_GAME:
        lost.append(f"{unsupported} parts")
    if course.start is not None and name not in _OF_LEVELS:
        lost.append("the start")
    if course.goal is not None and name not in _OF_LEVELS | _OF_THE_GAME:
        lost.append("the goal")
    return lost
