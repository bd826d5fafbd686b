"""Pixel observations: batches of drawn frames."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.atlas import View, load_views
from gym_mario_suite.engine.draw import scratch_bytes
from gym_mario_suite.engine.draw_rows import draw_gray84_rows, draw_rgb_rows
from gym_mario_suite.envs.thread_memory import ThreadMemory


class PixelWriter:
    """Draws the worlds of a batch; every thread that calls it has its own scratch memory.

    Args:
        name: "rgb", "rgb_half" or "gray84".
        hud: Whether to draw the line of figures at the top.
    """

    def __init__(self, name: str, hud: bool) -> None:
        views = load_views()
        self._view: View = {
            "rgb": views.rgb,
            "rgb_half": views.rgb_half,
            "gray84": views.grey_half,
        }[name]
        self._name = name
        self._hud = bool(hud)
        self._memory = ThreadMemory()

    def __reduce__(self) -> tuple[Any, ...]:
        return PixelWriter, (self._name, self._hud)  # without the pictures

    def __call__(
        self,
        images: NDArray[np.int32],
        rows: NDArray[np.int64],
        worlds: NDArray[np.void],
        themes: NDArray[np.int64],
        mask: NDArray[np.bool_],
        first: int,
        end: int,
        out: NDArray[Any],
    ) -> None:
        """Draw the worlds `first` .. `end` - 1 whose `mask` is set into their rows of `out`."""
        scratch = getattr(self._memory, "scratch", None)
        if scratch is None:
            scratch = self._memory.scratch = np.zeros((1, scratch_bytes(self._view)), np.uint8)
        view, hud = self._view, self._hud
        draw = draw_gray84_rows if self._name == "gray84" else draw_rgb_rows
        draw(first, end, view, scratch, images, rows, worlds, themes, mask, hud, out)
