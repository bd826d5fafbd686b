"""Every tick of the recordings of the 2019 framework, in every column, bit for bit."""

import zlib
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest
from numpy.typing import NDArray

from gym_mario_suite.engine.contacts_2019 import TYPE_2019
from gym_mario_suite.engine.level_image import read_tiles
from gym_mario_suite.engine.observe_2019 import (
    GRID_2019,
    write_complete_2019,
    write_enemies_2019,
    write_scene_2019,
)
from gym_mario_suite.engine.world import EnemyType, Event, Kind, Rules, Status, Worlds
from gym_mario_suite.levels import Level
from tests.engine import recordings, recordings_2019
from tests.engine.recordings import Arrays
from tests.engine.recordings_2019 import Trace

NAMES = recordings_2019.trace_names()
LEVELS = recordings_2019.level_names()
RUNNING, WIN, LOSE, TIME_OUT = range(4)
STATUS_2019 = {
    Status.RUNNING: RUNNING,
    Status.WIN: WIN,
    Status.DEAD: LOSE,
    Status.TIME_OUT: TIME_OUT,
}
SPAWN_NUMBERS = {
    (EnemyType.GOOMBA, False): 2,
    (EnemyType.GOOMBA, True): 3,
    (EnemyType.RED_KOOPA, False): 4,
    (EnemyType.RED_KOOPA, True): 5,
    (EnemyType.GREEN_KOOPA, False): 6,
    (EnemyType.GREEN_KOOPA, True): 7,
    (EnemyType.SPIKY, False): 8,
    (EnemyType.SPIKY, True): 9,
    (EnemyType.FLOWER, False): 11,
}
WALKERS = [kind for kind in Kind if Kind.GOOMBA <= kind <= Kind.SPIKY_WINGED]
WALKERS.remove(Kind.BULLET_BILL)
ITEMS = [Kind.MUSHROOM, Kind.FIRE_FLOWER, Kind.LIFE_MUSHROOM]
NOTHING = np.int16(-1)  # where a type lacks a column


@pytest.fixture(scope="module")
def rows_compared() -> dict[int, int]:
    """Rows of each trace that was compared to its end."""
    return {}


def bits(values: NDArray[Any]) -> NDArray[Any]:
    """Floats as their bit patterns, all else as wide integers."""
    if values.dtype == np.float32:
        return np.ascontiguousarray(values).view(np.uint32)
    assert values.dtype.kind in "iub", f"{values.dtype} needs a bitwise comparison"
    return values.astype(np.int64)


def assert_equal(
    trace: Trace, name: str, got: NDArray[Any], expected: NDArray[Any], row_of: NDArray[Any]
) -> None:
    """Equal bits; the message names the first row that differs."""
    __tracebackhide__ = True
    where = f"trace {NAMES[trace.number]}, {name}"
    if expected.dtype == np.float32:
        assert got.dtype == np.float32, f"{where}: computed as {got.dtype}"
    assert got.shape == expected.shape, f"{where}: {expected.shape} expected, got {got.shape}"
    differs = bits(got) != bits(expected)
    if differs.any():
        place = tuple(int(i) for i in np.argwhere(differs)[0])
        rows = int(differs.any(axis=tuple(range(1, differs.ndim))).sum())
        pytest.fail(
            f"{where}, row {int(row_of[place[0]])} {place[1:] or ''}: expected "
            f"{expected[place]!r}, got {got[place]!r} ({rows} differ)"
        )


def computed_rows(history: Worlds) -> Arrays:
    """The `m_` columns and `tick`."""
    player = history["players"][:, 0]
    body = player["body"]
    status = np.array([STATUS_2019[Status(int(s))] for s in player["status"]])
    return {
        "tick": np.arange(len(history)),
        "m_x": body["x"],
        "m_y": body["y"],
        "m_xa": body["xa"],
        "m_ya": body["ya"],
        "m_x_jump_speed": player["x_jump_speed"],
        "m_y_jump_speed": player["y_jump_speed"],
        "m_x_jump_start": player["x_jump_start"],
        "m_camera_x": history["x_cam"],
        "m_camera_y": history["y_cam"],
        "m_facing": body["facing"],
        "m_jump_time": player["jump_time"],
        "m_invulnerable": player["invulnerable_time"],
        "m_height": body["height"],
        "m_on_ground": body["on_ground"],
        "m_was_on_ground": player["was_on_ground"],
        "m_ducking": player["ducking"],
        "m_can_shoot": player["can_shoot"],
        "m_may_jump": player["may_jump"],
        "m_large": player["large"],
        "m_fire": player["fire"],
        "m_alive": (status == RUNNING) | (status == WIN),
        # Mario is the last of the framework's list, and not in it when he has fallen.
        "m_list_index": np.where(body["removed"], -1, history["n_sprites"]),
        "m_coins": player["coins"],
        "m_lives": player["lives"],
        "m_timer": history["time_left"],
        "m_pause": history["paused"],
        "m_status": status,
        "m_fireballs": history["fireballs_on_screen"],
        "m_current_tick": history["tick"],
    }


def computed_sprites(level: Level, history: Worlds) -> Arrays:
    """The `sp_` columns: a row for each sprite of each tick, in list order."""
    listed = np.arange(history["order"].shape[1]) < history["n_sprites"][:, None]
    ticks, places = np.nonzero(listed)
    s = history["sprites"][ticks, history["order"][ticks, places]]
    kind = s["kind"]
    walks = np.isin(kind, WALKERS)
    flower = kind == Kind.ENEMY_FLOWER
    item = np.isin(kind, ITEMS)
    shell = kind == Kind.SHELL
    ground = (
        walks | flower | shell | np.isin(kind, [Kind.MUSHROOM, Kind.LIFE_MUSHROOM, Kind.FIREBALL])
    )
    cells = np.array([*((p.x, p.y) for p in level.spawns), (-1, -1)])[s["spawn"]]
    return {
        "sp_type": TYPE_2019[kind],
        "sp_x": s["x"],
        "sp_y": s["y"],
        "sp_xa": s["xa"],
        "sp_ya": s["ya"],
        "sp_facing": s["facing"],
        "sp_width": np.where(flower, 2, 4),
        "sp_height": s["height"],
        "sp_alive": s["removed"] == 0,
        "sp_spawn_tx": cells[:, 0],
        "sp_spawn_ty": cells[:, 1],
        "sp_on_ground": np.where(ground, s["on_ground"], NOTHING),
        "sp_winged": np.where(walks | flower, s["winged"], NOTHING),
        "sp_counter": np.where(flower | item | shell, s["aux"], 0),
        "sp_y_start": np.where(flower, s["y_start"], 0).astype(np.float32),
    }


def computed_events(history: Worlds) -> tuple[NDArray[np.int64], Arrays]:
    """How many events each tick emitted, and the `ev_` columns.

    In a tick in which all stands still the world keeps the events of the last one that moved, as
    the framework does; the recordings have those a tick emitted itself.
    """
    moved = np.diff(history["tick"], prepend=history["tick"][0] - 1) != 0
    counts = np.where(moved, history["n_events"], 0)
    listed = np.arange(history["events"].shape[1]) < counts[:, None]
    events = history["events"][listed]
    assert np.isin(events["kind"], list(Event)).all()
    names = {"type": "kind", "param": "parameter", "mode": "mode", "time": "tick"}
    columns = {f"ev_{theirs}": events[ours] for theirs, ours in names.items()}
    return counts, {**columns, "ev_x": events["x"], "ev_y": events["y"]}


@numba.njit
def _tiles_at(image, history, ticks, out):
    for i in range(ticks.shape[0]):
        read_tiles(image, history[ticks[i]], out[i])


def computed_tiles(level: Level, history: Worlds) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """The CRC of the tiles after each tick, and the changes as (tick, x, y, new tile)."""
    spent = history["spent"]
    moved = np.concatenate([spent[:1].any(axis=1), (spent[1:] != spent[:-1]).any(axis=1)])
    ticks = np.flatnonzero(moved)
    maps = np.empty((len(ticks) + 1, level.width, level.height), np.uint8)
    maps[0] = level.tiles
    _tiles_at(level.image, history, ticks, maps[1:])
    crcs = np.array([zlib.crc32(tiles.T.tobytes()) for tiles in maps])
    step, x, y = np.nonzero(maps[1:] != maps[:-1])
    return crcs[np.cumsum(moved)], np.column_stack([ticks[step], x, y, maps[step + 1, x, y]])


@numba.njit
def _observe(image, history, ticks, out):
    for i in range(ticks.shape[0]):
        world = history[ticks[i]]
        for centre in range(2):
            for detail in range(3):
                write_scene_2019(image, world, centre, detail, out[i, centre, 0, detail])
                write_enemies_2019(world, centre, detail, out[i, centre, 1, detail])
                write_complete_2019(image, world, centre, detail, detail, out[i, centre, 2, detail])


def assert_is_trace(trace: Trace, history: Worlds) -> None:
    """Every recorded value of a trace, in the worlds after each tick."""
    __tracebackhide__ = True
    level = trace.level
    every_row = np.arange(len(history))

    got = computed_rows(history)
    got["level_crc"], changes = computed_tiles(level, history)
    assert set(got) == set(trace.rows)
    for name, values in got.items():
        assert_equal(trace, name, values, trace.rows[name], every_row)
    assert not history["sprites_dropped"].any()

    # Tiles that change in one tick are recorded in no certain order.
    order = np.lexsort(trace.changes.T[[2, 1, 0]])
    assert_equal(trace, "ch", changes, trace.changes[order], trace.changes[order, 0])

    assert_equal(trace, "sp_off", history["n_sprites"], trace.sprite_counts, every_row)
    row_of_sprite = np.repeat(every_row, trace.sprite_counts)
    sprites = computed_sprites(level, history)
    assert set(sprites) == set(trace.sprites)
    for name, values in sprites.items():
        assert_equal(trace, name, values, trace.sprites[name], row_of_sprite)

    counts, events = computed_events(history)
    assert_equal(trace, "ev_off", counts, trace.event_counts, every_row)
    assert set(events) == set(trace.events)
    for name, values in events.items():
        row_of_event = np.repeat(every_row, counts)
        assert_equal(trace, name, values, trace.events[name], row_of_event)

    # What an observation leaves unwritten would show up as this odd value.
    seen = np.full((len(trace.observed), 2, 3, 3, GRID_2019, GRID_2019), 77, np.int8)
    _observe(level.image, history, trace.observed, seen)
    assert_equal(trace, "obs", seen, trace.observations, trace.observed)


@pytest.mark.parametrize("number", range(len(NAMES)), ids=NAMES)
def test_trace(
    number: int, rows_compared: dict[int, int], record_property: Callable[[str, Any], None]
) -> None:
    trace = recordings_2019.read_trace(number)
    worlds = recordings.start(trace.level, trace.mode, trace.time_limit, 0)
    history = recordings.play(trace.level, worlds, trace.keys)
    assert_is_trace(trace, history)
    rows_compared[number] = len(history)
    record_property("2019 trace rows compared", len(history))


def test_every_row_was_compared(rows_compared: dict[int, int]) -> None:
    """In a run of the whole file nothing was left out."""
    if len(rows_compared) < len(NAMES):
        pytest.skip(f"{len(rows_compared)} of {len(NAMES)} traces ran (and passed) here before")
    assert sum(rows_compared.values()) == len(recordings_2019.arrays()["action"]) > 0


def test_every_column_is_compared() -> None:
    """A column that is new in a recording would not go unseen."""
    z = recordings_2019.arrays()
    compared = {"action", "tick", "level_crc", "ch", "ch_off", "sp_off", "ev_off", "obs", "obs_row"}
    about = {"level_name", "level_info", "trace_off", "trace_level", "trace_timer", "trace_state"}
    about |= {"trace_policy", "trace_seed"}
    left = {n for n in z if not n.startswith(("m_", "sp_", "ev_", "tiles_", "spawns_"))}
    assert left == (compared | about) - {"sp_off", "ev_off"}


@pytest.mark.parametrize("number", range(len(LEVELS)), ids=LEVELS)
def test_level(number: int, record_property: Callable[[str, Any], None]) -> None:
    """The reader makes of the text what the framework made of it."""
    z = recordings_2019.arrays()
    level = recordings_2019.level(number)
    columns, rows, start_x, start_y, exit_x, exit_y, _ = z["level_info"][number].tolist()
    assert level.rules == Rules.FRAMEWORK_2019
    assert (level.width, level.height) == (columns, rows)
    assert level.start == (start_x, start_y)
    assert (level.x_exit, level.y_exit) == (exit_x, exit_y)
    np.testing.assert_array_equal(level.tiles, z[f"tiles_{number}"].T)
    spawns = np.zeros((columns, rows), np.int64)
    for spawn in level.spawns:
        spawns[spawn.x, spawn.y] = SPAWN_NUMBERS[spawn.enemy, spawn.winged]
    np.testing.assert_array_equal(spawns, z[f"spawns_{number}"].T)
    record_property("2019 levels compared", 1)


def test_the_traces_show_every_event_and_end() -> None:
    z = recordings_2019.arrays()
    assert set(z["ev_type"].tolist()) == {int(event) for event in Event}
    assert set(z["m_status"].tolist()) == set(STATUS_2019.values())
    assert set(z["trace_state"].tolist()) == {0, 1, 2}
    assert set(z["sp_type"].tolist()) == set(range(2, 17))
