"""`python -m benchmarks NAME [--json FILE] [--quick] [--record]`: run one benchmark.

`python -m benchmarks compare COMMIT_A COMMIT_B --name NAME` runs it for two commits in turns.
"""

import importlib
import math
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks import compare_command, history
from benchmarks.measure import Metric, machine, write_json
from gym_mario_suite.errors import MarioError
from gym_mario_suite.whole_file import require_writable

NAMES = (
    "dream",
    "engine",
    "drawing",
    "astar",
    "beam",
    "nes",
    "nes_stages",
    "framework",
    "curiosity",
    "unseen",
    "multiplayer",
    "solver",
    "maker",
    "levels",
    "gpu",
    "kernels",
)


def _figure(value: float) -> str:
    """Large figures without decimals, small ones (shares, say) with two, nothing for none."""
    if math.isnan(value):
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"


def show(metrics: list[Metric], console: Console, more: dict[str, Any]) -> None:
    """The figures as a table, with the machine, and `more` facts of it, below."""
    table = Table(box=None, pad_edge=False)
    for heading in ("metric", "median", "low", "high", "unit", "target", "peer", "ratio"):
        right = heading in {"median", "low", "high", "target", "ratio"}
        table.add_column(heading, justify="right" if right else "left", overflow="fold")
    for m in metrics:
        ratio = f"{m.value / m.peer_value:.2f}" if m.peer_value else ""
        peer = f"{m.peer} ({_figure(m.peer_value)})" if m.peer and m.peer_value else ""
        target = "" if m.target is None else _figure(m.target)
        row = (_figure(m.value), _figure(m.low), _figure(m.high))
        table.add_row(m.name, *row, m.unit, target, peer, ratio)
    console.print(table)
    facts = machine() | more
    console.print(", ".join(f"{key} {facts[key]}" for key in facts if key != "name"))


def main(
    name: Annotated[str, typer.Argument(help=f"Which benchmark: {', '.join(NAMES)}.")],
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the figures here.")
    ] = None,
    peer_python: Annotated[
        Path | None,
        typer.Option(help="For `nes`: a Python that has the peer gym-super-mario-bros."),
    ] = None,
    quick: Annotated[bool, typer.Option(help="Fewer and shorter repetitions.")] = False,
    record: Annotated[
        bool,
        typer.Option("--record", help="Append the figures to benchmarks/history.jsonl."),
    ] = False,
) -> None:
    """Run one benchmark and print its table; `compare` runs one for two commits.

    With --record the figures are also compared with the last ones of the same processor.
    """
    if name not in NAMES:
        raise typer.BadParameter(f"there are: {', '.join(NAMES)}", param_hint="NAME")
    peers = {} if peer_python is None else {"peer_python": str(peer_python)}
    if peers and name != "nes":
        raise typer.BadParameter(
            "only the benchmark nes has such a peer", param_hint="--peer-python"
        )
    module = importlib.import_module(f"benchmarks.{name}")
    try:
        require_writable(json_file)
        metrics = module.run(quick, **peers)
    except MarioError as error:
        print(f"error: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    facts = module.facts() if hasattr(module, "facts") else {}
    show(metrics, Console(width=None if Console().is_terminal else 160), facts)
    if json_file is not None:
        write_json(json_file, metrics, facts)
    if record:
        new, before = history.record(name, metrics, quick, history.FILE)
        for line in history.changes(new, before) if before else ():
            typer.echo(line)
        typer.echo(f"recorded in {history.FILE}")


def program() -> None:
    """What `python -m benchmarks` does with its words."""
    if sys.argv[1:2] == ["compare"]:
        del sys.argv[1]
        typer.run(compare_command.main)
    else:
        typer.run(main)


if __name__ == "__main__":
    program()
