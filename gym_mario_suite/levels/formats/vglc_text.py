"""Processed text levels of the Video Game Level Corpus: one of 13 letters for each tile."""

from __future__ import annotations

import numpy as np

from gym_mario_suite.levels.formats.text_rows import checked_rows, without_end_blanks
from gym_mario_suite.levels.tile_grid import LETTERS, TileGrid

_CODE_OF = {letter: code for code, letter in enumerate(LETTERS)}


def read_vglc_text(text: str) -> TileGrid:
    """The grid of a processed text level; blanks at the ends of lines do not count.

    Raises:
        LevelError: For a text that is none; the message says where and what was expected.
    """
    rows = checked_rows(without_end_blanks(text), LETTERS, "VGLC level text")
    return TileGrid(np.array([[_CODE_OF[letter] for letter in row] for row in rows], np.uint8))


def write_vglc_text(grid: TileGrid) -> str:
    """The grid as a processed text level: rows that end with LF.

    Theme, kinds of enemies and metadata have no place in it.
    """
    return "".join(f"{row}\n" for row in grid.rows())
