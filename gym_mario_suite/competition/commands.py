"""`mario score`."""

# No `from __future__ import annotations`: Typer reads the annotations. The modules that load numba
# are imported by the command, so that its help comes at once.

from pathlib import Path
from typing import Annotated

import typer

from gym_mario_suite.agents.registry import AGENTS, make_agent
from gym_mario_suite.errors import OptionError

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def score(
    agent: Annotated[
        str,
        typer.Option(metavar="NAME[:OPTION=VALUE,...]", help=f"Who plays: {', '.join(AGENTS)}."),
    ],
    # Text, so that a malformed seed is one line like our other errors.
    seed: Annotated[
        str, typer.Option(metavar="INTEGER", help="What the levels are made from, 32 bits.")
    ] = "0",
    track: Annotated[str, typer.Option(metavar="NAME", help="Which levels.")] = "cig-2009",
    json_file: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Write the result there as JSON."),
    ] = None,
    replays: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write a replay of each level there."),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Print the competition score and nothing else.")
    ] = False,
) -> None:
    """Play a track of levels with an agent and score it as the 2009 competition did."""
    player = make_agent(agent)

    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn

    from gym_mario_suite.competition.json_file import require_writable, write_json
    from gym_mario_suite.competition.score import score_track
    from gym_mario_suite.competition.table import TABLE_WIDTH, score_table
    from gym_mario_suite.competition.tracks import LevelSpec, make_track
    from gym_mario_suite.datasets.replay import SUFFIX, Replay
    from gym_mario_suite.datasets.whole_file import file_name, require_folder

    levels = make_track(track, _parse_seed(seed))
    if json_file is not None:
        require_writable(json_file)
    if replays is not None:
        require_folder(replays)

    def save(spec: LevelSpec, replay: Replay) -> None:
        if replays is not None:
            name = f"{agent}-seed{levels.seed}-difficulty{spec.difficulty}-trial{spec.trial}"
            replay.save(replays / file_name(name, SUFFIX))

    errors = Console(stderr=True)
    with Progress(
        *Progress.get_default_columns()[:2],
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=errors,
        transient=True,
        disable=quiet or not errors.is_terminal,
    ) as progress:
        task = progress.add_task(player.name, total=len(levels.levels))
        result = score_track(
            player, levels, lambda _: progress.advance(task), save if replays else None
        )

    if json_file is not None:
        write_json(json_file, result.to_json())
    if quiet:
        typer.echo(repr(result.score))
        return
    output = Console(highlight=False)
    if not output.is_terminal:
        output.width = TABLE_WIDTH
    output.print(score_table(result))


def _parse_seed(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise OptionError(f"--seed must be a whole number, got {text!r}") from None
