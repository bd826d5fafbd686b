"""The native vector environment of `MarioInfinite-v0`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from gym_mario_suite.engine import cuda_device
from gym_mario_suite.engine.world import RENDER_FPS, Rules
from gym_mario_suite.envs.actions import ActionReader
from gym_mario_suite.envs.batch import GameBatch
from gym_mario_suite.envs.forward_model import ForwardModel
from gym_mario_suite.envs.infinite import (
    HUD_LINES,
    RESET_OPTIONS,
    REWARD_KEYS,
)
from gym_mario_suite.envs.keyword_options import read_options
from gym_mario_suite.envs.native_vector import NativeVectorEnv, state_list, thread_count
from gym_mario_suite.envs.options import InfiniteOptions
from gym_mario_suite.envs.render_modes import fps_of_steps
from gym_mario_suite.envs.reset_options import check_one_option, options_given
from gym_mario_suite.errors import OptionError, as_integer, as_switch
from gym_mario_suite.levels.level import Level

_MAX_ENVS = 1 << 20


class MarioInfiniteVectorEnv(NativeVectorEnv):
    """Many games of Infinite Mario, stepped by one compiled call on all cores.

    `gymnasium.make_vec("MarioInfinite-v0", num_envs=N)` makes it. Game i is, bit for bit, the
    single environment with the same options reset with seed + i, whatever the number of games and
    of cores. Infos are arrays over the games; see `MarioInfiniteEnv` for their keys and for the
    options.

    `reset(options=...)` takes `reset_mask` (bool[num_envs]: reset only these), and one of `seed`
    (a level seed, or one for each game), `level` (a Level, or one for each game), `state` (bytes,
    or a list of bytes).

    Args:
        num_envs: How many games.
        autoreset_mode: What happens after the end of an episode. NEXT_STEP (default): the next
            step resets the game, ignores its action and returns the first observation with reward
            0. SAME_STEP: the step that ends the episode returns the first observation of the next
            one; the last one is in `info["final_obs"]`, `info["final_info"]`. DISABLED: call
            `reset` with a `reset_mask`.
        num_threads: Cores to use at most; None means all of them.
        copy: False returns the observation buffer itself, which the next step overwrites.
        render_mode: None, "ansi" or "rgb_array".
        **options: As of `MarioInfiniteEnv`, and `max_episode_steps`.

    Raises:
        OptionError: For an option that is not possible.
        LevelError: For a level that the original generator cannot build.
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
        num_threads: int | None = None,
        copy: bool = True,
        render_mode: str | None = None,
        **options: Any,
    ) -> None:
        self.num_envs = as_integer("num_envs", num_envs, 1, _MAX_ENVS)
        self._set_modes(render_mode, autoreset_mode)
        self.options = read_options(InfiniteOptions, "MarioInfinite-v0", options)
        fps = RENDER_FPS[self.options.rule_set]
        self.metadata["render_fps"] = fps_of_steps(fps, self.options.frame_skip)
        self.batch = GameBatch(self.options, self.num_envs, thread_count(num_threads))
        mode = self.options.observation
        self._set_spaces(mode.space(), self.options.action_set.space())
        self._actions = ActionReader(self.options.action_set)
        self._observations = mode.buffer(self.num_envs)
        self._copy = as_switch("copy", copy)

    def level(self, index: int) -> Level:
        """The level that game `index` is playing."""
        return self.batch.level(as_integer("index", index, 0, self.num_envs - 1))

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[NDArray[Any], dict[str, Any]]:
        """Begin new episodes; see the class for the options.

        Args:
            seed: One seed s, which gives game i the seed s + i; or a seed or None for each game.
            options: `reset_mask`, and one of `seed`, `level` and `state`.

        Raises:
            OptionError: For an unknown option or a value that is not possible.
            StateError: For a state that cannot be loaded; no game is changed then.
        """
        chosen = options_given(options)
        mask = self._reset_mask(chosen.pop("reset_mask", None))
        check_one_option(chosen, RESET_OPTIONS)
        indices = np.flatnonzero(mask).tolist()
        for index, stream in self._stream_seeds(seed, indices).items():
            self.batch.seed(index, stream)
        if "state" in chosen:
            states = state_list(chosen["state"], self.num_envs)
            self.batch.load_states({index: states[index] for index in indices})
        else:
            if "seed" in chosen:
                seeds = self._one_for_each("seed", chosen["seed"])
                self.batch.choose_levels({index: seeds[index] for index in indices})
            if "level" in chosen:
                levels = self._one_for_each("level", chosen["level"])
                self.batch.set_levels({index: levels[index] for index in indices})
            self.batch.reset(mask)
        self.batch.observe(self._observations, mask)
        return self._returned(), self._infos()

    def step(
        self, actions: Any
    ) -> tuple[
        NDArray[Any], NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]
    ]:
        """One step of every game.

        Raises:
            OptionError: If the actions are not `num_envs` actions of the set.
            ResetNeeded: Before the first reset; with DISABLED autoreset also while an episode that
                has ended was not reset.
        """
        batch = self.batch
        keys = self._actions.many(actions, self.num_envs)
        self._check_running(batch.started, batch.codes)
        # Games that have ended are NEXT_STEP's, or were loaded so or left so by `step_some`.
        batch.step(keys, self._observations)
        return self._stepped(batch.rewards, batch.codes)

    def step_some(
        self, actions: Any, active: Any
    ) -> tuple[
        NDArray[Any], NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]
    ]:
        """One step of some games; the others stay as they are. See `NativeVectorEnv`."""
        batch = self.batch
        keys = self._actions.many(actions, self.num_envs)
        mask = self._active_mask(active, batch.started, batch.codes)
        batch.step(keys, self._observations, active=mask)
        return self._stepped_some(mask, batch.rewards, batch.codes)

    def render(self) -> Any:
        """The screens, one for each game, as text ("ansi") or uint8[240, 320, 3] ("rgb_array")."""
        if self.render_mode is None:
            return None
        self._check_started(self.batch.started)
        mode = self.render_mode
        return tuple(self.batch.picture(index, mode) for index in range(self.num_envs))

    def get_state(self) -> list[bytes]:
        """Every game as bytes, in the form that the single environment uses too."""
        self._check_started(self.batch.started)
        return [self.batch.state(index) for index in range(self.num_envs)]

    def set_state(self, states: Sequence[bytes] | bytes) -> None:
        """Take up saved games: one for each, or one for all.

        Raises:
            StateError: If a state does not fit; no game is changed then.
        """
        self.batch.load_states(state_list(states, self.num_envs))
        self._seeded = True

    def forward_model(self, index: int) -> ForwardModel:
        """A copy of game `index` for planners, under the 2019 rules.

        Raises:
            OptionError: Under other rules, or for an index out of range.
            ResetNeeded: Before the first reset.
        """
        index = as_integer("index", index, 0, self.num_envs - 1)
        if not self.batch.started[index]:
            raise ResetNeeded("call reset() first: there is no game to copy")
        return ForwardModel(self.batch.level(index), self.batch.worlds[index : index + 1])

    def _seen(self) -> NDArray[Any]:
        return self._observations

    def _infos(self) -> dict[str, Any]:
        batch = self.batch
        counts = batch.counts.T.copy()
        terms = batch.terms.T.copy()
        infos: dict[str, Any] = dict(zip(batch.telemetry, counts, strict=True))
        infos["distance"] = batch.worlds["players"]["body"]["x"][:, 0].astype(np.float64)
        infos.update(zip(REWARD_KEYS, terms, strict=True))
        return self._with_masks(infos)

    def _begin_anew(self, ended: NDArray[np.bool_]) -> None:
        self.batch.reset(ended)
        self.batch.observe(self._observations, ended)


def make_vector_env(num_envs: int = 1, *, device: str = "cpu", **options: Any) -> NativeVectorEnv:
    """The native vector environment of `MarioInfinite-v0`, on the processor or on a GPU.

    Args:
        num_envs: How many games.
        device: "cpu" (`MarioInfiniteVectorEnv`) or "cuda" (`MarioInfiniteCudaVectorEnv`).
        **options: Of that environment.

    Raises:
        OptionError: For another device, or an option that is not possible.
        DeviceError: If there is no such device; the message says what is missing.
    """
    if device == "cpu":
        return MarioInfiniteVectorEnv(num_envs, **options)
    if device != "cuda":
        raise OptionError(f'device must be "cpu" or "cuda", got {device!r}')
    cuda_device.require_device()
    # Numba's part for CUDA is loaded by those who want it.
    from gym_mario_suite.envs.infinite_cuda import MarioInfiniteCudaVectorEnv

    return MarioInfiniteCudaVectorEnv(num_envs, **options)
