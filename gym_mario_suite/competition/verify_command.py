"""`mario verify`."""

# No `from __future__ import annotations`: Typer reads the annotations.

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(epilog="Example: mario verify results.json")
def verify(
    results: Annotated[
        Path, typer.Argument(metavar="FILE", help="Results, of `mario score --json`.")
    ],
    replays: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Where the replays are; by default they are sought "
            "beside the file and in its folder `replays`.",
        ),
    ] = None,
) -> None:
    """Play the replays of a results file again and say whether every claimed number is true.

    Exit code 0 when all is true, 1 when something is not; the lines that differ are printed.
    """
    from gym_mario_suite.competition.results import load_results
    from gym_mario_suite.competition.verify import false_claims, find_replays

    runs = load_results(results, sealed=False)
    false = 0
    for run in runs:
        folder = replays if replays is not None else find_replays(run, results)
        title = ascii(f"{run['agent']} on {run['track']}, seed {run['seed']}")[1:-1]
        lines = list(false_claims(run, folder))
        for line in lines:
            typer.echo(f"{title}: {line if line.isprintable() else ascii(line)}")
        false += len(lines)
        if not lines:
            typer.echo(
                f"{title}: verified, score {run['score']!r}, {run['levels_cleared']} cleared, "
                f"{len(run['levels'])} levels"
            )
    if false:
        typer.echo(f"{results}: {false} claims are not true")
        raise typer.Exit(1)
