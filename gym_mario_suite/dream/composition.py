"""What a frame is made of: scenery, what moves upon it, and Mario.

The scenery (backdrop and tiles) is a picture of its own, which the next step copies from; what
moves is laid upon it anew in every step. So nothing that moves leaves a trail, and what was behind
it is still known.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from gym_mario_suite.dream.body import Followed
from gym_mario_suite.dream.copies import choose, expected_error
from gym_mario_suite.dream.layers import Layer, covered, covering_error
from gym_mario_suite.dream.presets import DreamConfig


class Parts(NamedTuple):
    """What a network says of a step.

    Layers are float[n, 4, h, w]: colours, and the logit of covering (see `layers`).

    Attributes:
        painted: float[n, 3, h, w], of the scenery.
        head: float[n, HEAD_SIZE].
        logits: Of each cell's choices (see `copies.choose`); None where all is painted.
        backdrop: float[n, 3, h, w], what the panorama shows (see `panorama`), if there is one.
        edge: A layer upon the scenery's right edge (see `edge`).
        things: A layer of all that moves.
        herd: A layer of the creatures that are remembered (see `herd_layer`), upon the things.
        sprite: A layer of Mario alone, upon the others (see `sprite`).
        memory: float[n, MEMORY_SIZE], after the step; None without a memory.
        followed: What laws propose, where there are laws.
    """

    painted: Tensor
    head: Tensor
    logits: Tensor | None = None
    backdrop: Tensor | None = None
    edge: Layer | None = None
    things: Layer | None = None
    herd: Layer | None = None
    sprite: Layer | None = None
    memory: Tensor | None = None
    followed: Followed | None = None


class Composed(NamedTuple):
    """A step's pictures, float[n, 3, h, w] each."""

    frame: Tensor
    scenery: Tensor


def composed(parts: Parts, last: Tensor | None, config: DreamConfig) -> Composed:
    """The next frame and its scenery; `last` is the last scenery, which is copied from."""
    scenery = parts.painted
    if parts.logits is not None:
        assert last is not None
        scenery = choose(parts.painted, parts.logits, last, config, parts.backdrop)
    if parts.edge is not None:
        left = config.width_px - int(parts.edge.cover.shape[3])
        right = covered(scenery[..., left:], parts.edge)
        scenery = torch.cat([scenery[..., :left], right], dim=3)
    frame = scenery
    for layer in (parts.things, parts.herd, parts.sprite):
        if layer is not None:
            frame = covered(frame, layer)
    return Composed(frame, scenery)


def composition_error(
    parts: Parts, last: Tensor, truth: Composed, weight: Tensor, config: DreamConfig
) -> Tensor:
    """Weighted squared error to be expected if all choices are drawn by their shares.

    Args:
        parts: What the network says.
        last: float[n, 3, h, w], the last scenery.
        truth: The true pictures.
        weight: float, to go with [n, 1, h, w].
        config: The model.

    Returns:
        A number: the mean over pixels and channels.
    """
    painted = parts.painted.float()
    uncovered, edge = weight, None
    if parts.edge is not None:
        edge = parts.edge.widened(config.width_px)
        uncovered = weight * (1 - edge.cover.detach().sigmoid())
    error = expected_error(
        painted, parts.logits, last, truth.scenery, uncovered, config, parts.backdrop
    )
    with torch.no_grad():
        chosen = painted
        if parts.logits is not None:
            chosen = choose(painted, parts.logits, last, config, parts.backdrop)
    frame = chosen
    if edge is not None:
        error = error + covering_error(chosen, edge, truth.scenery, weight).mean()
        frame = covered(chosen, edge.detach())
    # How much of each layer is left uncovered by the one above.
    if parts.things is not None:
        left = weight
        for layer in (parts.herd, parts.sprite):
            if layer is not None:
                left = left * (1 - layer.cover.detach().sigmoid())
        error = error + covering_error(frame, parts.things, truth.frame, left).mean()
        frame = covered(frame, parts.things.detach())
    if parts.herd is not None:  # which learns by itself, see `motion_loss`
        frame = covered(frame, parts.herd.detach())
    if parts.sprite is not None:
        error = error + covering_error(frame, parts.sprite, truth.frame, weight).mean()
    return error
