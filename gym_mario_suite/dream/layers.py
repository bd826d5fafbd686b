"""Layers: pictures laid upon the frame, each pixel of which covers it or does not.

A layer is float[n, 4, h, w]: colours, and the logit of covering.
"""

from __future__ import annotations

import torch
from torch import Tensor

_AT_FIRST = -2.0  # logit of covering
OUTSIDE = -20.0  # logit of covering where a layer does not reach
_WRONG, _WRONG_SHARE = 2e-3, 0.3  # squared error


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
    channels, rows, columns = map(int, frames.shape[1:])
    down = top[:, None] + torch.arange(height, device=frames.device)
    aside = left[:, None] + torch.arange(width, device=frames.device)
    known = ((down >= 0) & (down < rows))[:, :, None] & ((aside >= 0) & (aside < columns))[:, None]
    places = down.clamp(0, rows - 1)[:, :, None] * columns + aside.clamp(0, columns - 1)[:, None]
    places = places.flatten(1)[:, None].expand(-1, channels, -1)
    seen = frames.flatten(2).gather(2, places).unflatten(2, (height, width))
    inside = known[:, None].to(frames.dtype)
    return torch.cat([seen * inside, inside], dim=1)


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
    channels, size = int(parts.shape[2]), tuple(map(int, parts.shape[3:]))
    rows = top[..., None] + torch.arange(size[0], device=top.device)
    columns = left[..., None] + torch.arange(size[1], device=left.device)
    inside = ((rows >= 0) & (rows < height))[..., None]
    inside = inside & ((columns >= 0) & (columns < width))[..., None, :]
    index = rows.clamp(0, height - 1)[..., None] * width
    index = (index + columns.clamp(0, width - 1)[..., None, :]).flatten(1)
    shown = parts * inside[:, :, None].to(parts.dtype)
    shown = shown.transpose(1, 2).flatten(2)
    empty = (shown[:, :, :1] * 0).expand(-1, -1, height * width)
    index = index[:, None].expand(-1, channels, -1)
    return empty.scatter_add(2, index, shown).unflatten(2, (height, width))


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
    """A network's four channels as a layer that at first covers little."""
    return drawn + drawn.new_tensor([0.0, 0.0, 0.0, _AT_FIRST])[:, None, None]


def covered(frame: Tensor, layer: Tensor) -> Tensor:
    """The frame with the layer upon it, float[n, 3, h, w]; a pixel is covered or not."""
    return torch.where(layer[:, 3:] > 0, layer[:, :3], frame)


def covering_error(frame: Tensor, layer: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Squared error to be expected if each pixel's covering is drawn by its share.

    Args:
        frame: float[n, 3, h, w], what is covered; it learns nothing here.
        layer: float[n, 4, h, w].
        target: float[n, 3, h, w].
        weight: float, to go with [n, 1, h, w].

    Returns:
        float[n, 1, h, w], less what the frame's own share of it is, which is counted elsewhere.
    """
    share = layer[:, 3:].sigmoid()
    beneath = (frame.detach() - target).square().mean(1, keepdim=True)
    above = (layer[:, :3] - target).square().mean(1, keepdim=True)
    # Drawing is learnt before covering, where the frame is wrong.
    wrong = ((beneath > _WRONG) & (layer[:, 3:] > OUTSIDE)).to(above.dtype)
    return weight * ((share + _WRONG_SHARE * wrong) * above + (share.detach() - share) * beneath)
