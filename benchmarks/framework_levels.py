"""Level texts of the 2019 framework: which can be won at all, and which `astar` wins.

`python -m benchmarks.framework_levels FOLDER --json FILE` goes through all `*.txt` below FOLDER,
one level after the other, with one thread. FILE is written anew after each level and taken up
again where it stops; with `--table` the Markdown table of a FILE is printed.

The times are processor time of the thread within `Agent.act`, so that other work on the machine
counts as little as possible.
"""

from __future__ import annotations

import json
import re
import statistics
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.progress import track

from benchmarks.measure import machine
from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import Mode, Status
from gym_mario_suite.errors import LevelError, OptionError
from gym_mario_suite.levels.framework_text import load_framework_text
from gym_mario_suite.levels.level import Level
from gym_mario_suite.levels.winnable import TIME_LIMIT_S, Judge
from gym_mario_suite.whole_file import require_writable, write_json

FORMAT = "gym-mario-suite framework levels 1"
AGENT = "astar"
_STEPS = 40  # of a histogram, to each power of ten
# Share of levels won by the framework's own A* agent, robinBaumgarten, and its mean processor time
# per tick in ms, on a server of the same kind (40 ms a tick allowed, 200 s, small at the start).
JAVA = {
    "original": (0.60, 6.8),
    "notch": (0.99, 3.1),
    "ore": (0.54, 2.8),
    "ge": (0.67, 3.5),
    "hopper": (0.66, 2.2),
    "patternCount": (0.56, 5.0),
}


def _play(agent: Any, level: Level) -> dict[str, Any]:
    game = Game(level.image, Mode.SMALL, TIME_LIMIT_S)
    agent.reset()
    times = []
    keys = 0
    while game.status == Status.RUNNING:
        game.tick(keys)
        before = time.thread_time_ns()
        keys = agent.act(game)
        times.append((time.thread_time_ns() - before) / 1e6)
    return {
        "status": game.status.name,
        "completion": round(float(game.x) / (16 * level.x_exit), 4),
        "ticks": game.ticks,
        "ms_mean": round(statistics.fmean(times), 4),
        "ms_max": round(max(times), 2),
        "histogram": _histogram(times),
    }


def _histogram(times_ms: list[float]) -> dict[str, int]:
    """How many ticks took how long: by the power of ten of ms in steps of a fortieth."""
    steps = np.floor(_STEPS * np.log10(np.maximum(times_ms, 1e-4))).astype(int)
    return {str(step): int((steps == step).sum()) for step in sorted(set(steps.tolist()))}


def _percentile_99(histograms: list[dict[str, int]]) -> float:
    """The middle of the bin that the 99th percentile falls into, ms."""
    counts: dict[int, int] = {}
    for histogram in histograms:
        for step, count in histogram.items():
            counts[int(step)] = counts.get(int(step), 0) + count
    slower = sum(counts.values()) // 100
    for step in sorted(counts, reverse=True):
        slower -= counts[step]
        if slower < 0:
            return 10 ** ((step + 0.5) / _STEPS)
    return 0.0


def _judged(judge: Judge, level: Level) -> dict[str, Any]:
    before = time.thread_time()
    verdict = judge.judge(level)
    found = {
        "outcome": verdict.outcome,
        "nodes": verdict.nodes,
        "seconds": round(time.thread_time() - before, 2),
    }
    if verdict.keys is not None:
        return found | {"ticks_of_win": len(verdict.keys)}
    return found | {
        "states_small": verdict.states_small,
        "ended_small": verdict.ended_small,
        "way_small": verdict.way_small,
        "states_large": verdict.states_large,
        "ended_large": verdict.ended_large,
        "way_large": verdict.way_large,
        "obstacle": verdict.obstacle,
    }


def _natural(path: Path) -> list[Any]:
    parts = re.split(r"(\d+)", path.as_posix())
    return [int(part) if part.isdigit() else part for part in parts]


def measure(folder: Path, file: Path) -> dict[str, Any]:
    """Judge and play every level of `folder` that `file` does not hold yet."""
    paths = sorted(folder.rglob("*.txt"), key=_natural)
    if not paths:
        raise OptionError(f"there is no level text (*.txt) below {folder}")
    require_writable(file)
    value: dict[str, Any] = {"format": FORMAT, "machine": machine(), "levels": {}}
    if file.exists():
        value = load(file)
    judge, agent = Judge(), make_agent(AGENT)
    _play(agent, load_framework_text(paths[0]))  # memory and compiled code are there from now on
    for path in track(paths, "levels"):
        name = path.relative_to(folder).with_suffix("").as_posix()
        if name in value["levels"]:
            continue
        level = load_framework_text(path)
        value["levels"][name] = {"astar": _play(agent, level), "bound": _judged(judge, level)}
        write_json(file, value)
    return value


def load(file: Path) -> dict[str, Any]:
    """What `measure` wrote."""
    try:
        value = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise OptionError(f"cannot read {file}: {error}") from None
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise OptionError(f"{file} is no file of benchmarks.framework_levels")
    return value


def table(value: dict[str, Any]) -> str:
    """The results as Markdown: a row for each collection, then the levels that nobody wins."""
    groups: dict[str, dict[str, Any]] = {}
    for name, level in value["levels"].items():
        groups.setdefault(name.rpartition("/")[0], {})[name] = level
    order = [name for name in JAVA if name in groups] + sorted(set(groups) - set(JAVA))
    lines = [
        "| collection | levels | can be won | `astar` wins | of those | Java A* wins "
        "| ms per tick, mean | p99 | largest | Java, mean |",
        "|---" * 10 + "|",
    ]
    rows = [(group, list(groups[group].values())) for group in order]
    rows.append(("all", list(value["levels"].values())))
    for group, levels in rows:
        won = sum(level["astar"]["status"] == "WIN" for level in levels)
        winnable = sum(level["bound"]["outcome"] != "nobody" for level in levels)
        ticks = sum(level["astar"]["ticks"] for level in levels)
        total_ms = sum(level["astar"]["ms_mean"] * level["astar"]["ticks"] for level in levels)
        java = JAVA.get(group)
        cells = (
            group,
            len(levels),
            winnable,
            f"{won} ({won / len(levels):.0%})",
            f"{won / winnable:.0%}" if winnable else "",
            f"{java[0]:.0%}" if java else "",
            f"{total_ms / ticks:.3f}",
            f"{_percentile_99([level['astar']['histogram'] for level in levels]):.2f}",
            f"{max(level['astar']['ms_max'] for level in levels):.0f}",
            f"{java[1]}" if java else "",
        )
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    lines += ["", "| level that nobody can win | why | `astar` comes as far as |", "|---|---|---|"]
    for group in order:
        for name, level in groups[group].items():
            if level["bound"]["outcome"] != "can be won":
                why = level["bound"]["obstacle"] or "no way found past the creatures"
                far = level["astar"]["completion"]
                lines.append(f"| {name} | {why} | {far:.0%} |")
    return "\n".join(lines)


def main(
    folder: Annotated[Path | None, typer.Argument(help="Folder of level texts.")] = None,
    json_file: Annotated[Path, typer.Option("--json", help="Results.")] = Path(
        "framework-levels.json"
    ),
    show_table: Annotated[
        bool, typer.Option("--table", help="Print the table of --json and play nothing.")
    ] = False,
) -> None:
    """Judge and play level texts of the 2019 framework, and print the table."""
    try:
        if show_table:
            value = load(json_file)
        elif folder is None:
            raise OptionError("name the FOLDER of the level texts, or --table")
        else:
            value = measure(folder, json_file)
    except (OptionError, LevelError) as error:
        typer.echo(f"framework_levels: {error}", err=True)
        raise typer.Exit(2) from None
    typer.echo(table(value))


if __name__ == "__main__":
    typer.run(main)
