"""Layers: pictures laid upon the frame, each pixel of which covers it or does not."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

AT_FIRST = -2.0  # logit of covering
OUTSIDE = -20.0  # logit of covering where a layer does not reach
_WRONG, _WRONG_SHARE = 2e-3, 0.3  # squared error


class Layer(NamedTuple):
    """A layer of the frame, or of its right edge.

    Attributes:
        colours: float[n, 3, h, w].
        cover: float[n, 1, h, w], the logit of covering.
    """

    colours: Tensor
    cover: Tensor

    @staticmethod
    def of(drawn: Tensor) -> Layer:
        """Of colours and logits in one, float[n, 4, h, w]."""
        return Layer(drawn[:, :3], drawn[:, 3:])

    def detach(self) -> Layer:
        """The same, through which nothing learns."""
        return Layer(self.colours.detach(), self.cover.detach())

    def widened(self, width: int) -> Layer:
        """A layer of the right edge as one of the whole frame, of so many columns."""
        left = width - int(self.cover.shape[3])
        cover = functional.pad(self.cover, (left, 0), value=OUTSIDE)
        return Layer(functional.pad(self.colours, (left, 0)), cover)


def cut(frames: Tensor, top: Tensor, left: Tensor, height: int, width: int) -> Tensor:
    """A rectangle of each frame, and in a last channel where it is inside the frame.

    Args:
        frames: float[n, c, h, w].
        top: int64[n], row of the frame that is the rectangle's first; may be outside.
        left: int64[n], the same of columns.
        height: Of the rectangle.
        width: Of the rectangle.

    Returns:
        float[n, c + 1, height, width], 0 outside.
    """
    channels, *size = map(int, frames.shape[1:])
    places, inside = _places(top, left, (height, width), (size[0], size[1]))
    places = places[:, None].expand(-1, channels, -1)
    seen = frames.flatten(2).gather(2, places).unflatten(2, (height, width))
    known = inside[:, None].to(frames.dtype)
    return torch.cat([seen * known, known], dim=1)


def laid(parts: Tensor, top: Tensor, left: Tensor, height: int, width: int) -> Tensor:
    """Small pictures put into frames: the sum of what comes to each pixel, 0 where nothing does.

    The counterpart of `cut`, and many times faster than cutting a frame out of a small picture.

    Args:
        parts: float[n, m, c, rows, columns], m pictures for each frame.
        top: int64[n, m], row of the frame in which each begins; may be outside.
        left: int64[n, m], the same of columns.
        height: Of the frame.
        width: Of the frame.

    Returns:
        float[n, c, height, width].
    """
    channels, *size = map(int, parts.shape[2:])
    places, inside = _places(top, left, (size[0], size[1]), (height, width))
    shown = parts * inside[:, :, None].to(parts.dtype)
    shown = shown.transpose(1, 2).flatten(2)
    empty = (shown[:, :, :1] * 0).expand(-1, -1, height * width)
    places = places.flatten(1)[:, None].expand(-1, channels, -1)
    return empty.scatter_add(2, places, shown).unflatten(2, (height, width))


def _places(
    top: Tensor, left: Tensor, size: tuple[int, int], frame: tuple[int, int]
) -> tuple[Tensor, Tensor]:
    """Where the pixels of rectangles are in a frame.

    Args:
        top: int64[...], rows in which rectangles begin.
        left: int64[...], columns.
        size: Rows and columns of each.
        frame: Rows and columns of the frame.

    Returns:
        Numbers of pixels int64[..., rows * columns], those nearest in the frame for pixels outside,
        and bool[..., rows, columns], which are inside.
    """
    sides = []
    for begin, length, end in zip((top, left), size, frame, strict=True):
        at = begin[..., None] + torch.arange(length, device=begin.device)
        there = at.clamp(0, end - 1)
        sides.append((there, there == at))
    (rows, above), (columns, aside) = sides
    places = (rows * frame[1])[..., None] + columns[..., None, :]
    return places.flatten(-2), above[..., None] & aside[..., None, :]


def shuffled(x: Tensor, factor: int) -> Tensor:
    """`torch.pixel_shuffle`, in two steps that ONNX Runtime takes in half the time for factor 2.

    Args:
        x: float[n, channels * factor**2, rows, columns].
        factor: How many times larger pictures get along each side.
    """
    rows, columns = map(int, x.shape[2:])
    x = x.unflatten(1, (-1, factor, factor)).flatten(4).transpose(3, 4).flatten(3)
    return x.unflatten(3, (rows, columns * factor)).transpose(2, 3).flatten(2, 3)


def hardly_covering(drawn: Tensor) -> Tensor:
    """A network's colours and logits, float[n, 4, h, w], so that at first they cover little."""
    return drawn + drawn.new_tensor([0.0, 0.0, 0.0, AT_FIRST])[:, None, None]


def covered(frame: Tensor, layer: Layer) -> Tensor:
    """The frame with the layer upon it, float[n, 3, h, w]; a pixel is covered or not."""
    return torch.where(layer.cover > 0, layer.colours, frame)


def covering_error(frame: Tensor, layer: Layer, target: Tensor, weight: Tensor) -> Tensor:
    """Squared error to be expected if each pixel's covering is drawn by its share.

    Args:
        frame: float[n, 3, h, w], what is covered; it learns nothing here.
        layer: What covers it.
        target: float[n, 3, h, w].
        weight: float, to go with [n, 1, h, w].

    Returns:
        float[n, 1, h, w], less what the frame's own share of it is, which is counted elsewhere.
    """
    share = layer.cover.sigmoid()
    beneath = (frame.detach() - target).square().mean(1, keepdim=True)
    above = (layer.colours - target).square().mean(1, keepdim=True)
    # Drawing is learnt before covering, where the frame is wrong.
    wrong = ((beneath > _WRONG) & (layer.cover > OUTSIDE)).to(above.dtype)
    return weight * ((share + _WRONG_SHARE * wrong) * above + (share.detach() - share) * beneath)
