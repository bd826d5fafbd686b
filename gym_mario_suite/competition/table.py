"""A score as a table for the terminal."""

from __future__ import annotations

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from gym_mario_suite.competition.framework_track import completion
from gym_mario_suite.competition.plays import PlayedLevel
from gym_mario_suite.competition.score import TrackScore
from gym_mario_suite.engine.world import Rules

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
    """Level by level, then the mean of each difficulty, the score and the tie-breakers.

    On a track of the 2019 rules a collection takes the place of a difficulty.
    """
    if score.track.rules == Rules.FRAMEWORK_2019:
        return Group(_framework_table(score), "", _collections_table(score), "", _summary(score))
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


def _framework_table(score: TrackScore) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for name in ("level", "completion", "status", "time left", "kills", "mode", "coins", "ticks"):
        left = name in {"level", "status", "mode"}
        table.add_column(name, justify="left" if left else "right", no_wrap=name != "level")
    for level, following in zip(score.levels, (*score.levels[1:], None), strict=True):
        record = level.record
        table.add_row(
            Text(one_line(level.spec.label)),
            f"{completion(record.distance, level.exit_px):.1%}",
            record.status.name.lower() if record.failure is None else "fault",
            f"{record.time_left_ms / 1000:.2f}",
            str(record.kills),
            record.mode.name.lower(),
            str(record.coins),
            str(record.ticks),
            end_section=following is None or following.spec.group != level.spec.group,
        )
    return table


def _collections_table(score: TrackScore) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for name in (
        "collection",
        "levels",
        "won",
        "win rate",
        "completion",
        "time left, mean",
        "kills",
    ):
        table.add_column(name, justify="left" if name == "collection" else "right", no_wrap=True)
    table.add_column("ms/step", justify="right", no_wrap=True)
    for each in score.collections:
        table.add_row(
            Text(one_line(each.name)),
            str(each.levels),
            str(each.levels_cleared),
            f"{each.win_rate:.1%}",
            f"{each.completion:.1%}",
            f"{each.time_left_ms_sum / each.levels / 1000:.2f}",
            str(each.kills_sum),
            f"{each.ms_per_step:.4f}",
        )
    return table


def _summary(score: TrackScore) -> Text:
    lines = [
        f"{score.agent} on {score.track.name}, seed {score.track.seed}",
        _score_line(score),
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
            f"    {level.spec.label}: {one_line(reason)}"
            for level in score.levels
            if (reason := level.record.failure) is not None
        ][:_FAULTS_SHOWN]
    if score.disqualified:
        lines.append(f"  {score.disqualified}: disqualified by the rules of 2009")
    return Text("\n".join(lines))


def _score_line(score: TrackScore) -> str:
    if score.track.rules == Rules.FRAMEWORK_2019:
        return f"  levels won         {score.score:.2f} %"
    return f"  competition score  {score.score!r}"


def one_line(text: str) -> str:
    """A message of an agent as one printable line: it may hold anything."""
    line = " ".join(text.split())
    return line if line.isprintable() else ascii(line)
