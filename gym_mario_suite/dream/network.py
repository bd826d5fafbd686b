"""The denoiser's network: a U-Net whose convolutions all run on a grid of patches.

Patches of pixels are folded into channels first, so that no convolution runs at full size;
that is what makes it fast on a processor. Residual blocks are modulated by a condition vector of
the buttons and the noise levels.

Beside what it paints of the scenery, the network says what to copy from the last one (`copies`),
and it paints what moves upon it (`composition`).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from gym_mario_suite.dream.blocks import HINT_WIDTH, Condition, LevelHint, ResidualBlock, groups_of
from gym_mario_suite.dream.body import Body, Finder
from gym_mario_suite.dream.choice import Choice
from gym_mario_suite.dream.composition import Parts, composed
from gym_mario_suite.dream.copies import Motion, moved_along, moves
from gym_mario_suite.dream.creature import Paths
from gym_mario_suite.dream.diffusion import preconditioning
from gym_mario_suite.dream.edge import EdgePainter
from gym_mario_suite.dream.fine import Fine
from gym_mario_suite.dream.herd import Herd
from gym_mario_suite.dream.herd_layer import HerdLayer
from gym_mario_suite.dream.herd_numbers import scrolled
from gym_mario_suite.dream.layers import AT_FIRST, OUTSIDE, Layer, shuffled
from gym_mario_suite.dream.memory import CLOCK, MEMORY, MEMORY_SIZE, PLACED, SCANS
from gym_mario_suite.dream.nearest import remembered_with
from gym_mario_suite.dream.panorama import Panorama
from gym_mario_suite.dream.presets import (
    BUTTONS,
    CONTEXT,
    HEAD_CAMERA,
    HEAD_SIZE,
    HINT_COLUMNS,
    HINT_ROWS,
    HINT_SPAWN_CODES,
    DreamConfig,
    head_slices,
)
from gym_mario_suite.dream.remembered import carried
from gym_mario_suite.dream.sprite import SpriteLayer

_HEAD_WIDTH = 128
_SCREEN = head_slices()["screen"]
_BACKDROP_SHARPNESS = 20.0


class UnshuffleNet(nn.Module):
    """The U-Net of the presets `tiny`, `ci`, `xs` and `s`."""

    def __init__(self, config: DreamConfig) -> None:
        super().__init__()
        inner, deep = config.channels
        width = config.condition
        pixels = config.patch**2
        self.config = config
        self.condition = Condition(config)
        self.hint = LevelHint(config.grid) if config.level_hint else None
        # The same as pixel unshuffle and a 1x1 convolution of all pictures, and four times as fast.
        self.stem = nn.Conv2d(3 * CONTEXT, inner, config.patch, stride=config.patch)
        self.stem_noisy = nn.Conv2d(3, inner, config.patch, stride=config.patch, bias=False)
        self.stem_scenery = None
        if config.scenery:
            self.stem_scenery = nn.Conv2d(3, inner, config.patch, stride=config.patch, bias=False)
        self.stem_hint = nn.Conv2d(HINT_WIDTH, inner, 1, bias=False) if self.hint else None
        ways = len(moves(config))
        self.motion = Motion(config) if config.shifts else None
        self.condition_motion = nn.Linear(ways, width, bias=False) if self.motion else None
        before, middle, after = config.blocks
        self.down = nn.ModuleList(ResidualBlock(inner, inner, width) for _ in range(before))
        self.reduce = nn.Conv2d(inner, deep, 2, stride=2)
        self.middle = nn.ModuleList(ResidualBlock(deep, deep, width) for _ in range(middle))
        self.enlarge = nn.Conv2d(deep, 4 * inner, 1)
        self.up = nn.ModuleList(
            ResidualBlock(2 * inner if i == 0 else inner, inner, width) for i in range(after)
        )
        self.out_norm = nn.GroupNorm(groups_of(inner), inner)
        # Of the scenery most is copied, so that painting it is worth little.
        side = 1 if config.scenery else 3
        self.out = nn.Conv2d(inner, 3 * pixels, side, padding="same")
        # The fine grid looks at what is beside a patch.
        side = 1 if config.fine else 3
        self.things = None
        if config.scenery:
            self.things = nn.Conv2d(inner, 4 * pixels, side, padding="same")
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
        self.panorama = Panorama(config) if config.panorama else None
        self.edge = EdgePainter(config) if config.edge else None
        self.sprite = SpriteLayer(config) if config.sprite else None
        self.herd = Herd(config) if config.herd else None
        self.herd_layer = HerdLayer(config) if config.herd else None
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
        scenery: Tensor | None,
    ) -> Parts:
        """What the next frame is made of, and the head's numbers."""
        config = self.config
        remembered = None
        if self.body is not None:
            assert memory is not None
            remembered = self.body.remembered(memory, buttons)
        condition = self.condition(buttons, codes, place, remembered, memory)
        x = self.stem(context) + self.stem_noisy(noisy)
        if self.stem_scenery is not None:
            x = x + self.stem_scenery(scenery)
        near = None
        if self.motion is not None and self.condition_motion is not None:
            near, _, whole = self.motion(context)
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
        edge = sprite = backdrop = behind = after = herd = alone = followed = None
        if self.body is not None and self.finder is not None and memory is not None:
            assert scenery is not None
            where = self.body.where(memory, self.finder(kept))
            around = self.body.surroundings(context, scenery, memory, where)
            head, known, followed = self.body(around, where, memory, buttons, head)
            after = carried(memory, head)
            if self.herd is None:
                after = functional.pad(after, (0, MEMORY_SIZE - SCANS))
            else:
                assert tiles is not None
                assert place is not None
                assert followed is not None
                after, herd, alone = self._gone_on(
                    self.herd, scenery, memory, after, head, followed.paths, tiles, place
                )
            if self.edge is not None:
                assert tiles is not None
                assert place is not None
                edge = self.edge(scenery, tiles, place, head[:, HEAD_CAMERA])
            if self.sprite is not None:
                feet = self.body.pixels(head[:, _SCREEN])
                sprite = self.sprite(known, head, codes[:, 0], feet)
            if self.choice is not None and self.condition_camera is not None:
                camera = self.choice.camera_way(memory, head)
                told.append(camera)
                if self.panorama is not None:
                    backdrop, behind = self._behind(self.panorama, scenery, memory, head)
                aware = condition + self.condition_camera(camera)
        x = shuffled(self.enlarge(x), 2)[:, :, :rows, :columns]
        x = torch.cat([x, kept], dim=1)
        for block in self.up:
            x = block(x, aware)
        x = functional.silu(self.out_norm(x))
        painted = functional.pixel_shuffle(self.out(x), config.patch)
        if self.choice is None or self.things is None or near is None:
            return Parts(painted, head, memory=after, followed=followed)
        things = Layer.of(functional.pixel_shuffle(self.things(x), config.patch))
        logits = self.choice(x, torch.cat(told, dim=1), near, camera, behind)
        if self.fine is not None:
            assert scenery is not None
            painted_too, things_too, chosen_too = self.fine(x, context, scenery)
            painted, logits = painted + painted_too, logits + chosen_too
            things = Layer(things.colours + things_too.colours, things.cover + things_too.cover)
        cover = things.cover + AT_FIRST
        if alone is not None:
            cover = torch.where(alone > 0, OUTSIDE, cover)
        things = Layer(things.colours, cover)
        return Parts(painted, head, logits, backdrop, edge, things, herd, sprite, after, followed)

    def _gone_on(
        self,
        herd: Herd,
        scenery: Tensor,
        memory: Tensor,
        after: Tensor,
        head: Tensor,
        paths: Paths,
        tiles: Tensor,
        place: Tensor,
    ) -> tuple[Tensor, Layer, Tensor]:
        """The memory with the herd after the step, its layer, and where that is alone."""
        assert self.body is not None
        assert self.body.tiles is not None
        assert self.herd_layer is not None
        # In full precision, as Mario's own way.
        with torch.autocast(memory.device.type, enabled=False):
            head = head.detach()
            kinds, cannons = herd.tiles(self.body.tiles, scenery, memory, tiles, place)
            ways = herd.ways(memory, kinds)
            creatures = herd.after(memory, ways, head, paths, cannons, tiles, place)
            after = remembered_with(after, memory, head, creatures)
            near = herd.around(kinds, memory, creatures, scrolled(head))
            told = self.herd_layer.told(herd, creatures, after, near)
            layer, alone = self.herd_layer(self.herd_layer.canvas(told), creatures)
        return after, layer, alone

    def _behind(
        self, panorama: Panorama, scenery: Tensor, memory: Tensor, head: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The panorama behind the next frame, and how surely it is seen there, by cell.

        Where it is not known the scenery stands for it.
        """
        last = scenery * self.config.sigma_data
        known = memory[:, PLACED, None, None, None] > 0
        way = head[:, HEAD_CAMERA].detach().round()
        after = torch.where(known, panorama(memory, way), last)
        apart = (panorama.green(memory) - last[:, 1:2]).abs()
        seen = (-_BACKDROP_SHARPNESS * apart).exp() * known
        return after, moved_along(seen, way)


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
        scenery: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The denoised frames, the head's numbers, the frames' scenery, and the memory after.

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
            scenery: float[n, 3, h, w], the last frame's backdrop and tiles in -1 .. 1.

        Returns:
            float[n, 3, h, w], float[n, HEAD_SIZE], float[n, 3, h, w], and float[n, MEMORY_SIZE]
            (zeros of a model without a memory).
        """
        parts = self.parts(
            context, noisy, buttons, sigma, sigma_context, tiles, place, memory, scenery
        )
        made = composed(parts, scenery, self.config)
        after = parts.memory
        if after is None:
            after = parts.head[:, :1].expand(-1, MEMORY_SIZE) * 0
        return made.frame, parts.head, made.scenery, after

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
        scenery: Tensor | None = None,
    ) -> Parts:
        """What `forward` is made of."""
        config = self.config
        c_in, c_skip, c_out = preconditioning(sigma[:, None, None, None], config)
        offset, unit = config.sigma_offset**2, 1 / config.sigma_data
        # ln sqrt(s^2 + o^2) / 4
        codes = torch.stack([sigma, sigma_context], dim=1)
        codes = torch.log(codes * codes + offset) / 8
        parts = self.net(
            context * unit,
            noisy * c_in,
            buttons,
            codes,
            tiles,
            place,
            memory,
            None if scenery is None else scenery * unit,
        )
        painted = c_skip * noisy + c_out * parts.painted
        things = parts.things
        if things is not None:
            things = Layer(c_skip * noisy + c_out * things.colours, things.cover)
        return parts._replace(painted=painted, things=things)


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
        inputs["memory"][:, CLOCK] = torch.arange(count)
    if config.scenery:
        inputs["scenery"] = torch.rand(count, 3, height, width, generator=generator) * 2 - 1
    return inputs
