"""A score as a table for the terminal."""

from __future__ import annotations

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from gym_mario_suite.competition.plays import PlayedLevel
from gym_mario_suite.competition.score import TrackScore

TABLE_WIDTH = 90  # columns the table needs, with the longest seeds

TYPE_NAMES = {0: "overground", 1: "underground", 2: "castle"}
_COLUMNS = (
    "diff",
    "trial",
    "seed",
    "type",
    "length",
    "distance",
    "status",
    "time",
    "kills",
    "mode",
    "coins",
    "ticks",
)
_FAULTS_SHOWN = 10
_TEXT_COLUMNS = {"type", "status", "mode"}


def score_table(score: TrackScore) -> Group:
    """Level by level, then the mean of each difficulty, the score and the tie-breakers."""
    return Group(_levels_table(score), "", _difficulties_table(score), "", _summary(score))


def _levels_table(score: TrackScore) -> Table:
    # Without padding the columns stand one apart, and a table of small seeds fits 80.
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0)
    for name in _COLUMNS:
        table.add_column(name, justify="left" if name in _TEXT_COLUMNS else "right", no_wrap=True)
    for level, following in zip(score.levels, (*score.levels[1:], None), strict=True):
        last = following is None or following.spec.difficulty != level.spec.difficulty
        table.add_row(*_cells(level), end_section=last)
    return table


def _cells(level: PlayedLevel) -> tuple[str, ...]:
    spec, record = level.spec, level.record
    return (
        str(spec.difficulty),
        str(spec.trial),
        str(spec.level_seed),
        TYPE_NAMES.get(spec.type, str(spec.type)),
        str(spec.length),
        f"{record.distance:.2f}",
        record.status.name.lower() if record.failure is None else "fault",
        str(record.time_left),
        str(record.kills),
        record.mode.name.lower(),
        str(record.coins),
        str(record.ticks),
    )


def _difficulties_table(score: TrackScore) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0)
    table.add_column("difficulty", justify="right")
    table.add_column("mean distance", justify="right")
    table.add_column("ms per step", justify="right")
    for difficulty in score.difficulties:
        table.add_row(
            str(difficulty.difficulty), f"{difficulty.score:.4f}", f"{difficulty.ms_per_step:.4f}"
        )
    return table


def _summary(score: TrackScore) -> Text:
    lines = [
        f"{score.agent} on {score.track.name}, seed {score.track.seed}",
        f"  competition score  {score.score!r}",
        f"  levels cleared     {score.levels_cleared} of {len(score.counted)}",
        f"  time left          {score.time_left_sum} s",
        f"  kills              {score.kills_sum}",
        f"  mode sum           {score.mode_sum}  (small 0, large 1, fire 2)",
        f"  ms per step        {score.ms_per_step_mean:.4f} mean, "
        f"{score.ms_per_step_p99:.4f} 99th percentile",
    ]
    if score.track.note:
        lines.append(f"  ({score.track.note})")
    if score.levels_failed:
        lines.append(f"  {score.levels_failed} levels lost by faults of the agent:")
        lines += [
            f"    difficulty {level.spec.difficulty}, trial {level.spec.trial}: {one_line(reason)}"
            for level in score.levels
            if (reason := level.record.failure) is not None
        ][:_FAULTS_SHOWN]
    if score.disqualified:
        lines.append(f"  {score.disqualified}: disqualified by the rules of 2009")
    return Text("\n".join(lines))


def one_line(text: str) -> str:
    """A message of an agent as one printable line: it may hold anything."""
    line = " ".join(text.split())
    return line if line.isprintable() else ascii(line)
