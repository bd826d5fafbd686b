"""What the expressive range of a generator is drawn over: numbers that describe one level."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.levels.tile_grid import SOLID, Tile

SHAPES = ("linearity", "leniency", "density", "gap_columns", "enemies_per_100")
RANGES = ((0.0, 1.0), (-1.0, 0.5), (0.0, 0.6), (0.0, 1.0), (0.0, 40.0))  # of the plots

_GAP, _ENEMY, _CANNON, _POWER = -0.5, -1.0, -0.5, 1.0  # weights of leniency


def shapes_of(codes: NDArray[np.uint8]) -> tuple[float, ...]:
    """The values of SHAPES of a grid.

    Linearity is one less the mean distance of the columns' heights from their least-squares line,
    as a share of the level's height. Leniency is what hurts and helps, weighted, a column. Density
    is the share of solid cells. A gap is a column whose lowest cell is not solid.
    """
    height, width = codes.shape
    solid = SOLID[codes]
    heights = np.where(solid.any(0), height - solid.argmax(0), 0).astype(float)
    columns = np.arange(width)
    line = np.polyval(np.polyfit(columns, heights, 1), columns) if width > 1 else heights
    gaps = float((~solid[-1]).sum())
    enemies = float((codes == Tile.ENEMY).sum())
    lenient = (
        _GAP * gaps
        + _ENEMY * enemies
        + _CANNON * float((codes == Tile.CANNON_TOP).sum())
        + _POWER * float((codes == Tile.POWER_BLOCK).sum())
    )
    return (
        1.0 - float(np.abs(heights - line).mean()) / height,
        lenient / width,
        float(solid.mean()),
        gaps / width,
        100.0 * enemies / width,
    )
