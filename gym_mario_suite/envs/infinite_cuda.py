"""`MarioInfinite-v0` on a GPU: games, observations and rewards stay in its memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode

from gym_mario_suite.engine import cuda
from gym_mario_suite.engine.cuda import copy, to_device, to_host
from gym_mario_suite.engine.world import RENDER_FPS, Rules
from gym_mario_suite.envs.device_actions import DeviceActions
from gym_mario_suite.envs.device_games import DeviceGames
from gym_mario_suite.envs.device_levels import DEFAULT_POOL
from gym_mario_suite.envs.infinite import HUD_LINES, RESET_OPTIONS
from gym_mario_suite.envs.keyword_options import read_options
from gym_mario_suite.envs.native_vector import NativeVectorEnv, state_list
from gym_mario_suite.envs.options import InfiniteOptions, checked_level
from gym_mario_suite.envs.render_modes import fps_of_steps
from gym_mario_suite.envs.reset_options import check_one_option, options_given
from gym_mario_suite.errors import OptionError, as_integer
from gym_mario_suite.levels.level import Level

_MAX_ENVS = 1 << 22
# Asking the device whether an action was none of the set means waiting for it; so it is asked now
# and then.
_STEPS_BETWEEN_CHECKS = 256


class MarioInfiniteCudaVectorEnv(NativeVectorEnv):
    """Many games of Infinite Mario on a GPU, each in a thread of its own.

    `gymnasium.make_vec("MarioInfinite-v0", num_envs=65536, device="cuda")` makes it. Observations,
    rewards and ends are arrays in the device's memory (`torch.from_dlpack(x)` takes them without a
    copy, as does all else that knows DLPack or `__cuda_array_interface__`); they are the
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
        fps = RENDER_FPS[self.options.rule_set]
        self.metadata["render_fps"] = fps_of_steps(fps, self.options.frame_skip)
        keeps_ends = self.autoreset_mode == AutoresetMode.SAME_STEP
        self.games = DeviceGames(self.options, count, level_pool, keeps_ends)
        # After that, because these hold their bounds for every game, in the computer's memory.
        self._set_spaces(self.options.observation.space(), self.options.action_set.space())
        self._actions = DeviceActions(self.options.action_set, count)
        self._steps = 0
        # Whether games may be over before a step of SAME_STEP: loaded or left so by `step_some`.
        self._some_over = False

    def check(self) -> None:
        """Wait for the device, and see that all went well there.

        Raises:
            OptionError: If an action since the last check was none of the set. It pressed nothing.
            LevelError: If the device could not make a level.
        """
        self._actions.check()
        self.games.check()

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
        chosen = options_given(options)
        mask = chosen.pop("reset_mask", None)
        if cuda.is_on_device(mask):
            mask = to_host(cuda.as_device_array(mask))
        mask = self._reset_mask(mask)
        check_one_option(chosen, RESET_OPTIONS)
        indices = np.flatnonzero(mask).tolist()
        streams = self._stream_seeds(seed, indices)
        if streams:
            self.games.seed(streams)
        if "state" in chosen:
            states = state_list(chosen["state"], self.num_envs)
            self.games.load_states({index: states[index] for index in indices})
            self._some_over = True
        else:
            self.games.begin(mask, self._chosen_levels(chosen, indices))
        self.check()
        self._observe(to_device(mask))
        return self.games.observations, dict(self.games.infos)

    def _chosen_levels(self, chosen: dict[str, Any], games: list[int]) -> dict[int, Level]:
        """The levels that `options` names for these games, by game."""
        name = next(iter(chosen), None)
        if name is None:
            return {}
        values = self._one_for_each(name, chosen[name])
        if name == "level":
            return {game: checked_level(values[game], self.options.rule_set) for game in games}
        if self.options.fixed_level is not None:
            raise OptionError("this environment has a fixed level, so no level seed can be chosen")
        seeds = [as_integer("the level seed", values[g], -(1 << 63), (1 << 63) - 1) for g in games]
        made = self.games.levels.of_seeds(sorted(set(seeds)))
        return {game: made[number] for game, number in zip(games, seeds)}

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
        games = self.games
        self._check_started(games.started)
        self._actions.read(actions)
        mode = self.autoreset_mode
        same_step = mode == AutoresetMode.SAME_STEP
        begins_anew = mode == AutoresetMode.NEXT_STEP or (same_step and self._some_over)
        self._advance(games.everyone, begins_anew)
        self._some_over = False
        infos = dict(games.infos)
        if same_step:
            infos |= games.keep_ends()
            ended = infos["_final_obs"]
            games.reset(ended)
            self._observe(ended)
        self._steps += 1
        if self._steps % _STEPS_BETWEEN_CHECKS == 0:
            self.check()
        flags = games.flags
        return games.observations, games.rewards, flags["terminated"], flags["truncated"], infos

    def step_some(self, actions: Any, active: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """One step of some games; the others stay as they are. See `NativeVectorEnv`.

        The mask may be on the device. Games whose episode is over count as not meant.
        """
        if cuda.is_on_device(active):
            active = to_host(cuda.as_device_array(active))
        games = self.games
        mask = self._active_mask(active, games.started, np.zeros(self.num_envs, np.uint8))
        self._actions.read(actions)
        flags = games.flags
        copy(mask, flags["among"])
        self._advance(flags["among"], next_step=False)
        self._some_over = True
        return (
            *(games.observations, games.rewards, flags["terminated"], flags["truncated"]),
            dict(games.infos),
        )

    def _advance(self, among: Any, next_step: bool) -> None:
        """A step of the games of `among` (bool[num_envs] on the device), and their observations."""
        self.games.step(self._actions.keys, among, next_step)
        self._observe(among)

    def _observe(self, mask: Any) -> None:
        self.games.observe(mask)

    def render(self) -> Any:
        """The screens, one for each game, as text ("ansi") or uint8[240, 320, 3] ("rgb_array")."""
        if self.render_mode is None:
            return None
        self._check_started(self.games.started)
        return self.games.pictures(self.render_mode)

    def level(self, index: int) -> Level:
        """The level that game `index` is playing."""
        return self.games.level(as_integer("index", index, 0, self.num_envs - 1))

    def get_state(self, indices: Sequence[int] | None = None) -> list[bytes]:
        """Games as bytes, in the form that the environments of the CPU use too.

        Args:
            indices: Which games; all of them by default.
        """
        self._check_started(self.games.started)
        self.check()
        return self.games.states(range(self.num_envs) if indices is None else indices)

    def set_state(self, states: Sequence[bytes] | bytes) -> None:
        """Take up saved games, of the CPU or of a device: one for each, or one for all.

        Raises:
            StateError: If a state does not fit; no game is changed then.
        """
        self.games.load_states(state_list(states, self.num_envs))
        self._seeded = self._some_over = True
        self._observe(self.games.everyone)
