"""Whether levels can be finished: on the engine, in words, drawn."""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gym_mario_suite import cli
from gym_mario_suite.competition import simulate
from gym_mario_suite.engine.atlas import BACKDROP_WIDTH_PX
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import Rules, Status
from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels import generate
from gym_mario_suite.levels.formats import read_document, read_grid, read_level, write_level
from gym_mario_suite.levels.formats.png import png_bytes
from gym_mario_suite.levels.grid_levels import to_level
from gym_mario_suite.levels.maker.course import MakerCourse
from gym_mario_suite.levels.maker.course_files import (
    read_course_file,
    read_level_or_course,
    write_course_file,
)
from gym_mario_suite.levels.maker.course_levels import (
    course_of_grid,
    course_to_grid,
    course_to_level,
)
from gym_mario_suite.levels.maker.parts import BY_NAME
from gym_mario_suite.levels.picture import (
    RUN_COLOUR,
    STATIC_COLOUR,
    joined,
    level_picture,
    playability_picture,
)
from gym_mario_suite.levels.playability import EnginePlayer, Run, check
from gym_mario_suite.levels.tile_grid import Theme, Tile, TileGrid
from tests.levels.grids import grid_of

EASY = grid_of("\n".join(["-" * 40] * 10 + ["-" * 20 + "E" + "-" * 19, "X" * 18 + "--" + "X" * 20]))
WALLED = TileGrid(np.where(np.arange(40) == 25, Tile.GROUND, EASY.codes))


@pytest.fixture(scope="module")
def player() -> EnginePlayer:
    return EnginePlayer(5000)


def assert_is_the_way(run: Run, game: Game) -> None:
    """The keys, pressed from the level's start on, lead to the exit over the positions."""
    positions = []
    for keys in run.keys.tolist():
        game.tick(keys)
        positions.append((game.x, game.y))
    assert game.status == Status.WIN
    np.testing.assert_array_equal(run.positions, np.array(positions, np.float32))
    assert run.furthest_px == max(x for x, _ in positions)


@pytest.mark.parametrize("rules", Rules)
def test_what_a_star_found_is_a_win(player: EnginePlayer, rules: Rules) -> None:
    level = to_level(EASY, rules)
    found = check(level, player)
    run = found.engine
    assert run is not None
    assert (run.won, found.static.solved) == (True, True)
    assert_is_the_way(run, Game(level.image, 2 if rules == Rules.COMPETITION_2009 else 0))
    assert check(level, player).to_json() == found.to_json()


def test_a_wall_stops_both(player: EnginePlayer) -> None:
    found = check(to_level(WALLED), player)
    assert found.engine is not None
    assert (found.engine.won, found.static.solved) == (False, False)
    assert found.static.furthest_column == 24
    assert 20 * 16 < found.engine.furthest_px < 25 * 16
    assert found.to_json()["static"]["path"][0] == [0, 13]


def test_the_way_ends_at_the_exit(player: EnginePlayer) -> None:
    """The generator of 2009 puts ground, and sometimes more, behind it."""
    level = generate(3, 5, 0, 130)
    found = check(level, player)
    assert found.engine is not None
    assert (found.static.solved, found.engine.won) == (True, True)
    assert found.static.furthest_column == level.x_exit < level.width - 1
    assert_is_the_way(found.engine, Game(level.image))  # in which Mario falls at the start


def _course(start: tuple[int, int], walls: bool, goal: int | None = None) -> MakerCourse:
    """Ground with a pit in columns 10 to 23, and, if wanted, a closed box around column 32."""
    cells = np.zeros((14, 40), np.uint8)
    cells[-2:] = BY_NAME["ground"].code
    cells[-2:, 10:24] = 0
    if walls:
        cells[2:12, [30, 34]] = cells[2, 30:35] = BY_NAME["hard_block"].code
    return MakerCourse(cells, start=start, goal=goal)


@pytest.mark.parametrize("rules", Rules)
def test_the_way_begins_where_the_level_does(rules: Rules) -> None:
    beyond = check(course_to_level(_course((25, 11), walls=False), rules))
    assert (beyond.static.solved, beyond.static.path[0].tolist()) == (True, [25, 11])
    assert beyond.to_json()["static"]["path"][0] == [25, 11 + beyond.sky_rows]
    before = check(course_to_level(_course((2, 11), walls=False), rules))
    assert (before.static.solved, before.static.furthest_column < 24) == (False, True)
    boxed = check(course_to_level(_course((32, 11), walls=True), rules))
    assert (boxed.static.solved, boxed.static.furthest_column) == (False, 33)
    arrived = check(course_to_level(_course((32, 11), walls=True, goal=20), rules))
    assert (arrived.static.solved, arrived.static.path.tolist()) == (True, [[32, 11]])


def test_a_start_above_the_solvers_sky_is_a_longer_fall() -> None:
    level = to_level(TileGrid(EASY.codes[-5:]), Rules.FRAMEWORK_2019)
    found = check(replace(level, start=(4, 0)))
    assert (found.static.solved, found.static.path[0].tolist()) == (True, [4, -4])


def test_an_exit_outside_of_the_level_is_at_its_end() -> None:
    level = to_level(EASY)
    beyond = check(replace(level, x_exit=level.width + 5))
    assert (beyond.static.solved, beyond.static.furthest_column) == (True, level.width - 1)
    assert check(replace(level, x_exit=-5)).static.furthest_column == 0


def test_the_solver_alone_needs_no_engine() -> None:
    found = check(generate(3, 2, 0, 150))
    assert found.engine is None
    assert "engine" not in found.to_json()


def test_a_budget_out_of_range_is_refused() -> None:
    with pytest.raises(OptionError, match="nodes must be"):
        EnginePlayer(0)


@pytest.mark.parametrize("shape", [(14, 50), (14, 7), (27, 30), (40, 21)])
@pytest.mark.parametrize("rules", Rules)
def test_a_picture_shows_all_of_a_level(shape: tuple[int, int], rules: Rules) -> None:
    codes = np.full(shape, Tile.EMPTY)
    codes[-1] = Tile.GROUND
    plain = level_picture(to_level(TileGrid(codes), rules))
    level = to_level(TileGrid(codes), rules)
    assert plain.shape == (16 * level.height, 16 * level.width, 3)
    # Each of these blocks changes its own sixteen pixels square, and nothing else.
    for row, column in ((-5, 0), (-8, shape[1] // 2), (-9, shape[1] - 2), (-shape[0], 3)):
        codes[row, column] = Tile.BRICK
    drawn = level_picture(to_level(TileGrid(codes), rules))
    changed = (drawn != plain).any(axis=2).reshape(level.height, 16, level.width, 16).any((1, 3))
    sky = level.height - shape[0]
    assert np.array_equal(changed[sky:], codes == Tile.BRICK)


@pytest.mark.parametrize("theme", Theme)
def test_a_picture_has_no_seams_in_the_backdrop(theme: Theme) -> None:
    grid = TileGrid(np.full((15, 110), Tile.EMPTY), theme)
    picture = level_picture(to_level(grid))[:, : 100 * 16]  # without the goal
    # It repeats, wherever the screens begin of which the picture is made.
    assert np.array_equal(picture[:, BACKDROP_WIDTH_PX:], picture[:, :-BACKDROP_WIDTH_PX])


@pytest.mark.parametrize("theme", [Theme.UNDERGROUND, Theme.CASTLE])
def test_the_ground_of_a_grid_looks_like_its_theme(theme: Theme) -> None:
    codes = np.full((15, 40), Tile.EMPTY)
    codes[-4:-1, 2:38] = Tile.GROUND
    codes[-1] = Tile.GROUND
    # Grass, in the greens that no rock has, is the overground's.
    ground = level_picture(to_level(TileGrid(codes, theme)))[-64:, :560].astype(int)
    assert not ((ground[..., 1] > 150) & (ground[..., 2] < 100)).any()


def test_pictures_are_joined_with_white_between_them() -> None:
    first, second = np.zeros((2, 3, 3), np.uint8), np.ones((2, 5, 3), np.uint8)
    row = joined([first, second], 1, gap_px=2)
    assert row[0, :, 0].tolist() == [0, 0, 0, 255, 255, 1, 1, 1, 1, 1]
    assert joined([first, first, first], 0).shape == (2 * 3 + 4 * 2, 3, 3)
    assert np.array_equal(joined([first], 0), first)


def test_both_ways_are_drawn(player: EnginePlayer) -> None:
    picture = playability_picture(check(to_level(EASY), player))
    for colour in (STATIC_COLOUR, RUN_COLOUR):
        columns = (picture == colour).all(axis=2).any(axis=0)
        assert columns.mean() > 0.9


def test_a_png_holds_the_picture() -> None:
    picture = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    data = png_bytes(picture)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", data[16:24]) == (7, 5)
    size = struct.unpack(">I", data[33:37])[0]
    rows = np.frombuffer(zlib.decompress(data[41 : 41 + size]), np.uint8).reshape(5, 22)
    assert np.array_equal(rows[:, 1:].reshape(5, 7, 3), picture)


def mario(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stopped:
        cli.main([str(argument) for argument in arguments])
    assert isinstance(stopped.value.code, int)
    return stopped.value.code


def test_check_says_whether_and_how(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    easy, walled, picture = tmp_path / "easy.txt", tmp_path / "walled.json", tmp_path / "out.png"
    write_level(easy, EASY)
    write_level(walled, WALLED)
    assert mario("levels", "check", easy, "--picture", picture, "--nodes", 5000) == 0
    said = capsys.readouterr().out
    assert "can be crossed" in said
    assert "A* wins" in said
    assert picture.read_bytes()[:4] == b"\x89PNG"
    assert mario("levels", "check", walled, "--nodes", 5000) == 1
    said = capsys.readouterr().out
    assert "end at column 24 of 39" in said
    assert "A* finds no way" in said
    inside = tmp_path / "inside.mmc.json"
    write_course_file(inside, _course((30, 5), walls=True))
    mario("levels", "check", inside, "--nodes", 5000)  # on the engine he comes free
    assert "have something solid where Mario starts" in capsys.readouterr().out
    assert mario("levels", "check", easy, "--json", "--nodes", 5000) == 0
    assert json.loads(capsys.readouterr().out)["engine"]["won"] is True
    assert mario("levels", "check", easy, "--rules", "framework-2019", "--mode", 1) == 0
    assert "framework-2019" in capsys.readouterr().out
    for wrong in (("--rules", "2020"), ("--mode", 3), ("--nodes", 0), ("--format", "doc")):
        assert mario("levels", "check", easy, *wrong) == 2


def test_convert_and_render(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, own, picture = tmp_path / "a.txt", tmp_path / "b.json", tmp_path / "c.png"
    write_level(text, EASY)
    assert mario("levels", "convert", text, own) == 0
    assert read_document(own) == EASY
    assert mario("levels", "convert", text, tmp_path / "d", "--to", "framework") == 0
    assert mario("levels", "convert", own, text, "--rules", "framework-2019") == 0
    assert mario("levels", "render", own, picture) == 0
    assert struct.unpack(">II", picture.read_bytes()[16:24]) == (640, 240)
    assert mario("levels", "convert", text, tmp_path / "e.doc") == 2
    assert "ends in one of" in capsys.readouterr().err


def test_courses_in_the_commands_for_levels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    course, text = tmp_path / "a.mmc.json", tmp_path / "b.txt"
    cells = np.zeros((14, 30), np.uint8)
    cells[-2:] = BY_NAME["ground"].code
    cells[-3, 12] = BY_NAME["spring"].code  # which no tile code tells
    made = MakerCourse(cells, "made", timer_s=90, goal=20)
    write_course_file(course, made)
    assert mario("levels", "check", course) == 0
    assert mario("levels", "render", course, tmp_path / "c.png") == 0
    assert mario("levels", "simulate", course, "--agent", "forward-jumping") == 0
    assert "won" in capsys.readouterr().out
    again = tmp_path / "again.mmc.json"
    assert mario("levels", "convert", course, again) == 0
    assert read_course_file(again) == made
    assert mario("levels", "convert", course, text) == 0
    assert read_document(text) == course_to_grid(made)
    assert mario("levels", "convert", course, tmp_path / "d", "--to", "json") == 0
    assert read_document(tmp_path / "d", "json") == course_to_level(made)
    assert mario("levels", "convert", course, tmp_path / "d", "--to", "course") == 0
    assert read_course_file(tmp_path / "d") == made
    assert mario("levels", "convert", text, again) == 0
    assert read_course_file(again) == course_of_grid(read_grid(text))
    own = tmp_path / "e.json"
    assert mario("levels", "convert", course, own, "--rules", "framework-2019") == 0
    assert read_level(own) == read_level_or_course(course, rules=Rules.FRAMEWORK_2019)
    assert simulate(made, "forward").marioStatus == simulate(course, "forward").marioStatus
    capsys.readouterr()
    course.write_text("{}")
    assert mario("levels", "check", course) == 2
    assert str(course) in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", ["levels check none --picture", "levels latents", "levels render none"]
)
def test_a_picture_that_cannot_be_written_is_told_before_the_work(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("gym_mario_suite.levels.vae.latent_picture.latent_picture", None)
    assert mario(*words.split(), tmp_path / "absent" / "a.png") == 2
    assert capsys.readouterr().err.startswith("error: cannot write")
    assert mario(*words.split(), tmp_path / "a.jpg") == 2
    assert "the picture's name must end in .png" in capsys.readouterr().err
