"""The 2009 generator: recorded levels, unusual parameters, refusals."""

import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gym_mario_suite.engine.level_image import MAX_WIDTH
from gym_mario_suite.engine.tiles import Tile
from gym_mario_suite.engine.world import EnemyType
from gym_mario_suite.errors import LevelError, OptionError
from gym_mario_suite.levels import Level, Spawn, generate

# Of the original: width, seed, difficulty, type; exit column and row; CRC-32 of the tiles; number
# of spawn points and CRC-32 of them.
TABLE = [
    (64, 0, 0, 0, 21, 12, "88336f98", 0, "00000000"),
    (320, 0, 0, 0, 271, 13, "1a6a4d62", 4, "67398c89"),
    (320, 0, 1, 0, 273, 11, "e41f2920", 20, "5d065df8"),
    (320, 0, 2, 0, 266, 11, "51852bad", 25, "6715952f"),
    (320, 1, 3, 0, 267, 11, "085e5ece", 21, "e7578df8"),
    (320, 1, 3, 1, 265, 13, "a4714137", 6, "c0ce0f5a"),
    (320, 1, 3, 2, 265, 13, "18957e20", 6, "c0ce0f5a"),
    (320, 42, 5, 0, 272, 14, "6fe67125", 26, "a74d5528"),
    (320, 42, 10, 1, 270, 12, "7b229c68", 5, "3434d2e8"),
    (320, 42, 10, 2, 270, 12, "b3c7f34f", 5, "3434d2e8"),
    (1000, 12345, 10, 0, 947, 14, "ec166cbd", 117, "34d3068b"),
    (320, -7, 5, 0, 270, 13, "d04beb3a", 11, "7dccba27"),
    (320, 7, -1, 0, 266, 12, "53e7170f", 0, "00000000"),
    (320, 7, -5, 1, 266, 13, "66548515", 0, "00000000"),
    (320, 7, 100, 0, 264, 11, "938ff4cf", 9, "75660920"),
    (320, 7, 30, 2, 271, 14, "fe62aff2", 13, "6b66ffb8"),
    (320, 7, 3, 3, 267, 14, "ad3b794d", 8, "ee0060c3"),
    (50, 3, 5, 0, 18, 11, "7b705b06", 0, "00000000"),
    (12, 3, 5, 0, 18, 11, "f69665dc", 0, "00000000"),
    (5, 3, 5, 1, 13, 11, "28434b84", 0, "00000000"),
    (1, 3, 5, 2, 9, 11, "ccb557b0", 0, "00000000"),
    (200, 0, 0, 0, 149, 12, "23ba8a3d", 1, "885dbcf8"),
    (328, 1, 0, 1, 276, 14, "6c415b53", 5, "daf9cc3d"),
    (456, 2, 0, 2, 406, 14, "fcb693fe", 4, "74bea14b"),
]


def spawn_bytes(level: Level) -> bytes:
    return b"".join(
        bytes([s.x % 256, s.x // 256, s.y, s.enemy, int(s.winged)]) for s in level.spawns
    )


@pytest.mark.parametrize("row", TABLE, ids=lambda row: "-".join(map(str, row[:4])))
def test_levels_of_the_original(row: tuple[Any, ...]) -> None:
    width, seed, difficulty, level_type, x_exit, y_exit, tiles_crc, n_spawns, spawns_crc = row
    level = generate(seed, difficulty, level_type, width)
    assert (level.x_exit, level.y_exit) == (x_exit, y_exit)
    assert f"{zlib.crc32(level.tiles.tobytes()):08x}" == tiles_crc
    assert len(level.spawns) == n_spawns
    assert f"{zlib.crc32(spawn_bytes(level)):08x}" == spawns_crc


def test_worked_example() -> None:
    """80 columns, seed 0, difficulty 0, overground: a level small enough to follow by hand."""
    level = generate(0, 0, 0, 80)
    expected = np.zeros((15, 80), np.uint8)
    expected[11, 15:18] = Tile.COIN
    expected[11, 20] = 128
    expected[11, 21:] = 129
    expected[12, 20] = 144
    expected[12, 21:] = 145
    expected[13, 13] = 128
    expected[13, 14:20] = 129
    expected[13, 20] = 131
    expected[13, 21:] = 145
    expected[14, :13] = 129
    expected[14, 13] = 131
    expected[14, 14:] = 145
    np.testing.assert_array_equal(level.tiles.T, expected)
    assert level.spawns == ()
    assert (level.x_exit, level.y_exit) == (28, 11)


def test_worked_example_with_enemies() -> None:
    level = generate(0, 3, 0, 100)
    red, green, goomba = EnemyType.RED_KOOPA, EnemyType.GREEN_KOOPA, EnemyType.GOOMBA
    spiky = EnemyType.SPIKY
    assert list(level.spawns) == [
        Spawn(15, 12, goomba, False),
        Spawn(17, 12, green, True),
        Spawn(23, 12, goomba, False),
        Spawn(25, 12, red, True),
        Spawn(27, 12, green, False),
        Spawn(28, 9, goomba, False),
        Spawn(31, 12, spiky, True),
        Spawn(34, 6, red, False),
        Spawn(42, 9, spiky, False),
        Spawn(42, 13, green, False),
    ]
    assert (level.x_exit, level.y_exit) == (54, 12)


def test_defaults_and_metadata() -> None:
    level = generate(7)
    assert (level.width, level.height) == (320, 15)
    assert level == generate(7, 0, 0, 320)
    assert dict(level.metadata) == {
        "generator": "2009",
        "seed": 7,
        "difficulty": 0,
        "type": 0,
        "length": 320,
    }


def test_integers_of_other_libraries_count() -> None:
    level = generate(np.int64(-3), np.int8(4), np.uint8(2), np.int32(90))  # type: ignore[arg-type]
    assert level == generate(-3, 4, 2, 90)
    assert type(level.metadata["seed"]) is int


@settings(deadline=None, max_examples=100)
@given(
    seed=st.integers(-(1 << 63), (1 << 63) - 1),
    difficulty=st.integers(-20, 300),
    level_type=st.integers(-1, 4),
    length=st.integers(1, 500),
)
def test_any_parameters(seed: int, difficulty: int, level_type: int, length: int) -> None:
    level = generate(seed, difficulty, level_type, length)
    assert (level.width, level.height) == (length, 15)
    assert level == generate(seed, difficulty, level_type, length)
    assert level == Level(level.tiles, level.spawns, level.x_exit, level.y_exit)
    assert 11 <= level.y_exit <= 14
    if length >= 80:
        assert length - 56 <= level.x_exit <= length - 38
    if difficulty <= -1:
        assert level.spawns == ()
    if difficulty < 1:
        assert all(s.enemy in (EnemyType.GOOMBA, EnemyType.FLOWER) for s in level.spawns)


@pytest.mark.parametrize("length", [1, 13, 22, 23, 74])
def test_short_levels_are_the_start_and_the_end_alone(length: int) -> None:
    exits = {generate(seed, 5, 0, length).x_exit for seed in range(40)}
    assert max(exits) <= 22
    assert any(at >= length for at in exits) == (length < 23)


def test_types_share_their_draws() -> None:
    """Underground and castle differ in their art alone."""
    underground, castle = generate(5, 4, 1, 200), generate(5, 4, 2, 200)
    assert underground.spawns == castle.spawns
    assert underground != castle


# --- refusals -------------------------------------------------------------------------------------

NOT_WHOLE = [1.0, float("nan"), "1", None, [1], np.float64(2), 1j, b"1"]


@pytest.mark.parametrize("value", NOT_WHOLE, ids=repr)
@pytest.mark.parametrize("name", ["seed", "difficulty", "level_type", "length"])
def test_arguments_are_whole_numbers(name: str, value: Any) -> None:
    arguments: dict[str, Any] = {"seed": 0, name: value}
    with pytest.raises(OptionError, match=f"^{name} must be a whole number, got "):
        generate(**arguments)


@pytest.mark.parametrize(
    ("name", "value", "low", "high"),
    [
        ("seed", 1 << 63, -(1 << 63), (1 << 63) - 1),
        ("seed", -(1 << 63) - 1, -(1 << 63), (1 << 63) - 1),
        ("seed", 10**30, -(1 << 63), (1 << 63) - 1),
        ("difficulty", 1 << 31, -(1 << 31), (1 << 31) - 1),
        ("difficulty", -(1 << 31) - 1, -(1 << 31), (1 << 31) - 1),
        ("level_type", 1 << 31, -(1 << 31), (1 << 31) - 1),
        ("level_type", -(1 << 40), -(1 << 31), (1 << 31) - 1),
        ("length", 0, 1, MAX_WIDTH),
        ("length", -1, 1, MAX_WIDTH),
        ("length", -(1 << 70), 1, MAX_WIDTH),
        ("length", MAX_WIDTH + 1, 1, MAX_WIDTH),
        ("length", 1 << 62, 1, MAX_WIDTH),
    ],
)
def test_arguments_out_of_range(name: str, value: int, low: int, high: int) -> None:
    arguments: dict[str, Any] = {"seed": 0, name: value}
    expected = f"^{name} must be a whole number from {low} to {high}, got {value}$"
    with pytest.raises(OptionError, match=expected):
        generate(**arguments)


@pytest.mark.parametrize("seed", [-(1 << 63), (1 << 63) - 1, (1 << 40) + 3, -1])
def test_the_extreme_seeds_are_fine(seed: int) -> None:
    assert generate(seed).metadata["seed"] == seed


def wrap(value: int) -> int:
    """A 32-bit int, as the original computes."""
    return (value + (1 << 31)) % (1 << 32) - (1 << 31)


def sum_of_weights(difficulty: int, level_type: int) -> int:
    """Of the five kinds of zones."""
    total = 20 + (10 if level_type == 0 else 0)
    for weight in (2 + difficulty, 2 * difficulty, -10 + 5 * difficulty):
        total = wrap(total + max(wrap(weight), 0))
    return total


@pytest.mark.parametrize("difficulty", [268_435_454, 268_435_455, 300_000_000])
def test_a_difficulty_that_aborts_the_original(difficulty: int) -> None:
    with pytest.raises(LevelError, match=f"difficulty {difficulty} .*up to 268435453"):
        generate(0, difficulty)


def test_the_highest_difficulty() -> None:
    assert generate(0, 268_435_453).width == 320
    # Without zones there is nothing to abort.
    assert generate(0, 268_435_454, 0, 70).width == 70


@settings(deadline=None, max_examples=100)
@given(
    st.one_of(
        st.integers(-(1 << 31), (1 << 31) - 1),
        st.integers(268_435_440, 268_435_470),
        st.integers((1 << 31) - 20, (1 << 31) - 1),
        st.integers(-(1 << 31), -(1 << 31) + 20),
    ),
    st.integers(0, 3),
)
def test_refused_exactly_where_the_weights_overflow(difficulty: int, level_type: int) -> None:
    if sum_of_weights(difficulty, level_type) > 0:
        assert generate(3, difficulty, level_type).width == 320
    else:
        with pytest.raises(LevelError, match="overflows the generator's 32-bit zone weights"):
            generate(3, difficulty, level_type)


@pytest.mark.parametrize("level_type", [0, 1, 2])
@pytest.mark.parametrize("difficulty", [0, 40])
def test_the_longest_level(difficulty: int, level_type: int) -> None:
    assert generate(1, difficulty, level_type, MAX_WIDTH).width == MAX_WIDTH
