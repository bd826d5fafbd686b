"""`MarioInfinite-v0` on a GPU: games, observations and rewards stay in its memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from gym_mario_suite.engine import cuda, cuda_device
from gym_mario_suite.engine.clone import world_to_bytes
from gym_mario_suite.engine.cuda import RowKernel, copy, device_zeros, to_device, to_host
from gym_mario_suite.engine.cuda_worlds import DeviceView
from gym_mario_suite.engine.world import WORLD, Rules, empty_worlds
from gym_mario_suite.envs.actions import BUTTON_ORDER, ActionReader
from gym_mario_suite.envs.device_levels import DEFAULT_POOL, DeviceLevels
from gym_mario_suite.envs.device_rows import (
    read_action_rows,
    read_button_rows,
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
from gym_mario_suite.envs.infinite import HUD_LINES, RENDER_FPS, RESET_OPTIONS, REWARD_KEYS
from gym_mario_suite.envs.keyword_options import read_options
from gym_mario_suite.envs.native_vector import NativeVectorEnv, state_list
from gym_mario_suite.envs.options import InfiniteOptions, check_rules, theme_of
from gym_mario_suite.envs.reset_options import check_one_option
from gym_mario_suite.envs.saved_state import NO_SEED, read_state, write_state
from gym_mario_suite.errors import LevelError, OptionError, StateError, as_integer
from gym_mario_suite.levels.generate import explain_failure
from gym_mario_suite.levels.level import Level

_MAX_ENVS = 1 << 22
# Asking the device whether an action was none of the set means waiting for it; so it is asked now
# and then.
_STEPS_BETWEEN_CHECKS = 256
_KERNELS = {
    function.__name__: RowKernel(function)
    for function in (
        read_action_rows,
        read_button_rows,
        split_rows,
        step_active_rows,
        report_rows,
        reset_pooled_rows,
        reset_rows,
        renew_rows,
    )
}


class MarioInfiniteCudaVectorEnv(NativeVectorEnv):
    """Many games of Infinite Mario on a GPU, each in a thread of its own.

    `gymnasium.make_vec("MarioInfinite-v0", num_envs=65536, device="cuda")` makes it. Observations,
    rewards and ends are arrays in the device's memory (`torch.as_tensor(x, device="cuda")` takes
    them without a copy, as does all else that knows `__cuda_array_interface__`); they are the
    environment's own, and the next step writes over them. Actions may be there, too, such as an
    int64 tensor of torch; then nothing crosses the bus, and the step returns before it is done.

    The games are those of the CPU, bit for bit: game i is the single environment with the same
    options reset with seed + i. Only levels are kept differently: all games share a pool of
    `level_pool` of them. Where the options name no `level_seed`, episodes draw from the seeds
    0 .. `level_pool` - 1, as with `level_seed=(0, level_pool)` on the CPU. `level_pool=0` makes
    each level anew on the device, from any seed, which takes the whole device a few milliseconds.

    Infos are device arrays, too; those of an end in SAME_STEP mode, `final_obs` and `final_info`,
    have a row for every game, which counts where `_final_obs` says so. `reset` takes the options of
    the CPU's vector environment.

    Args:
        num_envs: How many games.
        autoreset_mode: NEXT_STEP (default) and SAME_STEP as on the CPU. DISABLED: a game whose
            episode is over stays as it is, with reward 0, until `reset` with a `reset_mask`.
        level_pool: Levels that are kept on the device.
        render_mode: None, "ansi" or "rgb_array".
        **options: As of `MarioInfiniteEnv`, and `max_episode_steps`.

    Raises:
        OptionError: For an option that is not possible.
        DeviceError: If there is no device, or too little memory; the message says how many games
            fit.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012 (Gymnasium declares it so)
        "render_modes": ["ansi", "rgb_array"],
        "render_fps": RENDER_FPS[Rules.COMPETITION_2009],
        "hud_lines": HUD_LINES,
        "autoreset_mode": AutoresetMode.NEXT_STEP,
    }

    def __init__(
        self,
        num_envs: int = 1,
        *,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        level_pool: int = DEFAULT_POOL,
        render_mode: str | None = None,
        **options: Any,
    ) -> None:
        self.num_envs = count = as_integer("num_envs", num_envs, 1, _MAX_ENVS)
        self._set_modes(render_mode, autoreset_mode)
        owner = "MarioInfinite-v0 with device='cuda'"
        self.options = read_options(InfiniteOptions, owner, options)
        self.metadata["render_fps"] = RENDER_FPS[self.options.rule_set]
        cuda_device.require_device()
        mode = self.options.observation
        self._actions = ActionReader(self.options.action_set)
        self._levels = DeviceLevels(self.options, count, level_pool)
        view = self.options.view
        self._view = DeviceView(
            mode.name, z_level=view.z_level, z_enemies=view.z_enemies, hud=view.hud
        )
        self._telemetry = TELEMETRY
        if self.options.rule_set == Rules.FRAMEWORK_2019:
            self._telemetry += EVENT_COUNTS
        cuda_device.check_room(
            count, self.bytes_per_world(), self.shared_bytes(), cuda_device.free_bytes()
        )
        # After that, because these hold their bounds for every game, in the computer's memory.
        self._set_spaces(mode.space(), self.options.action_set.space())
        self._allocate()
        self._started = np.zeros(count, bool)
        self._steps = 0
        self._renderer: Any = None

    # --- memory -----------------------------------------------------------------------------------

    def bytes_per_world(self) -> int:
        """Memory that each game takes on the device."""
        observation = self.options.observation.buffer(1).nbytes
        numbers = 8 * (len(REWARD_TERMS) + len(self._telemetry) + 1)
        kept_ends = self.autoreset_mode == AutoresetMode.SAME_STEP
        # Rows, themes, reward; keys, code, and eight arrays of bool.
        small = 3 * 8 + 2 + 8
        level = 0 if self._levels.pooled else 4 * self._levels.images.shape[1] + 48
        return (
            WORLD.itemsize
            + EPISODE.itemsize
            + (observation + numbers) * (2 if kept_ends else 1)
            + small
            + level
        )

    def shared_bytes(self) -> int:
        """Memory that all games share: the pool of levels, and what drawing needs."""
        levels = self._levels.images.nbytes if self._levels.pooled else 0
        return levels + self._view.scratch_bytes(self.num_envs)

    def _allocate(self) -> None:
        count = self.num_envs
        config = self.options.config()
        config["seed_low"], config["seed_high"] = self._levels.seeds
        self._configs = to_device(config)
        self._worlds = to_device(empty_worlds(count))
        episodes = np.zeros(count, EPISODE)
        episodes["level_seed"] = NO_SEED
        self._episodes = to_device(episodes)
        fixed = self._levels.pooled
        self._rows = to_device(np.zeros(count, np.int64) if fixed else np.arange(count))
        self._themes = device_zeros(count, np.int64)
        self._upload_levels()
        self._keys = device_zeros(count, np.uint8)
        self._codes = device_zeros(count, np.uint8)
        self._rewards = device_zeros(count, np.float64)
        self._terms = device_zeros((count, len(REWARD_TERMS)), np.float64)
        self._counts = device_zeros((count, len(self._telemetry)), np.int64)
        self._distances = device_zeros(count, np.float64)
        flags = ("among", "due", "active", "ended", "terminated", "truncated")
        self._flags = {name: device_zeros(count, bool) for name in flags}
        self._everyone = to_device(np.ones(count, bool))
        self._faults = device_zeros(1, np.int64)
        self._action_table = to_device(
            self.options.action_set.keys
            if self.options.action_set.combinations
            else np.array([int(button) for button in BUTTON_ORDER], np.uint8)
        )
        self._observations = to_device(self.options.observation.buffer(count))
        self._device_infos = self._named(self._counts, self._terms, self._distances)
        self._scratch: tuple[Any, Any] | None = None
        if not fixed:
            self._scratch = device_zeros((count, 1), np.uint64), device_zeros((count, 5), np.int64)
        if self.autoreset_mode == AutoresetMode.SAME_STEP:
            self._final = {
                name: to_device(to_host(getattr(self, name)))
                for name in ("_observations", "_counts", "_terms", "_distances")
            }
            self._final_ended = device_zeros(count, bool)
            self._final_info = self._named(
                self._final["_counts"], self._final["_terms"], self._final["_distances"]
            )

    def _upload_levels(self) -> None:
        self._images = to_device(self._levels.images)
        self._level_themes = to_device(self._levels.themes())

    def _named(self, counts: Any, terms: Any, distances: Any) -> dict[str, Any]:
        """The infos: views of the device's arrays, which always show their present content."""
        infos: dict[str, Any] = {name: counts[:, k] for k, name in enumerate(self._telemetry)}
        infos["distance"] = distances
        infos.update({name: terms[:, k] for k, name in enumerate(REWARD_KEYS)})
        return infos | {f"_{name}": self._everyone for name in list(infos)}

    # --- kernels ----------------------------------------------------------------------------------

    def _launch(self, name: str, *arguments: Any) -> None:
        _KERNELS[name].launch(0, self.num_envs, *arguments)

    def _observe(self, mask: Any) -> None:
        self._view.write(
            self._images, self._rows, self._worlds, self._themes, mask, self._observations
        )

    def _reset_masked(self, mask: Any) -> None:
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
            *(self._codes, self._flags["ended"], self._distances),
        )

    def _read_actions(self, actions: Any) -> None:
        """Put the actions' button bits into `_keys`."""
        if not cuda.is_on_device(actions):
            copy(self._actions.many(actions, self.num_envs), self._keys)
            return
        numbered = bool(self.options.action_set.combinations)
        array = cuda.as_device_array(actions)
        shape = (self.num_envs,) if numbered else (self.num_envs, len(BUTTON_ORDER))
        dtype = np.dtype(np.int64 if numbered else np.int8)
        if tuple(array.shape) != shape or array.dtype != dtype or not array.is_c_contiguous():
            raise OptionError(
                f"actions on the device must be {dtype}{list(shape)}, contiguous, got "
                f"{array.dtype}{list(array.shape)}"
            )
        name = "read_action_rows" if numbered else "read_button_rows"
        self._launch(name, self._action_table, array, self._keys, self._faults)

    def check(self) -> None:
        """Wait for the device, and see that all went well there.

        Raises:
            OptionError: If an action since the last check was none of the set. It pressed nothing.
            LevelError: If the device could not make a level.
        """
        if to_host(self._faults)[0]:
            copy(np.zeros(1, np.int64), self._faults)
            raise OptionError(
                f"an action on the device was none of the set {self.options.actions!r}: they go "
                f"from 0 to {len(self._action_table) - 1}, buttons are 0 or 1"
            )
        if not self._levels.pooled:
            failures = to_host(self._episodes)["failure"]
            if failures.any():
                code = int(failures[failures != 0][0])
                raise LevelError(explain_failure(code, self.options.difficulty))

    # --- Gymnasium's interface --------------------------------------------------------------------

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """Begin new episodes; see the class for the options.

        Args:
            seed: One seed s, which gives game i the seed s + i; or a seed or None for each game.
            options: `reset_mask` (on the device or not), and one of `seed`, `level` and `state`.

        Raises:
            OptionError: For an unknown option or a value that is not possible.
            StateError: For a state that cannot be loaded; no game is changed then.
        """
        chosen = dict(options or {})
        mask = chosen.pop("reset_mask", None)
        if cuda.is_on_device(mask):
            mask = to_host(cuda.as_device_array(mask))
        mask = self._reset_mask(mask)
        check_one_option(chosen, RESET_OPTIONS)
        games = np.flatnonzero(mask).tolist()
        streams = self._stream_seeds(seed, games)
        if streams:
            episodes = to_host(self._episodes)
            episodes["rng"][list(streams)] = np.array(list(streams.values()), np.uint64)
            copy(episodes, self._episodes)
        if "state" in chosen:
            states = state_list(chosen["state"], self.num_envs)
            self._load({game: states[game] for game in games})
        else:
            levels = self._chosen_levels(chosen, games)
            if levels:
                self._place(levels, begin=True)
            device_mask = to_device(mask)
            self._reset_masked(device_mask)
            if levels and not self._levels.pooled:
                # Where every game has a row of its own, a level that was set brings its theme.
                themes = to_host(self._themes)
                for game, level in levels.items():
                    themes[game] = theme_of(level)
                copy(themes, self._themes)
            self._forget_rewards(mask)
            self._started |= mask
        self.check()
        self._observe(to_device(mask))
        return self._observations, dict(self._device_infos)

    def _forget_rewards(self, mask: NDArray[np.bool_]) -> None:
        rewards = to_host(self._rewards)
        rewards[mask] = 0.0
        copy(rewards, self._rewards)

    def _chosen_levels(self, chosen: dict[str, Any], games: list[int]) -> dict[int, Level]:
        """The levels that `options` names for these games, by game."""
        name = next(iter(chosen), None)
        if name is None:
            return {}
        values = self._one_for_each(name, chosen[name])
        if name == "level":
            for game in games:
                if not isinstance(values[game], Level):
                    raise OptionError(
                        f"a level must be a gym_mario_suite.levels.Level, got {values[game]!r}"
                    )
                check_rules(values[game], self.options.rule_set)
            return {game: values[game] for game in games}
        if self.options.fixed_level is not None:
            raise OptionError("this environment has a fixed level, so no level seed can be chosen")
        seeds = [as_integer("the level seed", values[g], -(1 << 63), (1 << 63) - 1) for g in games]
        made = self._levels.of_seeds(sorted(set(seeds)))
        return {game: made[number] for game, number in zip(games, seeds)}

    def _place(self, levels: dict[int, Level], begin: bool) -> None:
        """Have games play these levels: in the next reset (`begin`), or in states to be loaded."""
        rows = to_host(self._rows)
        self._levels.place(levels, rows)
        self._upload_levels()
        copy(rows, self._rows)
        if begin:
            episodes = to_host(self._episodes)
            for game, level in levels.items():
                episodes[game]["level_seed"] = int(level.metadata.get("seed", NO_SEED))
                episodes[game]["level_ready"] = True
                episodes[game]["seed_given"] = True
            copy(episodes, self._episodes)

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """One step of every game.

        Args:
            actions: Actions in the computer's memory, or on the device: int64[num_envs], or
                int8[num_envs, 5] for the set `buttons`.

        Returns:
            Device arrays: observations; float64, the rewards; bool twice, the ends; infos.

        Raises:
            OptionError: If the actions are not `num_envs` actions of the set. Of actions on the
                device it is noticed later: see `check`.
            ResetNeeded: Before the first reset.
        """
        self._check_started(self._started)
        self._read_actions(actions)
        self._advance(self._everyone, self.autoreset_mode == AutoresetMode.NEXT_STEP)
        infos = dict(self._device_infos)
        if self.autoreset_mode == AutoresetMode.SAME_STEP:
            for name, array in self._final.items():
                copy(getattr(self, name), array)
            copy(self._flags["ended"], self._final_ended)
            infos |= {
                "final_obs": self._final["_observations"],
                "_final_obs": self._final_ended,
                "final_info": {
                    key: self._final_ended if key.startswith("_") else values
                    for key, values in self._final_info.items()
                },
                "_final_info": self._final_ended,
            }
            self._reset_masked(self._final_ended)
            self._observe(self._final_ended)
        self._steps += 1
        if self._steps % _STEPS_BETWEEN_CHECKS == 0:
            self.check()
        flags = self._flags
        return self._observations, self._rewards, flags["terminated"], flags["truncated"], infos

    def _advance(self, among: Any, next_step: bool) -> None:
        """A step of the games of `among` (bool[num_envs] on the device), and their observations."""
        flags = self._flags
        self._launch("split_rows", flags["ended"], among, flags["due"], flags["active"])
        self._launch(
            "step_active_rows",
            *(self._configs, self._images, self._rows, self._worlds, self._episodes, self._keys),
            *(flags["active"], self._terms, self._rewards, self._codes, self._counts),
        )
        if next_step:
            self._reset_masked(flags["due"])
        self._launch(
            "report_rows",
            *(self._worlds, self._codes, among, flags["ended"], flags["terminated"]),
            *(flags["truncated"], self._distances),
        )
        self._observe(among)

    def step_some(self, actions: Any, active: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """One step of some games; the others stay as they are. See `NativeVectorEnv`.

        The mask may be on the device. Games whose episode is over count as not meant.
        """
        if cuda.is_on_device(active):
            active = to_host(cuda.as_device_array(active))
        mask = self._active_mask(active, self._started, np.zeros(self.num_envs, np.uint8))
        self._read_actions(actions)
        copy(mask, self._flags["among"])
        self._advance(self._flags["among"], next_step=False)
        flags = self._flags
        return (
            *(self._observations, self._rewards, flags["terminated"], flags["truncated"]),
            dict(self._device_infos),
        )

    def render(self) -> Any:
        """The screens, one for each game, as text ("ansi") or uint8[240, 320, 3] ("rgb_array")."""
        if self.render_mode is None:
            return None
        from gym_mario_suite.engine.draw import Renderer
        from gym_mario_suite.envs.ansi import screen_text

        self._renderer = self._renderer or Renderer()
        arrays = [to_host(array) for array in (self._rows, self._worlds, self._episodes)]
        worlds, themes = arrays[1], to_host(self._themes)
        pictures = []
        for game in range(self.num_envs):
            one, image = worlds[game : game + 1], self._level_of(game, *arrays).image
            if self.render_mode == "ansi":
                pictures.append(screen_text(image, one))
            else:
                pictures.append(self._renderer.rgb(image, one, 0, int(themes[game])))
        return tuple(pictures)

    # --- games as bytes ---------------------------------------------------------------------------

    def level(self, index: int) -> Level:
        """The level that game `index` is playing."""
        index = as_integer("index", index, 0, self.num_envs - 1)
        return self._level_of(index, *map(to_host, (self._rows, self._worlds, self._episodes)))

    def _level_of(self, game: int, rows: Any, worlds: Any, episodes: Any) -> Level:
        return self._levels.level(
            game,
            int(rows[game]),
            int(episodes[game]["level_seed"]),
            int(worlds[game]["fingerprint"]),
        )

    def get_state(self, indices: Sequence[int] | None = None) -> list[bytes]:
        """Games as bytes, in the form that the environments of the CPU use too.

        Args:
            indices: Which games; all of them by default.
        """
        self._check_started(self._started)
        self.check()
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
            for game in (range(self.num_envs) if indices is None else indices)
        ]

    def set_state(self, states: Sequence[bytes] | bytes) -> None:
        """Take up saved games, of the CPU or of a device: one for each, or one for all.

        Raises:
            StateError: If a state does not fit; no game is changed then.
        """
        self._load(state_list(states, self.num_envs))
        self._seeded = True
        self._observe(self._everyone)

    def _load(self, states: dict[int, bytes]) -> None:
        by_bytes = {data: read_state(data) for data in set(states.values())}
        for _, _, level in by_bytes.values():
            try:
                check_rules(level, self.options.rule_set)
            except LevelError as error:
                raise StateError(f"the state cannot be taken up: {error}") from None
        loaded = {game: by_bytes[data] for game, data in states.items()}
        self._place({game: level for game, (_, _, level) in loaded.items()}, begin=False)
        names = ("_worlds", "_episodes", "_themes", "_codes", "_rewards", "_terms", "_counts")
        host = {name: to_host(getattr(self, name)) for name in (*names, "_distances")}
        ended = to_host(self._flags["ended"])
        for game, (episode, world, level) in loaded.items():
            host["_worlds"][game] = world[0]
            host["_episodes"][game] = episode[0]
            host["_episodes"][game]["level_ready"] = False
            host["_themes"][game] = theme_of(level)
            host["_codes"][game] = code = int(episode[0]["ended"])
            host["_rewards"][game] = 0.0
            host["_terms"][game] = 0.0
            read_telemetry(host["_worlds"], host["_episodes"], game, host["_counts"])
            host["_distances"][game] = world[0]["players"][0]["body"]["x"]
            ended[game] = code != 0
            self._started[game] = True
        for name, array in host.items():
            copy(array, getattr(self, name))
        copy(ended, self._flags["ended"])
