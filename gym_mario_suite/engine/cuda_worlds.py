"""Worlds that live on a GPU: start, tick, look at and draw them there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.cuda import (
    RowKernel,
    copy,
    device_empty,
    to_device,
    to_host,
    tuple_to_device,
)
from gym_mario_suite.engine.rows import (
    start_rows,
    tick_rows,
    write_channels_rows,
    write_features_rows,
    write_framework_rows,
    write_grid_rows,
    write_terrain_rows,
)
from gym_mario_suite.engine.world import Worlds, empty_worlds
from gym_mario_suite.errors import OptionError

# As many worlds are drawn at a time; each needs some 70 KB (grey) to 384 KB of scratch memory.
DRAWN_AT_ONCE = 1 << 14

START = RowKernel(start_rows)
TICK = RowKernel(tick_rows)

_WRITERS: dict[str, RowKernel] = {
    name: RowKernel(function)
    for name, function in (
        ("grid", write_grid_rows),
        ("channels", write_channels_rows),
        ("features", write_features_rows),
        ("terrain", write_terrain_rows),
        ("framework", write_framework_rows),
    )
}
_WITH_DETAIL = frozenset({"grid", "framework"})
_VIEWS = {"rgb": "rgb", "rgb_half": "rgb_half", "gray84": "grey_half"}
VIEW_NAMES = (*_WRITERS, *_VIEWS)


class DeviceView:
    """One way to look at worlds on the device.

    Args:
        name: One of `VIEW_NAMES`: the environments' observations.
        z_level: Level of detail of the grid's tiles.
        z_enemies: Level of detail of the grid's sprites.
        hud: Whether pictures show the line of figures.
        drawn_at_once: Worlds that are drawn at the same time.

    Raises:
        OptionError: For another name.
    """

    def __init__(
        self,
        name: str,
        *,
        z_level: int = 1,
        z_enemies: int = 0,
        hud: bool = True,
        drawn_at_once: int = DRAWN_AT_ONCE,
    ) -> None:
        if name not in VIEW_NAMES:
            raise OptionError(f"unknown view {name!r}; there are {', '.join(VIEW_NAMES)}")
        self._at_once = 0
        self._options: tuple[Any, ...] = (z_level, z_enemies) if name in _WITH_DETAIL else ()
        if name in _VIEWS:
            self._prepare_drawing(name, hud, drawn_at_once)
        else:
            self._kernel = _WRITERS[name]

    def _prepare_drawing(self, name: str, hud: bool, drawn_at_once: int) -> None:
        # Drawing is imported by those who want pictures.
        from gym_mario_suite.engine import draw, draw_rows

        view = getattr(draw.load_views(), _VIEWS[name])
        self._kernel = _drawing_kernel(
            draw_rows.draw_gray84_rows if name == "gray84" else draw_rows.draw_rgb_rows
        )
        self._at_once = drawn_at_once
        self._view = tuple_to_device(view)
        self._scratch_bytes = draw.scratch_bytes(view)
        self._scratch: Any = None
        self._hud = bool(hud)

    def scratch_bytes(self, count: int) -> int:
        """Memory that looking at `count` worlds needs, besides what it fills."""
        return min(count, self._at_once) * self._scratch_bytes if self._at_once else 0

    def arguments(
        self, images: Any, rows: Any, worlds: Any, themes: Any, mask: Any, out: Any
    ) -> tuple[Any, ...]:
        """What the kernel is launched with, after the first and the last row."""
        if not self._at_once:
            return (images, rows, worlds, mask, *self._options, out)
        if self._scratch is None:
            count = min(self._at_once, out.shape[0])
            self._scratch = device_empty((count, self._scratch_bytes), np.uint8)
        return (*(self._view, self._scratch, images, rows, worlds, themes, mask, self._hud, out),)

    def write(self, images: Any, rows: Any, worlds: Any, themes: Any, mask: Any, out: Any) -> None:
        """Fill `out`, a row for each world of `mask`; all arguments are device arrays."""
        arguments = self.arguments(images, rows, worlds, themes, mask, out)
        count = out.shape[0]
        step = self._at_once or count
        for first in range(0, count, step):
            self._kernel.launch(first, min(first + step, count), *arguments)

    @property
    def kernel(self) -> RowKernel:
        """The kernel that looks."""
        return self._kernel


_drawing_kernels: dict[Any, RowKernel] = {}


def _drawing_kernel(rows_function: Callable[..., None]) -> RowKernel:
    """One kernel for all views that are drawn by the same function."""
    if rows_function not in _drawing_kernels:
        _drawing_kernels[rows_function] = RowKernel(rows_function)
    return _drawing_kernels[rows_function]


class DeviceWorlds:
    """Many worlds on the device, and the levels they share.

    A world takes 11,520 bytes there, as everywhere; a level's image some 22 KB, however many
    worlds play it.

    Args:
        images: int32[levels, capacity], level images.
        rows: int64[n], each world's row of `images`.
        themes: int64[n], what each is drawn in; all 0 by default.

    Raises:
        OptionError: If a row points at no level.
    """

    def __init__(
        self,
        images: NDArray[np.int32],
        rows: NDArray[np.int64],
        themes: NDArray[np.int64] | None = None,
    ) -> None:
        rows = np.asarray(rows, np.int64)
        if not len(rows) or rows.min() < 0 or rows.max() >= len(images):
            raise OptionError(f"rows must lie in 0 .. {len(images) - 1}, one for each world")
        self.count = len(rows)
        self.images = to_device(np.asarray(images, np.int32))
        self.rows = to_device(rows)
        self.themes = to_device(np.zeros(self.count, np.int64) if themes is None else themes)
        self.worlds = to_device(empty_worlds(self.count))
        self._mask = to_device(np.ones(self.count, bool))

    def start(self, modes: Any, time_limits: Any, switches: Any) -> None:
        """Back to the start of the levels; see `tick.start_world`. One value for all, or each."""
        columns = [
            to_device(np.broadcast_to(np.asarray(column, np.int64), (self.count,)))
            for column in (modes, time_limits, switches)
        ]
        START.launch(0, self.count, self.images, self.rows, self.worlds, *columns)

    def tick(self, keys: Any) -> None:
        """Advance each world by a tick; `keys` is uint8[n] on the device, button bits."""
        TICK.launch(0, self.count, self.images, self.rows, self.worlds, keys)

    def look(self, view: DeviceView, out: Any) -> None:
        """Fill `out` (on the device, a row for each world) with what the view shows."""
        view.write(self.images, self.rows, self.worlds, self.themes, self._mask, out)

    def to_host(self) -> Worlds:
        """The worlds as the CPU has them: WORLD[n], byte for byte."""
        return to_host(self.worlds)

    def load(self, worlds: Worlds) -> None:
        """Take up worlds of the CPU: WORLD[n], of the same levels."""
        if worlds.shape != (self.count,):
            raise OptionError(f"{self.count} worlds were expected, got {worlds.shape}")
        copy(worlds, self.worlds)
