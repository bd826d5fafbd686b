"""What comes into view at the right edge, painted from the level hint.

A column that comes in blurred stays so, since from then on it is copied. Patches know the hint's
tiles, but not to the pixel where these will lie; here that is put together: tile codes, where the
camera stands in its tile after the step, and how far it goes. Each row of tiles is painted for
itself. Without a hint nothing is laid upon the scenery.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from gym_mario_suite.dream.layers import OUTSIDE, Layer, hardly_covering
from gym_mario_suite.dream.presets import (
    HINT_COLUMNS,
    HINT_LEFT,
    HINT_ROWS,
    HINT_TILE_CODES,
    DreamConfig,
)
from gym_mario_suite.engine.tiles import TILE_PX
from gym_mario_suite.engine.world import SCREEN_WIDTH_PX

_TILE_WIDTH = 8
_WAVES = 4
_SEEN_PATCHES = 1.5  # so much of the last scenery is seen, from its right edge on
_ROWS = 3  # a row and its neighbours


class EdgePainter(nn.Module):
    """Paints the last column of patches.

    Args:
        config: The model.
    """

    def __init__(self, config: DreamConfig) -> None:
        super().__init__()
        self.side, self.width, self.reach = config.patch, config.width_px, config.shifts
        self.seen = int(config.patch * _SEEN_PATCHES)
        # Px of a frame to tiles.
        self.tiles_per_px = SCREEN_WIDTH_PX / config.width_px / TILE_PX
        self.tiles = nn.Embedding(HINT_TILE_CODES, _TILE_WIDTH)
        columns = HINT_COLUMNS - HINT_LEFT
        known = _ROWS * columns * _TILE_WIDTH + 3 * _ROWS * self.side * self.seen
        told = 2 * _WAVES + 1 + 2 * config.shifts + 1
        hidden = 4 * config.condition
        self.first = nn.Linear(known, hidden)
        self.told = nn.Linear(told, hidden, bias=False)
        self.rest = nn.Sequential(
            nn.SiLU(),
            nn.Linear(hidden, hidden),
            nn.SiLU(),
            nn.Linear(hidden, 4 * self.side**2),
        )

    def forward(self, last: Tensor, tiles: Tensor, place: Tensor, way: Tensor) -> Layer:
        """The last column of patches as a layer, which covers nothing where there is no hint.

        Args:
            last: float[n, 3, h, w], the last scenery.
            tiles: int64[n, HINT_COLUMNS, 15, 2], the level hint.
            place: float[n, 2], the camera's place within its tile, and 1 where there is a hint.
            way: float[n], how far the camera goes, px of a frame.
        """
        strip = Layer.of(self.strip(last, tiles, place, way))
        hinted = place[:, 1, None, None, None] > 0
        return Layer(strip.colours, torch.where(hinted, strip.cover, OUTSIDE))

    def strip(self, last: Tensor, tiles: Tensor, place: Tensor, way: Tensor) -> Tensor:
        """Its colours and the logit of covering, float[n, 4, h, patch]."""
        coming = tiles[:, HINT_LEFT:]
        # [n, columns, rows, numbers] to [n, rows, columns * numbers].
        codes = self.tiles(coming[..., 0]).permute(0, 2, 1, 3).flatten(2)
        pixels = last[..., -self.seen :].unflatten(2, (HINT_ROWS, self.side))
        pixels = pixels.permute(0, 2, 1, 3, 4).flatten(2)
        rows = torch.cat([codes, pixels], dim=2)
        beside = functional.pad(rows, (0, 0, 1, 1))
        near = torch.cat([beside[:, i : i + HINT_ROWS] for i in range(_ROWS)], dim=2)
        told = self.told(self._told(place, way))
        drawn = self.rest(self.first(near) + told[:, None]).float()
        drawn = drawn.unflatten(2, (4, self.side, self.side)).permute(0, 2, 1, 3, 4)
        drawn = drawn.flatten(2, 3)
        return hardly_covering(drawn)

    def _told(self, place: Tensor, way: Tensor) -> Tensor:
        steps = way.detach().round()
        before = place[:, :1]
        after = before + steps[:, None] * self.tiles_per_px
        angles = torch.cat([after * (2 * math.pi * k) for k in range(1, _WAVES + 1)], dim=1)
        ways = torch.arange(-self.reach, self.reach + 1, device=way.device, dtype=way.dtype)
        chosen = (steps[:, None] == ways).to(way.dtype)
        return torch.cat([angles.cos(), angles.sin(), before, chosen], dim=1)
