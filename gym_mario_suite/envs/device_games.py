"""A batch of Infinite Mario games on a GPU: its arrays there, and the kernels that drive them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from gymnasium.error import ResetNeeded
from numpy.typing import NDArray

from gym_mario_suite.engine import cuda_device
from gym_mario_suite.engine.clone import world_to_bytes
from gym_mario_suite.engine.cuda import RowKernel, copy, device_zeros, to_device, to_host
from gym_mario_suite.engine.cuda_worlds import DeviceView
from gym_mario_suite.engine.world import WORLD, Rules, empty_worlds
from gym_mario_suite.envs.device_levels import DeviceLevels
from gym_mario_suite.envs.device_rows import (
    renew_rows,
    report_rows,
    reset_pooled_rows,
    split_rows,
    step_active_rows,
)
from gym_mario_suite.envs.episode import (
    EPISODE,
    EVENT_COUNTS,
    REWARD_TERMS,
    TELEMETRY,
    read_telemetry,
    reset_rows,
)
from gym_mario_suite.envs.infinite import REWARD_KEYS
from gym_mario_suite.envs.options import InfiniteOptions, check_rules
from gym_mario_suite.envs.saved_state import NO_SEED, read_state, seed_of, write_state
from gym_mario_suite.errors import LevelError, StateError
from gym_mario_suite.levels.generate import explain_failure
from gym_mario_suite.levels.level import Level

_KERNELS = {
    function.__name__: RowKernel(function)
    for function in (
        split_rows,
        step_active_rows,
        report_rows,
        reset_pooled_rows,
        reset_rows,
        renew_rows,
    )
}
_FLAGS = ("among", "due", "active", "ended", "terminated", "truncated")


class DeviceGames:
    """Worlds, episodes and levels of `count` games on a GPU; on the CPU that is `GameBatch`.

    Args:
        options: The environments' options.
        count: How many games.
        level_pool: As of `DeviceLevels`.
        keeps_ends: Whether there is room for what was last seen of games that end (`keep_ends`).

    Attributes:
        levels: The levels, as the host knows them.
        started: bool[count], the games that have an episode; in the computer's memory, all below
            on the device.
        observations: What is seen, a row for each game.
        rewards: float64[count].
        flags: bool[count] by name; `ended` are the games whose episode is over, `terminated` and
            `truncated` those that the last step has ended, `among` is free for a mask.
        everyone: bool[count], all True.
        infos: Views of the arrays of infos, which always show their present content, with masks.

    Raises:
        OptionError: For options that do not go together.
        DeviceError: If there is no device, or too little memory; the message says how many games
            fit.
    """

    def __init__(
        self, options: InfiniteOptions, count: int, level_pool: int, keeps_ends: bool
    ) -> None:
        cuda_device.require_device()
        self.options = options
        self.count = count
        self.levels = DeviceLevels(options, count, level_pool)
        self._keeps_ends = keeps_ends
        view = options.view
        self._view = DeviceView(
            options.observation.name, z_level=view.z_level, z_enemies=view.z_enemies, hud=view.hud
        )
        self._telemetry = TELEMETRY
        if options.rule_set == Rules.FRAMEWORK_2019:
            self._telemetry += EVENT_COUNTS
        cuda_device.check_room(
            count, self.bytes_per_world(), self.shared_bytes(), cuda_device.free_bytes()
        )
        self.started = np.zeros(count, bool)
        self._renderer: Any = None
        self._allocate()

    # --- memory -----------------------------------------------------------------------------------

    def bytes_per_world(self) -> int:
        """Memory that each game takes on the device."""
        observation = self.options.observation.buffer(1).nbytes
        numbers = 8 * (len(REWARD_TERMS) + len(self._telemetry) + 1)
        # Rows, themes, reward; keys, code, and eight arrays of bool.
        small = 3 * 8 + 2 + 8
        level = 0 if self.levels.pooled else 4 * self.levels.images.shape[1] + 48
        return (
            WORLD.itemsize
            + EPISODE.itemsize
            + (observation + numbers) * (2 if self._keeps_ends else 1)
            + small
            + level
        )

    def shared_bytes(self) -> int:
        """Memory that all games share: the pool of levels, and what drawing needs."""
        levels = self.levels.images.nbytes if self.levels.pooled else 0
        return levels + self._view.scratch_bytes(self.count)

    def _allocate(self) -> None:
        count = self.count
        config = self.options.config()
        config["seed_low"], config["seed_high"] = self.levels.seeds
        self._configs = to_device(config)
        self._worlds = to_device(empty_worlds(count))
        episodes = np.zeros(count, EPISODE)
        episodes["level_seed"] = NO_SEED
        self._episodes = to_device(episodes)
        pooled = self.levels.pooled
        self._rows = to_device(np.zeros(count, np.int64) if pooled else np.arange(count))
        self._themes = device_zeros(count, np.int64)
        self._upload_levels()
        self._codes = device_zeros(count, np.uint8)
        self.rewards = device_zeros(count, np.float64)
        self._terms = device_zeros((count, len(REWARD_TERMS)), np.float64)
        self._counts = device_zeros((count, len(self._telemetry)), np.int64)
        self._distances = device_zeros(count, np.float64)
        self.flags = {name: device_zeros(count, bool) for name in _FLAGS}
        self.everyone = to_device(np.ones(count, bool))
        self.observations = to_device(self.options.observation.buffer(count))
        self.infos = self._named(self._counts, self._terms, self._distances)
        self._scratch: tuple[Any, Any] | None = None
        if not pooled:
            self._scratch = device_zeros((count, 1), np.uint64), device_zeros((count, 5), np.int64)
        if self._keeps_ends:
            self._final = {
                name: to_device(to_host(getattr(self, name)))
                for name in ("observations", "_counts", "_terms", "_distances")
            }
            self._final_ended = device_zeros(count, bool)
            self._final_info = self._named(
                self._final["_counts"], self._final["_terms"], self._final["_distances"]
            )

    def _upload_levels(self) -> None:
        self._images = to_device(self.levels.images)
        self._level_themes = to_device(self.levels.themes())

    def _named(self, counts: Any, terms: Any, distances: Any) -> dict[str, Any]:
        infos: dict[str, Any] = {name: counts[:, k] for k, name in enumerate(self._telemetry)}
        infos["distance"] = distances
        infos.update({name: terms[:, k] for k, name in enumerate(REWARD_KEYS)})
        return infos | {f"_{name}": self.everyone for name in list(infos)}

    # --- kernels ----------------------------------------------------------------------------------

    def _launch(self, name: str, *arguments: Any) -> None:
        _KERNELS[name].launch(0, self.count, *arguments)

    def observe(self, mask: Any) -> None:
        """Write the observations of the games of a mask on the device."""
        self._view.write(
            self._images, self._rows, self._worlds, self._themes, mask, self.observations
        )

    def reset(self, mask: Any) -> None:
        """New episodes for the games of a mask on the device."""
        arguments = (
            *(self._configs, self._images, self._rows, self._worlds, self._episodes),
            *(mask, self._terms, self._counts),
        )
        if self._scratch is None:
            self._launch("reset_pooled_rows", *arguments)
        else:
            self._launch("reset_rows", *arguments, self._scratch)
        self._launch(
            "renew_rows",
            *(self._worlds, self._rows, self._level_themes, mask, self._themes),
            *(self._codes, self.flags["ended"], self._distances),
        )

    def step(self, keys: Any, among: Any, next_step: bool) -> None:
        """A step of some games, as `next_step` says with new episodes where one is over.

        Args:
            keys: uint8[count] on the device, button bits.
            among: bool[count] on the device, the games that are meant.
            next_step: Whether those of them whose episode is over begin a new one.
        """
        flags = self.flags
        self._launch("split_rows", flags["ended"], among, flags["due"], flags["active"])
        self._launch(
            "step_active_rows",
            *(self._configs, self._images, self._rows, self._worlds, self._episodes, keys),
            *(flags["active"], self._terms, self.rewards, self._codes, self._counts),
        )
        if next_step:
            self.reset(flags["due"])
        self._launch(
            "report_rows",
            *(self._worlds, self._codes, among, flags["ended"], flags["terminated"]),
            *(flags["truncated"], self._distances),
        )

    def keep_ends(self) -> dict[str, Any]:
        """Keep what there is to see now, for games that have ended and are about to be reset.

        Returns:
            The infos about it; `_final_obs` is the mask of the games that have ended.
        """
        for name, array in self._final.items():
            copy(getattr(self, name), array)
        copy(self.flags["ended"], self._final_ended)
        return {
            "final_obs": self._final["observations"],
            "_final_obs": self._final_ended,
            "final_info": {
                key: self._final_ended if key.startswith("_") else values
                for key, values in self._final_info.items()
            },
            "_final_info": self._final_ended,
        }

    def check(self) -> None:
        """Wait for the device, and see that all levels could be made there.

        Raises:
            LevelError: If one could not.
        """
        if not self.levels.pooled:
            failures = to_host(self._episodes)["failure"]
            if failures.any():
                code = int(failures[failures != 0][0])
                raise LevelError(explain_failure(code, self.options.difficulty))

    # --- games by number --------------------------------------------------------------------------

    def seed(self, streams: dict[int, int]) -> None:
        """Set random streams, by game."""
        episodes = to_host(self._episodes)
        episodes["rng"][list(streams)] = np.array(list(streams.values()), np.uint64)
        copy(episodes, self._episodes)

    def begin(self, mask: NDArray[np.bool_], levels: dict[int, Level]) -> None:
        """New episodes for the games of a mask in the computer's memory.

        Args:
            mask: bool[count].
            levels: Levels of the environment's rules that games are to play, by game.
        """
        if levels:
            self._place(levels)
            episodes = to_host(self._episodes)
            for game, level in levels.items():
                episodes[game]["level_seed"] = seed_of(level)
                episodes[game]["level_ready"] = True
                episodes[game]["seed_given"] = True
            copy(episodes, self._episodes)
        self.reset(to_device(mask))
        if levels and not self.levels.pooled:
            # Where every game has a row of its own, a level that was set brings its theme.
            themes = to_host(self._themes)
            for game, level in levels.items():
                themes[game] = level.theme
            copy(themes, self._themes)
        rewards = to_host(self.rewards)
        rewards[mask] = 0.0
        copy(rewards, self.rewards)
        self.started |= mask

    def _place(self, levels: dict[int, Level]) -> None:
        """Have games play these levels: in the next reset, or in states to be loaded."""
        rows = to_host(self._rows)
        self.levels.place(levels, rows)
        self._upload_levels()
        copy(rows, self._rows)

    def level(self, index: int) -> Level:
        """The level that game `index` is playing.

        Raises:
            ResetNeeded: Before the first reset, where no level is fixed.
        """
        if self.options.fixed_level is None and not self.started[index]:
            raise ResetNeeded("call reset() first: there is no level yet")
        return self._level_of(index, *map(to_host, (self._rows, self._worlds, self._episodes)))

    def _level_of(self, game: int, rows: Any, worlds: Any, episodes: Any) -> Level:
        return self.levels.level(
            game,
            int(rows[game]),
            int(episodes[game]["level_seed"]),
            int(worlds[game]["fingerprint"]),
        )

    def pictures(self, mode: str) -> tuple[Any, ...]:
        """All screens as text ("ansi") or uint8[240, 320, 3] ("rgb_array")."""
        from gym_mario_suite.engine.draw import Renderer
        from gym_mario_suite.envs.ansi import screen_text

        self._renderer = self._renderer or Renderer()
        arrays = [to_host(array) for array in (self._rows, self._worlds, self._episodes)]
        worlds, themes = arrays[1], to_host(self._themes)
        pictures = []
        for game in range(self.count):
            one, image = worlds[game : game + 1], self._level_of(game, *arrays).image
            if mode == "ansi":
                pictures.append(screen_text(image, one))
            else:
                pictures.append(self._renderer.rgb(image, one, 0, int(themes[game])))
        return tuple(pictures)

    def states(self, indices: Iterable[int]) -> list[bytes]:
        """Games as bytes, in the form that the environments of the CPU use too."""
        arrays = [to_host(array) for array in (self._rows, self._worlds, self._episodes)]
        _, worlds, episodes = arrays
        # These two are about the arrays here, not about the game.
        episodes["level_ready"] = False
        episodes["seed_given"] = False
        return [
            write_state(
                episodes[game : game + 1].copy(),
                world_to_bytes(worlds[game]),
                self._level_of(game, *arrays),
            )
            for game in indices
        ]

    def load_states(self, states: dict[int, bytes]) -> None:
        """Take up saved games, by game.

        Raises:
            StateError: If a state does not fit; no game is changed then.
        """
        # One state may be meant for many games.
        read = {}
        for data in states.values():
            if id(data) not in read:
                read[id(data)] = read_state(data)
        for _, _, level in read.values():
            try:
                check_rules(level, self.options.rule_set)
            except LevelError as error:
                raise StateError(f"the state cannot be taken up: {error}") from None
        loaded = {game: read[id(data)] for game, data in states.items()}
        self._place({game: level for game, (_, _, level) in loaded.items()})
        names = ("_worlds", "_episodes", "_themes", "_codes", "rewards", "_terms", "_counts")
        host = {name: to_host(getattr(self, name)) for name in (*names, "_distances")}
        ended = to_host(self.flags["ended"])
        for game, (episode, world, level) in loaded.items():
            host["_worlds"][game] = world[0]
            host["_episodes"][game] = episode[0]
            host["_episodes"][game]["level_ready"] = False
            host["_themes"][game] = level.theme
            host["_codes"][game] = code = int(episode[0]["ended"])
            host["rewards"][game] = 0.0
            host["_terms"][game] = 0.0
            read_telemetry(host["_worlds"], host["_episodes"], game, host["_counts"])
            host["_distances"][game] = world[0]["players"][0]["body"]["x"]
            ended[game] = code != 0
            self.started[game] = True
        for name, array in host.items():
            copy(array, getattr(self, name))
        copy(ended, self.flags["ended"])
