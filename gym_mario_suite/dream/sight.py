"""Where the nearest creature is seen: found in the picture, for those who do not remember it.

What surrounds Mario is looked through cell by cell: how likely the nearest creature is there, where
in the cell it will be, and how fast it goes. The answer is the mean of all cells by their shares.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from gym_mario_suite.dream.memory import HALF_PX, SCREEN_UNIT

_SAID = 5  # of a cell: a logit; place within it, right and down; speed, right and down


class Sight(nn.Module):
    """Finds the nearest creature.

    Args:
        features: Channels of the cells' features.
        side: Side of what is looked at, px of a frame.
        feet: Row of it in which Mario's feet are.
    """

    def __init__(self, features: int, side: int, feet: int) -> None:
        super().__init__()
        self.side, self.feet = side, feet
        self.near = nn.Conv2d(features, features, 3, padding=1)
        self.said = nn.Conv2d(features, _SAID, 1)

    def forward(self, features: Tensor, within: Tensor) -> Tensor:
        """Place and speed after the step, as seen from where Mario is before it.

        Args:
            features: float[n, features, rows, columns] of square cells.
            within: float[n, 2], Mario's place within his px of the frame, 0 .. 1.

        Returns:
            float[n, 4]: right and down in SCREEN_UNIT, and the speed in SPEED_UNIT.
        """
        said = self.said(functional.silu(self.near(features))).float()
        size = self.side / int(said.shape[3])
        shares = said[:, :1].flatten(2).softmax(2)
        middle = (torch.arange(int(said.shape[3]), device=said.device) + 0.5) * size
        across = said[:, 1:2] * size + middle - self.side // 2
        down = said[:, 2:3] * size + middle[:, None] - self.feet
        found = torch.cat([across, down, said[:, 3:]], dim=1).flatten(2)
        found = (found * shares).sum(2)
        place = (found[:, :2] - within) * (HALF_PX / SCREEN_UNIT)
        return torch.cat([place, found[:, 2:]], dim=1)
