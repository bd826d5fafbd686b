"""Tile grids for the tests of levels."""

from __future__ import annotations

from textwrap import dedent

import hypothesis.extra.numpy as st_numpy
import hypothesis.strategies as st
import numpy as np

from gym_mario_suite.engine.world import EnemyType
from gym_mario_suite.levels.level import Spawn
from gym_mario_suite.levels.tile_grid import LETTERS, N_TILES, Theme, Tile, TileGrid


def grid_of(text: str) -> TileGrid:
    """The grid drawn in the corpus' letters."""
    rows = dedent(text).strip().split("\n")
    return TileGrid(np.array([[LETTERS.index(letter) for letter in row] for row in rows]))


# More air than chance would give: otherwise few cells can be reached.
CODES = st.one_of(st.just(int(Tile.EMPTY)), st.integers(0, N_TILES - 1))


@st.composite
def code_arrays(draw: st.DrawFn, max_height: int = 18, max_width: int = 30) -> np.ndarray:
    """Tile codes, uint8[height, width]."""
    shape = (draw(st.integers(1, max_height)), draw(st.integers(1, max_width)))
    codes = draw(st_numpy.arrays(np.uint8, shape, elements=CODES, fill=st.just(int(Tile.EMPTY))))
    if draw(st.booleans()):
        codes[-1] = Tile.GROUND
    return codes


@st.composite
def grids(draw: st.DrawFn) -> TileGrid:
    """Grids with themes and known enemies."""
    codes = draw(code_arrays())
    grid = TileGrid(codes, draw(st.sampled_from(Theme)))
    known = []
    for row, column in np.argwhere(codes == Tile.ENEMY)[:4]:
        kind = draw(st.sampled_from([EnemyType.RED_KOOPA, EnemyType.GREEN_KOOPA, EnemyType.SPIKY]))
        if draw(st.booleans()):
            known.append(Spawn(int(column), int(row), kind, draw(st.booleans())))
    return TileGrid(codes, grid.theme, known, {"seed": draw(st.integers(0, 99))})
