"""The native vector environment of `MarioMaker-v0`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from gym_mario_suite.envs.maker import RENDER_FPS, RENDER_MODES, RESET_OPTIONS, Observation
from gym_mario_suite.envs.maker_batch import MakerBatch, spread
from gym_mario_suite.envs.maker_edits import TERMINATED, TRUNCATED
from gym_mario_suite.envs.maker_options import MakerOptions
from gym_mario_suite.envs.native_vector import NativeVectorEnv
from gym_mario_suite.envs.native_vector import autoreset_mode as read_autoreset_mode
from gym_mario_suite.envs.reset_options import check_one_option
from gym_mario_suite.envs.saved_state import state_list
from gym_mario_suite.errors import OptionError, as_integer
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
        if render_mode is not None and render_mode not in RENDER_MODES:
            raise OptionError(
                f"render_mode must be None or one of {RENDER_MODES}, got {render_mode!r}"
            )
        self.render_mode = render_mode
        self.autoreset_mode = read_autoreset_mode(autoreset_mode)
        self.metadata = {**type(self).metadata, "autoreset_mode": self.autoreset_mode}
        try:
            self.options = MakerOptions(**options)
        except TypeError as error:
            raise OptionError(f"MarioMaker-v0: {error}") from None
        threads = (os.cpu_count() or 1) if num_threads is None else num_threads
        threads = as_integer("num_threads", threads, 1, 1 << 16)
        self.batch = MakerBatch(self.options, self.num_envs, threads)
        self.single_observation_space = self.options.observation_space()
        self.single_action_space = self.options.action_space()
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)

    def course(self, index: int) -> MakerCourse:
        """The course of environment `index` as it is now."""
        return self.batch.course(as_integer("index", index, 0, self.num_envs - 1))

    # Observations are dicts here, arrays in the base.
    def reset(  # type: ignore[override]
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
        chosen = dict(options or {})
        mask = self._reset_mask(chosen.pop("reset_mask", None))
        check_one_option(chosen, RESET_OPTIONS)
        indices = np.flatnonzero(mask).tolist()
        for index, stream in self._stream_seeds(seed, indices).items():
            self.batch.seed(index, stream)
        if "state" in chosen:
            states = state_list(chosen["state"], self.num_envs)
            self.batch.load_states({index: states[index] for index in indices})
            return self.batch.observations(), self._infos()
        courses = None
        if "course" in chosen:
            given = spread(chosen["course"], MakerCourse, self.num_envs)
            courses = {index: given[index] for index in indices}
        self.batch.reset(mask, courses)
        if "targets" in chosen:
            wanted = spread(chosen["targets"], dict, self.num_envs)
            for index in indices:
                self.batch.set_targets(index, wanted[index])
        return self.batch.observations(), self._infos()

    def step(  # type: ignore[override]
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
        if not batch.started.all():
            raise ResetNeeded("call reset() first: no episode is running")
        if self.autoreset_mode == AutoresetMode.DISABLED and batch.codes.any():
            raise ResetNeeded(
                f"the episodes of environments {np.flatnonzero(batch.codes).tolist()} have ended: "
                'call reset(options={"reset_mask": ...}), or choose another autoreset_mode'
            )
        batch.step(read, self.autoreset_mode == AutoresetMode.NEXT_STEP)
        rewards = batch.rewards.copy()
        terminated, truncated = batch.codes == TERMINATED, batch.codes == TRUNCATED
        infos = self._infos()
        if self.autoreset_mode == AutoresetMode.SAME_STEP and batch.codes.any():
            infos = self._reset_ended(infos)
            batch.rewards[:] = rewards
        return batch.observations(), rewards, terminated, truncated, infos

    def step_some(  # type: ignore[override]
        self, actions: Any, active: Any
    ) -> tuple[
        Observation, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]
    ]:
        """One step of some environments; the others stay. See `NativeVectorEnv`."""
        batch = self.batch
        read = batch.read_actions(actions)
        mask = self._active_mask(active, batch.started, batch.codes)
        batch.step(read, active=mask)
        return (
            batch.observations(),
            batch.rewards.copy(),
            mask & (batch.codes == TERMINATED),
            mask & (batch.codes == TRUNCATED),
            self._infos(),
        )

    def action_masks(self) -> NDArray[np.bool_]:
        """What is possible now, bool[num_envs, n]."""
        return self.batch.board.masks.astype(bool)

    def render(self) -> Any:
        """The maps, one for each environment, as letters ("ansi") or pictures ("rgb_array")."""
        if self.render_mode is None:
            return None
        mode = self.render_mode
        return tuple(self.batch.picture(index, mode) for index in range(self.num_envs))

    def get_state(self) -> list[bytes]:
        """Every episode as bytes, in the form that the single environment uses too."""
        if not self.batch.started.all():
            raise ResetNeeded("call reset() first: there is nothing to save")
        return [self.batch.state(index) for index in range(self.num_envs)]

    def set_state(self, states: Sequence[bytes] | bytes) -> None:
        """Take up saved episodes: one for each environment, or one for all.

        Raises:
            StateError: If a state does not fit; nothing is changed then.
        """
        self.batch.load_states(state_list(states, self.num_envs))
        self._seeded = True

    def _infos(self) -> dict[str, Any]:
        infos: dict[str, Any] = self.batch.infos()
        present = np.ones((len(infos), self.num_envs), bool)
        infos.update({f"_{key}": row for key, row in zip(list(infos), present, strict=True)})
        return infos

    def _reset_ended(self, final: dict[str, Any]) -> dict[str, Any]:
        """Reset what has just ended; the last observations and infos go along."""
        batch = self.batch
        ended = batch.codes != 0
        seen = batch.observations()
        last = np.full(self.num_envs, None, dtype=object)
        for index in np.flatnonzero(ended):
            last[index] = {name: rows[index].copy() for name, rows in seen.items()}
        for key in [key for key in final if key.startswith("_")]:
            final[key] = ended.copy()
        batch.reset(ended)
        return {
            **self._infos(),
            "final_obs": last,
            "_final_obs": ended.copy(),
            "final_info": final,
            "_final_info": ended.copy(),
        }
