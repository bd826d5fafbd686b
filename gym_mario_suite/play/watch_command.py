"""`mario watch`: an agent plays in a window."""

# No `from __future__ import annotations`: Typer reads the annotations.

from typing import Annotated

import typer

from gym_mario_suite.agents.registry import AGENTS, make_agent
from gym_mario_suite.play import command_options as options

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def watch(
    agent: Annotated[
        str,
        typer.Option(metavar="NAME[:OPTION=VALUE,...]", help=f"Who plays: {', '.join(AGENTS)}."),
    ],
    seed: options.Seed = "0",
    difficulty: options.Difficulty = 0,
    level_type: options.LevelType = 0,
    length: options.Length = 320,
    time_limit: options.TimeLimit = 200,
    mode: options.Mode = 2,
    speed: options.Speed = 1,
    replays: options.Replays = None,
    keys: options.Keys = None,
    scale: options.Scale = None,
    full_screen: options.FullScreen = False,
    max_frames: options.MaxFrames = None,
) -> None:
    """Watch an agent play levels of Infinite Mario.

    G shows the grid that agents see, T what a planner searched, P pauses, + and - change the
    speed, the full stop makes a single step.
    """
    player = make_agent(agent)
    levels = options.level_options(seed, difficulty, level_type, length, mode, time_limit)
    window = options.window_options(keys, scale, full_screen, max_frames, speed)
    options.show_levels(levels, player, window, replays)
