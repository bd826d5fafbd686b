"""The report: one HTML file with everything in it, which needs no network and no server.

The page is a template, a style sheet and a script, with the data as JSON between them. The script
makes the tables and pictures, so no template language is needed, and nothing of a results file
becomes HTML: the script writes it as text only.
"""

from __future__ import annotations

import html
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from gym_mario_suite import __version__
from gym_mario_suite.competition.atlas_sheet import atlas_sheet
from gym_mario_suite.competition.leaderboard import Standing, counted_levels, share_passed
from gym_mario_suite.competition.replay_film import film_of
from gym_mario_suite.datasets.replay import Replay
from gym_mario_suite.errors import ReplayError
from gym_mario_suite.whole_file import write_whole

_WIN = 1


@dataclass(frozen=True)
class Report:
    """What was written.

    Attributes:
        size: Of the file in bytes.
        lost_replays: Replays it was to show that were not found, or cannot be read.
    """

    size: int
    lost_replays: int


def write_report(
    path: Path,
    title: str,
    found: Sequence[Standing],
    loaded: Sequence[tuple[dict[str, Any], Path]],
    *,
    embed: int = 4,
    replays: Path | None = None,
) -> Report:
    """Write the report.

    Args:
        path: The HTML file.
        title: Its headline.
        found: The standings.
        loaded: Each run, and the results file it comes from.
        embed: Replays of each agent and track to show, at most.
        replays: Folder of the replays; None looks beside each results file.

    Raises:
        OptionError: When it cannot be written.
    """
    origins = {id(run): file for run, file in loaded}
    sheet = atlas_sheet()
    pictures = {name: number for number, name in enumerate(sheet["sprites"])}
    sought = [
        film for standing in found for film in _films(standing, origins, replays, pictures, embed)
    ]
    films = [film for film in sought if film is not None]
    value = {
        "title": title,
        "version": __version__,
        "standings": [_standing(standing) for standing in found],
        "films": films,
        "atlas": sheet if films else None,
    }
    data = page(title, value).encode(errors="replace")
    write_whole(path, data)
    return Report(len(data), len(sought) - len(films))


def page(title: str, value: dict[str, Any]) -> str:
    """The HTML page that shows `value`."""
    folder = resources.files("gym_mario_suite.competition") / "templates"
    # "</script>" within the data would end the script, so no "<" stands in it.
    data = json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")
    parts = {
        "TITLE": html.escape(title),
        "STYLE": (folder / "report.css").read_text(encoding="utf-8"),
        "DATA": data,
        "PLAYER": (folder / "player.js").read_text(encoding="utf-8"),
        "SCRIPT": (folder / "report.js").read_text(encoding="utf-8"),
    }
    head, *rest = (folder / "report.html").read_text(encoding="utf-8").split("{{")
    pieces = [head]
    for piece in rest:
        name, _, text = piece.partition("}}")
        pieces += [parts[name.strip()], text]
    return "".join(pieces)


def _standing(standing: Standing) -> dict[str, Any]:
    histogram: dict[str, int] = {}
    for run in standing.runs:
        for edge, count in run["ms_per_step"]["histogram"].items():
            histogram[edge] = histogram.get(edge, 0) + int(count)
    by_difficulty: dict[int, list[float]] = {}
    for level in standing.levels:
        by_difficulty.setdefault(level["difficulty"], []).append(level["distance"])
    return {
        "track": standing.track,
        "agent": standing.agent,
        "version": ", ".join(standing.versions),
        "seeds": [run["seed"] for run in standing.runs],
        "score": standing.mean("score"),
        "cleared": standing.cleared,
        "count": len(standing.levels),
        "failed": sum(level["failure"] is not None for level in standing.levels),
        "iqm": standing.passed.iqm,
        "low": standing.passed.low,
        "high": standing.passed.high,
        "time_left": standing.mean("time_left_sum"),
        "kills": standing.mean("kills_sum"),
        "mode": standing.mean("mode_sum"),
        "ms": standing.ms_per_step,
        "p99": standing.ms_per_step_p99,
        "disqualified": standing.disqualified,
        "note": str(standing.runs[0].get("track_note") or ""),
        "machines": sorted({_machine(run) for run in standing.runs}),
        "histogram": sorted((float(edge), count) for edge, count in histogram.items()),
        "distance": [
            [difficulty, sum(values) / len(values)] for difficulty, values in by_difficulty.items()
        ],
        "levels": [
            {
                "seed": run["seed"],
                "difficulty": level["difficulty"],
                "trial": level["trial"],
                "passed": share_passed(level),
                "distance": level["distance"],
                "status": level["status"],
                "time_left": level["time_left"],
                "failure": level["failure"],
            }
            for run in standing.runs
            for level in counted_levels(run)
        ],
    }


def _machine(run: dict[str, Any]) -> str:
    machine = run["machine"]
    return f"{machine.get('processor')}, {machine.get('cores')} cores, {machine.get('system')}"


def _films(
    standing: Standing,
    origins: dict[int, Path],
    replays: Path | None,
    pictures: dict[str, int],
    embed: int,
) -> list[dict[str, Any] | None]:
    """Films of some levels: the first of each difficulty and seed before the others.

    None stands for a replay that is not there, or cannot be read (`mario verify` says why).
    """
    levels = [
        (run, level)
        for run in standing.runs
        for level in counted_levels(run)
        if level.get("replay")
    ]
    levels.sort(key=lambda each: (each[1]["trial"], each[0]["seed"], each[1]["difficulty"]))
    return [
        _film(standing, run, level, origins[id(run)], replays, pictures)
        for run, level in levels[:embed]
    ]


def _film(
    standing: Standing,
    run: dict[str, Any],
    level: dict[str, Any],
    origin: Path,
    replays: Path | None,
    pictures: dict[str, int],
) -> dict[str, Any] | None:
    name = Path(level["replay"]).name
    folders = [replays] if replays else [origin.parent, origin.parent / "replays"]
    path = next((folder / name for folder in folders if os.path.isfile(folder / name)), None)
    if path is None:
        return None
    try:
        film = film_of(Replay.load(path), pictures)
    except ReplayError:
        return None
    end = "won" if level["status"] == _WIN else "lost"
    film["agent"] = standing.agent
    film["label"] = (
        f"{standing.track}, seed {run['seed']}, difficulty {level['difficulty']}, "
        f"trial {level['trial']}: {end} at {level['distance']:.0f} px"
    )
    return film
