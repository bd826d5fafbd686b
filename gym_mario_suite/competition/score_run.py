"""What `mario score` does with its runs: progress, files, tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn

from gym_mario_suite.competition.contest import Run, plan, play_contest
from gym_mario_suite.competition.entries import Entry
from gym_mario_suite.competition.journal import journal_path
from gym_mario_suite.competition.limits import Limits
from gym_mario_suite.competition.results import replay_name, result_of
from gym_mario_suite.competition.score import TrackScore
from gym_mario_suite.competition.table import TABLE_WIDTH, score_table
from gym_mario_suite.competition.tracks import Track
from gym_mario_suite.whole_file import require_folder, require_writable, write_json


@dataclass(frozen=True)
class Output:
    """Where the results go.

    Attributes:
        json_file: Results file, or None.
        replays: Folder of replays, or None.
        quiet: Whether only the scores are printed.
    """

    json_file: Path | None = None
    replays: Path | None = None
    quiet: bool = False


def run_and_report(
    entries: Sequence[Entry],
    tracks: Sequence[Track],
    limits: Limits,
    output: Output,
    *,
    resume: bool = False,
    **where: Any,
) -> None:
    """Play every entry on every track, write the files, print the tables.

    Args:
        entries: Who plays.
        tracks: What is played.
        limits: What the agents may take.
        output: Where the results go.
        resume: Whether to go on with an interrupted run.
        **where: `engine`, `jobs` and `address` of `contest.play_contest`.

    Raises:
        OptionError: When something cannot be played or written.
    """
    if output.json_file is not None:
        require_writable(output.json_file)
    if output.replays is not None:
        require_folder(output.replays)
    runs = plan(entries, tracks, limits, where.get("jobs", 1))
    errors = Console(stderr=True)
    with Progress(
        *Progress.get_default_columns()[:2],
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=errors,
        transient=True,
        disable=output.quiet or not errors.is_terminal,
    ) as progress:
        total = sum(len(run.track.levels) for run in runs)
        names = ", ".join(entry.text for entry in entries)
        task = progress.add_task(names.replace("[", r"\["), total=total)
        scores = play_contest(
            runs,
            limits,
            journal=journal_path(output.json_file) if output.json_file is not None else None,
            resume=resume,
            on_level=lambda: progress.advance(task),
            on_done=lambda scores: _write(runs, scores, output),
            **where,
        )
    _print(scores, output)


def _write(runs: Sequence[Run], scores: list[TrackScore], output: Output) -> None:
    if output.replays is not None:
        for score in scores:
            for level in score.levels:
                if level.replay is not None:
                    level.replay.save(output.replays / replay_name(score, level))
    if output.json_file is not None:
        values = [
            result_of(score, run.version, output.replays is not None)
            for run, score in zip(runs, scores, strict=True)
        ]
        write_json(output.json_file, values if len(values) > 1 else values[0])


def _print(scores: list[TrackScore], output: Output) -> None:
    if output.quiet:
        for score in scores:
            print(repr(score.score))
        return
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = TABLE_WIDTH
    for number, score in enumerate(scores):
        if number:
            console.print()
        console.print(score_table(score))
