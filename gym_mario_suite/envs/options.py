"""Options of Infinite Mario's environments, checked once and turned into the engine's records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.game import (
    CREATURES_OFF,
    INVULNERABLE,
    MAX_TIME_LIMIT_S,
    POWER_RESTORATION,
    TIMER_OFF,
)
from gym_mario_suite.engine.level_image import MAX_WIDTH
from gym_mario_suite.engine.world import Rules
from gym_mario_suite.envs.actions import DEFAULT_ACTION_SET, ActionSet, action_set
from gym_mario_suite.envs.episode import CONFIG, REWARD_TERMS
from gym_mario_suite.envs.level_source import LevelSource, checked_source
from gym_mario_suite.envs.observations import (
    ObservationMode,
    ViewOptions,
    checked_z,
    observation_mode,
)
from gym_mario_suite.errors import (
    LevelError,
    OptionError,
    as_integer,
    as_number,
    as_switch,
    as_weights,
)
from gym_mario_suite.levels.framework_text import load_framework_text
from gym_mario_suite.levels.generate import DEFAULT_LENGTH, generate
from gym_mario_suite.levels.generator import Generator
from gym_mario_suite.levels.level import Level, rules_name

# Weights of the reward terms. A term is measured over one step: `distance` in px, `coins`,
# `kills` and `mode` as changes, `time` in seconds passed, `win` and `death` as 1 when they happen.
REWARDS: dict[str, dict[str, float]] = {
    "distance": {"distance": 1 / 16},
    "score": {"distance": 1.0},
    "fitness": {"distance": 1.0, "time": -1.0, "coins": 1.0, "win": 5000.0},
    "sparse": {"win": 1.0},
}

_COMPETITION = rules_name(Rules.COMPETITION_2009)
# The competition's switches as they are usually set; the framework has none of them.
COMPETITION_SWITCHES = {
    "creatures": True,
    "invulnerable": False,
    "power_restoration": False,
    "timer": True,
}
MODES = {"small": 0, "large": 1, "fire": 2}
LEVEL_TYPES = {"overground": 0, "underground": 1, "castle": 2}
# New levels get seeds that the original's command line could express too.
_NEW_LEVEL_SEEDS = (0, 1 << 31)
_MAX_FRAME_SKIP = 1000
_SWITCHES = ("hud", *COMPETITION_SWITCHES)


@dataclass(frozen=True, kw_only=True)
class InfiniteOptions:
    """What an environment of the Infinite Mario family is made with.

    See `MarioInfiniteEnv` for the meaning of each.

    Raises:
        OptionError: For a value that is not possible; the message says which are.
    """

    rules: str | Rules = _COMPETITION
    obs: str = "grid"
    actions: str = DEFAULT_ACTION_SET
    reward: str | Mapping[str, float] = "distance"
    level: Level | str | Path | None = None
    level_seed: int | tuple[int, int] | None = None
    difficulty: int = 0
    level_type: int | str = 0
    length: int = DEFAULT_LENGTH
    generator: str | Generator | None = None
    generator_options: Mapping[str, Any] | None = None
    time_limit: int = 200
    mode: int | str | None = None
    frame_skip: int = 1
    sticky_prob: float = 0.0
    z_level: int = 1
    z_enemies: int = 0
    hud: bool = True
    creatures: bool = True
    invulnerable: bool = False
    power_restoration: bool = False
    timer: bool = True
    max_episode_steps: int | None = None

    def __post_init__(self) -> None:
        if self.rule_set == Rules.FRAMEWORK_2019 and isinstance(self.level, str | Path):
            # The options are a value: the file is read once.
            object.__setattr__(self, "level", load_framework_text(self.level))
        for name in _SWITCHES:
            as_switch(name, getattr(self, name))
        # Making the records checks every value; they are made again where they are needed.
        self.config()
        _ = self.observation, self.action_set
        checked_z("z_level", self.z_level)
        checked_z("z_enemies", self.z_enemies)
        source = self.level_source()
        if source is not None:
            # What it refuses depends on its options, not on the seed; but a sampler may know some
            # seeds only.
            source.levels([self.seed_range[0]])
        elif self.level is None:
            if self.rule_set != Rules.COMPETITION_2009:
                raise OptionError(
                    f"the rules {rules_name(self.rule_set)} have no generator of their own: give "
                    "level=, a Level or the path of a level text of the framework, or generator=, "
                    "one of levels.generators"
                )
            # What the generator refuses depends on these three, not on the seed.
            generate(0, self.difficulty, self._level_type, self.length)
        elif self.level_seed is not None:
            raise OptionError("give level or level_seed, not both")
        elif not isinstance(self.level, Level):
            raise OptionError(
                f"level must be a gym_mario_suite.levels.Level, got {self.level!r} (with "
                'rules="framework-2019" also the path of a level text)'
            )
        else:
            for name, is_set in self._of_the_generator().items():
                if is_set:
                    raise OptionError(f"give level or {name}, not both: the level is as it is")
            check_rules(self.level, self.rule_set)
        if self.rule_set != Rules.COMPETITION_2009:
            for name, value in COMPETITION_SWITCHES.items():
                if bool(getattr(self, name)) != value:
                    raise OptionError(
                        f"{name} belongs to the rules {_COMPETITION}"
                        + ("; for no time limit use time_limit=0" if name == "timer" else "")
                    )

    @property
    def rule_set(self) -> Rules:
        """The rules that are played by."""
        if isinstance(self.rules, Rules):
            return self.rules
        for rules in Rules:
            if self.rules == rules_name(rules):
                return rules
        known = ", ".join(map(rules_name, Rules))
        raise OptionError(f"unknown rules {self.rules!r}; there are {known}")

    @property
    def fixed_level(self) -> Level | None:
        """The level of all episodes, where they have one."""
        assert self.level is None or isinstance(self.level, Level)
        return self.level

    def level_source(self) -> LevelSource | None:
        """The generator that makes the levels, where it is not the competition's."""
        others = {"level": self.level is not None, **self._of_the_generator()}
        return checked_source(self.generator, self.generator_options, self.rule_set, others)

    def _of_the_generator(self) -> dict[str, bool]:
        """Options of the competition's generator alone, and whether they are set."""
        return {
            "difficulty": self.difficulty != 0,
            "level_type": self._level_type != 0,
            "length": self.length != DEFAULT_LENGTH,
        }

    @property
    def start_mode(self) -> int:
        """Power state at the start."""
        if self.mode is None:
            return MODES["fire" if self.rule_set == Rules.COMPETITION_2009 else "small"]
        return _named("mode", self.mode, MODES)

    @property
    def observation(self) -> ObservationMode:
        """How the game is observed."""
        return observation_mode(self.obs, self.rule_set)

    @property
    def view(self) -> ViewOptions:
        """The part that the observation modes want."""
        return ViewOptions(z_level=self.z_level, z_enemies=self.z_enemies, hud=self.hud)

    @property
    def theme(self) -> int:
        """Which of the three themes a level of the environment is drawn in."""
        return self._level_type if self.fixed_level is None else self.fixed_level.theme

    @property
    def action_set(self) -> ActionSet:
        """The actions."""
        return action_set(self.actions)

    @property
    def _level_type(self) -> int:
        return _named("level_type", self.level_type, LEVEL_TYPES)

    @property
    def seed_range(self) -> tuple[int, int]:
        """Level seeds are drawn from the first up to, not including, the second."""
        return seed_range_of(self.level_seed)

    def config(self) -> NDArray[np.void]:
        """The compiled code's configuration, CONFIG[1]."""
        config = np.zeros(1, CONFIG)
        row = config[0]
        row["frame_skip"] = as_integer("frame_skip", self.frame_skip, 1, _MAX_FRAME_SKIP)
        row["sticky_prob"] = as_number("sticky_prob", self.sticky_prob, 0.0, 1.0)
        row["generated"] = self.level is None
        row["seed_low"], row["seed_high"] = self.seed_range
        row["difficulty"] = as_integer("difficulty", self.difficulty, -(1 << 31), (1 << 31) - 1)
        row["level_type"] = self._level_type
        row["length"] = as_integer("length", self.length, 1, MAX_WIDTH)
        row["mode"] = self.start_mode
        row["time_limit"] = as_integer("time_limit", self.time_limit, 0, MAX_TIME_LIMIT_S)
        row["switches"] = (
            CREATURES_OFF * (not self.creatures)
            | INVULNERABLE * bool(self.invulnerable)
            | POWER_RESTORATION * bool(self.power_restoration)
            | TIMER_OFF * (not self.timer)
        )
        if self.max_episode_steps is not None:
            row["max_steps"] = as_integer("max_episode_steps", self.max_episode_steps, 1, 1 << 40)
        row["weights"] = self._weights()
        return config

    def _weights(self) -> list[float]:
        chosen = self.reward
        if isinstance(chosen, str):
            if chosen not in REWARDS:
                raise OptionError(
                    f"unknown reward {chosen!r}; there are {', '.join(REWARDS)}, "
                    f"or a mapping of weights for {', '.join(REWARD_TERMS)}"
                )
            chosen = REWARDS[chosen]
        weights = as_weights(chosen, REWARD_TERMS)
        return [weights.get(term, 0.0) for term in REWARD_TERMS]


def seed_range_of(level_seed: object) -> tuple[int, int]:
    """From which seed up to, not including, which one levels are drawn by the option `level_seed`.

    Raises:
        OptionError: If it is no seed and no pair of seeds.
    """
    if level_seed is None:
        return _NEW_LEVEL_SEEDS
    limit = 1 << 63
    if isinstance(level_seed, list | tuple):
        if len(level_seed) != 2:
            raise OptionError(
                f"level_seed must be one seed or a pair (first, end), got {level_seed!r}"
            )
        low = as_integer("level_seed[0]", level_seed[0], -limit, limit - 1)
        high = as_integer("level_seed[1]", level_seed[1], -limit, limit - 1)
        if low >= high:
            raise OptionError(f"level_seed {level_seed!r} is an empty range")
        if high - low >= limit:
            raise OptionError(f"level_seed {level_seed!r} spans 2**63 seeds or more")
        return low, high
    seed = as_integer("level_seed", level_seed, -limit, limit - 2)
    return seed, seed + 1


def checked_level(level: object, rules: Rules) -> Level:
    """The level, if it can be played.

    Raises:
        OptionError: If it is no level.
        LevelError: If it is one of another rule set.
    """
    if not isinstance(level, Level):
        raise OptionError(f"a level must be a gym_mario_suite.levels.Level, got {level!r}")
    check_rules(level, rules)
    return level


def check_rules(level: Level, rules: Rules) -> None:
    """Refuse a level of another rule set.

    Raises:
        LevelError: Naming both.
    """
    if level.rules != rules:
        raise LevelError(
            f"the level belongs to the rules {rules_name(level.rules)}, the environment plays by "
            f"{rules_name(rules)}"
        )


def _named(name: str, value: Any, names: Mapping[str, int]) -> int:
    """One of a few values, by name or by number."""
    if isinstance(value, str) and value in names:
        return names[value]
    if not isinstance(value, str | bool) and value in names.values():
        return int(value)
    choices = ", ".join(f"{number} ({word})" for word, number in names.items())
    raise OptionError(f"{name} must be one of {choices}, got {value!r}")
