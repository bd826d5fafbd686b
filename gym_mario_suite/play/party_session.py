"""Several players in one window, without the window: rounds, pause, scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

import numpy as np

from gym_mario_suite.agents.base import Agent
from gym_mario_suite.agents.self_play.agent import RaceAgent
from gym_mario_suite.engine.world import Status
from gym_mario_suite.multiplayer.batch import PartyBatch
from gym_mario_suite.multiplayer.options import PartyOptions
from gym_mario_suite.multiplayer.seat_game import SeatGame
from gym_mario_suite.play.actions import Action
from gym_mario_suite.play.ticker import Ticker

HEADLINES = {
    "coop": "ALL TO THE EXIT",
    "race": "FIRST TO THE EXIT",
    "coins": "MOST COINS WIN",
}


class PartyState(Enum):
    """What is on the screen."""

    TITLE = auto()
    PLAYING = auto()
    PAUSED = auto()
    OVER = auto()


@dataclass
class Guest:
    """Who sits in a seat: a person, or an agent.

    Attributes:
        name: In the scores.
        agent: Plays; None for a person. A `RaceAgent` sees the others, another agent plays as if it
            were alone.
        points: Rounds won (coop: rounds in which all arrived).
    """

    name: str
    agent: Agent | RaceAgent | None = None
    points: int = 0
    game: SeatGame | None = field(default=None, repr=False)


class PartySession:
    """Takes everybody's buttons, commands and time, and plays round after round.

    Args:
        options: The contest; the next round has the next level seed.
        seed: Of the first level.
        guests: Who plays, one for each player of the options.

    Attributes:
        state: What is on the screen.
        batch: The game.
        guests: Who plays.
        winners: Seats of those who have won the last round.
        rounds: Rounds that are over.
        without_gamepad: Seats of those whose gamepads have gone since the game went on.
    """

    def __init__(self, options: PartyOptions, seed: int, guests: list[Guest]) -> None:
        self.options = options
        self.guests = guests
        self.batch = PartyBatch(options, 1)
        self.seed = seed
        self.rounds = 0
        self.winners: list[int] = []
        self.without_gamepad: set[int] = set()
        self._ticker = Ticker()
        self._held = np.zeros((1, options.players), np.uint8)
        self._taps = np.zeros_like(self._held)
        for seat, guest in enumerate(guests):
            if guest.agent is not None and not isinstance(guest.agent, RaceAgent):
                guest.game = SeatGame(self.batch, 0, seat)
        self._begin()
        self.state = PartyState.TITLE

    @property
    def headline(self) -> str:
        """What it is about."""
        return HEADLINES[self.options.contest]

    def press(self, held: list[int], taps: list[int]) -> None:
        """Take the button bits that people hold, and those pressed since the last call.

        A button that was pressed and let go between two ticks counts for one tick.

        Args:
            held: One entry for each seat.
            taps: Likewise.
        """
        for seat, guest in enumerate(self.guests):
            if guest.agent is None:
                self._held[0, seat] = held[seat]
                self._taps[0, seat] |= taps[seat]

    def command(self, action: Action) -> None:
        """Do what a key asks for; what only concerns the window is passed over."""
        if action is Action.START:
            if self.state is PartyState.OVER:
                self._next(self.seed + 1)
            else:
                self._toggle()
        elif action is Action.PAUSE and self.state is not PartyState.TITLE:
            self._toggle()
        elif action is Action.RESTART:
            self._next(self.seed)
        elif action is Action.NEXT:
            self._next(self.seed + 1)

    def gamepad(self, seat: int, came: bool) -> None:
        """A person's gamepad has come or gone; without it the game waits, and says why."""
        if came:
            self.without_gamepad.discard(seat)
        else:
            self.without_gamepad.add(seat)
            self.interrupt()

    def interrupt(self) -> None:
        """Pause if people play, for example because the keyboard's keys go elsewhere."""
        people = any(guest.agent is None for guest in self.guests)
        if people and self.state is PartyState.PLAYING:
            self.state = PartyState.PAUSED

    def advance(self, elapsed_ns: int, hurried: Callable[[], bool] = lambda: False) -> int:
        """Let time pass; how many ticks ran.

        Args:
            elapsed_ns: Since the last call, in nanoseconds.
            hurried: Asked after each tick; True drops the ticks that are still due.
        """
        if self.state is not PartyState.PLAYING:
            self._ticker.forget()
            self._taps[:] = 0
            return 0
        ran = 0
        for _ in range(self._ticker.due(elapsed_ns)):
            self._tick()
            ran += 1
            if self.state is not PartyState.PLAYING or hurried():
                break
        return ran

    def _toggle(self) -> None:
        if self.state is PartyState.PLAYING:
            self.state = PartyState.PAUSED
        elif self.state in (PartyState.TITLE, PartyState.PAUSED):
            self.without_gamepad.clear()
            self.state = PartyState.PLAYING

    def _next(self, seed: int) -> None:
        self.seed = seed
        self._begin()

    def _begin(self) -> None:
        if self.options.level is None:
            self.batch.levels.choose_levels({0: self.seed})
        self.batch.reset()
        for guest in self.guests:
            if guest.agent is not None:
                guest.agent.reset()
            if guest.game is not None:
                guest.game.forget()
        self.winners = []
        self.without_gamepad.clear()
        self._ticker.forget()
        self.state = PartyState.PLAYING

    def _tick(self) -> None:
        for seat, guest in enumerate(self.guests):
            if guest.agent is not None:
                ended = self.batch.memory[0, seat]["ended"]
                self._held[0, seat] = 0 if ended else self._ask(guest, seat)
        self.batch.step(self._held | self._taps)
        self._taps[:] = 0
        if self.batch.over[0]:
            self._judge()

    def _ask(self, guest: Guest, seat: int) -> int:
        """Buttons that an agent presses in the coming tick."""
        if isinstance(guest.agent, RaceAgent):
            return guest.agent.act_in(self.batch, 0, seat)
        assert guest.agent is not None
        assert guest.game is not None
        return guest.game.ask(guest.agent.act)

    def _judge(self) -> None:
        """The round is over."""
        counts, seats = self.batch.counts[0], self.batch.memory[0]
        arrived = counts[:, 0] == Status.WIN
        if self.options.contest == "coop":
            self.winners = np.flatnonzero(arrived).tolist() if arrived.all() else []
        elif self.options.contest == "coins":
            coins = counts[:, 2]
            self.winners = np.flatnonzero((coins == coins.max()) & (coins > 0)).tolist()
        elif arrived.any():
            self.winners = np.flatnonzero(seats["place"] == 1).tolist()
        else:
            # Nobody has arrived: who came furthest.
            self.winners = np.flatnonzero(seats["x"] == seats["x"].max()).tolist()
        for seat in self.winners:
            self.guests[seat].points += 1
        self.rounds += 1
        self.state = PartyState.OVER
