"""The network's last layers: what each cell of the next frame is to be."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from gym_mario_suite.dream.copies import CELL, choices, moves
from gym_mario_suite.dream.layers import shuffled
from gym_mario_suite.dream.presets import HEAD_CAMERA, DreamConfig, head_slices

_SPEED_WIDTH = 64
_AGREEMENT_LOGIT = 4.0
_BEHIND_LOGIT = 6.0
_SURE = 20.0  # per px: how sharply a way of so many px is told from the next
_SLICES = head_slices()


class Choice(nn.Module):
    """What each cell is to be: a copy, moved in one of the ways, or painted.

    Which layer of the scenery a cell belongs to shows in how it has moved; how fast each layer will
    move is the same everywhere. So the picture as a whole says which way follows on which (a
    matrix), and the patches add what they see for themselves.
    """

    def __init__(self, config: DreamConfig, features: int, summary: int) -> None:
        super().__init__()
        self.ways = len(moves(config))
        self.shifts = config.shifts
        self.scale = config.patch // CELL
        count = choices(config)
        self.local = nn.Conv2d(features, count * self.scale**2, config.copy_kernel, padding="same")
        # How surely a cell goes with the camera, wherever that goes.
        self.along = (
            nn.Conv2d(features, self.scale**2, config.copy_kernel, padding="same")
            if config.laws
            else None
        )
        self.speeds = nn.Linear(summary, _SPEED_WIDTH)
        self.follows = nn.Linear(_SPEED_WIDTH, count * (self.ways + 1))
        # What was backdrop stays backdrop, wherever the camera goes.
        self.behind = nn.Conv2d(1, count, 1, bias=False) if config.panorama else None
        if self.behind is not None:
            with torch.no_grad():
                self.behind.weight.zero_()
                self.behind.weight[self.ways] = _BEHIND_LOGIT
        # At first: what moved goes on to move.
        same = torch.zeros(count, self.ways + 1)
        same[: self.ways, : self.ways] = _AGREEMENT_LOGIT * torch.eye(self.ways)
        with torch.no_grad():
            self.follows.bias.copy_(same.flatten())
            self.follows.weight.mul_(0.1)

    def camera_way(self, memory: Tensor, head: Tensor) -> Tensor:
        """How many px of a frame the camera goes, as chances [n, 2 shifts + 1].

        The laws say it. Without them it follows from where Mario is between two pixels and from the
        way that the head expects; all are 0 where his place is not known. No gradient goes back to
        the head.
        """
        head = head.detach()
        if self.along is not None:
            return self._chances(head[:, HEAD_CAMERA] + 0.5)
        way = memory[:, 4] / 2 % 1 + head[:, _SLICES["move"].start]
        return self._chances(way) * memory[:, 1:2]

    def _chances(self, way: Tensor) -> Tensor:
        reach = self.shifts
        edges = torch.arange(-reach, reach + 2, device=way.device, dtype=way.dtype)
        above = (_SURE * (way[:, None] - edges)).sigmoid()
        return above[:, :-1] - above[:, 1:]

    def forward(
        self,
        x: Tensor,
        summary: Tensor,
        near: Tensor,
        camera: Tensor | None = None,
        behind: Tensor | None = None,
    ) -> Tensor:
        """Logits [n, choices, h / 2, w / 2].

        Args:
            x: float[n, features, rows, columns].
            summary: float[n, summary].
            near: float[n, ways, h / 2, w / 2], the cells' agreement (`copies.Motion`).
            camera: float[n, 2 shifts + 1], see `camera_way`; None where there is no memory.
            behind: float[n, 1, h / 2, w / 2], how surely the panorama is seen there; None where
                there is none.
        """
        local = shuffled(self.local(x), self.scale)
        if self.along is not None and camera is not None:
            along = shuffled(self.along(x), self.scale) * camera[:, :, None, None]
            # `copies.moves` begins with the ways to the side.
            rest = local.shape[1] - camera.shape[1]
            local = local + functional.pad(along, (0, 0, 0, 0, 0, rest))
        follows = self.follows(functional.silu(self.speeds(summary)))
        follows = follows.reshape(-1, local.shape[1], self.ways + 1)
        moved = follows[:, :, : self.ways] @ near.flatten(2)
        moved = moved.unflatten(2, tuple(map(int, near.shape[2:])))
        if self.behind is not None and behind is not None:
            local = local + self.behind(behind)
        return local + moved + follows[:, :, self.ways :, None]
