"""Mario's picture, laid upon the frame at the pixel where he is.

Patches would have to paint him at each of their 64 places anew; here he is drawn once, always at
the same place of a small canvas, and the canvas is put where the head says that he is. Each of its
pixels covers the frame or does not.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from gym_mario_suite.dream.body import known_size
from gym_mario_suite.dream.layers import OUTSIDE, Layer, hardly_covering, laid
from gym_mario_suite.dream.presets import DreamConfig, head_slices

_SLICES = head_slices()
_TOLD = slice(_SLICES["power"].start, _SLICES["jump_time"].stop)
_WAVES = 2
_BELOW = 1 / 4  # of the canvas lies below Mario's feet


class SpriteLayer(nn.Module):
    """Draws Mario.

    Args:
        config: The model.
    """

    def __init__(self, config: DreamConfig) -> None:
        super().__init__()
        self.side = config.sprite
        self.shape = config.height_px, config.width_px
        told = known_size(config) + (_TOLD.stop - _TOLD.start) + 2 * 2 * _WAVES + 1
        width = 2 * config.condition
        self.draw = nn.Sequential(
            nn.Linear(told, width),
            nn.SiLU(),
            nn.Linear(width, width),
            nn.SiLU(),
            nn.Linear(width, 4 * config.sprite**2),
        )

    def forward(self, known: Tensor, head: Tensor, code: Tensor, pixels: Tensor) -> Layer:
        """Mario as a layer of the frame.

        Args:
            known: float[n, known_size], what the body knows.
            head: float[n, HEAD_SIZE], what it says.
            code: float[n], of the frame's noise level.
            pixels: float[n, 2], where Mario's feet will be, px of the frame.
        """
        canvas = self.canvas(known, head, code, pixels - pixels.floor())
        top, left = self.corner(pixels)
        above = torch.cat([canvas[:, :3], canvas[:, 3:] - OUTSIDE], dim=1)
        layer = Layer.of(laid(above[:, None], top[:, None], left[:, None], *self.shape))
        return Layer(layer.colours, layer.cover + OUTSIDE)

    def corner(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Where in the frame the canvas begins, int64[n], row and column."""
        whole = pixels.floor().long()
        return whole[:, 1] - self.side + int(self.side * _BELOW), whole[:, 0] - self.side // 2

    def canvas(self, known: Tensor, head: Tensor, code: Tensor, within: Tensor) -> Tensor:
        """float[n, 4, side, side]; `within` is the place within a pixel, 0 .. 1."""
        angles = torch.cat([within * (2 * math.pi * k) for k in range(1, _WAVES + 1)], dim=1)
        told = [known, head[:, _TOLD].detach(), angles.cos(), angles.sin(), code[:, None]]
        drawn = self.draw(torch.cat(told, dim=1)).float().unflatten(1, (4, self.side, self.side))
        return hardly_covering(drawn)
