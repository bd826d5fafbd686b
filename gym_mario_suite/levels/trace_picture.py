"""How a level came about, as an animation: one frame for each iteration."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels.grid_levels import to_level
from gym_mario_suite.levels.picture import level_picture
from gym_mario_suite.levels.tile_grid import LETTERS, Tile, TileGrid
from gym_mario_suite.whole_file import write_whole

_FRAME_MS = 150
_LAST_MS = 2000
_FOG = np.array([70, 70, 90], np.uint8)  # colour of undecided cells


def trace_frames(grid: TileGrid) -> list[NDArray[np.uint8]]:
    """The pictures of a grid's trace, uint8[height, width, 3] each; undecided cells are grey.

    Raises:
        OptionError: When the grid was made without `trace=True`.
    """
    if not grid.metadata.get("trace"):
        raise OptionError(f"the generator {grid.metadata.get('generator')} keeps no trace")
    return [_frame(rows, grid) for rows in grid.metadata["trace"]]


def _frame(rows: list[str], grid: TileGrid) -> NDArray[np.uint8]:
    known = {letter: code for code, letter in enumerate(LETTERS)}
    codes = np.array([[known.get(letter, -1) for letter in row] for row in rows])
    undecided = codes < 0
    shown = TileGrid(np.where(undecided, Tile.EMPTY, codes).astype(np.uint8), grid.theme)
    picture = level_picture(to_level(shown)).copy()
    pixels = picture.shape[1] // codes.shape[1]
    fog = np.kron(undecided, np.ones((pixels, pixels), bool))
    picture[picture.shape[0] - fog.shape[0] :][fog] = _FOG
    return picture


def write_trace(path: Path, grid: TileGrid) -> None:
    """Write the trace as an endless GIF.

    Raises:
        OptionError: When there is no trace, Pillow is missing, or the file cannot be written.
    """
    try:
        from PIL import Image
    except ImportError:
        raise OptionError(
            'animations need Pillow; install the extra: pip install "gym-mario-suite[levels]"'
        ) from None
    images = [Image.fromarray(frame) for frame in trace_frames(grid)]
    palette = images[-1].quantize(64)
    images = [each.quantize(64, palette=palette, dither=Image.Dither.NONE) for each in images]
    buffer = io.BytesIO()
    times = [_FRAME_MS] * (len(images) - 1) + [_LAST_MS]
    images[0].save(buffer, "GIF", save_all=True, append_images=images[1:], duration=times, loop=0)
    write_whole(path, buffer.getvalue())
