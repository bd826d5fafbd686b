"""The site has a page for everything, says what the files say, and builds."""

import csv
import importlib
import itertools
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import gymnasium as gym
import numpy as np
import pytest

from gym_mario_suite.registry import REGISTRATIONS
from tests.docs.pages import ROOT, pages, text_of

# Figures beside the score.
SUMS = ("levels_cleared", "time_left_sum", "kills_sum", "mode_sum")
RESULTS = ROOT / "docs" / "results"
MOST_GIF_BYTES = 1_500_000


@pytest.fixture(scope="module", name="generated")
def fixture_generated() -> ModuleType:
    """The site's extension; it needs no Sphinx by itself."""
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        return importlib.import_module("extension.generated")
    finally:
        sys.path.remove(str(ROOT / "docs"))


def test_every_environment_has_a_page() -> None:
    shown = " ".join(text_of(page) for page in pages() if "/environments/" in page)
    ids = {row.entry_point: row.id for row in reversed(REGISTRATIONS)}
    for env_id in ids.values():
        assert f"<!-- generated: environment {env_id} -->" in shown, f"no page of {env_id}"
    registration = importlib.import_module("gym_mario_suite.multiplayer.registration")
    for name in (*registration.PARALLEL, *registration.TURN_BASED):
        assert f"<!-- generated: party_environment {name} -->" in shown, f"no page of {name}"


def test_pages_of_environments_say_what_the_registry_says(generated: ModuleType) -> None:
    page = generated.filled("<!-- generated: environment MarioNES-v0 -->")
    assert "`MarioNES-8-4-v0`" in page
    assert "Box(0, 255, (224, 240, 3), uint8)" in page
    page = generated.filled("<!-- generated: environment MarioMaker-v0 -->")
    assert "## Action space" in page
    assert "`representation` (default `'narrow'`)" in page
    assert "`Discrete(20)`" in page


def test_the_grid_shows_the_numbers_that_its_page_explains(generated: ModuleType) -> None:
    table = generated.filled("<!-- generated: grid_codes -->")
    assert "| 0 | air, coin, hill left, hill body, hill right |" in table
    assert "| 4 | 2 | red koopa |" in table
    told = {int(code) for code in re.findall(r"^\| (-?\d+) \|", table, re.MULTILINE)}
    envs = gym.make_vec("MarioInfinite-v0", num_envs=8, difficulty=5)
    envs.action_space.seed(0)
    observations, _ = envs.reset(seed=0)
    for _ in range(200):
        assert set(np.unique(observations).tolist()) <= told
        observations, *_ = envs.step(envs.action_space.sample())


def test_every_page_is_in_a_table_of_contents() -> None:
    reached = {"index"}
    for page in pages():
        folder = Path(page).parent.relative_to("docs") if page.startswith("docs/") else None
        for listed in re.findall(r"```\{toctree\}\n(.*?)```", text_of(page), re.DOTALL):
            lines = [line for line in listed.splitlines() if line and not line.startswith(":")]
            names = [re.sub(r".*<(.+)>", r"\1", line) for line in lines]
            assert folder is not None
            reached |= {(folder / name).as_posix() for name in names}
    for page in pages():
        if page.startswith("docs/"):
            assert page.removeprefix("docs/").removesuffix(".md") in reached, f"{page} is lost"


def test_the_page_of_each_environment_has_a_picture_that_moves() -> None:
    for page in (ROOT / "docs" / "environments").glob("mario_*.md"):
        # Nothing of the NES's game may be shown.
        if page.stem != "mario_nes":
            assert re.search(r"!\[.+\]\(\.\./pictures/\w+\.gif\)", page.read_text("utf-8")), page


def test_tables_are_made_of_their_files(generated: ModuleType) -> None:
    table = generated.filled("<!-- generated: competition 0 -->")
    assert table.splitlines()[2].startswith("| `astar-world` | 46411.2 | 40 | 5,067 |")
    for group in json.loads((RESULTS / "benchmarks.json").read_text("utf-8"))["groups"]:
        table = generated.filled(f"<!-- generated: speed '{group['name']}' -->")
        assert table.count("\n| `") == len(group["metrics"])
        assert group["command"] in table


def test_curiosity_on_the_nes_is_told_as_its_curves_have_it(generated: ModuleType) -> None:
    guide = text_of("docs/guides/curiosity.md")
    made = generated.filled("<!-- generated: nes_stages -->").splitlines()[2:]
    assert len(made) == 14
    for line in made:
        stage, _, _, episodes, wins, first, recent, furthest, _, mean, most = (
            cell.strip() for cell in line.strip("|").split("|")
        )
        told = re.search(rf"\n\| {stage} \|(.*)\|\n", guide)
        assert told is not None, stage
        passed = f"passed {wins} times in {episodes} episodes" if first else "not passed"
        cells = [cell.strip().replace(",", "") for cell in told[1].split("|")]
        numbers = [cell.replace(",", "") for cell in (passed, recent, furthest, mean, most)]
        assert cells[1:] == numbers, stage


def test_longer_runs_of_curiosity_are_told_as_their_curves_have_it() -> None:
    guide = text_of("docs/guides/curiosity.md")
    rows = re.findall(r"\n(\| \d-\d .*)\[curve\]\(\.\./curves/nes/(.+\.csv)\)", guide)
    assert len(rows) >= 6
    for row, file in rows:
        with (ROOT / "docs" / "curves" / "nes" / file).open(encoding="utf-8") as stream:
            end = list(csv.DictReader(stream))[-1]
        stage, _, decisions, minutes, passed, mean, recent, furthest, *_ = (
            cell.strip().replace(",", "") for cell in row.strip("|").split("|")
        )
        assert file.endswith(f"-{stage}.csv")
        assert decisions == end["decisions"]
        assert minutes == f"{float(end['cpu_seconds']) / 60:.0f}"
        times = f"{end['wins']} times" if int(end["wins"]) else "not passed"
        assert passed == f"{times} in {end['episodes']}"
        told = (mean, recent, furthest)
        columns = ("furthest_mean", "furthest_mean_100", "furthest_max")
        assert told == tuple(f"{float(end[column]):.0f}" for column in columns)


def test_readme_says_what_the_results_say() -> None:
    readme = text_of("README.md")
    data = json.loads((RESULTS / "competition.json").read_text("utf-8"))
    rows = [*data["ours"]["seeds"]["0"], *data["java"]["seeds"]["0"]]
    for name in ("astar", "astar-world", "heuristic", "ellingsen", "forward-jumping"):
        row = next(row for row in rows if row["agent"] == name)
        assert re.search(
            rf"\| `{name}`[^|]* \| {row['score']:.1f} \| {row['levels_cleared']} \|", readme
        ), name
    groups = json.loads((RESULTS / "benchmarks.json").read_text("utf-8"))["groups"]
    figures = {metric["name"]: metric for group in groups for metric in group["metrics"]}
    for name in (
        "ticks_per_second_320",
        "clone_and_tick_per_second",
        "builtin_frames_per_second_skip_4",
        "edits_with_solver_per_second",
        "xs_frames_per_second",
    ):
        metric = figures[name]
        shown = rf"\| {metric['value']:,.0f} \| [^|]*{metric['peer_value']:,.0f} \|"
        assert re.search(shown, readme), f"{name}: no row with {shown}"


def test_tables_of_the_competition_leave_no_figure_out() -> None:
    data = json.loads((RESULTS / "competition.json").read_text("utf-8"))
    for who in ("ours", "java"):
        tables = data[who]["seeds"].values()
        agents = [sorted(row["agent"] for row in rows) for rows in tables]
        assert all(names == agents[0] for names in agents), f"{who}: not the same in each table"
        for row in itertools.chain.from_iterable(tables):
            missing = {"score", *SUMS} - row.keys()
            assert not missing, f"{row['agent']}: no {', '.join(sorted(missing))}"


@pytest.mark.skipif("MARIO_TRACES" not in os.environ, reason="MARIO_TRACES names no recordings")
def test_entries_of_2009_have_the_scores_that_were_recorded() -> None:
    data = json.loads((RESULTS / "competition.json").read_text("utf-8"))
    recorded = {
        (str(run["seed"]), round(run["competition_score"], 1), *(run[name] for name in SUMS))
        for file in sorted(Path(os.environ["MARIO_TRACES"]).glob("scores*.json"))
        for run in json.loads(file.read_text("utf-8"))
    }
    shown = {
        (seed, row["score"], *(row[name] for name in SUMS))
        for seed, rows in data["java"]["seeds"].items()
        for row in rows
    }
    assert not shown - recorded


def test_pictures_are_small() -> None:
    for path in (ROOT / "docs" / "pictures").iterdir():
        assert path.stat().st_size < MOST_GIF_BYTES, path.name


@pytest.mark.slow  # half a minute
def test_the_site_builds_without_warnings(tmp_path: Path) -> None:
    pytest.importorskip("furo")
    pytest.importorskip("myst_parser")
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "-q", "docs", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    home = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "play.gif" in home
    page = (tmp_path / "reference" / "engine.html").read_text(encoding="utf-8")
    assert "gym_mario_suite.engine.tick.tick" in page  # compiled functions are shown
