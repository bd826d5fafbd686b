"""A picture of a two-dimensional latent space: what it decodes to, on a grid of latents."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.errors import OptionError, as_integer, as_number
from gym_mario_suite.levels.grid_levels import to_level
from gym_mario_suite.levels.picture import level_picture
from gym_mario_suite.levels.solver import Solver
from gym_mario_suite.levels.tile_grid import TileGrid
from gym_mario_suite.levels.vae.generator import CategoricalVAE

_FRAME_PX = 3
_FURTHEST = 1e6
_MOST_CELLS = 64  # a picture of 15,000 px squared; the time and memory grow with the square
_PASSABLE, _BLOCKED = (90, 220, 110), (230, 70, 70)


def latent_picture(
    generator: CategoricalVAE, reach: float = 5.0, cells: int = 10, draw_tiles: bool = False
) -> NDArray[np.uint8]:
    """The chunks of cells x cells latents; x grows to the right, y upwards.

    A green frame marks chunks that the static solver crosses, a red one the others.

    Args:
        generator: Of a two-dimensional latent space.
        reach: Latents go from -reach to reach.
        cells: Chunks in a row.
        draw_tiles: Draw tiles from their distributions instead of taking the likeliest.

    Returns:
        uint8[height, width, 3].

    Raises:
        OptionError: When the latent space has not two dimensions, or a number is not possible.
    """
    if generator.latent_size != 2:
        raise OptionError(
            f"a picture needs 2 latent dimensions, these weights have {generator.latent_size}"
        )
    cells = as_integer("cells", cells, 1, _MOST_CELLS)
    reach = as_number("reach", reach, 0.0, _FURTHEST)
    steps = np.linspace(-reach, reach, cells)
    rows = []
    for y in steps[::-1]:
        row = []
        for x in steps:
            codes = generator.chunk([x, y], draw_tiles=draw_tiles)
            row.append(_framed(codes))
        rows.append(np.concatenate(row, axis=1))
    return np.concatenate(rows)


def _framed(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    picture = level_picture(to_level(TileGrid(codes)))[-16 * codes.shape[0] :]
    colour = _PASSABLE if Solver(codes).solved() else _BLOCKED
    framed = np.empty((picture.shape[0] + 2 * _FRAME_PX, picture.shape[1] + 2 * _FRAME_PX, 3))
    framed[:] = colour
    framed[_FRAME_PX:-_FRAME_PX, _FRAME_PX:-_FRAME_PX] = picture
    return framed.astype(np.uint8)
