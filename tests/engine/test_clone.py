"""Copies of worlds, and worlds as bytes."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gym_mario_suite.engine.clone import (
    STATE_VERSION,
    copy_world,
    words,
    world_from_bytes,
    world_to_bytes,
)
from gym_mario_suite.engine.game import INVULNERABLE, Game
from gym_mario_suite.engine.level_image import N_SPAWNS, spent_words
from gym_mario_suite.engine.world import MAX_SPRITES, WORLD, Worlds, empty_worlds
from gym_mario_suite.errors import StateError
from gym_mario_suite.levels import Level, generate
from tests.engine import recordings

SEEDS = st.integers(0, 2**32 - 1)


@lru_cache(maxsize=64)
def busy_level(seed: int, level_type: int = 0) -> Level:
    return generate(seed, 8, level_type, 200)


def random_keys(seed: int, count: int) -> NDArray[np.uint8]:
    """Buttons held for some ticks each, mostly to the right."""
    rng = np.random.default_rng(seed)
    held = rng.choice([2, 10, 18, 26, 26, 8, 1, 17, 20, 6], size=count)
    return np.repeat(held, rng.integers(1, 12, size=count))[:count].astype(np.uint8)


def played(level: Level, seed: int, ticks: int, switches: int = INVULNERABLE) -> Worlds:
    worlds = recordings.start(level, 2, 200, switches)
    recordings.play(level, worlds, random_keys(seed, ticks))
    return worlds


def byte_copy(worlds: Worlds) -> Worlds:
    """Every byte: numpy's own copy leaves out what lies between the fields."""
    return np.frombuffer(bytearray(worlds.tobytes()), WORLD)


def saved_states(level: Level, worlds: Worlds, keys: NDArray[np.uint8]) -> list[bytes]:
    return [world_to_bytes(world) for world in recordings.play(level, worlds, keys)]


# --- copies ---------------------------------------------------------------------------------------


def test_a_world_is_small() -> None:
    assert WORLD.itemsize <= 12 * 1024
    assert WORLD.itemsize % 8 == 0


def test_words_are_the_same_memory() -> None:
    worlds = empty_worlds(3)
    worlds["tick"] = [1, 2, 3]
    pool = words(worlds)
    assert pool.shape == (3, WORLD.itemsize // 8)
    assert np.shares_memory(pool, worlds)
    assert pool.tobytes() == worlds.tobytes()


@settings(deadline=None, max_examples=40)
@given(
    seed=SEEDS,
    ticks=st.integers(0, 400),
    other_seed=SEEDS,
    other_ticks=st.integers(0, 400),
    level_type=st.integers(0, 2),
)
def test_a_copy_plays_on_like_a_full_copy(
    seed: int, ticks: int, other_seed: int, other_ticks: int, level_type: int
) -> None:
    """Into a world that has played another game, in another level, before."""
    level = busy_level(seed % 8, level_type)
    pool = empty_worlds(3)
    pool[1:2] = played(level, seed, ticks)
    pool[2:3] = played(busy_level(other_seed % 8 + 8), other_seed, other_ticks)
    untouched = pool[:2].tobytes()
    copy_world(pool, words(pool), 1, 2)
    assert pool[:2].tobytes() == untouched
    assert world_to_bytes(pool[2]) == world_to_bytes(pool[1])

    full = byte_copy(pool[1:2])
    keys = random_keys(seed + 1, 200)
    expected = saved_states(level, full, keys)
    assert saved_states(level, pool[2:3], keys) == expected
    assert pool[:2].tobytes() == untouched


def test_a_copy_of_a_full_table() -> None:
    """All sprite slots used: nothing of them may be left out."""
    pool = empty_worlds(2)
    pool[:1] = played(busy_level(1), 3, 300)
    world = pool[0]
    world["slots_used"] = MAX_SPRITES
    world["sprites"]["x"] = np.arange(MAX_SPRITES)
    copy_world(pool, words(pool), 0, 1)
    np.testing.assert_array_equal(pool[1]["sprites"], pool[0]["sprites"])


# --- bytes ----------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=30)
@given(seed=SEEDS, ticks=st.integers(0, 400))
def test_a_saved_world_plays_on(seed: int, ticks: int) -> None:
    level = busy_level(seed % 8)
    worlds = played(level, seed, ticks)
    data = world_to_bytes(worlds[0])
    again = world_from_bytes(data, level.image)
    assert world_to_bytes(again[0]) == data
    keys = random_keys(seed + 1, 200)
    assert saved_states(level, again, keys) == saved_states(level, worlds, keys)


def test_saved_worlds_are_small() -> None:
    level = busy_level(1)
    history = recordings.play(level, recordings.start(level, 2, 200, 0), random_keys(1, 300))
    assert max(len(world_to_bytes(world)) for world in history) < 4096


def test_bytes_like_objects_are_read() -> None:
    level = busy_level(1)
    data = world_to_bytes(played(level, 1, 100)[0])
    for form in (bytearray(data), memoryview(data)):
        assert world_to_bytes(world_from_bytes(form, level.image)[0]) == data  # type: ignore[arg-type]


def edited(at: int, value: int) -> Callable[[bytes], Any]:
    return lambda data: data[:at] + bytes([value]) + data[at + 1 :]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: b"", "not a saved world: expected bytes that start with b'GMSW'"),
        (lambda data: data[:13], "not a saved world"),
        (lambda data: b"GMSL" + data[4:], "not a saved world"),
        (lambda data: data[:-1], r"a saved world of \d+ bytes was expected, got \d+"),
        (lambda data: data + b"\0", r"a saved world of \d+ bytes was expected, got \d+"),
        (lambda data: data[:16], r"a saved world of \d+ bytes was expected, got 16"),
        (edited(4, STATE_VERSION + 1), "saved as version 2; this program reads version 1"),
        (edited(5, 1), "saved as version 257; this program reads version 1"),
        (edited(6, 0xAA), "damaged: its checksum does not match"),
        (edited(100, 0xAA), "damaged: its checksum does not match"),
        (lambda data: data.hex(), "a saved world is bytes, got str"),
        (lambda data: None, "a saved world is bytes, got NoneType"),
    ],
)
def test_bytes_that_are_refused(damage: Callable[[bytes], Any], message: str) -> None:
    game = Game(busy_level(1).image)
    for keys in random_keys(1, 100):
        game.tick(int(keys))
    before = game.worlds.tobytes()
    data = damage(game.to_bytes())
    with pytest.raises(StateError, match=message):
        game.load_bytes(data)
    assert game.worlds.tobytes() == before
    game.tick(2)


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_every_damaged_byte_is_noticed(data: st.DataObject) -> None:
    level = busy_level(1)
    good = world_to_bytes(played(level, 1, 100)[0])
    at = data.draw(st.integers(0, len(good) - 1))
    bad = edited(at, good[at] ^ data.draw(st.integers(1, 255)))(good)
    with pytest.raises(StateError):
        world_from_bytes(bad, level.image)
    with pytest.raises(StateError):
        world_from_bytes(good[:at], level.image)


def test_another_level() -> None:
    small, large = generate(1, 5, 0, 80), generate(1, 5, 0, 400)
    for here, there in ((small, large), (large, small)):
        data = world_to_bytes(played(here, 1, 50)[0])
        with pytest.raises(StateError, match="the saved world belongs to another level"):
            world_from_bytes(data, there.image)


def test_another_level_that_needs_as_many_words() -> None:
    here = busy_level(1)
    there = next(
        level
        for level in map(busy_level, range(2, 200))
        if spent_words(level.image) == spent_words(here.image)
    )
    data = world_to_bytes(played(here, 1, 50)[0])
    with pytest.raises(StateError, match="the saved world belongs to another level"):
        world_from_bytes(data, there.image)


def set_fields(*path: str | int, value: int) -> Callable[[np.void], None]:
    def change(world: np.void) -> None:
        at: Any = world
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = value

    return change


def swap_lists(world: np.void) -> None:
    world["order"][0] = world["order"][1]


@pytest.mark.parametrize(
    "change",
    [
        set_fields("n_sprites", value=-1),
        set_fields("n_sprites", value=MAX_SPRITES + 1),
        set_fields("n_free", value=MAX_SPRITES),
        set_fields("n_free", value=-3),
        set_fields("n_added", value=1),
        set_fields("n_shells", value=1),
        set_fields("n_fireballs", value=2 * MAX_SPRITES + 1),
        set_fields("n_fireballs", value=-1),
        set_fields("n_players", value=0),
        set_fields("n_players", value=5),
        set_fields("n_effects", value=-5),
        set_fields("rules", value=77),
        set_fields("order", 0, value=200),
        set_fields("fireballs", 3, value=200),
        set_fields("players", 0, "carried", value=MAX_SPRITES),
        set_fields("players", 3, "carried", value=-3),
        swap_lists,
        # indices into the engine's tables, and into the bits of `spent`
        set_fields("sprites", 0, "kind", value=100),
        set_fields("sprites", 0, "kind", value=-1),
        set_fields("sprites", 0, "spawn", value=32_000),
        set_fields("sprites", 0, "spawn", value=-2),
    ],
    ids=lambda change: repr([cell.cell_contents for cell in change.__closure__ or ()]),
)
def test_contents_that_lead_outside_the_tables(change: Callable[[np.void], None]) -> None:
    """Bytes with a fitting checksum, but lists or numbers that no game can have."""
    level = busy_level(1)
    worlds = recordings.start(level, 2, 200, INVULNERABLE)
    history = recordings.play(level, worlds, random_keys(1, 300))
    world = history[int(np.argmax(history["n_sprites"]))].copy()
    assert world["n_sprites"] > 2
    assert 0 in world["order"][: world["n_sprites"]], "slot 0 must be in use for these changes"
    assert level.image[N_SPAWNS] < 32_000
    assert len(world_from_bytes(world_to_bytes(world), level.image)) == 1
    change(world)
    with pytest.raises(StateError):
        world_from_bytes(world_to_bytes(world), level.image)
