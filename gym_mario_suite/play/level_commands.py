"""`mario play level` and `mario watch level`: files of levels in a window."""

# No `from __future__ import annotations`: Typer reads the annotations.

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.levels.file_commands import RuleSet, level_of_file, mode_numbered
from gym_mario_suite.play import command_options as options

if TYPE_CHECKING:
    from gym_mario_suite.agents.base import Agent
    from gym_mario_suite.play.window import WindowOptions

Files = Annotated[
    list[Path], typer.Argument(metavar="FILE", help="Files of levels or courses, of any kind.")
]
OwnTimeLimit = Annotated[
    int | None,
    typer.Option(help="Seconds of level time, 0 for no limit; default: a course's own, else 200."),
]
UsualMode = Annotated[
    int | None,
    typer.Option(help="0 small, 1 large, 2 fire; default: fire in 2009, small in 2019."),
]


def play_level(
    files: Files,
    time_limit: OwnTimeLimit = None,
    mode: UsualMode = None,
    rules: RuleSet = None,
    replays: options.Replays = None,
    keys: options.Keys = None,
    scale: options.Scale = None,
    full_screen: options.FullScreen = False,
    max_frames: options.MaxFrames = None,
) -> None:
    """Play files of levels or courses; N goes to the next one.

    With --replays every episode is kept, also one that is left in the middle.
    """
    window = options.window_options(keys, scale, full_screen, max_frames)
    _show(files, None, mode, rules, time_limit, window, replays)


def watch_level(
    files: Files,
    agent: Annotated[str, options.AGENT],
    time_limit: OwnTimeLimit = None,
    mode: UsualMode = None,
    rules: RuleSet = None,
    speed: options.Speed = 1,
    replays: options.Replays = None,
    keys: options.Keys = None,
    scale: options.Scale = None,
    full_screen: options.FullScreen = False,
    max_frames: options.MaxFrames = None,
) -> None:
    """Watch an agent play files of levels or courses; N goes to the next one.

    G shows the grid that agents see, T what a planner searched, P pauses, + and - change the
    speed, the full stop makes a single step.
    """
    player = make_agent(agent)
    window = options.window_options(keys, scale, full_screen, max_frames, speed)
    _show(files, player, mode, rules, time_limit, window, replays)


def _show(
    files: list[Path],
    agent: "Agent | None",
    mode: int | None,
    rules: str | None,
    time_limit: int | None,
    window: "WindowOptions",
    replays: Path | None,
) -> None:
    from gym_mario_suite.play.level_course import LevelFileCourse

    levels = [level_of_file(file, rules) for file in files]
    power = mode_numbered(mode)
    options.show_course_and_replays(
        lambda archive: LevelFileCourse(levels, power, time_limit, agent, archive),
        agent,
        window,
        replays,
    )
