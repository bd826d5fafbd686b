"""Drawing worlds by the row; see `rows` for the arguments."""

from __future__ import annotations

from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.engine.draw import draw_gray84, draw_rgb


@jit
def draw_rgb_rows(first, end, view, scratch, images, rows, worlds, themes, mask, hud, out):
    """`draw_rgb` each, at the size of the view.

    `scratch` is uint8[m, scratch_bytes(view)]: as many worlds, one after the other, can be drawn at
    the same time. `themes`: int64[n].
    """
    for i in range(first, end):
        if mask[i]:
            memory = scratch[i % scratch.shape[0]]
            draw_rgb(view, memory, images[rows[i]], worlds[i], themes[i], hud, out[i])


@jit
def draw_gray84_rows(first, end, view, scratch, images, rows, worlds, themes, mask, hud, out):
    """`draw_gray84` each: uint8[n, 84, 84]; the arguments are those of `draw_rgb_rows`."""
    for i in range(first, end):
        if mask[i]:
            memory = scratch[i % scratch.shape[0]]
            draw_gray84(view, memory, images[rows[i]], worlds[i], themes[i], hud, out[i])
