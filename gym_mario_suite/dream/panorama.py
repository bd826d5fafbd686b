"""Panorama: the backdrop behind a level, as pictures that are laid side by side.

What comes into view at the edge is half backdrop, and a backdrop that came in as a guess would stay
one. But there are only a few of them, each of two layers that come again after a while and move
slower than the camera. So a model keeps them whole, and where the camera stands in them is part of
its memory; for each square of the scenery it may then choose what the panorama shows there.

The pictures are found before a training's first step, from sceneries and the camera's places: those
that differ least from what is seen, in absolute differences, so that tiles in front of them do not
count. From then on they stay as they are.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from gym_mario_suite.dream.memory import CAMERA, THEME, THEMES
from gym_mario_suite.dream.presets import DreamConfig
from gym_mario_suite.engine.atlas import BACKDROP_WIDTH_PX

_PERIOD = BACKDROP_WIDTH_PX // 2  # px of a frame
_FAR_SPEED, _NEAR_SPEED = 1 / 8, 3 / 8  # px by which a layer moves when the camera moves by one
_STEPS, _BATCH, _RATE = 500, 24, 0.03
_OPAQUE_AT_FIRST = 0.5


class Panorama(nn.Module):
    """The backdrops of all themes.

    Args:
        config: The model.
    """

    far: Tensor
    near: Tensor
    fitted: Tensor

    def __init__(self, config: DreamConfig) -> None:
        super().__init__()
        self.width = config.width_px
        size = config.height_px, _PERIOD
        self.register_buffer("far", torch.zeros(THEMES, 3, *size))
        # The last channel says how opaque it is.
        self.register_buffer("near", torch.zeros(THEMES, 4, *size))
        self.register_buffer("fitted", torch.zeros((), dtype=torch.bool))

    def forward(self, memory: Tensor, way: Tensor, first: int = 0) -> Tensor:
        """What is behind the level once the camera has gone some way.

        Args:
            memory: float[n, MEMORY_SIZE].
            way: float[n], whole px of a frame to the right.
            first: Column of the picture to begin with.

        Returns:
            float[n, 3, h, w - first] in -1 .. 1.
        """
        theme = memory[:, THEME].long()
        return self._laid(self.far, self.near, theme, memory[:, CAMERA] + way, first)

    def green(self, memory: Tensor) -> Tensor:
        """The green of what is behind the level now, float[n, 1, h, w]."""
        theme = memory[:, THEME].long()
        return self._laid(self.far[:, 1:2], self.near[:, 1::2], theme, memory[:, CAMERA])

    def _laid(
        self, far: Tensor, near: Tensor, theme: Tensor, camera: Tensor, first: int = 0
    ) -> Tensor:
        columns = torch.arange(first, self.width, device=camera.device)
        beyond = _part(far, theme, camera * _FAR_SPEED, columns)
        front = _part(near, theme, camera * _NEAR_SPEED, columns)
        return beyond + (front[:, :-1] - beyond) * front[:, -1:]

    @torch.enable_grad()
    def fit(self, sceneries: Tensor, cameras: Tensor, themes: Tensor, seed: int) -> float:
        """Find the pictures, on the CPU.

        Args:
            sceneries: uint8[m, 3, h, w].
            cameras: float[m], their left edges, px of a frame.
            themes: int64[m].
            seed: Decides the outcome.

        Returns:
            The share of the pixels that are as in a panorama, to two of 256 levels.
        """
        generator = torch.Generator().manual_seed(seed)
        for theme in themes.unique().tolist():
            rows = (themes == theme).nonzero()[:, 0]
            seen = sceneries[rows[:_BATCH]].float().mean(0) / 127.5 - 1
            mean = seen.mean(2, keepdim=True).expand(-1, -1, _PERIOD)
            far = mean.clone().requires_grad_()
            opacity = torch.full_like(mean[:1], _OPAQUE_AT_FIRST)
            near = torch.cat([mean, opacity]).requires_grad_()
            optimiser = torch.optim.Adam([far, near], lr=_RATE)
            for step in range(_STEPS):
                for group in optimiser.param_groups:
                    group["lr"] = _RATE * (1 - step / _STEPS)
                drawn = rows[torch.randint(len(rows), (_BATCH,), generator=generator)]
                laid = self._laid(far[None], near[None], torch.zeros_like(drawn), cameras[drawn])
                error = (laid - (sceneries[drawn].float() / 127.5 - 1)).abs().sum()
                optimiser.zero_grad()
                error.backward()
                optimiser.step()
                with torch.no_grad():
                    near[3].clamp_(0, 1)
            with torch.no_grad():
                self.far[theme], self.near[theme] = far, near
        self.fitted.fill_(True)
        return self._explained(sceneries, cameras, themes)

    @torch.no_grad()
    def _explained(self, sceneries: Tensor, cameras: Tensor, themes: Tensor) -> float:
        rows = torch.arange(0, len(themes), max(1, len(themes) // 100))
        laid = self._laid(self.far.cpu(), self.near.cpu(), themes[rows], cameras[rows])
        apart = ((laid + 1) * 127.5 - sceneries[rows]).abs().amax(1)
        return float((apart <= 2).float().mean())


def _part(pictures: Tensor, theme: Tensor, left: Tensor, columns: Tensor) -> Tensor:
    """Columns of pictures [themes, c, h, period], seen from column `left` on, going round."""
    index = (left.floor().long()[:, None] + columns) % _PERIOD + theme[:, None] * _PERIOD
    size = tuple(map(int, pictures.shape[1:3]))
    every = pictures.permute(0, 3, 1, 2).flatten(2).flatten(0, 1)
    return functional.embedding(index, every).unflatten(2, size).permute(0, 2, 3, 1)
