"""Malformed files: where, and what was expected; and bytes of any kind never do worse."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from gym_mario_suite.errors import LevelError, MarioError, OptionError
from gym_mario_suite.levels import Level, generate
from gym_mario_suite.levels.formats import read_document, read_level, write_level
from gym_mario_suite.levels.formats.arrays import write_npy
from gym_mario_suite.levels.formats.course import COURSE_BYTES, Course, read_course
from gym_mario_suite.levels.formats.course_grids import course_of_grid
from gym_mario_suite.levels.formats.files import FORMATS
from gym_mario_suite.levels.formats.level_json import write_level_json
from tests.levels.grids import grid_of

GRID = grid_of("--E-\n-<>-\nX[]X")
LEVEL = generate(1, 2, 0, 80)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("vglc", b"", "empty"),
        ("vglc", b"--\n-#\n", "'#' at row 2, column 2 .* expected one of XS-"),
        ("vglc", b"---\n--\n", "row 2 .* has 2 columns, but the first row has 3"),
        ("vglc", b"--\n\n--\n", "row 2"),
        ("vglc", b"-\n\xff-\n", "byte 0xff at row 2, column 1"),
        ("vglc-structural", b"-#\n-S\n", "'S' at row 2, column 2"),
        ("framework", b"--\n-z\n", "'z' at row 2, column 2"),
        ("matrix-text", b"0 1\n2 x\n", "line 2, column 3, got 'x'"),
        ("matrix-text", b"0 1\n2 13\n", "from 0 to 12 at line 2, column 3, got 13"),
        ("matrix-text", b"0 1\n2\n", "line 2 of the matrix has 1 codes"),
        ("matrix-text", b" \n", "empty"),
        ("matrix-json", b"[[0, 1], [2]]", "row 2 of the matrix has 1 codes"),
        ("matrix-json", b"[[0, true]]", "row 1, column 2, got True"),
        ("matrix-json", b"[[0, 1],\n [2 3]]", "line 2, column 5"),
        ("matrix-json", b"[]", "list of lists"),
        ("matrix-json", b"[[]]", "empty"),
        ("matrix-json", b"[[[0]], [[0]]]", "row 1, column 1"),
        ("matrix-npy", b"\x93NUMPY\x01\x00", "no NumPy array"),
        ("npz", b"PK\x03\x04rest", "not a .npz file"),
        ("json", b"{", "line 1, column 2"),
        ("json", b"[1]", "expected an object, got a list"),
        ("json", b"{}", "the field format is missing"),
        ("json", b'{"format": "other"}', "format: expected one of"),
        (
            "json",
            b'{"format": "gym-mario-suite/grid", "version": 2}',
            "this program reads version 1",
        ),
        ("json", b'{"a": NaN}', "NaN"),
        ("course", b"x" * 10, "not a course"),
        ("course", b"x" * 376_832, "encrypted"),
        ("bytes", b"GMSL", "not a level"),
    ],
)
def test_the_message_says_where_and_what(name: str, data: bytes, words: str) -> None:
    with pytest.raises(LevelError, match=words):
        FORMATS[name].read(data)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.course", b"\xe0" * 1000, "not a course: expected 376,768 bytes, .* got 1,000"),
        ("a.course.z", zlib.compress(bytes(COURSE_BYTES), 9)[:100], "compressed course is cut off"),
        ("a.level", b"\xe0", "not a level"),
        ("a.npz", b"\xe0", "not a .npz file"),
        ("a.txt", b"\xe0", "not a text: the byte 0xe0 at row 1, column 1"),
        ("a", b"\xe0", "not a text: the byte 0xe0 at row 1, column 1"),
    ],
)
def test_bytes_that_nobody_knows_are_what_the_name_says(
    name: str, data: bytes, words: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(LevelError, match=words):
        read_document(tmp_path / name)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (["width"], 0, "width: expected a whole number from 1"),
        (["width"], True, "width: .* got true"),
        (["height"], 14.5, "height: .* got 14.5"),
        (["rules"], "2020", 'rules: expected one of "competition-2009"'),
        (["tiles"], "x", "tiles: expected a list of 15 strings"),
        (["tiles"], ["00" * 80], "tiles: expected 15 rows, got 1"),
        (["exit"], None, "exit: expected an object"),
        (["tiles", 3], "00", r"tiles\[3\]: expected 160 hexadecimal digits"),
        (
            ["tiles", 3],
            "0g" + "0" * 158,
            r"tiles\[3\]: .* 'g' as character 2, the tile of column 0",
        ),
        (["start"], [1, 2], "start: expected an object, got a list"),
        (["exit", "row"], None, "exit.row: expected a whole number"),
        (["spawns", 0, "enemy"], "bowser", r"spawns\[0\].enemy: expected one of"),
        (["spawns", 0, "winged"], 1, r"spawns\[0\].winged: expected true or false"),
        (["spawns", 0, "size"], 1, r"unknown field spawns\[0\].size"),
        (["metadata"], [], "metadata: expected an object"),
        (["author"], "me", "unknown field author"),
    ],
)
def test_every_field_of_a_json_level_is_checked(path: list[Any], value: Any, words: str) -> None:
    fields = json.loads(write_level_json(LEVEL))
    place = fields
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(LevelError, match=words):
        FORMATS["json"].read(json.dumps(fields).encode())


@pytest.mark.parametrize("field", list(json.loads(write_level_json(LEVEL))))
def test_no_field_of_a_json_level_may_be_missing(field: str) -> None:
    fields = json.loads(write_level_json(LEVEL))
    del fields[field]
    with pytest.raises(LevelError, match=f"{field} is missing"):
        FORMATS["json"].read(json.dumps(fields).encode())


def archive(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(f"{name}.npy", content)
    return stream.getvalue()


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def test_numpy_files_that_lie_are_refused() -> None:
    honest = npy(np.zeros((3, 4), np.uint8))
    huge = honest.replace(b"(3, 4)", b"(999999999999, 4)".ljust(6))
    with pytest.raises(LevelError, match="no NumPy array"):
        FORMATS["matrix-npy"].read(huge)
    with pytest.raises(LevelError, match="object"):
        FORMATS["matrix-npy"].read(npy(np.array([[None]])))
    with pytest.raises(LevelError, match="more than 64 MiB"):
        FORMATS["npz"].read(archive(codes=bytes(65 << 20)))
    with pytest.raises(LevelError, match="there are a, b"):
        FORMATS["npz"].read(archive(a=honest, b=honest))
    with pytest.raises(LevelError, match="meta: expected a JSON object"):
        FORMATS["npz"].read(archive(meta=npy(np.frombuffer(b"[]", np.uint8))))
    with pytest.raises(LevelError, match="give one level"):
        FORMATS["matrix-npy"].read(npy(np.zeros((5, 14, 14), np.int64)))


def test_courses_that_lie_are_refused() -> None:
    data = bytearray(course_of_grid(GRID).data)
    at = 0x200 + 0x1C  # the number of objects in the main area
    data[at : at + 4] = (9999).to_bytes(4, "little")
    with pytest.raises(LevelError, match="9999 objects; there is room for 2600"):
        Course(bytes(data))
    with pytest.raises(LevelError, match="area 0 of the course has 0 columns"):
        FORMATS["vglc"].write(Course(bytes(COURSE_BYTES)))
    bomb = zlib.compress(bytes(100 << 20))
    with pytest.raises(LevelError, match="bytes"):
        read_course(bomb)


def test_encrypted_courses_are_read_with_a_function_that_decrypts() -> None:
    course = course_of_grid(GRID)
    assert read_course(bytes(376_832), lambda data: course.data) == course


@pytest.mark.filterwarnings("error")
def test_floats_of_any_size_are_codes() -> None:
    for dtype in (np.float16, np.float64):
        matrix = write_npy(np.array([[2.0, 0.0]], dtype))
        assert FORMATS["matrix-npy"].read(matrix) == grid_of("-X")


def test_an_archive_of_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "level").write_bytes(archive())
    with pytest.raises(LevelError, match="one matrix of tile codes; there are none"):
        read_document(tmp_path / "level")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf, 1e300, 0.5])
def test_numbers_that_are_not_whole_are_refused_as_such(number: float) -> None:
    with pytest.raises(LevelError, match=r"must be whole numbers .* got float64"):
        FORMATS["matrix-npy"].read(write_npy(np.array([[number, 0.0]])))


@pytest.mark.parametrize("name", ["vglc", "vglc-structural"])
@pytest.mark.parametrize("blanks", [b" ", b"\t ", b" \r"])
def test_blanks_at_the_ends_of_lines_make_no_other_format(
    tmp_path: Path, name: str, blanks: bytes
) -> None:
    path = tmp_path / "level"
    plain = FORMATS[name].write(LEVEL)
    path.write_bytes(plain.replace(b"\n", blanks + b"\n"))
    assert read_document(path) == read_document(path, name) == FORMATS[name].read(plain)


@pytest.mark.parametrize("text", [b"    \nS   \nXXXX\n", b"    \n    \nXXXX\n"])
def test_blanks_that_fill_lines_up_are_air_of_the_framework(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "level"
    path.write_bytes(text)
    level = read_document(path)
    assert isinstance(level, Level)
    assert level.tiles.shape == (4, 3)


def test_messages_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "broken.txt"
    path.write_text("--\n-~\n")
    with pytest.raises(LevelError, match=r"broken.txt: unknown letter '~' at row 2, column 2"):
        read_level(path)
    with pytest.raises(LevelError, match="cannot read"):
        read_level(tmp_path / "none.json")
    with pytest.raises(OptionError, match="ends in one of"):
        write_level(tmp_path / "level.doc", GRID)
    with pytest.raises(OptionError, match="unknown level format"):
        read_level(path, "doc")
    with pytest.raises(OptionError, match="cannot write"):
        write_level(tmp_path / "no" / "level.txt", GRID)


SAMPLES = [entry.write(document) for entry in FORMATS.values() for document in (GRID, LEVEL)]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A file of some format with bytes changed, cut out or put in."""
    data = bytearray(draw(st.sampled_from(SAMPLES)))
    for _ in range(draw(st.integers(1, 6))):
        # Mostly near the beginning, where headers are.
        at = draw(st.integers(0, min(len(data), draw(st.sampled_from([40, 600, 1 << 20])))))
        kind = draw(st.integers(0, 2))
        if kind == 0:
            data[at : at + 4] = draw(st.binary(max_size=4))
        elif kind == 1:
            del data[at : at + draw(st.integers(1, 99))]
        else:
            data[at:at] = draw(st.binary(max_size=9))
    return bytes(data)


@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=200) | damaged(), st.sampled_from([None, *FORMATS]))
def test_any_bytes_are_read_or_refused(tmp_path: Path, data: bytes, name: str | None) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    # Any other exception fails the test.
    with suppress(MarioError):
        read_document(path, name)
        read_level(path, name)
