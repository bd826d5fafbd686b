"""Drawing anew what equals a training level, window by window."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.levels.bench.patterns import window_hashes
from gym_mario_suite.levels.corpus import WINDOW
from gym_mario_suite.levels.diffusion.footprints import open_structures
from gym_mario_suite.levels.diffusion.sampler import Canvas, Sampler
from gym_mario_suite.levels.tile_grid import MASK

_ROUNDS = 4
_REDRAWN = 8  # columns in the middle of a copied window that are drawn anew
_STEPS = 6
_CONTEXT = 24


def redraw_copies(
    sampler: Sampler,
    canvas: Canvas,
    drawn: NDArray[np.bool_],
    columns: int,
    hashes: NDArray[np.uint64],
    key: int,
) -> None:
    """Draw the middle of 14x14 windows anew that occur in the training levels.

    Args:
        sampler: Draws the windows.
        canvas: Changed in place.
        drawn: Cells that were drawn; others stay.
        columns: Of the canvas that belong to the level, from the left.
        hashes: Of the training levels' windows, ascending.
        key: Seed.
    """
    width = canvas.codes.shape[1]
    margin = (WINDOW - _REDRAWN) // 2
    for attempt in range(_ROUNDS):
        copied = np.flatnonzero(np.isin(window_hashes(canvas.codes[:, :columns]), hashes))
        if not len(copied):
            return
        spans = []
        last = -WINDOW
        for first in copied.tolist():
            if first >= last + _REDRAWN:
                spans.append(first)
                last = first
        before = canvas.codes.copy()
        for first in spans:
            part = slice(first + margin, first + margin + _REDRAWN)
            canvas.codes[:, part][drawn[:, part]] = MASK
        open_structures(canvas.codes, ~drawn)
        undecided = np.flatnonzero((canvas.codes == MASK).any(0))
        if not len(undecided):
            canvas.codes[:] = before
            return
        low = max(0, int(undecided[0]) - _CONTEXT) // 2 * 2
        high = min(width, int(undecided[-1]) + 1 + _CONTEXT)
        sampler.fill(canvas, key + attempt, _STEPS, (low, high + high % 2))
