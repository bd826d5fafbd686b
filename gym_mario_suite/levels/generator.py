"""What a level generator is."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from gym_mario_suite.engine.world import Rules
from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels.grid_levels import to_level
from gym_mario_suite.levels.level import Level
from gym_mario_suite.levels.tile_grid import TileGrid

DEFAULT_WIDTH = 100
DEFAULT_HEIGHT = 14


class Generator(ABC):
    """Makes levels from seeds.

    A level depends on nothing but the generator (its weights or statistics), the seed and the
    options: not on the batch it is made in, on the number of threads or on what was made before.

    A generator of one's own needs `name` and `generate_grids`; one that makes more than 13 codes
    can say overrides `generate_batch`, too. Options are the keyword-only arguments of
    `generate_grids`. All generators know `width` and `height`, in tiles; the metadata of what they
    make has `generator` and `seed`.

    Attributes:
        name: As in `levels.generators`.
    """

    name: str

    @abstractmethod
    # Written so that type checkers let each generator name its own options.
    def generate_grids(self, *args: Any, **options: Any) -> list[TileGrid]:
        """The grids of some seeds: `generate_grids(seeds, *, ...)`.

        Args:
            args: One, a sequence of whole numbers; how large they may be is for the generator to
                say, 0 up to 2**31 always.
            options: The generator's own, keyword-only.

        Raises:
            OptionError: For a seed or an option that is not possible.
        """

    def generate_grid(self, seed: int, **options: Any) -> TileGrid:
        """The grid of one seed."""
        return self._called(self.generate_grids, [seed], options)[0]

    def generate(self, seed: int, **options: Any) -> Level:
        """The level of one seed, ready to be played.

        Raises:
            OptionError: For a seed or an option that is not possible; the message says which are.
        """
        return self.generate_batch([seed], **options)[0]

    def generate_batch(self, seeds: Sequence[int], **options: Any) -> list[Level]:
        """The levels of some seeds: the same as one by one, often in less time."""
        return [to_level(grid) for grid in self._called(self.generate_grids, seeds, options)]

    def generate_by_rules(self, seeds: Sequence[int], rules: Rules, **options: Any) -> list[Level]:
        """The levels of some seeds, made for a rule set.

        What a generator makes by rules of its own can differ in more than that: grids up to 15 rows
        are played by either.
        """
        if rules == Rules.COMPETITION_2009:
            return self.generate_batch(seeds, **options)
        return [to_level(grid, rules) for grid in self._called(self.generate_grids, seeds, options)]

    def check_options(self, options: dict[str, Any]) -> None:
        """Refuse options that the generator does not know, and switches that are not on or off.

        Other values are checked when a level is made.

        Raises:
            OptionError: Naming those that it knows.
        """
        parameters = inspect.signature(self.generate_grids).parameters.values()
        known = {p.name: p for p in parameters if p.kind == p.KEYWORD_ONLY}
        anything = any(parameter.kind == parameter.VAR_KEYWORD for parameter in parameters)
        for option, value in options.items():
            if option in known:
                is_switch = isinstance(known[option].default, bool)
                if is_switch and not isinstance(value, bool | np.bool_):
                    raise OptionError(f"{option} must be true or false, got {value!r}")
            elif not anything:
                raise OptionError(
                    f"the generator {self.name} has no option {option!r}; it has {', '.join(known)}"
                )

    def _called(self, make: Any, seeds: Sequence[int], options: dict[str, Any]) -> Any:
        self.check_options(options)
        return make(seeds, **options)
