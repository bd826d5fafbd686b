"""The recordings of the 2019 framework: reading them.

`tests/data/maf2019` has the episodes on the levels that were written for the recordings;
`MARIO_TRACES_2019` names a folder with the full set.
"""

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.world import Button
from gym_mario_suite.levels import Level
from gym_mario_suite.levels.framework_text import load_framework_text
from tests.engine.recordings import DATA, Arrays, read

# The framework's order of the buttons.
BUTTONS = (Button.LEFT, Button.RIGHT, Button.DOWN, Button.SPEED, Button.JUMP)


def traces_folder() -> Path:
    return Path(os.environ.get("MARIO_TRACES_2019", DATA / "maf2019"))


@dataclass(frozen=True)
class Trace:
    """One recorded episode; the arrays have the names of the file and only its rows."""

    number: int
    level_number: int
    level: Level
    time_limit: int
    mode: int
    keys: NDArray[np.uint8]  # of every row; the first presses nothing
    rows: Arrays  # a row per tick
    sprite_counts: NDArray[np.int64]
    sprites: Arrays  # sp_*
    event_counts: NDArray[np.int64]
    events: Arrays  # ev_*
    changes: NDArray[np.int16]  # tick, tile x, tile y, new tile
    observed: NDArray[np.int64]  # rows
    observations: NDArray[np.int8]


@lru_cache(maxsize=1)
def arrays() -> Arrays:
    return read(traces_folder() / "traces.npz")


def level_names() -> list[str]:
    return [str(name) for name in arrays()["level_name"]]


@lru_cache(maxsize=1)
def trace_names() -> list[str]:
    z = arrays()
    names = z["level_name"].astype(str)[z["trace_level"]]
    columns = zip(names, z["trace_policy"].astype(str), strict=True)
    return [f"{number}-{level}-{policy}" for number, (level, policy) in enumerate(columns)]


@lru_cache(maxsize=8)
def level(number: int) -> Level:
    return load_framework_text(traces_folder() / "levels" / f"{level_names()[number]}.txt")


def keys_of(actions: NDArray[Any]) -> NDArray[np.uint8]:
    """The framework's action bits as ours."""
    keys = np.zeros(len(actions), np.uint8)
    for bit, button in enumerate(BUTTONS):
        keys |= ((actions >> bit) & 1).astype(np.uint8) * np.uint8(button)
    return keys


def read_trace(number: int) -> Trace:
    z = arrays()
    a, b = (int(v) for v in z["trace_off"][number : number + 2])

    def family(offsets: str, prefix: str) -> tuple[NDArray[np.int64], Arrays]:
        bounds = z[offsets][a : b + 1].astype(np.int64)
        names = [n for n in z if n.startswith(prefix) and n != offsets]
        return np.diff(bounds), {n: z[n][bounds[0] : bounds[-1]] for n in names}

    sprite_counts, sprites = family("sp_off", "sp_")
    event_counts, events = family("ev_off", "ev_")
    change_counts, changes = family("ch_off", "ch")
    ticks = np.repeat(np.arange(b - a), change_counts).astype(np.int16)
    seen = (z["obs_row"] >= a) & (z["obs_row"] < b)
    level_number = int(z["trace_level"][number])
    names = [n for n in z if n.startswith("m_")] + ["tick", "level_crc"]
    return Trace(
        number,
        level_number,
        level(level_number),
        int(z["trace_timer"][number]),
        int(z["trace_state"][number]),
        keys_of(z["action"][a:b]),
        {name: z[name][a:b] for name in names},
        sprite_counts,
        sprites,
        event_counts,
        events,
        np.column_stack([ticks, changes["ch"]]),
        z["obs_row"][seen].astype(np.int64) - a,
        z["obs"][seen],
    )
