"""Personal bests of a run on the NES are replays that prove themselves."""

import json
from pathlib import Path
from typing import Any

import pytest

from gym_mario_suite.agents.icm_ppo.icm_ppo import Config, train
from gym_mario_suite.datasets.nes_replay import NESReplay, verify_nes
from gym_mario_suite.nes import smb
from gym_mario_suite.nes.backend import BACKENDS
from tests.nes.own_rom import own_rom


@pytest.mark.parametrize("env_id", ["MarioNES-2-1-v0", "MarioNES-v0"])
def test_bests_on_the_nes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, env_id: str) -> None:
    if not any(backend.installed for backend in BACKENDS.values()):
        pytest.skip("no emulator is installed")
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
    # The name is of the furthest place at the end of a decision; he only walks right.
    assert furthest == int(bests[-1].stem.removeprefix("best-").removesuffix("px"))
