"""Levels and grids as `.npz`: arrays that numpy reads without this package.

A grid has `codes` uint8[height, width] and `enemies` int64[n, 4] (column, row, `EnemyType`,
winged); a level `tiles` uint8[width, height], `spawns` likewise, `exit` int64[2] and `start`
int64[2] or int64[0]. Both have `meta`: a JSON text as uint8 with format, version, metadata, and
theme or rules.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.world import EnemyType, Rules
from gym_mario_suite.errors import LevelError
from gym_mario_suite.levels.formats.arrays import read_npz, write_npz
from gym_mario_suite.levels.formats.level_json import GRID_FORMAT, LEVEL_FORMAT, parse_json
from gym_mario_suite.levels.formats.matrix import grid_of_codes
from gym_mario_suite.levels.level import Level, Spawn, rules_name
from gym_mario_suite.levels.tile_grid import Theme, TileGrid

_VERSION = 1
_RULES = {rules_name(rules): rules for rules in Rules}
_THEMES = {theme.name.lower(): theme for theme in Theme}

Arrays = dict[str, NDArray[np.generic]]


def write_level_npz(value: Level | TileGrid) -> bytes:
    """A level or a grid as the bytes of a `.npz` file; equal values give equal bytes.

    Raises:
        LevelError: When the metadata cannot be expressed as JSON.
    """
    meta: dict[str, Any] = {"version": _VERSION, "metadata": dict(value.metadata)}
    arrays: Arrays
    if isinstance(value, Level):
        meta |= {"format": LEVEL_FORMAT, "rules": rules_name(value.rules)}
        arrays = {
            "tiles": value.tiles,
            "spawns": _table(value.spawns),
            "exit": np.array([value.x_exit, value.y_exit]),
            "start": np.array(value.start or (), np.int64),
        }
    else:
        meta |= {"format": GRID_FORMAT, "theme": value.theme.name.lower()}
        arrays = {"codes": value.codes, "enemies": _table(value.enemies)}
    try:
        text = json.dumps(meta, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise LevelError(f"the level's metadata cannot be written as JSON: {error}") from None
    return write_npz({**arrays, "meta": np.frombuffer(text.encode(), np.uint8)})


def read_level_npz(data: bytes) -> Level | TileGrid:
    """The level or the grid of a `.npz` file.

    A file without `meta` that holds one matrix of tile codes is read as that grid.

    Raises:
        LevelError: When it is neither; the message names the array that is wrong.
    """
    arrays = read_npz(data)
    if "meta" not in arrays:
        if len(arrays) == 1:
            return grid_of_codes(next(iter(arrays.values())))
        names = ", ".join(arrays) or "none"
        raise LevelError(
            "expected the arrays of a level (tiles, spawns, exit, start, meta), of a grid (codes, "
            f"enemies, meta) or one matrix of tile codes; there are {names}"
        )
    meta = _meta(arrays)
    metadata = meta.get("metadata")
    if not isinstance(metadata, dict):
        raise LevelError("meta: metadata must be an object")
    if meta.get("format") == GRID_FORMAT:
        theme = _chosen("theme", meta.get("theme"), _THEMES)
        codes = _array(arrays, "codes", np.uint8, 2)
        return TileGrid(codes, theme, _spawns(arrays, "enemies"), metadata)
    if meta.get("format") != LEVEL_FORMAT:
        raise LevelError(f"meta: format must be {LEVEL_FORMAT!r} or {GRID_FORMAT!r}")
    rules = _chosen("rules", meta.get("rules"), _RULES)
    exit_ = _array(arrays, "exit", np.int64, 1).tolist()
    start = _array(arrays, "start", np.int64, 1).tolist()
    if len(exit_) != 2 or len(start) not in (0, 2):
        raise LevelError("exit has two numbers, start two or none")
    tiles = _array(arrays, "tiles", np.uint8, 2)
    spawns = _spawns(arrays, "spawns")
    x_exit, y_exit = exit_
    place = (start[0], start[1]) if start else None
    return Level(tiles, spawns, x_exit, y_exit, metadata, rules, place)


def _meta(arrays: Arrays) -> dict[str, Any]:
    raw = _array(arrays, "meta", np.uint8, 1).tobytes()
    try:
        meta = parse_json(raw.decode())
    except (UnicodeDecodeError, LevelError) as error:
        raise LevelError(f"meta: {error}") from None
    if not isinstance(meta, dict):
        raise LevelError("meta: expected a JSON object")
    if meta.get("version") != _VERSION:
        raise LevelError(
            f"meta: version {str(meta.get('version'))[:20]}, but this program reads {_VERSION}"
        )
    return meta


def _chosen(name: str, value: Any, choices: dict[str, Any]) -> Any:
    if not isinstance(value, str) or value not in choices:
        raise LevelError(f"meta: {name} must be one of {', '.join(choices)}")
    return choices[value]


def _array(arrays: Arrays, name: str, dtype: type[np.generic], dimensions: int) -> NDArray[Any]:
    array = arrays.get(name)
    if array is None or array.dtype != dtype or array.ndim != dimensions:
        found = "there is none" if array is None else f"got {array.dtype} {array.shape}"
        raise LevelError(
            f"{name}: expected an array of {np.dtype(dtype)} of {dimensions} dimensions, {found}"
        )
    return array


def _table(spawns: Sequence[Spawn]) -> NDArray[np.int64]:
    rows = [(s.x, s.y, int(s.enemy), int(s.winged)) for s in spawns]
    return np.array(rows, np.int64).reshape(-1, 4)


def _spawns(arrays: Arrays, name: str) -> list[Spawn]:
    table = _array(arrays, name, np.int64, 2)
    if table.shape[1] != 4:
        raise LevelError(f"{name}: expected rows of column, row, enemy, winged; got {table.shape}")
    for number, (_, _, enemy, winged) in enumerate(table.tolist()):
        if enemy not in set(EnemyType) or winged not in (0, 1):
            raise LevelError(
                f"{name}[{number}]: enemy is 0 to {max(EnemyType).value} and winged 0 or 1, got "
                f"{enemy} and {winged}"
            )
    return [Spawn(x, y, EnemyType(enemy), bool(winged)) for x, y, enemy, winged in table.tolist()]
