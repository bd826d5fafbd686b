"""The golden episodes of the 2009 program: results, states and observations of every tick."""

import json
import zlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numba
import numpy as np
import pytest
from numpy.typing import NDArray

from gym_mario_suite.engine import observe
from gym_mario_suite.engine.game import CREATURES_OFF
from gym_mario_suite.engine.world import MAX_SPRITES, TICKS_PER_SECOND, Worlds, empty_worlds
from gym_mario_suite.levels import Level, generate
from tests.engine import recordings

EPISODES = recordings.golden_episodes()
TRACES = sorted(recordings.golden_folder().glob("trace-*.txt"))
BASE_32 = "0123456789abcdefghijklmnopqrstuv"


@lru_cache(maxsize=1)
def crafted_pair() -> tuple[Level, Level]:
    """The flat level of the crafted episodes, and what it is turned into after the first tick."""
    flat = generate(0, 0, 0, 74)
    return flat, recordings.craft(flat)


def replay(episode: dict[str, str]) -> tuple[Level, Worlds]:
    """The level in which an episode ends, and the world after each tick."""
    options = recordings.parse_options(episode["options"])
    masks = [BASE_32.index(digit) for digit in episode["keys"]]
    # The first tick has no keys, and the last answer is never used.
    keys = np.array([0, *masks[:-1]], np.uint8)
    if not options.crafted:
        level = generate(options.seed, options.difficulty, options.level_type, options.length)
        worlds = recordings.start(level, options.mode, options.time_limit, options.switches)
        return level, recordings.play(level, worlds, keys)
    flat, level = crafted_pair()
    assert (options.seed, options.difficulty, options.level_type, options.length) == (0, 0, 0, 74)
    worlds = recordings.start(flat, options.mode, options.time_limit, options.switches)
    history = empty_worlds(len(keys))
    recordings.play(flat, worlds, keys[:1])
    recordings.move_to(level, worlds)
    history[0] = worlds[0]
    history[1:] = recordings.play(level, worlds, keys[1:])
    return level, history


def state_lines(history: Worlds) -> list[str]:
    """Section 1.2 of the golden data's description: a line per tick."""
    player = history["players"][:, 0]
    body = player["body"]
    floats = np.stack([body[key] for key in ("x", "y", "xa", "ya")], axis=1).view(np.uint32)
    columns = [
        player["keys"],
        body["facing"],
        body["on_ground"],
        player["may_jump"],
        player["large"] + player["fire"],
        player["coins"],
        player["carried"] != -1,
        history["kills_total"],
        history["kills_fire"],
        history["kills_stomp"],
        history["kills_shell"],
        history["time_left"],
        player["status"],
    ]
    rows = np.stack([column.astype(np.int64) for column in columns], axis=1).tolist()
    lines = [
        f"{t} {mask} {x:08x} {y:08x} {xa:08x} {ya:08x} " + " ".join(map(str, rest))
        for t, ((x, y, xa, ya), (mask, *rest)) in enumerate(
            zip(floats.tolist(), rows, strict=True), start=1
        )
    ]
    listed = np.arange(MAX_SPRITES) < history["n_sprites"][:, None]
    ticks, places = np.nonzero(listed)
    s = history["sprites"][ticks, history["order"][ticks, places]]
    sprites = zip(
        ticks.tolist(),
        s["kind"].tolist(),
        s["x"].view(np.uint32).tolist(),
        s["y"].view(np.uint32).tolist(),
        s["map_x"].tolist(),
        s["map_y"].tolist(),
        strict=True,
    )
    for t, kind, x, y, map_x, map_y in sprites:
        lines[t] += f" | {kind} {x:08x} {y:08x} {map_x} {map_y}"
    return lines


# Grids of a tick, in this order; A is the first, B the next three, C begins with the last three.
N_GRIDS = 7


@numba.njit(nogil=True)
def _observe(image, history, grids, bitmaps, floats, n_floats):
    for t in range(history.shape[0]):
        world = history[t]
        observe.write_merged_grid(image, world, 0, 1, 0, grids[t, 0])
        observe.write_merged_grid(image, world, 0, 0, 1, grids[t, 1])
        observe.write_merged_grid(image, world, 0, 2, 2, grids[t, 2])
        observe.write_level_grid(image, world, 0, 1, grids[t, 3])
        for z in range(3):
            observe.write_enemies_grid(world, 0, z, grids[t, 4 + z])
        observe.write_level_bitmap(image, world, 0, bitmaps[t])
        n_floats[t] = observe.write_enemy_floats(world, floats[t])


def observations(
    level: Level, history: Worlds
) -> tuple[NDArray[np.int8], NDArray[np.uint16], list[NDArray[np.float32]]]:
    """Grids, bitmaps and enemy floats of every tick."""
    n = len(history)
    grids = np.full((n, N_GRIDS, observe.GRID_SIZE, observe.GRID_SIZE), 99, np.int8)
    bitmaps = np.full((n, observe.BITMAP_UNITS), 0xABCD, np.uint16)
    floats = np.full((n, MAX_SPRITES, 3), np.nan, np.float32)
    counts = np.zeros(n, np.int64)
    _observe(level.image, history, grids, bitmaps, floats, counts)
    rows = [table[:count] for table, count in zip(floats, counts.tolist(), strict=True)]
    return grids, bitmaps, rows


def observation_crcs(level: Level, history: Worlds) -> dict[str, str]:
    grids, bitmaps, floats = observations(level, history)
    third = b"".join(
        enemies.tobytes() + bitmap.astype(">u2").tobytes() + rows.astype(">f4").tobytes()
        for enemies, bitmap, rows in zip(grids[:, 4:], bitmaps, floats, strict=True)
    )
    streams = {"obsCrcA": grids[:, 0].tobytes(), "obsCrcB": grids[:, 1:4].tobytes()}
    streams["obsCrcC"] = third
    return {name: f"{zlib.crc32(stream):08x}" for name, stream in streams.items()}


def results(episode: dict[str, str], history: Worlds) -> dict[str, Any]:
    """The final results in the columns of the table."""
    world = history[-1]
    player = world["players"][0]
    return {
        "ticks": len(history),
        "status": player["status"],
        "distance": float(player["body"]["x"]),
        "cells": player["body"]["map_x"],
        "timeLeft": int(world["time_left"]) // TICKS_PER_SECOND,
        "timeSpent": int(world["start_time"]) // TICKS_PER_SECOND,
        "killsTotal": world["kills_total"],
        "killsFire": world["kills_fire"],
        "killsStomp": world["kills_stomp"],
        "killsShell": world["kills_shell"],
        "mode": int(player["large"]) + int(player["fire"]),
        "coins": player["coins"],
        "actions": sum(digit != "0" for digit in episode["keys"]),
    }


@pytest.mark.parametrize("episode", EPISODES, ids=lambda e: f"{e['id']}-{e['agent']}")
def test_episode(episode: dict[str, str], record_property: Callable[[str, Any], None]) -> None:
    level, history = replay(episode)
    computed = results(episode, history)
    wrong = {
        name: (value, episode[name])
        for name, value in computed.items()
        if float(value) != float(episode[name])
    }
    assert not wrong, f"results (computed, recorded): {wrong}"
    stream = "".join(f"{line}\n" for line in state_lines(history)).encode()
    crcs = {"stateCrc": f"{zlib.crc32(stream):08x}", **observation_crcs(level, history)}
    assert crcs == {name: episode[name] for name in crcs}
    record_property("2009 golden ticks compared", len(history))
    record_property("2009 golden episodes compared", 1)


def test_episodes_show_every_option() -> None:
    assert len({episode["id"] for episode in EPISODES}) == len(EPISODES) > 0
    options = [recordings.parse_options(episode["options"]) for episode in EPISODES]
    assert {o.crafted for o in options} == {True, False}
    assert {o.mode for o in options} == {0, 1, 2}
    assert {o.level_type for o in options} == {0, 1, 2}
    assert {o.switches for o in options} >= {0, CREATURES_OFF}


@pytest.mark.skipif(not TRACES, reason="no trace-*.txt among these golden files")
def test_trace_lines(record_property: Callable[[str, Any], None]) -> None:
    total = 0
    for path in TRACES:
        number = int(path.stem.split("-")[1])
        episode = next(e for e in EPISODES if int(e["id"]) == number)
        level, history = replay(episode)
        grids, _, _ = observations(level, history)
        lines = [
            f"{line} # " + " ".join(f"{zlib.crc32(grid.tobytes()):08x}" for grid in four)
            for line, four in zip(state_lines(history), grids[:, :4], strict=True)
        ]
        recorded = path.read_text().splitlines()
        for got, expected in zip(lines, recorded, strict=False):
            assert got == expected, f"first difference in {path.name}"
        assert len(lines) == len(recorded)
        total += len(lines)
    record_property("2009 golden state lines compared", total)


def test_golden_levels(record_property: Callable[[str, Any], None]) -> None:
    entries = json.loads((recordings.golden_folder() / "levels.json").read_text())
    assert entries
    for entry in entries:
        level = generate(entry["seed"], entry["difficulty"], entry["type"], entry["width"])
        where = {key: entry[key] for key in ("width", "seed", "difficulty", "type")}
        assert (level.x_exit, level.y_exit) == (entry["xExit"], entry["yExit"]), where
        np.testing.assert_array_equal(level.tiles.T, entry["rows"], err_msg=str(where))
        spawns = [[s.x, s.y, int(s.enemy), int(s.winged)] for s in level.spawns]
        assert spawns == entry["templates"], where
    record_property("2009 golden levels compared", len(entries))


def test_first_ticks_in_decimal() -> None:
    """Three rows of the table in the golden data's description, readable by eye."""
    _, history = replay(EPISODES[0])
    body = history["players"]["body"][:, 0]
    rows = {
        1: (32.0, 0.0, 0.0, 3.0),
        2: (33.20000076293945, 3.0, 1.068000078201294, 5.550000190734863),
        20: (159.51690673828125, 209.6999969482422, 8.173139572143555, -8.305000305175781),
    }
    for tick, expected in rows.items():
        at = body[tick - 1]
        assert tuple(float(at[key]) for key in ("x", "y", "xa", "ya")) == expected
