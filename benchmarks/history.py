"""The history of the figures: a line of JSON for each run that was recorded."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from benchmarks.measure import Metric, machine

FILE = Path(__file__).parent / "history.jsonl"


def entry(name: str, metrics: list[Metric], quick: bool) -> dict[str, Any]:
    """One line of the history: when, on what machine, at what commit, and the figures."""
    facts = {key: value for key, value in machine().items() if key != "name"}
    return {
        "benchmark": name,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "quick": quick,
        **facts,
        "figures": {
            m.name: {"value": m.value, "unit": m.unit, "better": m.better} for m in metrics
        },
    }


def record(
    name: str, metrics: list[Metric], quick: bool, path: Path = FILE
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Append a run to the history.

    Returns:
        The new entry, and the last one before it of the same benchmark on the same processor with
        as many cores, if there is one.
    """
    new = entry(name, metrics, quick)
    alike = ("benchmark", "quick", "processor", "cores")
    earlier = [each for each in read(path) if all(each.get(k) == new[k] for k in alike)]
    # One write of one line: runs that end at the same time do not mix.
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(new, allow_nan=False) + "\n")
    return new, earlier[-1] if earlier else None


def read(path: Path = FILE) -> list[dict[str, Any]]:
    """All entries, the oldest first; none where there is no file."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def changes(new: dict[str, Any], old: dict[str, Any]) -> list[str]:
    """A line for each figure that both have: its ratio to the earlier one."""
    lines = []
    for name, figure in new["figures"].items():
        before = old["figures"].get(name)
        if before is not None and before["value"]:
            ratio = figure["value"] / before["value"]
            lines.append(f"{name}: {ratio:.3f} of {old['commit']} ({figure['better']} is better)")
    return lines
