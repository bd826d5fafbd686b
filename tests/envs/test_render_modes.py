"""What there is to see before the first reset: nothing."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import pytest
from gymnasium.error import ResetNeeded

import gym_mario_suite  # noqa: F401  (registers the environments)
from gym_mario_suite.envs.infinite import MarioInfiniteEnv
from gym_mario_suite.envs.infinite_vector import MarioInfiniteVectorEnv
from gym_mario_suite.levels import generate
from gym_mario_suite.multiplayer.vector import MarioPartyVectorEnv


@pytest.mark.parametrize("vector", [False, True])
@pytest.mark.parametrize(
    ("env_id", "mode"),
    [
        ("MarioInfinite-v0", "ansi"),
        ("MarioInfinite-v0", "rgb_array"),
        ("MarioMaker-v0", "ansi"),
        ("MarioMaker-v0", "rgb_array"),
        ("MarioDream-v0", "rgb_array"),
    ],
)
def test_pictures_need_a_reset(env_id: str, mode: str, vector: bool) -> None:
    if env_id == "MarioDream-v0":
        pytest.importorskip("onnxruntime")
    env: Any
    if vector:
        env = gym.make_vec(env_id, num_envs=2, render_mode=mode)
    else:
        env = gym.make(env_id, render_mode=mode).unwrapped
    with pytest.raises(ResetNeeded):
        env.render()
    env.reset(seed=0)
    assert env.render() is not None


def test_pictures_of_several_players_need_a_reset() -> None:
    envs = MarioPartyVectorEnv(2, players=2, render_mode="rgb_array")
    with pytest.raises(ResetNeeded):
        envs.render()


def test_levels_need_a_reset_where_none_is_fixed() -> None:
    with pytest.raises(ResetNeeded):
        _ = MarioInfiniteEnv().level
    with pytest.raises(ResetNeeded):
        MarioInfiniteVectorEnv(2).level(1)
    level = generate(7, 3)
    assert MarioInfiniteEnv(level=level).level is level
    assert MarioInfiniteVectorEnv(2, level=level).level(1) is level
