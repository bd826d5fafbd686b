import numpy as np
import pytest

from gym_mario_suite.engine.tiles import TILE_BEHAVIOURS, Behaviour
from gym_mario_suite.engine.tiles import Tile2019 as T
from gym_mario_suite.engine.world import Rules
from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels import generate
from gym_mario_suite.levels.framework_generate import GENERATOR_FRAMEWORK, generate_framework
from gym_mario_suite.levels.framework_text import read_framework_text
from gym_mario_suite.levels.framework_text_writer import write_framework_text

SEEDS = range(12)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_level_has_a_text(seed: int) -> None:
    level = generate_framework(seed, seed % 11, seed % 3, 150)
    assert level.rules == Rules.FRAMEWORK_2019
    assert read_framework_text(write_framework_text(level)) == level


@pytest.mark.parametrize("seed", SEEDS)
def test_what_blocks_in_2009_blocks_here(seed: int) -> None:
    origin = generate(seed, seed % 11, seed % 3, 150)
    level = generate_framework(seed, seed % 11, seed % 3, 150)
    bits = Behaviour.BLOCK_ALL | Behaviour.BUMPABLE | Behaviour.BREAKABLE | Behaviour.PICKUPABLE
    before = TILE_BEHAVIOURS[Rules.COMPETITION_2009][origin.tiles] & bits
    after = TILE_BEHAVIOURS[Rules.FRAMEWORK_2019][level.tiles] & bits
    pole = np.isin(level.tiles, (T.GOAL_POLE, T.GOAL_TOP))
    # The inside of the ground has no blocking bit in 2009: only its rim blocks.
    differs = (before != after) & ~pole
    assert (level.tiles[differs] == T.GROUND).all()
    assert level.spawns == origin.spawns
    assert level.x_exit == origin.x_exit


@pytest.mark.parametrize("length", [1, 2, 3])
def test_the_shortest_levels_can_be_made(length: int) -> None:
    level = generate_framework(0, 0, 0, length)
    assert level.width == length
    assert level.start is not None
    assert 0 <= level.start[0] < length


def test_metadata_and_arguments() -> None:
    level = generate_framework(3, 2, 1, 100)
    assert dict(level.metadata) == {
        "generator": GENERATOR_FRAMEWORK,
        "seed": 3,
        "difficulty": 2,
        "type": 1,
        "length": 100,
    }
    with pytest.raises(OptionError, match="length must be"):
        generate_framework(3, 2, 1, 0)
