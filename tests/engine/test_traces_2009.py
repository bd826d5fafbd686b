"""Every tick of the recorded traces, bit for bit."""

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from numpy.typing import NDArray

from gym_mario_suite.engine import observe
from gym_mario_suite.engine.game import CREATURES_OFF
from gym_mario_suite.engine.level_image import read_tiles
from gym_mario_suite.engine.tiles import TILE_BEHAVIOUR
from gym_mario_suite.engine.world import Kind, Worlds
from gym_mario_suite.levels import Level, generate
from tests.competition.test_scores_2009 import (
    test_a_recorded_score_is_met_to_the_last_bit,  # noqa: F401  (scores of the same folder)
)
from tests.engine import recordings
from tests.engine.recordings import Arrays, Trace, TraceName

NAMES = recordings.trace_names()
LEVEL_FILES = sorted(recordings.traces_folder().glob("levels*.npz"))

# Effects are drawn by chance in the original, `s_uid` numbers the sprites of the recording, and the
# count of bumped enemies is the recorder's, not the engine's.
NOT_COMPARED = {
    "t_n_coin_anim",
    "t_n_particle",
    "t_n_sparkle",
    "o_fx_diff",
    "s_uid",
    "t_bump_kills",
}
GRIDS = [f"o_{what}_z{z}" for what in ("level", "enemies") for z in range(3)]
MERGED = {
    "o_merged_z0_z0": (0, 0),
    "o_merged_z1_z1": (1, 1),
    "o_merged_z2_z2": (2, 2),
    "o_merged_z1_z0": (1, 0),
}


@pytest.fixture(scope="module")
def ticks_compared() -> dict[str, int]:
    """Ticks of each trace that was compared to its end."""
    return {}


def bits(values: NDArray[Any]) -> NDArray[Any]:
    """Floats as their bit patterns, all else as it is."""
    if values.dtype == np.float32:
        return np.ascontiguousarray(values).view(np.uint32)
    assert values.dtype.kind in "iub", f"{values.dtype} needs a bitwise comparison"
    return values


def assert_equal_rows(
    trace: Trace,
    name: str,
    got: NDArray[Any],
    expected: NDArray[Any],
    tick_of_row: NDArray[Any],
) -> None:
    """Equal bits row by row; the message names the first row that differs."""
    __tracebackhide__ = True
    if expected.dtype == np.float32:
        assert got.dtype == np.float32, f"{name}: computed as {got.dtype}"
    assert got.shape == expected.shape, (
        f"trace {trace.name}, {name}: expected shape {expected.shape}, got {got.shape}"
    )
    differs = bits(got) != bits(expected)
    if not differs.any():
        return
    row, *rest = (int(i) for i in np.argwhere(differs)[0])
    place = (row, *rest)
    pytest.fail(
        f"trace {trace.name}, tick {int(tick_of_row[row])}, {name}{rest or ''}: "
        f"expected {expected[place]!r}, got {got[place]!r} "
        f"(row {row}; {int(differs.any(axis=tuple(range(1, differs.ndim))).sum())} rows differ)"
    )


def pack(flags: list[NDArray[Any]]) -> NDArray[np.int64]:
    """Columns of 0 and 1 as bits of a number, the first lowest."""
    return np.stack(flags, axis=-1).astype(np.int64) @ (1 << np.arange(len(flags)))


def computed_ticks(history: Worlds) -> Arrays:
    """The `t_` arrays that describe Mario and the world."""
    player = history["players"][:, 0]
    body = player["body"]
    flags = [
        body["on_ground"],
        player["was_on_ground"],
        player["may_jump"],
        player["ducking"],
        body["sliding"],
        player["can_shoot"],
        player["large"],
        player["fire"],
        history["paused"],
        player["carried"] != -1,
    ]
    listed = np.arange(history["order"].shape[1]) < history["n_sprites"][:, None]
    carried = listed & (history["order"] == player["carried"][:, None])
    return {
        "t_keys": player["keys"],
        "t_x": body["x"],
        "t_y": body["y"],
        "t_xa": body["xa"],
        "t_ya": body["ya"],
        "t_x_jump_speed": player["x_jump_speed"],
        "t_y_jump_speed": player["y_jump_speed"],
        "t_x_cam": history["x_cam"],
        "t_time_left": history["time_left"],
        "t_scene_tick": history["tick"],
        "t_flags": pack(flags),
        "t_jump_time": player["jump_time"],
        "t_invulnerable_time": player["invulnerable_time"],
        "t_power_up_time": np.zeros(len(history), np.int16),
        "t_death_time": player["death_time"],
        "t_win_time": player["win_time"],
        "t_map_x": body["map_x"],
        "t_map_y": body["map_y"],
        "t_carried_row": np.where(carried.any(axis=1), carried.argmax(axis=1), -1),
        "t_coins": player["coins"],
        "t_lives": player["lives"],
        "t_kills_total": history["kills_total"],
        "t_kills_stomp": history["kills_stomp"],
        "t_kills_fire": history["kills_fire"],
        "t_kills_shell": history["kills_shell"],
        "t_mushrooms": player["mushrooms"],
        "t_flowers": player["flowers"],
        "t_n_sprites": history["n_sprites"],
        "t_facing": body["facing"],
        "t_status": player["status"],
        "t_fireballs_on_screen": history["fireballs_on_screen"],
        "t_height": body["height"],
        "t_start_time": history["start_time"],
    }


def computed_sprites(level: Level, history: Worlds) -> Arrays:
    """The `s_` arrays: a row for each sprite of each tick, in list order."""
    listed = np.arange(history["order"].shape[1]) < history["n_sprites"][:, None]
    ticks, places = np.nonzero(listed)
    s = history["sprites"][ticks, history["order"][ticks, places]]
    kind = s["kind"]
    flags = [
        s["dead"],
        s["fly_death"],
        s["winged"],
        s["on_ground"],
        s["carried"],
        np.isin(kind, [Kind.RED_KOOPA, Kind.RED_KOOPA_WINGED]),
        np.isin(kind, [Kind.SPIKY, Kind.SPIKY_WINGED]),
    ]
    rows = np.array([*(spawn.y for spawn in level.spawns), -1])  # spawn -1 reads the last one
    return {
        "s_kind": kind,
        "s_x": s["x"],
        "s_y": s["y"],
        "s_xa": s["xa"],
        "s_ya": s["ya"],
        "s_facing": s["facing"],
        "s_flags": pack(flags),
        "s_dead_time": s["dead_time"],
        "s_aux": s["aux"],
        "s_map_x": s["map_x"],
        "s_map_y": s["map_y"],
        "s_template_y": rows[s["spawn"]],
    }


@numba.njit
def _tiles_at(image, history, ticks, out):
    for i in range(ticks.shape[0]):
        read_tiles(image, history[ticks[i]], out[i])


def computed_tiles(level: Level, history: Worlds) -> tuple[NDArray[np.uint32], Arrays]:
    """The CRC of the tiles after each tick, and the `c_` arrays."""
    spent = history["spent"]
    moved = np.concatenate([spent[:1].any(axis=1), (spent[1:] != spent[:-1]).any(axis=1)])
    ticks = np.flatnonzero(moved)
    maps = np.empty((len(ticks) + 1, level.width, level.height), np.uint8)
    maps[0] = level.tiles
    _tiles_at(level.image, history, ticks, maps[1:])
    crcs = np.array([zlib.crc32(tiles.tobytes()) for tiles in maps], np.uint32)
    step, x, y = np.nonzero(maps[1:] != maps[:-1])
    changes = {
        "c_tick": ticks[step],
        "c_x": x,
        "c_y": y,
        "c_old": maps[step, x, y].view(np.int8),
        "c_new": maps[step + 1, x, y].view(np.int8),
    }
    return crcs[np.cumsum(moved)], changes


@numba.njit
def _observe(image, history, ticks, grids, merged, z_level, z_enemies, floats, n_floats):
    for i in range(ticks.shape[0]):
        world = history[ticks[i]]
        for z in range(3):
            observe.write_level_grid(image, world, 0, z, grids[i, z])
            observe.write_enemies_grid(world, 0, z, grids[i, 3 + z])
        for k in range(z_level.shape[0]):
            observe.write_merged_grid(image, world, 0, z_level[k], z_enemies[k], merged[i, k])
        n_floats[i] = observe.write_enemy_floats(world, floats[i])


def computed_observations(level: Level, history: Worlds, ticks: NDArray[np.int64]) -> Arrays:
    """The `o_` arrays at these ticks; `o_float` without gaps."""
    size = observe.GRID_SIZE
    # What an observation leaves unwritten would show up as this odd value.
    grids = np.full((len(ticks), len(GRIDS), size, size), 99, np.int8)
    merged = np.full((len(ticks), len(MERGED), size, size), 99, np.int8)
    floats = np.full((len(ticks), history["order"].shape[1], 3), np.nan, np.float32)
    n_floats = np.zeros(len(ticks), np.int64)
    z_level, z_enemies = np.array(list(MERGED.values())).T.copy()
    _observe(level.image, history, ticks, grids, merged, z_level, z_enemies, floats, n_floats)
    out: Arrays = {name: grids[:, k] for k, name in enumerate(GRIDS)}
    out.update({name: merged[:, k] for k, name in enumerate(MERGED)})
    out["o_float"] = floats[np.arange(floats.shape[1]) < n_floats[:, None]].ravel()
    out["ofloat_start"] = np.concatenate([[0], np.cumsum(3 * n_floats)])
    return out


def assert_is_trace(trace: Trace, history: Worlds) -> None:
    """Every recorded value of a trace, in the worlds after each tick."""
    __tracebackhide__ = True
    meta = trace.meta
    every_tick = np.arange(len(history))

    # Mario and the world
    got = computed_ticks(history)
    got["t_map_crc32"], changes = computed_tiles(trace.level, history)
    assert set(got) == set(trace.ticks) - NOT_COMPARED
    for array, values in got.items():
        assert_equal_rows(trace, array, values, trace.ticks[array], every_tick)
    assert len(history) == meta["n_ticks"]
    over = np.flatnonzero(history["players"]["status"][:, 0] != 2)
    assert (int(over[0]) if len(over) else -1) == meta["end_tick"]

    # sprites
    counts = np.diff(trace.sprite_start)
    tick_of_sprite = np.repeat(every_tick, counts)
    assert_equal_rows(trace, "spr_start", history["n_sprites"], counts, every_tick)
    sprites = computed_sprites(trace.level, history)
    assert set(sprites) == set(trace.sprites) - NOT_COMPARED
    for array, values in sprites.items():
        assert_equal_rows(trace, array, values, trace.sprites[array], tick_of_sprite)
    assert not history["sprites_dropped"].any()

    # changed tiles
    order = np.lexsort([trace.changes[key] for key in ("c_y", "c_x", "c_tick")])
    assert set(changes) == set(trace.changes)
    for array, values in changes.items():
        expected = trace.changes[array][order]
        assert_equal_rows(trace, array, values, expected, trace.changes["c_tick"][order])

    # observations
    ticks = trace.observations["o_tick"].astype(np.int64)
    assert set(every_tick[::10].tolist()) <= set(ticks.tolist())
    seen = computed_observations(trace.level, history, ticks)
    start = seen.pop("ofloat_start")
    assert_equal_rows(trace, "ofloat_start", np.diff(start), np.diff(trace.float_start), ticks)
    tick_of_float = np.repeat(ticks, np.diff(trace.float_start))
    assert_equal_rows(trace, "o_float", seen.pop("o_float"), trace.floats, tick_of_float)
    assert set(seen) == set(trace.observations) - NOT_COMPARED - {"o_tick"}
    for array, values in seen.items():
        assert_equal_rows(trace, array, values, trace.observations[array], ticks)


@pytest.mark.parametrize("name", NAMES, ids=str)
def test_trace(
    name: TraceName, ticks_compared: dict[str, int], record_property: Callable[[str, Any], None]
) -> None:
    trace = recordings.read_trace(name)
    meta = trace.meta
    switches = CREATURES_OFF if meta["pause_world"] else 0
    worlds = recordings.start(trace.level, meta["mode"], meta["time_limit"], switches)
    history = recordings.play(trace.level, worlds, trace.ticks["t_keys"])
    assert_is_trace(trace, history)
    ticks_compared[trace.name] = len(history)
    record_property("2009 trace ticks compared", len(history))


def test_every_tick_was_compared(ticks_compared: dict[str, int]) -> None:
    """In a run of the whole file nothing was left out."""
    if len(ticks_compared) < len(NAMES):
        pytest.skip(f"{len(ticks_compared)} of {len(NAMES)} traces ran (and passed) here before")
    assert sum(ticks_compared.values()) == sum(name.meta["n_ticks"] for name in NAMES) > 0


def test_the_traces_show_every_kind_of_play() -> None:
    metas = [name.meta for name in NAMES]
    for key in ("edited", "pause_world", "post"):
        assert any(meta[key] for meta in metas), f"no trace has {key}"
    assert {meta["mode"] for meta in metas} == {0, 1, 2}
    assert {meta["type"] for meta in metas} == {0, 1, 2}
    assert {meta["status"] for meta in metas} == {0, 1, 2}


@pytest.mark.parametrize("path", LEVEL_FILES, ids=lambda path: path.stem)
def test_levels(path: Path, record_property: Callable[[str, Any], None]) -> None:
    arrays = recordings.read(path)
    np.testing.assert_array_equal(arrays["tile_behaviors"], TILE_BEHAVIOUR)
    parameters = [
        arrays[key].tolist() for key in ("seed", "difficulty", "type", "length", "x_exit", "y_exit")
    ]
    assert len(parameters[0]) > 0
    for i, row in enumerate(zip(*parameters, strict=True)):
        seed, difficulty, level_type, length, x_exit, y_exit = row
        level = generate(seed, difficulty, level_type, length)
        expected = recordings.level_from(arrays, i, x_exit, y_exit)
        where = f"level {i}: seed {seed}, difficulty {difficulty}, type {level_type}, {length} long"
        assert (level.x_exit, level.y_exit) == (x_exit, y_exit), where
        assert level.spawns == expected.spawns, where
        wrong = np.argwhere(level.tiles != expected.tiles)
        assert len(wrong) == 0, f"{where}: first wrong tile at {wrong[0]}"
        assert level == expected, where
    record_property("2009 levels compared", len(parameters[0]))


def test_level_recordings_exist() -> None:
    assert LEVEL_FILES
