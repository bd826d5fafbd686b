"""Draw docs/guides/curiosity.md's learning curves from docs/curves: `python docs/make_curves.py`.

Lines are means over seeds, bands their 95 % confidence intervals (Student's t; three seeds make
wide ones). A curve with one seed has no band.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from scipy import stats

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

DOCS = Path(__file__).parent
CURVES = DOCS / "curves"
PICTURES = DOCS / "pictures"
FAR = "furthest place of an episode, px\n(mean of the last 100)"
Curve = tuple[NDArray[np.float64], NDArray[np.float64]]


def read(path: Path, column: str) -> Curve:
    """Decisions and a column of a run's curve, without what is missing."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = [
            (float(row["decisions"]), float(row[column] or "nan")) for row in csv.DictReader(file)
        ]
    points = np.array([row for row in rows if np.isfinite(row[1])])
    return points[:, 0], points[:, 1]


def band(curves: list[Curve]) -> tuple[NDArray[np.float64], ...]:
    """Decisions, mean over the curves, and half the width of its confidence interval."""
    grid = np.linspace(
        max(curve[0][0] for curve in curves), min(curve[0][-1] for curve in curves), 120
    )
    values = np.array([np.interp(grid, *curve) for curve in curves])
    count = len(curves)
    if count == 1:
        return grid, values[0], np.zeros_like(grid)
    width = stats.t.ppf(0.975, count - 1) * values.std(axis=0, ddof=1) / np.sqrt(count)
    return grid, values.mean(axis=0), width


def draw(axes: Axes, arm: str, column: str, label: str, colour: str, end: float = np.inf) -> None:
    """One line with its band, if there are runs of the arm."""
    curves = []
    for path in sorted(CURVES.glob(f"{arm}-s*.csv")):
        decisions, values = read(path, column)
        curves.append((decisions[decisions <= end], values[decisions <= end]))
    if not curves:
        return
    grid, mean, width = band(curves)
    axes.plot(grid, mean, color=colour, label=f"{label} ({len(curves)} seeds)")
    axes.fill_between(grid, np.maximum(mean - width, 0), mean + width, color=colour, alpha=0.2)


def finish(axes: Axes, title: str, y_label: str = "", x_label: str = "decisions") -> None:
    """Titles and axes; panels with labels for all of them have none of their own."""
    axes.set_title(title)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.xaxis.set_major_formatter(EngFormatter())
    # Limits that are set scale no more by themselves: panels with one scale share the highest.
    axes.set_ylim(0, max(axes.get_ylim()[1], 1.05 * axes.dataLim.y1))
    axes.grid(alpha=0.3)


def legend_above(figure: Figure) -> None:
    """One legend for all panels, outside of them: within it would lie on the bands."""
    handles = {}
    for axes in figure.axes:
        handles.update(dict(zip(*axes.get_legend_handles_labels()[::-1], strict=True)))
    figure.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=len(handles))


def label_all(figure: Figure) -> None:
    """The axes' names, once for all panels."""
    figure.supxlabel("decisions")
    figure.supylabel(FAR.replace("\n", " "))


def mark_first_passing(axes: Axes, path: Path) -> int:
    """A line where a run reached a stage's end first; how often it did at all."""
    decisions, wins = read(path, "wins")
    if wins[-1]:
        first = decisions[np.argmax(wins > 0)]
        axes.axvline(first, color="tab:green", linestyle=":", label="passed first")
    return int(wins[-1])


def draw_nes_stages() -> None:
    """A panel for each of the article's stages: curiosity, random play, and the first passing."""
    figure, panels = plt.subplots(
        2, 7, figsize=(16, 5.2), layout="constrained", sharex=True, sharey=True
    )
    paths = sorted((CURVES / "nes").glob("curious-*.csv"))
    for axes, path in zip(panels.flat, paths, strict=True):
        stage = path.stem.removeprefix("curious-")
        axes.plot(*read(path, "furthest_mean_100"), color="tab:blue", label="curiosity alone")
        axes.plot(*read(path, "furthest_max"), color="tab:blue", linewidth=0.8, linestyle="--",
                  label="the furthest so far")  # fmt: skip
        _, random = read(CURVES / "nes" / f"random-{stage}.csv", "furthest_mean")
        axes.axhline(random[-1], color="tab:gray", label="random play")
        wins = mark_first_passing(axes, path)
        passed = f"passed {wins:,} times" if wins else "not passed"
        finish(axes, f"{stage}: {passed}", x_label="")
    label_all(figure)
    legend_above(figure)
    figure.savefig(PICTURES / "curiosity_nes.png", dpi=110)


def draw_nes_long() -> None:
    """Long runs of the NES: what is foreseen, and how gently PPO learns."""
    kinds = (
        ("long", "features of inverse dynamics", "tab:gray"),
        ("gentle", "the same, gentle", "tab:blue"),
        ("feature-pixels", "the observation itself, gentle", "tab:orange"),
        ("tiles", "the observation itself, of tiles, gentle", "tab:purple"),
        ("pictures", "pictures, as in the article", "tab:red"),
    )
    paths = [path for kind, _, _ in kinds for path in (CURVES / "nes").glob(f"{kind}-?-?.csv")]
    stages = sorted({path.stem[-3:] for path in paths})
    columns = math.ceil(len(stages) / 2)
    figure, panels = plt.subplots(
        2, columns, figsize=(5 * columns, 7), layout="constrained", sharex=True, sharey=True
    )
    for axes in panels.flat[len(stages) :]:
        axes.set_visible(False)
    for axes, stage in zip(panels.flat, stages, strict=False):
        for kind, label, colour in kinds:
            path = CURVES / "nes" / f"{kind}-{stage}.csv"
            if not path.exists():
                continue
            axes.plot(*read(path, "furthest_mean_100"), color=colour, label=label, linewidth=1)
            mark_first_passing(axes, path)
        finish(axes, stage, x_label="")
    label_all(figure)
    legend_above(figure)
    figure.savefig(PICTURES / "curiosity_nes_long.png", dpi=80)


def draw_arms(name: str, *arms: tuple[str, str, str]) -> None:
    """Arms (curves, label, the other's label) beside curiosity alone at difficulty 3."""
    figure, panels = plt.subplots(
        1, len(arms), figsize=(5 * len(arms), 4), layout="constrained", sharey=True
    )
    for axes, (arm, label, base) in zip(panels, arms, strict=True):
        draw(axes, "curious-d3", "furthest_mean_100", base, "tab:blue", 200_000.0)
        draw(axes, arm, "furthest_mean_100", label, "tab:orange", 200_000.0)
        finish(axes, "Infinite Mario, level 1, difficulty 3", FAR if axes is panels[0] else "")
        axes.legend(loc="upper left")
    figure.savefig(PICTURES / name, dpi=110)


def main() -> None:
    """Draw all figures."""
    PICTURES.mkdir(exist_ok=True)
    draw_nes_stages()
    draw_nes_long()
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    for axes, difficulty, exit_px in ((left, 0, 4224), (right, 3, 4272)):
        draw(axes, f"curious-d{difficulty}", "furthest_mean_100", "curiosity alone", "tab:blue")
        draw(axes, f"random-d{difficulty}", "furthest_mean_100", "random play", "tab:gray")
        axes.axhline(exit_px, color="black", linewidth=0.8, linestyle=":", label="exit")
        finish(axes, f"Infinite Mario, level 1, difficulty {difficulty}", FAR)
    legend_above(figure)
    figure.savefig(PICTURES / "curiosity_alone.png", dpi=110)
    draw_arms(
        "curiosity_ablations.png",
        ("resnet-d3", "residual forward model", "linear forward model"),
        ("ends-d3", "death ends the episode", "death is a transition"),
    )
    idf = "features of inverse dynamics"
    draw_arms(
        "curiosity_features.png",
        ("feature-pixels-d3", "the observation itself", idf),
        ("feature-random-d3", "features of a random network", idf),
        ("feature-rnd-d3", "answers of a random network", idf),
    )
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for difficulty, colour in (
        (0, "tab:green"),
        (2, "tab:blue"),
        (3, "tab:orange"),
        (4, "tab:red"),
    ):
        decisions, won = read(CURVES / "ppo-infinite.csv", f"won_{difficulty}")
        axes.plot(decisions, 100 * won, color=colour, label=f"difficulty {difficulty}")
    finish(axes, "PPO with reward, a new level in every episode (1 seed)", "% of levels cleared")
    axes.legend(loc="lower right", ncols=4, fontsize="small")  # below all curves
    figure.savefig(PICTURES / "ppo_infinite.png", dpi=110)


if __name__ == "__main__":
    main()
