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
from gym_mario_suite.levels.generator import Generator
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
        cli.main(["levels", "score", *arguments, "--width", "40", "--json", str(target)])
    assert stopped.value.code == 0
    told = capsys.readouterr()
    said = told.out
    assert not told.err
    assert not said.startswith("\n"), "no progress among the results"
    assert said.split()[:2] == ["ngram", "mixed"]
    assert "winnable_share" in said
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
