"""Measures of how like two things are: pictures, curves, decisions."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.dream.frames import Frames

CHANGED_LEVELS = 8  # a pixel that differs by more has changed
_SSIM_SIDE = 8
_SSIM_C1, _SSIM_C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def squared_errors(a: Frames, b: Frames) -> NDArray[np.float64]:
    """Squared differences of levels, mean over the channels: float64[..., h, w]."""
    return np.square(a.astype(np.float32) - b.astype(np.float32)).mean(-1, dtype=np.float64)


def psnr(mean_squared_error: float) -> float:
    """Peak signal-to-noise ratio in dB of a mean squared error in levels; 100 for none at all.

    NaN, the mean of no pixels, stays NaN.
    """
    if mean_squared_error <= 0:
        return 100.0
    # In this order, since of a NaN `min` gives what stands first.
    return min(10 * math.log10(255**2 / mean_squared_error), 100.0)


def changed_pixels(last: Frames, target: Frames) -> NDArray[np.bool_]:
    """Where a frame differs from the one before it: bool[..., h, w]."""
    different: NDArray[np.bool_] = np.abs(target.astype(np.int16) - last) > CHANGED_LEVELS
    return np.any(different, axis=-1)


def ssim(a: Frames, b: Frames) -> float:
    """Structural similarity (Wang et al. 2004) of grey levels, over squares of 8x8 px."""
    x, y = (_blocks(frames.mean(-1, dtype=np.float64)) for frames in (a, b))
    mx, my = x.mean(-1), y.mean(-1)
    vx, vy = x.var(-1), y.var(-1)
    cov = (x * y).mean(-1) - mx * my
    top = (2 * mx * my + _SSIM_C1) * (2 * cov + _SSIM_C2)
    return float((top / ((mx**2 + my**2 + _SSIM_C1) * (vx + vy + _SSIM_C2))).mean())


def _blocks(grey: NDArray[np.float64]) -> NDArray[np.float64]:
    side = _SSIM_SIDE
    *head, h, w = grey.shape
    h, w = h // side * side, w // side * side
    cut = grey[..., :h, :w].reshape(*head, h // side, side, w // side, side)
    return np.moveaxis(cut, -3, -2).reshape(*head, h // side, w // side, side * side)


def average_precision(truth: NDArray[np.bool_], score: NDArray[np.floating]) -> float:
    """Area under the precision-recall curve, by steps; NaN when nothing is true.

    Equal scores are one threshold, so that the order of the samples does not matter.
    """
    if not truth.any():
        return math.nan
    order = np.argsort(-score, kind="stable")
    hits, falling = truth[order], -score[order]
    chosen = np.searchsorted(falling, falling, side="right")  # with that score or a higher one
    precision = np.cumsum(hits)[chosen - 1] / chosen
    return float(precision[hits].mean())


def calibration_error(truth: NDArray[np.bool_], chance: NDArray[np.floating]) -> float:
    """Expected calibration error over ten equal bins."""
    bins = np.minimum((chance * 10).astype(int), 9)
    total = 0.0
    for b in range(10):
        inside = bins == b
        if inside.any():
            total += inside.mean() * abs(float(truth[inside].mean() - chance[inside].mean()))
    return total


def interval(values: NDArray[np.floating], rounds: int = 500) -> tuple[float, float]:
    """95 % bootstrap interval of the median."""
    rng = np.random.default_rng(0)
    picks = rng.integers(0, len(values), (rounds, len(values)))
    medians = np.median(values[picks], axis=1)
    return float(np.quantile(medians, 0.025)), float(np.quantile(medians, 0.975))


def frechet_distance(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """Distance of two sets of features as if each were normally distributed.

    Args:
        a: float[n, features].
        b: float[m, features].
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    gap = a.mean(0) - b.mean(0)
    ca, cb = np.cov(a.T), np.cov(b.T)
    # The trace of the root of ca cb is that of the root of the symmetric ca^1/2 cb ca^1/2.
    values, vectors = np.linalg.eigh(ca)
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    middle = np.sqrt(np.clip(np.linalg.eigvalsh(root @ cb @ root), 0, None)).sum()
    return float(gap @ gap + np.trace(ca) + np.trace(cb) - 2 * middle)


def shift_of(before: Frames, last: Frames, reach: int = 6) -> NDArray[np.int64]:
    """By how many px each picture has moved to the left since the one before: int64[n].

    Args:
        before: uint8[n, h, w, 3].
        last: uint8[n, h, w, 3].
        reach: Largest shift.
    """
    a, b = before[..., 1].astype(np.int16), last[..., 1].astype(np.int16)
    width = a.shape[-1]
    costs = []
    for shift in range(-reach, reach + 1):
        low, high = max(0, -shift), min(width, width - shift)
        difference = np.abs(a[..., low + shift : high + shift] - b[..., low:high])
        costs.append(difference.mean((-1, -2)))
    return np.argmin(np.stack(costs, -1), -1) - reach


def shifted(frames: Frames, by: NDArray[np.integer]) -> Frames:
    """Pictures moved to the left by so many px each; the edge is repeated."""
    width = frames.shape[-2]
    columns = np.clip(np.arange(width) + by[:, None], 0, width - 1)
    return np.take_along_axis(frames, columns[:, None, :, None], axis=2)
