"""Copies: most of the next scenery is in the last one, moved by a few pixels.

For each square of 2x2 px a model chooses: to take it from the last scenery, moved by some pixels
to the side, or from its panorama (see `panorama`), or to paint it. A choice is never blended, so
that scenery which is copied a thousand times is as sharp as on the first frame.

What a model is trained for is the error it may expect when it draws its choice by the shares it
gives: sum over choices of share times error. The shares' gradient then needs no gradient of any
picture, and the best shares are all on one choice.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from gym_mario_suite.dream.presets import DreamConfig

CELL = 2  # side in px of the squares that are copied as a whole; `_by_cell` counts on 2
_SHARPNESS = 20.0
_HARD = 2e-3  # squared error of the best copy, from which on a cell had better be painted


def moves(config: DreamConfig) -> tuple[int, ...]:
    """The choices but painting: how many px to the right of it a pixel comes from."""
    return tuple(range(-config.shifts, config.shifts + 1)) if config.shifts else ()


def choices(config: DreamConfig) -> int:
    """How many choices there are: the moves, the panorama, if there is one, and to paint."""
    return len(moves(config)) + config.panorama + 1


def _padded(frames: Tensor, config: DreamConfig) -> Tensor:
    sides = (config.shifts, config.shifts, 0, 0)
    return functional.pad(frames, sides, mode="replicate")


def _moved(frames: Tensor, config: DreamConfig) -> Iterator[Tensor]:
    """Frames moved in each of the ways."""
    padded = _padded(frames, config)
    for dx in moves(config):
        left = config.shifts + dx
        yield padded[..., left : left + config.width_px]


def moved_along(pictures: Tensor, way: Tensor) -> Tensor:
    """Pictures [n, 1, h, w] once the camera has gone `way` px to the right, float[n]; by cell."""
    width = int(pictures.shape[3])
    columns = torch.arange(width, device=way.device) + way.long()[:, None]
    columns = columns.clamp(0, width - 1)[:, None, None].expand(-1, 1, int(pictures.shape[2]), -1)
    return _by_cell(pictures.gather(3, columns))


class Motion(nn.Module):
    """How well the last frame agrees with the one before it, moved in each of the ways.

    Convolutions over patches would have to learn to compare pixels; this tells them outright how
    fast the camera and the scenery behind it were. One pixel of each cell is compared, in green.
    """

    apart: Tensor

    def __init__(self, config: DreamConfig) -> None:
        super().__init__()
        self.config = config
        self.cells = config.patch // CELL
        reach = config.shifts
        apart = torch.zeros(2 * reach + 1, 2, 1, 2 * reach + 1)
        for number, dx in enumerate(moves(config)):
            apart[number, 0, 0, reach + dx] = 1
        apart[:, 1, 0, reach] = -1
        self.register_buffer("apart", apart, persistent=False)

    def forward(self, context: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Agreement in 0 .. 1.

        Args:
            context: float[n, 3 k, h, w], the past frames, oldest first.

        Returns:
            By cell (and its neighbours), [n, moves, h / 2, w / 2]; by patch, [n, moves, rows,
            columns]; and for the whole picture, [n, moves].
        """
        green = context[:, -5::3, ::CELL]
        # A convolution that subtracts is faster than moving pictures, and as exact where nothing is
        # rounded to halves.
        with torch.autocast(context.device.type, enabled=False):
            padded = _padded(green.float(), self.config)
            differences = functional.conv2d(padded, self.apart, stride=(1, CELL)).abs()
        near = functional.avg_pool2d(differences, 3, stride=1, padding=1)
        patches = functional.avg_pool2d(differences, self.cells)
        return _agreement(near), _agreement(patches), _agreement(differences.mean(dim=(2, 3)))


def _agreement(difference: Tensor) -> Tensor:
    least = difference.amin(dim=1, keepdim=True)
    return (_SHARPNESS * (least - difference)).exp()


def choose(
    painted: Tensor,
    logits: Tensor,
    last: Tensor,
    config: DreamConfig,
    backdrop: Tensor | None = None,
) -> Tensor:
    """The picture that the likeliest choice of each cell makes.

    Args:
        painted: float[n, 3, h, w].
        logits: float[n, choices, h / 2, w / 2], see `choices`.
        last: float[n, 3, h, w], what is copied from.
        config: The model.
        backdrop: float[n, 3, h, w], the panorama, if there is one.
    """
    # All that may be chosen, beside each other, and where in that each choice begins.
    others = [painted] if backdrop is None else [backdrop, painted]
    beside = torch.cat([_padded(last, config), *others], dim=3)
    begins = [config.shifts + dx for dx in moves(config)]
    first = config.width_px + 2 * config.shifts
    begins += [first + number * config.width_px for number in range(len(others))]
    begin = torch.tensor(begins, device=last.device)[logits.argmax(dim=1)]
    # Nearest neighbours, as indices: every cell twice in each direction.
    columns = torch.arange(config.width_px, device=last.device)
    rows = torch.arange(config.height_px, device=last.device) * int(beside.shape[3])
    here = (rows[:, None] + columns).unflatten(0, (-1, CELL))
    places = begin[:, :, None, columns // CELL] + here
    places = places.flatten(1)[:, None].expand(-1, 3, -1)
    return beside.flatten(2).gather(2, places).reshape(painted.shape)


def _by_cell(error: Tensor) -> Tensor:
    """The mean of each cell; several times as fast as a pooling of one channel."""
    rows = error[:, :, ::CELL] + error[:, :, 1::CELL]
    return (rows[..., ::CELL] + rows[..., 1::CELL]) / CELL**2


def expected_error(
    painted: Tensor,
    logits: Tensor | None,
    last: Tensor,
    target: Tensor,
    weight: Tensor,
    config: DreamConfig,
    backdrop: Tensor | None = None,
    paint_share: float = 0.01,
    hard_share: float = 0.5,
    best_share: float = 0.06,
) -> Tensor:
    """Weighted squared error that is to be expected if choices are drawn by their shares.

    From it alone a copy that is hardly ever chosen would not be learnt, however good: so the best
    copy's surprisal counts a little in addition, by what that copy would save.

    Args:
        painted: float[n, 3, h, w].
        logits: Of each choice (see `choose`), or None where all is painted.
        last: float[n, 3, h, w], what is copied from.
        target: float[n, 3, h, w], the true picture.
        weight: float, to go with [n, 1, h, w].
        config: The model.
        backdrop: float[n, 3, h, w], the panorama, if there is one.
        paint_share: What is painted counts by so much in addition, whatever the choice, so that
            painting is learnt before it is chosen.
        hard_share: The same, where no copy would do.
        best_share: By how much the best copy's surprisal counts, in what it saves.

    Returns:
        A number: the mean over pixels and channels.
    """
    by_painting = weight * (painted - target).square().mean(1, keepdim=True)
    if logits is None:
        return by_painting.mean()
    by_painting = _by_cell(by_painting)
    with torch.no_grad():
        errors = []
        others = [] if backdrop is None else [backdrop]
        for moved in (*_moved(last, config), *others):
            error = weight * (moved - target).square().mean(1, keepdim=True)
            errors.append(_by_cell(error))
        by_copying = torch.cat(errors, dim=1)
    unlikely = -logits.float().log_softmax(dim=1)
    shares = (-unlikely).exp()
    expected = (shares[:, :-1] * by_copying).sum(1, keepdim=True) + shares[:, -1:] * by_painting
    least, best = by_copying.min(1, keepdim=True)
    saved = (expected.detach() - least).clamp_min(0)
    learnt = best_share * saved * unlikely.gather(1, best)
    hard = (least > _HARD).float()
    return (expected + learnt + (paint_share + hard_share * hard) * by_painting).mean()
