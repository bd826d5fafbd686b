"""The generators ngram and wfc, and what was counted for them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from gym_mario_suite import cli
from gym_mario_suite.errors import LevelError, OptionError
from gym_mario_suite.levels.generator import Generator
from gym_mario_suite.levels.generators import generator_named
from gym_mario_suite.levels.ngram import ColumnCounts, MarkovColumns, fourteen_rows
from gym_mario_suite.levels.tile_grid import Theme, Tile
from gym_mario_suite.levels.wfc import WaveFunctionCollapse
from gym_mario_suite.levels.wfc_patterns import SIZE, Patterns
from tests.levels.grids import grid_of

LEVELS = [
    np.array(grid_of(text).codes)
    for text in (
        "------o-------\n--?-----<>----\n---E----[]-E--\nXXXXXX-XXXXXXX",
        "---------\n-S-Q-----\n----E-B--\nXX--XXXXX",
    )
]
# Hashes of the shipped statistics' levels: what a seed gives must never change unnoticed.
DIGESTS = {"ngram": "e4bff4b5bbb5e069", "wfc": "c61e5ac4ba7f12e6"}


@pytest.fixture(params=["ngram", "wfc"])
def generator(request: pytest.FixtureRequest) -> Generator:
    return generator_named(request.param)


def test_batches_and_threads_change_nothing(generator: Generator) -> None:
    seeds = list(range(6))
    alone = [generator.generate_grid(seed, width=60) for seed in seeds]
    assert generator.generate_grids(seeds, width=60) == alone
    assert type(generator)().generate_grids(seeds[::-1], width=60) == alone[::-1]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda s: generator.generate_grid(s, width=60), seeds)) == alone
    assert len({grid.digest for grid in alone}) == len(seeds)
    assert alone[0].digest[:16] == DIGESTS[generator.name]


def test_sizes_and_themes(generator: Generator) -> None:
    grid = generator.generate_grid(3, width=17, height=27, theme=2)
    assert (grid.width, grid.height, grid.theme) == (17, 27, Theme.CASTLE)
    assert (grid.codes[:13] == Tile.EMPTY).all()
    assert np.array_equal(grid.codes[13:], generator.generate_grid(3, width=17).codes)
    assert grid.metadata["generator"] == generator.name
    assert generator.generate(3, width=17).width == 17
    for wrong in ({"width": 0}, {"height": 13}, {"theme": 3}, {"length": 9}):
        with pytest.raises(OptionError):
            generator.generate(0, **wrong)
    with pytest.raises(OptionError, match="seed must be a whole number"):
        generator.generate("a")  # type: ignore[arg-type]


def test_every_run_of_columns_backs_off_to_one_that_was_seen() -> None:
    counts = ColumnCounts.of_levels(LEVELS)
    assert counts.counts.sum() == sum(level.shape[1] for level in LEVELS)
    seen = {column.tobytes() for level in LEVELS for column in fourteen_rows(level).T}
    grid = MarkovColumns(counts).generate_grid(1, width=300)
    assert {column.tobytes() for column in grid.codes.T} == seen
    starts = {fourteen_rows(level)[:, 0].tobytes() for level in LEVELS}
    firsts = [MarkovColumns(counts).generate_grid(seed, width=1).codes for seed in range(40)]
    from_start = sum(first[:, 0].tobytes() in starts for first in firsts)
    assert from_start > 25  # the rest backs off


def test_higher_orders_look_more_like_the_levels() -> None:
    counts = ColumnCounts.of_levels(LEVELS)
    pairs = {
        fourteen_rows(level)[:, at : at + 2].tobytes()
        for level in LEVELS
        for at in range(level.shape[1] - 1)
    }

    def share(order: int) -> float:
        codes = MarkovColumns(counts).generate_grid(5, width=400, order=order).codes
        return float(np.mean([codes[:, at : at + 2].tobytes() in pairs for at in range(399)]))

    assert share(1) < share(2) <= share(4)


def test_every_window_of_a_collapsed_level_was_seen_in_its_row() -> None:
    patterns = Patterns.of_levels(LEVELS)
    seen = {
        (row, level[row : row + SIZE, x : x + SIZE].tobytes())
        for level in map(fourteen_rows, LEVELS)
        for row in range(12)
        for x in range(level.shape[1] - 2)
    }
    assert len(seen) == len(patterns.rows)
    for seed in range(5):
        codes = WaveFunctionCollapse(patterns).generate_grid(seed, width=70).codes
        for row in range(12):
            for x in range(68):
                assert (row, codes[row : row + SIZE, x : x + SIZE].tobytes()) in seen


def test_a_pattern_that_leads_nowhere_is_an_error_in_the_end() -> None:
    # Every column differs, so a level can only be the one that was counted, and then it ends.
    line = np.array([[0, 1, 3, 4, 6, 7, 8, 9]] * 14, np.uint8)
    generator = WaveFunctionCollapse(Patterns.of_levels([line]))
    assert generator.generate_grid(0, width=3).width == 3
    with pytest.raises(LevelError, match="no level of seed 0 worked out"):
        generator.generate_grid(0, width=40)


def test_statistics_are_read_back_and_checked(tmp_path: Path) -> None:
    counts, patterns = ColumnCounts.of_levels(LEVELS), Patterns.of_levels(LEVELS)
    assert counts.to_bytes() == ColumnCounts.of_levels(LEVELS).to_bytes()
    assert patterns.to_bytes() == Patterns.of_levels(LEVELS).to_bytes()
    with pytest.raises(LevelError, match="no counts"):
        ColumnCounts(counts.columns[:2], counts.grams, counts.counts)
    with pytest.raises(LevelError, match="no patterns"):
        Patterns(patterns.rows[::-1], patterns.tiles, patterns.counts, patterns.starts)
    for empty in (ColumnCounts, Patterns):
        with pytest.raises(LevelError, match="there is no level"):
            empty.of_levels([])


def test_the_command_counts_a_corpus(tmp_path: Path) -> None:
    pytest.importorskip("gym_mario_suite.levels.corpus")
    folder = tmp_path / "corpus" / "smb" / "processed"
    folder.mkdir(parents=True)
    for number, level in enumerate(LEVELS):
        wide = grid_of("\n".join("".join("XS-?QE<>[]oBb"[c] for c in row) * 3 for row in level))
        (folder / f"level-{number}.txt").write_text("\n".join(wide.rows()) + "\n")
    arguments = ["levels", "count-patterns", "--corpus", str(tmp_path / "corpus")]
    with pytest.raises(SystemExit) as stopped:
        cli.main([*arguments, "--out", str(tmp_path / "out")])
    assert stopped.value.code == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["ngram.npz", "patterns_card.json", "wfc.npz"]
