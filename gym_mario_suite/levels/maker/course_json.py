"""Courses as JSON, with nothing lost and every field checked.

    {"format": "gym-mario-suite/course", "version": 1, "name": "", "description": "",
     "style": "SMB1", "theme": "ground", "timer_s": 300, "width": 3, "height": 2,
     "start": null, "goal": null, "parts": ["air", "ground"], "rows": ["000000", "010101"],
     "kept": [], "origin": null}

`rows` has a string for each row, two hexadecimal digits for each cell: a number of `parts`. `kept`
are the numbers of `KeptObject`, `origin` is the game's file, compressed by zlib, as base64.
"""

from __future__ import annotations

import base64
import json
from dataclasses import astuple
from typing import Any

import numpy as np

from gym_mario_suite.engine.level_image import MAX_HEIGHT, MAX_WIDTH
from gym_mario_suite.errors import LevelError, MarioError
from gym_mario_suite.levels.formats.course import Course, Style, read_course, write_course
from gym_mario_suite.levels.formats.level_json import parse_json
from gym_mario_suite.levels.maker.course import CourseTheme, KeptObject, MakerCourse
from gym_mario_suite.levels.maker.parts import BY_NAME, PARTS

COURSE_FORMAT = "gym-mario-suite/course"
VERSION = 1
_FIELDS = frozenset(
    {
        "format",
        "version",
        "name",
        "description",
        "style",
        "theme",
        "timer_s",
        "width",
        "height",
        "start",
        "goal",
        "parts",
        "rows",
        "kept",
        "origin",
    }
)
_KEPT_FIELDS = len(KeptObject.__dataclass_fields__)
_MOST_NUMBER = 1 << 31


def write_course_json(course: MakerCourse) -> str:
    """A course as JSON text."""
    used = np.unique(course.cells)
    cells = np.searchsorted(used, course.cells).astype(np.uint8)
    start, origin = course.start, course.origin
    fields: dict[str, Any] = {
        "format": COURSE_FORMAT,
        "version": VERSION,
        "name": course.name,
        "description": course.description,
        "style": course.style.name,
        "theme": course.theme.name.lower(),
        "timer_s": course.timer_s,
        "width": course.width,
        "height": course.height,
        "start": None if start is None else {"column": start[0], "row": start[1]},
        "goal": course.goal,
        "parts": [PARTS[code].name for code in used],
        "rows": [bytes(row).hex() for row in cells],
        "kept": [list(astuple(item)) for item in course.kept],
        "origin": None
        if origin is None
        else base64.b64encode(write_course(origin, compressed=True)).decode(),
    }
    return json.dumps(fields, indent=1) + "\n"


def read_course_json(text: str) -> MakerCourse:
    """The course of a JSON text.

    Raises:
        LevelError: When it is none: the message names line and column, or the field and what was
            expected there.
    """
    fields = parse_json(text)
    if not isinstance(fields, dict) or fields.get("format") != COURSE_FORMAT:
        raise LevelError(f'not a course: expected an object with "format": "{COURSE_FORMAT}"')
    version = _whole(fields, "version", 1, _MOST_NUMBER)
    if version > VERSION:
        raise LevelError(
            f"version {version} of a course: this program reads version {VERSION}; "
            "install the release that wrote it"
        )
    for name in set(fields) ^ _FIELDS:
        what = "unknown field" if name in fields else "missing field"
        raise LevelError(f"a course has the {what} {name!r}")
    width = _whole(fields, "width", 1, MAX_WIDTH)
    height = _whole(fields, "height", 1, MAX_HEIGHT)
    return MakerCourse(
        _cells(fields, width, height),
        _text(fields, "name"),
        _text(fields, "description"),
        Style[_choice(fields, "style", [style.name for style in Style])],
        CourseTheme[
            _choice(fields, "theme", [theme.name.lower() for theme in CourseTheme]).upper()
        ],
        _whole(fields, "timer_s", 0, _MOST_NUMBER),
        _start(fields, width, height),
        None if fields["goal"] is None else _whole(fields, "goal", 0, width - 1),
        _kept(fields),
        _origin(fields),
    )


def _cells(fields: dict[str, Any], width: int, height: int) -> np.ndarray:
    names, rows = fields["parts"], fields["rows"]
    if not isinstance(names, list) or not names:
        raise LevelError("parts: expected a list of part names")
    for name in names:
        if not isinstance(name, str) or name not in BY_NAME:
            raise LevelError(f"parts: unknown part {name!r}; see levels/maker/parts.json")
    if not isinstance(rows, list) or len(rows) != height:
        raise LevelError(f"rows: expected a list of {height} strings")
    codes = np.array([BY_NAME[name].code for name in names], np.uint8)
    cells = np.empty((height, width), np.uint8)
    for number, row in enumerate(rows):
        if not isinstance(row, str) or len(row) != 2 * width:
            raise LevelError(
                f"rows[{number}]: expected {2 * width} hexadecimal digits, two for each cell"
            )
        try:
            indices = np.frombuffer(bytes.fromhex(row), np.uint8)
        except ValueError:
            indices = np.zeros(0, np.uint8)
        if len(indices) != width:  # bytes.fromhex passes over spaces
            raise LevelError(f"rows[{number}]: expected hexadecimal digits only")
        wrong = np.flatnonzero(indices >= len(codes))
        if len(wrong):
            raise LevelError(
                f"rows[{number}]: part {indices[wrong[0]]} at column {wrong[0]}, but `parts` has "
                f"{len(codes)}"
            )
        cells[number] = codes[indices]
    return cells


def _start(fields: dict[str, Any], width: int, height: int) -> tuple[int, int] | None:
    value = fields["start"]
    if value is None:
        return None
    if not isinstance(value, dict) or set(value) != {"column", "row"}:
        raise LevelError("start: expected null or an object with column and row")
    return _whole(value, "column", 0, width - 1), _whole(value, "row", -1, height - 1)


def _kept(fields: dict[str, Any]) -> list[KeptObject]:
    value = fields["kept"]
    if not isinstance(value, list):
        raise LevelError("kept: expected a list")
    kept = []
    for number, item in enumerate(value):
        numbers = isinstance(item, list) and all(
            isinstance(each, int) and not isinstance(each, bool) for each in item
        )
        if not numbers or len(item) != _KEPT_FIELDS:
            raise LevelError(f"kept[{number}]: expected a list of {_KEPT_FIELDS} whole numbers")
        kept.append(KeptObject(*item))
    return kept


def _origin(fields: dict[str, Any]) -> Course | None:
    value = fields["origin"]
    if value is None:
        return None
    try:
        return read_course(base64.b64decode(_text(fields, "origin"), validate=True))
    except (ValueError, MarioError) as error:
        raise LevelError(f"origin: no course file as base64 ({error})") from None


def _whole(fields: dict[str, Any], name: str, low: int, high: int) -> int:
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise LevelError(f"{name}: expected a whole number from {low} to {high}, got {value!r}")
    return value


def _text(fields: dict[str, Any], name: str) -> str:
    if not isinstance(fields[name], str):
        raise LevelError(f"{name}: expected a string, got {fields[name]!r}")
    return fields[name]


def _choice(fields: dict[str, Any], name: str, choices: list[str]) -> str:
    if fields[name] not in choices:
        raise LevelError(f"{name}: expected one of {', '.join(choices)}, got {fields[name]!r}")
    return fields[name]
