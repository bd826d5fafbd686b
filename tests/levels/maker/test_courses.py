"""Courses: parts, limits, files, conversions, and what is refused."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis.extra.numpy as st_numpy
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from gym_mario_suite.engine.world import Rules
from gym_mario_suite.errors import LevelError, OptionError
from gym_mario_suite.levels.formats.course import Course, write_course
from gym_mario_suite.levels.formats.course_grids import ALIKE, EXACT, ObjectId
from gym_mario_suite.levels.grid_levels import to_level
from gym_mario_suite.levels.maker.course import CourseTheme, KeptObject, MakerCourse
from gym_mario_suite.levels.maker.course_blob import course_of_file, file_of_course
from gym_mario_suite.levels.maker.course_files import (
    left_out,
    read_course_file,
    write_course_file,
)
from gym_mario_suite.levels.maker.course_json import read_course_json, write_course_json
from gym_mario_suite.levels.maker.course_levels import (
    course_of_grid,
    course_of_level,
    course_to_grid,
    course_to_level,
)
from gym_mario_suite.levels.maker.part_limits import course_limits
from gym_mario_suite.levels.maker.parts import BY_NAME, N_PARTS, PALETTES, PARTS, tier_of_id
from gym_mario_suite.levels.tile_grid import TileGrid
from tests.levels.grids import grids

CODE = {name: part.code for name, part in BY_NAME.items()}


@st.composite
def courses(draw: st.DrawFn) -> MakerCourse:
    shape = (draw(st.integers(4, 27)), draw(st.integers(8, 40)))
    codes = st.one_of(st.just(0), st.integers(0, N_PARTS - 1))
    cells = draw(st_numpy.arrays(np.uint8, shape, elements=codes, fill=st.just(0)))
    return MakerCourse(
        cells,
        draw(st.text("abcä ", max_size=8)),
        theme=draw(st.sampled_from(CourseTheme)),
        timer_s=draw(st.integers(10, 500)),
        start=draw(st.none() | st.tuples(st.integers(0, 7), st.integers(-1, 3))),
        goal=draw(st.none() | st.integers(1, shape[1] - 2)),
    )


def test_every_object_id_has_a_tier_that_agrees_with_the_reader_of_the_games_files():
    for object_id in range(133):
        tier = tier_of_id(object_id)
        exact = object_id in EXACT and object_id != ObjectId.CHECKPOINT_FLAG
        assert (tier == 1) == exact
        if object_id in ALIKE:
            assert tier == 2
    with pytest.raises(OptionError, match="0 to 132, got 133"):
        tier_of_id(133)
    assert len(PALETTES["default"]) == 20
    assert len(PALETTES["all"]) == N_PARTS


def test_numbers_of_numpy_are_kept_as_plain_ones():
    cells = np.zeros((14, 30), np.uint8)
    start = [np.int64(1), np.int64(2)]
    numpys: dict[str, Any] = {"timer_s": np.int64(77), "start": start, "goal": np.int64(9)}
    course = MakerCourse(cells, **numpys)
    assert course == MakerCourse(cells, timer_s=77, start=(1, 2), goal=9)
    assert hash(course) == hash(read_course_json(write_course_json(course)))


@given(courses())
@settings(max_examples=60, deadline=None)
def test_json_loses_nothing(course):
    assert read_course_json(write_course_json(course)) == course


@given(courses())
@settings(max_examples=40, deadline=None)
def test_the_games_file_loses_nothing_but_halves_of_pipes_and_blasters(course):
    again = course_of_file(file_of_course(course))
    lost = course.cells != again.cells
    halves = {"pipe_top_left", "pipe_top_right", "pipe_left", "pipe_right", "bill_blaster_body"}
    assert {PARTS[code].name for code in course.cells[lost].tolist()} <= halves
    assert {PARTS[code].name for code in again.cells[lost].tolist()} <= {"hard_block"}
    assert again.unsupported == course.unsupported
    assert (again.name, again.theme, again.timer_s) == (course.name, course.theme, course.timer_s)
    assert again.goal == course.goal or course.goal is None


@pytest.mark.parametrize("goal", [None, 0, 12, 28, 39])
def test_ground_behind_a_goal_before_the_last_columns_is_in_the_games_file(goal):
    """What all of the last ten columns share was left out where the goal does not put it in."""
    cells = np.zeros((14, 40), np.uint8)
    cells[-2:] = CODE["ground"]
    cells[:, 20:23] = CODE["air"]
    again = course_of_file(file_of_course(MakerCourse(cells, goal=goal)))
    assert np.array_equal(again.cells, cells)


@given(courses(), st.sampled_from(Rules))
@settings(max_examples=40, deadline=None)
def test_a_level_of_a_course_gives_a_course_of_the_same_level(course, rules):
    if course.height > 15 and rules == Rules.COMPETITION_2009:
        rules = Rules.FRAMEWORK_2019
    level = course_to_level(course, rules)
    assert level.x_exit == course.goal_column
    tiles = course_to_level(course_of_level(level), rules).tiles
    # The framework's pole takes the last column.
    assert np.array_equal(tiles[:-1], level.tiles[:-1])


@given(grids())
@settings(max_examples=60, deadline=None)
def test_grids_become_courses_and_come_back(grid):
    again = course_to_grid(course_of_grid(grid))
    assert np.array_equal(again.codes, grid.codes)
    assert {s for s in again.enemies if s.enemy < 4} <= set(
        course_to_grid(course_of_grid(again)).enemies
    )


def test_what_the_engine_does_of_the_parts():
    cells = np.zeros((14, 20), np.uint8)
    cells[-2:] = CODE["ground"]
    names = (
        "brick_coin",
        "brick_power",
        "semisolid_platform",
        "hidden_block",
        "thwomp",
        "note_block",
    )
    for column, name in enumerate(names, 5):
        cells[6, column] = CODE[name]
    course = MakerCourse(cells)
    assert course.unsupported == {"thwomp": 1}
    assert course_to_level(course).tiles[5:11, 7].tolist() == [17, 18, 133, 1, 0, 9]
    level = course_to_level(course, Rules.FRAMEWORK_2019)
    assert level.tiles[5:11, 8].tolist() == [7, 50, 43, 49, 0, 2]
    assert course.solution().solved


def test_what_no_cell_holds_and_the_sub_area_go_back_into_the_games_file():
    cells = np.zeros((14, 30), np.uint8)
    cells[-2:] = CODE["ground"]
    swinging = KeptObject(800, 1360, 0, 3, 4, 7, 0, 9, 105, -1, -1, -1)
    first = file_of_course(MakerCourse(cells, kept=[swinging]))
    record = np.frombuffer(first.data, first.fields.dtype).copy()
    record["areas"][0, 1]["theme"] = 6
    record["clear_attempts"] = 77
    course = course_of_file(Course(record.tobytes()))
    assert course.kept == (swinging,)
    again = file_of_course(read_course_json(write_course_json(course)))
    assert again.fields["areas"][1]["theme"] == 6
    assert again.fields["clear_attempts"] == 77
    assert course_of_file(again) == course


def test_files_of_all_formats(tmp_path):
    cells = np.zeros((14, 30), np.uint8)
    cells[-2:] = CODE["ground"]
    cells[8, 9] = CODE["brick"]
    course = MakerCourse(cells, "a", timer_s=120)
    for name in ("a.mmc.json", "a.course", "a.course.z", "a.txt", "a.json", "a.npz", "a.level"):
        write_course_file(tmp_path / name, course)
        again = read_course_file(tmp_path / name)
        assert np.array_equal(again.cells[-14:], cells), name
        assert again.timer_s == (300 if name == "a.txt" else 120), name


@pytest.mark.parametrize("name", ["a.json", "a.npz", "a.level"])
def test_levels_of_courses_are_played_as_the_courses(tmp_path, name):
    """Without a start of its own a course lost coins in bricks, and platforms became solid."""
    cells = np.zeros((14, 30), np.uint8)
    cells[-2:] = CODE["ground"]
    parts = ("brick_coin", "brick_power", "semisolid_platform", "hidden_block", "hard_block")
    cells[8, 9:14] = [CODE[part] for part in parts]
    course = MakerCourse(cells, "a")
    write_course_file(tmp_path / name, course)
    again = read_course_file(tmp_path / name)
    assert np.array_equal(again.cells, cells)
    assert (again.start, again.goal) == (None, None)
    assert course_to_level(again) == course_to_level(course)


@pytest.mark.parametrize(("told", "timer_s"), [(5, 10), (900, 500), ("long", 300), (True, 300)])
def test_a_timer_that_no_course_has(told, timer_s):
    cells = np.zeros((14, 30), np.uint8)
    grid = TileGrid(cells, metadata={"timer_s": told})
    assert course_of_grid(grid).timer_s == timer_s
    assert course_of_level(to_level(grid)).timer_s == timer_s


@pytest.mark.parametrize(
    "places", [{"start": (12, 5)}, {"goal": 20}, {"start": (25, 11), "goal": 9}]
)
def test_start_and_goal_in_files_and_what_is_said_where_they_are_left_out(tmp_path, places):
    cells = np.zeros((14, 30), np.uint8)
    cells[-2:] = CODE["ground"]
    cells[8, 9] = CODE["thwomp"]
    course = MakerCourse(cells, "a", **places)
    whole = MakerCourse(cells, "a")
    held = {
        "a.mmc.json": {"the start", "the goal", "1 parts"},
        "a.json": {"the start", "the goal"},
        "a.npz": {"the start", "the goal"},
        "a.level": {"the start", "the goal"},
        "a.course": {"the goal", "1 parts"},
        "a.course.z": {"the goal", "1 parts"},
        "a.lvl": set(),
        "a.txt": set(),
    }
    own = {"1 parts", *(f"the {name}" for name in places)}
    for name, holds in held.items():
        write_course_file(tmp_path / name, course)
        again = read_course_file(tmp_path / name)
        assert again.start == (course.start if "the start" in holds else None), name
        if course.goal is not None:
            assert again.goal == (course.goal if "the goal" in holds else None), name
        assert set(left_out(tmp_path / name, course)) == own - holds, name
        assert set(left_out(tmp_path / name, whole)) == {"1 parts"} - holds, name


@pytest.mark.parametrize("rules", Rules)
@pytest.mark.parametrize("start", [(12, 5), (3, -1), None])
def test_a_level_that_starts_elsewhere_is_a_course_that_does(rules, start):
    cells = np.zeros((14, 30), np.uint8)
    cells[-2:] = CODE["ground"]
    level = course_to_level(MakerCourse(cells, start=start), rules)
    assert course_of_level(level).start == start
    usual = course_to_level(MakerCourse(cells), rules).start
    assert usual is not None
    assert course_of_level(replace(level, start=usual)).start is None
    assert course_of_level(replace(level, start=(2, -1))).start == (2, -1)


def test_an_interrupted_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.mmc.json"
    course = MakerCourse(np.zeros((4, 8), np.uint8), "old")
    write_course_file(path, course)

    def stop(*_args):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", stop)
    monkeypatch.setattr(os, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        write_course_file(path, MakerCourse(np.zeros((4, 8), np.uint8), "new"))
    assert read_course_file(path) == course
    assert [each.name for each in tmp_path.iterdir()] == ["a.mmc.json"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"width": 0}, "width: expected a whole number from 1"),
        ({"height": True}, "height: expected a whole number"),
        ({"version": 2}, "version 2 of a course: this program reads version 1"),
        ({"rows": []}, "rows: expected a list of 4 strings"),
        ({"rows": ["00" * 8] * 3 + ["00" * 7 + "09"]}, r"rows\[3\]: part 9 at column 7"),
        ({"rows": ["00" * 8] * 3 + ["zz" * 8]}, r"rows\[3\]: expected hexadecimal"),
        ({"parts": ["air", "gound"]}, "unknown part 'gound'"),
        ({"timer_s": 0}, "timer must be a whole number from 10 to 500"),
        ({"theme": "moon"}, "theme: expected one of ground"),
        ({"goal": 8}, "goal: expected a whole number from 0 to 7"),
        ({"kept": [[1, 2]]}, r"kept\[0\]: expected a list of 12"),
        ({"kept": [[0] * 8 + [133] + [0] * 3]}, "kept object 0: object ids are 0 to 132, got 133"),
        ({"origin": "AAAA"}, "origin: no course file as base64"),
        ({"colour": 1}, "unknown field 'colour'"),
    ],
)
def test_malformed_courses(tmp_path, change, message):
    fields = json.loads(write_course_json(MakerCourse(np.zeros((4, 8), np.uint8))))
    path = tmp_path / "bad.mmc.json"
    path.write_text(json.dumps({**fields, **change}))
    with pytest.raises(LevelError, match=message) as caught:
        read_course_file(path)
    assert "bad.mmc.json" in str(caught.value)


def test_sizes_codes_and_ids_out_of_range():
    with pytest.raises(LevelError, match=r"1 to 255 rows .* got 0 and 8"):
        MakerCourse(np.zeros((0, 8), np.uint8))
    cells = np.zeros((4, 8), np.uint8)
    cells[2, 3] = 200
    with pytest.raises(LevelError, match="got 200 at column 3, row 2"):
        MakerCourse(cells)
    with pytest.raises(LevelError, match="cells must be rows of the same length"):
        MakerCourse([[0, 1], [0]])  # type: ignore[arg-type]
    wrong_starts: list[Any] = [5, (1, 2, 3), "ab c", {1, 2}]
    for start in wrong_starts:
        with pytest.raises(LevelError, match=r"a start must be \(column, row\) or None, got"):
            MakerCourse(cells * 0, start=start)
    with pytest.raises(LevelError, match="at most 240 columns and 27 rows"):
        file_of_course(MakerCourse(np.zeros((28, 8), np.uint8)))
    record = np.frombuffer(file_of_course(MakerCourse(np.zeros((14, 30), np.uint8))).data, np.uint8)
    course = Course(record.tobytes())
    wrong = np.frombuffer(course.data, course.fields.dtype).copy()
    wrong["areas"][0, 0]["right_px"] = 0
    with pytest.raises(LevelError, match="has 0 columns"):
        course_of_file(Course(wrong.tobytes()))
    wrong = np.frombuffer(course.data, course.fields.dtype).copy()
    wrong["areas"][0, 0]["object_count"] = 1
    wrong["areas"][0, 0]["objects"][0]["id"] = 500
    with pytest.raises(LevelError, match="object 0 of the course has the id 500"):
        course_of_file(Course(wrong.tobytes()))
    with pytest.raises(LevelError, match="376,768 bytes"):
        Course(b"short")


def test_ten_thousand_objects(tmp_path):
    coin = CODE["coin"]
    course = MakerCourse(np.full((27, 240), coin, np.uint8))
    assert "6480 objects, at most 2600 are allowed" in course.violations(course_limits("mm2"))
    kept = [KeptObject(0, 0, 0, 1, 1, 0, 0, 0, 12, -1, -1, -1)] * 10_000
    with pytest.raises(LevelError, match=r"holds 2600 objects"):
        file_of_course(MakerCourse(np.full((27, 240), coin, np.uint8), kept=kept))
    with pytest.raises(LevelError, match="room for 2600 objects, the course has 10000"):
        file_of_course(MakerCourse(np.zeros((27, 240), np.uint8), kept=kept))
    wide = MakerCourse(np.full((50, 200), coin, np.uint8))
    assert read_course_json(write_course_json(wide)) == wide
    assert course_to_level(wide).width == 200


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_json_with_a_byte_order_mark_is_read(tmp_path, encoding):
    course = MakerCourse(np.zeros((4, 8), np.uint8), "ä")
    path = tmp_path / "a.mmc.json"
    path.write_text(write_course_json(course), encoding=encoding)
    assert read_course_file(path) == course
    limits = tmp_path / "own.json"
    limits.write_text('{"most": {"coins": 3}}', encoding=encoding)
    assert course_limits(limits).most == {"coins": 3}


def test_limits_from_a_file_and_their_errors(tmp_path):
    path = tmp_path / "own.json"
    path.write_text('{"width": 50, "most": {"coins": 3}}')
    limits = course_limits(path)
    assert (limits.name, limits.width, limits.height, limits.most) == ("own", 50, 255, {"coins": 3})
    wrong: list[tuple[Any, str]] = [
        ("moon", "unknown limits 'moon'"),
        ({"moons": 1}, "unknown group 'moons'"),
        ({"coins": -1}, "whole number from 0"),
        (tmp_path / "none.json", "cannot read the limits"),
        (3, "must be a profile's name"),
    ]
    for bad, message in wrong:
        with pytest.raises(OptionError, match=message):
            course_limits(bad)
    for text in ("{", "[" * 100_000):
        path.write_text(text)
        with pytest.raises(OptionError, match="are no JSON"):
            course_limits(path)
    path.write_text('{"rows": 3}')
    with pytest.raises(OptionError, match="unknown field 'rows'"):
        course_limits(path)


def test_compressed_files_are_those_of_the_published_data_set():
    course = file_of_course(MakerCourse(np.zeros((14, 30), np.uint8)))
    assert len(write_course(course)) == 376_768
