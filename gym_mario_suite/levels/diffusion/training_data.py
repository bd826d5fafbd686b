"""Training examples of the tile diffusion: crops of levels, some of their cells masked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.levels.corpus import CodeGrid, CorpusLevel, Domain, with_rows
from gym_mario_suite.levels.diffusion.shape import FAR, NetworkShape, Passable
from gym_mario_suite.levels.solver import Solver
from gym_mario_suite.levels.tile_grid import MASK

_DOMAIN_WEIGHTS = {Domain.SMB: 0.38, Domain.SMB2J: 0.4, Domain.SML: 0.08, Domain.INFINITE: 0.14}
# All heights that a generated level may have are even here: odd ones are cut from the next even.
_HEIGHTS = (14, 16, 28)
_HEIGHT_WEIGHTS = (0.7, 0.24, 0.06)
_LEAST_MASKED = 0.02
_SHARE_OF_WINDOWS = 0.15  # examples in which a window of columns is masked, as repair does
_SHARE_SPLICED = 0.4
_SHARE_SHIFTED = 0.1  # examples with the ground one row higher or lower
_SHARE_WITHOUT_ENDS = 0.2
_SHARE_WITHOUT_DOMAIN = 0.1  # for classifier-free conditioning
_SHARE_WITHOUT_PASSABLE = 0.1


@dataclass(frozen=True)
class Examples:
    """A batch.

    Attributes:
        codes: The whole crops, int64[B, H, W].
        masked: The same with some cells MASK.
        weights: float32[B, H, W], 1/t for masked cells and 0 for others: the weights of MDLM.
        condition: Codes of `NetworkShape.condition`, int64[B].
        start: Columns to the level's start, int64[B]; FAR where it must not show.
        end: Columns to the level's end.
    """

    codes: NDArray[np.int64]
    masked: NDArray[np.int64]
    weights: NDArray[np.float32]
    condition: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]


class ExampleSource:
    """Draws batches of crops from levels.

    Of each domain all columns are equally likely. Some crops are spliced: they go on in another
    level of the domain where that has a column of the same tiles. That keeps what small patterns
    there are and makes new combinations of them, so the network learns fewer levels by heart.

    Args:
        levels: What to draw from.
        columns: Width of the crops, even.
        batch: Crops of a batch.
        rng: Where all randomness comes from.
        shape: The network's, for its codes of conditions.
    """

    def __init__(
        self,
        levels: Sequence[CorpusLevel],
        columns: int,
        batch: int,
        rng: np.random.Generator,
        shape: NetworkShape,
    ) -> None:
        self._levels = [level for level in levels if level.codes.shape[1] >= columns]
        self._columns = columns
        self._batch = batch
        self._rng = rng
        self._shape = shape
        places = np.array([level.codes.shape[1] - columns + 1 for level in self._levels], float)
        domains = np.array([level.domain for level in self._levels])
        chances = np.zeros(len(places))
        for domain, weight in _DOMAIN_WEIGHTS.items():
            of = domains == domain
            if of.any():
                chances[of] = weight * places[of] / places[of].sum()
        self._chances = chances / chances.sum()
        self._at_height: dict[int, list[CodeGrid]] = {}
        self._like: dict[int, dict[tuple[int, bytes], list[tuple[int, int]]]] = {}

    def draw(self) -> Examples:
        """The next batch."""
        rng = self._rng
        rows = int(rng.choice(_HEIGHTS, p=_HEIGHT_WEIGHTS))
        self._prepare(rows)
        # The tall crops cost twice as much, so a batch has half as many of them.
        count = self._batch if rows < _HEIGHTS[-1] else max(1, self._batch // 2)
        crops = [self._crop(rows) for _ in range(count)]
        codes = np.stack([crop for crop, _, _, _ in crops]).astype(np.int64)
        start = np.array([before for _, _, before, _ in crops], np.int64)
        end = np.array([after for _, _, _, after in crops], np.int64)
        # Stratified shares: each batch has seen little and much masked.
        share = (rng.permutation(count) + rng.random(count)) / count
        share = _LEAST_MASKED + (1 - _LEAST_MASKED) * share
        hidden = rng.random(codes.shape) < share[:, None, None]
        for i in np.flatnonzero(rng.random(count) < _SHARE_OF_WINDOWS):
            wide = int(rng.integers(6, 25))
            first = int(rng.integers(0, self._columns - wide + 1))
            hidden[i, :, :first] = False
            hidden[i, :, first + wide :] = False
        weights = (hidden / share[:, None, None]).astype(np.float32)
        condition = np.array([condition for _, condition, _, _ in crops], np.int64)
        return Examples(codes, np.where(hidden, MASK, codes), weights, condition, start, end)

    def _prepare(self, rows: int) -> None:
        """All levels with so many rows, and where each column of tiles occurs."""
        if rows in self._at_height:
            return
        grids = [with_rows(level.codes, rows) for level in self._levels]
        like: dict[tuple[int, bytes], list[tuple[int, int]]] = {}
        for i, grid in enumerate(grids):
            domain = int(self._levels[i].domain)
            for column in range(grid.shape[1]):
                like.setdefault((domain, grid[:, column].tobytes()), []).append((i, column))
        self._at_height[rows] = grids
        self._like[rows] = like

    def _crop(self, rows: int) -> tuple[CodeGrid, int, int, int]:
        """A crop, its condition, and the columns to the level's start and end."""
        rng = self._rng
        columns = self._columns
        i = int(rng.choice(len(self._levels), p=self._chances))
        domain = int(self._levels[i].domain)
        grid = self._at_height[rows][i]
        first = int(rng.integers(0, grid.shape[1] - columns + 1))
        start, end = first, grid.shape[1] - columns - first
        crop = grid[:, first : first + columns]
        if rng.random() < _SHARE_SPLICED:
            at = int(rng.integers(8, columns - 8))
            places = self._like[rows][domain, crop[:, at].tobytes()]
            other, column = places[int(rng.integers(len(places)))]
            rest = self._at_height[rows][other][:, column : column + columns - at]
            if rest.shape[1] == columns - at:
                crop = np.concatenate([crop[:, :at], rest], axis=1)
                end = self._at_height[rows][other].shape[1] - column - (columns - at)
        if rng.random() < _SHARE_SHIFTED:
            up = rng.random() < 0.5
            crop = np.concatenate([crop[1:], crop[-1:]] if up else [crop[:1], crop[:-1]])
        passable = Passable(int(Solver(crop).solved()))
        if rng.random() < _SHARE_WITHOUT_PASSABLE:
            passable = Passable.UNKNOWN
        if rng.random() < _SHARE_WITHOUT_DOMAIN:
            domain = self._shape.any_domain
        if rng.random() < _SHARE_WITHOUT_ENDS:
            start, end = FAR, FAR
        return crop, self._shape.condition(domain, passable), start, end
