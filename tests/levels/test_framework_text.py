"""Level texts of the 2019 framework: what each letter becomes, errors, writing."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gym_mario_suite.engine.tiles import Tile2019 as T
from gym_mario_suite.engine.world import EnemyType, Rules
from gym_mario_suite.errors import LevelError
from gym_mario_suite.levels import Level, Spawn, generate
from gym_mario_suite.levels.framework_text import (
    KNOWN,
    TILES,
    load_framework_text,
    read_framework_text,
)
from gym_mario_suite.levels.framework_text_writer import write_framework_text
from gym_mario_suite.levels.level import rules_name
from tests.engine import recordings_2019

# A folder of level texts of one's own.
CORPUS = (
    sorted(Path(os.environ["MARIO_TEXTS_2019"]).rglob("*.txt"))
    if ("MARIO_TEXTS_2019" in os.environ)
    else []
)
LAB = sorted((recordings_2019.traces_folder() / "levels").glob("*.txt"))


def read(*rows: str, lenient: bool = False) -> Level:
    return read_framework_text("\n".join(rows), lenient=lenient)


def tiles_of(*rows: str) -> list[list[int]]:
    """Tiles by rows, without the last column, where the goal is, and the floor below it."""
    level = read(*(row + "-" for row in rows), "X" * (len(rows[0]) + 1))
    return level.tiles.T[:-1, :-1].tolist()


@pytest.mark.parametrize("letter", sorted(TILES))
def test_letters_of_one_tile(letter: str) -> None:
    assert tiles_of("-" + letter) == [[T.AIR, TILES[letter]]]


def test_enemies_leave_air() -> None:
    level = read("-gEGrRkKyY-", "XXXXXXXXXXX")
    assert not level.tiles[:-1, 0].any()
    kinds = [(spawn.enemy.name, spawn.winged) for spawn in level.spawns]
    plain, winged = False, True
    assert kinds == [
        ("GOOMBA", plain),
        ("GOOMBA", plain),
        ("GOOMBA", winged),
        ("RED_KOOPA", plain),
        ("RED_KOOPA", winged),
        ("GREEN_KOOPA", plain),
        ("GREEN_KOOPA", winged),
        ("SPIKY", plain),
        ("SPIKY", winged),
    ]


def test_platforms() -> None:
    assert tiles_of("%-%%-%%%") == [[43, 0, 44, 45, 0, 44, 46, 45]]


def test_cannons() -> None:
    assert tiles_of("*B", "*b", "*b", "*b") == [[3, 3], [4, 4], [5, 5], [5, 4]]


@pytest.mark.parametrize(
    ("rows", "tiles", "flowers"),
    [
        (("-Tt", "-tt"), [[0, 18, 19], [0, 20, 21]], [(1, 0)]),
        (("-tT", "-tt"), [[0, 18, 19], [0, 20, 21]], []),
        (("-T-", "-t-"), [[0, 52, 0], [0, 53, 0]], []),
        (("-TTTT", "-tttt"), [[0, 18, 19, 18, 19], [0, 20, 21, 20, 21]], [(1, 0), (3, 0)]),
        (("T--", "t--"), [[18, 0, 0], [20, 0, 0]], [(0, 0)]),
        (("-<>", "-[]"), [[0, 18, 19], [0, 20, 21]], []),
        (("-<tt", "-[tt"), [[0, 18, 19, 18], [0, 20, 21, 20]], []),
    ],
)
def test_pipes(rows, tiles, flowers) -> None:
    assert tiles_of(*rows) == tiles
    level = read(*(row + "-" for row in rows), "X" * (len(rows[0]) + 1))
    assert level.spawns == tuple(Spawn(x, y, EnemyType.FLOWER) for x, y in flowers)


def test_start_and_goal_are_marked_or_found() -> None:
    air = ["-" * 6] * 14
    level = read(*air, "-M--F-", "XXXXXX")
    assert (level.start, level.x_exit, level.y_exit) == ((1, 14), 4, 14)
    assert level.tiles[4].tolist() == [0, 0, 0, 39, *[40] * 11, 1]
    level = read(*air, "M---FM", "XXXXXF")
    assert (level.start, level.x_exit, level.y_exit) == ((5, 14), 5, 15), "the last one counts"
    level = read(*air, "%----b", "---XXX")
    assert (level.start, level.x_exit, level.y_exit) == ((0, 13), 5, 14), "b is no floor"
    level = read(*air, "------", "-XXXX-")
    assert (level.start, level.x_exit, level.y_exit) == ((0, -1), 5, -1), "no floor"
    assert level.tiles[5].tolist() == [0, 39, *[0] * 14]
    level = read("X-----", "X-----", "X----X")
    assert level.start == (0, -1), "solid to the top"


def test_the_pole_replaces_tiles_but_not_spawns() -> None:
    level = read("-----", "---g-", "--%%%", "---F-", "XXXXX")
    assert level.tiles.T.tolist()[1:4] == [[0, 0, 0, 39, 0], [0, 0, 44, 40, 45], [0, 0, 0, 40, 0]]
    assert level.spawns == (Spawn(3, 1, EnemyType.GOOMBA),)


def test_line_ends_and_empty_lines_at_the_end() -> None:
    rows = ["----", "----", "XXXX"]
    level = read(*rows)
    assert read_framework_text("\r\n".join(rows) + "\r\n\r\n") == level
    assert read_framework_text("\n".join(rows) + "\n") == level
    assert level.rules == Rules.FRAMEWORK_2019


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (("",), "the level text is empty"),
        (("", ""), "the level text is empty"),
        (("", "XX"), "1 to 16383 columns"),
        (("XX",), "2 to 255 rows"),
        (("--", "--") * 200, "2 to 255 rows"),
        (("---", "--", "XXX"), "row 2 of the level text has 2 columns.* row 2, column 3"),
        (("---", "---", "XXXX"), "row 3 of the level text has 4 columns.* row 3, column 4"),
        (("---", "-ä-", "XXX"), "unknown character 'ä' at row 2, column 2"),
        (("---", "---", "XXX", "", "XXX"), "row 4 of the level text has 0 columns"),
    ],
)
def test_errors_name_the_place(rows: tuple[str, ...], message: str) -> None:
    with pytest.raises(LevelError, match=message):
        read(*rows)


def test_lenient_reading_is_the_frameworks() -> None:
    assert read("-~-", "--", "XXX", lenient=True) == read("---", "---", "XXX")
    with pytest.raises(LevelError, match="row 2 of the level text has 4 columns"):
        read("---", "----", lenient=True)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "level.txt"
    with pytest.raises(LevelError, match=r"cannot read the level text .*level\.txt"):
        load_framework_text(path)
    path.write_text("--\n?!\nzz\n")
    with pytest.raises(LevelError, match=r"level.txt: unknown character 'z' at row 3, column 1"):
        load_framework_text(path)
    path.write_text("--\n--\nXX\n")
    assert load_framework_text(path).metadata == {"file": "level.txt"}


@pytest.mark.parametrize("path", LAB + CORPUS, ids=lambda path: path.stem)
def test_files_are_read_and_written(path: Path) -> None:
    level = load_framework_text(path)
    assert read_framework_text(write_framework_text(level)) == level
    assert Level.from_bytes(level.to_bytes()) == level
    assert Level.from_image(level.image) == level


def texts(letters: str) -> st.SearchStrategy[str]:
    sizes = st.tuples(st.integers(1, 9), st.integers(2, 8))

    def rows(size: tuple[int, int]) -> st.SearchStrategy[str]:
        row = st.text(letters, min_size=size[0], max_size=size[0])
        return st.lists(row, min_size=size[1], max_size=size[1]).map("\n".join)

    return sizes.flatmap(rows)


@settings(deadline=None)
@given(texts("".join(sorted(KNOWN))))
def test_any_text_of_known_letters_is_a_level(text: str) -> None:
    level = read_framework_text(text)
    assert Level.from_bytes(level.to_bytes()) == level
    try:
        written = write_framework_text(level)
    except LevelError as error:
        assert "cannot express" in str(error)  # noqa: PT017
    else:
        assert read_framework_text(written) == level


@settings(deadline=None)
@given(texts("-%|XXSo@g"))
def test_platforms_blocks_and_enemies_are_always_written(text: str) -> None:
    level = read_framework_text(text)
    assert read_framework_text(write_framework_text(level)) == level


def test_what_cannot_be_written() -> None:
    base = read("-----", "-----", "M---F", "XXXXX")
    tiles = base.tiles.copy()
    tiles[2, 1] = T.PLATFORM_LEFT
    lonely = Level(tiles, (), 4, 2, {}, Rules.FRAMEWORK_2019, (0, 2))
    with pytest.raises(LevelError, match="cannot express the tile 44 at row 2, column 3"):
        write_framework_text(lonely)
    tiles[2, 1] = 200
    with pytest.raises(LevelError, match="the tile 200 at row 2, column 3"):
        write_framework_text(Level(tiles, (), 4, 2, {}, Rules.FRAMEWORK_2019, (0, 2)))
    flower = Level(
        base.tiles, [Spawn(1, 1, EnemyType.FLOWER)], 4, 2, {}, Rules.FRAMEWORK_2019, (0, 2)
    )
    with pytest.raises(LevelError, match="cannot express"):
        write_framework_text(flower)
    with pytest.raises(LevelError, match=r"cannot express a start at None"):
        write_framework_text(Level(base.tiles, (), 4, 2, {}, Rules.FRAMEWORK_2019))
    with pytest.raises(LevelError, match="only levels of the rules framework-2019"):
        write_framework_text(generate(0, length=80))


# --- levels of both rules -------------------------------------------------------------------------


def test_rules_and_start_belong_to_a_level() -> None:
    tiles = np.zeros((20, 16), np.uint8)
    old = Level(tiles, (), 10)
    new = Level(tiles, (), 10, rules=Rules.FRAMEWORK_2019)
    begun = Level(tiles, (), 10, rules=Rules.FRAMEWORK_2019, start=(3, -1))
    assert len({old, new, begun}) == 3
    assert "framework-2019, start (3, -1)" in repr(begun)
    for level in (old, new, begun):
        assert Level.from_bytes(level.to_bytes()) == level
        assert Level.from_image(level.image) == level
    assert rules_name(old.rules) == "competition-2009"
    assert old.start is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rules": 2}, "rules must be one of 0 .competition-2009., 1 .framework-2019."),
        ({"rules": True}, "rules must be one of"),
        ({"start": 3}, r"start must be \(column, row\) or None"),
        ({"start": (20, 3)}, "the column of the start"),
        ({"start": (0, 16)}, "the row of the start"),
        ({"start": (0, -2)}, "the row of the start"),
    ],
)
def test_bad_rules_and_starts(options, message) -> None:
    with pytest.raises(LevelError, match=message):
        Level(np.zeros((20, 16), np.uint8), (), 10, **options)
