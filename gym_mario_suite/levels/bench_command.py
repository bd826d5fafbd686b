"""`mario levels bench`: all level generators by the same numbers."""

# No `from __future__ import annotations`: Typer reads the annotations.

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gym_mario_suite.completion import words
from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels.generators import GENERATORS
from gym_mario_suite.whole_file import (
    require_folder,
    require_picture,
    require_writable,
    write_json,
    write_whole,
)

if TYPE_CHECKING:
    from gym_mario_suite.levels.bench.protocol import Protocol
    from gym_mario_suite.levels.corpus import Split

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(epilog="Example: mario levels bench --quick --json bench.json --html bench.html")
def bench(
    quick: Annotated[bool, typer.Option("--quick", help="Few levels, for a first look.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write records here.")] = None,
    corpus: Annotated[
        Path | None,
        typer.Option(help="Folder of level texts; without it statistics that were kept serve."),
    ] = None,
    heldout: Annotated[
        Path | None,
        typer.Option(help="Folder of level texts never trained on, for the held-out row."),
    ] = None,
    generator: Annotated[
        list[str] | None,
        typer.Option(
            help="Only these rows, or generators of your own: NAME:weights=FILE, MODULE:CLASS. May "
            "be given several times.",
            autocompletion=words(GENERATORS),
        ),
    ] = None,
    levels: Annotated[int | None, typer.Option(help="Levels of each generator.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page of drawn samples here.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Write expressive ranges here, PNG.")] = None,
    work: Annotated[
        Path | None, typer.Option(help="Keep finished rows here, to go on after an interrupt.")
    ] = None,
    write_reference: Annotated[
        Path | None, typer.Option(help="Write the corpus' statistics here, *.npz.")
    ] = None,
) -> None:
    """Compare level generators: playable, like the corpus, new, fast."""
    from rich.console import Console

    from gym_mario_suite.levels.bench.protocol import REAL, WIDTH, Bench, Result, contenders
    from gym_mario_suite.levels.bench.reference import (
        load_reference,
        reference_of,
        save_reference,
    )
    from gym_mario_suite.levels.bench.report import (
        all_records,
        expressive_ranges,
        require_plots,
        table_of,
        write_page,
    )

    protocol = _protocol(quick, levels)
    split = _split(corpus, heldout)
    if write_reference is not None and split is None:
        raise OptionError("--write-reference needs --corpus")
    rivals = contenders(generator)
    real = [name for name in REAL if not generator or name in generator]
    if plot or html:
        require_plots()
    if plot is not None and split is None and not rivals:
        raise OptionError("--plot needs the row of a generator, or --corpus")
    require_picture(plot)
    require_writable(json_file, html, write_reference)
    reference = load_reference() if split is None else reference_of(split, WIDTH, [])
    told = Console()
    wide = told if told.is_terminal else Console(width=170)
    console = Console(stderr=True)
    results: list[Result] = []
    skipped: list[str] = []
    with console.status("starting") as status:
        work = require_folder(work) if work is not None else None
        runner = Bench(protocol, reference, work, lambda line: status.update(line))
        for name in real:
            if split is not None:
                results.append(runner.real_row(name, split))
            else:
                kept = [each for each in reference.calibration if each["generator"] == name]
                results.append(Result(name, kept, [], []))
        for contender in rivals:
            try:
                results.append(runner.generator_row(contender))
            except OptionError as error:
                skipped.append(f"{contender.name} was left out: {error}")
            if not console.is_terminal:
                console.print(f"{contender.name}: done", soft_wrap=True)
    wide.print(table_of(results))
    for line in skipped:
        console.print(line, soft_wrap=True)
    if json_file is not None:
        write_json(json_file, all_records(results))
    drawn = [result for result in results if result.shapes_from]
    picture = expressive_ranges(drawn) if (plot or html) and drawn else None
    if plot is not None and picture is not None:
        write_whole(plot, picture)
    if html is not None:
        write_page(html, results, picture)
    if write_reference is not None and split is not None:
        measured = [each for each in all_records(results) if each["generator"] in REAL]
        save_reference(write_reference, reference_of(split, WIDTH, measured))


def _protocol(quick: bool, levels: int | None) -> "Protocol":
    from gym_mario_suite.levels.bench.protocol import QUICK, Protocol

    protocol = QUICK if quick else Protocol()
    if levels is None:
        return protocol
    if levels < 2:
        raise OptionError(f"--levels must be 2 or more, got {levels}")
    return Protocol(
        levels,
        min(levels, protocol.engine_levels),
        min(levels, protocol.drift_levels),
        min(levels, protocol.timed_levels),
        protocol.engine_nodes,
    )


def _split(corpus: Path | None, heldout: Path | None) -> "Split | None":
    from gym_mario_suite.levels.corpus import Split, read_corpus, split_by_level

    if corpus is None:
        if heldout is not None:
            raise OptionError("--heldout needs --corpus")
        return None
    split = split_by_level(read_corpus(corpus))
    if heldout is None:
        return split
    return Split(split.train, tuple(read_corpus(heldout)))
