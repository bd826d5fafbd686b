import numpy as np
import pytest

from gym_mario_suite.nes.backend import SCREEN_SHAPE
from gym_mario_suite.nes.picture import Shrinker


def slow(screen: np.ndarray) -> np.ndarray:
    """The definition, in exact whole numbers: blow up 3 x 7 times, and take means of 8 x 20."""
    luma = (screen.astype(np.int64) @ np.array([77, 150, 29]) + 128) // 256
    large = luma.repeat(3, axis=0).repeat(7, axis=1)
    sums = large.reshape(84, 8, 84, 20).sum(axis=(1, 3))
    return (sums + 80) // 160


@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_mean_of_areas(seed: int):
    rng = np.random.default_rng(seed)
    screen, other = (rng.integers(0, 256, SCREEN_SHAPE).astype(np.uint8) for _ in range(2))
    out = np.zeros((84, 84), np.uint8)
    Shrinker()(screen, screen, out)
    assert np.array_equal(out, slow(screen))
    Shrinker()(screen, other, out)
    assert np.array_equal(out, slow(np.maximum(screen, other)))


def test_white_stays_white():
    out = np.zeros((84, 84), np.uint8)
    white = np.full(SCREEN_SHAPE, 255, np.uint8)
    Shrinker()(white, white, out)
    assert (out == 255).all()
