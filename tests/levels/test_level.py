"""The level as a value: what it refuses, how it compares, its bytes."""

import copy
import dataclasses
import json
import pickle
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gym_mario_suite.engine.level_image import MAX_HEIGHT, MAX_WIDTH
from gym_mario_suite.engine.tiles import Tile
from gym_mario_suite.engine.world import SPENT_BITS, EnemyType, Rules
from gym_mario_suite.errors import LevelError, MarioError
from gym_mario_suite.levels import Level, Spawn, generate
from gym_mario_suite.levels.level import MAX_EXIT

GOOMBA = EnemyType.GOOMBA


def flat(width: int = 30, height: int = 15) -> Level:
    tiles = np.zeros((width, height), np.uint8)
    tiles[:, -2:] = Tile.GROUND_TOP
    return Level(tiles, [], width - 2)


def repack(level: Level, change: Callable[[dict[str, Any]], None]) -> bytes:
    """The level's bytes with another head, and a checksum that fits."""
    data = level.to_bytes()
    raw = zlib.decompress(data[10:])
    size = int.from_bytes(raw[:4], "little")
    head = json.loads(raw[4 : 4 + size])
    change(head)
    text = json.dumps(head).encode()
    body = zlib.compress(len(text).to_bytes(4, "little") + text + raw[4 + size :])
    return data[:6] + zlib.crc32(body).to_bytes(4, "little") + body


@st.composite
def levels(draw: st.DrawFn) -> Level:
    width, height = draw(st.integers(1, 12)), draw(st.integers(1, 20))
    tiles = draw(st.binary(min_size=width * height, max_size=width * height))
    cells = st.tuples(st.integers(0, width - 1), st.integers(0, height - 1))
    spawns = [
        Spawn(x, y, draw(st.sampled_from(EnemyType)), draw(st.booleans()))
        for x, y in draw(st.lists(cells, unique=True, max_size=6))
    ]
    names = st.text(max_size=5)
    values = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
    return Level(
        np.frombuffer(tiles, np.uint8).reshape(width, height),
        spawns,
        draw(st.integers(-MAX_EXIT, MAX_EXIT)),
        draw(st.integers(-MAX_EXIT, MAX_EXIT)),
        draw(st.dictionaries(names, values | st.lists(values, max_size=2), max_size=3)),
        draw(st.sampled_from(Rules)),
        draw(st.none() | st.tuples(st.integers(0, width - 1), st.integers(-1, height - 1))),
    )


# --- immutability ---------------------------------------------------------------------------------


def test_nothing_of_a_level_can_be_changed() -> None:
    level = generate(3, 5, 0, 120)
    with pytest.raises(dataclasses.FrozenInstanceError):
        level.x_exit = 5  # type: ignore[misc]
    with pytest.raises(ValueError, match="read-only"):
        level.tiles[3, 3] = 1
    with pytest.raises(TypeError):
        level.metadata["seed"] = 4  # type: ignore[index]
    assert isinstance(level.spawns, tuple)
    with pytest.raises(dataclasses.FrozenInstanceError):
        level.spawns[0].x = 5  # type: ignore[misc]


def test_a_level_keeps_copies() -> None:
    tiles = np.zeros((10, 15), np.uint8)
    spawns = [Spawn(3, 3, GOOMBA)]
    metadata = {"seed": 1}
    level = Level(tiles, spawns, 5, metadata=metadata)
    tiles[2, 2] = Tile.COIN
    spawns.append(Spawn(4, 4, GOOMBA))
    metadata["seed"] = 2
    assert level.tiles[2, 2] == Tile.AIR
    assert level.spawns == (Spawn(3, 3, GOOMBA),)
    assert level.metadata["seed"] == 1
    assert tiles.flags.writeable


def test_tiles_in_any_memory_order() -> None:
    rows_first = np.arange(150, dtype=np.uint8).reshape(15, 10)
    level = Level(rows_first.T, [], 5)
    assert level == Level(np.ascontiguousarray(rows_first.T), [], 5)
    np.testing.assert_array_equal(level.tiles, rows_first.T)


def test_spawns_are_sorted_by_column_then_row() -> None:
    tiles = np.zeros((10, 15), np.uint8)
    spawns = [Spawn(5, 2, GOOMBA), Spawn(1, 9, GOOMBA), Spawn(1, 3, GOOMBA)]
    level = Level(tiles, spawns, 5)
    assert [(s.x, s.y) for s in level.spawns] == [(1, 3), (1, 9), (5, 2)]
    assert level == Level(tiles, spawns[::-1], 5)


# --- equality and hash ----------------------------------------------------------------------------


def test_equality_is_by_content_without_metadata() -> None:
    level = generate(3, 5, 0, 120)
    same = Level(level.tiles, level.spawns, level.x_exit, level.y_exit, {"author": "somebody"})
    assert level == same
    assert hash(level) == hash(same)
    assert level.digest == same.digest
    assert len({level, same}) == 1
    assert level != level.to_bytes()
    assert level != 3


@pytest.mark.parametrize("part", ["tile", "spawn", "wings", "enemy", "x_exit", "y_exit", "shape"])
def test_levels_that_differ(part: str) -> None:
    base = generate(3, 5, 0, 120)
    tiles, spawns = base.tiles.copy(), list(base.spawns)
    x_exit, y_exit = base.x_exit, base.y_exit
    first = spawns[0]
    if part == "tile":
        tiles[0, 0] ^= 1
    elif part == "spawn":
        del spawns[0]
    elif part == "wings":
        spawns[0] = dataclasses.replace(first, winged=not first.winged)
    elif part == "enemy":
        spawns[0] = dataclasses.replace(first, enemy=EnemyType((first.enemy + 1) % 5))
    elif part == "x_exit":
        x_exit += 1
    elif part == "y_exit":
        y_exit += 1
    else:
        tiles, spawns = tiles.reshape(60, 30), []
        base = Level(base.tiles, [], x_exit, y_exit)
    other = Level(tiles, spawns, x_exit, y_exit)
    assert base != other
    assert base.digest != other.digest


def test_repr_says_what_it_is() -> None:
    assert repr(generate(3, 5, 2, 120)) == (
        f"<Level 120x15, exit {generate(3, 5, 2, 120).x_exit}, "
        "generator='2009', seed=3, difficulty=5, type=2, length=120>"
    )
    assert repr(flat()) == "<Level 30x15, exit 28>"


@settings(deadline=None, max_examples=60)
@given(levels())
def test_from_image_is_the_same_level(level: Level) -> None:
    again = Level.from_image(level.image, level.metadata)
    assert again == level
    assert again.spawns == level.spawns
    assert again.rules == level.rules
    np.testing.assert_array_equal(again.tiles, level.tiles)


@pytest.mark.parametrize(
    "make", [copy.copy, copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))]
)
def test_copies_and_pickles_are_equal(make: Callable[[Level], Level]) -> None:
    """A level crosses process boundaries, in vectorised environments for example."""
    level = generate(3, 5, 0, 120)
    other = make(level)
    assert other == level
    assert dict(other.metadata) == dict(level.metadata)
    with pytest.raises(ValueError, match="read-only"):
        other.tiles[3, 3] = 1


# --- bytes ----------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=100)
@given(levels())
def test_bytes_round_trip(level: Level) -> None:
    data = level.to_bytes()
    again = Level.from_bytes(data)
    assert again == level
    assert again.spawns == level.spawns
    assert (again.rules, again.start) == (level.rules, level.start)
    assert again.metadata == level.metadata
    assert again.to_bytes() == data


@pytest.mark.parametrize("data", [b"", b"GMS", b"GMSL", b"GMSL\x01\x00abc", b"PK\x03\x04" * 20])
def test_foreign_bytes(data: bytes) -> None:
    with pytest.raises(LevelError, match="not a level: expected bytes that start with b'GMSL'"):
        Level.from_bytes(data)


def test_another_version() -> None:
    data = bytearray(flat().to_bytes())
    data[4] = 9
    with pytest.raises(LevelError, match="level of version 9; this program reads versions 1 to 2"):
        Level.from_bytes(bytes(data))


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_damage_is_noticed(data: st.DataObject) -> None:
    good = generate(3, 5, 0, 80).to_bytes()
    place = data.draw(st.integers(0, len(good) - 1))
    bad = bytearray(good)
    bad[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(LevelError):
        Level.from_bytes(bytes(bad))
    with pytest.raises(LevelError):
        Level.from_bytes(good[:place])


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=200))
def test_any_body_with_a_fitting_checksum(body: bytes) -> None:
    for content in (body, zlib.compress(body)):
        head = b"GMSL\x01\x00" + zlib.crc32(content).to_bytes(4, "little")
        with pytest.raises(LevelError):
            Level.from_bytes(head + content)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from(["width", "height", "x_exit", "y_exit", "spawns", "metadata"]),
    JSON | st.lists(st.lists(st.integers(-1, 5) | st.floats(0, 5), min_size=4, max_size=4)),
)
def test_any_head_with_a_fitting_checksum(key: str, value: Any) -> None:
    """Whatever stands in the head: a sound level, or the package's own error."""
    data = repack(flat(), lambda head: head.__setitem__(key, value))
    try:
        level = Level.from_bytes(data)
    except LevelError:
        return
    assert (level.width, level.height) == (30, 15)
    assert Level.from_bytes(level.to_bytes()) == level


def test_a_head_without_a_key() -> None:
    data = repack(flat(), lambda head: head.__delitem__("x_exit"))
    with pytest.raises(LevelError, match="the level's contents cannot be read"):
        Level.from_bytes(data)


def test_a_spawn_point_between_cells() -> None:
    data = repack(flat(), lambda head: head["spawns"].append([1.5, 2, 0, 0]))
    with pytest.raises(LevelError):
        Level.from_bytes(data)


def test_numpy_integers_can_be_saved() -> None:
    x, y = np.argwhere(flat().tiles == Tile.GROUND_TOP)[0]
    x_exit: Any = np.int64(20)
    level = Level(flat().tiles, [Spawn(x, y - 1, GOOMBA)], x_exit)
    assert Level.from_bytes(level.to_bytes()) == level


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("x", "y"), [(-1, 3), (10, 3), (3, -1), (3, 15), (1 << 40, 3)])
def test_a_spawn_point_outside(x: int, y: int) -> None:
    expected = f"column {x}, row {y} lies outside the level of 10 columns and 15 rows"
    with pytest.raises(LevelError, match=expected):
        Level(np.zeros((10, 15), np.uint8), [Spawn(x, y, GOOMBA)], 5)


@pytest.mark.parametrize("start", [(30, 3), (-1, 3), (3, -2), (3, 15), (3, 1.5), (3,), 7, "ab"])
def test_a_start_that_is_no_cell(start: Any) -> None:
    with pytest.raises(LevelError, match="start"):
        dataclasses.replace(flat(), start=start)


def test_a_start_at_the_edge_of_the_map() -> None:
    for start in ((0, -1), (29, 14)):
        assert dataclasses.replace(flat(), start=list(start)).start == start


@pytest.mark.parametrize(
    ("told", "theme"), [(0, 0), (1, 1), (2, 2), (3, 0), (-1, 0), (True, 0), ("castle", 0)]
)
def test_a_level_is_drawn_in_its_type_or_above_ground(told: Any, theme: int) -> None:
    assert dataclasses.replace(flat(), metadata={"type": told}).theme == theme


def test_two_spawn_points_in_a_cell() -> None:
    spawns = [Spawn(3, 4, GOOMBA), Spawn(2, 4, GOOMBA), Spawn(3, 4, EnemyType.SPIKY)]
    with pytest.raises(LevelError, match="two spawn points at column 3, row 4; a cell holds one"):
        Level(np.zeros((10, 15), np.uint8), spawns, 5)


@pytest.mark.parametrize("enemy", [5, 7, 8, -1, 255])
def test_an_enemy_that_does_not_exist(enemy: int) -> None:
    with pytest.raises(MarioError):
        Level(np.zeros((10, 15), np.uint8), [Spawn(3, 3, enemy)], 5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "tiles",
    [
        np.zeros((10, 15), np.int8),
        np.zeros((10, 15)),
        np.zeros((10, 15), bool),
        np.zeros(150, np.uint8),
        np.zeros((10, 15, 1), np.uint8),
        [[0, 1], [2, 3]],
        None,
        "ground",
    ],
    ids=lambda tiles: f"{np.asarray(tiles).dtype}{np.asarray(tiles).shape}",
)
def test_tiles_of_another_type(tiles: Any) -> None:
    with pytest.raises(LevelError, match=r"^tiles must be a uint8 array of \[width, height\], got"):
        Level(tiles, [], 5)


def test_columns_of_several_lengths() -> None:
    tiles: Any = [[0, 1], [0]]
    with pytest.raises(LevelError, match="tiles must be columns of the same length"):
        Level(tiles, [], 5)


@pytest.mark.parametrize(
    "shape", [(0, 15), (10, 0), (MAX_WIDTH + 1, 1), (1, MAX_HEIGHT + 1)], ids=str
)
def test_sizes_out_of_bounds(shape: tuple[int, int]) -> None:
    with pytest.raises(LevelError, match="a level has 1 to 16383 columns and 1 to 255 rows"):
        Level(np.zeros(shape, np.uint8), [], 5)


@pytest.mark.parametrize("shape", [(1, 1), (MAX_WIDTH, 1), (1, MAX_HEIGHT)], ids=str)
def test_extreme_sizes(shape: tuple[int, int]) -> None:
    level = Level(np.zeros(shape, np.uint8), [Spawn(shape[0] - 1, shape[1] - 1, GOOMBA)], 5)
    assert (level.width, level.height) == shape
    assert Level.from_image(level.image) == level


@pytest.mark.parametrize("name", ["x_exit", "y_exit"])
@pytest.mark.parametrize("value", [MAX_EXIT + 1, -MAX_EXIT - 1, 1 << 40, float("nan")])
def test_an_exit_far_away(name: str, value: Any) -> None:
    arguments: dict[str, Any] = {"x_exit": 5, name: value}
    with pytest.raises(LevelError, match=f"{name} must be a whole number"):
        Level(np.zeros((10, 15), np.uint8), [], **arguments)


def test_more_changes_than_a_world_remembers() -> None:
    tiles = np.full((SPENT_BITS // 8, 8), Tile.COIN, np.uint8)
    assert Level(tiles, [], 5).width == SPENT_BITS // 8
    with pytest.raises(LevelError, match=r"the engine keeps track of 32,768 in all"):
        Level(tiles, [Spawn(0, 0, GOOMBA)], 5)
