"""Speed of the engine and its environments.

The engine's figures are of one core, in CPU time, over levels of difficulty 0, 3, 5 and 10 played
by the ForwardJumping rule from their start to their end, as the originals' were measured. The
Java original and the 2019 framework cannot run here; their figures are medians of five runs of
one thread on a server of the same kind, in CPU time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import gymnasium as gym
import numpy as np

import gym_mario_suite  # noqa: F401  (registers the environments)
from benchmarks.measure import Metric, rate
from gym_mario_suite.engine.clone import copy_world, words
from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.engine.observe import write_merged_grid
from gym_mario_suite.engine.tick import start_world, tick
from gym_mario_suite.engine.world import empty_worlds
from gym_mario_suite.levels import generate

DIFFICULTIES = (0, 3, 5, 10)
JAVA = "Java original of 2009"
FRAMEWORK = "Java framework of 2019"


@jit
def _rule(world):
    """ForwardJumping: right, and jump and run unless a landing must be waited for."""
    player = world.players[0]
    return 26 if player.may_jump or not player.body.on_ground else 2


@jit
def _play(image, worlds, episodes):
    world = worlds[0]
    ticks = 0
    for _ in range(episodes):
        start_world(image, world, 2, 200, 0)
        keys = 0
        while world.players[0].status == 2:
            tick(image, world, keys)
            ticks += 1
            keys = _rule(world)
    return ticks


@jit
def _play_observed(image, worlds, episodes, grid):
    world = worlds[0]
    ticks = 0
    for _ in range(episodes):
        start_world(image, world, 2, 200, 0)
        keys = 0
        while world.players[0].status == 2:
            tick(image, world, keys)
            write_merged_grid(image, world, 0, 1, 0, grid)
            ticks += 1
            keys = _rule(world)
    return ticks


@jit
def _clone_and_tick(image, worlds, pool, clones):
    """Play one episode; before each of its ticks clone the world and tick the clone."""
    world = worlds[0]
    start_world(image, world, 2, 200, 0)
    keys = 0
    done = 0
    while world.players[0].status == 2:
        for k in range(clones):
            copy_world(worlds, pool, 0, 1 + k)
            tick(image, worlds[1 + k], keys)
        done += clones
        tick(image, world, keys)
        keys = _rule(world)
    return done


def _over_levels(images: list[np.ndarray], work: Callable[..., int], *arguments: object) -> int:
    return sum(work(image, *arguments) for image in images)


def _engine_metrics(quick: bool) -> list[Metric]:
    repetitions = 5 if quick else 15
    seeds = range(3 if quick else 10)
    worlds = empty_worlds(65)
    pool = words(worlds)
    grid = np.zeros((22, 22), np.int8)
    metrics = []
    for length, name, peer_value in ((320, "320", 229_000), (1361, "1361", 107_700)):
        images = [
            generate(seed, difficulty, 0, length).image
            for difficulty in DIFFICULTIES
            for seed in seeds
        ]
        episodes = 60 if quick else 200
        value = rate(
            partial(_over_levels, images, _play, worlds, episodes),
            repetitions,
        )
        metrics.append(_metric(f"ticks_per_second_{name}", value, "ticks/s", JAVA, peer_value, 2e6))
        if length == 320:
            value = rate(
                partial(_over_levels, images, _play_observed, worlds, episodes // 2, grid),
                repetitions,
            )
            metrics.append(
                _metric("ticks_with_merged_grid_per_second", value, "ticks/s", JAVA, 142_000, 1e6)
            )
        value = rate(
            partial(_over_levels, images, _clone_and_tick, worlds, pool, 64),
            repetitions,
        )
        suffix = "" if length == 320 else "_1361"
        metrics.append(
            _metric(
                f"clone_and_tick_per_second{suffix}", value, "clones/s", FRAMEWORK, 84_000, 1.5e6
            )
        )
    return metrics


def _metric(
    name: str,
    value: tuple[float, float, float],
    unit: str,
    peer: str | None,
    peer_value: float | None,
    target: float,
) -> Metric:
    median, low, high = value
    return Metric(
        name=name,
        value=median,
        low=low,
        high=high,
        unit=unit,
        peer=peer,
        peer_value=peer_value,
        target=target,
    )


def _vector_steps(envs: gym.vector.VectorEnv, actions: np.ndarray) -> int:
    for row in actions:
        envs.step(row)
    return actions.size


def _single_steps(env: gym.Env, actions: list[int]) -> int:
    for action in actions:
        _, _, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            env.reset()
    return len(actions)


def _environment_metrics(quick: bool) -> list[Metric]:
    """Random actions, default options, new levels generated at each reset."""
    repetitions = 5 if quick else 15
    rng = np.random.default_rng(0)
    metrics = []
    steps = 200 if quick else 1000
    for name, threads in (("", None), ("_one_core", 1)):
        envs = gym.make_vec("MarioInfinite-v0", num_envs=256, num_threads=threads)
        envs.reset(seed=0)
        actions = rng.integers(0, 12, (steps, 256))
        value = rate(partial(_vector_steps, envs, actions), repetitions, time.perf_counter)
        target = 1.5e6 if threads is None else 0.75e6
        metric = f"make_vec_256_grid_steps_per_second{name}"
        metrics.append(_metric(metric, value, "steps/s", None, None, target))
    env = gym.make("MarioInfinite-v0")
    env.reset(seed=0)
    single = rng.integers(0, 12, steps * 20).tolist()
    value = rate(partial(_single_steps, env, single), repetitions)
    metrics.append(_metric("env_step_per_second", value, "steps/s", None, None, 1e5))
    return metrics


def run(quick: bool) -> list[Metric]:
    """All figures of this benchmark."""
    return [*_engine_metrics(quick), *_environment_metrics(quick)]
