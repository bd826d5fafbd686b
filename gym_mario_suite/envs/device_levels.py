"""The levels of the games on a GPU: a pool that they share, or one image for each game."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.level_image import FINGERPRINT
from gym_mario_suite.envs.options import InfiniteOptions
from gym_mario_suite.envs.saved_state import seed_of
from gym_mario_suite.errors import OptionError, as_integer
from gym_mario_suite.levels.generate import capacity_2009, generate
from gym_mario_suite.levels.level import Level

DEFAULT_POOL = 4096
_MAX_POOL = 1 << 20


def levels_of_seeds(options: InfiniteOptions, seeds: Sequence[int]) -> list[Level]:
    """The levels that an environment with these options makes of some seeds."""
    source = options.level_source()
    if source is not None:
        return source.levels(list(seeds))
    config = options.config()[0]
    parameters = [int(config[name]) for name in ("difficulty", "level_type", "length")]
    return [generate(seed, *parameters) for seed in seeds]


def stacked_images(levels: Sequence[Level]) -> NDArray[np.int32]:
    """The images of levels as int32[levels, the longest one's size]."""
    images = np.zeros((len(levels), max(len(level.image) for level in levels)), np.int32)
    for row, level in zip(images, levels):
        row[: len(level.image)] = level.image
    return images


class DeviceLevels:
    """The levels of `count` games, as the host knows them; the device has a copy of `images`.

    With a pool, row k holds the level of seed `seeds[0]` + k; levels that were set from outside
    stand behind these while games play them. Without one (`pooled` is False) every game has a row
    of its own, into which the device makes its levels.

    Args:
        options: The environments' options.
        count: How many games.
        level_pool: Levels of the pool, unless the options name a range of seeds; 0 for none.

    Attributes:
        pooled: Whether there is a pool.
        seeds: The level seeds that episodes draw: from the first up to, not including, the second;
            twice its own, where the level is fixed.
        images: int32[levels, capacity].

    Raises:
        OptionError: For options that do not go together.
    """

    def __init__(self, options: InfiniteOptions, count: int, level_pool: int) -> None:
        level_pool = as_integer("level_pool", level_pool, 0, _MAX_POOL)
        self._options = options
        self.seeds = options.seed_range
        self.pooled = level_pool > 0 or options.fixed_level is not None
        self._levels: list[Level] = []
        self._set: dict[int, Level] = {}  # without a pool: levels set from outside, by game
        if not self.pooled:
            if options.generator is not None:
                raise OptionError(
                    "levels of a generator are made on the processor: they need a level_pool"
                )
            self.images = np.zeros((count, capacity_2009(options.length)), np.int32)
        elif options.fixed_level is not None:
            self._levels = [options.fixed_level]
            self.seeds = (seed_of(options.fixed_level),) * 2
        else:
            first, end = self.seeds
            if options.level_seed is None:
                end = first + level_pool
            elif end - first > level_pool:
                raise OptionError(
                    f"level_seed {options.level_seed!r} spans {end - first} levels, and the "
                    f"device keeps at most level_pool={level_pool} at hand: give a larger "
                    "level_pool, or level_pool=0, which makes each level on the device anew"
                )
            self.seeds = first, end
            self._levels = levels_of_seeds(options, range(first, end))
        self._base = len(self._levels)
        if self.pooled:
            self.images = stacked_images(self._levels)

    def place(self, chosen: Mapping[int, Level], rows: NDArray[np.int64]) -> None:
        """Give games the levels they are to play next; changes `rows` and `images`.

        Args:
            chosen: Levels by game.
            rows: int64[count], each game's row as the device has it now.
        """
        if not self.pooled:
            self._widen(max(len(level.image) for level in chosen.values()))
            for game, level in chosen.items():
                self.images[game] = 0
                self.images[game, : len(level.image)] = level.image
                self._set[game] = level
            return
        # Levels behind the pool that nobody plays any more make room.
        staying = np.ones(len(rows), bool)
        staying[list(chosen)] = False
        used = np.unique(rows[staying & (rows >= self._base)])
        moved = {int(row): self._base + k for k, row in enumerate(used)}
        levels = self._levels[: self._base] + [self._levels[row] for row in used]
        for game in np.flatnonzero(staying & (rows >= self._base)):
            rows[game] = moved[int(rows[game])]
        places: dict[int, int] = {}
        for game, level in chosen.items():
            if id(level) not in places:
                places[id(level)] = self._place_of(level, levels)
            rows[game] = places[id(level)]
        self._levels = levels
        self.images = stacked_images(levels)

    def of_seeds(self, seeds: Sequence[int]) -> dict[int, Level]:
        """Levels by seed, from the pool or made now."""
        first, end = self.seeds[0], self.seeds[0] + self._base
        found = {seed: self._levels[seed - first] for seed in seeds if first <= seed < end}
        missing = [seed for seed in seeds if seed not in found]
        return found | dict(zip(missing, levels_of_seeds(self._options, missing)))

    def _place_of(self, level: Level, levels: list[Level]) -> int:
        """The row of a level, which is added to the list if it is not in the pool."""
        seed = level.metadata.get("seed")
        if isinstance(seed, int) and self.seeds[0] <= seed < self.seeds[0] + self._base:
            row = seed - self.seeds[0]
            if levels[row].to_bytes() == level.to_bytes():
                return row
        levels.append(level)
        return len(levels) - 1

    def _widen(self, size: int) -> None:
        if size > self.images.shape[1]:
            wider = np.zeros((len(self.images), size), np.int32)
            wider[:, : self.images.shape[1]] = self.images
            self.images = wider

    def level(self, game: int, row: int, level_seed: int, fingerprint: int) -> Level:
        """The level that a game is playing.

        Args:
            game: Which game.
            row: Its row.
            level_seed: The seed in its episode.
            fingerprint: That of its world's level.
        """
        if self.pooled:
            return self._levels[row]
        level = self._set.get(game)
        if level is None or level.image[FINGERPRINT] != fingerprint:
            (level,) = levels_of_seeds(self._options, [level_seed])
        return level

    def themes(self) -> NDArray[np.int64]:
        """What a game is drawn in whose level a reset has taken from this row of `images`."""
        if not self.pooled:
            return np.full(len(self.images), self._options.theme, np.int64)
        return np.array([level.theme for level in self._levels], np.int64)
