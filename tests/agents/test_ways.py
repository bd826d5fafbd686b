"""Personal bests and the first win of a run are replays that prove themselves."""

import json
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from gym_mario_suite.agents.icm_ppo.config import Config
from gym_mario_suite.agents.icm_ppo.episodes import Episodes
from gym_mario_suite.agents.icm_ppo.film import Film, make_film
from gym_mario_suite.agents.icm_ppo.icm_ppo import train
from gym_mario_suite.datasets.nes_replay import NESReplay, verify_nes
from gym_mario_suite.datasets.replay import Replay, play
from gym_mario_suite.engine.world import Status
from gym_mario_suite.nes import smb
from tests.engine.drawn import flat_level
from tests.nes.own_rom import own_rom


@pytest.mark.parametrize(("been", "names"), [(0, 2), (9999, 1)])
def test_the_first_win_is_kept_and_no_other(been: int, names: int) -> None:
    """Whether or not somebody had been further than the goal."""
    envs = gym.make_vec(
        "MarioInfinite-v0",
        num_envs=2,
        autoreset_mode="SAME_STEP",
        level=flat_level(40, x_exit=12),
        actions="complex",
        frame_skip=4,
    )
    envs.reset(seed=0)
    episodes = Episodes(envs, span=0, replays=True)
    episodes.begin()
    tensors = episodes.tensors()
    tensors["episodes.totals"][3] = been
    assert episodes.load(tensors)
    right = np.array([0, 1])
    for _ in range(200):
        _, _, terminated, truncated, infos = envs.step(right)
        episodes.step(right, terminated | truncated, infos)
        if episodes.figures()["wins"]:
            break
    new = episodes.new_replays()
    name, win = new[-1]
    assert (name, len(new)) == ("first-win", names)
    assert Replay.from_bytes(win).metadata["frame_skip"] == 4
    game = list(play(Replay.from_bytes(win)))[-1]
    assert game.status == Status.WIN
    assert episodes.new_replays() == []
    while episodes.figures()["wins"] < 2:
        _, _, terminated, truncated, infos = envs.step(right)
        episodes.step(right, terminated | truncated, infos)
    assert episodes.new_replays() == []
    envs.close()


@pytest.mark.parametrize("env_id", ["MarioNES-2-1-v0", "MarioNES-v0"])
def test_bests_on_the_nes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, env_id: str) -> None:
    rom = tmp_path / "own.nes"
    rom.write_bytes(own_rom())
    out = tmp_path / "run"
    monkeypatch.setenv("GYM_MARIO_ROM", str(rom))
    options: dict[str, Any] = {
        "obs": "terrain", "actions": "right_only", "frame_skip": 12, "max_episode_steps": 20
    }  # fmt: skip
    if env_id != "MarioNES-v0":
        options["stage"] = ["1-2", "2-1"]
    train(
        Config(
            out=out, env_id=env_id, env_options=json.dumps(options), num_envs=2, num_steps=32,
            minibatches=2, decisions=512, feature_size=16, hidden_size=16, normalize_moves=0,
            device="cpu",
        )
    )  # fmt: skip
    bests = sorted((out / "replays").glob("best-*.mario"))
    assert bests
    replay = NESReplay.load(bests[-1])
    assert replay.metadata["agent"] == "icm-ppo"
    assert (replay.stage in {(1, 2), (2, 1)}) == (env_id != "MarioNES-v0")
    assert len(replay.keys) == 20 * 12
    furthest = smb.x_px(verify_nes(replay).ram)
    assert_a_film_shows_tiles(out, tmp_path / "film.gif")
    # The name is of the furthest place at the end of a decision; he only walks right.
    assert furthest == int(bests[-1].stem.removeprefix("best-").removesuffix("px"))


def assert_a_film_shows_tiles(run: Path, film: Path) -> None:
    """Right of the game, twice as high as wide."""
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")
    make_film(Film(run=run, out=film, decisions=2))
    size = next(imageio_ffmpeg.read_frames(str(film)))["size"]
    assert size == (240 + 168, 336)
