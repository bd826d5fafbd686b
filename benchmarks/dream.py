"""Frames a second of the dream, beside the earlier system's network on the same runtime.

Both are dreamt by ONNX Runtime on as many threads, one environment at a time, in turns, so that
what else the machine does falls on both: `xs`, 160x120 px in one sampling step, and the earlier
system's denoiser of 4.4 million parameters, 64x60 px in its three steps. Weights are random: they
do not change the speed.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.measure import Metric
from gym_mario_suite.dream.dreamer import Dreamer
from gym_mario_suite.dream.presets import PRESETS
from gym_mario_suite.dream.runtime import OnnxModel

_FRESH = """
import resource, sys, time
from pathlib import Path
start = time.perf_counter()
import gymnasium as gym, gym_mario_suite
env = gym.make("MarioDream-v0", model=sys.argv[1])
env.reset(seed=0)
env.step(9)
seconds = time.perf_counter() - start
status = Path("/proc/self/status")
if status.exists():
    # getrusage would tell of the parent's size, too, if that was larger.
    (line,) = (t for t in status.read_text().splitlines() if t.startswith("VmHWM"))
    memory = int(line.split()[1]) << 10
else:
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(seconds, memory)
"""


def _exported(name: str, folder: Path) -> Path:
    """A model of random weights."""
    import torch

    from gym_mario_suite.dream.export import export_onnx
    from gym_mario_suite.dream.network import Denoiser

    torch.manual_seed(0)
    path = folder / f"{name}.onnx"
    export_onnx(path, Denoiser(PRESETS[name]), PRESETS[name], {})
    return path


def _frame_seconds(dreamer: Dreamer, frames: int, clock: object = time.thread_time) -> float:
    keys = np.array([18], np.uint8)
    start = clock()  # type: ignore[operator]
    for _ in range(frames):
        dreamer.step(keys)
    return (clock() - start) / frames  # type: ignore[operator]


def run(quick: bool) -> list[Metric]:
    """All figures of this benchmark."""
    rounds, frames = (5, 4) if quick else (15, 10)
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: _exported(name, Path(folder)) for name in ("xs", "s", "diamond")}
        dreamers = {}
        for name, path in paths.items():
            dreamers[name] = Dreamer(OnnxModel(path), 1)
            _frame_seconds(dreamers[name], 2)
        taken: dict[str, list[float]] = {name: [] for name in dreamers}
        for _ in range(rounds):
            for name, dreamer in dreamers.items():
                taken[name].append(_frame_seconds(dreamer, frames))
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        fresh = subprocess.run(
            [sys.executable, "-c", _FRESH, str(paths["xs"])],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        )
    first_s, memory = map(float, fresh.stdout.split())
    memory_mb = memory / (1 << 20)
    rates = {name: sorted(1 / s for s in seconds) for name, seconds in taken.items()}
    middle = {name: statistics.median(values) for name, values in rates.items()}
    peer = "the earlier system's network"
    metrics = [
        Metric(
            name=f"{name}_frames_per_second",
            value=middle[name],
            low=rates[name][0],
            high=rates[name][-1],
            unit="frames/s",
            target=50 if name == "xs" else None,
            peer=peer,
            peer_value=middle["diamond"],
        )
        for name in ("xs", "s")
    ]
    # In pairs, so that a moment in which the machine was busy counts for both.
    ratios = sorted(d / x for d, x in zip(taken["diamond"], taken["xs"], strict=True))
    return [
        *metrics,
        Metric(
            name="xs_over_diamond_preset",
            value=statistics.median(ratios),
            low=ratios[0],
            high=ratios[-1],
            unit="times",
            target=10,
        ),
        Metric(name="memory_mb", value=memory_mb, unit="MB", better="lower", target=500),
        Metric(name="first_frame_seconds", value=first_s, unit="s", better="lower", target=3),
    ]
