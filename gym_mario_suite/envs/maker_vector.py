"""The native vector environment of `MarioMaker-v0`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from gym_mario_suite.envs.keyword_options import read_options
from gym_mario_suite.envs.maker import RENDER_FPS, RENDER_MODES, RESET_OPTIONS, Observation
from gym_mario_suite.envs.maker_batch import MakerBatch
from gym_mario_suite.envs.maker_options import MakerOptions
from gym_mario_suite.envs.native_vector import NativeVectorEnv, state_list, thread_count
from gym_mario_suite.envs.reset_options import check_one_option, options_given
from gym_mario_suite.errors import as_integer
from gym_mario_suite.levels.maker.course import MakerCourse

_MAX_ENVS = 1 << 16


class MarioMakerVectorEnv(NativeVectorEnv):
    """Many courses being made, stepped by one compiled call.

    `gymnasium.make_vec("MarioMaker-v0", num_envs=N)` makes it. Environment i is, bit for bit, the
    single environment with the same options reset with seed + i, whatever the number of them and of
    cores. Observations and infos are arrays over the environments; see `MarioMakerEnv` for their
    keys and for the options.

    `reset(options=...)` takes `reset_mask` (bool[num_envs]: reset only these), and one of `course`
    (a MakerCourse, or a list of them), `targets` (one mapping, or a list), `state` (bytes, or a
    list).

    Args:
        num_envs: How many environments.
        autoreset_mode: NEXT_STEP (default), SAME_STEP or DISABLED, as for `MarioInfinite-v0`.
        num_threads: Cores to use at most; None means all of them.
        render_mode: None, "ansi" or "rgb_array".
        **options: As of `MarioMakerEnv`.

    Raises:
        OptionError: For an option that is not possible.
        LevelError: For a course that does not fit the other options.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012 (Gymnasium declares it so)
        "render_modes": RENDER_MODES,
        "render_fps": RENDER_FPS,
        "autoreset_mode": AutoresetMode.NEXT_STEP,
    }
    _copy = False  # a batch's observations are copies

    def __init__(
        self,
        num_envs: int = 1,
        *,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        num_threads: int | None = None,
        render_mode: str | None = None,
        **options: Any,
    ) -> None:
        self.num_envs = as_integer("num_envs", num_envs, 1, _MAX_ENVS)
        self._set_modes(render_mode, autoreset_mode)
        self.options = read_options(MakerOptions, "MarioMaker-v0", options)
        self.batch = MakerBatch(self.options, self.num_envs, thread_count(num_threads))
        self._set_spaces(self.options.observation_space(), self.options.action_space())

    def course(self, index: int) -> MakerCourse:
        """The course of environment `index` as it is now."""
        return self.batch.course(as_integer("index", index, 0, self.num_envs - 1))

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin new episodes; see the class for the options.

        Raises:
            OptionError: For an unknown option or a value that is not possible.
            LevelError: For a course that does not fit.
            StateError: For a state that cannot be loaded; nothing is changed then.
        """
        chosen = options_given(options)
        mask = self._reset_mask(chosen.pop("reset_mask", None))
        check_one_option(chosen, RESET_OPTIONS)
        indices = np.flatnonzero(mask).tolist()
        wanted = None
        if "targets" in chosen:
            wanted = self._one_for_each("targets", chosen["targets"])
            for index in indices:
                self.batch.check_targets(wanted[index])
        for index, stream in self._stream_seeds(seed, indices).items():
            self.batch.seed(index, stream)
        if "state" in chosen:
            states = state_list(chosen["state"], self.num_envs)
            self.batch.load_states({index: states[index] for index in indices})
            return self._returned(), self._infos()
        courses = None
        if "course" in chosen:
            given = self._one_for_each("course", chosen["course"])
            courses = {index: given[index] for index in indices}
        self.batch.reset(mask, courses)
        if wanted is not None:
            for index in indices:
                self.batch.set_targets(index, wanted[index])
        return self._returned(), self._infos()

    def step(
        self, actions: Any
    ) -> tuple[
        Observation, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]
    ]:
        """One step of every environment.

        Raises:
            OptionError: If the actions are not `num_envs` actions of the action space.
            ResetNeeded: Before the first reset; with DISABLED autoreset also while an episode that
                has ended was not reset.
        """
        batch = self.batch
        read = batch.read_actions(actions)
        self._check_running(batch.started, batch.codes)
        # Episodes that have ended are NEXT_STEP's, or were loaded so or left so by `step_some`.
        batch.step(read)
        return self._stepped(batch.rewards, batch.codes)

    def step_some(
        self, actions: Any, active: Any
    ) -> tuple[
        Observation, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]
    ]:
        """One step of some environments; the others stay. See `NativeVectorEnv`."""
        batch = self.batch
        read = batch.read_actions(actions)
        mask = self._active_mask(active, batch.started, batch.codes)
        batch.step(read, active=mask)
        return self._stepped_some(mask, batch.rewards, batch.codes)

    def action_masks(self) -> NDArray[np.bool_]:
        """What is possible now, bool[num_envs, n]."""
        return self.batch.board.masks.astype(bool)

    def render(self) -> Any:
        """The maps, one for each environment, as letters ("ansi") or pictures ("rgb_array")."""
        if self.render_mode is None:
            return None
        self._check_started(self.batch.started)
        mode = self.render_mode
        return tuple(self.batch.picture(index, mode) for index in range(self.num_envs))

    def get_state(self) -> list[bytes]:
        """Every episode as bytes, in the form that the single environment uses too."""
        self._check_started(self.batch.started)
        return [self.batch.state(index) for index in range(self.num_envs)]

    def set_state(self, states: Sequence[bytes] | bytes) -> None:
        """Take up saved episodes: one for each environment, or one for all.

        Raises:
            StateError: If a state does not fit; nothing is changed then.
        """
        self.batch.load_states(state_list(states, self.num_envs))
        self._seeded = True

    def _seen(self) -> Observation:
        return self.batch.observations()

    def _infos(self) -> dict[str, Any]:
        return self._with_masks(self.batch.infos())

    def _begin_anew(self, ended: NDArray[np.bool_]) -> None:
        self.batch.reset(ended)
