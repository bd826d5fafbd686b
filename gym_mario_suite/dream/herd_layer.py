"""The herd's pictures, laid upon the frame where its creatures are.

What a creature looks like follows from what it is, where it looks and what the clock says; so each
is drawn by itself on a small canvas, as Mario is (see `sprite`), and what the network paints of all
else that moves has no say there.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gym_mario_suite.dream.blocks import clock_of
from gym_mario_suite.dream.ground import KIND, Ground
from gym_mario_suite.dream.herd import Herd
from gym_mario_suite.dream.herd_numbers import WHERE, part_of
from gym_mario_suite.dream.layers import OUTSIDE, Layer, hardly_covering, laid
from gym_mario_suite.dream.memory import CLOCK_PERIODS, HALF_PX, HERD, KINDS, SPEED_UNIT, Of
from gym_mario_suite.dream.presets import DreamConfig
from gym_mario_suite.engine.tiles import TILE_PX
from gym_mario_suite.engine.world import SCREEN_WIDTH_PX

SIDE, WIDTH = 32, 20  # rows and columns of a canvas, px of a frame
_ABOVE = 16  # rows of it that are above the feet
_MARGIN = 2  # px at each side of a canvas in which other things may be, too
_TOLD = len(KINDS) + 9 + sum(CLOCK_PERIODS) + Ground.TILES * KIND
_HIDDEN = 128
_SURELY = 20.0  # logit


class HerdLayer(nn.Module):
    """Draws creatures.

    Args:
        config: The model.
    """

    def __init__(self, config: DreamConfig) -> None:
        super().__init__()
        self.height, self.width = config.height_px, config.width_px
        self.scale = config.width_px / SCREEN_WIDTH_PX
        self.draw = nn.Sequential(
            nn.Linear(_TOLD, _HIDDEN),
            nn.SiLU(),
            nn.Linear(_HIDDEN, _HIDDEN),
            nn.SiLU(),
            nn.Linear(_HIDDEN, 4 * SIDE * WIDTH),
        )

    def told(self, herd: Herd, creatures: Tensor, memory: Tensor, near: Tensor) -> Tensor:
        """What each is drawn from, float[n * HERD, _TOLD].

        Args:
            herd: For what kind each is.
            creatures: float[n, HERD, CREATURE], after the step.
            memory: float[n, MEMORY_SIZE], after the step.
            near: float[n * HERD, tiles, KIND], what tiles are around each.
        """
        within = (creatures[..., WHERE] / HALF_PX) % 1  # of a px of the frame
        clock = clock_of(memory)[:, None].expand(-1, HERD, -1)
        said = [
            herd.kind_of(creatures),
            part_of(creatures, Of.FACING),
            part_of(creatures, Of.WINGED),
            part_of(creatures, Of.SPEED_Y).sign(),
            (within < 0.5).to(within.dtype),
            (part_of(creatures, Of.Y) / TILE_PX) % 1,
            (part_of(creatures, Of.SPEED_X) != 0).to(within.dtype),
            clock,
            # How high a flower is shows in its speed, and whether it is in its pipe in its waiting.
            part_of(creatures, Of.SPEED_Y) / SPEED_UNIT,
            part_of(creatures, Of.WAIT).sign(),
        ]
        around = near.transpose(1, 2).flatten(1)
        return torch.cat([torch.cat(said, dim=2).flatten(0, 1), around], dim=1)

    def canvas(self, told: Tensor) -> Tensor:
        """float[m, 4, SIDE, WIDTH], colours and the logit of covering."""
        return hardly_covering(self.draw(told).float().unflatten(1, (4, SIDE, WIDTH)))

    def corner(self, creatures: Tensor) -> tuple[Tensor, Tensor]:
        """Where in the frame each canvas begins, int64[...], row and column."""
        whole = (creatures[..., WHERE] * self.scale).floor().long()
        return whole[..., 1] - _ABOVE, whole[..., 0] - WIDTH // 2

    def forward(self, canvases: Tensor, creatures: Tensor) -> tuple[Layer, Tensor]:
        """A layer of all canvases, and where it is alone, float[n, 1, h, w].

        Where two cover the same pixel, it is their mean.

        Args:
            canvases: float[n * HERD, 4, SIDE, WIDTH].
            creatures: float[n, HERD, CREATURE].
        """
        top, left = self.corner(creatures)
        there = (creatures[..., Of.THERE] > 0).to(canvases.dtype)[..., None, None, None]
        drawn = canvases.unflatten(0, (-1, HERD))
        covers = (drawn[:, :, 3:] > 0).to(drawn.dtype) * there
        alone = _middle(canvases).expand_as(covers) * there
        told = torch.cat([drawn[:, :, :3] * covers, covers, alone], dim=2)
        colours, count, alone = laid(told, top, left, self.height, self.width).split((3, 1, 1), 1)
        cover = count * (_SURELY - OUTSIDE) + OUTSIDE
        return Layer(colours / count.clamp_min(1), cover), alone


def _middle(like: Tensor) -> Tensor:
    """1 where in a canvas nothing else is drawn, float[SIDE, WIDTH]."""
    rows = torch.arange(SIDE, device=like.device)[:, None]
    columns = torch.arange(WIDTH, device=like.device)
    inside = (rows >= _MARGIN) & (rows < SIDE - _MARGIN)
    inside = inside & (columns >= _MARGIN) & (columns < WIDTH - _MARGIN)
    return inside.to(like.dtype)
