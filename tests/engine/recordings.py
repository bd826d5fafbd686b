"""The recordings of the original 2009 program: reading them, replaying them.

They lie in `tests/data` in a small choice; `MARIO_TRACES` and `MARIO_GOLDEN` name folders with the
full sets.
"""

import json
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.game import (
    CREATURES_OFF,
    INVULNERABLE,
    POWER_RESTORATION,
    start_worlds,
)
from gym_mario_suite.engine.level_image import spent_words
from gym_mario_suite.engine.tick import tick
from gym_mario_suite.engine.world import EnemyType, Worlds, empty_worlds
from gym_mario_suite.levels import Level, Spawn

Arrays = dict[str, NDArray[Any]]

DATA = Path(__file__).resolve().parents[1] / "data"
HEIGHT = 15


def traces_folder() -> Path:
    return Path(os.environ.get("MARIO_TRACES", DATA / "im2009"))


def golden_folder() -> Path:
    return Path(os.environ.get("MARIO_GOLDEN", DATA / "golden"))


# --- traces ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TraceName:
    """Where a trace is; becomes the id of its test."""

    file: Path
    index: int
    meta: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.file.stem}-{self.meta['id']}-{self.meta['policy']}"


@dataclass(frozen=True)
class Trace:
    """One recorded episode; the arrays have the names of the file, `level` is where it began."""

    name: str
    meta: dict[str, Any]
    level: Level
    ticks: Arrays  # t_*: a row per tick
    sprite_start: NDArray[np.int64]  # per tick, where its rows in `sprites` begin
    sprites: Arrays  # s_*
    changes: Arrays  # c_*
    observations: Arrays  # o_*: a row per observation, without o_float
    float_start: NDArray[np.int64]
    floats: NDArray[np.float32]


def read(path: Path) -> Arrays:
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


_read_lately = lru_cache(maxsize=1)(read)


@lru_cache(maxsize=1)
def trace_names() -> list[TraceName]:
    names = []
    for path in sorted(traces_folder().glob("*.npz")):
        with np.load(path) as file:
            if "meta_json" not in file.files:
                continue
            metas = json.loads(file["meta_json"].tobytes())
        names += [TraceName(path, i, meta) for i, meta in enumerate(metas)]
    return names


def level_from(arrays: Arrays, i: int, x_exit: int, y_exit: int) -> Level:
    """Level number `i` of a file, of its `map` and `tpl_*`."""
    a, b = arrays["map_start"][i : i + 2]
    tiles = arrays["map"][a:b].view(np.uint8).reshape(-1, HEIGHT)
    c, d = arrays["tpl_start"][i : i + 2]
    columns = [arrays[f"tpl_{key}"][c:d].tolist() for key in ("x", "y", "type", "winged")]
    spawns = [
        Spawn(x, y, EnemyType(kind), bool(winged))
        for x, y, kind, winged in zip(*columns, strict=True)
    ]
    return Level(tiles, spawns, x_exit, y_exit)


def read_trace(name: TraceName) -> Trace:
    arrays = _read_lately(name.file)
    meta, i = name.meta, name.index

    def rows(start: str) -> slice:
        a, b = arrays[start][i : i + 2]
        return slice(int(a), int(b))

    def part(prefix: str, where: slice) -> Arrays:
        return {
            key: values[where]
            for key, values in arrays.items()
            if key.startswith(prefix) and key != "o_float"
        }

    ticks = rows("tick_start")
    sprite_start = arrays["spr_start"][ticks.start : ticks.stop + 1]
    sprites = slice(int(sprite_start[0]), int(sprite_start[-1]))
    seen = rows("obs_start")
    float_start = arrays["ofloat_start"][seen.start : seen.stop + 1]
    return Trace(
        str(name),
        meta,
        level_from(arrays, i, meta["x_exit"], meta["y_exit"]),
        part("t_", ticks),
        sprite_start - sprite_start[0],
        part("s_", sprites),
        part("c_", rows("chg_start")),
        part("o_", seen),
        float_start - float_start[0],
        arrays["o_float"][int(float_start[0]) : int(float_start[-1])],
    )


# --- golden episodes ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Options:
    """The original's command line, as far as the episodes use it."""

    crafted: bool
    length: int
    mode: int
    time_limit: int
    seed: int
    difficulty: int
    level_type: int
    switches: int


def parse_options(text: str) -> Options:
    words = text.split()
    crafted = words[0] == "@"
    if crafted:
        words = words[1:]
    given = {"-ll": "320", "-mm": "2", "-tl": "200", "-ls": "0", "-ld": "0", "-lt": "0"}
    given.update({"-i": "off", "-pw": "off", "-pr": "off"})
    known = set(given)
    given.update(zip(words[::2], words[1::2], strict=True))
    assert set(given) == known, f"unknown options in {text!r}"
    switches = 0
    for flag, bit in (("-pw", CREATURES_OFF), ("-i", INVULNERABLE), ("-pr", POWER_RESTORATION)):
        switches |= {"off": 0, "on": bit}[given[flag]]
    numbers = [int(given[key]) for key in ("-ll", "-mm", "-tl", "-ls", "-ld", "-lt")]
    length, mode, time_limit, seed, difficulty, level_type = numbers
    return Options(crafted, length, mode, time_limit, seed, difficulty, level_type, switches)


@lru_cache(maxsize=1)
def golden_episodes() -> list[dict[str, str]]:
    lines = (golden_folder() / "episodes.tsv").read_text().splitlines()
    columns = lines[0].split("\t")
    return [dict(zip(columns, line.split("\t"), strict=True)) for line in lines[1:]]


def craft(level: Level) -> Level:
    """`level` with the edits of `crafted.txt`."""
    tiles = level.tiles.copy()
    spawns = list(level.spawns)
    x_exit = level.x_exit
    for line in (golden_folder() / "crafted.txt").read_text().splitlines():
        what, *rest = line.split()
        numbers = [int(word) for word in rest]
        if what == "t":
            x, y, tile = numbers
            tiles[x, y] = tile
        elif what == "s":
            x, y, kind, winged = numbers
            spawns.append(Spawn(x, y, EnemyType(kind), bool(winged)))
        else:
            assert what == "exit"
            (x_exit,) = numbers
    return Level(tiles, spawns, x_exit, level.y_exit)


# --- replaying ------------------------------------------------------------------------------------


# Not cached on disk: numba would not notice that the engine has changed.
@numba.njit(nogil=True)
def _play(image, worlds, keys, history):
    for t in range(keys.shape[0]):
        tick(image, worlds[0], np.int64(keys[t]))
        history[t] = worlds[0]


def play(level: Level, worlds: Worlds, keys: NDArray[np.uint8]) -> Worlds:
    """Tick `worlds[0]` on; the world after each tick."""
    history = empty_worlds(len(keys))
    _play(level.image, worlds, keys, history)
    return history


def start(level: Level, mode: int, time_limit: int, switches: int) -> Worlds:
    worlds = empty_worlds(1)
    start_worlds(level.image, worlds, mode, time_limit, switches)
    return worlds


def move_to(level: Level, worlds: Worlds) -> None:
    """Put a world into another level of the same size, in which nothing was spent or seen yet."""
    world = worlds[0]
    assert not world["spent"].any()
    world["spent_words"] = spent_words(level.image)
    world["scan_first"] = 0
    world["scan_last"] = -1
