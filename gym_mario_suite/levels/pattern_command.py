"""`mario levels count-patterns`: the statistics behind the baselines ngram and wfc."""

# No `from __future__ import annotations`: Typer reads the annotations.

import json
from pathlib import Path
from typing import Annotated

import typer

from gym_mario_suite.whole_file import require_folder, write_whole

_GAMES = ("SMB", "SMB2J")


def count_patterns(
    corpus: Annotated[
        Path, typer.Option(help="Folder of level texts, such as the VGLC's: smb/processed/...")
    ],
    out: Annotated[Path, typer.Option(help="Folder to write ngram.npz and wfc.npz to.")],
) -> None:
    """Count the columns and the 3x3 patterns of a corpus, for the generators ngram and wfc.

    Only the levels of Super Mario Bros. and its Japanese sequel are counted, and of these only
    those that the learned generators are trained on, too.
    """
    from gym_mario_suite.levels.corpus import Domain, read_corpus, split_by_level
    from gym_mario_suite.levels.ngram import ColumnCounts
    from gym_mario_suite.levels.wfc_patterns import Patterns

    games = {Domain[game] for game in _GAMES}
    levels = [each for each in split_by_level(read_corpus(corpus)).train if each.domain in games]
    codes = [each.codes for each in levels]
    require_folder(out)
    columns, patterns = ColumnCounts.of_levels(codes), Patterns.of_levels(codes)
    write_whole(out / "ngram.npz", columns.to_bytes())
    write_whole(out / "wfc.npz", patterns.to_bytes())
    card = {
        "what": "counts of columns (ngram.npz) and of 3x3 patterns by row (wfc.npz)",
        "levels": [each.name for each in levels],
        "source": "The Video Game Level Corpus, https://github.com/TheVGLC/TheVGLC",
        "licence": "MIT, Copyright (c) 2016 Adam Summerville, Santiago Ontanon, Sam Snodgrass",
        "command": "mario levels count-patterns --corpus FOLDER --out FOLDER",
    }
    write_whole(out / "patterns_card.json", (json.dumps(card, indent=1) + "\n").encode())
    typer.echo(
        f"{out}: {len(columns.columns)} columns and {len(patterns.rows)} patterns of "
        f"{len(levels)} levels"
    )
