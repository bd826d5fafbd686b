"""What a frame is made of: copies and paint, and what is laid upon them."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from gym_mario_suite.dream.copies import choose, expected_error
from gym_mario_suite.dream.layers import covered, covering_error
from gym_mario_suite.dream.presets import DreamConfig


class Parts(NamedTuple):
    """What a network says of a step.

    Attributes:
        painted: float[n, 3, h, w].
        logits: Of each cell's choices (see `copies.choose`); None where all is painted.
        layers: What is laid upon that, from the lowest on, each float[n, 4, h, w]: colours, and the
            logit of covering (see `edge` and `sprite`).
        head: float[n, HEAD_SIZE], and behind it proposals of laws, where there are laws.
    """

    painted: Tensor
    logits: Tensor | None
    layers: tuple[Tensor, ...]
    head: Tensor


def composed(parts: Parts, last: Tensor, config: DreamConfig) -> Tensor:
    """The frame float[n, 3, h, w]; `last` is the frame that is copied from."""
    frame = parts.painted
    if parts.logits is not None:
        frame = choose(parts.painted, parts.logits, last, config)
    for layer in parts.layers:
        frame = covered(frame, layer)
    return frame


def composition_error(
    parts: Parts, last: Tensor, target: Tensor, weight: Tensor, config: DreamConfig
) -> Tensor:
    """Weighted squared error to be expected if all choices are drawn by their shares.

    Args:
        parts: What the network says.
        last: float[n, 3, h, w], the frame that is copied from.
        target: float[n, 3, h, w], the true frame.
        weight: float, to go with [n, 1, h, w].
        config: The model.

    Returns:
        A number: the mean over pixels and channels.
    """
    painted = parts.painted.float()
    # How much of each layer, and of the frame beneath, is left uncovered by those above.
    left = [weight]
    for layer in reversed(parts.layers):
        left.append(left[-1] * (1 - layer[:, 3:].detach().sigmoid()))
    error = expected_error(painted, parts.logits, last, target, left.pop(), config)
    if parts.layers:
        with torch.no_grad():
            frame = composed(Parts(painted, parts.logits, (), parts.head), last, config)
        for layer in parts.layers:
            error = error + covering_error(frame, layer, target, left.pop()).mean()
            frame = covered(frame, layer.detach())
    return error
