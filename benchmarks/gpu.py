"""Speed of the games on a GPU: 65,536 of them on levels of a pool, under random actions.

Wall time between two points at which the device is waited for; in between nothing crosses the bus.
Games are played long enough before that they are spread over their levels, and they end and begin
anew within what is measured.

Beside each figure stands what bounds it: the device's measured bandwidth over the bytes that a tick
must at least move (the 32-byte sectors of a world that it changes, read and written), and the speed
of warps whose 32 games are alike, so that none waits for another (no divergence).
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np

import gym_mario_suite  # noqa: F401  (registers the environments)
from benchmarks.measure import Metric
from gym_mario_suite.engine.cuda_device import device_facts, require_device
from gym_mario_suite.engine.world import WORLD
from gym_mario_suite.envs.observations import OBSERVATION_MODES

GAMES = 65_536
DIFFICULTY = 3
_LEVELS = 4096
_WARP = 32
_SECTOR_BYTES = 32
_ACTIONS = 64  # arrays of random actions, taken in turn
_SPREAD_STEPS = 500
_COPY_BYTES = 2 << 30

TARGETS = {"none": 100e6, "grid": 50e6, "features": None, "gray84": 5e6}


def facts() -> dict[str, Any]:
    """What the figures were measured on, besides the machine."""
    found = device_facts()
    return {
        "device": found.name,
        "driver": found.driver,
        "compute_capability": found.compute_capability,
        "multiprocessors": found.multiprocessors,
        "device_gb": round(found.total_bytes / 1e9, 1),
        "games": GAMES,
    }


def make_games(obs: str, games: int, alike: bool = False, levels: int = _LEVELS) -> Any:
    """The environment that is measured, reset.

    Args:
        obs: An observation, or "none": then nothing is looked at.
        games: How many.
        alike: Whether the games of a warp are copies of one another.
        levels: Levels of the pool.
    """
    from gym_mario_suite.envs.infinite_cuda import MarioInfiniteCudaVectorEnv

    class Unseen(MarioInfiniteCudaVectorEnv):
        def _observe(self, mask: Any) -> None:
            pass

    kind = Unseen if obs == "none" else MarioInfiniteCudaVectorEnv
    shown = "features" if obs == "none" else obs
    envs = kind(games, obs=shown, difficulty=DIFFICULTY, level_pool=levels)
    envs.reset(seed=[game // _WARP if alike else game for game in range(games)])
    return envs


def _random_actions(games: int, alike: bool) -> list[Any]:
    from gym_mario_suite.engine.cuda import to_device

    random = np.random.default_rng(0)
    groups = -(-games // _WARP) if alike else games
    rows = random.integers(0, 12, (_ACTIONS, groups))
    return [to_device(np.repeat(row, _WARP if alike else 1)[:games]) for row in rows]


def _seconds(work: Callable[[], None], repetitions: int) -> list[float]:
    from gym_mario_suite.engine.cuda import synchronize

    passed = []
    for _ in range(repetitions):
        synchronize()
        start = time.perf_counter()
        work()
        synchronize()
        passed.append(time.perf_counter() - start)
    return passed


def step_rates(
    obs: str,
    games: int,
    steps: int,
    repetitions: int,
    *,
    alike: bool = False,
    spread: int = _SPREAD_STEPS,
    levels: int = _LEVELS,
) -> list[float]:
    """Steps per second, all games together, of each repetition."""
    envs = make_games(obs, games, alike, levels)
    actions = _random_actions(games, alike)

    def play(count: int) -> None:
        for step in range(count):
            envs.step(actions[step % len(actions)])

    play(spread)
    seconds = _seconds(lambda: play(steps), repetitions)
    envs.check()
    envs.close()
    return [games * steps / passed for passed in seconds]


def bandwidths(size: int, repetitions: int) -> list[float]:
    """Bytes read and written in a second by copies of `size` bytes on the device."""
    from gym_mario_suite.engine.cuda import copy, device_zeros

    source, target = (device_zeros(size, np.uint8) for _ in range(2))
    copy(source, target)
    return [2 * size / passed for passed in _seconds(lambda: copy(source, target), repetitions)]


def changed_bytes_a_tick(games: int = 64, steps: int = 200) -> float:
    """Bytes of the sectors of a world that a tick changes, on average; played on the CPU."""
    envs: Any = gym.make_vec("MarioInfinite-v0", num_envs=games, difficulty=DIFFICULTY)
    envs.reset(seed=0)
    random = np.random.default_rng(0)
    shape = games, WORLD.itemsize // _SECTOR_BYTES, _SECTOR_BYTES
    changed = 0
    for _ in range(steps):
        before = envs.batch.worlds.view(np.uint8).reshape(shape).copy()
        envs.step(random.integers(0, 12, games))
        after = envs.batch.worlds.view(np.uint8).reshape(shape)
        changed += int((before != after).any(axis=2).sum())
    return changed * _SECTOR_BYTES / (games * steps)


def _metric(name: str, values: list[float], unit: str, **more: Any) -> Metric:
    median = statistics.median(values)
    return Metric(name=name, value=median, low=min(values), high=max(values), unit=unit, **more)


def run(quick: bool, games: int = GAMES) -> list[Metric]:
    """All figures of this benchmark.

    Raises:
        DeviceError: Without a device.
    """
    require_device()
    repetitions, steps = (5, 100) if quick else (15, 500)
    return measure(games, steps, repetitions)


def measure(
    games: int,
    steps: int,
    repetitions: int,
    *,
    spread: int = _SPREAD_STEPS,
    levels: int = _LEVELS,
    copied: int = _COPY_BYTES,
) -> list[Metric]:
    """The figures, of as many games and steps as asked for."""
    options: dict[str, Any] = {"spread": spread, "levels": levels}
    bandwidth = bandwidths(copied, repetitions)
    moved = 2 * changed_bytes_a_tick()
    metrics = [
        _metric("gpu_copy_bytes_per_second", bandwidth, "bytes/s"),
        _metric("gpu_bytes_a_tick_at_least", [moved], "bytes", better="lower"),
    ]
    rates = {obs: step_rates(obs, games, steps, repetitions, **options) for obs in TARGETS}
    for obs, target in TARGETS.items():
        name = "gpu_ticks_per_second" if obs == "none" else f"gpu_{obs}_steps_per_second"
        seen = 0 if obs == "none" else OBSERVATION_MODES[obs].buffer(1).nbytes
        bound = statistics.median(bandwidth) / (moved + seen)
        peer = {"peer": "bandwidth's bound", "peer_value": bound}
        metrics.append(_metric(name, rates[obs], "ticks/s", target=target, **peer))
    alike = step_rates("none", games, steps, repetitions, alike=True, **options)
    peer = {"peer": "games that differ", "peer_value": statistics.median(rates["none"])}
    metrics.append(_metric("gpu_ticks_per_second_no_divergence", alike, "ticks/s", **peer))
    return metrics
