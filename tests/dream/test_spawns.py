from pathlib import Path

import numpy as np
import pytest

from gym_mario_suite.datasets.recorder import RecordedGame
from gym_mario_suite.datasets.tapes import Tapes
from gym_mario_suite.dream.dreamer import Dreamer
from gym_mario_suite.dream.runtime import OnnxModel
from gym_mario_suite.dream.spawns import (
    built_in_spawns,
    find_spawn,
    load_spawns,
    save_spawns,
    spawn_of_image,
    spawn_of_level,
    spawn_of_replay,
)
from gym_mario_suite.engine.draw import Renderer
from gym_mario_suite.engine.world import Button, Mode, Rules, Status
from gym_mario_suite.errors import OptionError, WeightsError
from gym_mario_suite.levels import generate
from gym_mario_suite.levels.grid_levels import to_level
from gym_mario_suite.levels.level import Level
from gym_mario_suite.levels.tile_grid import Tile, TileGrid


def test_built_in_spawns_are_where_the_engine_is() -> None:
    spawns = built_in_spawns()
    assert len(spawns) == 48
    renderer = Renderer()
    for spawn in spawns[::12]:
        game = spawn.game()
        theme = spawn.origin["type"]
        drawn = renderer.rgb_half(game.image, game.worlds, 0, theme, False)
        assert np.array_equal(drawn, spawn.frames[-1])


def test_at_built_in_spawns_the_game_goes_on() -> None:
    """Three were in the last tick before the exit or a death: dreams were over with one step."""
    held = (0, Button.LEFT, Button.RIGHT | Button.SPEED, Button.RIGHT | Button.JUMP)
    for spawn in built_in_spawns():
        start = spawn.game()
        longest = 0
        for buttons in held:
            game = start.clone()
            ticks = 0
            while game.status == Status.RUNNING and ticks < 20:
                game.tick(int(buttons))
                ticks += 1
            longest = max(longest, ticks)
        assert longest == 20, spawn.name


def test_a_spawn_of_a_replay_has_the_replay_s_actions(tapes: Tapes) -> None:
    replay = tapes.replay(1)
    spawn = spawn_of_replay(replay, 40)
    # The earlier system wrote the first action many times.
    assert spawn.keys.tolist() == list(replay.keys[37:40])
    assert len(set(map(bytes, spawn.frames))) > 1
    game = spawn.game()
    assert game.ticks == 40
    with pytest.raises(OptionError, match="tick must be from 4"):
        spawn_of_replay(replay, 3)


def test_a_spawn_is_in_a_level_that_dreams_can_be_of() -> None:
    """What frames and memory say of a tall course or of the other rules, no model has seen."""
    codes = np.full((20, 40), Tile.EMPTY, np.uint8)
    codes[-2:] = Tile.GROUND
    for level in (
        to_level(TileGrid(codes)),
        to_level(TileGrid(codes), Rules.COMPETITION_2009),
        to_level(TileGrid(codes[-15:]), Rules.FRAMEWORK_2019),
    ):
        game = RecordedGame(level, Mode.SMALL)
        for _ in range(8):
            game.tick(0)
        with pytest.raises(OptionError, match="a spawn is in a level of 15 rows under the rules"):
            spawn_of_replay(game.replay(), 6)
        with pytest.raises(OptionError, match="a spawn is in a level of 15 rows under the rules"):
            spawn_of_level(level)


def test_spawns_are_kept_in_files(tmp_path: Path) -> None:
    save_spawns(tmp_path / "s.npz", built_in_spawns()[:2])
    again = load_spawns(tmp_path / "s.npz")
    assert [spawn.name for spawn in again] == ["spawn-00", "spawn-01"]
    assert np.array_equal(again[1].frames, built_in_spawns()[1].frames)
    assert find_spawn(str(tmp_path / "s.npz")).name == "spawn-00"
    assert find_spawn(tmp_path / "s.npz").name == "spawn-00"
    data = (tmp_path / "s.npz").read_bytes()
    (tmp_path / "half.npz").write_bytes(data[: len(data) // 2])
    with pytest.raises(WeightsError, match="no file of spawns"):
        load_spawns(tmp_path / "half.npz")
    for wrong in (48, -1, "elsewhere", True):
        with pytest.raises(OptionError, match="48 built in"):
            find_spawn(wrong)


def test_a_level_that_names_no_theme_is_drawn_as_it_is_played() -> None:
    tiles = generate(3).tiles
    plain, named = (Level(tiles, [], 200, metadata=m) for m in ({}, {"type": "castle"}))
    assert np.array_equal(spawn_of_level(named).frames, spawn_of_level(plain).frames)


def test_a_picture_of_another_size_is_refused() -> None:
    rng = np.random.default_rng(0)
    large = rng.integers(0, 256, (240, 320, 3), dtype=np.uint8)
    spawn = spawn_of_image(large)
    assert spawn.frames.shape == (4, 120, 160, 3)
    assert not spawn.has_engine
    with pytest.raises(OptionError, match="160x120 or 320x240 px in RGB, got 256x240"):
        spawn_of_image(large[:, :256])
    with pytest.raises(OptionError, match="in RGB"):
        spawn_of_image(large[..., 0])
    with pytest.raises(OptionError, match="of no level"):
        spawn.level()


def test_a_dream_begins_with_frames_of_the_right_size(tiny_files: Path) -> None:
    dreamer = Dreamer(OnnxModel(tiny_files / "tiny.onnx"), 1)
    frames = built_in_spawns()[0].frames
    with pytest.raises(OptionError, match="64x60 px"):
        dreamer.begin(0, frames, np.zeros(3, np.uint8))
    with pytest.raises(OptionError, match="begins with 4 frames"):
        dreamer.begin(0, frames[:2], np.zeros(3, np.uint8))
    with pytest.raises(OptionError, match="3 keys"):
        dreamer.begin(0, built_in_spawns()[0].sized(60, 64), np.zeros(4, np.uint8))


def test_more_steps_are_more_calls_and_watched(tiny_files: Path) -> None:
    dreamer = Dreamer(OnnxModel(tiny_files / "tiny.onnx"), 2, steps=3)
    for row in range(2):
        dreamer.begin(row, built_in_spawns()[row].sized(60, 64), np.zeros(3, np.uint8))
    seen: list[np.ndarray] = []
    frames, outcome = dreamer.step(np.array([2, 2]), watch=seen.append)
    assert len(seen) == 3
    assert np.array_equal(seen[-1], frames)
    assert ((outcome.p_done > 0) & (outcome.p_done < 1)).all()
    assert np.array_equal(dreamer.frames[:, -1], frames)
