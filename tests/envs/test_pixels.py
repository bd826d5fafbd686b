"""Pixel observations and pictures of the environments."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import SyncVectorEnv

import gym_mario_suite  # noqa: F401  (registers the environments)
from gym_mario_suite.engine.draw import Renderer
from gym_mario_suite.envs.infinite import MarioInfiniteEnv
from gym_mario_suite.envs.infinite_vector import MarioInfiniteVectorEnv
from gym_mario_suite.levels import generate

HARD = {"difficulty": 10, "time_limit": 6, "mode": "small", "level_type": "castle"}


@pytest.mark.parametrize("obs", ["rgb", "rgb_half", "gray84"])
def test_an_observation_is_the_renderers_picture(obs):
    env = MarioInfiniteEnv(obs=obs, level_seed=2, **HARD)
    observation, _ = env.reset(seed=0)
    for _ in range(40):
        observation, *_ = env.step(4)
    world = env.batch.worlds
    expected = getattr(Renderer(), obs)(env.level.image, world, 0, theme=2)
    assert np.array_equal(observation, expected)
    bare = MarioInfiniteEnv(obs=obs, level_seed=2, hud=False, **HARD)
    without, _ = bare.reset(seed=0)
    for _ in range(40):
        without, *_ = bare.step(4)
    rows = observation.shape[0] // 8
    assert not np.array_equal(without[:rows], observation[:rows])
    assert np.array_equal(without[rows:], observation[rows:])


@pytest.mark.parametrize("obs", ["rgb_half", "gray84"])
@pytest.mark.parametrize("threads", [1, 2])
def test_vector_pixels_equal_single_ones(obs, threads):
    native = MarioInfiniteVectorEnv(40, obs=obs, num_threads=threads, **HARD)
    singles = SyncVectorEnv([lambda: MarioInfiniteEnv(obs=obs, **HARD) for _ in range(40)])
    assert np.array_equal(native.reset(seed=3)[0], singles.reset(seed=3)[0])
    rng = np.random.default_rng(0)
    for _ in range(60):
        actions = rng.integers(0, 12, 40)
        assert np.array_equal(native.step(actions)[0], singles.step(actions)[0])


def test_the_theme_follows_the_level():
    env = MarioInfiniteEnv(render_mode="rgb_array")
    env.reset(seed=0)
    overground = env.render()
    env.reset(options={"level": generate(1, 0, 1)})
    underground = env.render()
    renderer = Renderer()
    assert np.array_equal(underground, renderer.rgb(env.level.image, env.batch.worlds, 0, 1))
    env.reset(seed=0)
    assert np.array_equal(env.render(), overground)
    state = env.get_state()
    castle = MarioInfiniteEnv(level_type="castle", render_mode="rgb_array")
    castle.reset(options={"state": state})
    assert np.array_equal(castle.render(), overground)


def test_rgb_array_rendering():
    env = gym.make("MarioInfinite-v0", render_mode="rgb_array")
    env.reset(seed=0)
    frame = env.render()
    assert isinstance(frame, np.ndarray)
    assert frame.shape == (240, 320, 3)
    assert frame.dtype == np.uint8
    envs = gym.make_vec("MarioInfinite-v0", num_envs=2, render_mode="rgb_array")
    envs.reset(seed=0)
    frames = envs.render()
    assert frames is not None
    assert np.array_equal(frames[0], frame)
