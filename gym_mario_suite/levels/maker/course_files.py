"""One door for course files: own JSON (`.mmc.json`), the game's own, and every level format."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gym_mario_suite.engine.world import Rules
from gym_mario_suite.errors import LevelError, MarioError
from gym_mario_suite.levels.formats.course import Course, write_course
from gym_mario_suite.levels.formats.files import Document, read_document, read_level, write_level
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
from gym_mario_suite.levels.tile_grid import TileGrid
from gym_mario_suite.whole_file import write_whole

SUFFIX = ".mmc.json"
_MAX_BYTES = 64 << 20
_OF_THE_GAME = {".course": False, ".course.z": True}


def is_course_file(path: Path | str) -> bool:
    """Whether a file is a course of our own, by its name."""
    return str(path).lower().endswith(SUFFIX)


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
        return read_course_json(path.read_text(encoding="utf-8"))
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


def write_course_file(path: Path | str, course: MakerCourse) -> None:
    """Write a course whole or not at all; by the file's name in a format of the game or of levels.

    Formats of levels say what 13 tile codes can say.

    Raises:
        OptionError: For a file name of no format, or when it cannot be written; what the file held
            before is kept then.
        LevelError: When the format cannot hold such a course.
    """
    path = Path(path)
    name = path.name.lower()
    if is_course_file(path):
        write_whole(path, write_course_json(course).encode())
        return
    for suffix, compressed in _OF_THE_GAME.items():
        if name.endswith(suffix):
            write_whole(path, write_course(file_of_course(course), compressed=compressed))
            return
    write_level(path, course_to_grid(course))
