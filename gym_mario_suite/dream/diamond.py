"""The earlier system's networks: DIAMOND's U-Net as denoiser and as upsampler.

Built from its description (Alonso et al. 2024, appendix D): adaptive group norms, residual blocks,
self-attention at the bottleneck, strided and nearest-neighbour resampling.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from gym_mario_suite.dream.composition import Parts
from gym_mario_suite.dream.presets import (
    BUTTONS,
    CONTEXT,
    HEAD_SIZE,
    DreamConfig,
    UpsamplerConfig,
)

_GROUP = 32
_ATTENTION_HEAD = 8
_EPS = 1e-5


def _groups(channels: int) -> int:
    return max(1, channels // _GROUP)


class AdaptiveNorm(nn.Module):
    """Group norm with scale and shift from the condition."""

    def __init__(self, channels: int, condition: int) -> None:
        super().__init__()
        self.groups = _groups(channels)
        self.linear = nn.Linear(condition, 2 * channels)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """`x`, normalised and modulated."""
        scale, shift = self.linear(condition)[:, :, None, None].chunk(2, dim=1)
        return functional.group_norm(x, self.groups, eps=_EPS) * (1 + scale) + shift


class SelfAttention(nn.Module):
    """Multi-head self-attention over the pixels, added to its input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.heads = max(1, channels // _ATTENTION_HEAD)
        self.norm = nn.GroupNorm(_groups(channels), channels, eps=_EPS)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.out = nn.Conv2d(channels, channels, 1)
        nn.init.zeros_(self.out.weight)
        assert self.out.bias is not None
        nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor) -> Tensor:
        """`x` and what its pixels tell each other."""
        count, channels, height, width = x.shape
        qkv = self.qkv(self.norm(x)).view(count, 3, self.heads, -1, height * width)
        q, k, v = (part.transpose(-1, -2) for part in qkv.unbind(1))
        weights = (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).softmax(-1)
        y = (weights @ v).transpose(-1, -2).reshape(count, channels, height, width)
        return x + self.out(y)


class Block(nn.Module):
    """Residual block, with self-attention where it is asked for."""

    def __init__(self, inputs: int, outputs: int, condition: int, attention: bool) -> None:
        super().__init__()
        self.skip = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)
        self.norm_1 = AdaptiveNorm(inputs, condition)
        self.conv_1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm_2 = AdaptiveNorm(outputs, condition)
        self.conv_2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.attention = SelfAttention(outputs) if attention else nn.Identity()
        nn.init.zeros_(self.conv_2.weight)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """The block's output, at the same size."""
        y = self.conv_1(functional.silu(self.norm_1(x, condition)))
        y = self.conv_2(functional.silu(self.norm_2(y, condition)))
        return self.attention(y + self.skip(x))


class Level(nn.Module):
    """The blocks of one level; on the way up each takes a kept output of the way down."""

    def __init__(
        self, inputs: list[int], outputs: list[int], condition: int, attention: bool
    ) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            Block(i, o, condition, attention) for i, o in zip(inputs, outputs, strict=True)
        )

    def forward(
        self, x: Tensor, condition: Tensor, kept: list[Tensor] | None = None
    ) -> tuple[Tensor, list[Tensor]]:
        """The last block's output, and all of them."""
        outputs = []
        for i, block in enumerate(self.blocks):
            x = block(x if kept is None else torch.cat([x, kept[i]], dim=1), condition)
            outputs.append(x)
        return x, outputs


class UNet(nn.Module):
    """DIAMOND's U-Net over feature maps of `channels[0]` channels."""

    def __init__(
        self,
        channels: tuple[int, ...],
        depths: tuple[int, ...],
        attention: tuple[bool, ...],
        condition: int,
    ) -> None:
        super().__init__()
        levels = len(channels)
        down, up = [], []
        for i, n in enumerate(depths):
            below = channels[max(0, i - 1)]
            here = channels[i]
            down.append(Level([below] + [here] * (n - 1), [here] * n, condition, attention[i]))
            up.append(
                Level(
                    [2 * here] * n + [below + here], [here] * n + [below], condition, attention[i]
                )
            )
        self.down = nn.ModuleList(down)
        self.up = nn.ModuleList(reversed(up))
        self.middle = Level([channels[-1]] * 2, [channels[-1]] * 2, condition, True)
        halve: list[nn.Module] = [nn.Identity()]
        double: list[nn.Module] = [nn.Identity()]
        for c in channels[:-1]:
            halve.append(nn.Conv2d(c, c, 3, stride=2, padding=1))
        for c in reversed(channels[:-1]):
            double.append(nn.Conv2d(c, c, 3, padding=1))
        self.reduce = nn.ModuleList(halve)
        self.enlarge = nn.ModuleList(double)
        self._multiple = 1 << (levels - 1)

    def forward(self, x: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """The feature map, and that of the bottleneck."""
        height, width = x.shape[-2:]
        x = functional.pad(x, (0, -width % self._multiple, 0, -height % self._multiple))
        kept = []
        for level, halve in zip(self.down, self.reduce, strict=True):
            x = halve(x)
            before = x
            x, outputs = level(x, condition)
            kept.append([before, *outputs])
        x, _ = self.middle(x, condition)
        deep = x
        for i, (level, double) in enumerate(zip(self.up, self.enlarge, strict=True)):
            if i:
                x = double(functional.interpolate(x, scale_factor=2.0))
            x, _ = level(x, condition, kept[len(kept) - 1 - i][::-1])
        return x[..., :height, :width], deep


class NoiseEmbedding(nn.Module):
    """Fixed random Fourier features of a noise code."""

    frequencies: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("frequencies", torch.randn(1, width // 2))

    def forward(self, code: Tensor) -> Tensor:
        """Cosines and sines: float[n, width]."""
        angles = 2 * math.pi * code[:, None] * self.frequencies
        return torch.cat([angles.cos(), angles.sin()], dim=-1)


class _Core(nn.Module):
    """What the denoiser and the upsampler share."""

    def __init__(
        self,
        inputs: int,
        channels: tuple[int, ...],
        depths: tuple[int, ...],
        attention: tuple[bool, ...],
        condition: int,
    ) -> None:
        super().__init__()
        self.noise = NoiseEmbedding(condition)
        self.noise_context = NoiseEmbedding(condition)
        self.mlp = nn.Sequential(
            nn.Linear(condition, condition), nn.SiLU(), nn.Linear(condition, condition)
        )
        self.conv_in = nn.Conv2d(inputs, channels[0], 3, padding=1)
        self.unet = UNet(channels, depths, attention, condition)
        self.norm_out = nn.GroupNorm(_groups(channels[0]), channels[0], eps=_EPS)
        self.conv_out = nn.Conv2d(channels[0], 3, 3, padding=1)
        nn.init.zeros_(self.conv_out.weight)

    def run(self, x: Tensor, codes: Tensor, buttons: Tensor | float) -> tuple[Tensor, Tensor]:
        condition = self.mlp(self.noise(codes[:, 0]) + self.noise_context(codes[:, 1]) + buttons)
        x, deep = self.unet(self.conv_in(x), condition)
        return self.conv_out(functional.silu(self.norm_out(x))), deep


class DiamondNet(_Core):
    """The denoiser of 4.4 million parameters, with our head at its bottleneck."""

    def __init__(self, config: DreamConfig) -> None:
        no_attention = (False,) * len(config.channels)
        super().__init__(
            3 * (CONTEXT + 1), config.channels, config.depths, no_attention, config.condition
        )
        self.buttons = nn.Linear(len(BUTTONS), config.condition // CONTEXT, bias=False)
        self.head = nn.Linear(config.channels[-1], HEAD_SIZE)

    def forward(
        self,
        context: Tensor,
        noisy: Tensor,
        buttons: Tensor,
        codes: Tensor,
        tiles: Tensor | None,
        place: Tensor | None,
        memory: Tensor | None,
        scenery: Tensor | None,
    ) -> Parts:
        """As `network.UnshuffleNet.forward`."""
        pressed = self.buttons(buttons).flatten(1)
        painted, deep = self.run(torch.cat([context, noisy], dim=1), codes, pressed)
        return Parts(painted, self.head(deep.mean(dim=(2, 3))))


class Upsampler(_Core):
    """The network of 51 million parameters that makes 256x240 of 64x60.

    It denoises the large frame, given the large frame before it and the small one enlarged.
    """

    def __init__(self, config: UpsamplerConfig) -> None:
        super().__init__(9, config.channels, config.depths, config.attention, config.condition)
        self.config = config

    def forward(self, previous: Tensor, small: Tensor, noisy: Tensor, codes: Tensor) -> Tensor:
        """The network's output for one denoising step.

        Args:
            previous: float[n, 3, 240, 256], the large frame before.
            small: float[n, 3, 60, 64], the small frame.
            noisy: float[n, 3, 240, 256], times the preconditioning's factor.
            codes: float[n, 2], noise codes.
        """
        factor = float(self.config.factor)
        enlarged = functional.interpolate(small, scale_factor=factor, mode="bicubic")
        return self.run(torch.cat([previous, enlarged, noisy], dim=1), codes, 0.0)[0]
