"""What the native vector environments share: their making, seeding, masks, autoreset."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium import Space
from gymnasium.error import ResetNeeded
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from gym_mario_suite.envs.end_codes import TERMINATED, TRUNCATED
from gym_mario_suite.envs.render_modes import check_render_mode
from gym_mario_suite.errors import OptionError, StateError, as_integer

_MAX_THREADS = 1 << 16


def draw_stream_seed(generator: np.random.Generator) -> int:
    """The state of an episode stream, drawn from a Gymnasium random generator."""
    return int(generator.integers(0, 1 << 64, dtype=np.uint64))


def thread_count(num_threads: int | None) -> int:
    """How many threads step the games at most: what was asked for, or one for each core.

    Raises:
        OptionError: If it is no number of threads.
    """
    if num_threads is None:
        return os.cpu_count() or 1
    return as_integer("num_threads", num_threads, 1, _MAX_THREADS)


def state_list(states: Sequence[bytes] | bytes, count: int) -> dict[int, bytes]:
    """States for `count` games by index: one for each, or one for all.

    Raises:
        StateError: If there are neither one nor `count`.
    """
    if isinstance(states, bytes | bytearray | memoryview):
        return dict.fromkeys(range(count), bytes(states))
    if not isinstance(states, Sequence | np.ndarray) or isinstance(states, str):
        raise StateError(
            f"states are bytes, or a list of one for each game, got {type(states).__name__}"
        )
    if len(states) != count:
        raise StateError(f"{count} states were expected, one for each game, got {len(states)}")
    return dict(enumerate(states))


def _read_autoreset_mode(mode: AutoresetMode | str) -> AutoresetMode:
    """The autoreset mode of that name, in either case, or of Gymnasium's value ("SameStep")."""
    if isinstance(mode, str) and mode.upper() in AutoresetMode.__members__:
        return AutoresetMode[mode.upper()]
    try:
        return AutoresetMode(mode)
    except ValueError:
        names = ", ".join(member.name for member in AutoresetMode)
        raise OptionError(f"autoreset_mode must be one of {names}, got {mode!r}") from None


class NativeVectorEnv(VectorEnv[Any, Any, NDArray[Any]]):
    """Base of the vector environments that step all their games themselves.

    Observations are an array over the games, or a dict of such arrays. What a step comes to is put
    together here (`_stepped`, `_stepped_some`) from what the environments say of their games:
    `_seen`, `_infos` and `_begin_anew`.
    """

    _seeded = False
    # Whether what is returned is a copy of what the games are seen in, and not that itself.
    _copy = True

    def _set_modes(self, render_mode: str | None, autoreset_mode: AutoresetMode | str) -> None:
        """Take the modes that the environment is made with; its metadata become its own.

        Raises:
            OptionError: If one of them is not possible.
        """
        check_render_mode(render_mode, self.metadata)
        self.render_mode = render_mode
        self.autoreset_mode = _read_autoreset_mode(autoreset_mode)
        self.metadata = {**type(self).metadata, "autoreset_mode": self.autoreset_mode}

    def _set_spaces(self, observations: Space[Any], actions: Space[Any]) -> None:
        """Take the spaces of one game, and make those of all `num_envs`."""
        self.single_observation_space = observations
        self.single_action_space = actions
        self.observation_space = batch_space(observations, self.num_envs)
        self.action_space = batch_space(actions, self.num_envs)

    def _seen(self) -> Any:
        """All games' observations as they are now."""
        raise NotImplementedError

    def _infos(self) -> dict[str, Any]:
        """All games' infos as they are now, copied, with their masks."""
        raise NotImplementedError

    def _begin_anew(self, ended: NDArray[np.bool_]) -> None:
        """Begin new episodes in the games of a mask, as autoreset does."""
        raise NotImplementedError

    def step_some(
        self, actions: Any, active: Any
    ) -> tuple[Any, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """One step of some games, for wrappers whose own step is several of these.

        Nothing is reset by itself, whatever the autoreset mode: the caller sees which games have
        ended, leaves them out and resets them with a `reset_mask`.

        Args:
            actions: An action for every game; those of games left out count for nothing.
            active: bool[num_envs]. The other games keep their state and observation, get reward 0
                and are neither terminated nor truncated.

        Returns:
            What `step` returns.

        Raises:
            OptionError: If the actions are not `num_envs` actions of the set, or the mask no bool
                for each game.
            ResetNeeded: If a game of the mask has no running episode.
        """
        raise NotImplementedError

    def _check_started(self, started: NDArray[np.bool_]) -> None:
        """Refuse what needs an episode of every game before there is one.

        Raises:
            ResetNeeded: If there is a game that has none.
        """
        if not started.all():
            raise ResetNeeded("call reset() first: not every game has an episode yet")

    def _check_running(self, started: NDArray[np.bool_], codes: NDArray[Any]) -> None:
        """Refuse a step of games whose episodes have not begun, or are over and stay so.

        Raises:
            ResetNeeded: Before the first reset; with DISABLED autoreset also while an episode that
                has ended was not reset.
        """
        self._check_started(started)
        if self.autoreset_mode == AutoresetMode.DISABLED and codes.any():
            raise ResetNeeded(
                f"the episodes of games {np.flatnonzero(codes).tolist()} have ended: call "
                'reset(options={"reset_mask": ...}), or choose another autoreset_mode'
            )

    def _active_mask(
        self, active: Any, started: NDArray[np.bool_], codes: NDArray[np.uint8]
    ) -> NDArray[np.bool_]:
        """The checked mask of `step_some`."""
        mask = np.asarray(active)
        if mask.shape != (self.num_envs,) or mask.dtype != bool:
            raise OptionError(
                f"active must be a bool array of shape ({self.num_envs},), "
                f"got {mask.dtype} of shape {mask.shape}"
            )
        idle = np.flatnonzero(mask & (~started | (codes != 0))).tolist()
        if idle:
            raise ResetNeeded(f"no episode is running in games {idle}: call reset() first")
        return mask

    def _stream_seeds(
        self,
        seed: int | Sequence[int | None] | None,
        indices: list[int],
        num_games: int | None = None,
    ) -> dict[int, int]:
        """New states for the games' random streams, by game; the others keep theirs.

        Game i of one seed s gets that of the single environment reset with s + i. The first reset
        seeds every game, whichever of them (`indices`) it resets. There are as many games as
        environments, unless `num_games` says otherwise.

        Raises:
            OptionError: For a list of seeds of the wrong length, or what is none.
        """
        count = self.num_envs if num_games is None else num_games
        if seed is None:
            if self._seeded:
                return {}
            seeds: list[int | None] = [None] * count
        elif isinstance(seed, int | np.integer):
            # As Gymnasium's vector environments do.
            seeds = [int(seed) + index for index in range(count)]
            self._np_random, self._np_random_seed = seeding.np_random(int(seed))
        else:
            try:
                given = list(seed)
            except TypeError:
                raise OptionError(
                    f"seed must be a whole number, or one or None for each game, got {seed!r}"
                ) from None
            if len(given) != count:
                raise OptionError(f"{count} seeds were expected, got {len(given)}")
            seeds = [int(one) if isinstance(one, np.integer) else one for one in given]
        streams = {}
        for index in indices if self._seeded else range(count):
            value = seeds[index]
            if value is None and self._seeded:
                continue
            generator = self.np_random if value is None else seeding.np_random(value)[0]
            streams[index] = draw_stream_seed(generator)
        self._seeded = True
        return streams

    def _reset_mask(self, mask: Any) -> NDArray[np.bool_]:
        """Which games to reset: all, or those of a mask.

        Raises:
            OptionError: If the mask is no bool for each game, or names none.
        """
        if mask is None:
            return np.ones(self.num_envs, bool)
        array = np.asarray(mask)
        if array.shape != (self.num_envs,) or array.dtype != bool or not array.any():
            raise OptionError(
                f"reset_mask must be a bool array of shape ({self.num_envs},) with at least one "
                f"True, got {array.dtype} of shape {array.shape}"
            )
        return array

    def _one_for_each(self, name: str, values: Any) -> list[Any]:
        """A reset option's value for each game: one for all, or a list of one for each.

        Raises:
            OptionError: For a list of another length.
        """
        if not isinstance(values, list | tuple | np.ndarray):
            return [values] * self.num_envs
        return self._one_each(name, values)

    def _one_each(self, name: str, values: Any) -> list[Any]:
        """A reset option's values, of which there is one for each game.

        Raises:
            OptionError: For another number of values, and for what has none.
        """
        try:
            rows = list(values)
        except TypeError:
            raise OptionError(
                f"{name} must have one value for each of the {self.num_envs} games, got {values!r}"
            ) from None
        if len(rows) != self.num_envs:
            raise OptionError(
                f"{name} must have one value for each of the {self.num_envs} games, got {len(rows)}"
            )
        return rows

    def _with_masks(self, infos: dict[str, Any]) -> dict[str, Any]:
        """Infos with Gymnasium's mask beside each: here every game has every entry."""
        present = np.ones((len(infos), self.num_envs), bool)
        return infos | {f"_{key}": row for key, row in zip(infos, present, strict=True)}

    def _returned(self) -> Any:
        """The observations as they are given out; see `_copy`."""
        return self._seen().copy() if self._copy else self._seen()

    def _stepped(
        self, rewards: NDArray[np.float64], codes: NDArray[np.uint8]
    ) -> tuple[Any, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """What `step` returns; in SAME_STEP mode the games that have ended begin anew first.

        Args:
            rewards: float64[num_envs] of the step; copied.
            codes: uint8[num_envs], how the episodes stand (`end_codes`).
        """
        rewards = rewards.copy()
        terminated, truncated = codes == TERMINATED, codes == TRUNCATED
        infos = self._infos()
        if self.autoreset_mode == AutoresetMode.SAME_STEP and codes.any():
            ended = terminated | truncated
            finals = self.finals(self._seen(), infos, ended)
            self._begin_anew(ended)
            infos = {**self._infos(), **finals}
        return self._returned(), rewards, terminated, truncated, infos

    def _stepped_some(
        self, mask: NDArray[np.bool_], rewards: NDArray[np.float64], codes: NDArray[np.uint8]
    ) -> tuple[Any, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """What `step_some` returns; arguments as of `_stepped`, and the games that were stepped."""
        terminated, truncated = mask & (codes == TERMINATED), mask & (codes == TRUNCATED)
        return self._returned(), np.where(mask, rewards, 0.0), terminated, truncated, self._infos()

    def finals(
        self,
        observations: NDArray[Any] | dict[str, NDArray[Any]],
        final: dict[str, Any],
        ended: NDArray[np.bool_],
    ) -> dict[str, Any]:
        """The info entries for games that end and are reset in the same step.

        Args:
            observations: All games' observations, before the reset; those that ended are copied.
            final: All games' infos, before the reset; their masks are narrowed.
            ended: Which games ended.
        """
        final_obs = np.full(self.num_envs, None, dtype=object)
        for index in np.flatnonzero(ended):
            if isinstance(observations, dict):
                final_obs[index] = {key: rows[index].copy() for key, rows in observations.items()}
            else:
                final_obs[index] = observations[index].copy()
        for key in [key for key in final if key.startswith("_")]:
            final[key] = ended.copy()
        return {
            "final_obs": final_obs,
            "_final_obs": ended.copy(),
            "final_info": final,
            "_final_info": ended.copy(),
        }
