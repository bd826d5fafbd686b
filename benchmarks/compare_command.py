"""`python -m benchmarks compare`: the command line of `benchmarks.compare`."""

# No `from __future__ import annotations`: Typer reads the annotations.

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.compare import CompareError, compare
from gym_mario_suite.program import Interruption


def main(
    commit_a: Annotated[str, typer.Argument(metavar="COMMIT_A", help="A tag, branch or hash.")],
    commit_b: Annotated[str, typer.Argument(metavar="COMMIT_B", help="What it is compared with.")],
    name: Annotated[str, typer.Option(help="The benchmark.")] = "engine",
    pairs: Annotated[int, typer.Option(help="Runs of each commit.")] = 5,
    quick: Annotated[bool, typer.Option(help="The benchmark's --quick.")] = True,
) -> None:
    """Run a benchmark of two commits in turns, and print B over A with a 95 % interval."""
    terminal = Console()
    # Elsewhere nobody can widen it: names are not cut off.
    console = terminal if terminal.is_terminal else Console(width=140)
    try:
        # `kill` and `timeout` end us like Ctrl-C: with the checkouts taken away.
        with Interruption(at_once=True), console.status("checking out") as status:

            def tell(line: str) -> None:
                status.update(line)
                if not console.is_terminal:
                    console.print(line)

            found = compare(commit_a, commit_b, name, pairs, quick, tell)
    except CompareError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from None
    table = Table(box=None, pad_edge=False)
    for heading in ("metric", f"A {commit_a}", f"B {commit_b}", "B / A", "interval", ""):
        table.add_column(heading, justify="left" if heading in ("metric", "") else "right")
    for each in found:
        table.add_row(
            each.name,
            f"{each.a:,.4g}",
            f"{each.b:,.4g}",
            f"{each.ratio:.3f}",
            f"{each.low:.3f} to {each.high:.3f}",
            each.verdict,
        )
    console.print(table)
