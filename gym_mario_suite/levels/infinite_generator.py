"""The generator of the 2009 competition behind the interface of all generators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels.generate import generate
from gym_mario_suite.levels.generator import DEFAULT_HEIGHT, DEFAULT_WIDTH, Generator
from gym_mario_suite.levels.grid_levels import to_grid
from gym_mario_suite.levels.level import Level
from gym_mario_suite.levels.tile_grid import TileGrid

DEFAULT_DIFFICULTY = 3


class InfiniteGenerator(Generator):
    """Infinite Mario's levels, as `levels.generate` makes them.

    A level is the original's, hills and all; its grid is what 13 codes can say of it.
    """

    name = "infinite"

    def generate_grids(
        self,
        seeds: Sequence[int],
        *,
        width: int = DEFAULT_WIDTH,
        height: int = DEFAULT_HEIGHT,
        difficulty: int = DEFAULT_DIFFICULTY,
        theme: int = 0,
    ) -> list[TileGrid]:
        """The grids of some seeds.

        Args:
            seeds: Any 64-bit signed ints.
            width: Columns; below 75 there is only the start and the end.
            height: Rows; the original's levels have 15, of which the top is cut off or filled.
            difficulty: Usually 0 to 10.
            theme: 0 overground, 1 underground, 2 castle; it decides what the level looks like and
                which zones it has.
        """
        levels = [generate(seed, difficulty, theme, width) for seed in seeds]
        return [_named(to_grid(level, height)) for level in levels]

    def generate_batch(self, seeds: Sequence[int], **options: Any) -> list[Level]:
        """The original's levels; they have 15 rows whatever `height` says."""
        self.check_options(options)
        if options.get("height", 15) not in (DEFAULT_HEIGHT, 15):
            raise OptionError(
                "the levels of the generator infinite have 15 rows; only its grids have a height"
            )
        return [
            generate(
                seed,
                options.get("difficulty", DEFAULT_DIFFICULTY),
                options.get("theme", 0),
                options.get("width", DEFAULT_WIDTH),
            )
            for seed in seeds
        ]


def _named(grid: TileGrid) -> TileGrid:
    metadata = {**grid.metadata, "generator": InfiniteGenerator.name}
    return TileGrid(grid.codes, grid.theme, grid.enemies, metadata)
