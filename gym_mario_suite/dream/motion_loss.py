"""The stage "motion": Mario's body, his picture and the edge, learnt by themselves.

None of them needs the U-Net, so that a transition costs a fiftieth of what it costs later on; and
what later stages are to paint and to copy depends on where Mario is. The stage "contact" is what is
left of it where all is known but what comes of Mario and a creature meeting.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from gym_mario_suite.dream.body import Body, Said, Surroundings
from gym_mario_suite.dream.copies import CELL, moves
from gym_mario_suite.dream.edge import EdgePainter
from gym_mario_suite.dream.herd_loss import herd_loss
from gym_mario_suite.dream.layers import Layer, covering_error, cut
from gym_mario_suite.dream.losses import Batch, head_loss, known_scenery, vague
from gym_mario_suite.dream.memory import PLACED, SCREEN, SCREEN_UNIT
from gym_mario_suite.dream.network import UnshuffleNet
from gym_mario_suite.dream.presets import CONTEXT, DreamConfig
from gym_mario_suite.errors import OptionError

_LOOKED_FOR_PX = 2.0  # how far from him Mario may be found, px of the engine
_FRAME_NOISE = 0.02
_BLOCK = 2 * CELL
# What comes of a contact.
_CONTACTS = ("laws", "done", "won", "kill", "power", "invulnerable")
_GUESSED = 0.03  # by so much a copy that must be guessed is worse than the best there is


def motion_loss(
    net: nn.Module,
    config: DreamConfig,
    batch: Batch,
    generator: torch.Generator,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Every transition of the windows, from true frames.

    Returns:
        The error of the frame around Mario, as far as he is to be drawn there; and the head's
        losses by name.

    Raises:
        OptionError: For a model without a memory.
    """
    net, body = _with_body(net, config, "motion")
    sprite, frames, steps = net.sprite, batch.frames, _steps(batch)
    memory = vague(_memories(batch), generator)
    said, targets = _said(body, config, batch, generator, memory)
    error = torch.zeros((), device=frames.device)
    if sprite is not None:
        pixels = body.pixels(targets["screen"].nan_to_num())
        code = torch.full_like(pixels[:, 0], math.log(config.sigma_max) / 4)
        canvas = sprite.canvas(said.known, said.head, code, pixels - pixels.floor())
        for k, feet, drawing in zip(
            steps, pixels.chunk(len(steps)), canvas.chunk(len(steps)), strict=True
        ):
            error = error + _canvas_error(
                drawing, sprite.corner(feet), frames[:, k], frames[:, k + 1], config
            ) / len(steps)
    if net.edge is not None:
        for k in steps:
            error = error + _edge_error(net, net.edge, batch, k, config) / len(steps)
    losses = head_loss(said.head, targets, said.followed)
    if net.herd is not None:
        drawn_wrong, more = herd_loss(net, config, batch)
        error, losses = error + drawn_wrong, {**losses, **more}
    return error, losses


def contact_loss(
    net: nn.Module,
    config: DreamConfig,
    batch: Batch,
    generator: torch.Generator,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Every transition of the windows, from true frames: what comes of Mario and creatures meeting.

    Returns:
        The sum of the head's losses that tell of it, and these by name.

    Raises:
        OptionError: For a model without laws.
    """
    net, body = _with_body(net, config, "contact")
    if body.laws is None:
        raise OptionError(f"the stage 'contact' needs a model with laws, not {config.name!r}")
    # What is remembered is exact: a touch is a matter of a fraction of a pixel.
    said, targets = _said(body, config, batch, generator, _memories(batch))
    losses = head_loss(said.head, targets, said.followed)
    losses = {name: losses[name] for name in _CONTACTS}
    return torch.stack(list(losses.values())).sum(), losses


def contact_parts(net: nn.Module) -> nn.Module | None:
    """What the stage "contact" trains; None where there is nothing of the kind."""
    if isinstance(net, UnshuffleNet) and net.body is not None and net.body.laws is not None:
        return net.body.laws.contact
    return None


def _with_body(net: nn.Module, config: DreamConfig, stage: str) -> tuple[UnshuffleNet, Body]:
    if not isinstance(net, UnshuffleNet) or net.body is None:
        raise OptionError(f"the stage {stage!r} needs a model with a memory, not {config.name!r}")
    return net, net.body


def _steps(batch: Batch) -> range:
    """The windows' moments that have a context and a next frame."""
    return range(CONTEXT - 1, batch.frames.shape[1] - 1)


def _memories(batch: Batch) -> Tensor:
    """The true memories of those moments, one moment of all windows after the other."""
    return torch.cat([batch.memory[:, k] for k in _steps(batch)])


def _said(
    body: Body, config: DreamConfig, batch: Batch, generator: torch.Generator, memory: Tensor
) -> tuple[Said, dict[str, Tensor]]:
    """What the body says of every transition, and the targets.

    Args:
        body: Mario's body.
        config: The model.
        batch: Windows.
        generator: Of the noise.
        memory: What is remembered, as far as it is; see `_memories`.
    """
    frames, steps = batch.frames, _steps(batch)
    buttons = torch.cat([batch.buttons[:, k + 1 - CONTEXT : k + 1] for k in steps])
    targets = {n: torch.cat([t[:, k] for k in steps]) for n, t in batch.targets.items()}

    def drawn(like: Tensor) -> Tensor:
        return torch.randn(like.shape, generator=generator, device=like.device)

    place = _memories(batch)[:, SCREEN] / SCREEN_UNIT
    place = body.where(memory, place + drawn(place) * (_LOOKED_FOR_PX / SCREEN_UNIT))
    # Step by step, so that no frame is copied whole.
    seen = [
        body.surroundings(
            frames[:, k - 1 : k + 1].flatten(1, 2),
            known_scenery(batch.scenery[:, k], frames[:, k], memory_then),
            memory_then,
            place_then,
        )
        for k, memory_then, place_then in zip(
            steps, memory.chunk(len(steps)), place.chunk(len(steps)), strict=True
        )
    ]

    def noised(parts: list[Tensor]) -> Tensor:
        part = torch.cat(parts)
        colours = part[:, :-1] + drawn(part[:, :-1]) * _FRAME_NOISE
        return torch.cat([colours / config.sigma_data, part[:, -1:]], dim=1)

    tiles = [part.tiles for part in seen if part.tiles is not None]
    around = Surroundings(noised([part.near for part in seen]), noised(tiles) if tiles else None)
    return body(around, place, memory, buttons, None), targets


def _edge_error(
    net: UnshuffleNet, edge: EdgePainter, batch: Batch, k: int, config: DreamConfig
) -> Tensor:
    """The right edge beside the panorama, or the last scenery's last column that goes on."""
    last, way = batch.scenery[:, k], batch.targets["move"][:, k, 2]
    seen = last[..., -edge.seen :] / config.sigma_data
    strip = edge.strip(seen, batch.tiles[:, k], batch.place[:, k], way)
    columns = torch.arange(edge.width - edge.side, edge.width, device=last.device)
    came_from = (columns + way.long()[:, None]).clamp(0, edge.width - 1)
    came_from = came_from[:, None, None].expand(-1, *last.shape[1:3], -1)
    beneath = last.gather(3, came_from)
    if net.panorama is not None:
        backdrop = net.panorama(batch.memory[:, k], way, edge.width - edge.side)
        beneath = torch.where(batch.memory[:, k, PLACED, None, None, None] > 0, backdrop, beneath)
    truth = batch.scenery[:, k + 1, :, :, -edge.side :]
    ones = torch.ones_like(truth[:, :1])
    return covering_error(beneath, Layer.of(strip), truth, ones).mean()


def _canvas_error(
    canvas: Tensor, corner: tuple[Tensor, Tensor], last: Tensor, target: Tensor, config: DreamConfig
) -> Tensor:
    """The canvas beside the best that copies could do in its place."""
    side = canvas.shape[-1]
    truth = cut(target, *corner, side, side)
    truth, inside = truth[:, :3], truth[:, 3:]
    with torch.no_grad():
        # Room for all moves.
        left = corner[1] - config.shifts
        around = cut(last, corner[0], left, side, side + 2 * config.shifts)[:, :3]
        frames = [
            around[..., config.shifts + dx : config.shifts + dx + side] for dx in moves(config)
        ]
        errors = [(moved - truth).square().mean(1, keepdim=True) for moved in frames]
        blocks = torch.cat([functional.avg_pool2d(e, _BLOCK, ceil_mode=True) for e in errors], 1)
        best = functional.interpolate(blocks.argmin(1, keepdim=True).float(), scale_factor=_BLOCK)
        best = best.long()[:, None, :, :side, :side].expand(-1, -1, 3, -1, -1)
        beneath = torch.stack(frames, 1).gather(1, best)[:, 0]
    return covering_error(beneath + _GUESSED, Layer.of(canvas), truth, inside).mean()
