"""One seat of a game of several players as a game of one, for agents that play alone."""

from __future__ import annotations

from collections.abc import Callable

from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.several import WINDOW_COLUMNS
from gym_mario_suite.engine.world import KEY_BITS
from gym_mario_suite.errors import as_integer
from gym_mario_suite.multiplayer.batch import PartyBatch

_ALL_BUTTONS = (1 << KEY_BITS) - 1


class SeatGame:
    """What the player in a seat would face if he were alone.

    The others are left out; so an agent that plans ahead plans without them, and is asked anew in
    every tick.

    Args:
        batch: The games.
        game: Which of them.
        seat: Whose place it is.
    """

    def __init__(self, batch: PartyBatch, game: int, seat: int) -> None:
        self._batch = batch
        self._game = game
        self._seat = seat
        self._alone: Game | None = None

    def now(self) -> Game:
        """The game as it stands, in a `Game` that is the same object during a level."""
        batch = self._batch
        if self._alone is None:
            # A copy: the next level will be made in the same place.
            self._alone = Game(batch.levels.images[batch.levels.rows[self._game]].copy())
        at, player = batch.seats[self._game, self._seat].tolist()
        worlds = self._alone.worlds
        worlds[0] = batch.worlds[at]
        world = worlds[0]
        if player:
            world["players"][0] = world["players"][player]
        world["players"][0]["body"]["aux"] = 0
        world["n_players"] = 1
        if batch.players > 1 and not batch.options.ghosts:
            # Which columns he has seen; alone, the world keeps that.
            world["scan_first"] = world["players"][0]["scan_first"]
            world["scan_last"] = world["scan_first"] + WINDOW_COLUMNS - 1
        return self._alone

    def ask(self, act: Callable[[Game], object]) -> int:
        """The button bits that an agent's `act` answers with.

        Raises:
            OptionError: If they are none.
        """
        # A bit too many would be the next player's.
        return as_integer("an agent's answer (button bits)", act(self.now()), 0, _ALL_BUTTONS)

    def forget(self) -> None:
        """Another level is about to begin."""
        self._alone = None
