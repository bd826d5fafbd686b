"""A person plays a level file in a window, here for a few frames."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gym_mario_suite import cli
from gym_mario_suite.levels.formats import write_level
from gym_mario_suite.levels.grid_levels import to_level
from gym_mario_suite.levels.tile_grid import Tile, TileGrid

pytest.importorskip("pygame")


def flat() -> TileGrid:
    codes = np.full((14, 40), Tile.EMPTY)
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


def test_the_last_try_counts() -> None:
    from gym_mario_suite.play.level_course import LevelFileCourse

    course = LevelFileCourse(to_level(flat()), None, 200)
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
