"""`mario levels score`: level generators compete."""

# No `from __future__ import annotations`: Typer reads the annotations.

from pathlib import Path
from typing import Annotated, Any

import typer

from gym_mario_suite.completion import words
from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels.generators import GENERATORS, generator_named

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(epilog="Example: mario levels score infinite ngram wfc --levels 5")
def score(
    generators: Annotated[
        list[str],
        typer.Argument(
            metavar="GENERATOR",
            help=f"Names of generators: {', '.join(GENERATORS)}.",
            autocompletion=words(GENERATORS),
        ),
    ],
    agents: Annotated[
        str,
        typer.Option(
            help="Who plays, parted by commas: names or module:Class, with one option at most."
        ),
    ] = "forward,forward-jumping,scared-speedy,astar-world",
    levels: Annotated[int, typer.Option(help="Levels, of the seeds 0, 1, ...")] = 20,
    width: Annotated[int, typer.Option(help="Columns of a level.")] = 100,
    time_limit: Annotated[int, typer.Option(help="Seconds of level time, 0 for no limit.")] = 200,
    bench: Annotated[
        bool,
        typer.Option(
            "--bench",
            help="Tell the figures of `mario levels bench` that take no playing, too: playable, "
            "like the corpus, new.",
        ),
    ] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the records there.")
    ] = None,
) -> None:
    """Score level generators by how agents fare in their levels."""
    from rich.console import Console
    from rich.progress import Progress

    from gym_mario_suite.agents.registry import make_agent
    from gym_mario_suite.competition.generation import score_generator
    from gym_mario_suite.whole_file import require_writable, write_json

    least = 2 if bench else 1
    if levels < least:
        raise OptionError(f"--levels must be {least} or more, got {levels}")
    measure = None
    if bench:
        from gym_mario_suite.levels.bench.protocol import bench_unplayed as measure
    names = [name for name in agents.split(",") if name]
    require_writable(json_file)
    # All that can be misspelt, before the first generator's levels are played.
    for generator in generators:
        generator_named(generator).check_options({"width": width})
    for name in names:
        make_agent(name)
    errors = Console(stderr=True)
    records: list[dict[str, Any]] = []
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as bar:
        for generator in generators:
            task = bar.add_task(generator, total=levels * len(names))
            found = score_generator(
                generator,
                names,
                range(levels),
                {"width": width},
                time_limit=time_limit,
                bench=measure,
                on_level=lambda task=task: bar.advance(task),
            )
            records += found.records()
    typer.echo(table(records))
    if json_file is not None:
        write_json(json_file, records)
        typer.echo(f"{json_file}: {len(records)} records")


def table(records: list[dict[str, Any]]) -> str:
    """The records as text: a row for each metric, a column for each generator."""
    generators = list(dict.fromkeys(record["generator"] for record in records))
    metrics = list(dict.fromkeys(record["metric"] for record in records))
    values = {(r["metric"], r["generator"]): f"{r['value']:.3f}" for r in records}
    rows = [["", *generators]]
    rows += [[m, *(values.get((m, generator), "") for generator in generators)] for m in metrics]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            [row[0].ljust(widths[0])]
            + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        ).rstrip()
        for row in rows
    )
