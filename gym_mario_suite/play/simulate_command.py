"""`mario levels simulate`: an agent or a person plays a level file."""

# No `from __future__ import annotations`: Typer reads the annotations.

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gym_mario_suite.agents.registry import AGENTS
from gym_mario_suite.completion import words
from gym_mario_suite.levels.file_commands import RuleSet, level_of_file, mode_numbered
from gym_mario_suite.play import command_options as options

if TYPE_CHECKING:
    from gym_mario_suite.competition.simulation import Telemetry
    from gym_mario_suite.levels.level import Level
    from gym_mario_suite.play.window import WindowOptions

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

HUMAN = "human"


@app.command(epilog="Example: mario levels simulate level.txt --agent astar")
def simulate(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Level files.")],
    agent: Annotated[
        str,
        typer.Option(
            help="A name, with options, module:Class, or `human`.",
            autocompletion=words((*AGENTS, HUMAN)),
        ),
    ] = "astar",
    time_limit: options.TimeLimit = 200,
    mode: Annotated[
        int | None, typer.Option(help="Mario at the start: 0 small, 1 large, 2 fire.")
    ] = None,
    rules: RuleSet = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON: an object, of several files a list.")
    ] = False,
    keys: options.Keys = None,
    scale: options.Scale = None,
    full_screen: options.FullScreen = False,
    max_frames: options.MaxFrames = None,
) -> None:
    """Have levels played and print the telemetry.

    An agent plays without a window. A person plays each level until the window is closed; the last
    try counts.
    """
    from gym_mario_suite.competition.simulation import simulate_batch

    levels = [level_of_file(file, rules) for file in files]
    power = mode_numbered(mode)
    if agent == HUMAN:
        window = options.window_options(keys, scale, full_screen, max_frames)
        found = [_play(level, window, power, time_limit) for level in levels]
    else:
        found = simulate_batch(levels, agent, mode=power, time_limit=time_limit)
    if as_json:
        values = [each.to_json() for each in found]
        typer.echo(json.dumps(values[0] if len(files) == 1 else values))
        return
    for file, each in zip(files, found, strict=True):
        typer.echo(f"{file}: {summary(each)}")


def summary(telemetry: "Telemetry") -> str:
    """The telemetry in one line."""
    how = "won" if telemetry.marioStatus else "not won"
    death = telemetry.death
    if death is not None:
        by = f" ({death['enemy']})" if death["enemy"] else ""
        how = f"lost by {death['cause']}{by}"
    return (
        f"{how} at column {telemetry.lengthOfLevelPassedCells} of "
        f"{telemetry.totalLengthOfLevelPassedCells} after {telemetry.timeSpentOnLevel} s, "
        f"{telemetry.jumps} jumps, {telemetry.kills['total']} kills, "
        f"{telemetry.numberOfGainedCoins} coins, {telemetry.power_at_end}"
    )


def _play(level: "Level", window: "WindowOptions", mode: Any, time_limit: int) -> "Telemetry":
    """Have a person play a level in a window."""
    from gym_mario_suite.competition.simulation import telemetry_of
    from gym_mario_suite.play.level_course import LevelFileCourse
    from gym_mario_suite.play.window import show_course

    course = LevelFileCourse([level], mode, time_limit)
    show_course(course, window, title=True)
    return telemetry_of(
        level, course.keys_played, HUMAN, human=True, mode=mode, time_limit=time_limit
    )
