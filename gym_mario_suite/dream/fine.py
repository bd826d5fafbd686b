"""The fine grid: what patches say, mended where single pixels matter.

A patch has a hundred numbers for all that its 64 pixels are to be; of a sprite that walks through
it that leaves a blur. On the grid of cells a few thin convolutions see the last two frames and
the scenery pixel by pixel, and correct what is painted, what moves and what is chosen.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from gym_mario_suite.dream.copies import CELL, choices
from gym_mario_suite.dream.layers import Layer, shuffled
from gym_mario_suite.dream.presets import DreamConfig

_TOLD = 16  # numbers that each cell is told by its patch
_SCENERY, _THINGS = 3 * CELL**2, 4 * CELL**2  # numbers of a cell


class Fine(nn.Module):
    """Corrections on the grid of cells.

    Args:
        config: The model.
        features: Channels of the patches' features.
    """

    def __init__(self, config: DreamConfig, features: int) -> None:
        super().__init__()
        self.scale = config.patch // CELL
        width = config.fine
        self.choices = choices(config)
        self.told = nn.Conv2d(features, _TOLD * self.scale**2, 1)
        self.first = nn.Conv2d(_TOLD, width, 1)
        # Of each cell's pixels and of those around it.
        self.seen = nn.Conv2d(6, width, 2 * CELL, stride=CELL, padding=CELL // 2, bias=False)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.last = nn.Conv2d(width, _SCENERY + _THINGS + self.choices, 1)
        with torch.no_grad():  # at first it leaves things as they are
            self.last.weight.mul_(0.01)
            if self.last.bias is not None:
                self.last.bias.zero_()

    def forward(self, x: Tensor, context: Tensor, scenery: Tensor) -> tuple[Tensor, Layer, Tensor]:
        """To be added to what is painted, [n, 3, h, w], to things and to logits.

        Args:
            x: float[n, features, rows, columns], the patches' last features.
            context: float[n, 12, h, w], the past frames.
            scenery: float[n, 3, h, w], of the last one.
        """
        told = shuffled(self.told(x), self.scale)
        pictures = torch.cat([context[:, -3:], scenery], dim=1)
        y = functional.silu(self.first(told) + self.seen(pictures))
        y = y + functional.silu(self.second(y))
        pixels, logits = self.last(y).split((_SCENERY + _THINGS, self.choices), dim=1)
        painted, colours, cover = shuffled(pixels, CELL).split((3, 3, 1), dim=1)
        return painted, Layer(colours, cover), logits
