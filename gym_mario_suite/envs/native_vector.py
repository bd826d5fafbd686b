"""What the native vector environments share: seeding, reset masks, autoreset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray

from gym_mario_suite.errors import OptionError


def draw_stream_seed(generator: np.random.Generator) -> int:
    """The state of an episode stream, drawn from a Gymnasium random generator."""
    return int(generator.integers(0, 1 << 64, dtype=np.uint64))


def autoreset_mode(mode: AutoresetMode | str) -> AutoresetMode:
    """The autoreset mode of that name, in either case.

    Raises:
        OptionError: If there is none; the message lists those there are.
    """
    try:
        return AutoresetMode[mode.upper()] if isinstance(mode, str) else AutoresetMode(mode)
    except (KeyError, ValueError):
        names = ", ".join(member.name for member in AutoresetMode)
        raise OptionError(f"autoreset_mode must be one of {names}, got {mode!r}") from None


class NativeVectorEnv(VectorEnv[NDArray[Any], Any, NDArray[Any]]):
    """Base of the vector environments that step all their games themselves."""

    _seeded = False

    def step_some(
        self, actions: Any, active: Any
    ) -> tuple[
        NDArray[Any], NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]
    ]:
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
            OptionError: For a list of seeds of the wrong length.
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
            if len(seed) != count:
                raise OptionError(f"{count} seeds were expected, got {len(seed)}")
            seeds = list(seed)
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

    def finals(
        self, observations: NDArray[Any], final: dict[str, Any], ended: NDArray[np.bool_]
    ) -> dict[str, Any]:
        """The info entries for games that end and are reset in the same step.

        Args:
            observations: All games' observations, before the reset; those that ended are copied.
            final: All games' infos, before the reset; their masks are narrowed.
            ended: Which games ended.
        """
        final_obs = np.full(self.num_envs, None, dtype=object)
        for index in np.flatnonzero(ended):
            final_obs[index] = observations[index].copy()
        for key in [key for key in final if key.startswith("_")]:
            final[key] = ended.copy()
        return {
            "final_obs": final_obs,
            "_final_obs": ended.copy(),
            "final_info": final,
            "_final_info": ended.copy(),
        }
