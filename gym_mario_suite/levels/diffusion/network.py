"""The denoising network of the tile diffusion, for training (torch).

From a grid in which some cells are masked it gives, for every cell, the distribution of its tile.
It is a two-level convolutional U-Net, trained as the absorbing diffusion of MDLM (arXiv
2406.07524), with three choices that make its inference cheap and exact on any machine
(`inference.py`): rectifiers instead of functions that need exponentials; no normalisation, whose
statistics would tie a cell to the far end of the level; all depth at half resolution. There is no
time input: how many cells are masked can be seen, and the ideal denoiser does not depend on more
(RADD, arXiv 2406.03736).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from gym_mario_suite.levels.diffusion.shape import EDGE_COLUMNS, N_CODES, ROWS, NetworkShape
from gym_mario_suite.levels.tile_grid import N_TILES


class Block(nn.Module):
    """x + W2 relu(W1 * relu(x)): a dilated 3x3 convolution, then a 1x1 that starts at zero."""

    def __init__(self, channels: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.spread = nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation)
        self.mix = nn.Conv2d(channels, channels, 1)
        self.dropout = nn.Dropout2d(dropout)
        nn.init.zeros_(self.mix.weight)
        nn.init.zeros_(self.mix.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to the same."""
        return x + self.mix(self.dropout(functional.relu(self.spread(functional.relu(x)))))


class DenoisingNetwork(nn.Module):
    """Logits of 13 tiles for every cell of a grid of even height and width.

    Args:
        shape: Widths and depths.
        dropout: Share of the blocks' channels dropped in training.
    """

    def __init__(self, shape: NetworkShape, dropout: float = 0.0) -> None:
        super().__init__()
        self.shape = shape
        self.tiles = nn.Conv2d(N_CODES, shape.fine, 3, padding=1)
        self.rows = nn.Parameter(0.02 * torch.randn(ROWS, shape.fine))
        self.condition = nn.Parameter(0.02 * torch.randn(shape.conditions, shape.fine))
        self.edges = nn.Parameter(0.02 * torch.randn(2, shape.fine))
        self.down = nn.Conv2d(shape.fine, shape.coarse, 2, stride=2)
        self.coarse_rows = nn.Parameter(0.02 * torch.randn(ROWS // 2, shape.coarse))
        self.coarse_condition = nn.Parameter(0.02 * torch.randn(shape.conditions, shape.coarse))
        self.blocks = nn.ModuleList(Block(shape.coarse, d, dropout) for d in shape.dilations)
        self.up = nn.ConvTranspose2d(shape.coarse, shape.fine, 2, stride=2)
        self.gather = nn.Conv2d(shape.fine, shape.head, 3, padding=1)
        self.logits = nn.Conv2d(shape.head, N_TILES, 1)

    def forward(self, codes: Tensor, condition: Tensor, start: Tensor, end: Tensor) -> Tensor:
        """Logits of every cell.

        Args:
            codes: int64[B, H, W], tiles 0..12 and MASK; H and W even.
            condition: int64[B], codes of `shape.condition`.
            start: int64[B], columns from the level's start to the first column, or a large number.
            end: int64[B], columns from the last column to the level's end, or a large number.

        Returns:
            float32[B, 13, H, W].
        """
        height, width = codes.shape[1:]
        columns = torch.arange(width, device=codes.device)
        from_start = (1 - (columns + start[:, None]) / EDGE_COLUMNS).clamp(min=0)
        from_end = (1 - (width - 1 - columns + end[:, None]) / EDGE_COLUMNS).clamp(min=0)
        edges = torch.stack([from_start, from_end], 2) @ self.edges  # [B, W, C]
        rows = torch.arange(height - 1, -1, -1, device=codes.device).clamp(max=ROWS - 1)
        coarse_rows = (rows[::2] - 1).clamp(min=0) // 2
        one_hot = functional.one_hot(codes, N_CODES).permute(0, 3, 1, 2).to(self.rows.dtype)
        stem = self.tiles(one_hot)
        stem = stem + self.rows[rows].T[None, :, :, None]
        stem = stem + self.condition[condition][:, :, None, None]
        fine = functional.relu(stem + edges.permute(0, 2, 1)[:, :, None, :])
        x = self.down(fine)
        x = x + self.coarse_rows[coarse_rows].T[None, :, :, None]
        x = x + self.coarse_condition[condition][:, :, None, None]
        for block in self.blocks:
            x = block(x)
        joined = functional.relu(self.up(functional.relu(x)) + fine)
        return self.logits(functional.relu(self.gather(joined)))
