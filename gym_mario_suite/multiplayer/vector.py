"""Many games of several players as a Gymnasium vector environment, for self-play."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from gym_mario_suite.envs.actions import ActionReader
from gym_mario_suite.envs.end_codes import RUNNING, TERMINATED, TRUNCATED
from gym_mario_suite.envs.keyword_options import read_options
from gym_mario_suite.envs.native_vector import NativeVectorEnv, state_list, thread_count
from gym_mario_suite.envs.render_modes import fps_of_steps
from gym_mario_suite.envs.reset_options import options_given
from gym_mario_suite.errors import OptionError, as_integer, as_switch
from gym_mario_suite.multiplayer.batch import PartyBatch
from gym_mario_suite.multiplayer.options import PartyOptions
from gym_mario_suite.multiplayer.parallel import RENDER_FPS
from gym_mario_suite.multiplayer.party import PARTY_TELEMETRY, PARTY_TERMS

_MOST_GAMES = 1 << 18


class MarioPartyVectorEnv(NativeVectorEnv):
    """Every player of every game is an environment of its own: one policy learns from all seats.

    Row `game * players + seat` is the player in that seat. A player who has died or arrived stays
    until his game is over: his observations are zeros, his actions count for nothing, his rewards
    are those that his contest still gives him (0, unless they are shared), and `info["playing"]` is
    0. All rows of a game end in the same step: terminated, or truncated where the last player was
    cut off by the clock or by `max_cycles`.

    Game g is, bit for bit, the parallel environment with the same options reset with seed + g,
    whatever the number of games and of cores.

    Args:
        num_games: How many games.
        autoreset_mode: As of `MarioInfiniteVectorEnv`.
        num_threads: Cores to use at most; None means all of them.
        copy: False returns the observation buffer itself, which the next step overwrites.
        render_mode: None or "rgb_array".
        **options: See `PartyOptions`.

    Raises:
        OptionError: For an option that is not possible.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012 (Gymnasium declares it so)
        "render_modes": ["rgb_array"],
        "render_fps": RENDER_FPS,
        "autoreset_mode": AutoresetMode.NEXT_STEP,
    }

    def __init__(
        self,
        num_games: int = 1,
        *,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        num_threads: int | None = None,
        copy: bool = True,
        render_mode: str | None = None,
        **options: Any,
    ) -> None:
        self.num_games = as_integer("num_games", num_games, 1, _MOST_GAMES)
        self._set_modes(render_mode, autoreset_mode)
        self.options = read_options(PartyOptions, "MarioPartyVectorEnv", options)
        self.batch = PartyBatch(self.options, self.num_games, thread_count(num_threads))
        self.metadata["render_fps"] = fps_of_steps(RENDER_FPS, self.options.frame_skip)
        self.players = self.options.players
        self.num_envs = self.num_games * self.players
        action_set = self.options.infinite.action_set
        self._set_spaces(self.batch.views.space, action_set.space())
        self._actions = ActionReader(action_set)
        self._copy = as_switch("copy", copy)

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[NDArray[Any], dict[str, Any]]:
        """Begin new games.

        Args:
            seed: One seed s, which gives game g the seed s + g; or a seed or None for each game.
            options: `reset_mask`, bool[num_envs]: reset the games of these rows only.

        Raises:
            OptionError: For an unknown option or a value that is not possible.
        """
        chosen = options_given(options)
        mask = self._games_of(self._reset_mask(chosen.pop("reset_mask", None)))
        if chosen:
            raise OptionError(f"unknown reset option {min(chosen)!r}; there is reset_mask")
        indices = np.flatnonzero(mask).tolist()
        for game, stream in self._stream_seeds(seed, indices, self.num_games).items():
            self.batch.levels.seed(game, stream)
        self.batch.reset(mask)
        return self._returned(), self._infos()

    def step(
        self, actions: Any
    ) -> tuple[
        NDArray[Any], NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]
    ]:
        """One step of every game.

        Raises:
            OptionError: If the actions are not `num_envs` actions of the set.
            ResetNeeded: Before the first reset; with DISABLED autoreset also while a game that is
                over was not reset.
        """
        batch = self.batch
        keys = self._actions.many(actions, self.num_envs).reshape(self.num_games, self.players)
        over = batch.over
        self._check_running(batch.started, over)
        batch.step(keys, ~over)
        if over.any():
            batch.reset(over)
        return self._stepped(batch.rewards.reshape(-1), self._codes())

    def step_some(
        self, actions: Any, active: Any
    ) -> tuple[
        NDArray[Any], NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]
    ]:
        """One step of some games; the others stay as they are. See `NativeVectorEnv`.

        Raises:
            OptionError: As there, and if the mask has some of a game's players only.
            ResetNeeded: As there.
        """
        batch = self.batch
        keys = self._actions.many(actions, self.num_envs).reshape(self.num_games, self.players)
        started = np.repeat(batch.started, self.players)
        over = np.repeat(batch.over.astype(np.uint8), self.players)
        mask = self._active_mask(active, started, over)
        batch.step(keys, self._games_of(mask, "active"))
        return self._stepped_some(mask, batch.rewards.reshape(-1), self._codes())

    def render(self) -> tuple[NDArray[np.uint8], ...] | None:
        """The screen of every row, uint8[240, 320, 3]."""
        if self.render_mode is None:
            return None
        self._check_started(self.batch.started)
        return tuple(
            screen for game in range(self.num_games) for screen in self.batch.screens(game)
        )

    def get_state(self) -> list[bytes]:
        """Every game as bytes, in the form that the parallel environment uses too."""
        self._check_started(self.batch.started)
        return [self.batch.state(game) for game in range(self.num_games)]

    def set_state(self, states: Sequence[bytes] | bytes) -> None:
        """Take up saved games: one for each, or one for all.

        Raises:
            StateError: If a state does not fit; no game is changed then.
        """
        self.batch.load_states(state_list(states, self.num_games))
        self._seeded = True

    def _codes(self) -> NDArray[np.uint8]:
        """How the rows' games stand after a step: all rows of a game end together."""
        ended = self.batch.over
        truncated = ended & (self.batch.codes == TRUNCATED).any(1)
        codes = np.where(truncated, TRUNCATED, np.where(ended, TERMINATED, RUNNING))
        return np.repeat(codes.astype(np.uint8), self.players)

    def _games_of(self, rows: NDArray[np.bool_], option: str = "reset_mask") -> NDArray[np.bool_]:
        """The games of some rows.

        Raises:
            OptionError: If a game has rows inside and outside of the mask.
        """
        by_game = rows.reshape(self.num_games, self.players)
        if (by_game.any(1) != by_game.all(1)).any():
            raise OptionError(f"{option} must name all players of a game or none of them")
        return np.all(by_game, axis=1)

    def _seen(self) -> NDArray[Any]:
        seen = self.batch.observations
        return seen.reshape(self.num_envs, *seen.shape[2:])

    def _infos(self) -> dict[str, Any]:
        batch = self.batch
        counts = batch.counts.reshape(self.num_envs, -1).T.copy()
        terms = batch.terms.reshape(self.num_envs, -1).T.copy()
        infos: dict[str, Any] = dict(zip(PARTY_TELEMETRY, counts, strict=True))
        infos["distance"] = batch.memory["x"].reshape(-1).copy()
        infos.update(zip((f"reward_{term}" for term in PARTY_TERMS), terms, strict=True))
        return self._with_masks(infos)

    def _begin_anew(self, ended: NDArray[np.bool_]) -> None:
        self.batch.reset(self._games_of(ended))
