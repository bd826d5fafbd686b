"""`mario play coop`, `mario play race`, `mario play coins`: several players."""

# No `from __future__ import annotations`: Typer reads the annotations.

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gym_mario_suite.agents.registry import AGENTS
from gym_mario_suite.completion import words
from gym_mario_suite.errors import OptionError
from gym_mario_suite.play import command_options as options

if TYPE_CHECKING:
    from gym_mario_suite.play.episodes import LevelOptions
    from gym_mario_suite.play.window import WindowOptions

_HUMAN = "human"
_RACER = "race-ppo"

_whos = words((_HUMAN, _RACER, *AGENTS))
_Player = Annotated[
    str,
    typer.Option(
        metavar="WHO",
        help="human, an agent such as astar, race-ppo, or race-ppo:FILE for a policy of yours.",
        autocompletion=_whos,
    ),
]
_Guest = Annotated[
    str | None,
    typer.Option(
        metavar="WHO",
        help="human, or an agent such as astar; left out: nobody.",
        autocompletion=_whos,
    ),
]
_Ghosts = Annotated[
    bool, typer.Option("--ghosts", help="Everybody in a world of his own, seen by the others.")
]
_Rivalry = Annotated[
    str | None,
    typer.Option(help="none, push or stomp.", autocompletion=words(("none", "push", "stomp"))),
]


def party_command(contest: str, summary: str) -> Callable[..., None]:
    """The command of a contest."""

    def play(
        p1: _Player = _HUMAN,
        p2: _Player = _HUMAN,
        p3: _Guest = None,
        p4: _Guest = None,
        ghosts: _Ghosts = False,
        rivalry: _Rivalry = None,
        seed: options.Seed = "0",
        difficulty: options.Difficulty = 0,
        level_type: options.LevelType = 0,
        length: options.Length = 320,
        time_limit: options.TimeLimit = 200,
        mode: options.Mode = 2,
        scale: options.Scale = None,
        full_screen: options.FullScreen = False,
        max_frames: options.MaxFrames = None,
    ) -> None:
        whos = [p1, p2, *(who for who in (p3, p4) if who is not None)]
        if p4 is not None and p3 is None:
            raise OptionError("give --p3 before --p4")
        _play(
            contest,
            whos,
            options.level_options(seed, difficulty, level_type, length, mode, time_limit),
            {"ghosts": ghosts, "rivalry": rivalry},
            options.window_options(None, scale, full_screen, max_frames),
        )

    play.__doc__ = f"""{summary}

    Two people share a keyboard: the first has the arrows (up jumps, right Ctrl runs), the second
    A, D, S, W and left Ctrl. Gamepads go to the last person first. An agent plays by itself:
    mario play {contest} --p2 astar
    """
    return play


def _play(
    contest: str,
    whos: list[str],
    levels: "LevelOptions",
    rules: dict[str, Any],
    window: "WindowOptions",
) -> None:
    from gym_mario_suite.agents.registry import make_agent
    from gym_mario_suite.agents.self_play.agent import racer_named
    from gym_mario_suite.multiplayer.options import PartyOptions
    from gym_mario_suite.play.party_session import Guest, PartySession
    from gym_mario_suite.play.party_window import show_party

    party = PartyOptions(
        contest=contest,
        players=len(whos),
        difficulty=levels.difficulty,
        level_type=levels.level_type,
        length=levels.length,
        time_limit=levels.time_limit,
        mode=levels.mode,
        **rules,
    )
    guests = []
    for seat, who in enumerate(whos):
        if who == _HUMAN:
            guests.append(Guest(f"PLAYER {seat + 1}"))
        elif racer := racer_named(who):
            if len(whos) != 2:
                raise OptionError(f"{_RACER} has learned races of two, here are {len(whos)}")
            guests.append(Guest(_RACER.upper(), racer))
        else:
            guests.append(Guest(who.upper()[:12], make_agent(who)))
    session = PartySession(party, levels.seed, guests)

    def tell() -> None:
        scores = ", ".join(f"{guest.name.lower()} {guest.points}" for guest in guests)
        typer.echo(f"{session.rounds} rounds: {scores}")

    show_party(session, window, tell)
    tell()
