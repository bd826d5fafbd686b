"""The denoiser's network: a U-Net whose convolutions all run on a grid of patches.

Patches of pixels are folded into channels first, so that no convolution runs at full size;
that is what makes it fast on a processor. Residual blocks are modulated by a condition vector of
the buttons and the noise levels.

Beside what it paints, the network says what to copy from the last frame (`copies`).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from gym_mario_suite.dream.body import REMEMBERED, Body, Finder
from gym_mario_suite.dream.choice import Choice
from gym_mario_suite.dream.composition import Parts, composed
from gym_mario_suite.dream.copies import Motion, moves
from gym_mario_suite.dream.diffusion import preconditioning
from gym_mario_suite.dream.edge import EdgePainter
from gym_mario_suite.dream.fine import Fine
from gym_mario_suite.dream.memory import MEMORY, MEMORY_SIZE
from gym_mario_suite.dream.presets import (
    BUTTONS,
    CONTEXT,
    HEAD_SIZE,
    HINT_COLUMNS,
    HINT_LEFT,
    HINT_RIGHT,
    HINT_ROWS,
    HINT_SPAWN_CODES,
    HINT_TILE_CODES,
    DreamConfig,
    head_slices,
)
from gym_mario_suite.dream.sprite import SpriteLayer
from gym_mario_suite.errors import WeightsError

_FREQUENCIES = 8
_HEAD_WIDTH = 128
_SCREEN = head_slices()["screen"]
_CAMERA = head_slices()["move"].stop - 1
_HINT_WIDTH = 16


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
        modulation = self.modulation(condition)[:, :, None, None]
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
        self.register_buffer("frequencies", torch.randn(_FREQUENCIES))
        self.noise = nn.Linear(4 * _FREQUENCIES, width)
        self.place = nn.Linear(2, width) if config.level_hint else None
        self.memory = nn.Linear(REMEMBERED, width, bias=False) if config.memory else None
        self.mlp = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))

    def forward(
        self, buttons: Tensor, codes: Tensor, place: Tensor | None, remembered: Tensor | None
    ) -> Tensor:
        """float[n, width]; see `Denoiser.forward`, whose noise levels come as codes here."""
        angles = (codes[:, :, None] * self.frequencies).flatten(1)
        vector = self.buttons(buttons).flatten(1)
        vector = vector + self.noise(torch.cat([angles.cos(), angles.sin()], dim=1))
        if self.place is not None and place is not None:
            vector = vector + self.place(place)
        if self.memory is not None and remembered is not None:
            vector = vector + self.memory(remembered)
        return self.mlp(vector)


class LevelHint(nn.Module):
    """Tiles beyond the picture's edges, laid on the outermost columns of the grid."""

    def __init__(self, grid: tuple[int, int]) -> None:
        super().__init__()
        if grid[0] != HINT_ROWS:
            raise WeightsError(f"a level hint needs {HINT_ROWS} rows of patches, got {grid[0]}")
        self.tiles = nn.Embedding(HINT_TILE_CODES, _HINT_WIDTH)
        self.spawns = nn.Embedding(HINT_SPAWN_CODES, _HINT_WIDTH)
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


class UnshuffleNet(nn.Module):
    """The U-Net of the presets `tiny`, `ci`, `xxs`, `xs` and `s`."""

    def __init__(self, config: DreamConfig) -> None:
        super().__init__()
        inner, deep = config.channels
        width = config.condition
        pixels = config.patch**2
        self.config = config
        self.condition = Condition(config)
        self.hint = LevelHint(config.grid) if config.level_hint else None
        # The same as pixel unshuffle and a 1x1 convolution, and three times as fast.
        self.stem = nn.Conv2d(3 * (CONTEXT + 1), inner, config.patch, stride=config.patch)
        self.stem_hint = nn.Conv2d(_HINT_WIDTH, inner, 1, bias=False) if self.hint else None
        ways = len(moves(config))
        self.motion = Motion(config) if config.shifts else None
        seen = ways * (CONTEXT - 1)
        self.stem_motion = nn.Conv2d(seen, inner, 1, bias=False) if self.motion else None
        self.condition_motion = nn.Linear(seen, width, bias=False) if self.motion else None
        before, middle, after = config.blocks
        self.down = nn.ModuleList(ResidualBlock(inner, inner, width) for _ in range(before))
        self.reduce = nn.Conv2d(inner, deep, 2, stride=2)
        self.middle = nn.ModuleList(ResidualBlock(deep, deep, width) for _ in range(middle))
        self.enlarge = nn.Conv2d(deep, 4 * inner, 1)
        self.up = nn.ModuleList(
            ResidualBlock(2 * inner if i == 0 else inner, inner, width) for i in range(after)
        )
        self.out_norm = nn.GroupNorm(groups_of(inner), inner)
        self.out = nn.Conv2d(inner, 3 * pixels, 3, padding=1)
        known = 2 * deep + width + (2 * config.shifts + 1 if config.memory else 0)
        self.choice = Choice(config, inner, known) if ways else None
        self.fine = Fine(config, inner) if config.fine else None
        # What happens far from Mario, or all of it where there is no memory. The largest values,
        # too: most ends are a matter of one place.
        last = nn.Linear(_HEAD_WIDTH, HEAD_SIZE)
        with torch.no_grad():  # a body that has learnt by itself is hardly disturbed
            last.weight.mul_(0.01)
            last.bias.zero_()
        self.head = nn.Sequential(nn.Linear(2 * deep, _HEAD_WIDTH), nn.SiLU(), last)
        self.body = Body(config) if config.memory else None
        self.finder = Finder(inner) if config.memory else None
        self.edge = EdgePainter(config) if config.edge else None
        self.sprite = SpriteLayer(config) if config.sprite else None
        # How far the camera goes, once that is known: what comes into view follows from it.
        self.condition_camera = None
        if self.choice is not None and config.memory:
            self.condition_camera = nn.Linear(2 * config.shifts + 1, width, bias=False)
            nn.init.zeros_(self.condition_camera.weight)

    def forward(
        self,
        context: Tensor,
        noisy: Tensor,
        buttons: Tensor,
        codes: Tensor,
        tiles: Tensor | None,
        place: Tensor | None,
        memory: Tensor | None,
    ) -> Parts:
        """What the next frame is made of, and the head's numbers."""
        config = self.config
        remembered = None
        if self.body is not None:
            assert memory is not None
            remembered = self.body.remembered(memory, buttons)
        condition = self.condition(buttons, codes, place, remembered)
        x = self.stem(torch.cat([context, noisy], dim=1))
        near = None
        if self.motion is not None and self.stem_motion is not None:
            assert self.condition_motion is not None
            near, local, whole = self.motion(context)
            x = x + self.stem_motion(local)
            condition = condition + self.condition_motion(whole)
        if self.hint is not None and self.stem_hint is not None:
            assert tiles is not None
            assert place is not None
            x = x + self.stem_hint(self.hint(tiles, place))
        for block in self.down:
            x = block(x, condition)
        kept = x
        rows, columns = config.grid
        x = self.reduce(functional.pad(x, (0, columns % 2, 0, rows % 2)))
        for block in self.middle:
            x = block(x, condition)
        summary = torch.cat([x.mean(dim=(2, 3)), x.amax(dim=(2, 3))], dim=1)
        with torch.autocast(summary.device.type, enabled=False):
            head = self.head(summary.float())
        told, camera, aware = [summary, condition], None, condition
        layers: list[Tensor] = []
        if self.body is not None and self.finder is not None and memory is not None:
            where = self.body.where(memory, self.finder(kept))
            around = self.body.surroundings(context, memory, where)
            head, known = self.body(around, where, memory, buttons, head)
            if self.edge is not None:
                assert tiles is not None
                assert place is not None
                layers.append(self.edge(context[:, -3:], tiles, place, head[:, _CAMERA]))
            if self.sprite is not None:
                feet = self.body.pixels(head[:, _SCREEN])
                layers.append(self.sprite(known, head[:, :HEAD_SIZE], codes[:, 0], feet))
            if self.choice is not None and self.condition_camera is not None:
                camera = self.choice.camera_way(memory, head)
                told.append(camera)
                aware = condition + self.condition_camera(camera)
        x = functional.pixel_shuffle(self.enlarge(x), 2)[:, :, :rows, :columns]
        x = torch.cat([x, kept], dim=1)
        for block in self.up:
            x = block(x, aware)
        x = functional.silu(self.out_norm(x))
        painted = functional.pixel_shuffle(self.out(x), config.patch)
        corrected = None
        if self.fine is not None:
            added, corrected = self.fine(x, context)
            painted = painted + added
        if self.choice is None or near is None:
            return Parts(painted, None, tuple(layers), head)
        logits = self.choice(x, torch.cat(told, dim=1), near, camera)
        if corrected is not None:
            logits = logits + corrected
        return Parts(painted, logits, tuple(layers), head)


class Denoiser(nn.Module):
    """A network with its preconditioning: the expected frame behind a noisy one.

    Args:
        config: The model.
    """

    def __init__(self, config: DreamConfig) -> None:
        super().__init__()
        self.config = config
        if config.network == "diamond":
            from gym_mario_suite.dream.diamond import DiamondNet

            self.net: nn.Module = DiamondNet(config)
        else:
            self.net = UnshuffleNet(config)

    def forward(
        self,
        context: Tensor,
        noisy: Tensor,
        buttons: Tensor,
        sigma: Tensor,
        sigma_context: Tensor,
        tiles: Tensor | None = None,
        place: Tensor | None = None,
        memory: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """The denoised frames and the head's numbers.

        Args:
            context: float[n, 12, h, w], the past frames in -1 .. 1, oldest first.
            noisy: float[n, 3, h, w], the next frame with noise of level `sigma`.
            buttons: float[n, 4, 6], 0 or 1, pressed after each of the past frames; the last row
                leads to the next frame.
            sigma: float[n], noise level of `noisy`.
            sigma_context: float[n], noise level of `context`.
            tiles: int64[n, 4, 15, 2], the level hint.
            place: float[n, 2], the camera's place within its tile (0 .. 1), and 1 where there is a
                hint, else 0.
            memory: float[n, MEMORY_SIZE], what the dream remembers (see `memory`).

        Returns:
            float[n, 3, h, w] and float[n, HEAD_SIZE].
        """
        parts = self.parts(context, noisy, buttons, sigma, sigma_context, tiles, place, memory)
        return composed(parts, context[:, -3:], self.config), parts.head[:, :HEAD_SIZE]

    def parts(
        self,
        context: Tensor,
        noisy: Tensor,
        buttons: Tensor,
        sigma: Tensor,
        sigma_context: Tensor,
        tiles: Tensor | None = None,
        place: Tensor | None = None,
        memory: Tensor | None = None,
    ) -> Parts:
        """What `forward` is made of."""
        config = self.config
        c_in, c_skip, c_out = preconditioning(sigma[:, None, None, None], config)
        offset = config.sigma_offset**2
        # ln sqrt(s^2 + o^2) / 4
        codes = torch.stack([sigma, sigma_context], dim=1)
        codes = torch.log(codes * codes + offset) / 8
        parts = self.net(
            context / config.sigma_data, noisy * c_in, buttons, codes, tiles, place, memory
        )
        return parts._replace(painted=c_skip * noisy + c_out * parts.painted)


def count_parameters(module: nn.Module) -> int:
    """How many trained numbers the module has."""
    return sum(p.numel() for p in module.parameters())


def example_inputs(config: DreamConfig, count: int = 1) -> dict[str, Any]:
    """Inputs of the right shapes, by name; for export and tests."""
    height, width, _ = config.shape
    generator = torch.Generator().manual_seed(0)
    inputs: dict[str, Any] = {
        "context": torch.rand(count, 3 * CONTEXT, height, width, generator=generator) * 2 - 1,
        "noisy": torch.randn(count, 3, height, width, generator=generator),
        "buttons": torch.randint(0, 2, (count, CONTEXT, len(BUTTONS)), generator=generator).float(),
        "sigma": torch.full((count,), config.sigma_max),
        "sigma_context": torch.full((count,), config.sigma_context),
    }
    if config.level_hint:
        shape = (count, HINT_COLUMNS, HINT_ROWS, 2)
        inputs["tiles"] = torch.randint(0, HINT_SPAWN_CODES, shape, generator=generator)
        inputs["place"] = torch.ones(count, 2)
    if config.memory:
        inputs["memory"] = torch.rand(count, MEMORY_SIZE, generator=generator)
        inputs["memory"][:, [MEMORY.index(flag) for flag in ("known", "placed", "seen")]] = 1
    return inputs
