"""The interface of level generators and their table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels import generate
from gym_mario_suite.levels.generator import Generator
from gym_mario_suite.levels.generators import generator_named
from gym_mario_suite.levels.grid_levels import to_grid
from gym_mario_suite.levels.tile_grid import Tile, TileGrid


class Flat(Generator):
    """Flat levels."""

    name = "flat"

    def generate_grids(self, seeds: Sequence[int], *, width: int = 20) -> list[TileGrid]:
        codes = np.full((14, width), Tile.EMPTY)
        codes[-1] = Tile.GROUND
        return [TileGrid(codes, metadata={"generator": "flat", "seed": seed}) for seed in seeds]


def test_names_give_generators_and_generators_themselves() -> None:
    infinite = generator_named("infinite")
    assert generator_named("infinite") is infinite
    assert generator_named(infinite) is infinite
    assert generator_named(f"{__name__}:Flat").name == "flat"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("infinit", "did you mean 'infinite'"),
        (7, "a name or a"),
        ("no.such.module:Thing", "ModuleNotFoundError"),
        ("gym_mario_suite.errors:OptionError", "no levels.generator.Generator"),
        ("os; import sys:x", "unknown level generator"),
    ],
)
def test_what_is_no_generator_is_refused(name: str, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        generator_named(name)


def test_a_generator_of_ones_own_needs_grids_only() -> None:
    generator = Flat()
    level = generator.generate(5, width=33)
    assert (level.width, level.metadata["seed"]) == (33, 5)
    assert generator.generate_batch([5, 6], width=33)[0] == level
    assert generator.generate_grid(5).width == 20
    with pytest.raises(OptionError, match="flat has no option 'length'; it has width"):
        generator.generate(5, length=3)


def test_infinite_gives_the_originals_levels() -> None:
    infinite = generator_named("infinite")
    level = infinite.generate(9, width=150, difficulty=5, theme=1)
    assert level == generate(9, 5, 1, 150)
    grid = infinite.generate_grid(9, width=150, difficulty=5, theme=1)
    assert np.array_equal(grid.codes, to_grid(level, 14).codes)
    assert grid.metadata["generator"] == "infinite"
    assert infinite.generate_grid(9, height=27).height == 27
    with pytest.raises(OptionError, match="only its grids have a height"):
        infinite.generate(9, height=27)
    with pytest.raises(OptionError, match="length must be"):
        infinite.generate(9, width=0)
