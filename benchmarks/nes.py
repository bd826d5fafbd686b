"""Speed of the NES environments beside the emulator that is under them.

One process, processor time. The raw core is FCEUmm as stable-retro gives it: buttons set, a frame
run, nothing read. Frames are the NES's own, counted alike on both sides; the program is Super Mario
Bros. where a ROM is found, else that of the tests, whose frames are cheaper, so that what the
environment adds weighs more. Rows that need a peer which is not there are left out, and said so.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

import gym_mario_suite  # noqa: F401  (registers the environments)
from benchmarks.measure import Metric
from gym_mario_suite.nes.backend import BACKENDS, Backend, open_backend
from gym_mario_suite.nes.rom import Rom, RomError, parse_rom
from gym_mario_suite.nes.rom_store import find_rom

SKIP = 4
ENVS = 8


def _rom() -> Rom:
    try:
        rom = find_rom()
    except RomError as error:
        from tests.nes.own_rom import own_rom

        print(f"no ROM, so the program of the tests is run: {error}", file=sys.stderr)
        rom = parse_rom(own_rom())
    return rom


def _raw_frames(console: Backend, buttons: np.ndarray) -> Callable[[], int]:
    """The core alone: the emulator's own calls, where FCEUmm's can be had."""
    if console.name != "fceumm":
        emulator: Any = vars(console)["_emulator"]

        def run_nespy() -> int:
            for held in buttons.tolist():
                emulator.frame_advance(held)
            return len(buttons)

        return run_nespy
    from gym_mario_suite.nes import fceumm

    def run() -> int:
        console.run(0)
        emulator = fceumm._core.emulator
        for held in buttons.tolist():
            emulator.set_button_mask(fceumm._MASKS[held], 0)
            emulator.step()
        return len(buttons)

    return run


def _steps(env: gym.Env, actions: np.ndarray, skip: int) -> Callable[[], int]:
    """Frames of one environment, with the stack of four pictures that learners keep."""
    stack = np.zeros((4, 84, 84), np.uint8)

    def run() -> int:
        env.reset(seed=0)
        frames = 0
        for k, action in enumerate(actions.tolist()):
            observation, _, terminated, truncated, _ = env.step(action)
            stack[k % 4] = observation
            frames += skip
            if terminated or truncated:
                env.reset()
        return frames

    return run


def _vector_steps(envs: gym.vector.VectorEnv, actions: np.ndarray) -> Callable[[], int]:
    stack = np.zeros((ENVS, 4, 84, 84), np.uint8)

    def run() -> int:
        envs.reset(seed=0)
        for k, row in enumerate(actions):
            stack[:, k % 4] = envs.step(row)[0]
        return actions.size * SKIP

    return run


def _swaps(consoles: list[Backend], times: int) -> Callable[[], int]:
    """Frames in turns, each in another console than the one before."""

    def run() -> int:
        for k in range(times):
            consoles[k % len(consoles)].run(0)
        return times

    return run


def _together(works: dict[str, Callable[[], int]], repetitions: int) -> dict[str, list[float]]:
    """Rates of each, measured in turns, so that a busy machine is busy for all of them."""
    rates: dict[str, list[float]] = {name: [] for name in works}
    for work in works.values():
        work()
    for _ in range(repetitions):
        for name, work in works.items():
            start = time.thread_time()
            done = work()
            rates[name].append(done / (time.thread_time() - start))
    return rates


def _metric(name: str, rates: list[float], unit: str, **more: Any) -> Metric:
    return Metric(
        name=name,
        value=statistics.median(rates),
        low=min(rates),
        high=max(rates),
        unit=unit,
        **more,
    )


def _of_backend(backend: str, rom: Rom, file: Path, quick: bool) -> list[Metric]:
    row = BACKENDS[backend]
    short = "nespy" if backend == "nes-py" else backend
    frames = (2000 if quick else 6000) // (4 if backend == "nes-py" else 1)
    repetitions = 5 if quick else 15
    options: dict[str, Any] = {
        "rom": str(file),
        "backend": backend,
        "obs": "gray84",
        "actions": "right_only",
    }
    rng = np.random.default_rng(0)
    actions = rng.integers(0, 5, frames)
    env_skip = gym.make("MarioNES-1-1-v0", frame_skip=SKIP, **options)
    env_every = gym.make("MarioNES-1-1-v0", **options)
    envs = gym.make_vec("MarioNES-1-1-v0", num_envs=ENVS, frame_skip=SKIP, num_workers=1, **options)
    consoles = [open_backend(rom, backend) for _ in range(2)]
    pads = np.array([0, 128, 129, 130, 131])[actions]
    works = {
        "raw": _raw_frames(consoles[0], pads),
        "skip4": _steps(env_skip, actions[: frames // SKIP], SKIP),
        "skip1": _steps(env_every, actions, 1),
        "eight": _vector_steps(envs, actions[: frames // (SKIP * ENVS) * ENVS].reshape(-1, ENVS)),
        "swap": _swaps(consoles, frames),
    }
    rates = _together(works, repetitions)
    raw = statistics.median(rates["raw"])
    name = f"{backend} {version({'fceumm': 'stable-retro'}.get(backend, backend))}"

    def ratio(work: str) -> list[float]:
        return [a / b for a, b in zip(rates[work], rates["raw"], strict=True)]

    metrics = [
        _metric(f"{short}_raw_frames_per_second", rates["raw"], "frames/s"),
        _metric(
            f"{short}_frames_per_second", rates["skip4"], "frames/s", peer=name, peer_value=raw
        ),
        _metric(
            f"{short}_skip1_frames_per_second",
            rates["skip1"],
            "frames/s",
            peer=name,
            peer_value=raw,
        ),
        _metric(f"{short}_frames_over_raw_core", ratio("skip4"), "ratio", target=0.9),
        _metric(f"{short}_eight_envs_over_raw_core", ratio("eight"), "ratio", target=0.85),
        _metric(
            f"{short}_microseconds_per_swap",
            [1e6 / a - 1e6 / b for a, b in zip(rates["swap"], rates["raw"], strict=True)],
            "us",
            better="lower",
        ),
    ]
    envs.close()
    for closed in (env_skip, env_every, *consoles):
        closed.close()
    if not row.threads:
        print(f"{backend}: one process; more are for more cores", file=sys.stderr)
    return metrics


def run(quick: bool) -> list[Metric]:
    """All figures of this benchmark."""
    rom = _rom()
    metrics = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "game.nes"
        file.write_bytes(rom.to_ines())
        for backend, row in BACKENDS.items():
            if row.installed:
                metrics += _of_backend(backend, rom, file, quick)
            else:
                print(f"{backend}: not installed: {row.install}", file=sys.stderr)
    try:
        version("gym-super-mario-bros")
    except PackageNotFoundError:
        print(
            "gym-super-mario-bros: not installed, so there is no row "
            "*_frames_over_gym_super_mario_bros",
            file=sys.stderr,
        )
    return metrics
