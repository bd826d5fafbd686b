"""PPO on device arrays: its loop on the CPU's games, and on those of the device's code."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")

import torch

from gym_mario_suite.agents.gpu_ppo.config import Config
from gym_mario_suite.agents.gpu_ppo.gpu_ppo import Trainer, make_envs, train
from gym_mario_suite.agents.network_agent import PolicyNetwork
from gym_mario_suite.errors import OptionError, WeightsError
from gym_mario_suite.wrappers.curiosity_options import RewardScale
from tests.pretended_gpu import PretendedGPU, pretended_gpu

ENVIRONMENT = {
    "obs": "features",
    "actions": "simple",
    "frame_skip": 4,
    "level_seed": [0, 4],
    "difficulty": 1,
    "max_episode_steps": 20,
}


def small(out: Path, **changes: Any) -> Config:
    config = Config(
        out=out,
        env_options=json.dumps(ENVIRONMENT),
        num_envs=8,
        num_steps=16,
        minibatches=2,
        feature_size=16,
        hidden_size=24,
        decisions=8 * 16 * 4,
        log_updates=1,
        device="cpu",
        learning_rate=1e-3,
    )
    return replace(config, **changes)


def bits(trainer: Trainer) -> dict[str, bytes]:
    return {name: tensor.numpy().tobytes() for name, tensor in trainer.tensors().items()}


@pytest.mark.parametrize("intrinsic", [0.0, 1.0])
def test_a_run_writes_its_files_and_a_seed_decides_it(tmp_path: Path, intrinsic: float) -> None:
    changes = {"intrinsic": intrinsic, "extrinsic": 1.0 - intrinsic, "hide_dones": intrinsic > 0}
    one = train(small(tmp_path / "one", **changes))
    other = train(small(tmp_path / "other", **changes))
    assert bits(one) == bits(other)
    with (tmp_path / "one" / "curve.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["decisions"]) for row in rows] == [128, 256, 384, 512]
    assert sum(float(row["episodes"]) for row in rows) >= 8
    assert all(np.isfinite(float(row["policy_loss"])) for row in rows)
    card = json.loads((tmp_path / "one" / "card.json").read_text())
    assert card["algorithm"] == "ppo"
    assert card["command"].startswith("python -m gym_mario_suite.agents.gpu_ppo --out runs/one")
    network = PolicyNetwork.load(tmp_path / "one" / "policy.safetensors")
    seen = np.random.default_rng(0).uniform(-1, 1, 118).astype(np.float32)
    with torch.no_grad():
        logits, _ = one.policy(torch.from_numpy(seen)[None])
    np.testing.assert_allclose(network.logits(seen), logits[0].numpy(), rtol=1e-4, atol=1e-5)


def test_a_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    out = tmp_path / "run"
    stopped = train(small(out, decisions=256))
    on = train(small(out, resume=True))
    assert (stopped.decisions, on.decisions) == (256, 512)
    with (out / "curve.csv").open() as file:
        assert [int(row["decisions"]) for row in csv.DictReader(file)] == [128, 256, 384, 512]
    with pytest.raises(WeightsError):
        train(small(out, resume=True, hidden_size=25))
    with pytest.raises(OptionError, match="holds a run already"):
        train(small(out))


def test_before_the_first_episode_is_over_nothing_is_said_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(small(tmp_path, decisions=8 * 2, num_steps=2))
    told = " ".join(capsys.readouterr().out.split())
    assert "no episode is over yet" in told
    assert "nan" not in told


@pytest.mark.parametrize(
    ("name", "value"),
    [("gamma", 1.0), ("features", "foo"), ("extrinsic", -1.0), ("minibatches", 0), ("seed", -1)],
)
def test_options_are_refused_before_the_work(tmp_path: Path, name: str, value: Any) -> None:
    with pytest.raises(OptionError, match=f"{name} must be"):
        small(tmp_path, **{name: value})


def test_a_film_of_a_run(tmp_path: Path) -> None:
    """It is not normalised, though the configuration does not say so."""
    pytest.importorskip("imageio_ffmpeg")
    from gym_mario_suite.agents.icm_ppo.film import Film, make_film

    config = small(tmp_path / "run", intrinsic=1.0, hide_dones=True)
    trainer = train(config)
    surprisal = make_film(Film(run=config.out, out=tmp_path / "film.mp4", decisions=3))
    assert trainer.curiosity is not None
    envs = make_envs(replace(config, num_envs=1), torch.device("cpu"))
    states = [envs.reset(seed=0)[0]]
    states.append(envs.step(np.array([film_action(trainer, states[0])]))[0])
    expected = trainer.curiosity.surprisal(
        torch.from_numpy(states[0]),
        torch.tensor([film_action(trainer, states[0])]),
        torch.from_numpy(states[1]),
    )
    assert surprisal[0] == pytest.approx(float(expected), rel=1e-4)
    plain = small(tmp_path / "plain")
    train(plain)
    with pytest.raises(OptionError, match="learned without curiosity"):
        make_film(Film(run=plain.out, out=tmp_path / "film.mp4"))


def film_action(trainer: Trainer, state: Any) -> int:
    """The first that a film of seed 0 draws."""
    with torch.no_grad():
        shares = trainer.policy(torch.from_numpy(state))[0].softmax(1)[0]
    return int(torch.multinomial(shares, 1, generator=torch.Generator().manual_seed(0)))


def test_rollouts_are_what_the_environment_gave(tmp_path: Path) -> None:
    trainer = Trainer(small(tmp_path))
    trainer.begin()
    trainer.collect()
    again = Trainer(small(tmp_path)).envs
    observations, _ = again.reset(seed=0)
    for step in range(16):
        assert np.array_equal(trainer.observations[step].numpy(), observations)
        observations, rewards, terminated, truncated, _ = again.step(trainer.actions[step].numpy())
        assert np.array_equal(trainer.outside[step].numpy(), rewards.astype(np.float32))
        assert np.array_equal(trainer.goes_on[step].numpy() == 0, terminated | truncated)
    assert np.array_equal(trainer.observations[-1].numpy(), observations)


def test_sums_kept_on_a_device_scale_alike() -> None:
    rewards = np.random.default_rng(1).random((20, 4)).astype(np.float32)
    mine, theirs = RewardScale(4, 0.9), RewardScale(4, 0.9)
    for part in np.split(rewards, 2):
        mine.add(part)
    running = np.zeros(4)
    for part in np.split(rewards, 2):
        sums = []
        for row in part.astype(np.float64):
            running = 0.9 * running + row
            sums.append(running)
        kept = np.array(sums)
        theirs.add_moments(
            kept.size, float(kept.mean()), float(np.square(kept - kept.mean()).sum())
        )
    assert mine.deviation == pytest.approx(theirs.deviation, rel=1e-12)


@pytest.mark.slow
def test_the_loop_learns_from_the_device_s_games_as_from_the_cpu_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The device's code on this processor; every number of the run is the same."""
    from tests.engine.device_code import choose_device

    choose_device("this processor", monkeypatch)
    from gym_mario_suite.envs.infinite_cuda import MarioInfiniteCudaVectorEnv

    options = {**ENVIRONMENT, "level_seed": (0, 4), "autoreset_mode": "SAME_STEP"}
    envs = MarioInfiniteCudaVectorEnv(8, **options)
    on_device = train(small(tmp_path / "device"), envs)
    assert bits(on_device) == bits(train(small(tmp_path / "cpu")))


class OnDevice(gym.vector.VectorWrapper[Any, Any, Any, Any, Any]):
    """Games of the CPU whose arrays are on the device, as those of a GPU are."""

    def reset(self, **options: Any) -> Any:
        observations, infos = self.env.reset(**options)
        return torch.from_numpy(observations).to("cuda"), infos

    def step(self, actions: Any) -> Any:
        assert actions.is_cuda
        *arrays, infos = self.env.step(actions.cpu().numpy())
        arrays = [torch.from_numpy(np.array(array)).to("cuda") for array in arrays]
        if "final_info" in infos:
            final = infos["final_info"]
            told = {
                name: torch.as_tensor(final[name]).to("cuda") for name in ("distance", "status")
            }
            infos = {**infos, "final_info": told}
        return *arrays, infos


def waits_of_the_loop(gpu: PretendedGPU) -> int:
    return sum(count for (line, _), count in gpu.waits.items() if "/gpu_ppo/" in line)


@pytest.mark.parametrize("intrinsic", [0.0, 1.0])
def test_the_loop_on_a_gpu_is_that_of_the_cpu_and_seldom_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, intrinsic: float
) -> None:
    changes = {"intrinsic": intrinsic, "extrinsic": 1.0 - intrinsic, "precision": "float32"}
    here = train(small(tmp_path / "cpu", **changes))
    with pretended_gpu(monkeypatch) as gpu:
        run = small(tmp_path / "gpu", device="cuda", **changes)

        def games() -> OnDevice:
            return OnDevice(make_envs(run, torch.device("cpu")))

        there = train(run, games())
        same = there.tensors()
        assert all(torch.equal(same[n], t) for n, t in here.tensors().items() if n != "random")
        # The trainer can be used further.
        gpu.waits.clear()
        there.collect()
        assert waits_of_the_loop(gpu) == 0
        there.learn()
        assert waits_of_the_loop(gpu) == (4 if intrinsic else 2)
        on = train(replace(run, decisions=640, resume=True, device="cpu"))
        assert on.decisions == 640


def test_games_are_played_on_the_first_gpu_alone(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="'cuda:1': give cuda, with CUDA_VISIBLE_DEVICES=1"):
        make_envs(small(tmp_path, device="cuda:1"), torch.device("cuda:1"))


@pytest.mark.slow
@pytest.mark.gpu
def test_training_on_a_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.engine.device_code import choose_device

    choose_device("a GPU", monkeypatch)
    if not torch.cuda.is_available():
        pytest.skip("this torch has no CUDA")
    for intrinsic in (0.0, 1.0):
        trainer = train(
            small(tmp_path / str(intrinsic), device="cuda", num_envs=512, decisions=512 * 16 * 3,
                  intrinsic=intrinsic)
        )  # fmt: skip
        assert all(torch.isfinite(p).all() for p in trainer.policy.parameters())
