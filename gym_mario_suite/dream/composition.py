"""What a frame is made of: copies and paint, and Mario laid upon them."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from gym_mario_suite.dream.copies import choose, expected_error
from gym_mario_suite.dream.presets import DreamConfig
from gym_mario_suite.dream.sprite import covered, covering_error


class Parts(NamedTuple):
    """What a network says of a step.

    Attributes:
        painted: float[n, 3, h, w].
        logits: Of each cell's choices (see `copies.choose`); None where all is painted.
        sprite: float[n, 4, h, w], see `sprite.SpriteLayer`; None where there is none.
        head: float[n, HEAD_SIZE], and behind it proposals of laws, where there are laws.
    """

    painted: Tensor
    logits: Tensor | None
    sprite: Tensor | None
    head: Tensor


def composed(parts: Parts, last: Tensor, config: DreamConfig) -> Tensor:
    """The frame float[n, 3, h, w]; `last` is the frame that is copied from."""
    return covered(_beneath(parts, last, config), parts.sprite)


def _beneath(parts: Parts, last: Tensor, config: DreamConfig) -> Tensor:
    if parts.logits is None:
        return parts.painted
    return choose(parts.painted, parts.logits, last, config)


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
    painted, sprite = parts.painted.float(), parts.sprite
    if sprite is None:
        return expected_error(painted, parts.logits, last, target, weight, config)
    with torch.no_grad():
        beneath = _beneath(parts._replace(painted=painted), last, config)
        uncovered = weight * (1 - sprite[:, 3:].sigmoid())
    error = covering_error(beneath, sprite, target, weight).mean()
    return error + expected_error(painted, parts.logits, last, target, uncovered, config)
