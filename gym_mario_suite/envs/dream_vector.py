"""The native vector environment of `MarioDream-v0`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from gym_mario_suite.envs.actions import ActionReader
from gym_mario_suite.envs.dream import FPS, check_reset_options, dream_space, read_options
from gym_mario_suite.envs.dream_batch import TERMINATED, TRUNCATED, DreamBatch
from gym_mario_suite.envs.native_vector import NativeVectorEnv
from gym_mario_suite.envs.native_vector import autoreset_mode as read_autoreset_mode
from gym_mario_suite.envs.render_modes import check_render_mode
from gym_mario_suite.errors import OptionError, StateError, as_integer

_MAX_ENVS = 1 << 16
# Options of reset that may be given once for each dream.
_SPREAD = ("spawn", "level_hint")


class MarioDreamVectorEnv(NativeVectorEnv):
    """Many dreams of one model.

    `gymnasium.make_vec("MarioDream-v0", num_envs=N)` makes it. Dream i is, byte for byte, the
    single environment with the same options reset with seed + i. Infos are arrays over the dreams;
    see `MarioDreamEnv` for their keys and for the options.

    `reset(options=...)` takes `reset_mask` (bool[num_envs]) beside the options of the single
    environment; `spawn` and `level_hint` may be lists, one for each dream, `frames` and `actions`
    have a row for each, and `state` is bytes or a list of bytes.

    Args:
        num_envs: How many dreams.
        autoreset_mode: As of `MarioInfiniteVectorEnv`.
        render_mode: None or "rgb_array".
        **options: As of `MarioDreamEnv`.

    Raises:
        OptionError: For an option that is not possible.
        WeightsError: When the model cannot be read.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012 (Gymnasium declares it so)
        "render_modes": ["rgb_array"],
        "render_fps": FPS,
        "autoreset_mode": AutoresetMode.NEXT_STEP,
    }

    def __init__(
        self,
        num_envs: int = 1,
        *,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        render_mode: str | None = None,
        **options: Any,
    ) -> None:
        self.num_envs = as_integer("num_envs", num_envs, 1, _MAX_ENVS)
        check_render_mode(render_mode, self.metadata)
        self.render_mode = render_mode
        self.autoreset_mode = read_autoreset_mode(autoreset_mode)
        self.metadata = {**type(self).metadata, "autoreset_mode": self.autoreset_mode}
        self.options = read_options(options)
        self.batch = DreamBatch(self.options, self.num_envs)
        self.single_observation_space = dream_space(self.batch.config.shape)
        self.single_action_space = self.options.action_set.space()
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self._actions = ActionReader(self.options.action_set)

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        """Begin new episodes; see the class for the options.

        Raises:
            OptionError: For an unknown option or a value that is not possible.
            StateError: For a state that cannot be loaded; no dream is changed then.
        """
        chosen = dict(options or {})
        mask = self._reset_mask(chosen.pop("reset_mask", None))
        check_reset_options(chosen)
        indices = np.flatnonzero(mask).tolist()
        rows = {index: self._share(chosen, index) for index in indices}
        for index, stream in self._stream_seeds(seed, indices).items():
            self.batch.seed(index, stream)
        if "state" in chosen:
            self.batch.load_states({index: rows[index]["state"] for index in indices})
        else:
            for index in indices:
                self.batch.reset(index, rows[index])
        return self.batch.observations, self._infos()

    def step(
        self, actions: Any
    ) -> tuple[
        NDArray[np.uint8],
        NDArray[np.float64],
        NDArray[np.bool_],
        NDArray[np.bool_],
        dict[str, Any],
    ]:
        """One step of every dream.

        Raises:
            OptionError: If the actions are not `num_envs` actions of the set.
            ResetNeeded: Before the first reset; with DISABLED autoreset also while an episode that
                has ended was not reset.
        """
        batch = self.batch
        keys = self._actions.many(actions, self.num_envs)
        if not batch.started.all():
            raise ResetNeeded("call reset() first: no episode is running")
        ended = batch.codes != 0
        if self.autoreset_mode == AutoresetMode.DISABLED and ended.any():
            raise ResetNeeded(
                f"the episodes of games {np.flatnonzero(ended).tolist()} have ended: call "
                'reset(options={"reset_mask": ...}), or choose another autoreset_mode'
            )
        # Of these only NEXT_STEP still has any.
        for index in np.flatnonzero(ended).tolist():
            batch.reset(index, {})
        going = np.flatnonzero(~ended)
        if len(going):
            batch.step(keys[going], going)
        results = self._results()
        if self.autoreset_mode == AutoresetMode.SAME_STEP and batch.codes.any():
            results = self._reset_ended(results)
        return results

    def step_some(
        self, actions: Any, active: Any
    ) -> tuple[
        NDArray[np.uint8],
        NDArray[np.float64],
        NDArray[np.bool_],
        NDArray[np.bool_],
        dict[str, Any],
    ]:
        """One step of some dreams; see `NativeVectorEnv.step_some`."""
        batch = self.batch
        keys = self._actions.many(actions, self.num_envs)
        mask = self._active_mask(active, batch.started, batch.codes)
        going = np.flatnonzero(mask)
        if len(going):
            batch.step(keys[going], going)
        observations, rewards, terminated, truncated, infos = self._results()
        return observations, rewards * mask, terminated & mask, truncated & mask, infos

    def render(self) -> Any:
        """The last frames, enlarged: a tuple of uint8[120 u, 160 u, 3]."""
        if self.render_mode is None:
            return None
        return tuple(self.batch.picture(index) for index in range(self.num_envs))

    def get_state(self) -> list[bytes]:
        """Every dream as bytes, in the form that the single environment uses too."""
        if not self.batch.started.all():
            raise ResetNeeded("call reset() first: there are no dreams to save")
        return [self.batch.state(index) for index in range(self.num_envs)]

    def set_state(self, states: Sequence[bytes] | bytes) -> None:
        """Take up saved dreams: one for each, or one for all.

        Raises:
            StateError: If a state does not fit; no dream is changed then.
        """
        self.batch.load_states({i: self._one_state(states, i) for i in range(self.num_envs)})
        self._seeded = True

    def _results(self) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        batch = self.batch
        return (
            batch.observations,
            batch.rewards.copy(),
            batch.codes == TERMINATED,
            batch.codes == TRUNCATED,
            self._infos(),
        )

    def _reset_ended(
        self, results: tuple[Any, Any, Any, Any, dict[str, Any]]
    ) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Reset the dreams that have just ended; their last frame and info go along."""
        observations, rewards, terminated, truncated, infos = results
        ended = self.batch.codes != 0
        finals = self.finals(observations, infos, ended)
        for index in np.flatnonzero(ended).tolist():
            self.batch.reset(index, {})
        return (
            self.batch.observations,
            rewards,
            terminated,
            truncated,
            {**self._infos(), **finals},
        )

    def _share(self, chosen: dict[str, Any], index: int) -> dict[str, Any]:
        """What of the reset options is meant for one dream."""
        row = dict(chosen)
        for name in _SPREAD:
            if isinstance(row.get(name), list | tuple):
                row[name] = self._row_of(name, row[name], index)
        for name in ("frames", "actions"):
            if name in row:
                row[name] = self._row_of(name, row[name], index)
        if "state" in row:
            row["state"] = self._one_state(row["state"], index)
        return row

    def _row_of(self, name: str, values: Any, index: int) -> Any:
        if len(values) != self.num_envs:
            raise OptionError(
                f"{name} must have one value for each of the {self.num_envs} dreams, "
                f"got {len(values)}"
            )
        return values[index]

    def _one_state(self, states: Any, index: int) -> bytes:
        if isinstance(states, bytes | bytearray | memoryview):
            return bytes(states)
        if len(states) != self.num_envs:
            raise StateError(
                f"{self.num_envs} states were expected, one for each environment, got {len(states)}"
            )
        return states[index]

    def _infos(self) -> dict[str, Any]:
        infos: dict[str, Any] = {key: values.copy() for key, values in self.batch.infos.items()}
        infos.update({f"_{key}": np.ones(self.num_envs, bool) for key in list(infos)})
        return infos
