"""Worlds by the row: start, tick and observe the rows `first` .. `end` - 1 of arrays.

Every function takes `first` and `end` before all else. So a batch can hand chunks of rows to
threads, and a GPU kernel one row to each of its threads (`engine.cuda`); both run this code.

The arrays they share:
    images: int32[levels, capacity], level images.
    rows: int64[n], each world's row of `images`.
    worlds: WORLD[n].
    mask: bool[n], the worlds that are meant; the others' rows stay as they are.
    out: What is filled, a row for each world.
"""

from __future__ import annotations

from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.engine.learner_views import write_channels, write_features, write_terrain
from gym_mario_suite.engine.observe import write_merged_grid
from gym_mario_suite.engine.observe_2019 import MARIO, write_complete_2019
from gym_mario_suite.engine.tick import start_world, tick


@jit
def start_rows(first, end, images, rows, worlds, modes, time_limits, switches):
    """`start_world` for each; `modes`, `time_limits`, `switches`: int64[n]."""
    for i in range(first, end):
        start_world(images[rows[i]], worlds[i], modes[i], time_limits[i], switches[i])


@jit
def tick_rows(first, end, images, rows, worlds, keys):
    """`tick` for each; `keys`: uint8[n], button bits."""
    for i in range(first, end):
        tick(images[rows[i]], worlds[i], int(keys[i]))


@jit
def write_grid_rows(first, end, images, rows, worlds, mask, z_level, z_enemies, out):
    """`write_merged_grid` of the first player of each: int8[n, 22, 22]."""
    for i in range(first, end):
        if mask[i]:
            write_merged_grid(images[rows[i]], worlds[i], 0, z_level, z_enemies, out[i])


@jit
def write_channels_rows(first, end, images, rows, worlds, mask, out):
    """`write_channels` of the first player of each: int8[n, 11, 22, 22]."""
    for i in range(first, end):
        if mask[i]:
            write_channels(images[rows[i]], worlds[i], 0, out[i])


@jit
def write_features_rows(first, end, images, rows, worlds, mask, out):
    """`write_features` of the first player of each: float32[n, 118]."""
    for i in range(first, end):
        if mask[i]:
            write_features(images[rows[i]], worlds[i], 0, out[i])


@jit
def write_terrain_rows(first, end, images, rows, worlds, mask, out):
    """`write_terrain` of the first player of each: float32[n, 342]."""
    for i in range(first, end):
        if mask[i]:
            write_terrain(images[rows[i]], worlds[i], 0, out[i])


@jit
def write_framework_rows(first, end, images, rows, worlds, mask, z_level, z_enemies, out):
    """`write_complete_2019` around Mario for each: int8[n, 16, 16]."""
    for i in range(first, end):
        if mask[i]:
            image = images[rows[i]]
            write_complete_2019(image, worlds[i], MARIO, z_level, z_enemies, out[i])
