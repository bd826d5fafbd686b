"""`mario record`: an agent plays, and its replays are written."""

# No `from __future__ import annotations`: Typer reads the annotations.

from pathlib import Path
from typing import Annotated

import typer

from gym_mario_suite.agents.registry import AGENTS, make_agent
from gym_mario_suite.completion import words
from gym_mario_suite.errors import OptionError
from gym_mario_suite.play.command_options import required
from gym_mario_suite.play.nes_commands import record_nes
from gym_mario_suite.program import Interruption

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.callback(
    invoke_without_command=True,
    epilog="Example: mario record --agent astar --episodes 3 --out replays",
)
def record(
    context: typer.Context,
    agent: Annotated[
        str | None,
        typer.Option(
            metavar="NAME[:OPTION=VALUE,...]",
            help=f"Who plays: {', '.join(AGENTS)}.",
            autocompletion=words(AGENTS),
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where the replays go.")
    ] = None,
    # Text, so that a malformed seed is one line like our other errors.
    seed: Annotated[
        str, typer.Option(metavar="INTEGER", help="Seed of the first level; the next has one more.")
    ] = "0",
    difficulty: Annotated[int, typer.Option(help="Usually 0 to 10.")] = 0,
    level_type: Annotated[
        int, typer.Option("--type", help="0 overground, 1 underground, 2 castle.")
    ] = 0,
    length: Annotated[int, typer.Option(help="Columns.")] = 320,
    episodes: Annotated[int, typer.Option(help="How many levels to play.")] = 1,
    time_limit: Annotated[int, typer.Option(help="Seconds of level time.")] = 200,
    mode: Annotated[int, typer.Option(help="0 small, 1 large, 2 fire.")] = 2,
) -> None:
    """Have an agent play generated levels and write a replay of each (`mario record nes`: the NES).

    A level that is interrupted is written as far as it was played.
    """
    if context.invoked_subcommand is not None:
        return
    agent, out = required("--agent", agent), required("--out", out)
    player = make_agent(agent)
    try:
        first = int(seed)
    except ValueError:
        raise OptionError(f"--seed must be a whole number, got {seed!r}") from None
    if episodes < 1:
        raise OptionError(f"--episodes must be at least 1, got {episodes}")

    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

    from gym_mario_suite.competition.episode import play_level
    from gym_mario_suite.datasets.recorder import RecordedGame
    from gym_mario_suite.datasets.replay import SUFFIX
    from gym_mario_suite.levels.generate import check_parameters, generate
    from gym_mario_suite.whole_file import distinct_file_name, require_folder

    check_parameters(first + episodes - 1, difficulty, level_type, length)
    require_folder(out)
    errors = Console(stderr=True)
    with (
        Interruption(at_once=True) as interruption,
        Progress(
            *Progress.get_default_columns()[:2],
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=errors,
            transient=True,
            disable=not errors.is_terminal,
        ) as progress,
    ):
        task = progress.add_task(player.name, total=episodes)
        for level_seed in range(first, first + episodes):
            game = RecordedGame(
                generate(level_seed, difficulty, level_type, length), mode, time_limit
            )
            tail = f"-seed{level_seed}-difficulty{difficulty}-type{level_type}"
            path = out / distinct_file_name(agent, tail, SUFFIX)
            try:
                play_level(player, game, f"level {level_seed}")
            finally:
                with interruption.postponed():
                    game.replay({"agent": agent}).save(path)
            progress.advance(task)
            if interruption.asked:
                raise KeyboardInterrupt
    typer.echo(f"{out}: {episodes} replays")


app.command("nes", epilog="Example: mario record nes --agent nes-search --stage 1-1 --out runs")(
    record_nes
)
