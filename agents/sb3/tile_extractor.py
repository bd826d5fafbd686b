"""Features of the grids of tile codes."""

from __future__ import annotations

import gymnasium as gym
import torch
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from torch import nn

_CODES = 256  # an int8 has no more values
_CODE_FEATURES = 8


class TileExtractor(BaseFeaturesExtractor):
    """A small convolutional network over a grid of codes, each looked up in a learned table.

    The codes of tiles and sprites are names, not amounts: 21 is not more than 20.

    Args:
        observation_space: int8[rows, columns], with or without a last axis of stacked grids, or
            one-hot planes int8[planes, rows, columns] (such as `obs="channels"`).
        features_dim: Numbers that come out.
    """

    def __init__(self, observation_space: gym.spaces.Box, features_dim: int = 128) -> None:
        super().__init__(observation_space, features_dim)
        shape = observation_space.shape
        self._planes = len(shape) == 3 and observation_space.low.min() == 0
        stack = 1 if len(shape) == 2 else shape[-1]
        channels = shape[0] if self._planes else _CODE_FEATURES * stack
        rows, columns = shape[-2:] if self._planes else shape[:2]
        self.codes = nn.Embedding(_CODES, _CODE_FEATURES)
        self.convolutions = nn.Sequential(
            nn.Conv2d(channels, 16, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
        )
        with torch.no_grad():
            size = self.convolutions(torch.zeros(1, channels, rows, columns)).shape[1]
        self.out = nn.Sequential(nn.Linear(size, features_dim), nn.ReLU())

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """float32[n, features_dim] of float32[n, ...]."""
        if self._planes:
            planes = observations.float()
        else:
            codes = observations.long() + _CODES // 2
            planes = self.codes(codes).flatten(3) if codes.ndim == 4 else self.codes(codes)
            planes = planes.permute(0, 3, 1, 2)
        return self.out(self.convolutions(planes))
