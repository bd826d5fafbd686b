"""Races between two agents over many levels, seats swapped, with confidence intervals."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.agents.self_play.agent import RACE_PPO, racer_named
from gym_mario_suite.errors import as_integer
from gym_mario_suite.multiplayer.batch import PartyBatch
from gym_mario_suite.multiplayer.options import PartyOptions
from gym_mario_suite.multiplayer.seat_game import SeatGame
from gym_mario_suite.whole_file import require_writable, write_json

_MOST_TICKS = 3000
_Z95 = 1.959963984540054


@dataclass(frozen=True, kw_only=True)
class Match:
    """Race two agents through the same levels, each level twice with the seats swapped.

    Attributes:
        a: `race-ppo`, `race-ppo:FILE`, or an agent of the suite such as `astar`.
        b: The other one.
        levels: How many level seeds.
        first_seed: The first of them.
        difficulty: Of the levels.
        rivalry: none, push or stomp.
        ghosts: Each in a world of his own.
        json: A file for the figures.
    """

    a: str = RACE_PPO
    b: str = "astar"
    levels: int = 50
    first_seed: int = 1_000_000
    difficulty: int = 2
    rivalry: str = "push"
    ghosts: bool = False
    json: Path | None = None


class _Seat:
    """An agent in a seat of a game."""

    def __init__(self, text: str, batch: PartyBatch, seat: int) -> None:
        self._batch, self._seat = batch, seat
        self._racer = racer_named(text)
        self._alone: Any = None
        if self._racer is None:
            self._alone = make_agent(text)
            self._game = SeatGame(batch, 0, seat)

    def reset(self) -> None:
        if self._racer is not None:
            self._racer.reset()
        else:
            self._game.forget()
            self._alone.reset()

    def act(self) -> int:
        if self._batch.memory[0, self._seat]["ended"]:
            return 0
        if self._racer is not None:
            return self._racer.act_in(self._batch, 0, self._seat)
        return self._game.ask(self._alone.act)


def play_match(match: Match) -> str:
    """Play; a few lines that tell how it went.

    Raises:
        OptionError: For an unknown agent or an option that is not possible.
    """
    as_integer("levels", match.levels, 1, 1 << 40)
    require_writable(match.json)
    wins = {"a": 0, "b": 0, "tie": 0, "nobody": 0}
    arrived = {"a": 0, "b": 0}
    options = PartyOptions(
        contest="race",
        players=2,
        difficulty=match.difficulty,
        rivalry=match.rivalry,
        ghosts=match.ghosts,
    )
    for order in ("ab", "ba"):
        batch = PartyBatch(options, 1)
        seats = [_Seat(match.a if who == "a" else match.b, batch, s) for s, who in enumerate(order)]
        for seed in track(range(match.levels), description=f"seats {order}"):
            batch.levels.choose_levels({0: match.first_seed + seed})
            batch.reset()
            for seat in seats:
                seat.reset()
            for _ in range(_MOST_TICKS):
                batch.step(np.array([[seat.act() for seat in seats]], np.uint8))
                if batch.over[0]:
                    break
            places = batch.memory[0]["place"]
            for seat, who in enumerate(order):
                arrived[who] += int(places[seat] > 0)
            first = [order[seat] for seat in np.flatnonzero(places == 1)]
            outcome = first[0] if len(first) == 1 else "tie" if first else "nobody"
            wins[outcome] += 1
    races = 2 * match.levels
    share = wins["a"] / races
    low, high = wilson(wins["a"], races)
    figures = {
        "a": match.a,
        "b": match.b,
        "races": races,
        "difficulty": match.difficulty,
        "rivalry": match.rivalry,
        "ghosts": match.ghosts,
        "first_seed": match.first_seed,
        "wins": wins,
        "arrived": arrived,
        "share_of_a": round(share, 4),
        "share_of_a_95": [round(low, 4), round(high, 4)],
    }
    if match.json is not None:
        write_json(match.json, figures)
    return (
        f"{races} races: {match.a} wins {wins['a']}, {match.b} wins {wins['b']}, "
        f"both at once {wins['tie']}, nobody {wins['nobody']}\n"
        f"{match.a} wins {share:.1%} (95 %: {low:.1%} to {high:.1%})"
    )


def wilson(wins: int, races: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, 1927)."""
    share, z2 = wins / races, _Z95**2
    middle = (share + z2 / (2 * races)) / (1 + z2 / races)
    spread = _Z95 / (1 + z2 / races)
    spread *= float(np.sqrt(share * (1 - share) / races + z2 / (4 * races**2)))
    return max(0.0, middle - spread), min(1.0, middle + spread)
