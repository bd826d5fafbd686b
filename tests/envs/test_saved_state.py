"""Saved games as bytes: what is in them, and what is not."""

import zlib
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import gym_mario_suite  # noqa: F401  (registers the environments)
from gym_mario_suite.engine.clone import world_to_bytes
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import WORLD
from gym_mario_suite.envs import maker_board
from gym_mario_suite.envs.episode import EPISODE
from gym_mario_suite.envs.saved_state import NO_SEED, read_state, seed_of, state_of_world
from gym_mario_suite.errors import StateError
from gym_mario_suite.levels import Level, generate
from gym_mario_suite.multiplayer.party import GAME, SEAT

_AT_EPISODE = 18  # in a state, behind its header
_AT_SPARE = 20  # in an episode


def named(seed: Any) -> Level:
    """A level that tells this as its seed."""
    level = generate(7, 3)
    return Level(level.tiles, level.spawns, level.x_exit, metadata={"seed": seed})


def test_seeds_of_levels():
    for seed in (0, 7, -(1 << 63), (1 << 63) - 1, np.int64(5)):
        assert seed_of(named(seed)) == seed
    level = generate(7, 3)
    assert seed_of(Level(level.tiles, level.spawns, level.x_exit)) == NO_SEED


@pytest.mark.parametrize("seed", [None, "abc", [1, 2], 1 << 63, -(1 << 63) - 1, 1.5])
def test_a_level_that_names_no_whole_number_as_its_seed_is_played(seed):
    level = named(seed)
    env: Any = gym.make("MarioInfinite-v0").unwrapped
    assert env.reset(seed=0, options={"level": level})[1]["level_seed"] == NO_SEED
    assert env.level is level
    game = Game(level.image)
    state = state_of_world(level, world_to_bytes(game.worlds[0]))
    assert read_state(state)[0]["level_seed"][0] == NO_SEED


def told_bytes(dtype: np.dtype[Any]) -> int:
    """The bytes of a record's fields, without gaps between or behind them."""
    if dtype.subdtype is not None:
        item, shape = dtype.subdtype
        return told_bytes(item) * int(np.prod(shape))
    if dtype.fields is None:
        return dtype.itemsize
    return sum(told_bytes(field[0]) for field in dtype.fields.values())


@pytest.mark.parametrize("record", [EPISODE, WORLD, maker_board.EPISODE, GAME, SEAT])
def test_saved_records_have_no_gaps(record):
    assert told_bytes(record) == record.itemsize


def test_states_of_before_the_gap_was_filled():
    env: Any = gym.make("MarioInfinite-v0").unwrapped
    env.reset(seed=0)
    state = env.get_state()
    old = bytearray(state)
    at = _AT_EPISODE + _AT_SPARE
    assert old[at : at + 4] == bytes(4)
    old[at : at + 4] = b"junk"
    old[6:10] = zlib.crc32(old[_AT_EPISODE:]).to_bytes(4, "little")
    env.set_state(bytes(old))
    assert env.get_state() == state


def test_a_damaged_state_is_refused():
    env: Any = gym.make("MarioInfinite-v0").unwrapped
    env.reset(seed=0)
    state = env.get_state()
    for at in range(_AT_EPISODE, len(state), 97):
        with pytest.raises(StateError, match="its checksum does not match"):
            read_state(state[:at] + bytes([state[at] ^ 1]) + state[at + 1 :])


def test_from_a_world_on_only_what_comes_next_is_rewarded():
    level = generate(7, 3)
    game = Game(level.image)
    for tick in range(40):
        game.tick(2 if tick else 0)
    env: Any = gym.make("MarioInfinite-v0", reward="score").unwrapped
    env.set_state(state_of_world(level, world_to_bytes(game.worlds[0])))
    before = float(game.x)
    assert before > 100
    _, reward, _, _, info = env.step(0)
    assert reward == pytest.approx(info["distance"] - before)
