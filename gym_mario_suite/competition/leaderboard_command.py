"""`mario leaderboard`."""

# No `from __future__ import annotations`: Typer reads the annotations.

from pathlib import Path
from typing import Annotated

import typer

from gym_mario_suite.errors import OptionError

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(epilog="Example: mario leaderboard results.json --html report.html")
def leaderboard(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="Results, of `mario score --json`.")
    ],
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a report as one HTML file.")
    ] = None,
    embed: Annotated[
        int | None,
        typer.Option(metavar="N", help="Replays of each agent that the report shows, 4 as it is."),
    ] = None,
    replays: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where the replays are, if not beside the results."),
    ] = None,
    title: Annotated[
        str | None, typer.Option(help='Headline of the report, "Mario AI competition" as it is.')
    ] = None,
) -> None:
    """Rank the results of many runs, with confidence intervals."""
    if embed is not None and embed < 0:
        raise OptionError(f"--embed must be 0 or more, got {embed}")
    for option, given in (("embed", embed), ("replays", replays), ("title", title)):
        if given is not None and html is None:
            raise OptionError(f"--{option} is for the report: give --html, too")
    if replays is not None and not replays.is_dir():
        raise OptionError(f"--replays: there is no folder {replays}")

    from rich.console import Console

    from gym_mario_suite.competition.leaderboard import leaderboard_table, standings
    from gym_mario_suite.competition.results import load_results
    from gym_mario_suite.whole_file import require_writable

    if html is not None:
        require_writable(html)
    loaded = [(run, file) for file in files for run in load_results(file)]
    found = standings(run for run, _ in loaded)
    output = Console(highlight=False)
    if not output.is_terminal:
        output.width = 140
    output.print(leaderboard_table(found, output.width))
    if html is not None:
        from gym_mario_suite.competition.report import write_report

        report = write_report(
            html,
            title or "Mario AI competition",
            found,
            loaded,
            embed=4 if embed is None else embed,
            replays=replays,
        )
        typer.echo(f"{html}: {report.size:,} bytes")
        if report.lost_replays:
            where = replays or "the results files' folders"
            typer.echo(
                f"not shown: {report.lost_replays} replays that are not in {where} or cannot be "
                "read; --replays says where they are",
                err=True,
            )
