"""The native vector environment of `MarioDream-v0`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from gym_mario_suite.envs.actions import ActionReader
from gym_mario_suite.envs.dream import FPS, check_reset_options, dream_space
from gym_mario_suite.envs.dream_batch import DreamBatch
from gym_mario_suite.envs.dream_options import DreamOptions
from gym_mario_suite.envs.keyword_options import read_options
from gym_mario_suite.envs.native_vector import NativeVectorEnv, state_list
from gym_mario_suite.envs.reset_options import options_given
from gym_mario_suite.errors import as_integer

_MAX_ENVS = 1 << 16
# Options of reset that may be given once for each dream.
_SPREAD = ("spawn", "level_hint")


class MarioDreamVectorEnv(NativeVectorEnv):
    """Many dreams of one model.

    `gymnasium.make_vec("MarioDream-v0", num_envs=N)` makes it. Dream i is, byte for byte, the
    single environment with the same options reset with seed + i. Infos are arrays over the dreams;
    see `MarioDreamEnv` for their keys and for the options.

    `reset(options=...)` takes `reset_mask` (bool[num_envs]) beside the options of the single
    environment; `spawn` and `level_hint` may be lists or arrays, one for each dream, `frames` and
    `actions` have a row for each, and `state` is bytes or a list of bytes.

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
    _copy = False  # a batch's observations are copies

    def __init__(
        self,
        num_envs: int = 1,
        *,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        render_mode: str | None = None,
        **options: Any,
    ) -> None:
        self.num_envs = as_integer("num_envs", num_envs, 1, _MAX_ENVS)
        self._set_modes(render_mode, autoreset_mode)
        self.options = read_options(DreamOptions, "MarioDream-v0", options)
        self.batch = DreamBatch(self.options, self.num_envs)
        self._set_spaces(dream_space(self.batch.config.shape), self.options.action_set.space())
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
        chosen = options_given(options)
        mask = self._reset_mask(chosen.pop("reset_mask", None))
        check_reset_options(chosen)
        indices = np.flatnonzero(mask).tolist()
        states = state_list(chosen["state"], self.num_envs) if "state" in chosen else {}
        rows = self._shares(chosen, indices)
        for index, stream in self._stream_seeds(seed, indices).items():
            self.batch.seed(index, stream)
        if states:
            self.batch.load_states({index: states[index] for index in indices})
        else:
            self.batch.reset(rows)
        return self._returned(), self._infos()

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
        self._check_running(batch.started, batch.codes)
        ended = batch.codes != 0
        # Only NEXT_STEP still has any.
        self._begin_anew(ended)
        going = np.flatnonzero(~ended)
        if len(going):
            batch.step(keys[going], going)
        return self._stepped(batch.rewards, batch.codes)

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
        return self._stepped_some(mask, batch.rewards, batch.codes)

    def render(self) -> Any:
        """The last frames, enlarged: a tuple of uint8[120 u, 160 u, 3]."""
        if self.render_mode is None:
            return None
        self._check_started(self.batch.started)
        return tuple(self.batch.picture(index) for index in range(self.num_envs))

    def get_state(self) -> list[bytes]:
        """Every dream as bytes, in the form that the single environment uses too."""
        self._check_started(self.batch.started)
        return [self.batch.state(index) for index in range(self.num_envs)]

    def set_state(self, states: Sequence[bytes] | bytes) -> None:
        """Take up saved dreams: one for each, or one for all.

        Raises:
            StateError: If a state does not fit; no dream is changed then.
        """
        self.batch.load_states(state_list(states, self.num_envs))
        self._seeded = True

    def _seen(self) -> NDArray[np.uint8]:
        return self.batch.observations

    def _infos(self) -> dict[str, Any]:
        return self._with_masks({key: rows.copy() for key, rows in self.batch.infos.items()})

    def _begin_anew(self, ended: NDArray[np.bool_]) -> None:
        self.batch.reset({index: {} for index in np.flatnonzero(ended).tolist()})

    def _shares(self, chosen: dict[str, Any], indices: list[int]) -> dict[int, dict[str, Any]]:
        """What of the reset options is meant for each dream."""
        columns = {
            name: (self._one_for_each if name in _SPREAD else self._one_each)(name, values)
            for name, values in chosen.items()
            if name != "state"
        }
        return {i: {name: column[i] for name, column in columns.items()} for i in indices}
