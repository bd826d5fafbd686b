"""The kernels for GPUs without a GPU: their size, and the registers and stack that a thread takes.

Compiled for an H100 (sm_90). Registers are known where NVIDIA's assembler is: `ptxas` on the path,
or of the package nvidia-cuda-nvcc.
"""

from __future__ import annotations

import contextlib
import importlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import Metric
from gym_mario_suite.engine.cuda_device import require_toolkit
from gym_mario_suite.engine.world import empty_worlds
from gym_mario_suite.envs.episode import CONFIG, EPISODE, REWARD_TERMS, TELEMETRY
from gym_mario_suite.envs.observations import OBSERVATION_MODES

_VIEWS = ("grid", "channels", "features", "terrain")
_PICTURES = {"gray84": "grey_half", "rgb_half": "rgb_half"}


def kernels(quick: bool) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Kernels and what they are launched with; arrays of numpy stand for those of the device."""
    from gym_mario_suite.engine import draw, draw_rows
    from gym_mario_suite.engine.cuda import RowKernel
    from gym_mario_suite.engine.cuda_worlds import TICK, DeviceView
    from gym_mario_suite.envs import device_rows

    images, rows, mask = np.zeros((1, 16), np.int32), np.zeros(1, np.int64), np.ones(1, bool)
    worlds, codes = empty_worlds(1), np.zeros(1, np.uint8)
    for name in _VIEWS:
        options = (1, 0) if name == "grid" else ()
        out = OBSERVATION_MODES[name].buffer(1)
        yield DeviceView(name).kernel, (images, rows, worlds, mask, *options, out)
    if quick:
        return
    games = np.zeros(1, CONFIG), images, rows, worlds, np.zeros(1, EPISODE)
    terms = np.zeros((1, len(REWARD_TERMS)))
    counts = np.zeros((1, len(TELEMETRY)), np.int64)
    yield TICK, (images, rows, worlds, codes)
    step = (*games, codes, mask, terms, np.zeros(1), codes, counts)
    yield RowKernel(device_rows.step_active_rows), step
    yield RowKernel(device_rows.reset_pooled_rows), (*games, mask, terms, counts)
    for name, which in _PICTURES.items():
        view = getattr(draw.load_views(), which)
        scratch = np.zeros((1, draw.scratch_bytes(view)), np.uint8)
        draws = draw_rows.draw_gray84_rows if name == "gray84" else draw_rows.draw_rgb_rows
        out = OBSERVATION_MODES[name].buffer(1)
        yield RowKernel(draws), (view, scratch, images, rows, worlds, rows, mask, True, out)


def find_ptxas() -> str | None:
    """Where the assembler is, if there is one.

    The package's goes before that on the path, which may be too old for the compiler's PTX.
    """
    folders: Iterable[str] = ()
    with contextlib.suppress(ImportError):
        folders = importlib.import_module("nvidia").__path__
    found = (path for folder in folders for path in Path(folder).glob("*/bin/ptxas"))
    return next(map(str, found), None) or shutil.which("ptxas")


def assemble(ptxas: str, ptx: str) -> dict[str, int]:
    """Registers, stack and spilled bytes of a thread, and the bytes of machine code."""
    with tempfile.TemporaryDirectory() as folder:
        source, code = Path(folder) / "kernel.ptx", Path(folder) / "kernel.cubin"
        source.write_text(ptx, encoding="utf-8")
        words = [ptxas, "-v", "-arch=sm_90", str(source), "-o", str(code)]
        text = subprocess.run(words, capture_output=True, text=True, check=True).stderr

        def largest(pattern: str) -> int:
            return max([int(number) for number in re.findall(pattern, text)], default=0)

        return {
            "registers": largest(r"Used (\d+) registers"),
            "stack_bytes": largest(r"(\d+) bytes (?:cumulative stack|stack frame)"),
            "spilled_bytes": largest(r"(\d+) bytes spill"),
            "code_bytes": code.stat().st_size,
        }


def run(quick: bool) -> list[Metric]:
    """All figures of this benchmark.

    Raises:
        DeviceError: Without numba-cuda, or with code whose floats are not strict.
    """
    require_toolkit()
    ptxas = find_ptxas()
    metrics = []
    for kernel, arguments in kernels(quick):
        ptx = kernel.ptx(*arguments)
        figures = {"ptx_bytes": len(ptx), **(assemble(ptxas, ptx) if ptxas else {})}
        metrics += [
            Metric(
                name=f"{kernel.name}_{name}",
                value=value,
                low=value,
                high=value,
                unit=name.split("_")[-1],
                better="lower",
            )
            for name, value in figures.items()
        ]
    return metrics
