"""What generators are compared with: statistics of real levels, not the levels.

The file shipped with the package was made from the VGLC's Super Mario Bros. levels of both games
by `mario levels bench --corpus DIR --write-reference FILE`. It holds pattern counts, sums of tiles
and hashes of windows; levels cannot be had from it.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels.bench.patterns import (
    SIZES,
    PatternCounts,
    count_patterns,
    window_hashes,
)
from gym_mario_suite.levels.bench.shapes import SHAPES, shapes_of
from gym_mario_suite.levels.corpus import WINDOW, CorpusLevel, Domain, Split, with_rows
from gym_mario_suite.levels.tile_grid import N_TILES, Tile
from gym_mario_suite.whole_file import write_whole

SHIPPED = Path(__file__).with_name("reference.npz")
SIDES = ("train", "heldout")
_ENDS = 3


@dataclass(frozen=True)
class Reference:
    """Statistics of the two sides of a split.

    Attributes:
        patterns: Counts by side and pattern size.
        tiles: How often each tile occurs in the training levels, int64[13].
        hashes: Hashes of all 14x14 windows of the training levels, ascending uint64.
        shapes: Values of each of `shapes.SHAPES` in crops of training levels, float64[crops, k].
        calibration: Records of the real crops, when the reference was written with them.
    """

    patterns: dict[tuple[str, int], PatternCounts]
    tiles: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    shapes: NDArray[np.float64]
    calibration: list[dict[str, Any]]


def mario_levels(levels: tuple[CorpusLevel, ...]) -> list[NDArray[np.uint8]]:
    """The lowest 14 rows of the Super Mario Bros. levels of both games."""
    return [
        with_rows(level.codes, WINDOW)
        for level in levels
        if level.domain in (Domain.SMB, Domain.SMB2J)
    ]


def real_crops(
    levels: tuple[CorpusLevel, ...], count: int, width: int, seed: int
) -> list[NDArray[np.uint8]]:
    """Random crops, every column equally likely, with ends as the tile diffusion has them."""
    rng = np.random.default_rng(seed)
    grids = [grid for grid in mario_levels(levels) if grid.shape[1] >= width]
    if not grids:
        raise OptionError(f"the corpus has no Super Mario Bros. level of {width} columns")
    places = np.array([grid.shape[1] - width + 1 for grid in grids], float)
    crops = []
    for _ in range(count):
        grid = grids[int(rng.choice(len(grids), p=places / places.sum()))]
        first = int(rng.integers(0, grid.shape[1] - width + 1))
        crop = grid[:, first : first + width].copy()
        for ends in (slice(0, _ENDS), slice(width - _ENDS, width)):
            crop[:, ends] = Tile.EMPTY
            crop[-1, ends] = Tile.GROUND
        crops.append(crop)
    return crops


def reference_of(split: Split, width: int, calibration: list[dict[str, Any]]) -> Reference:
    """The statistics of a split."""
    sides = dict(zip(SIDES, (split.train, split.held_out), strict=True))
    grids = {side: mario_levels(levels) for side, levels in sides.items()}
    for side, found in grids.items():
        if not found:
            raise OptionError(f"the corpus has no Super Mario Bros. level in its {side} part")
    return Reference(
        {(side, size): count_patterns(grids[side], size) for side in SIDES for size in SIZES},
        np.bincount(np.concatenate([grid.ravel() for grid in grids["train"]]), minlength=N_TILES),
        np.unique(np.concatenate([window_hashes(grid) for grid in grids["train"]])),
        np.array([shapes_of(crop) for crop in real_crops(split.train, 500, width, 0)]),
        calibration,
    )


def save_reference(path: Path, reference: Reference) -> None:
    """Write the statistics.

    Raises:
        OptionError: If the file cannot be written.
    """
    arrays: dict[str, Any] = {
        "tiles": reference.tiles,
        "hashes": reference.hashes,
        "shapes": reference.shapes.astype(np.float32),
        "shape_names": np.array(SHAPES),
        "calibration": np.array(json.dumps(reference.calibration)),
    }
    for (side, size), counts in reference.patterns.items():
        arrays[f"{side}_{size}_patterns"] = counts.patterns
        arrays[f"{side}_{size}_counts"] = counts.counts.astype(np.uint32)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    write_whole(path, buffer.getvalue())


def load_reference(path: Path = SHIPPED) -> Reference:
    """The statistics of a file.

    Raises:
        OptionError: If it cannot be read.
    """
    try:
        with np.load(path) as file:
            patterns = {
                (side, size): PatternCounts(
                    file[f"{side}_{size}_patterns"],
                    file[f"{side}_{size}_counts"].astype(np.int64),
                )
                for side in SIDES
                for size in SIZES
            }
            return Reference(
                patterns,
                file["tiles"],
                file["hashes"],
                file["shapes"].astype(np.float64),
                json.loads(str(file["calibration"])),
            )
    except Exception as error:  # numpy and zlib raise many kinds for damaged archives
        raise OptionError(f"the reference {path} cannot be read: {error}") from None
