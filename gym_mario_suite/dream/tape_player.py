"""Pieces of recorded episodes, played again and drawn, in compiled code.

A tick costs a tenth of a microsecond and a picture four, so frames are made when they are wanted
and nothing is stored but what was pressed.
"""

from __future__ import annotations

import threading
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.datasets.tapes import Tapes
from gym_mario_suite.dream.facts import FACTS, note
from gym_mario_suite.dream.frames import Frames, resized
from gym_mario_suite.dream.presets import HINT_COLUMNS, HINT_LEFT, HINT_ROWS
from gym_mario_suite.engine.atlas import load_views
from gym_mario_suite.engine.compiled import announce_first_compile, jit
from gym_mario_suite.engine.cores import run_on_cores
from gym_mario_suite.engine.draw import (
    RGB_HALF_SHAPE,
    RGB_SHAPE,
    draw_rgb,
    draw_scenery,
    scratch_bytes,
)
from gym_mario_suite.engine.level_image import AT_SPAWN_START, AT_SPAWNS, WIDTH, cell_at
from gym_mario_suite.engine.tick import start_world, tick
from gym_mario_suite.engine.tiles import TILE_PX
from gym_mario_suite.engine.world import SCREEN_WIDTH_PX, Status, empty_worlds
from gym_mario_suite.errors import DatasetError
from gym_mario_suite.levels.generate import capacity_2009
from gym_mario_suite.levels.generator_2009 import generate_2009

_RUNNING = int(Status.RUNNING)
_COLUMNS = SCREEN_WIDTH_PX // TILE_PX


@jit
def write_hint(image, world, left, out):
    """Tiles and spawn points beyond the edges of a picture, as they are now.

    Args:
        image: The level image.
        world: The world.
        left: The picture's left edge, px of the level.
        out: uint8[HINT_COLUMNS, 15, 2]: tile byte, and 0 or 1 + 2 * enemy type + wings.
    """
    first = left >> 4
    for c in range(HINT_COLUMNS):
        # The column at the left edge is seen in part; so may be the one at the right edge.
        x = first - HINT_LEFT + c if c < HINT_LEFT else first + _COLUMNS + c - HINT_LEFT
        for y in range(HINT_ROWS):
            out[c, y, 0] = cell_at(image, world, x, y) & 0xFF
            out[c, y, 1] = 0
        if 0 <= x < image[WIDTH]:
            spawn = image[image[AT_SPAWN_START] + x]
            end = image[image[AT_SPAWN_START] + x + 1]
            for i in range(spawn, end):
                packed = image[image[AT_SPAWNS] + i]
                y = (packed >> 4) & 0xFF
                if y < HINT_ROWS:
                    out[c, y, 1] = 1 + (packed & 15)


class Room(threading.local):
    """What a thread needs to play one game after the other; each thread gets its own.

    Args:
        columns: Of the longest level.
        scratch: Bytes to draw with.
    """

    def __init__(self, columns: int, scratch: int = 0) -> None:
        self.image = np.zeros(capacity_2009(columns), np.int32)
        self.generator = np.zeros(1, np.uint64), np.zeros(5, np.int64)
        self.worlds = empty_worlds(1)
        self.scratch = np.zeros(scratch, np.uint8)


@jit
def begin_episode(row, image, rng, starts, world):
    """Make the level of an episode (a row of `Tapes.episodes`) and begin its game."""
    generate_2009(
        image, rng, starts, row.length, np.uint64(row.seed), row.difficulty, row.level_type
    )
    start_world(image, world, row.mode, row.time_limit, 0)


@jit
def _play_pieces(
    view,
    scratch,
    image,
    rng,
    starts,
    worlds,
    rows,
    keys,
    begins,
    first,
    end,
    frames,
    scenery,
    facts,
    hints,
):
    """Fill rows `first` .. `end` - 1 of `frames` and what follows; see `TapePlayer.pieces`."""
    world = worlds[0]
    for i in range(first, end):
        row = rows[i]
        begin_episode(row, image, rng, starts, world)
        at = row.first
        # Frame 0 of an episode is the world after its first tick.
        for t in range(begins[i] + 1):
            tick(image, world, np.int64(keys[at + t]))
        at += begins[i] + 1
        for k in range(frames.shape[1]):
            if k > 0:
                tick(image, world, np.int64(keys[at + k - 1]))
            draw_rgb(view, scratch, image, world, row.level_type, False, frames[i, k])
            draw_scenery(view, scratch, image, world, row.level_type, scenery[i, k])
            note(image, world, row.level_type, facts[i, k])
            write_hint(image, world, np.int64(facts[i, k, 2]), hints[i, k])


class Pieces(NamedTuple):
    """Pieces of episodes: n of them, each of `length` frames in a row.

    Attributes:
        frames: uint8[n, length, h, w, 3].
        scenery: The same without all that moves by itself: backdrop, tiles and goal; where that is
            not known, the frames.
        keys: uint8[n, length - 1], pressed between them.
        facts: float32[n, length, FACTS], the engine's truth about each frame.
        hints: uint8[n, length, HINT_COLUMNS, 15, 2], the level beyond the edges of each frame.
    """

    frames: Frames
    scenery: Frames
    keys: NDArray[np.uint8]
    facts: NDArray[np.float32]
    hints: NDArray[np.uint8]


class TapePlayer:
    """Plays pieces of tapes and draws them.

    Args:
        tapes: The episodes.
        height: Height of the frames in px.
        width: Width of the frames in px.
        threads: Cores to use at most.
    """

    def __init__(self, tapes: Tapes, height: int, width: int, threads: int = 1) -> None:
        announce_first_compile(_play_pieces)
        self.tapes = tapes
        self._shape = (height, width)
        self._threads = threads
        views = load_views()
        # Drawn at half size where that is no smaller than what is wanted.
        half = height <= RGB_HALF_SHAPE[0] and width <= RGB_HALF_SHAPE[1]
        self._drawn = RGB_HALF_SHAPE if half else RGB_SHAPE
        self._view = views.rgb_half if half else views.rgb
        columns = int(tapes.episodes["length"].max()) if len(tapes) else 1
        self._room = Room(columns, scratch_bytes(self._view))

    def pieces(
        self, episodes: NDArray[np.integer], begins: NDArray[np.integer], length: int
    ) -> Pieces:
        """Pieces of `length` frames.

        Args:
            episodes: Which episode each is from, int[n].
            begins: Which frame of its episode each begins with, int[n]; frame 0 is the first one
                that a player sees.
            length: Frames in each.

        Raises:
            DatasetError: For a piece that goes beyond its episode.
        """
        rows = self.tapes.episodes[episodes]
        begins = np.asarray(begins, np.int64)
        if (begins < 0).any() or (begins + length > rows["ticks"]).any():
            raise DatasetError(f"a piece of {length} frames goes beyond its episode")
        count = len(rows)
        drawn = np.empty((count, length, *self._drawn), np.uint8)
        scenery = np.empty_like(drawn)
        facts = np.empty((count, length, len(FACTS)), np.float32)
        hints = np.empty((count, length, HINT_COLUMNS, HINT_ROWS, 2), np.uint8)

        def work(first: int, end: int) -> None:
            room = self._room
            _play_pieces(
                self._view,
                room.scratch,
                room.image,
                *room.generator,
                room.worlds,
                rows,
                self.tapes.keys,
                begins,
                first,
                end,
                drawn,
                scenery,
                facts,
                hints,
            )

        run_on_cores(work, count, self._threads)
        pressed = rows["first"][:, None] + begins[:, None] + 1 + np.arange(length - 1)
        frames, scenery = resized(drawn, *self._shape), resized(scenery, *self._shape)
        return Pieces(frames, scenery, self.tapes.keys[pressed], facts, hints)
