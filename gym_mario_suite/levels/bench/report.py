"""The bench's tables, plots and page of samples."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels.bench.metrics import range_histogram
from gym_mario_suite.levels.bench.protocol import Result
from gym_mario_suite.levels.bench.shapes import RANGES, shapes_of
from gym_mario_suite.levels.formats.png import png_bytes
from gym_mario_suite.levels.grid_levels import to_level
from gym_mario_suite.levels.picture import level_picture
from gym_mario_suite.whole_file import write_whole

# Metric, heading, format.
COLUMNS = (
    ("playable_static_raw", "raw", ".1%"),
    ("playable_static", "static", ".1%"),
    ("playable_engine", "A*", ".1%"),
    ("enemies_per_100", "enemies", ".1f"),
    ("js3_train", "JS3", ".3f"),
    ("js3_heldout", "held out", ".3f"),
    ("js3_drift_10x", "drift", "+.3f"),
    ("kinds", "kinds", ".0f"),
    ("kinds_10x", "10x", ".0f"),
    ("air", "air", ".2f"),
    ("broken_pipes", "broken", ".1%"),
    ("exact_copies", "copies", ".1%"),
    ("limit_violations", "limits", ".0f"),
    ("ms_per_level", "ms", ",.1f"),
)
_COLUMNS_TOLD = (
    "raw, static, A*: levels that can be finished, by the static solver before and after repair, "
    "and on the engine. enemies: in 100 columns. JS3, held out: distance of the 3x3 patterns to "
    "the training levels and to levels held out. drift: of JS3 at ten times the iterations. kinds, "
    "10x: kinds of tiles, and at ten times the iterations. air: share of the cells. broken: cells "
    "of pipes that are not whole. copies: windows that occur in a training level. limits: "
    "violations. ms: for a level."
)
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Level generators</title>
<style>
body {{ font: 15px/1.4 system-ui, sans-serif; margin: 2em auto; max-width: 1280px; padding: 0 1.2em;
  background: #fbfaf8; color: #22202a }}
p {{ color: #6b6875; font-size: 13px }}
.scroll {{ overflow-x: auto; margin-bottom: 1em }}
table {{ border-collapse: collapse; white-space: nowrap }}
td, th {{ padding: .2em .6em; text-align: right }}
tr:nth-child(even) {{ background: #eee }} td:first-child, th:first-child {{ text-align: left }}
img {{ image-rendering: pixelated; width: 100%; margin: .3em 0; display: block }}
img.plot {{ width: auto; max-width: 100% }}
</style>
<h1>Level generators</h1>
<div class="scroll">{table}</div>
<p>{columns}</p>
{plot}
{samples}
</html>
"""


def values_of(result: Result) -> dict[str, float]:
    """A row's values by metric."""
    return {each["metric"]: each["value"] for each in result.records}


def table_of(results: Sequence[Result]) -> Table:
    """One table of all rows."""
    table = Table(box=None, pad_edge=False)
    table.add_column("generator")
    for _, heading, _ in COLUMNS:
        table.add_column(heading, justify="right")
    for result in results:
        table.add_row(result.name, *_cells(result))
    return table


def _cells(result: Result) -> list[str]:
    values = values_of(result)
    return [format(values[m], form) if m in values else "" for m, _, form in COLUMNS]


def require_plots() -> None:
    """Say at once what only the plot, after hours of work, would find out.

    Raises:
        OptionError: When matplotlib is not installed.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise OptionError(
            'plots need matplotlib; install the extra: pip install "gym-mario-suite[levels]"'
        ) from None


def expressive_ranges(results: Sequence[Result]) -> bytes:
    """Histograms of linearity and leniency of each generator, as a PNG file.

    Raises:
        OptionError: When matplotlib is not installed.
    """
    require_plots()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    across = min(4, len(results))
    down = -(-len(results) // across)
    figure = Figure((3.2 * across, 2.8 * down), layout="constrained")
    FigureCanvasAgg(figure)
    (left, right), (low, high) = RANGES[:2]
    for i, result in enumerate(results):
        shapes = np.array([shapes_of(codes) for codes in result.shapes_from])
        axes = figure.add_subplot(down, across, i + 1)
        counts = range_histogram(shapes[:, 0], shapes[:, 1])
        axes.imshow(
            np.log1p(counts.T),
            origin="lower",
            extent=(left, right, low, high),
            aspect="auto",
            cmap="magma",
        )
        axes.set_title(result.name, fontsize=9)
        axes.set_xlabel("linearity", fontsize=8)
        axes.set_ylabel("leniency", fontsize=8)
        axes.tick_params(labelsize=7)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()


def write_page(path: Path, results: Sequence[Result], plot: bytes | None) -> None:
    """One HTML file with the table, the plots and drawn levels.

    Raises:
        OptionError: If it cannot be written.
    """
    heads = "".join(f"<th>{html.escape(heading)}" for _, heading, _ in COLUMNS)
    rows = "".join(
        f"<tr><td>{html.escape(result.name)}"
        + "".join(f"<td>{html.escape(cell)}" for cell in _cells(result))
        for result in results
    )
    samples = "".join(
        f"<h2>{html.escape(result.name)}</h2>"
        + "".join(_image(png_bytes(level_picture(to_level(grid)))) for grid in result.samples)
        for result in results
    )
    page = _PAGE.format(
        columns=html.escape(_COLUMNS_TOLD),
        table=f"<table><tr><th>generator{heads}{rows}</table>",
        plot=_image(plot, "plot") if plot else "",
        samples=samples,
    )
    write_whole(path, page.encode())


def _image(png: bytes, kind: str = "level") -> str:
    data = base64.b64encode(png).decode()
    return f'<img class="{kind}" alt="" src="data:image/png;base64,{data}">'


def all_records(results: Sequence[Result]) -> list[dict[str, Any]]:
    """The records of all rows, in their order."""
    return [each for result in results for each in result.records]
