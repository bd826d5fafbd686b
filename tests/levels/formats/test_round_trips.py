"""What is written is read back, in every format and for every level of a corpus."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis.extra.numpy as st_numpy
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from gym_mario_suite.engine.world import EnemyType, Rules
from gym_mario_suite.errors import LevelError
from gym_mario_suite.levels import Level, Spawn, generate
from gym_mario_suite.levels.formats import read_document, read_grid, read_level, write_level
from gym_mario_suite.levels.formats.course import Course
from gym_mario_suite.levels.formats.course_grids import course_grid, course_of_grid
from gym_mario_suite.levels.formats.files import FORMATS, as_grid
from gym_mario_suite.levels.formats.matrix import grid_of_codes, read_matrix_rows
from gym_mario_suite.levels.formats.vglc_structural import (
    read_structural_text,
    write_structural_text,
)
from gym_mario_suite.levels.framework_text import read_framework_text
from gym_mario_suite.levels.grid_levels import to_grid, to_level
from gym_mario_suite.levels.tile_grid import LETTERS, Tile, TileGrid
from tests.levels.grids import grid_of, grids

CORPUS = os.environ.get("MARIO_CORPUS")
needs_corpus = pytest.mark.skipif(CORPUS is None, reason="set MARIO_CORPUS=FOLDER")
WHOLE = ("json", "npz")  # nothing is lost
CODES_ONLY = ("vglc", "matrix-npy", "matrix-json", "matrix-text")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 40), 1 << 40) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@st.composite
def levels(draw: st.DrawFn) -> Level:
    """Levels of any tiles."""
    shape = (draw(st.integers(1, 20)), draw(st.integers(1, 18)))
    tiles = draw(st_numpy.arrays(np.uint8, shape, fill=st.just(0)))
    places = st.tuples(st.integers(0, shape[0] - 1), st.integers(0, shape[1] - 1))
    spawns = [
        Spawn(*place, draw(st.sampled_from(EnemyType)), draw(st.booleans()))
        for place in draw(st.lists(places, unique=True, max_size=4))
    ]
    start = draw(st.none() | st.tuples(st.integers(0, shape[0] - 1), st.integers(-1, shape[1] - 1)))
    return Level(
        tiles,
        spawns,
        draw(st.integers(-5, 400)),
        draw(st.integers(-5, 40)),
        draw(st.dictionaries(st.text(max_size=5), JSON, max_size=3)),
        draw(st.sampled_from(Rules)),
        start,
    )


@settings(max_examples=60, deadline=None)
@given(levels(), st.sampled_from([*WHOLE, "bytes"]))
def test_a_level_is_read_back_whole(level: Level, name: str) -> None:
    data = FORMATS[name].write(level)
    back = FORMATS[name].read(data)
    assert isinstance(back, Level)
    assert back == level
    assert dict(back.metadata) == dict(level.metadata)
    assert FORMATS[name].write(back) == data


@settings(max_examples=60, deadline=None)
@given(grids(), st.sampled_from(WHOLE))
def test_a_grid_is_read_back_whole(grid: TileGrid, name: str) -> None:
    back = FORMATS[name].read(FORMATS[name].write(grid))
    assert back == grid
    assert isinstance(back, TileGrid)
    assert dict(back.metadata) == dict(grid.metadata)


@settings(max_examples=60, deadline=None)
@given(grids(), st.sampled_from([*CODES_ONLY, "vglc-structural"]))
def test_the_codes_of_a_grid_are_read_back(grid: TileGrid, name: str) -> None:
    back = FORMATS[name].read(FORMATS[name].write(grid))
    assert isinstance(back, TileGrid)
    assert np.array_equal(back.codes, grid.codes)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(grids(), st.sampled_from(sorted(FORMATS)))
def test_a_files_format_is_recognized(tmp_path: Path, grid: TileGrid, name: str) -> None:
    """The files have no suffix that could tell."""
    path = tmp_path / "level"
    try:
        write_level(path, grid, name)
    except LevelError:
        assert name == "framework"  # 2 rows at least
        return
    document = read_document(path)
    if name == "framework":
        assert isinstance(document, Level | TileGrid)
    elif name in ("course", "course-zlib"):
        assert document == course_of_grid(grid)
    elif name == "vglc-structural" and set(grid.rows()[-1]) - set("X"):
        # A text of letters that all formats share is taken for the most usual one.
        assert isinstance(document, TileGrid | Level)
    else:
        codes = as_grid(document).codes
        # A level by the rules of 2019 has the goal's pole in its last column.
        assert np.array_equal(codes[-grid.height :, :-1], grid.codes[:, :-1])


@settings(max_examples=40, deadline=None)
@given(grids())
def test_a_grid_that_is_a_course_is_read_back(grid: TileGrid) -> None:
    """But for halves of pipes and bodies of cannons, which a course does not have."""
    course = course_of_grid(grid, "a name")
    assert FORMATS["course"].read(course.data) == course
    assert FORMATS["course-zlib"].read(FORMATS["course-zlib"].write(course)) == course
    back = course_grid(course)
    lost = np.isin(grid.codes, [*range(Tile.PIPE_TOP_LEFT, Tile.PIPE_RIGHT + 1), Tile.CANNON_BODY])
    assert np.array_equal(back.codes[~lost], grid.codes[~lost])
    assert course.name == "a name"
    assert back.theme == grid.theme
    assert course_grid(course_of_grid(back)).codes.tolist() == back.codes.tolist()


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=64, max_size=64), st.integers(0, 376_768 - 64))
def test_unknown_fields_of_a_course_are_kept_byte_for_byte(noise: bytes, at: int) -> None:
    data = bytearray(course_of_grid(grid_of("X---\nXXXX")).data)
    data[at : at + 64] = noise
    try:
        course = Course(bytes(data))
    except LevelError:
        return  # the counts of a pool
    assert FORMATS["course"].write(course) == bytes(data)


def test_files_are_written_by_their_names(tmp_path: Path) -> None:
    level = generate(3, 4, 0, 120)
    for entry in FORMATS.values():
        for suffix in entry.suffixes:
            path = tmp_path / f"level{suffix}"
            write_level(path, level)
            back = read_level(path)
            assert back.width == level.width
            grid = read_grid(path)
            expected = to_grid(level, grid.height).codes
            if entry.name in (*CODES_ONLY, *WHOLE):
                assert np.array_equal(grid.codes, expected)
    assert read_level(tmp_path / "level.json") == level
    assert read_level(tmp_path / "level.txt").metadata["file"] == "level.txt"


def test_a_batch_of_one_and_whole_floats_are_matrices_too() -> None:
    codes = grid_of("--E\nX-X").codes
    for same in (codes[None], codes.astype(np.float32), codes[None].tolist()):
        assert np.array_equal(grid_of_codes(same).codes, codes)
    assert np.array_equal(read_matrix_rows([codes.tolist()]).codes, codes)
    with pytest.raises(LevelError):
        grid_of_codes(codes + 0.5)


def test_structural_letters_that_were_not_changed_are_kept() -> None:
    text = "-|+O\nVg*K\n[]YH\npP##\n"
    grid = read_structural_text(text)
    assert write_structural_text(grid) == text
    codes = np.array(grid.codes)
    codes[0, 2] = Tile.EMPTY
    codes[1, 2] = Tile.GROUND
    changed = TileGrid(codes, enemies=grid.enemies, metadata=grid.metadata)
    assert write_structural_text(changed) == "-|-O\nVg#K\n[]YH\npP##\n"
    plant, goomba, _ = to_level(grid).spawns
    assert (plant.enemy, goomba.enemy) == (EnemyType.FLOWER, EnemyType.GOOMBA)
    assert plant.y == goomba.y + 1


@needs_corpus
@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_level_of_the_corpus_comes_back(name: str, tmp_path: Path) -> None:
    files = sorted(Path(CORPUS or "").rglob("*.txt"))
    assert files
    entry = FORMATS[name]
    for file in files:
        grid = read_grid(file)
        structural = not set("".join(file.read_text().split())) <= set(LETTERS)
        own = FORMATS["vglc-structural" if structural else "vglc"]
        assert own.write(grid).split() == file.read_bytes().split()
        if name.startswith("course"):
            grid = TileGrid(grid.codes[:, :240])  # no course is wider
        path = tmp_path / "level"
        write_level(path, grid, name)
        back = read_document(path, name)
        assert entry.write(back) == path.read_bytes()
        if name == "framework":
            assert isinstance(back, Level)
            assert back == to_level(grid, Rules.FRAMEWORK_2019)
            assert back == read_framework_text(path.read_text())
        elif name in WHOLE:
            assert back == grid
        elif name == "bytes":
            assert back == to_level(grid)
        elif isinstance(back, Course):
            same = course_grid(back).codes == grid.codes
            assert same.mean() > 0.998  # some have half a pipe, or are cut within one
        else:
            assert np.array_equal(as_grid(back).codes, grid.codes)


def test_plants_stay_plants_as_structural_text() -> None:
    """A plant over a pipe, which a grid does not name, was written as a goomba."""
    grid = to_grid(generate(3, 10, 0, 200))
    again = read_structural_text(write_structural_text(grid))

    def plants(grid: TileGrid) -> set[tuple[int, int]]:
        return {(s.x, s.y) for s in to_level(grid).spawns if s.enemy == EnemyType.FLOWER}

    assert plants(again) == plants(grid) != set()
