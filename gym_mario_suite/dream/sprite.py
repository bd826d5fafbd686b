"""Mario's picture, laid upon the frame at the pixel where he is.

Patches would have to paint him at each of their 64 places anew; here he is drawn once, always at
the same place of a small canvas, and the canvas is put where the head says that he is. Each of its
pixels covers the frame or does not.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from gym_mario_suite.dream.body import cut, known_size
from gym_mario_suite.dream.presets import DreamConfig, head_slices

_SLICES = head_slices()
_TOLD = slice(_SLICES["power"].start, _SLICES["jump_time"].stop)
_WAVES = 2
_BELOW = 1 / 4  # of the canvas lies below Mario's feet
_AT_FIRST = -2.0  # logit of covering
OUTSIDE = -20.0  # logit of covering where a layer does not reach
_WRONG, _WRONG_SHARE = 2e-3, 0.3  # squared error


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

    def forward(self, known: Tensor, head: Tensor, code: Tensor, pixels: Tensor) -> Tensor:
        """Colours and the logit of covering, float[n, 4, h, w].

        Args:
            known: float[n, known_size], what the body knows.
            head: float[n, HEAD_SIZE], what it says.
            code: float[n], of the frame's noise level.
            pixels: float[n, 2], where Mario's feet will be, px of the frame.
        """
        canvas = self.canvas(known, head, code, pixels - pixels.floor())
        top, left = self.corner(pixels)
        # The frame as a rectangle that is cut out of the canvas.
        laid = cut(canvas, -top, -left, *self.shape)
        cover = torch.where(laid[:, 4:] > 0, laid[:, 3:4], OUTSIDE)
        return torch.cat([laid[:, :3], cover], dim=1)

    def corner(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Where in the frame the canvas begins, int64[n], row and column."""
        whole = pixels.floor().long()
        return whole[:, 1] - self.side + int(self.side * _BELOW), whole[:, 0] - self.side // 2

    def canvas(self, known: Tensor, head: Tensor, code: Tensor, within: Tensor) -> Tensor:
        """float[n, 4, side, side]; `within` is the place within a pixel, 0 .. 1."""
        angles = torch.cat([within * (2 * math.pi * k) for k in range(1, _WAVES + 1)], dim=1)
        told = [known, head[:, _TOLD].detach(), angles.cos(), angles.sin(), code[:, None]]
        drawn = self.draw(torch.cat(told, dim=1)).float().unflatten(1, (4, self.side, self.side))
        return torch.cat([drawn[:, :3], drawn[:, 3:] + _AT_FIRST], dim=1)


def covered(frame: Tensor, sprite: Tensor) -> Tensor:
    """The frame with the sprite upon it, float[n, 3, h, w]; a pixel is covered or not."""
    return torch.where(sprite[:, 3:] > 0, sprite[:, :3], frame)


def covering_error(frame: Tensor, sprite: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Squared error to be expected if each pixel's covering is drawn by its share.

    Args:
        frame: float[n, 3, h, w], what is covered; it learns nothing here.
        sprite: float[n, 4, h, w].
        target: float[n, 3, h, w].
        weight: float, to go with [n, 1, h, w].

    Returns:
        float[n, 1, h, w], less what the frame's own share of it is, which is counted elsewhere.
    """
    share = sprite[:, 3:].sigmoid()
    beneath = (frame.detach() - target).square().mean(1, keepdim=True)
    above = (sprite[:, :3] - target).square().mean(1, keepdim=True)
    # Drawing is learnt before covering, where the frame is wrong.
    wrong = ((beneath > _WRONG) & (sprite[:, 3:] > OUTSIDE)).to(above.dtype)
    return weight * ((share + _WRONG_SHARE * wrong) * above + (share.detach() - share) * beneath)
