"""`mario levels`: commands that make levels and look at them."""

# No `from __future__ import annotations`: Typer reads the annotations.

from typing import Annotated

import typer

from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels.file_commands import check, convert, render
from gym_mario_suite.levels.generate import DEFAULT_LENGTH, generate
from gym_mario_suite.levels.pattern_command import count_patterns

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def _levels() -> None:
    """Make levels and look at them."""


@app.command(epilog="Example: mario levels show --seed 7 --difficulty 3 --legend")
def show(
    # Text, so that a malformed seed is one line like our other errors.
    seed: Annotated[
        str, typer.Option(metavar="INTEGER", help="Seed of the generator, 64 bits.")
    ] = "0",
    difficulty: Annotated[int, typer.Option(help="Usually 0 to 10.")] = 0,
    level_type: Annotated[
        int, typer.Option("--type", min=0, max=2, help="0 overground, 1 underground, 2 castle.")
    ] = 0,
    length: Annotated[
        int, typer.Option(help="Columns; below 75 the start and the end alone.")
    ] = DEFAULT_LENGTH,
    legend: Annotated[bool, typer.Option("--legend", help="Say what the letters mean.")] = False,
) -> None:
    """Print a level of the 2009 generator as text."""
    try:
        seed_number = int(seed)
    except ValueError:
        raise OptionError(f"--seed must be a whole number, got {seed!r}") from None

    from gym_mario_suite.engine.compiled import announce_first_compile
    from gym_mario_suite.levels.generator_2009 import generate_2009
    from gym_mario_suite.levels.text import LEGEND, level_text

    announce_first_compile(generate_2009)
    level = generate(seed_number, difficulty, level_type, length)
    typer.echo(
        f"seed {seed_number}, difficulty {difficulty}, type {level_type}, length {length}, "
        f"exit at column {level.x_exit}",
        err=True,  # so that what is written to a file is the level
    )
    typer.echo(level_text(level))
    if legend:
        typer.echo(LEGEND, err=True)


for _command, _example in (
    (check, "mario levels check level.txt --picture ways.png"),
    (convert, "mario levels convert level.txt level.json"),
    (render, "mario levels render level.json level.png"),
    (count_patterns, "mario levels count-patterns --corpus VGLC --out counts"),
):
    app.command(epilog=f"Example: {_example}")(_command)
