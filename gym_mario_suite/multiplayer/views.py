"""What each player of a game sees: the observations of `MarioInfinite-v0`, with the others in them.

`grid`: the others' cells hold MARIO (-31). `channels`: one more plane, which marks them. `features`
and `terrain`: six numbers more for each of the others, in the order of their seats: whether he
plays, where he is (dx / 320 px, dy / 240 px), his speed (xa / 12, ya / 20 px per tick) and his
power state (0, 0.5, 1). Pixels show them, each in his colour. Who has ended sees zeros.
"""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.compiled import inline_jit, jit
from gym_mario_suite.engine.learner_views import (
    CHANNELS,
    N_FEATURES,
    N_TERRAIN,
    write_channels,
    write_features,
    write_terrain,
)
from gym_mario_suite.engine.observe import GRID_CENTRE, GRID_SIZE, write_merged_grid
from gym_mario_suite.engine.player import mode_of
from gym_mario_suite.engine.world import Kind, Status
from gym_mario_suite.envs.thread_memory import ThreadMemory
from gym_mario_suite.errors import OptionError
from gym_mario_suite.multiplayer.options import PartyOptions
from gym_mario_suite.multiplayer.party import player_of

OTHER_PLAYER = int(Kind.MARIO)
OTHER_FEATURES = ("playing", "dx", "dy", "x_speed", "y_speed", "mode")
_PER_OTHER = len(OTHER_FEATURES)
_PLAYERS_PLANE = len(CHANNELS)
_RUNNING = int(Status.RUNNING)
_GRID, _CHANNELS, _FEATURES, _TERRAIN = range(4)


@inline_jit
def _cell(v):
    whole = np.int64(v)
    return whole >> 4 if whole >= 0 else -((-whole) >> 4)


@inline_jit
def _clip(v):
    return np.float32(min(max(v, -1.0), 1.0))


@jit
def _mark_others(worlds, seats, game, seat, code, plane):
    """Write `code` into the cells of `plane` (int8[22, 22]) where the others who play are."""
    body = player_of(worlds, seats, game, seat).body
    left = _cell(body.x) - GRID_CENTRE
    top = _cell(body.y) - GRID_CENTRE
    for p in range(seats.shape[1]):
        other = player_of(worlds, seats, game, p)
        if p == seat or other.status != _RUNNING:
            continue
        c = _cell(other.body.x) - left
        r = _cell(other.body.y) - top
        if 0 <= c < GRID_SIZE and 0 <= r < GRID_SIZE:
            plane[r, c] = code


@jit
def _write_others(worlds, seats, game, seat, out):
    """OTHER_FEATURES of each of the others into `out`."""
    body = player_of(worlds, seats, game, seat).body
    at = 0
    for p in range(seats.shape[1]):
        if p == seat:
            continue
        other = player_of(worlds, seats, game, p)
        if other.status == _RUNNING:
            out[at] = 1
            out[at + 1] = _clip((other.body.x - body.x) / 320.0)
            out[at + 2] = _clip((other.body.y - body.y) / 240.0)
            out[at + 3] = _clip(other.body.xa / 12.0)
            out[at + 4] = _clip(other.body.ya / 20.0)
            out[at + 5] = np.float32(mode_of(other) / 2.0)
        at += _PER_OTHER


@jit
def _write_grids(images, rows, worlds, seats, memory, mask, first, end, z_level, z_enemies, out):
    for g in range(first, end):
        for p in range(seats.shape[1]):
            if not mask[g]:
                continue
            out[g, p, :, :] = 0
            if not memory[g, p].ended:
                image, world = images[rows[g]], worlds[seats[g, p, 0]]
                write_merged_grid(image, world, seats[g, p, 1], z_level, z_enemies, out[g, p])
                _mark_others(worlds, seats, g, p, OTHER_PLAYER, out[g, p])


@jit
def _write_channels(images, rows, worlds, seats, memory, mask, first, end, out):
    for g in range(first, end):
        for p in range(seats.shape[1]):
            if not mask[g]:
                continue
            out[g, p, :, :, :] = 0
            if not memory[g, p].ended:
                image, world = images[rows[g]], worlds[seats[g, p, 0]]
                write_channels(image, world, seats[g, p, 1], out[g, p, :_PLAYERS_PLANE])
                _mark_others(worlds, seats, g, p, 1, out[g, p, _PLAYERS_PLANE])


@jit
def _write_vectors(images, rows, worlds, seats, memory, mask, first, end, terrain, out):
    for g in range(first, end):
        for p in range(seats.shape[1]):
            if not mask[g]:
                continue
            out[g, p, :] = 0
            if memory[g, p].ended:
                continue
            image, world = images[rows[g]], worlds[seats[g, p, 0]]
            if terrain:
                write_terrain(image, world, seats[g, p, 1], out[g, p, :N_TERRAIN])
                _write_others(worlds, seats, g, p, out[g, p, N_TERRAIN:])
            else:
                write_features(image, world, seats[g, p, 1], out[g, p, :N_FEATURES])
                _write_others(worlds, seats, g, p, out[g, p, N_FEATURES:])


class PartyViews:
    """Writes the observations of all seats.

    Args:
        options: Of the environment.

    Attributes:
        space: Observation space of one player.
        plays_by_pixels: Whether the observations are pictures.
    """

    def __init__(self, options: PartyOptions) -> None:
        alone = options.infinite
        others = options.players - 1
        self._name = options.obs
        self._view = alone.view
        mode = alone.observation
        shape = mode.shape
        if options.obs == "channels":
            shape = (len(CHANNELS) + 1, GRID_SIZE, GRID_SIZE)
        elif options.obs in ("features", "terrain"):
            shape = (shape[0] + _PER_OTHER * others,)
        elif options.obs not in ("grid", "rgb", "rgb_half", "gray84"):
            raise OptionError(f"several players cannot be observed as {options.obs!r}")
        self.space = gym.spaces.Box(mode.low, mode.high, shape, mode.dtype)
        self.plays_by_pixels = mode.dtype == np.uint8
        self._memory = ThreadMemory()

    def write(
        self,
        images: NDArray[np.int32],
        rows: NDArray[np.int64],
        worlds: NDArray[np.void],
        themes: NDArray[np.int64],
        seats: NDArray[np.int64],
        memory: NDArray[np.void],
        mask: NDArray[np.bool_],
        first: int,
        end: int,
        out: NDArray[Any],
    ) -> None:
        """Write what the seats of the games `first` .. `end` - 1 see, where the mask is set.

        `out`: [games, seats, *space.shape]. For the other arrays see `party.start_games`.
        """
        where = (images, rows, worlds, seats, memory, mask, first, end)
        if self._name == "grid":
            _write_grids(*where, self._view.z_level, self._view.z_enemies, out)
        elif self._name == "channels":
            _write_channels(*where, out)
        elif not self.plays_by_pixels:
            _write_vectors(*where, self._name == "terrain", out)
        else:
            self._draw(images, rows, worlds, themes, seats, memory, mask, first, end, out)

    def _draw(self, images, rows, worlds, themes, seats, memory, mask, first, end, out) -> None:
        from gym_mario_suite.multiplayer.pictures import PartyPictures

        pictures = getattr(self._memory, "pictures", None)
        if pictures is None:
            pictures = self._memory.pictures = PartyPictures(self._name, self._view.hud)
        pictures(images, rows, worlds, themes, seats, memory, mask, first, end, out)
