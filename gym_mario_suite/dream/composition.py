"""What a frame is made of: scenery, what moves upon it, and Mario.

The scenery (backdrop and tiles) is a picture of its own, which the next step copies from; what
moves is laid upon it anew in every step. So nothing that moves leaves a trail, and what was behind
it is still known.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from gym_mario_suite.dream.copies import choose, expected_error
from gym_mario_suite.dream.layers import covered, covering_error
from gym_mario_suite.dream.presets import DreamConfig


class Parts(NamedTuple):
    """What a network says of a step.

    Layers are float[n, 4, h, w]: colours, and the logit of covering (see `layers`).

    Attributes:
        painted: float[n, 3, h, w], of the scenery.
        head: float[n, HEAD_SIZE], and behind it proposals of laws, where there are laws.
        logits: Of each cell's choices (see `copies.choose`); None where all is painted.
        backdrop: float[n, 3, h, w], what the panorama shows (see `panorama`), if there is one.
        edge: A layer upon the scenery (see `edge`).
        things: A layer of all that moves.
        herd: A layer of the creatures that are remembered (see `herd_layer`), upon the things.
        sprite: A layer of Mario alone, upon the others (see `sprite`).
        memory: float[n, MEMORY_SIZE], after the step; None without a memory.
    """

    painted: Tensor
    head: Tensor
    logits: Tensor | None = None
    backdrop: Tensor | None = None
    edge: Tensor | None = None
    things: Tensor | None = None
    herd: Tensor | None = None
    sprite: Tensor | None = None
    memory: Tensor | None = None


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
        scenery = covered(scenery, parts.edge)
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
    uncovered = weight
    if parts.edge is not None:
        uncovered = weight * (1 - parts.edge[:, 3:].detach().sigmoid())
    error = expected_error(
        painted, parts.logits, last, truth.scenery, uncovered, config, parts.backdrop
    )
    with torch.no_grad():
        chosen = painted
        if parts.logits is not None:
            chosen = choose(painted, parts.logits, last, config, parts.backdrop)
    frame = chosen
    if parts.edge is not None:
        error = error + covering_error(chosen, parts.edge, truth.scenery, weight).mean()
        frame = covered(chosen, parts.edge.detach())
    # How much of each layer is left uncovered by the one above.
    if parts.things is not None:
        left = weight
        for layer in (parts.herd, parts.sprite):
            if layer is not None:
                left = left * (1 - layer[:, 3:].detach().sigmoid())
        error = error + covering_error(frame, parts.things, truth.frame, left).mean()
        frame = covered(frame, parts.things.detach())
    if parts.herd is not None:  # which learns by itself, see `motion_loss`
        frame = covered(frame, parts.herd.detach())
    if parts.sprite is not None:
        error = error + covering_error(frame, parts.sprite, truth.frame, weight).mean()
    return error
