"""Draw docs/pictures/design_play.png from docs/curves: `python docs/make_self_play_picture.py`."""

from __future__ import annotations

import csv
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

DOCS = Path(__file__).parent
BAND = (0.4, 0.6)


def main() -> None:
    """The player's success on the designer's courses, and the band that was asked for."""
    with (DOCS / "curves" / "design-play.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    course = [int(row["course"]) for row in rows]
    figure, axes = plt.subplots(figsize=(7.2, 3.4), layout="constrained")
    axes.axhspan(*BAND, color="#55b83f", alpha=0.25, lw=0, label="the band")
    axes.plot(
        course,
        [float(row["success_rate"]) for row in rows],
        color="#a29bb8",
        lw=0.8,
        label="20 courses",
    )
    axes.plot(
        course,
        [float(row["success_rate_200"]) for row in rows],
        color="#e63f3f",
        lw=2,
        label="200 courses",
    )
    axes.set(xlabel="courses made and played", ylabel="share the player finishes", ylim=(0, 1))
    axes.set_xlim(0, course[-1])
    axes.legend(frameon=False, ncols=3, loc="lower left")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(DOCS / "pictures" / "design_play.png", dpi=110)


if __name__ == "__main__":
    main()
