"""One door for course files: own JSON (`.mmc.json`), the game's own, and every level format."""

from __future__ import annotations

from pathlib import Path

from gym_mario_suite.errors import LevelError, MarioError
from gym_mario_suite.levels.formats.course import Course, write_course
from gym_mario_suite.levels.formats.files import Document, read_document, write_level
from gym_mario_suite.levels.maker.course import MakerCourse
from gym_mario_suite.levels.maker.course_blob import course_of_file, file_of_course
from gym_mario_suite.levels.maker.course_json import read_course_json, write_course_json
from gym_mario_suite.levels.maker.course_levels import (
    course_of_grid,
    course_of_level,
    course_to_grid,
)
from gym_mario_suite.levels.tile_grid import TileGrid
from gym_mario_suite.whole_file import write_whole

SUFFIX = ".mmc.json"
_MAX_BYTES = 64 << 20
_OF_THE_GAME = {".course": False, ".course.z": True}


def read_course_file(path: Path | str) -> MakerCourse:
    """The course of a file: `.mmc.json`, or any format of `levels.formats.files`.

    Raises:
        LevelError: When it cannot be read; the message names the file and what is wrong where.
    """
    path = Path(path)
    if not path.name.lower().endswith(SUFFIX):
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
    if name.endswith(SUFFIX):
        write_whole(path, write_course_json(course).encode())
        return
    for suffix, compressed in _OF_THE_GAME.items():
        if name.endswith(suffix):
            write_whole(path, write_course(file_of_course(course), compressed=compressed))
            return
    write_level(path, course_to_grid(course))
