"""Runs of many results files, ranked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Group
from rich.table import Table
from rich.text import Text

from gym_mario_suite.competition.statistics import Estimate, interquartile_mean
from gym_mario_suite.competition.table import one_line
from gym_mario_suite.errors import OptionError

_WIN = 1
_COLUMNS: tuple[str, ...] = (
    "",
    "agent",
    "runs",
    "score",
    "cleared",
    "passed (IQM, 95%)",
    "time left",
    "kills",
    "mode",
    "ms/step",
    "p99",
)
# Which columns a narrow terminal does without: the score and the share passed rank agents.
_FIRST_TO_GO = ("p99", "ms/step", "mode", "kills", "runs", "time left", "cleared")
_BETWEEN = 2  # characters between columns
_AGENT_WIDTH = 24  # of a long name, at least; it goes on in the next line


@dataclass(frozen=True)
class Standing:
    """An agent on a track, over all its runs.

    Attributes:
        track: The track.
        agent: Name of the agent.
        versions: Its versions, usually one.
        runs: Its runs, ordered by seed.
        passed: Interquartile mean of the share of each level that was passed, 0 to 1.
        disqualified: Why, or None.
    """

    track: str
    agent: str
    versions: tuple[str, ...]
    runs: tuple[dict[str, Any], ...]
    passed: Estimate
    disqualified: str | None

    def mean(self, name: str) -> float:
        """Mean of a number of the runs."""
        return sum(run[name] for run in self.runs) / len(self.runs)

    @property
    def levels(self) -> list[dict[str, Any]]:
        """All levels that count."""
        return [level for run in self.runs for level in counted_levels(run)]

    @property
    def cleared(self) -> int:
        """Levels won."""
        return sum(level["status"] == _WIN for level in self.levels)

    @property
    def ms_per_step(self) -> float:
        """Mean time of an answer in ms, each run counting the same."""
        return sum(run["ms_per_step"]["mean"] for run in self.runs) / len(self.runs)

    @property
    def ms_per_step_p99(self) -> float:
        """The largest 99th percentile of the runs in ms."""
        return max(run["ms_per_step"]["p99"] for run in self.runs)


def counted_levels(run: dict[str, Any]) -> list[dict[str, Any]]:
    """The levels of a run that make its score."""
    return run["levels"][-1:] if run.get("only_last_counts") is True else run["levels"]


def share_passed(level: dict[str, Any]) -> float:
    """How much of a level was passed, 0 to 1."""
    if level["status"] == _WIN:
        return 1.0
    return min(max(level["distance"] / level["exit_px"], 0.0), 1.0) if level["exit_px"] > 0 else 0.0


def standings(runs: Iterable[dict[str, Any]]) -> list[Standing]:
    """Who stands where: track by track, the best first, the disqualified last.

    The order is that of the competition: score, then time left, kills and mode sum, all as means
    over the runs.

    Raises:
        OptionError: When an agent has two runs on the same track and seed.
    """
    groups: dict[tuple[str, str], dict[int, dict[str, Any]]] = {}
    for run in runs:
        group = groups.setdefault((run["track"], run["agent"]), {})
        if run["seed"] in group:
            raise OptionError(
                f"{one_line(run['agent'])} has two results on {one_line(run['track'])}, "
                f"seed {run['seed']}; leave one out"
            )
        group[run["seed"]] = run
    found = [
        _standing(track, agent, [group[seed] for seed in sorted(group)])
        for (track, agent), group in groups.items()
    ]
    return sorted(found, key=_order)


def _standing(track: str, agent: str, runs: Sequence[dict[str, Any]]) -> Standing:
    strata: dict[int, list[float]] = {}
    for run in runs:
        for level in counted_levels(run):
            strata.setdefault(level["difficulty"], []).append(share_passed(level))
    reasons = [str(run["disqualified"]) for run in runs if run.get("disqualified")]
    return Standing(
        track,
        agent,
        tuple(dict.fromkeys(run["agent_version"] for run in runs)),
        tuple(runs),
        interquartile_mean(list(strata.values())),
        reasons[0] if reasons else None,
    )


def _order(standing: Standing) -> tuple[Any, ...]:
    sums = ("score", "time_left_sum", "kills_sum", "mode_sum")
    best = [-standing.mean(name) for name in sums]
    return standing.track, standing.disqualified is not None, *best, standing.agent


def leaderboard_table(found: Sequence[Standing], width: int | None = None) -> Group:
    """The standings as tables for the terminal, one for each track.

    Args:
        found: The standings.
        width: Of the terminal, in characters: what does not fit is left out by whole columns, and
            long names are folded, since a figure in part would be read as another. None for all.
    """
    parts: list[Any] = []
    for track in dict.fromkeys(standing.track for standing in found):
        notes: list[str] = []
        rows: list[tuple[str, ...]] = []
        here = [standing for standing in found if standing.track == track]
        for place, standing in enumerate(here, 1):
            agent = one_line(standing.agent)
            rows.append(_cells(str(place), agent, standing))
            if standing.disqualified:
                notes.append(f"{agent}: disqualified, {one_line(standing.disqualified)}")
            failed = sum(level["failure"] is not None for level in standing.levels)
            if failed:
                notes.append(f"{agent}: {failed} levels lost by faults")
        table, left_out = _fitting(rows, width)
        if left_out:
            notes.append(f"a wider terminal has also {', '.join(left_out)}")
        parts += [Text(one_line(track)), table, *map(Text, notes), ""]
    return Group(*parts[:-1])


def _fitting(rows: Sequence[tuple[str, ...]], width: int | None) -> tuple[Table, list[str]]:
    """The table, and the names of the columns that it has no room for."""
    wide = {
        name: max(cell_len(cell) for cell in (name, *column)) + _BETWEEN
        for name, column in zip(_COLUMNS, zip(*rows, strict=True), strict=True)
    }
    if width is not None:
        wide["agent"] = min(wide["agent"], _AGENT_WIDTH)
    left_out: list[str] = []
    for name in _FIRST_TO_GO:
        if width is None or sum(wide.values()) <= width:
            break
        left_out.append(name)
        del wide[name]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for name in wide:
        justify = "left" if name == "agent" else "right"
        table.add_column(name, justify=justify, no_wrap=name != "agent", overflow="fold")
    for row in rows:
        cells = dict(zip(_COLUMNS, row, strict=True))
        table.add_row(*(Text(cells[name]) for name in wide))
    return table, [name for name in _COLUMNS if name in left_out]


def _cells(place: str, agent: str, standing: Standing) -> tuple[str, ...]:
    passed = standing.passed
    interval = f"{passed.iqm:.3f}"
    if passed.low is not None:
        interval += f" [{passed.low:.3f}, {passed.high:.3f}]"
    return (
        "–" if standing.disqualified else place,
        agent,
        str(len(standing.runs)),
        f"{standing.mean('score'):.1f}",
        f"{standing.cleared}/{len(standing.levels)}",
        interval,
        f"{standing.mean('time_left_sum'):.1f}",
        f"{standing.mean('kills_sum'):.1f}",
        f"{standing.mean('mode_sum'):.1f}",
        f"{standing.ms_per_step:.4f}",
        f"{standing.ms_per_step_p99:.4f}",
    )
