"""Level files in a window, played by a person or an agent, here for a few frames."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gym_mario_suite import cli
from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.engine.world import Status
from gym_mario_suite.levels.formats import read_level, write_level
from gym_mario_suite.levels.grid_levels import to_level
from gym_mario_suite.levels.maker.course import MakerCourse
from gym_mario_suite.levels.maker.course_levels import course_to_level
from gym_mario_suite.levels.tile_grid import Tile, TileGrid
from gym_mario_suite.play.episodes import Archive
from gym_mario_suite.play.level_course import LevelFileCourse, level_game

pytest.importorskip("pygame")


def flat(width: int = 40) -> TileGrid:
    codes = np.full((14, width), Tile.EMPTY)
    codes[-1] = Tile.GROUND
    return TileGrid(codes)


def test_a_window_opens_and_its_game_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "level.txt"
    write_level(path, flat())
    with pytest.raises(SystemExit) as stopped:
        cli.main(
            ["levels", "simulate", str(path), "--agent", "human", "--json", "--max-frames", "3"]
        )
    assert stopped.value.code == 0
    values = json.loads(capsys.readouterr().out)
    assert (values["agentName"], values["agentType"]) == ("human", "Human")


def test_level_files_are_played_in_turn(tmp_path: Path) -> None:
    paths = [tmp_path / "flat.txt", tmp_path / "long.txt"]
    for path, width in zip(paths, (40, 60), strict=True):
        write_level(path, flat(width))
    levels = [read_level(path) for path in paths]
    agent = make_agent("forward")
    archive = Archive(tmp_path, "forward", {"agent": "forward"})
    course = LevelFileCourse(levels, None, 200, agent, archive)
    assert (course.headline, course.details, course.human) == ("FORWARD", "FLAT.TXT", False)
    for level, name in zip(levels * 2, ("FLAT.TXT", "LONG.TXT") * 2, strict=True):
        episode = course.begin()
        assert (course.details, episode.level, episode.agent) == (name, level, agent)
        while not episode.over:
            episode.tick(0)
        assert episode.game.status == Status.WIN
        episode.close()
        course.go_on()
    assert [path.name for path in archive.written] == [
        f"forward-{name}.txt-00000{number}.mario"
        for number, name in ((0, "flat"), (0, "long"), (1, "flat"), (1, "long"))
    ]


def test_a_course_has_its_own_time() -> None:
    cells = np.zeros((14, 30), np.uint8)
    level = course_to_level(MakerCourse(cells, timer_s=77))
    assert level_game(level, None, None).time_left == 77
    assert level_game(level, None, 50).time_left == 50
    assert level_game(to_level(flat()), None, None).time_left == 200


@pytest.mark.parametrize("words", [("play",), ("watch", "--agent", "forward")])
def test_level_files_in_a_window(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "level.txt"
    write_level(path, flat())
    command, *who = words
    with pytest.raises(SystemExit) as stopped:
        cli.main([command, "level", str(path), str(path), *who, "--max-frames", "3"])
    assert stopped.value.code == 0
    with pytest.raises(SystemExit) as stopped:
        cli.main([command, "level", "absent.txt", *who])
    assert stopped.value.code == 2
    assert "absent.txt" in capsys.readouterr().err


def test_the_last_try_counts() -> None:
    course = LevelFileCourse([to_level(flat())], None, 200)
    first = course.begin()
    for _ in range(5):
        first.tick(2)
    course.begin()
    assert course.keys_played == bytes([0, 2, 2, 2, 2])
    second = course.begin()
    second.tick(2)
    second.tick(8)
    assert course.keys_played == bytes([0, 8])
    assert course.human
