"""Building blocks of the denoiser's network: residual blocks, and what they are conditioned on."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from gym_mario_suite.dream.memory import CLOCK, CLOCK_PERIOD, CLOCK_PERIODS, PLACED
from gym_mario_suite.dream.presets import (
    BUTTONS,
    CONTEXT,
    HINT_COLUMNS,
    HINT_LEFT,
    HINT_RIGHT,
    HINT_ROWS,
    HINT_SPAWN_CODES,
    HINT_TILE_CODES,
    DreamConfig,
)
from gym_mario_suite.dream.remembered import REMEMBERED
from gym_mario_suite.errors import WeightsError

FREQUENCIES = 8
HINT_WIDTH = 16


def groups_of(channels: int) -> int:
    """Groups of a group norm: of 32 channels each."""
    return max(1, channels // 32)


class ModulatedNorm(nn.Module):
    """Group norm whose scale and shift come from the condition vector (FiLM)."""

    def __init__(self, channels: int, condition: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(groups_of(channels), channels, affine=False)
        self.modulation = nn.Linear(condition, 2 * channels)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """`x`, normalised and modulated."""
        channels = self.norm.num_channels
        modulation = self.modulation(condition).unflatten(1, (2 * channels, 1, 1))
        return self._normalised(x) * (1 + modulation[:, :channels]) + modulation[:, channels:]

    def _normalised(self, x: Tensor) -> Tensor:
        if not torch.onnx.is_in_onnx_export():
            return self.norm(x)
        # The same without the scale of 1 and the shift of 0 that the exporter adds.
        _, channels, height, width = map(int, x.shape)
        groups = self.norm.num_groups
        flat = x.reshape(-1, groups, channels // groups * height * width)
        ones, zeros = torch.ones(groups), torch.zeros(groups)
        flat = functional.instance_norm(flat, weight=ones, bias=zeros)
        return flat.reshape(-1, channels, height, width)


class ResidualBlock(nn.Module):
    """Norm, SiLU, 3x3 convolution, twice, and the input added."""

    def __init__(self, inputs: int, outputs: int, condition: int) -> None:
        super().__init__()
        self.norm_1 = ModulatedNorm(inputs, condition)
        self.conv_1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm_2 = ModulatedNorm(outputs, condition)
        self.conv_2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.skip = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """The block's output, at the same size."""
        y = self.conv_1(functional.silu(self.norm_1(x, condition)))
        y = self.conv_2(functional.silu(self.norm_2(y, condition)))
        return y + self.skip(x)


class Condition(nn.Module):
    """Buttons, noise levels and where the camera stands in its tile, as one vector."""

    frequencies: Tensor

    def __init__(self, config: DreamConfig) -> None:
        super().__init__()
        width = config.condition
        self.buttons = nn.Linear(len(BUTTONS), width // CONTEXT, bias=False)
        self.register_buffer("frequencies", torch.randn(FREQUENCIES))
        self.noise = nn.Linear(4 * FREQUENCIES, width)
        self.place = nn.Linear(2, width) if config.level_hint else None
        self.memory = nn.Linear(REMEMBERED, width, bias=False) if config.memory else None
        self.clock = nn.Linear(sum(CLOCK_PERIODS), width, bias=False) if config.memory else None
        self.mlp = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))

    def forward(
        self,
        buttons: Tensor,
        codes: Tensor,
        place: Tensor | None,
        remembered: Tensor | None,
        memory: Tensor | None,
    ) -> Tensor:
        """float[n, width]; see `Denoiser.forward`, whose noise levels come as codes here."""
        angles = (codes[:, :, None] * self.frequencies).flatten(1)
        vector = self.buttons(buttons).flatten(1)
        vector = vector + self.noise(torch.cat([angles.cos(), angles.sin()], dim=1))
        if self.place is not None and place is not None:
            vector = vector + self.place(place)
        if self.memory is not None and remembered is not None:
            vector = vector + self.memory(remembered)
        if self.clock is not None and memory is not None:
            vector = vector + self.clock(clock_of(memory))
        return self.mlp(vector)


def clock_of(memory: Tensor) -> Tensor:
    """Where the animations stand, as switches, float[n, sum of CLOCK_PERIODS]; 0 if not known."""
    ticks = torch.arange(CLOCK_PERIOD, device=memory.device)
    table = torch.cat([functional.one_hot(ticks % p, p) for p in CLOCK_PERIODS], dim=1)
    now = memory[:, CLOCK].long() % CLOCK_PERIOD
    return functional.embedding(now, table.to(memory.dtype)) * memory[:, PLACED, None]


class LevelHint(nn.Module):
    """Tiles beyond the picture's edges, laid on the outermost columns of the grid."""

    def __init__(self, grid: tuple[int, int]) -> None:
        super().__init__()
        if grid[0] != HINT_ROWS:
            raise WeightsError(f"a level hint needs {HINT_ROWS} rows of patches, got {grid[0]}")
        self.tiles = nn.Embedding(HINT_TILE_CODES, HINT_WIDTH)
        self.spawns = nn.Embedding(HINT_SPAWN_CODES, HINT_WIDTH)
        self._between = grid[1] - HINT_COLUMNS

    def forward(self, tiles: Tensor, place: Tensor) -> Tensor:
        """Channels [n, 16, rows, columns].

        Args:
            tiles: int64[n, HINT_COLUMNS, 15, 2].
            place: float[n, 2]: the camera's place within its tile, and 1 where there is a hint.
        """
        known = self.tiles(tiles[..., 0]) + self.spawns(tiles[..., 1])
        known = known.permute(0, 3, 2, 1) * place[:, 1, None, None, None]
        between = known[..., :1].expand(-1, -1, -1, self._between) * 0
        return torch.cat([known[..., :HINT_LEFT], between, known[..., -HINT_RIGHT:]], dim=3)
