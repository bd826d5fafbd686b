"""`mario play`: a person plays in a window."""

# No `from __future__ import annotations`: Typer reads the annotations.

from pathlib import Path
from typing import Annotated

import typer

from gym_mario_suite.errors import OptionError
from gym_mario_suite.play import command_options as options
from gym_mario_suite.play.dream_commands import play_dream
from gym_mario_suite.play.level_commands import play_level
from gym_mario_suite.play.nes_commands import play_nes
from gym_mario_suite.play.party_commands import party_command

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def _play() -> None:
    """Play in a window, with keyboard or gamepad."""


@app.command(epilog="Example: mario play infinite --seed 3 --difficulty 5")
def infinite(
    seed: options.Seed = "0",
    difficulty: options.Difficulty = 0,
    level_type: options.LevelType = 0,
    length: options.Length = 320,
    time_limit: options.TimeLimit = 200,
    mode: options.Mode = 2,
    replays: options.Replays = None,
    keys: options.Keys = None,
    scale: options.Scale = None,
    full_screen: options.FullScreen = False,
    max_frames: options.MaxFrames = None,
) -> None:
    """Play levels of Infinite Mario; the next has the next seed.

    Arrows walk and duck, S jumps, A runs and fires, Enter starts; the window shows the other keys.
    With --replays every episode is kept, also one that is left in the middle.
    """
    levels = options.level_options(seed, difficulty, level_type, length, mode, time_limit)
    window = options.window_options(keys, scale, full_screen, max_frames)
    options.show_levels(levels, None, window, replays)


app.command("level", epilog="Example: mario play level my.txt")(play_level)
app.command("nes", epilog="Example: mario play nes --stage 1-2")(play_nes)
app.command("dream", epilog="Example: mario play dream --alone")(play_dream)
app.command("coop", epilog="Example: mario play coop --p2 astar")(
    party_command("coop", "Play with others: all shall reach the exit.")
)
app.command("race", epilog="Example: mario play race --p2 race-ppo")(
    party_command("race", "Race others to the exit.")
)
app.command("coins", epilog="Example: mario play coins --p2 human --p3 astar")(
    party_command("coins", "Take more coins than the others.")
)


@app.command(epilog="Example: mario play keys --write")
def keys(
    file: Annotated[
        Path | None, typer.Option("--keys", metavar="FILE", help="Show what this key file makes.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write the defaults to your key file, to be edited.")
    ] = False,
) -> None:
    """Print the keys in the form of a key file, and where yours is."""
    from gym_mario_suite.play.bindings import DEFAULTS
    from gym_mario_suite.play.key_file import chosen_bindings, user_key_file
    from gym_mario_suite.whole_file import write_whole

    path = user_key_file()
    if write:
        if path.exists():
            raise OptionError(f"{path} is there already; delete it first to get the defaults back")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OptionError(f"cannot make {path.parent}: {error.strerror}") from error
        write_whole(path, DEFAULTS.to_toml().encode())
        typer.echo(f"{path}: the default keys")
        return
    bindings = DEFAULTS if file is None and not path.exists() else chosen_bindings(file)
    typer.echo(bindings.to_toml(), nl=False)
    typer.echo(f"# Your key file: {path}{'' if path.exists() else ' (not there: defaults)'}")
