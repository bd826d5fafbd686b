"""Where an environment's levels come from, if it is a level generator of `levels.generators`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gym_mario_suite.engine.world import Rules
from gym_mario_suite.errors import LevelError, OptionError
from gym_mario_suite.levels.generator import Generator
from gym_mario_suite.levels.generators import generator_named
from gym_mario_suite.levels.level import Level, rules_name


class LevelSource:
    """A generator with its options, making levels of one rule set.

    Args:
        generator: A name of `levels.generators`, `module:class`, or a generator.
        options: What its `generate` is called with.
        rules: The rule set of the levels.

    Raises:
        OptionError: For an unknown generator or option.
        LevelError: When its levels belong to other rules.
    """

    def __init__(
        self, generator: str | Generator, options: Mapping[str, Any], rules: Rules
    ) -> None:
        self.generator = generator_named(generator)
        self.options = dict(options)
        self.rules = rules
        self.generator.check_options(self.options)

    def levels(self, seeds: Sequence[int]) -> list[Level]:
        """The levels of some seeds.

        Raises:
            OptionError: For an option that is not possible.
            LevelError: When the levels belong to other rules: those higher than 15 rows are played
                by the rules of 2019.
        """
        made = self.generator.generate_by_rules(seeds, self.rules, **self.options)
        for level in made:
            if level.rules != self.rules:
                raise LevelError(
                    f"the levels of the generator {self.generator.name} belong to the rules "
                    f"{rules_name(level.rules)}, the environment plays by {rules_name(self.rules)}"
                )
        return made


def checked_source(
    generator: object, options: object, rules: Rules, others: Mapping[str, bool]
) -> LevelSource | None:
    """The level source of an environment's options, None where it has none.

    Args:
        generator: The option `generator`.
        options: The option `generator_options`.
        rules: The rule set.
        others: Options that exclude a generator, and whether they are set.

    Raises:
        OptionError: For options that are not possible.
    """
    if generator is None:
        if options is not None:
            raise OptionError("generator_options belong to a generator: give one, too")
        return None
    for name, is_set in others.items():
        if is_set:
            raise OptionError(f"give generator or {name}, not both")
    if options is not None and not isinstance(options, Mapping):
        raise OptionError(f"generator_options must be a mapping, got {options!r}")
    if not isinstance(generator, str | Generator):
        raise OptionError(f"generator must be a name or a generator, got {generator!r}")
    return LevelSource(generator, options or {}, rules)
