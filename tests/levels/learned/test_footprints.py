import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gym_mario_suite.levels.diffusion.footprints import fitting, place, remove_broken, whole
from gym_mario_suite.levels.tile_grid import LETTERS, MASK, Tile


def grid_of(*rows: str) -> np.ndarray:
    letters = LETTERS + "~"
    return np.array([[letters.index(letter) for letter in row] for row in rows], np.uint8)


def tiles(bits: int) -> set[str]:
    return {LETTERS[t] for t in range(len(LETTERS)) if bits >> t & 1}


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1 << 32), st.integers(4, 12), st.integers(3, 16))
def test_any_order_of_any_fitting_tiles_leaves_no_broken_structure(seed, height, width):
    rng = np.random.default_rng(seed)
    codes = np.full((height, width), MASK, np.uint8)
    for cell in rng.permutation(height * width):
        y, x = int(cell) // width, int(cell) % width
        if codes[y, x] != MASK:
            continue
        bits = fitting(codes, y, x)
        assert bits, "no tile fits"
        some = [t for t in range(len(LETTERS)) if bits >> t & 1]
        # Structures are rare by themselves; here they are to be everywhere.
        weights = np.array([8.0 if t >= Tile.PIPE_TOP_LEFT and t != Tile.COIN else 1 for t in some])
        place(codes, y, x, int(rng.choice(some, p=weights / weights.sum())))
    assert all(whole(codes, y, x) for y in range(height) for x in range(width))


def test_a_pipe_needs_room_for_its_other_half_and_its_foot():
    open_below = grid_of("~~~~", "~~~~", "~~~~")
    assert "<" in tiles(fitting(open_below, 0, 0))
    assert ">" not in tiles(fitting(open_below, 0, 0))
    over_air = grid_of("~~", "--", "XX")
    assert not tiles(fitting(over_air, 0, 0)) & set("<>[]")
    on_ground = grid_of("~~", "~~", "XX")
    assert "<" in tiles(fitting(on_ground, 1, 0))
    assert tiles(fitting(grid_of("<>", "~~", "XX"), 1, 0)) == set("XS[")


def test_broken_rest_is_cleared_away_but_frozen_cells_stay():
    codes = grid_of("<-", "[]", "b-", "XX")
    frozen = np.zeros(codes.shape, bool)
    frozen[2, 0] = True
    assert remove_broken(codes, frozen) == 3
    assert np.array_equal(codes, grid_of("--", "--", "b-", "XX"))
