import dataclasses
import json
import sys

import numpy as np
import pytest

from gym_mario_suite import cli
from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels.bench.metrics import metrics_of, wasserstein
from gym_mario_suite.levels.bench.patterns import (
    count_patterns,
    jensen_shannon,
    pattern_divergence,
    window_hashes,
)
from gym_mario_suite.levels.bench.protocol import Bench, Contender, Protocol, contenders
from gym_mario_suite.levels.bench.reference import (
    load_reference,
    real_crops,
    reference_of,
    save_reference,
)
from gym_mario_suite.levels.bench.report import COLUMNS, table_of, write_page
from gym_mario_suite.levels.bench.shapes import SHAPES, shapes_of
from gym_mario_suite.levels.corpus import read_corpus, split_by_level, windows
from gym_mario_suite.levels.generator import Generator
from gym_mario_suite.levels.generators import GENERATORS
from gym_mario_suite.levels.tile_grid import Tile, TileGrid

from .corpora import made_up_level, write_corpus

PROTOCOL = Protocol(4, 1, 2, 2, 2_000)


def test_pattern_distances():
    a = count_patterns([made_up_level(0)], 3)
    b = count_patterns([made_up_level(1)], 3)
    assert a.counts.sum() == 12 * 68
    assert jensen_shannon(a, a) == 0
    assert pattern_divergence(a, a) == pytest.approx(0)
    assert 0 < jensen_shannon(a, b) < 1
    nothing_alike = count_patterns([np.full((14, 70), Tile.CANNON_TOP, np.uint8)], 3)
    assert jensen_shannon(a, nothing_alike) == pytest.approx(1)


def test_hashes_tell_windows_apart():
    codes = made_up_level(3)
    flat = windows(codes)
    different = len({window.tobytes() for window in flat})
    assert len(set(window_hashes(codes).tolist())) == different
    other = codes.copy()
    other[0, 20] = Tile.COIN
    same = window_hashes(codes) == window_hashes(other)
    assert not same[7:21].any()
    assert same[:7].all()
    assert same[21:].all()


def test_shapes_of_a_flat_level():
    codes = np.full((14, 50), Tile.EMPTY, np.uint8)
    codes[-1] = Tile.GROUND
    codes[-1, :5] = Tile.EMPTY
    codes[-2, 10:12] = Tile.ENEMY
    values = dict(zip(SHAPES, shapes_of(codes), strict=True))
    assert values["density"] == pytest.approx(45 / 700)
    assert values["gap_columns"] == pytest.approx(0.1)
    assert values["enemies_per_100"] == pytest.approx(4)
    assert values["leniency"] == pytest.approx((-0.5 * 5 - 2) / 50)
    assert wasserstein(np.zeros(4), np.full(3, 2.0)) == pytest.approx(2)


def test_figures_of_levels_made_by_hand():
    flat = np.full((14, 50), Tile.EMPTY, np.uint8)
    flat[-1] = Tile.GROUND
    walled = flat.copy()
    walled[:, 25] = Tile.GROUND
    walled[-1, 0] = Tile.EMPTY
    reference = load_reference()
    tiles = np.zeros_like(reference.tiles)
    tiles[[Tile.EMPTY, Tile.GROUND]] = 6, 1  # twice the ground of the flat level
    values = dict(metrics_of([flat], dataclasses.replace(reference, tiles=tiles)))
    assert values["max_log2_tile_ratio"] == pytest.approx(1)
    assert values["air"] == pytest.approx(13 / 14)
    assert (values["kinds"], values["playable_static"], values["diversity"]) == (2, 1, 0)
    assert (values["broken_pipes"], values["floating_enemies"]) == (0, 0)
    both = dict(metrics_of([flat, walled], reference))
    assert (both["playable_static"], both["ends_standable"]) == (0.5, 0.75)
    assert both["diversity"] == pytest.approx(14 / 700)
    busy = flat.copy()
    busy[-3:-1, 10:12] = [
        [Tile.PIPE_TOP_LEFT, Tile.PIPE_TOP_RIGHT],
        [Tile.PIPE_LEFT, Tile.PIPE_RIGHT],
    ]
    busy[-2, 20] = Tile.PIPE_TOP_LEFT  # half of a pipe
    busy[[-2, -5, -5], [30, 31, 32]] = Tile.ENEMY
    busy[-1, 40] = Tile.ENEMY  # in the lowest row
    values = dict(metrics_of([busy], reference))
    assert values["broken_pipes"] == pytest.approx(1 / 5)
    assert values["floating_enemies"] == pytest.approx(3 / 4)


def test_copies_of_training_levels_are_noticed(tmp_path):
    split = split_by_level(read_corpus(write_corpus(tmp_path)))
    reference = reference_of(split, 60, [])
    copied = [split.train[0].codes, split.train[1].codes]
    values = dict(metrics_of(copied, reference))
    assert values["exact_copies"] == 1
    assert values["longest_copied_run"] == 70
    assert values["broken_pipes"] >= 0
    fresh = dict(metrics_of([made_up_level(77), made_up_level(78)], reference))
    assert fresh["exact_copies"] < 0.05
    assert fresh["js3_train"] > values["js3_train"]
    save_reference(tmp_path / "r.npz", reference)
    again = load_reference(tmp_path / "r.npz")
    assert dict(metrics_of(copied, again)) == pytest.approx(values, rel=1e-5)
    crop = real_crops(split.train, 1, 60, 0)[0]
    assert crop.shape == (14, 60)


def test_a_row_is_measured_kept_and_taken_up_again(tmp_path):
    reference = load_reference()
    lines: list[str] = []
    contender = Contender("vae", "vae", {})
    first = Bench(PROTOCOL, reference, tmp_path, lines.append).generator_row(contender)
    names = {each["metric"] for each in first.records}
    assert {
        "playable_static_raw",
        "playable_static",
        "playable_engine",
        "js3_train",
        "js3_heldout",
        "kinds",
        "broken_pipes",
        "exact_copies",
        "limit_violations",
        "ms_per_level",
        "same_in_batch",
    } <= names
    assert all(set(r) == {"generator", "metric", "value", "n"} for r in first.records)
    lines.clear()
    again = Bench(PROTOCOL, reference, tmp_path, lines.append).generator_row(contender)
    assert again.records == first.records
    assert not any("A*" in line for line in lines)
    table_of([first])
    write_page(tmp_path / "page.html", [first], None)
    page = (tmp_path / "page.html").read_text()
    assert "data:image/png;base64," in page
    assert 'name="viewport"' in page  # without it a phone shows it as if from far away
    assert all(heading in page.split("<p>")[1].split("</p>")[0] for _, heading, _ in COLUMNS)


@pytest.mark.parametrize("damage", ["{}", "[", "null", '{"stamp": "", "records": [{}]}'])
def test_a_damaged_row_is_measured_anew(damage, tmp_path, monkeypatch):
    measured = [{"generator": "vae", "metric": "kinds", "value": 3.0, "n": 1}]
    monkeypatch.setattr(Bench, "_level_records", lambda *_: list(measured))
    for name in ("_drift", "_times"):
        monkeypatch.setattr(Bench, name, lambda *_: [])
    measured.append({**measured[0], "metric": "playable_static"})
    (tmp_path / "vae.json").write_text(damage)
    bench = Bench(PROTOCOL, load_reference(), tmp_path, lambda _: None)
    row = bench.generator_row(Contender("vae", "vae", {}))
    assert json.loads((tmp_path / "vae.json").read_text())["records"] == row.records
    assert row.records[0] == measured[0]


def test_the_command_prints_calibration_rows_and_writes_records(tmp_path, capsys):
    words = ["levels", "bench", "--quick", "--generator", "real-train", "--generator", "infinite"]
    with pytest.raises(SystemExit) as ended:
        cli.main([*words, "--levels", "3", "--json", str(tmp_path / "b.json")])
    assert not ended.value.code
    records = json.loads((tmp_path / "b.json").read_text())
    assert {each["generator"] for each in records} == {"real-train", "infinite"}
    told = capsys.readouterr()
    assert "real-train" in told.out
    assert "done" not in told.out
    assert "infinite: done" in told.err


class Flat(Generator):
    """Plain ground."""

    name = "flat"

    def generate_grids(self, seeds, *, width=100, height=14):
        codes = np.full((height, width), Tile.EMPTY, np.uint8)
        codes[-1] = Tile.GROUND
        return [TileGrid(codes) for _ in seeds]


class Narrow(Flat):
    """Nobody chooses its height."""

    def generate_grids(self, seeds, *, width=100):
        return super().generate_grids(seeds, width=width)


def test_a_generator_of_ones_own_has_a_row(tmp_path, monkeypatch):
    own, records = f"{__name__}:Flat", tmp_path / "b.json"
    words = ["levels", "bench", "--levels", "2", "--generator", own, "--json", str(records)]
    with pytest.raises(SystemExit) as ended:
        cli.main([*words, "--work", str(tmp_path / "work")])
    assert not ended.value.code
    found = {(each["generator"], each["metric"]) for each in json.loads(records.read_text())}
    assert (own, "playable_engine") in found
    assert [row.name for row in contenders([own, "vae"])] == ["vae", own]
    with pytest.raises(OptionError, match="no option 'height'"):
        contenders([f"{__name__}:Narrow"])
    monkeypatch.setitem(GENERATORS, "flat", own)
    assert contenders()[-1] == Contender("flat", "flat", {})
    assert len({row.name for row in contenders()}) == len(contenders())


def test_unknown_rows_are_refused(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["levels", "bench", "--generator", "nobody"])
    assert ended.value.code == 2
    assert "there are real-train" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--json", "--html", "--plot", "--write-reference"])
def test_places_that_cannot_be_written_are_told_before_the_work(
    option, tmp_path, monkeypatch, capsys
):
    monkeypatch.delattr(Bench, "generator_row")
    monkeypatch.delattr(Bench, "real_row")
    words = ["levels", "bench", option, str(tmp_path / "absent" / "file.png")]
    corpus = ["--corpus", str(write_corpus(tmp_path))] if option == "--write-reference" else []
    with pytest.raises(SystemExit) as ended:
        cli.main([*words, *corpus])
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("error: cannot write")


@pytest.mark.parametrize("option", ["--html", "--plot"])
def test_plots_without_matplotlib_are_refused_before_the_work(
    option, monkeypatch, capsys, tmp_path
):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr(Bench, "generator_row", lambda *_: pytest.fail("it began to work"))
    with pytest.raises(SystemExit) as stopped:
        cli.main(["levels", "bench", "--quick", option, str(tmp_path / "out")])
    assert stopped.value.code == 2
    assert "plots need matplotlib" in capsys.readouterr().err


def test_a_plot_of_rows_without_levels_is_refused(capsys, tmp_path):
    plot = str(tmp_path / "out.png")
    with pytest.raises(SystemExit) as stopped:
        cli.main(["levels", "bench", "--generator", "real-train", "--plot", plot])
    assert stopped.value.code == 2
    assert "--plot needs the row of a generator, or --corpus" in capsys.readouterr().err
