"""Filling masked cells: ancestral sampling in random order, and refinement.

At each of T steps the network looks at the grid once, and the undecided cells next in the order are
decided, each by its own draw. The order is random (stratified, below). Ordering by confidence, as
MaskGIT does, would crowd out rare tiles: air and ground are always the surest, and what is decided
first makes more of itself likely.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.levels.diffusion.commit import commit, fit_bias
from gym_mario_suite.levels.diffusion.footprints import remove_broken
from gym_mario_suite.levels.diffusion.inference import (
    Buffers,
    Weights,
    cell_logits,
    features,
    make_buffers,
)
from gym_mario_suite.levels.diffusion.shape import FAR
from gym_mario_suite.levels.noise_fields import PRIORITY, field_key, uniform
from gym_mario_suite.levels.tile_grid import MASK, N_TILES, Tile

Codes = NDArray[np.uint8]

_NOISE, _ORDER, _CHOICE = 1, 2, 3  # streams of a key
_EARLY = 1.0  # exponent of the schedule: above 1 the first steps decide less
_BLOCK = 4  # cells of a block of 4 x 4 are decided at different times
_STRIP = 12  # columns that a refinement draws anew ...
_COLUMNS_PER_STRIP = 100  # ... of so many
_CONTEXT = 24  # columns beside a strip that the network sees
_LOOKS = 8  # at a strip
_LEFT_HALVES = (Tile.PIPE_TOP_LEFT, Tile.PIPE_LEFT)
_RIGHT_HALVES = (Tile.PIPE_TOP_RIGHT, Tile.PIPE_RIGHT)


@dataclass(frozen=True)
class Constraints:
    """What a level must obey, in tiles' bits and counts.

    Attributes:
        allowed: Tiles that may be used, as bits; air always is.
        groups: The tiles of each limited group, as bits.
        limits: The most cells of each group.
        quotas: The tiles of each quota, as bits.
        wanted: The least and most cells of each quota.
        temperature: Below 1 likelier tiles are drawn more often than the network says.
    """

    allowed: int = (1 << N_TILES) - 1
    groups: tuple[int, ...] = ()
    limits: tuple[int, ...] = ()
    quotas: tuple[int, ...] = ()
    wanted: tuple[tuple[float, float], ...] = ()
    temperature: float = 1.0


@jit
def _write_priorities(key, first, height, cells, width, priorities):
    """The place of each cell in the order, in (0, 1)."""
    strata = _BLOCK * _BLOCK
    for i in range(len(cells)):
        row, column = height - 1 - cells[i] // width, first + cells[i] % width
        own = uniform(key, row, column, PRIORITY)
        # Within its block the cell's rank is a stratum of its own.
        top, left = row // _BLOCK * _BLOCK, column // _BLOCK * _BLOCK
        rank = 0
        for y in range(top, top + _BLOCK):
            for x in range(left, left + _BLOCK):
                if uniform(key, y, x, PRIORITY) < own:
                    rank += 1
        priorities[i] = (rank + own) / strata


@dataclass
class Canvas:
    """A level in the making.

    Attributes:
        codes: Tiles and MASK, uint8[H, W]; H and W even.
        frozen: Cells that never change.
        condition: The network's, see `NetworkShape.condition`.
        constraints: What the level must obey.
        frames: Grids after each step, when they are wanted.
        watch: Called after each look of the network with the share of the looks at this filling,
            0 to 1; what it raises ends the work.
    """

    codes: Codes
    frozen: NDArray[np.bool_]
    condition: int
    constraints: Constraints
    frames: list[Codes] | None = None
    watch: Callable[[float], None] | None = None


class _Scratch(threading.local):
    """Scratch memory of a thread; copies and pickles begin without any."""

    size: tuple[int, int] | None = None
    buffers: Buffers

    def __reduce__(self) -> tuple[type[_Scratch], tuple[()]]:
        return _Scratch, ()


class Sampler:
    """Fills canvases with what a network holds likely.

    Args:
        weights: The network's.
    """

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self._scratch = _Scratch()

    def _room(self, canvas: Canvas) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The limited groups, and how many more cells each may have."""
        counts = np.bincount(canvas.codes.ravel(), minlength=N_TILES + 1)
        groups = canvas.constraints.groups
        room = [
            limit - sum(int(counts[t]) for t in range(N_TILES) if bits >> t & 1)
            for bits, limit in zip(groups, canvas.constraints.limits, strict=True)
        ]
        return np.array(groups, np.int64), np.array(room, np.int64)

    def fill(
        self,
        canvas: Canvas,
        key: int,
        steps: int,
        columns: tuple[int, int] | None = None,
    ) -> None:
        """Decide all undecided cells.

        Args:
            canvas: Changed in place.
            key: Seed of the noise and the order.
            steps: How many times the network looks at the grid, at most.
            columns: Bounds of the columns that are looked at, even; all by default. They must
                hold all undecided cells.
        """
        first, end = columns or (0, canvas.codes.shape[1])
        codes = np.ascontiguousarray(canvas.codes[:, first:end])
        height, width = codes.shape
        cells = np.flatnonzero(codes == MASK)
        priorities = np.empty(len(cells))
        _write_priorities(field_key(key, _ORDER), first, height, cells, width, priorities)
        order = cells[np.argsort(priorities, kind="stable")]
        noise = field_key(key, _NOISE)
        constraints = canvas.constraints
        sharpness = 1.0 / constraints.temperature
        groups, room = self._room(canvas)
        bias = np.zeros(N_TILES)
        shift = np.zeros(len(constraints.quotas))
        buffers = self._sized_buffers(height, width)
        steps = max(1, min(steps, len(order)))
        done = 0
        for step in range(1, steps + 1):
            upto = math.ceil(len(order) * (step / steps) ** _EARLY)
            chunk = order[done:upto]
            done = upto
            chunk = chunk[codes.ravel()[chunk] == MASK]
            if len(chunk):
                # Whole levels begin and end with plain ground; the network is to go on as in the
                # middle of a level, where it knows no beginning by heart.
                features(codes, canvas.condition, FAR, 4 * FAR, self.weights, buffers)
                if constraints.quotas:
                    canvas.codes[:, first:end] = codes
                    self._fit_quotas(canvas, codes, buffers, bias, shift)
                cell_logits(chunk, self.weights, buffers)
                commit(
                    codes,
                    chunk,
                    buffers.logits[: len(chunk)],
                    noise,
                    first,
                    bias,
                    sharpness,
                    constraints.allowed,
                    groups,
                    room,
                )
            if canvas.frames is not None:
                frame = canvas.codes.copy()
                frame[:, first:end] = codes
                canvas.frames.append(frame)
            if canvas.watch is not None:
                canvas.watch(step / steps)
        canvas.codes[:, first:end] = codes
        remove_broken(canvas.codes, canvas.frozen)

    def _sized_buffers(self, height: int, width: int) -> Buffers:
        scratch = self._scratch
        if scratch.size != (height, width):
            scratch.buffers = make_buffers(self.weights, height, width)
            scratch.size = height, width
        return scratch.buffers

    def _fit_quotas(
        self,
        canvas: Canvas,
        codes: Codes,
        buffers: Buffers,
        bias: NDArray[np.float64],
        shift: NDArray[np.float64],
    ) -> None:
        """Set the biases by what is decided and what is expected of the rest."""
        constraints = canvas.constraints
        undecided = np.flatnonzero(codes == MASK)
        counts = np.bincount(canvas.codes.ravel(), minlength=N_TILES + 1)
        wanted = np.array(constraints.wanted, np.float64)
        for q, bits in enumerate(constraints.quotas):
            wanted[q] -= sum(int(counts[t]) for t in range(N_TILES) if bits >> t & 1)
        cell_logits(undecided, self.weights, buffers)
        fit_bias(
            buffers.logits,
            len(undecided),
            bias,
            1.0 / constraints.temperature,
            constraints.allowed,
            np.array(constraints.quotas, np.int64),
            wanted,
            shift,
        )

    def refine(self, canvas: Canvas, key: int) -> None:
        """Draw strips of columns anew, 12 of every 100.

        A step of blocked Gibbs sampling, so any number of them leaves the law of the levels as it
        is. The strips are chosen by lot and have the level's full height, so that whole pipes can
        come and go; single cells would only ever break pipes, and cells chosen because they are
        unlikely would kill rare tiles.
        """
        width = canvas.codes.shape[1]
        lot = field_key(key, _CHOICE)
        for strip in range(max(1, round(width / _COLUMNS_PER_STRIP))):
            first = int(uniform(lot, strip, 0, 0) * max(1, width - _STRIP + 1))
            self._redraw(canvas, first, min(width, first + _STRIP), key + strip)

    def _redraw(self, canvas: Canvas, first: int, end: int, key: int) -> None:
        """Draw the columns first .. end - 1 anew; pipes that lie half outside stay."""
        codes = canvas.codes
        width = codes.shape[1]
        drawn = ~canvas.frozen[:, first:end]
        if first > 0:
            drawn[:, 0] &= ~np.isin(codes[:, first - 1], _LEFT_HALVES)
        if end < width:
            drawn[:, -1] &= ~np.isin(codes[:, end], _RIGHT_HALVES)
        codes[:, first:end][drawn] = MASK
        low = max(0, first - _CONTEXT) // 2 * 2
        high = min(width, end + _CONTEXT)
        if drawn.any():
            self.fill(canvas, key, _LOOKS, (low, high + high % 2))
