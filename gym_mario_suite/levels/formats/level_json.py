"""The project's own format: a level or a grid as JSON, with nothing lost and every field checked.

A level:

    {"format": "gym-mario-suite/level", "version": 1, "rules": "competition-2009",
     "width": 3, "height": 2, "tiles": ["000000", "818181"], "start": null,
     "exit": {"column": 2, "row": 1}, "spawns": [{"column": 1, "row": 0, "enemy": "goomba",
     "winged": false}], "metadata": {"seed": 7}}

`tiles` has a string for each row, two hexadecimal digits for each tile byte; `start` is null or
{"column", "row"}. A grid:

    {"format": "gym-mario-suite/grid", "version": 1, "theme": "overground", "width": 3, "height": 2,
     "rows": ["-E-", "XXX"], "enemies": [{"column": 1, "row": 0, "enemy": "spiky", "winged": true}],
     "metadata": {}}

`rows` is in the letters of the Video Game Level Corpus. Columns and rows count from 0.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

import numpy as np

from gym_mario_suite.engine.level_image import MAX_HEIGHT, MAX_WIDTH
from gym_mario_suite.engine.world import EnemyType, Rules
from gym_mario_suite.errors import LevelError
from gym_mario_suite.levels.formats.text_rows import checked_rows
from gym_mario_suite.levels.level import MAX_EXIT, Level, Spawn, rules_name
from gym_mario_suite.levels.tile_grid import LETTERS, Theme, TileGrid

LEVEL_FORMAT = "gym-mario-suite/level"
GRID_FORMAT = "gym-mario-suite/grid"
VERSION = 1

_RULES = {rules_name(rules): rules for rules in Rules}
_THEMES = {theme.name.lower(): theme for theme in Theme}
_ENEMIES = {enemy.name.lower(): enemy for enemy in EnemyType}
_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")


def write_level_json(value: Level | TileGrid) -> str:
    """A level or a grid as JSON text.

    Raises:
        LevelError: When the metadata cannot be expressed as JSON.
    """
    fields = _level_fields(value) if isinstance(value, Level) else _grid_fields(value)
    try:
        lines = [f" {json.dumps(name)}: {_pretty(field)}" for name, field in fields.items()]
    except (TypeError, ValueError) as error:
        raise LevelError(f"the level's metadata cannot be written as JSON: {error}") from None
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _pretty(field: Any) -> str:
    """A field on one line; lists of rows and records with a line for each."""
    if isinstance(field, list) and field:
        inner = ",\n  ".join(json.dumps(item, allow_nan=False) for item in field)
        return f"[\n  {inner}\n ]"
    return json.dumps(field, allow_nan=False)


def _level_fields(level: Level) -> dict[str, Any]:
    start = level.start
    return {
        "format": LEVEL_FORMAT,
        "version": VERSION,
        "rules": rules_name(level.rules),
        "width": level.width,
        "height": level.height,
        "tiles": [bytes(row).hex() for row in np.ascontiguousarray(level.tiles.T)],
        "start": None if start is None else {"column": start[0], "row": start[1]},
        "exit": {"column": level.x_exit, "row": level.y_exit},
        "spawns": _spawn_fields(level.spawns),
        "metadata": dict(level.metadata),
    }


def _grid_fields(grid: TileGrid) -> dict[str, Any]:
    return {
        "format": GRID_FORMAT,
        "version": VERSION,
        "theme": grid.theme.name.lower(),
        "width": grid.width,
        "height": grid.height,
        "rows": grid.rows(),
        "enemies": _spawn_fields(grid.enemies),
        "metadata": dict(grid.metadata),
    }


def _spawn_fields(spawns: Any) -> list[dict[str, Any]]:
    return [
        {
            "column": spawn.x,
            "row": spawn.y,
            "enemy": spawn.enemy.name.lower(),
            "winged": spawn.winged,
        }
        for spawn in spawns
    ]


def read_level_json(text: str) -> Level | TileGrid:
    """The level or the grid of a JSON text.

    Raises:
        LevelError: When it is none: for bad JSON the message names line and column, else the field
            and what was expected there.
    """
    return level_of_json(parse_json(text))


def parse_json(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        LevelError: When it is none; the message names line and column.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise LevelError(
            f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from None
    except (RecursionError, ValueError) as error:
        raise LevelError(f"not a JSON level: {error}") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def level_of_json(value: Any) -> Level | TileGrid:
    """The level or the grid of a parsed JSON value.

    Raises:
        LevelError: When it is none; the message names the field and what was expected there.
    """
    fields = _Fields(value, "")
    what = fields.choice("format", {LEVEL_FORMAT: LEVEL_FORMAT, GRID_FORMAT: GRID_FORMAT})
    version = fields.whole("version", 1, 1 << 31)
    if version > VERSION:
        raise LevelError(
            f"version {version} of the format {what}: this program reads version {VERSION}; a "
            "later release will read it"
        )
    return _read_level(fields) if what == LEVEL_FORMAT else _read_grid(fields)


def _read_level(fields: _Fields) -> Level:
    width = fields.whole("width", 1, MAX_WIDTH)
    height = fields.whole("height", 1, MAX_HEIGHT)
    rows = fields.rows("tiles", height)
    for number, row in enumerate(rows):
        if len(row) != 2 * width:
            raise LevelError(
                f"tiles[{number}]: expected {2 * width} hexadecimal digits, two for each of "
                f"{width} tiles, got {len(row)}"
            )
        for at, digit in enumerate(row):
            if digit not in _HEX_DIGITS:
                raise LevelError(
                    f"tiles[{number}]: expected hexadecimal digits, got {digit!r} as character "
                    f"{at + 1}, the tile of column {at // 2}"
                )
    tiles = np.array([list(bytes.fromhex(row)) for row in rows], np.uint8)
    start = fields.place("start", 0, width - 1, -1, height - 1, optional=True)
    exit_ = fields.place("exit", -MAX_EXIT, MAX_EXIT, -MAX_EXIT, MAX_EXIT)
    assert exit_ is not None
    level = Level(
        tiles.T,
        fields.spawns("spawns", width, height),
        *exit_,
        fields.mapping("metadata"),
        fields.choice("rules", _RULES),
        start,
    )
    fields.done()
    return level


def _read_grid(fields: _Fields) -> TileGrid:
    width = fields.whole("width", 1, MAX_WIDTH)
    height = fields.whole("height", 1, MAX_HEIGHT)
    rows = checked_rows("\n".join(fields.rows("rows", height)), LETTERS, "grid")
    if (len(rows), len(rows[0])) != (height, width):
        raise LevelError(
            f"rows: expected {height} rows of {width} letters, got {len(rows)} of {len(rows[0])}"
        )
    grid = TileGrid(
        np.array([[LETTERS.index(letter) for letter in row] for row in rows], np.uint8),
        fields.choice("theme", _THEMES),
        fields.spawns("enemies", width, height),
        fields.mapping("metadata"),
    )
    fields.done()
    return grid


class _Fields:
    """The fields of a JSON object, each taken once; what is left over in the end is an error."""

    def __init__(self, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise LevelError(f"{path or 'a level'}: expected an object, got {_kind(value)}")
        self._left = dict(value)
        self._path = f"{path}." if path else ""

    def _take(self, name: str) -> Any:
        if name not in self._left:
            raise LevelError(f"the field {self._path}{name} is missing")
        return self._left.pop(name)

    def _wrong(self, name: str, expected: str, value: Any) -> NoReturn:
        raise LevelError(f"{self._path}{name}: expected {expected}, got {_kind(value)}")

    def whole(self, name: str, low: int, high: int) -> int:
        value = self._take(name)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self._wrong(name, f"a whole number from {low} to {high}", value)
        return value

    def flag(self, name: str) -> bool:
        value = self._take(name)
        if not isinstance(value, bool):
            self._wrong(name, "true or false", value)
        return value

    def choice(self, name: str, choices: dict[str, Any]) -> Any:
        value = self._take(name)
        if not isinstance(value, str) or value not in choices:
            self._wrong(name, f"one of {', '.join(map(json.dumps, choices))}", value)
        return choices[value]

    def mapping(self, name: str) -> dict[str, Any]:
        value = self._take(name)
        if not isinstance(value, dict):
            self._wrong(name, "an object", value)
        return value

    def rows(self, name: str, count: int) -> list[str]:
        value = self._take(name)
        if not isinstance(value, list) or not all(isinstance(row, str) for row in value):
            self._wrong(name, f"a list of {count} strings", value)
        if len(value) != count:
            raise LevelError(f"{self._path}{name}: expected {count} rows, got {len(value)}")
        return value

    def place(
        self, name: str, left: int, right: int, top: int, bottom: int, *, optional: bool = False
    ) -> tuple[int, int] | None:
        value = self._take(name)
        if value is None and optional:
            return None
        inner = _Fields(value, f"{self._path}{name}")
        place = inner.whole("column", left, right), inner.whole("row", top, bottom)
        inner.done()
        return place

    def spawns(self, name: str, width: int, height: int) -> list[Spawn]:
        value = self._take(name)
        if not isinstance(value, list):
            self._wrong(name, "a list of objects", value)
        spawns = []
        for number, item in enumerate(value):
            inner = _Fields(item, f"{self._path}{name}[{number}]")
            spawns.append(
                Spawn(
                    inner.whole("column", 0, width - 1),
                    inner.whole("row", 0, height - 1),
                    inner.choice("enemy", _ENEMIES),
                    inner.flag("winged"),
                )
            )
            inner.done()
        return spawns

    def done(self) -> None:
        for name in self._left:
            raise LevelError(f"unknown field {self._path}{name}")


def _kind(value: Any) -> str:
    text = json.dumps(value) if isinstance(value, bool | int | float | str | None) else ""
    if text:
        return text if len(text) <= 40 else text[:37] + "..."
    return "a list" if isinstance(value, list) else "an object"
