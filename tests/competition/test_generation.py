"""The track on which level generators compete."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gym_mario_suite import cli
from gym_mario_suite.competition.generation import score_generator
from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels.bench.protocol import bench_unplayed
from gym_mario_suite.levels.generator import Generator
from gym_mario_suite.levels.generators import generator_named
from gym_mario_suite.levels.tile_grid import Tile, TileGrid


class Mixed(Generator):
    """Even seeds are flat, odd ones have a wall that nobody passes."""

    name = "mixed"

    def generate_grids(self, seeds: Sequence[int], *, width: int = 40) -> list[TileGrid]:
        grids = []
        for seed in seeds:
            codes = np.full((14, width), Tile.EMPTY)
            codes[-1] = Tile.GROUND
            if seed % 2:
                codes[:, width // 2] = Tile.GROUND
            grids.append(TileGrid(codes))
        return grids


def test_records_tell_who_fared_how() -> None:
    found = score_generator(Mixed(), ["forward", "forward-jumping"], range(4), time_limit=20)
    values = {record["metric"]: record["value"] for record in found.records()}
    assert {record["n"] for record in found.records()} == {4}
    assert values["win_share:forward"] == values["winnable_share"] == 0.5
    assert values["deaths_by_time:forward"] == 0.5
    assert values["deaths_by_enemy:forward"] == values["deaths_by_fall:forward"] == 0
    assert 0.6 < values["progress:forward"] < 0.8
    assert values["jumps:forward-jumping"] > values["jumps:forward"]
    assert 0 <= values["skill_gap"] < 0.1
    again = score_generator(Mixed(), ["forward", "forward-jumping"], range(4), time_limit=20)
    assert again.records() == found.records()


def test_a_bench_adds_its_records() -> None:
    def bench(
        generator: Generator, seeds: Sequence[int], options: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        n = len(seeds)
        return [{"generator": generator.name, "metric": "w", "value": options["width"], "n": n}]

    calls: list[int] = []
    found = score_generator(
        Mixed(), ["forward"], [0], {"width": 30}, bench=bench, on_level=lambda: calls.append(1)
    )
    assert found.records()[0] == {"generator": "mixed", "metric": "w", "value": 30, "n": 1}
    assert calls == [1]


def test_the_bench_of_levels_measures_those_that_are_played() -> None:
    found = score_generator(Mixed(), ["forward"], range(4), time_limit=20, bench=bench_unplayed)
    values = {record["metric"]: record["value"] for record in found.records()}
    assert values["playable_static"] == values["playable_static_raw"] == 0.5
    assert values["unique_levels"] == 0.5
    assert values["enemies_per_100"] == values["limit_violations"] == 0
    assert {"js3_train", "exact_copies", "broken_pipes", "win_share:forward"} <= values.keys()
    assert {record["n"] for record in found.records()} == {4}


def test_the_bench_tells_levels_before_and_after_repair() -> None:
    made = generator_named("tile-diffusion").generate_grids(range(8), width=60)
    records = bench_unplayed(generator_named("tile-diffusion"), range(8), {"width": 60})
    values = {record["metric"]: record["value"] for record in records}
    assert values["playable_static"] == 1
    repaired = [grid.metadata["repaired"] for grid in made]
    assert values["playable_static_raw"] == repaired.count("no") / 8
    assert values["bridged"] == repaired.count("bridge") / 8


def test_levels_the_bench_cannot_compare_are_refused() -> None:
    class Growing(Mixed):
        def generate_grids(self, seeds: Sequence[int]) -> list[TileGrid]:
            return [super(Growing, self).generate_grids([s], width=40 + s)[0] for s in seeds]

    for generator, options, expected in (
        (Growing(), {}, "of one size, 14 columns or more; got 14x40, 14x41"),
        (Mixed(), {"width": 9}, "of one size, 14 columns or more; got 14x9"),
        (Mixed(), {"size": 9}, "no option 'size'"),
    ):
        with pytest.raises(OptionError, match=expected):
            bench_unplayed(generator, range(2), options)
    with pytest.raises(OptionError, match="two or more, got 1"):
        bench_unplayed(Mixed(), [3], {})


def test_what_is_not_possible_is_said() -> None:
    with pytest.raises(OptionError, match="at least one agent"):
        score_generator(Mixed(), [])
    with pytest.raises(OptionError, match="unknown agent"):
        score_generator(Mixed(), ["nobody"])
    with pytest.raises(OptionError, match="unknown level generator"):
        score_generator("nothing")
    with pytest.raises(OptionError, match="no option 'size'"):
        score_generator(Mixed(), options={"size": 3})


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "score.json"
    arguments = ["ngram", f"{__name__}:Mixed", "--agents", "forward", "--levels", "2"]
    with pytest.raises(SystemExit) as stopped:
        cli.main(["levels", "score", *arguments, "--width", "40", "--bench", "--json", str(target)])
    assert stopped.value.code == 0
    told = capsys.readouterr()
    said = told.out
    assert not told.err
    assert not said.startswith("\n"), "no progress among the results"
    assert said.split()[:2] == ["ngram", "mixed"]
    assert "winnable_share" in said
    assert "js3_train" in said
    records = json.loads(target.read_text())
    assert {record["generator"] for record in records} == {"ngram", "mixed"}
    assert all(set(record) == {"generator", "metric", "value", "n"} for record in records)
    with pytest.raises(SystemExit) as stopped:
        cli.main(["levels", "score", "ngram", "--levels", "0"])
    assert stopped.value.code == 2


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["ngram", "nobody"], "unknown level generator 'nobody'"),
        (["ngram", "--agents", "forward,nobody"], "unknown agent 'nobody'"),
        (["ngram", "vae", "--width", "0"], "width must be"),
        (["ngram", "--width", "10", "--bench"], "the bench wants levels of one size"),
        (["ngram", "--levels", "1", "--bench"], "--levels must be 2 or more, got 1"),
    ],
)
def test_what_is_misspelt_is_told_before_any_level_is_played(
    words: list[str],
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("gym_mario_suite.competition.generation.simulate_batch", None)
    with pytest.raises(SystemExit) as stopped:
        cli.main(["levels", "score", *words])
    assert stopped.value.code == 2
    assert capsys.readouterr().err.startswith(f"error: {expected}")
