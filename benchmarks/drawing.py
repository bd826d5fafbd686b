"""Speed of drawing, and of learning from pixels, beside the machine's copy bandwidth.

Frames are of one core, in CPU time, over states of real play: the ForwardJumping rule on
overground levels of difficulty 0, 3, 5 and 10. The peer of each view is what it costs to copy its
bytes, which nothing that fills a buffer can beat.
"""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np

import gym_mario_suite  # noqa: F401  (registers the environments)
from benchmarks.measure import Metric, rate
from gym_mario_suite.engine.atlas import View, load_views
from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.engine.draw import (
    GRAY84_SHAPE,
    RGB_HALF_SHAPE,
    RGB_SHAPE,
    draw_gray84,
    draw_rgb,
    scratch_bytes,
)
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import empty_worlds
from gym_mario_suite.levels import generate

DIFFICULTIES = (0, 3, 5, 10)
_STATES_PER_LEVEL = 60
_STRIDE = 3


@jit
def _draw_rgb_of_all(view, scratch, image, worlds, out):
    for i in range(worlds.shape[0]):
        draw_rgb(view, scratch, image, worlds[i], 0, True, out)


@jit
def _draw_gray_of_all(view, scratch, image, worlds, out):
    for i in range(worlds.shape[0]):
        draw_gray84(view, scratch, image, worlds[i], 0, True, out)


@jit
def _copy_many(source, target, times):
    total = 0
    for k in range(times):
        for i in range(source.shape[0]):
            target[i] = source[i]
        # Each round copies something else, so that none can be left out.
        source[k % source.shape[0]] += 1
        total += target[k % source.shape[0]]
    return total


def _states() -> list[tuple[np.ndarray, np.ndarray]]:
    """Level images with worlds met in play."""
    states = []
    for difficulty in DIFFICULTIES:
        for seed in range(3):
            level = generate(seed, difficulty)
            game = Game(level.image)
            worlds = empty_worlds(_STATES_PER_LEVEL)
            kept = 0
            keys = 0
            for tick in range(_STATES_PER_LEVEL * _STRIDE):
                game.tick(keys)
                keys = 26 if game.may_jump or not game.on_ground else 2
                if tick % _STRIDE == 0:
                    worlds[kept] = game.worlds[0]
                    kept += 1
            states.append((level.image, worlds[:kept]))
    return states


def _draw(states: list[Any], draw: Any, view: View, scratch: np.ndarray, out: np.ndarray) -> int:
    for image, worlds in states:
        draw(view, scratch, image, worlds, out)
    return sum(len(worlds) for _, worlds in states)


def _copy(source: np.ndarray, target: np.ndarray, times: int) -> int:
    _copy_many(source, target, times)
    return times


def _stacked_steps(envs: gym.vector.VectorEnv, actions: np.ndarray, stack: np.ndarray) -> int:
    """Steps that keep the last four frames, as learners do."""
    for k, row in enumerate(actions):
        stack[:, k % 4] = envs.step(row)[0]
    return actions.size


def run(quick: bool) -> list[Metric]:
    """All figures of this benchmark."""
    repetitions = 5 if quick else 15
    states = _states()
    views = load_views()
    metrics = []
    for name, draw, view, shape, target in (
        ("gray84", _draw_gray_of_all, views.grey_half, GRAY84_SHAPE, 60e3),
        ("rgb_half", _draw_rgb_of_all, views.rgb_half, RGB_HALF_SHAPE, 25e3),
        ("rgb", _draw_rgb_of_all, views.rgb, RGB_SHAPE, 6e3),
    ):
        out = np.zeros(shape, np.uint8)
        scratch = np.zeros(scratch_bytes(view), np.uint8)
        median, low, high = rate(partial(_draw, states, draw, view, scratch, out), repetitions)
        flat = out.ravel()
        copies, *_ = rate(partial(_copy, flat, flat.copy(), 20_000), repetitions)
        metrics.append(
            Metric(
                name=f"{name}_frames_per_second",
                value=median,
                low=low,
                high=high,
                unit="frames/s",
                target=target,
                peer="copying its bytes",
                peer_value=copies,
            )
        )
    envs = gym.make_vec("MarioInfinite-v0", num_envs=64, obs="gray84")
    envs.reset(seed=0)
    actions = np.random.default_rng(0).integers(0, 12, (200 if quick else 1000, 64))
    stack = np.zeros((64, 4, 84, 84), np.uint8)
    work = partial(_stacked_steps, envs, actions, stack)
    median, low, high = rate(work, repetitions, time.perf_counter)
    metrics.append(
        Metric(
            name="make_vec_64_gray84_stack4_steps_per_second",
            value=median,
            low=low,
            high=high,
            unit="steps/s",
            target=40e3,
        )
    )
    return metrics
