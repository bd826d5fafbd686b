"""Options that the commands with a window share."""

# No `from __future__ import annotations`: Typer reads the annotations.

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from gym_mario_suite.agents.registry import AGENTS
from gym_mario_suite.completion import words
from gym_mario_suite.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gym_mario_suite.agents.base import Agent, NESAgent
    from gym_mario_suite.play.episodes import Archive, Course, LevelOptions
    from gym_mario_suite.play.window import WindowOptions

_T = TypeVar("_T")

AGENT = typer.Option(
    metavar="NAME[:OPTION=VALUE,...]",
    help=f"Who plays: {', '.join(AGENTS)}, or module:Class.",
    autocompletion=words(AGENTS),
)
# Text, so that a malformed seed is one line like our other errors.
Seed = Annotated[str, typer.Option(metavar="INTEGER", help="Seed of the first level.")]
Difficulty = Annotated[int, typer.Option(help="Usually 0 to 10.")]
LevelType = Annotated[
    int, typer.Option("--type", min=0, max=2, help="0 overground, 1 underground, 2 castle.")
]
Length = Annotated[int, typer.Option(help="Columns.")]
TimeLimit = Annotated[int, typer.Option(help="Seconds of level time, 0 for no limit.")]
Mode = Annotated[int, typer.Option(help="0 small, 1 large, 2 fire.")]
Replays = Annotated[
    Path | None, typer.Option(metavar="FOLDER", help="Write a replay of each episode there.")
]
Keys = Annotated[
    Path | None, typer.Option(metavar="FILE", help="A key file; see `mario play keys`.")
]
Speed = Annotated[float, typer.Option(help="Game seconds in a second.")]
Scale = Annotated[
    int | None, typer.Option(help="Screen pixels per pixel of the game; default: what fits.")
]
FullScreen = Annotated[bool, typer.Option("--full-screen", help="Fill the screen.")]
MaxFrames = Annotated[int | None, typer.Option(hidden=True)]


def required(name: str, value: _T | None) -> _T:
    """The value of an option that must be given.

    An option of a group cannot be marked as such, since the group's commands do without it.

    Raises:
        OptionError: If it was not given.
    """
    if value is None:
        raise OptionError(f"missing option {name}")
    return value


def seed_number(seed: str) -> int:
    """The number that `--seed` names.

    Raises:
        OptionError: When it is none.
    """
    try:
        return int(seed)
    except ValueError:
        raise OptionError(f"--seed must be a whole number, got {seed!r}") from None


def level_options(
    seed: str, difficulty: int, level_type: int, length: int, mode: int, time_limit: int
) -> "LevelOptions":
    """The level that the options name.

    Raises:
        OptionError: For an option out of range.
    """
    from gym_mario_suite.play.episodes import LevelOptions

    return LevelOptions(seed_number(seed), difficulty, level_type, length, mode, time_limit)


def window_options(
    keys: Path | None,
    scale: int | None,
    full_screen: bool,
    max_frames: int | None,
    speed: float = 1,
) -> "WindowOptions":
    """The window that the options describe.

    Raises:
        OptionError: For an option out of range or a key file that cannot be used.
        WindowError: When pygame is missing.
    """
    from gym_mario_suite.play.key_file import chosen_bindings

    bindings = chosen_bindings(keys)
    from gym_mario_suite.play.window import WindowOptions

    return WindowOptions(
        bindings=bindings,
        scale=scale,
        full_screen=full_screen,
        speed=speed,
        max_frames=max_frames,
    )


def show_levels(
    levels: "LevelOptions",
    agent: "Agent | None",
    window: "WindowOptions",
    replays: Path | None,
) -> None:
    """Have levels played in a window, and say where the replays are.

    Raises:
        MarioError: As of `show_course`, and when replays cannot be written.
    """
    from gym_mario_suite.play.episodes import LevelCourse

    show_course_and_replays(
        lambda archive: LevelCourse(levels, agent, archive), agent, window, replays
    )


def show_course_and_replays(
    make_course: "Callable[[Archive], Course]",
    agent: "Agent | NESAgent | None",
    window: "WindowOptions",
    replays: Path | None,
) -> None:
    """Show a course in a window, and say where the replays are.

    Raises:
        MarioError: As of `show_course`, and when replays cannot be written.
    """
    from gym_mario_suite.play.episodes import Archive
    from gym_mario_suite.play.window import show_course
    from gym_mario_suite.whole_file import require_folder

    if replays is not None:
        require_folder(replays)
    who = {"player": "human"} if agent is None else {"agent": agent.name}
    archive = Archive(replays, next(iter(who.values())), who)
    try:
        show_course(make_course(archive), window, title=agent is None)
    finally:
        if replays is not None:
            typer.echo(f"{replays}: {len(archive.written)} replays")
