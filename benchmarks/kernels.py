"""The kernels for GPUs without a GPU: their size, and the registers and stack that a thread takes.

Compiled and assembled for an H100 (sm_90), by the same libraries and in the same way as on one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.measure import Metric
from gym_mario_suite.engine.cuda_device import require_toolkit
from gym_mario_suite.engine.cuda_link import assemble
from gym_mario_suite.engine.world import empty_worlds
from gym_mario_suite.envs.episode import (
    CONFIG,
    EPISODE,
    REWARD_TERMS,
    TELEMETRY,
    reset_rows,
)
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
    scratch = np.zeros((1, 1), np.uint64), np.zeros((1, 5), np.int64)
    yield RowKernel(reset_rows), (*games, mask, terms, counts, scratch)
    for name, which in _PICTURES.items():
        view = getattr(draw.load_views(), which)
        scratch = np.zeros((1, draw.scratch_bytes(view)), np.uint8)
        draws = draw_rows.draw_gray84_rows if name == "gray84" else draw_rows.draw_rgb_rows
        out = OBSERVATION_MODES[name].buffer(1)
        yield RowKernel(draws), (view, scratch, images, rows, worlds, rows, mask, True, out)


def figures(ptx: str) -> dict[str, int]:
    """Registers, stack and spilled bytes of a thread, and the bytes of PTX and machine code."""
    code, report = assemble(ptx)

    def largest(pattern: str) -> int:
        return max((int(number) for number in re.findall(pattern, report)), default=0)

    return {
        "ptx_bytes": len(ptx),
        "registers": largest(r"Used (\d+) registers"),
        "stack_bytes": largest(r"(\d+) bytes (?:cumulative stack|stack frame)"),
        "spilled_bytes": largest(r"(\d+) bytes spill"),
        "code_bytes": len(code),
    }


def run(quick: bool) -> list[Metric]:
    """All figures of this benchmark.

    Raises:
        DeviceError: Without numba-cuda, or with code whose floats are not strict.
    """
    require_toolkit()
    metrics = []
    for kernel, arguments in kernels(quick):
        metrics += [
            Metric(
                name=f"{kernel.name}_{name}",
                value=value,
                low=value,
                high=value,
                unit=name.split("_")[-1],
                better="lower",
            )
            for name, value in figures(kernel.ptx(*arguments)).items()
        ]
    return metrics
