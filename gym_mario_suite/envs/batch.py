"""A batch of Infinite Mario games: the arrays behind both the single and the vector environment."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from gymnasium.error import ResetNeeded
from numpy.typing import NDArray

from gym_mario_suite.engine.clone import world_to_bytes
from gym_mario_suite.engine.compiled import announce_first_compile
from gym_mario_suite.engine.cores import CoreChooser
from gym_mario_suite.engine.world import Rules, empty_worlds
from gym_mario_suite.envs.ansi import screen_text
from gym_mario_suite.envs.episode import (
    EPISODE,
    EVENT_COUNTS,
    REWARD_TERMS,
    TELEMETRY,
    draw_level_seeds,
    foresee_keys,
    read_telemetry,
    reset_rows,
    step_rows,
)
from gym_mario_suite.envs.options import InfiniteOptions, check_rules, checked_level
from gym_mario_suite.envs.saved_state import NO_SEED, read_state, seed_of, write_state
from gym_mario_suite.errors import LevelError, OptionError, StateError, as_integer
from gym_mario_suite.levels.generate import capacity_2009, explain_failure, generate
from gym_mario_suite.levels.level import Level

if TYPE_CHECKING:
    from gym_mario_suite.engine.draw import Renderer


class GameBatch:
    """Worlds, episodes and levels of `count` games, with the compiled functions that drive them.

    Args:
        options: The environments' options.
        count: How many games.
        threads: Cores to step them on at most.
    """

    def __init__(self, options: InfiniteOptions, count: int, threads: int = 1) -> None:
        announce_first_compile(step_rows)
        self.options = options
        self.count = count
        self.configs = options.config()
        self.worlds = empty_worlds(count)
        self.episodes = np.zeros(count, EPISODE)
        fixed = options.fixed_level
        self.episodes["level_seed"] = NO_SEED if fixed is None else seed_of(fixed)
        self.terms = np.zeros((count, len(REWARD_TERMS)))
        self.rewards = np.zeros(count)
        self.codes = np.zeros(count, np.uint8)
        # Names of the columns of `counts`.
        self.telemetry = TELEMETRY
        if options.rule_set == Rules.FRAMEWORK_2019:
            self.telemetry += EVENT_COUNTS
        self.counts = np.zeros((count, len(self.telemetry)), np.int64)
        self.started = np.zeros(count, bool)
        self._scratch = (np.zeros((count, 1), np.uint64), np.zeros((count, 5), np.int64))
        self._everyone = np.ones(count, bool)
        self._cores = CoreChooser(threads)
        self._write = options.observation.writer(options.view)
        self._renderer: Renderer | None = None
        self.themes = np.full(count, options.theme)
        self._source = options.level_source()
        # Levels that were set from outside or come from `_source`, by game; the competition's
        # generator makes the others in compiled code.
        self._custom: dict[int, Level] = {}
        # Level values of generated levels that somebody asked for, by game, with their seeds.
        self._made: dict[int, tuple[int, Level]] = {}
        if fixed is None:
            self.images = np.zeros((count, capacity_2009(options.length)), np.int32)
            self.rows = np.arange(count)
        else:
            self.images = fixed.image[None].copy()
            self.rows = np.zeros(count, np.int64)

    def seed(self, index: int, rng_state: int) -> None:
        """Set the random stream of one game."""
        self.episodes[index]["rng"] = rng_state

    def choose_levels(self, seeds: Mapping[int, object]) -> None:
        """The next reset of these games, by index, makes the levels of these seeds.

        Raises:
            OptionError: If one is no seed, or the environment has a fixed level; no game is changed
                then.
        """
        if not self.configs[0]["generated"]:
            raise OptionError("this environment has a fixed level, so no level seed can be chosen")
        numbers = {
            index: as_integer("the level seed", seed, -(1 << 63), (1 << 63) - 1)
            for index, seed in seeds.items()
        }
        if self._source is not None:
            self._place_made(numbers)
            return
        for index, number in numbers.items():
            episode = self.episodes[index]
            episode["level_ready"] = (
                bool(episode["level_ready"])
                and episode["level_seed"] == number
                and index not in self._custom
            )
            self._custom.pop(index, None)
            self.themes[index] = self.options.theme
            episode["level_seed"] = number
            episode["seed_given"] = True

    def set_levels(self, levels: Mapping[int, object]) -> None:
        """The next reset of these games, by index, starts these levels.

        They are for one episode, where levels are generated.

        Raises:
            OptionError: If one is no level.
            LevelError: If one belongs to other rules than the environment. No game is changed then.
        """
        checked = {
            index: checked_level(level, self.options.rule_set) for index, level in levels.items()
        }
        for index, level in checked.items():
            self._place(index, level)
            episode = self.episodes[index]
            episode["level_seed"] = seed_of(level)
            episode["level_ready"] = True
            episode["seed_given"] = True

    def _make_levels(self, mask: NDArray[np.bool_]) -> None:
        """New levels from the level source, for the games of `mask` that have none waiting."""
        wanted = mask & (self.episodes["seed_given"] == 0)
        seeds = np.zeros(self.count, np.int64)
        draw_level_seeds(self.configs, self.episodes, wanted, seeds)
        self._place_made({int(i): int(seeds[i]) for i in np.flatnonzero(wanted)})

    def _place_made(self, seeds: dict[int, int]) -> None:
        """Make the levels of these seeds, by game: their next reset starts them."""
        assert self._source is not None
        made = self._source.levels(list(seeds.values()))
        for (index, seed), level in zip(seeds.items(), made, strict=True):
            self._place(index, level)
            self.episodes[index]["level_seed"] = seed
            self.episodes[index]["level_ready"] = True
            self.episodes[index]["seed_given"] = True

    def _place(self, index: int, level: Level) -> None:
        """Give game `index` a row of its own that holds `level`."""
        if self.options.fixed_level is not None and len(self.images) < self.count:
            self.images = np.repeat(self.images, self.count, axis=0)
            self.rows = np.arange(self.count)
        size = len(level.image)
        if size > self.images.shape[1]:
            wider = np.zeros((len(self.images), size), np.int32)
            wider[:, : self.images.shape[1]] = self.images
            self.images = wider
        self.images[self.rows[index], :size] = level.image
        self._custom[index] = level
        self.themes[index] = level.theme

    def level(self, index: int) -> Level:
        """The level that game `index` is playing.

        Raises:
            ResetNeeded: Before the first reset, where no level is fixed.
        """
        if index in self._custom:
            return self._custom[index]
        if self.options.fixed_level is not None:
            return self.options.fixed_level
        if not self.started[index]:
            raise ResetNeeded("call reset() first: there is no level yet")
        seed = int(self.episodes[index]["level_seed"])
        if index not in self._made or self._made[index][0] != seed:
            config = self.configs[0]
            level = generate(
                seed, int(config["difficulty"]), int(config["level_type"]), int(config["length"])
            )
            self._made[index] = (seed, level)
        return self._made[index][1]

    def reset(self, mask: NDArray[np.bool_] | None = None) -> None:
        """Begin a new episode in the games of `mask` (all by default)."""
        mask = self._everyone if mask is None else mask
        self._forget_custom_levels(mask)
        if self._source is not None:
            self._make_levels(mask)
        reset_rows(
            0,
            self.count,
            self.configs,
            self.images,
            self.rows,
            self.worlds,
            self.episodes,
            mask,
            self.terms,
            self.counts,
            self._scratch,
        )
        self._raise_failures()
        self.rewards[mask] = 0.0
        self.codes[mask] = 0
        self.started |= mask

    def _forget_custom_levels(self, mask: NDArray[np.bool_]) -> None:
        """A level that was set lasts for one episode where levels are generated."""
        for index in [i for i in self._custom if mask[i] and not self.episodes[i]["seed_given"]]:
            if self.options.fixed_level is not None:
                self._place(index, self.options.fixed_level)
                self.episodes[index]["level_seed"] = seed_of(self.options.fixed_level)
            self.episodes[index]["level_ready"] = False
            del self._custom[index]
            self.themes[index] = self.options.theme

    def _raise_failures(self) -> None:
        failures = self.episodes["failure"]
        if failures.any():
            code = int(failures[failures != 0][0])
            self.episodes["failure"] = 0
            raise LevelError(explain_failure(code, int(self.configs[0]["difficulty"])))

    def step(
        self,
        keys: NDArray[np.uint8],
        out: NDArray[Any],
        active: NDArray[np.bool_] | None = None,
    ) -> None:
        """One step of all games, and their observations; one that has ended is reset instead.

        Args:
            keys: uint8[count], button bits.
            out: Buffer of the observations.
            active: bool[count], the games to step, none of which has ended; the others stay as
                they are, with reward 0.
        """
        if active is None and self._custom:
            ended = self.episodes["ended"] != 0
            self._forget_custom_levels(ended)
            if self._source is not None and ended.any():
                self._make_levels(ended)
        played = self._everyone if active is None else active
        self._cores.run(partial(self._step_some, keys, out, played), self.count)

    def _step_some(
        self,
        keys: NDArray[np.uint8],
        out: NDArray[Any],
        active: NDArray[np.bool_],
        first: int,
        end: int,
    ) -> None:
        step_rows(
            first,
            end,
            self.configs,
            self.images,
            self.rows,
            self.worlds,
            self.episodes,
            keys,
            active,
            self.terms,
            self.rewards,
            self.codes,
            self.counts,
            self._scratch,
        )
        self._write(
            self.images,
            self.rows,
            self.worlds,
            self.themes,
            active,
            first,
            end,
            out,
        )

    def foreseen_keys(self, index: int, keys: int) -> NDArray[np.uint8]:
        """Button bits of every tick of the coming step of game `index`, uint8[frame_skip].

        They differ from the action's where actions are sticky. The step may end before its last
        tick.
        """
        held = np.empty(int(self.configs[0]["frame_skip"]), np.uint8)
        foresee_keys(self.configs, self.episodes[index : index + 1].copy(), keys, held)
        return held

    def observe(self, out: NDArray[Any], mask: NDArray[np.bool_] | None = None) -> None:
        """Write the observations of the games of `mask` (all by default) into `out`."""
        self._write(
            self.images,
            self.rows,
            self.worlds,
            self.themes,
            self._everyone if mask is None else mask,
            0,
            self.count,
            out,
        )

    def picture(self, index: int, mode: str) -> Any:
        """The screen of game `index` as text ("ansi") or uint8[240, 320, 3] ("rgb_array")."""
        image = self.images[self.rows[index]]
        if mode == "ansi":
            return screen_text(image, self.worlds[index : index + 1])
        if self._renderer is None:
            from gym_mario_suite.engine.draw import Renderer

            self._renderer = Renderer()
        return self._renderer.rgb(image, self.worlds, index, int(self.themes[index]))

    def state(self, index: int) -> bytes:
        """Game `index` as bytes: its random stream, world and level."""
        episode = self.episodes[index : index + 1].copy()
        # These two are about the arrays here, not about the game.
        episode["level_ready"] = False
        episode["seed_given"] = False
        return write_state(episode, world_to_bytes(self.worlds[index]), self.level(index))

    def load_states(self, states: dict[int, bytes]) -> None:
        """Take up saved games.

        Args:
            states: Bytes of `state`, by game. States of single and vector environments are the
                same; they hold the level, so the options need not agree.

        Raises:
            StateError: If one of the states does not fit, or is of another rule set; no game is
                changed then.
        """
        loaded = {index: read_state(data) for index, data in states.items()}
        for _, _, level in loaded.values():
            try:
                check_rules(level, self.options.rule_set)
            except LevelError as error:
                raise StateError(f"the state cannot be taken up: {error}") from None
        for index, (episode, world, level) in loaded.items():
            self._place(index, level)
            self.episodes[index] = episode[0]
            self.episodes[index]["level_ready"] = False
            self.worlds[index] = world[0]
            self.started[index] = True
            self.codes[index] = episode[0]["ended"]
            self.rewards[index] = 0.0
            self.terms[index] = 0.0
            read_telemetry(self.worlds, self.episodes, index, self.counts)
