"""Tables of results, made of the files that hold them."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[1]
RESULTS = DOCS / "results"
CURVES = DOCS / "curves"


def _load(name: str) -> Any:
    return json.loads((RESULTS / name).read_text(encoding="utf-8"))


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]], numbers_from: int = 1) -> str:
    """A Markdown table whose columns from `numbers_from` on are set to the right."""
    rules = ["---" if i < numbers_from else "--:" for i in range(len(headings))]
    lines = [headings, rules, *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _figure(value: float | None) -> str:
    """Large figures without decimals, small ones as they are; nothing for none."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"


def speed(name: str) -> str:
    """One group of benchmarks.json with its command and conditions.

    Args:
        name: Of the group.
    """
    group = next(one for one in _load("benchmarks.json")["groups"] if one["name"] == name)
    rows = []
    for metric in group["metrics"]:
        peer = metric.get("peer_value")
        # Where less is better, the ratio says how many times less.
        ratio = (
            (metric["value"] / peer if metric["better"] == "higher" else peer / metric["value"])
            if peer
            else None
        )
        between = (
            f"{_figure(metric['low'])} to {_figure(metric['high'])}" if "low" in metric else ""
        )
        beside = f"{metric['peer']}: {_figure(peer)}" if peer else ""
        rows.append(
            (
                f"`{metric['name']}`",
                _figure(metric["value"]),
                metric["unit"],
                beside,
                "" if ratio is None else f"{ratio:.3g}",
                _figure(metric.get("target")),
                between,
            )
        )
    table = _table(("figure", "median", "unit", "peer", "ratio", "aim", "low to high"), rows)
    source = f"`{group['command']}`, written down in commit {group['commit']}."
    return f"{source} {group['conditions']}\n\n{table}"


def competition(seed: str) -> str:
    """Ours, the entries of 2009 run again, and the published figures.

    Args:
        seed: Of the 40 levels, or "paper" for the published table.
    """
    data = _load("competition.json")
    if seed == "paper":
        rows = [
            (row["agent"], f"{row['score']:.1f}", str(row["levels_cleared"]))
            for row in data["paper"]["rows"]
        ]
        return f"{_table(('entry', 'score', 'levels cleared'), rows)}\n\n{data['paper']['about']}"
    entries = [(f"`{row['agent']}`", row) for row in data["ours"]["seeds"][seed]]
    entries += [(f"{row['agent']} (2009, in Java)", row) for row in data["java"]["seeds"][seed]]
    # Ties go to who is faster through the levels, as in the competition.
    entries.sort(key=lambda one: (-one[1]["score"], -one[1].get("time_left_sum", 0)))
    rows = [
        (
            name,
            f"{row['score']:.1f}",
            str(row.get("levels_cleared", "")),
            _figure(row.get("time_left_sum")),
            _figure(row.get("kills_sum")),
            _figure(row.get("mode_sum")),
            "" if "ms_per_step" not in row else f"{row['ms_per_step']:.2f}",
        )
        for name, row in entries
    ]
    headings = ("agent", "score", "cleared", "time left, s", "kills", "mode sum", "ms per step")
    return _table(headings, rows)


def provenance() -> str:
    """Where the figures of competition.json are from."""
    data = _load("competition.json")
    return "\n".join(
        f"* **{title}.** {data[key]['about']} Written down in {data[key]['commit']}."
        for key, title in (("ours", "Ours"), ("java", "Of 2009, in Java"))
    )


def framework_2019() -> str:
    """A* on the levels of the 2019 framework, and the levels that nobody can win."""
    from benchmarks.framework_levels import load, table

    value = load(RESULTS / "framework_2019_levels.json")
    machine = value["machine"]
    return (
        f"{table(value)}\n\nMeasured at commit {machine['commit']} on a {machine['cores']}-core "
        f"{machine['processor']}, Python {machine['python']}."
    )


def level_generators() -> str:
    """The bench of all level generators."""
    columns = (
        ("playable_static_raw", "raw", ".1%"),
        ("playable_static", "static", ".1%"),
        ("playable_engine", "A*", ".1%"),
        ("enemies_per_100", "enemies", ".1f"),
        ("js3_train", "JS3 train", ".3f"),
        ("js3_heldout", "held out", ".3f"),
        ("js3_drift_10x", "drift 10x", "+.3f"),
        ("kinds", "kinds", ".0f"),
        ("air", "air", ".2f"),
        ("broken_pipes", "broken pipes", ".1%"),
        ("exact_copies", "copies", ".1%"),
        ("limit_violations", "limits", ".0f"),
        ("ms_per_level", "ms", ",.0f"),
    )
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for record in _load("level_generators.json"):
        if "generator" in record:
            found.setdefault(record["generator"], {})[record["metric"]] = record
    rows = []
    for name, values in found.items():
        levels = values["playable_static"]["n"]
        by_astar = values["playable_engine"]["n"]
        cells = [format(values[m]["value"], form) if m in values else "" for m, _, form in columns]
        rows.append((f"`{name}`", f"{levels} ({by_astar})", *cells))
    return _table(("", "levels (A*)", *(heading for _, heading, _ in columns)), rows)


def dream() -> str:
    """The evaluation in the card of the dream model that ships, and how it was trained."""
    from gym_mario_suite.dream.runtime import DEFAULT_MODEL, open_model

    card = open_model(DEFAULT_MODEL).card
    models: list[str] = []
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for record in card["evaluation"]:
        if record["model"] not in models:
            models.append(record["model"])
        found.setdefault(record["metric"], {})[record["model"]] = record
    rows = [
        (
            f"`{metric}`",
            str(next(iter(by_model.values()))["n"]),
            *(_decimals(by_model.get(model, {}).get("value")) for model in models),
        )
        for metric, by_model in found.items()
    ]
    table = _table(("metric", "n", *(f"`{model}`" for model in models)), rows)
    return (
        f"The shipped model is `{DEFAULT_MODEL}`, trained at commit {card['commit']}. It holds an "
        f"episode for ended from a probability of {card['done_threshold']} on.\n\n{table}"
    )


def _decimals(value: float | None) -> str:
    return "" if value is None else f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"


def _points(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def curves(kind: str) -> str:
    """How learning curves end.

    Args:
        kind: "curiosity", for means over the seeds of an arm, or the name of one curve, for some
            rows of it.
    """
    if kind != "curiosity":
        points = _points(CURVES / f"{kind}.csv")
        # The first, and tenths of the way; columns that say nothing at the end are left out.
        chosen = [points[round(i * (len(points) - 1) / 8)] for i in range(9)]
        names = [name for name in points[0] if name in _SHOWN]
        rows = [[_decimals(float(row[name] or "nan")) for name in names] for row in chosen]
        cells = [["" if cell == "nan" else cell for cell in row] for row in rows]
        return _table([f"`{name}`" for name in names], cells, numbers_from=0)
    arms: dict[str, list[dict[str, str]]] = {}
    for path in sorted(CURVES.glob("*-s[0-9].csv")):
        arms.setdefault(path.stem.rpartition("-")[0], []).append(_points(path)[-1])
    rows = [
        (
            f"`{arm}`",
            str(len(ends)),
            _figure(_mean([float(end["decisions"]) for end in ends])),
            f"{_mean([float(end['cpu_seconds']) for end in ends]) / 60:.1f}",
            ", ".join(end["wins"] for end in ends),
            _figure(round(_mean([float(end["furthest_mean"]) for end in ends]))),
            _figure(round(_mean([float(end["furthest_mean_100"]) for end in ends]))),
        )
        for arm, ends in arms.items()
    ]
    return _table(
        (
            "arm",
            "seeds",
            "decisions",
            "CPU minutes",
            "exits, by seed",
            "furthest, mean of all, px",
            "last 100, px",
        ),
        rows,
    )


def nes_stages() -> str:
    """How curiosity alone, and random play, ended in stages of the NES (`docs/curves/nes`)."""
    rows = []
    for path in sorted((CURVES / "nes").glob("curious-*.csv")):
        stage = path.stem.removeprefix("curious-")
        points = _points(path)
        end, random = points[-1], _points(CURVES / "nes" / f"random-{stage}.csv")[-1]
        first = next((row["decisions"] for row in points if int(row["wins"])), None)
        rows.append(
            (
                stage,
                _figure(int(end["decisions"])),
                f"{float(end['cpu_seconds']) / 60:.0f}",
                _figure(int(end["episodes"])),
                end["wins"],
                _figure(None if first is None else int(first)),
                _figure(round(float(end["furthest_mean_100"]))),
                _figure(round(float(end["furthest_max"]))),
                f"{random['wins']} of {_figure(int(random['episodes']))}",
                _figure(round(float(random["furthest_mean"]))),
                _figure(round(float(random["furthest_max"]))),
            )
        )
    return _table(
        (
            "stage",
            "decisions",
            "CPU minutes",
            "episodes",
            "passed",
            "first by, decisions",
            "furthest, last 100, px",
            "furthest of all",
            "random play: passed",
            "furthest, mean",
            "furthest of all",
        ),
        rows,
    )


# What the tables of single curves show.
_SHOWN = (
    *("decisions", "cpu_seconds", "won_0", "won_2", "won_3", "won_4", "seconds", "arrived"),
    *("ticks", "course", "success_rate", "success_rate_200", "designer_reward"),
)
