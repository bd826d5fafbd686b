"""`mario watch`: an agent plays in a window."""

# No `from __future__ import annotations`: Typer reads the annotations.

from typing import Annotated

import typer

from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.play import command_options as options
from gym_mario_suite.play.level_commands import watch_level
from gym_mario_suite.play.nes_commands import watch_nes

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.callback(
    invoke_without_command=True, epilog="Example: mario watch --agent forward-jumping --seed 3"
)
def watch(
    context: typer.Context,
    agent: Annotated[str | None, options.AGENT] = None,
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
    """Watch an agent play levels of Infinite Mario; `mario watch level` plays level files.

    G shows the grid that agents see, T what a planner searched, P pauses, + and - change the
    speed, the full stop makes a single step.
    """
    if context.invoked_subcommand is not None:
        return
    player = make_agent(options.required("--agent", agent))
    levels = options.level_options(seed, difficulty, level_type, length, mode, time_limit)
    window = options.window_options(keys, scale, full_screen, max_frames, speed)
    options.show_levels(levels, player, window, replays)


app.command("level", epilog="Example: mario watch level my.txt --agent astar")(watch_level)
app.command("nes", epilog="Example: mario watch nes --agent nes-search --stage 1-1")(watch_nes)
