"""What there is to see: nothing before the first reset, all in a window, at the game's pace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.error import ResetNeeded

import gym_mario_suite  # noqa: F401  (registers the environments)
from gym_mario_suite.display.picture_window import PictureWindow
from gym_mario_suite.envs.infinite import MarioInfiniteEnv
from gym_mario_suite.envs.infinite_vector import MarioInfiniteVectorEnv
from gym_mario_suite.levels import generate
from gym_mario_suite.multiplayer import mario_design_play_v0, mario_race_v0
from gym_mario_suite.multiplayer.vector import MarioPartyVectorEnv
from tests.nes.own_rom import own_rom


@pytest.mark.parametrize("vector", [False, True])
@pytest.mark.parametrize(
    ("env_id", "mode"),
    [
        ("MarioInfinite-v0", "ansi"),
        ("MarioInfinite-v0", "rgb_array"),
        ("MarioMaker-v0", "ansi"),
        ("MarioMaker-v0", "rgb_array"),
        ("MarioDream-v0", "rgb_array"),
    ],
)
def test_pictures_need_a_reset(env_id: str, mode: str, vector: bool) -> None:
    if env_id == "MarioDream-v0":
        pytest.importorskip("onnxruntime")
    env: Any
    if vector:
        env = gym.make_vec(env_id, num_envs=2, render_mode=mode)
    else:
        env = gym.make(env_id, render_mode=mode).unwrapped
    with pytest.raises(ResetNeeded):
        env.render()
    env.reset(seed=0)
    assert env.render() is not None


def test_pictures_of_several_players_need_a_reset() -> None:
    envs = MarioPartyVectorEnv(2, players=2, render_mode="rgb_array")
    with pytest.raises(ResetNeeded):
        envs.render()


def test_levels_need_a_reset_where_none_is_fixed() -> None:
    with pytest.raises(ResetNeeded):
        _ = MarioInfiniteEnv().level
    with pytest.raises(ResetNeeded):
        MarioInfiniteVectorEnv(2).level(1)
    level = generate(7, 3)
    assert MarioInfiniteEnv(level=level).level is level
    assert MarioInfiniteVectorEnv(2, level=level).level(1) is level


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What a window is given to show."""
    pytest.importorskip("pygame", reason="needs the extra play")
    pictures: list[Any] = []
    monkeypatch.setattr(
        PictureWindow, "show", lambda self, picture: pictures.append(picture.copy())
    )
    return pictures


@pytest.mark.parametrize(
    ("env_id", "options"),
    [
        ("MarioInfinite-v0", {"frame_skip": 2}),
        ("MarioInfinite-v0", {"rules": "framework-2019", "generator": "ngram"}),
        ("MarioMaker-v0", {"width": 20}),
        ("MarioMakerPlay-v0", {"sampler": "ngram"}),
        ("MarioDream-v0", {"done_threshold": 1.0}),
        ("MarioNES-v0", {}),
    ],
)
@pytest.mark.filterwarnings("error")
def test_a_window_shows_every_step(
    env_id: str, options: dict[str, Any], shown: list[Any], tmp_path: Path
) -> None:
    if env_id == "MarioNES-v0":
        (tmp_path / "own.nes").write_bytes(own_rom())
        options = {"rom": str(tmp_path / "own.nes")}
    if env_id == "MarioDream-v0":
        pytest.importorskip("onnxruntime")
    env = gym.make(env_id, render_mode="human", **options)
    twin = gym.make(env_id, render_mode="rgb_array", **options)
    expected = []
    for each in (env, twin):
        each.reset(seed=1)
        expected.append(each.render())
        for action in (1, 3):
            each.step(action)
            expected.append(each.render())
        each.close()
    assert expected[:3] == [None] * 3
    assert np.array_equal(shown, expected[3:])


@pytest.mark.filterwarnings("error")
def test_a_window_shows_every_step_of_several(shown: list[Any]) -> None:
    race = mario_race_v0.parallel_env(render_mode="human")
    race.reset(seed=0)
    race.step(dict.fromkeys(race.agents, 1))
    assert race.render() is None
    assert [picture.shape for picture in shown] == [(240, 640, 3)] * 2
    del shown[:]
    design = mario_design_play_v0.env(render_mode="human", edits=1)
    design.reset(seed=0)
    design.step(np.array([5, 5, 0]))
    design.step(0)
    assert design.render() is None
    assert [picture.shape for picture in shown] == [(240, 320, 3)] * 3


def test_pictures_of_skipped_frames_come_at_the_games_pace() -> None:
    made: list[Any] = [MarioInfiniteEnv, MarioInfiniteVectorEnv, MarioPartyVectorEnv]
    made += [mario_race_v0.parallel_env, mario_design_play_v0.env]
    assert [make(frame_skip=4).metadata["render_fps"] for make in made] == [6] * len(made)
    assert [make(frame_skip=40).metadata["render_fps"] for make in made] == [1] * len(made)
    assert [make().metadata["render_fps"] for make in made] == [24] * len(made)
