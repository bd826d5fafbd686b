"""Speed of the NES environments beside the emulator that is under them.

One process, processor time. The raw core is FCEUmm as stable-retro gives it, or another emulator:
buttons set, a frame run, nothing read and, with our own, nothing drawn. Frames are the NES's own,
counted alike on both sides; the program is Super Mario Bros. where a ROM is found, else that of the
tests, whose frames are cheaper, so that what the environment adds weighs more. The raw core plays
the very frames that the environment with a skip of four plays, its episodes' beginnings included.
Peers run in processes of their own, in the same run (`nes_peers.py`); rows that need a peer which
is not there are left out, and said so.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
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
# Frames over those of gym-super-mario-bros that were aimed at.
_TIMES_THE_PEER = {"builtin": 3.0, "fceumm": 3.0, "nespy": 1.0}


def _rom() -> Rom:
    try:
        rom = find_rom()
    except RomError as error:
        from tests.nes.own_rom import own_rom

        print(f"no ROM, so the program of the tests is run: {error}", file=sys.stderr)
        rom = parse_rom(own_rom())
    return rom


# Buttons, for how many frames, and whether the episode has then ended.
Script = list[tuple[int, int, bool]]


def _script(env: Any, actions: np.ndarray) -> tuple[Script, bytes]:
    """What the console is made to do by these actions, and its state when an episode begins."""
    env.reset(seed=0)
    start = env.unwrapped.episode.backend.save()
    keys = env.unwrapped.options.action_set.keys
    script, before = [], 0
    for action in actions.tolist():
        _, _, terminated, _, info = env.step(action)
        script.append((int(keys[action]), info["ticks"] - before, terminated))
        before = info["ticks"]
        if terminated:
            env.reset()
            before = 0
    return script, start


def _raw_frames(console: Backend, script: Script, start: bytes) -> Callable[[], int]:
    """The core alone: the emulator's own calls."""

    def run_nespy() -> int:
        console.load(start)
        emulator: Any = vars(console)["_emulator"]
        for held, count, ended in script:
            for _ in range(count):
                emulator.frame_advance(held)
            if ended:
                console.load(start)
        return sum(count for _, count, _ in script)

    def run_builtin() -> int:
        console.load(start)
        for held, count, ended in script:
            console.run(held, count)
            if ended:
                console.load(start)
        return sum(count for _, count, _ in script)

    if console.name == "nes-py":
        return run_nespy
    if console.name == "builtin":
        return run_builtin
    from gym_mario_suite.nes import fceumm

    def run() -> int:
        console.load(start)
        console.run(0, 0)
        emulator = fceumm._core.emulator
        for held, count, ended in script:
            emulator.set_button_mask(fceumm._MASKS[held], 0)
            for _ in range(count):
                emulator.step()
            if ended:
                emulator.set_state(start)
        # The backend does not know what was pressed behind its back.
        fceumm._core.buttons = -1
        return sum(count for _, count, _ in script)

    return run


def _steps(env: gym.Env, actions: np.ndarray) -> Callable[[], int]:
    """Frames of one environment, with the stack of four observations that learners keep."""
    space: Any = env.observation_space
    stack = np.zeros((4, *space.shape), space.dtype)

    def run() -> int:
        _, info = env.reset(seed=0)
        frames = 0
        for k, action in enumerate(actions.tolist()):
            observation, _, terminated, truncated, info = env.step(action)
            stack[k % 4] = observation
            if terminated or truncated:
                frames += info["ticks"]
                _, info = env.reset()
        return frames + info["ticks"]

    return run


def _vector_steps(envs: gym.vector.VectorEnv, actions: np.ndarray) -> Callable[[], int]:
    stack = np.zeros((ENVS, 4, 84, 84), np.uint8)

    def run() -> int:
        envs.reset(seed=0)
        frames = before = 0
        for k, row in enumerate(actions):
            observations, _, _, _, infos = envs.step(row)
            stack[:, k % 4] = observations
            frames += int(np.maximum(infos["ticks"] - before, 0).sum())
            before = infos["ticks"]
        return frames

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


def _peer_rates(python: str, peer: str, quick: bool, *arguments: str) -> dict[str, Any] | None:
    """What `nes_peers.py` prints under that Python; None, and why on stderr, where it cannot."""
    frames, repetitions = (2000, 3) if quick else (6000, 7)
    command = [python, str(Path(__file__).with_name("nes_peers.py")), peer, str(frames)]
    try:
        ran = subprocess.run(
            [*command, str(repetitions), *arguments], capture_output=True, text=True, check=True
        )
        return json.loads(ran.stdout.splitlines()[-1])
    except (OSError, subprocess.CalledProcessError, ValueError, IndexError) as error:
        said = getattr(error, "stderr", None) or str(error)
        reason = said.strip().splitlines()[-1] if said.strip() else "it printed nothing"
        print(f"{peer}: no rows, {python} cannot run it: {reason}", file=sys.stderr)
        return None


def _of_peers(
    peer_python: str | None, file: Path, real: bool, quick: bool, ours: dict[str, dict[str, float]]
) -> list[Metric]:
    """Our frames per second beside those of other environments on the same game."""
    rows: list[Metric] = []
    if not real:
        print(
            "peers: no rows, because they play the real game, and there is no ROM", file=sys.stderr
        )
        return rows
    peers = {}
    if peer_python is None:
        print(
            "gym-super-mario-bros: no rows: --peer-python has to name a Python that has it",
            file=sys.stderr,
        )
    else:
        peers["gym-super-mario-bros"] = _peer_rates(peer_python, "gym-super-mario-bros", quick)
    if BACKENDS["fceumm"].installed:
        peers["stable-retro"] = _peer_rates(sys.executable, "stable-retro", quick, str(file))
    for peer, rates in peers.items():
        if rates is None:
            continue
        under = peer.replace("-", "_")
        label = f"{peer} {rates['version']}"
        for short, own in ours.items():
            if peer == "stable-retro" and short == "nespy":
                continue
            target = _TIMES_THE_PEER[short] if peer == "gym-super-mario-bros" else None
            for skip, name in (
                (SKIP, f"{short}_frames_over_{under}"),
                (1, f"{short}_skip1_frames_over_{under}"),
            ):
                theirs = statistics.median(rates[f"skip{skip}"])
                rows.append(
                    Metric(
                        name=name,
                        value=own[f"skip{skip}"] / theirs,
                        low=own[f"skip{skip}"] / max(rates[f"skip{skip}"]),
                        high=own[f"skip{skip}"] / min(rates[f"skip{skip}"]),
                        unit="ratio",
                        target=target,
                    )
                )
                rows.append(
                    Metric(
                        name=f"{name.replace('_over_', '_beside_')}",
                        value=own[f"skip{skip}"],
                        unit="frames/s",
                        peer=label,
                        peer_value=theirs,
                    )
                )
    return rows


def _of_backend(
    backend: str, rom: Rom, file: Path, quick: bool
) -> tuple[list[Metric], dict[str, float]]:
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
    script, start = _script(env_skip, actions[: frames // SKIP])
    works = {
        "raw": _raw_frames(consoles[0], script, start),
        "skip4": _steps(env_skip, actions[: frames // SKIP]),
        "skip1": _steps(env_every, actions),
        "eight": _vector_steps(envs, actions[: frames // (SKIP * ENVS) * ENVS].reshape(-1, ENVS)),
        "swap": _swaps(consoles, frames),
    }
    rates = _together(works, repetitions)
    raw = statistics.median(rates["raw"])
    name = f"{backend} {consoles[0].version}"
    # Our own core is so quick that a picture costs more than the frames it shows.
    targets = (None, None) if backend == "builtin" else (0.9, 0.85)

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
        _metric(f"{short}_frames_over_raw_core", ratio("skip4"), "ratio", target=targets[0]),
        _metric(
            f"{short}_steps_per_second",
            [rate / SKIP for rate in rates["skip4"]],
            "steps/s",
        ),
        _metric(f"{short}_eight_envs_over_raw_core", ratio("eight"), "ratio", target=targets[1]),
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
    return metrics, {skip: statistics.median(rates[skip]) for skip in ("skip1", "skip4")}


def _builtin_over_fceumm(rom: Rom, file: Path, quick: bool) -> list[Metric]:
    """Our own console and FCEUmm in turns: alone, and in environments with pixels or without."""
    frames, repetitions = (2000, 5) if quick else (6000, 15)
    actions = np.random.default_rng(0).integers(0, 5, frames // SKIP)
    works: dict[str, Callable[[], int]] = {}
    opened: list[Any] = []
    for backend in ("builtin", "fceumm"):
        for obs in ("gray84", "terrain"):
            env = gym.make(
                "MarioNES-1-1-v0",
                rom=str(file),
                backend=backend,
                obs=obs,
                actions="right_only",
                frame_skip=SKIP,
            )
            works[f"{backend} {obs}"] = _steps(env, actions)
            opened.append(env)
        console = open_backend(rom, backend)
        works[f"{backend} raw"] = _raw_frames(console, *_script(opened[-1], actions))
        opened.append(console)
    rates = _together(works, repetitions)
    for one in opened:
        one.close()
    rows = []
    for work in ("raw", "gray84", "terrain"):
        own, theirs = rates[f"builtin {work}"], rates[f"fceumm {work}"]
        ratios = [a / b for a, b in zip(own, theirs, strict=True)]
        rows.append(_metric(f"builtin_{work}_over_fceumm", ratios, "ratio"))
        beside = statistics.median(theirs)
        name = f"builtin_{work}_beside_fceumm"
        rows.append(_metric(name, own, "frames/s", peer="fceumm", peer_value=beside))
    return rows


def run(quick: bool, peer_python: str | None = None) -> list[Metric]:
    """All figures of this benchmark.

    Args:
        quick: Fewer and shorter repetitions.
        peer_python: A Python that has gym-super-mario-bros.
    """
    rom = _rom()
    metrics: list[Metric] = []
    ours: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "game.nes"
        file.write_bytes(rom.to_ines())
        for backend, row in BACKENDS.items():
            if row.installed:
                rows, rates = _of_backend(backend, rom, file, quick)
                metrics += rows
                ours["nespy" if backend == "nes-py" else backend] = rates
            else:
                print(f"{backend}: not installed: {row.install}", file=sys.stderr)
        if BACKENDS["fceumm"].installed:
            metrics += _builtin_over_fceumm(rom, file, quick)
        metrics += _of_peers(peer_python, file, rom.title is not None, quick, ours)
    return metrics
