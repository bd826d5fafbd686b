"""Saved games as bytes: what is in them, and what is not."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import gym_mario_suite  # noqa: F401  (registers the environments)
from gym_mario_suite.engine.clone import world_to_bytes
from gym_mario_suite.engine.game import Game
from gym_mario_suite.envs.saved_state import NO_SEED, read_state, seed_of, state_of_world
from gym_mario_suite.levels import Level, generate


def named(seed: Any) -> Level:
    """A level that tells this as its seed."""
    level = generate(7, 3)
    return Level(level.tiles, level.spawns, level.x_exit, metadata={"seed": seed})


def test_seeds_of_levels():
    for seed in (0, 7, -(1 << 63), (1 << 63) - 1, np.int64(5)):
        assert seed_of(named(seed)) == seed
    level = generate(7, 3)
    assert seed_of(Level(level.tiles, level.spawns, level.x_exit)) == NO_SEED


@pytest.mark.parametrize("seed", [None, "abc", [1, 2], 1 << 70, 1.5])
def test_a_level_that_names_no_whole_number_as_its_seed_is_played(seed):
    level = named(seed)
    env: Any = gym.make("MarioInfinite-v0").unwrapped
    assert env.reset(seed=0, options={"level": level})[1]["level_seed"] == NO_SEED
    assert env.level is level
    game = Game(level.image)
    state = state_of_world(level, world_to_bytes(game.worlds[0]))
    assert read_state(state)[0]["level_seed"][0] == NO_SEED
