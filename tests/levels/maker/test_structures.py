import numpy as np
import pytest

from gym_mario_suite.levels.diffusion.footprints import whole
from gym_mario_suite.levels.maker.structures import broken_cells
from gym_mario_suite.levels.tile_grid import Tile


@pytest.mark.parametrize(
    ("below", "stands", "was_learnt"),
    [
        (Tile.GROUND, True, True),
        (Tile.BRICK, True, True),
        (Tile.COIN_BLOCK, True, False),
        (Tile.EMPTY, False, False),
        (Tile.CANNON_BODY, False, False),
    ],
)
def test_builders_stand_pipes_on_more_than_what_is_learnt(below, stands, was_learnt):
    codes = np.full((4, 2), below, np.uint8)
    codes[0] = Tile.EMPTY
    codes[1] = Tile.PIPE_TOP_LEFT, Tile.PIPE_TOP_RIGHT
    codes[2] = Tile.PIPE_LEFT, Tile.PIPE_RIGHT
    assert not {(0, 1), (1, 1)} & set(broken_cells(codes))
    assert ((0, 2) not in broken_cells(codes)) == stands
    assert whole(codes, 2, 0) == was_learnt
    assert not broken_cells(codes[:3])  # below the grid all is solid
