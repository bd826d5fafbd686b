"""Results files: the scores of runs as JSON, with where they come from.

A file holds one run (an object) or several (a list of objects). Each run carries a checksum over
everything else in it, by which an edited file is noticed; whether the numbers are *true* is what
`competition.verify` finds out from the replays.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite import __version__
from gym_mario_suite.competition.plays import PlayedLevel
from gym_mario_suite.competition.score import TrackScore
from gym_mario_suite.datasets.replay import SUFFIX
from gym_mario_suite.errors import OptionError
from gym_mario_suite.whole_file import distinct_file_name

FORMAT = "gym-mario-suite results 1"
_MAX_FILE_BYTES = 1 << 30
# Bins of the times: ten to each power of ten, from 0.1 us to 1000 s.
EDGES_MS = tuple(round(10 ** (power / 10), 10) for power in range(-40, 61))

_PARTS = ("levels", "collections")
_NUMBERS = ("score", "levels_cleared", "time_left_sum", "kills_sum", "mode_sum", "seed")
_LEVEL_INTS = (
    *("difficulty", "trial", "level_seed", "type", "length", "status", "time_left"),
    *("kills", "mode", "coins", "ticks", "actions_crc32", "exit_px"),
)


def result_of(score: TrackScore, version: str, replays: bool) -> dict[str, Any]:
    """The JSON form of a run.

    Args:
        score: The run.
        version: Of the agent.
        replays: Whether its replays are written beside the file, under `replay_name`.
    """
    value = score.to_json()
    value["ms_per_step"] |= {
        "max": float(score.step_times_ms.max(initial=0.0)),
        "histogram": _histogram(score.step_times_ms),
    }
    for entry, level in zip(value["levels"], score.levels, strict=True):
        times = level.record.act_times_ns / 1e6
        entry |= {
            "generator": level.spec.generator,
            "exit_px": level.exit_px,
            "failure": level.record.failure,
            "ms_per_step": {
                "mean": float(times.mean()) if times.size else 0.0,
                "max": float(times.max(initial=0.0)),
            },
            "replay_hash": level.replay.hashes[-1].hex() if level.replay is not None else None,
            "replay": replay_name(score, level) if replays and level.replay is not None else None,
        }
    value |= {
        "disqualified": score.disqualified,
        "levels_failed": score.levels_failed,
        "only_last_counts": score.track.only_last_counts,
        "track_note": score.track.note,
        "time_rule": "level" if score.strict else "difficulty",
        "agent_version": version,
        "machine": machine(),
        "format": FORMAT,
    }
    value["checksum"] = checksum(value)
    return value


def replay_name(score: TrackScore, level: PlayedLevel) -> str:
    """File name of a level's replay."""
    track = "" if score.track.name == "cig-2009" else f"-{score.track.name}"
    spec = level.spec
    tail = f"-seed{score.track.seed}-difficulty{spec.difficulty}-trial{spec.trial}"
    return distinct_file_name(f"{score.agent}{track}", tail, SUFFIX)


def without_timings(value: dict[str, Any]) -> dict[str, Any]:
    """A run without what differs from one time to the next: times, machine and checksum."""
    return {
        name: [without_timings(each) for each in part]
        if name in _PARTS and isinstance(part, list)
        else part
        for name, part in value.items()
        if name not in ("ms_per_step", "machine", "checksum", "disqualified")
    }


def checksum(value: Mapping[str, Any]) -> str:
    """SHA-256 of a run, without its own checksum."""
    rest = {name: part for name, part in value.items() if name != "checksum"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def load_results(path: Path, *, sealed: bool = True) -> list[dict[str, Any]]:
    """The runs of a results file.

    Args:
        path: The file.
        sealed: Whether the checksums must be right.

    Raises:
        OptionError: When the file cannot be read, is no results file, or has been altered.
    """
    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise OptionError(f"{path} is too large for a results file")
        value = json.loads(path.read_bytes())
    except OSError as error:
        raise OptionError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError):
        raise OptionError(f"{path} is no results file: it is not JSON") from None
    runs = value if isinstance(value, list) else [value]
    if not runs:
        raise OptionError(f"{path} holds no results")
    for run in runs:
        if not isinstance(run, dict) or run.get("format") != FORMAT:
            raise OptionError(
                f"{path} is no results file of `mario score --json`: "
                f"a run must have the format {FORMAT!r}"
            )
        problem = _problem(run)
        if problem:
            raise OptionError(f"{path} has been altered: {problem}")
        if sealed and run.get("checksum") != checksum(run):
            raise OptionError(
                f"{path} has been altered since it was written: the checksum of "
                f"{str(run['agent'])[:60]!r} does not match"
            )
    return runs


def machine() -> dict[str, Any]:
    """What the times were measured on."""
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": metadata.version("numba"),
        "gym_mario_suite": __version__,
    }


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"


def _histogram(times_ms: NDArray[np.float64]) -> dict[str, int]:
    """Answers in each bin that has any, by the bin's lower edge in ms."""
    edges = np.array(EDGES_MS)
    bins = np.clip(np.searchsorted(edges, times_ms, side="right") - 1, 0, len(edges) - 1)
    counts = np.bincount(bins, minlength=len(edges))
    return {f"{edges[i]:g}": int(counts[i]) for i in np.flatnonzero(counts)}


def _is_text_of_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= sys.float_info.max  # JSON knows NaN and infinite numbers, too


def _problem(run: dict[str, Any]) -> str | None:
    """What keeps the run from being read at all, or None."""
    for name in ("track", "agent", "agent_version"):
        if not isinstance(run.get(name), str):
            return f"{name!r} must be text"
    for name in _NUMBERS:
        if not _is_number(run.get(name)):
            return f"{name!r} must be a number"
    if not isinstance(run.get("ms_per_step"), dict) or not all(
        _is_number(run["ms_per_step"].get(name)) for name in ("mean", "p99", "max")
    ):
        return "'ms_per_step' must have the numbers mean, p99 and max"
    histogram = run["ms_per_step"].get("histogram")
    if not isinstance(histogram, dict) or not all(
        _is_text_of_number(edge) and _is_number(n) for edge, n in histogram.items()
    ):
        return "'ms_per_step' must have a histogram"
    if not isinstance(run.get("machine"), dict):
        return "'machine' must be an object"
    levels = run.get("levels")
    if not isinstance(levels, list) or not levels:
        return "'levels' must be a list of levels"
    for number, level in enumerate(levels):
        if not isinstance(level, dict):
            return f"level {number} must be an object"
        for name in _LEVEL_INTS:
            if not isinstance(level.get(name), int) or isinstance(level.get(name), bool):
                return f"{name!r} of level {number} must be a whole number"
        if not _is_number(level.get("distance")):
            return f"'distance' of level {number} must be a number"
        for name in ("failure", "replay", "replay_hash"):
            if name not in level or not isinstance(level[name], str | None):
                return f"{name!r} of level {number} must be text or null"
    return None
