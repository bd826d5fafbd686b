"""Games in numba's simulator of a GPU against games of the CPU; run by `test_cuda_simulator`.

A program of its own, because the simulator is chosen before numba is imported. It prints a line for
each thing that it has compared.
"""

import sys
from typing import Any

import gymnasium as gym
import numpy as np
from numba import cuda

import gym_mario_suite  # noqa: F401  (registers the environments)
from gym_mario_suite.engine.game import start_worlds, tick_worlds
from gym_mario_suite.engine.world import empty_worlds
from gym_mario_suite.levels import generate

GAMES = 5
STEPS = 40
OPTIONS = {"difficulty": 6, "frame_skip": 2, "sticky_prob": 0.2, "max_episode_steps": 15}


def host(value: Any) -> np.ndarray:
    return value.copy_to_host()


def compare(name: str, device: Any, cpu: Any) -> None:
    got, expected = host(device), np.asarray(cpu)
    assert got.dtype == expected.dtype, (name, got.dtype, expected.dtype)
    assert got.tobytes() == expected.tobytes(), (name, got, expected)


def play_worlds() -> None:
    """Ticks of worlds that share levels: `DeviceWorlds` and the engine."""
    from gym_mario_suite.engine.cuda import to_device
    from gym_mario_suite.engine.cuda_worlds import DeviceWorlds
    from gym_mario_suite.envs.device_levels import stacked_images

    levels = [generate(seed, 5) for seed in (1, 2)]
    rows = np.array([0, 1, 1, 0, 1], np.int64)
    worlds = DeviceWorlds(stacked_images(levels), rows)
    worlds.start(2, 50, 0)
    mine = [empty_worlds(1) for _ in rows]
    for row, one in zip(rows, mine, strict=True):
        start_worlds(levels[row].image, one, 2, 50, 0)
    keys = np.random.default_rng(3).integers(0, 32, (60, len(rows))).astype(np.uint8)
    for now in keys:
        worlds.tick(to_device(now))
        for row, one, key in zip(rows, mine, now.tolist(), strict=True):
            tick_worlds(levels[row].image, one, key)
    assert worlds.to_host().tobytes() == b"".join(one.tobytes() for one in mine)
    worlds.load(np.concatenate(mine))
    assert worlds.to_host().tobytes() == np.concatenate(mine).tobytes()
    print("worlds", keys.size)


def play_games(mode: str, obs: str, level_pool: int) -> None:
    """Steps of the vector environments, with all that they return, and their games as bytes."""
    options = {**OPTIONS, "obs": obs, "autoreset_mode": mode}
    device: Any = gym.make_vec(
        "MarioInfinite-v0", num_envs=GAMES, device="cuda", level_pool=level_pool, **options
    )
    seeds: Any = {"level_seed": (0, level_pool)} if level_pool else {}
    cpu: Any = gym.make_vec("MarioInfinite-v0", num_envs=GAMES, **options, **seeds)
    compare("reset", device.reset(seed=7)[0], cpu.reset(seed=7)[0])
    random = np.random.default_rng(5)
    ends = 0
    for step in range(STEPS):
        actions = random.integers(0, 12, GAMES)
        given = cuda.to_device(actions) if step % 2 else actions
        got, expected = device.step(given), cpu.step(actions)
        for name, one, other in zip("orut", got[:4], expected[:4], strict=True):
            compare(f"{mode} {obs} {step} {name}", one, other)
        for key, values in expected[4].items():
            if not key.startswith(("final", "_final")):
                compare(f"{mode} {obs} {step} {key}", got[4][key], values)
        ended = expected[2] | expected[3]
        ends += int(ended.sum())
        if "final_obs" in expected[4]:
            final = host(got[4]["final_obs"])
            for game in np.flatnonzero(expected[4]["_final_obs"]):
                assert final[game].tobytes() == expected[4]["final_obs"][game].tobytes()
        if mode == "DISABLED" and ended.any():
            again = {"reset_mask": ended}
            compare("again", device.reset(options=again)[0], cpu.reset(options=again)[0])
    states = device.get_state()
    assert states == cpu.get_state()
    # From the CPU to the device and back: the games go on alike.
    cpu.set_state(states[::-1])
    device.set_state([bytearray(state) for state in cpu.get_state()])
    for _ in range(3):
        actions = random.integers(0, 12, GAMES)
        if mode == "DISABLED" and (cpu.batch.codes != 0).any():
            break
        compare("after", device.step(actions)[0], cpu.step(actions)[0])
    assert device.get_state() == cpu.get_state()
    assert ends > 3
    print(mode, obs, level_pool, STEPS * GAMES, "steps,", ends, "ends")


if __name__ == "__main__":
    play_worlds()
    for spec in sys.argv[1:]:
        mode, obs, pool = spec.split(",")
        play_games(mode, obs, int(pool))
