"""The numbers of the bench that follow from the levels alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.levels.bench.patterns import (
    SIZES,
    count_patterns,
    jensen_shannon,
    pattern_divergence,
    window_hashes,
)
from gym_mario_suite.levels.bench.reference import SIDES, Reference
from gym_mario_suite.levels.bench.shapes import RANGES, SHAPES, shapes_of
from gym_mario_suite.levels.diffusion.footprints import whole
from gym_mario_suite.levels.limits import PROFILES
from gym_mario_suite.levels.solver import furthest_columns
from gym_mario_suite.levels.tile_grid import N_TILES, SOLID, Tile, standing_row

Grids = Sequence[NDArray[np.uint8]]

_PRESENT = 0.0003  # share of the cells above which a tile counts as present
_BINS = 20
_LIMITS = "mm2"
_PAIRS = 400


def metrics_of(grids: Grids, reference: Reference) -> Iterator[tuple[str, float]]:
    """Names and values.

    Args:
        grids: Tile codes of levels of one size.
        reference: What to compare them with.
    """
    yield "playable_static", float((furthest_columns(grids) == grids[0].shape[1] - 1).mean())
    for size in SIZES:
        made = count_patterns(grids, size)
        for side in SIDES:
            real = reference.patterns[side, size]
            yield f"js{size}_{side}", jensen_shannon(real, made)
            yield f"tpkl{size}_{side}", pattern_divergence(real, made)
            yield f"tpkl{size}_{side}_both_ways", pattern_divergence(real, made, 0.5)
    yield from _tile_metrics(grids, reference)
    yield from _structure_metrics(grids)
    yield from _novelty_metrics(grids, reference)
    yield from _shape_metrics(grids, reference)
    limits = PROFILES[_LIMITS]
    yield "limit_violations", float(sum(len(limits.violations(grid)) for grid in grids))
    ends = [standing_row(g, x) is not None for g in grids for x in (0, g.shape[1] - 1)]
    yield "ends_standable", float(np.mean(ends))


def kinds(grids: Grids) -> int:
    """Tiles, air included, that are more than 0.03 % of the cells."""
    shares = _tile_shares(grids)
    return int((shares > _PRESENT).sum())


def _tile_shares(grids: Grids) -> NDArray[np.float64]:
    counts = sum(np.bincount(grid.ravel(), minlength=N_TILES) for grid in grids)
    return np.asarray(counts) / np.sum(counts)


def _tile_metrics(grids: Grids, reference: Reference) -> Iterator[tuple[str, float]]:
    shares = _tile_shares(grids)
    yield "air", float(shares[Tile.EMPTY])
    others = np.delete(shares, Tile.EMPTY)
    some = others[others > 0] / others.sum() if others.sum() else np.ones(1)
    yield "entropy_not_air", float(-(some * np.log2(some)).sum())
    yield "kinds", float(kinds(grids))
    real = reference.tiles / reference.tiles.sum()
    both = (shares > 0) & (real > 0)
    yield "max_log2_tile_ratio", float(np.abs(np.log2(shares[both] / real[both])).max())


def _broken_share(grids: Grids, tiles: tuple[Tile, ...]) -> float:
    """Share of the cells of some tiles whose structure is not whole; 0 where there are none."""
    broken = total = 0
    for grid in grids:
        for y, x in np.argwhere(np.isin(grid, tiles)):
            total += 1
            broken += not whole(grid, int(y), int(x))
    return broken / total if total else 0.0


def _structure_metrics(grids: Grids) -> Iterator[tuple[str, float]]:
    pipes = (Tile.PIPE_TOP_LEFT, Tile.PIPE_TOP_RIGHT, Tile.PIPE_LEFT, Tile.PIPE_RIGHT)
    yield "broken_pipes", _broken_share(grids, pipes)
    yield "broken_cannons", _broken_share(grids, (Tile.CANNON_TOP, Tile.CANNON_BODY))
    enemies = [
        (grid[y + 1, x] if y + 1 < grid.shape[0] else Tile.EMPTY)
        for grid in grids
        for y, x in np.argwhere(grid == Tile.ENEMY)
    ]
    floating = [not SOLID[below] for below in enemies]
    yield "floating_enemies", float(np.mean(floating)) if floating else 0.0


def _novelty_metrics(grids: Grids, reference: Reference) -> Iterator[tuple[str, float]]:
    hashes = [window_hashes(grid) for grid in grids]
    copied = [np.isin(each, reference.hashes) for each in hashes]
    yield "exact_copies", float(np.concatenate(copied).mean())
    runs = [_longest_run(each) for each in copied]
    # A run of n copied windows copies n + 13 columns.
    yield "longest_copied_run", float(max((run + 13 if run else 0) for run in runs))
    yield "unique_levels", len({grid.tobytes() for grid in grids}) / len(grids)
    rng = np.random.default_rng(0)
    pairs = rng.integers(0, len(grids), (_PAIRS, 2))
    different = [float((grids[a] != grids[b]).mean()) for a, b in pairs if a != b]
    yield "diversity", float(np.mean(different)) if different else 0.0


def _longest_run(flags: NDArray[np.bool_]) -> int:
    longest = run = 0
    for flag in flags.tolist():
        run = run + 1 if flag else 0
        longest = max(longest, run)
    return longest


def _shape_metrics(grids: Grids, reference: Reference) -> Iterator[tuple[str, float]]:
    shapes = np.array([shapes_of(grid) for grid in grids])
    for i, name in enumerate(SHAPES):
        yield name, float(shapes[:, i].mean())
        yield f"{name}_distance", wasserstein(shapes[:, i], reference.shapes[:, i])
    yield "coverage", float((range_histogram(shapes[:, 0], shapes[:, 1]) > 0).sum())


def range_histogram(
    linearity: NDArray[np.float64], leniency: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Levels by linearity and leniency, float64[20, 20]."""
    counts, _, _ = np.histogram2d(
        np.clip(linearity, *RANGES[0]), np.clip(leniency, *RANGES[1]), _BINS, RANGES[:2]
    )
    return counts


def wasserstein(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """The first Wasserstein distance of two samples: the area between their distributions."""
    points = np.sort(np.concatenate([a, b]))
    below_a = np.searchsorted(np.sort(a), points[:-1], "right") / len(a)
    below_b = np.searchsorted(np.sort(b), points[:-1], "right") / len(b)
    return float((np.abs(below_a - below_b) * np.diff(points)).sum())
