"""ICM-PPO: the exactness of its arrangement, resuming, files, bad input."""

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

from gym_mario_suite.agents.icm_ppo.config import Config
from gym_mario_suite.agents.icm_ppo.icm_ppo import Policy, Trainer, make_envs, train
from gym_mario_suite.agents.network_agent import PolicyNetwork
from gym_mario_suite.datasets.replay import Replay, play
from gym_mario_suite.errors import ObservationError, OptionError, WeightsError
from gym_mario_suite.wrappers import VectorCuriosityReward
from gym_mario_suite.wrappers.curiosity_module import CuriosityModule
from tests.pretended_gpu import pretended_gpu

ENVIRONMENT = {
    "obs": "features",
    "actions": "curiosity",
    "frame_skip": 5,
    "level_seed": 1,
    "difficulty": 3,
    "time_limit": 6,
}


def small(out: Path, **changes: Any) -> Config:
    config = Config(
        out=out,
        env_options=json.dumps(ENVIRONMENT),
        num_envs=4,
        num_steps=32,
        minibatches=2,
        feature_size=16,
        hidden_size=24,
        decisions=4 * 32 * 6,
        normalize_moves=200,
        log_updates=1,
        device="cpu",
        learning_rate=1e-3,
    )
    return replace(config, **changes)


def bits(trainer: Trainer) -> dict[str, bytes]:
    return {name: tensor.numpy().tobytes() for name, tensor in trainer.tensors().items()}


def curve(out: Path) -> list[dict[str, str]]:
    with (out / "curve.csv").open() as file:
        rows = list(csv.DictReader(file))
    times = ("cpu_seconds", "wall_seconds", "decisions_per_second", "env_time_share")
    return [{name: value for name, value in row.items() if name not in times} for row in rows]


@pytest.mark.parametrize("hide", [True, False])
def test_surprisal_is_that_of_the_wrapper(tmp_path, hide):
    """One computes it at the end of the rollout, the other step by step as it is played."""
    trainer = Trainer(small(tmp_path, hide_dones=hide, num_steps=60))
    trainer.collect()
    assert trainer.dones.any()
    config = trainer.config
    envs, _ = make_envs(config, trainer.statistics)
    wrapper = VectorCuriosityReward(
        envs,
        hide_dones=hide,
        feature_size=16,
        hidden_size=24,
        seed=config.seed,
        device="cpu",
    )
    wrapper.reset(seed=config.seed)
    stepwise = np.array([wrapper.step(actions)[4]["surprisal"] for actions in trainer.actions])
    assert np.allclose(trainer.surprisal(), stepwise, rtol=1e-5, atol=0)


def test_one_optimiser_on_the_sum_is_two_on_the_parts(tmp_path):
    """Policy and curiosity share no parameters, so a wrapper can learn beside any algorithm."""
    one = Trainer(small(tmp_path))
    two = Trainer(small(tmp_path))
    parts = [
        torch.optim.Adam(
            [p for p in module.parameters() if p.requires_grad], lr=one.config.learning_rate
        )
        for module in (two.policy, two.curiosity)
    ]

    class Both:
        def zero_grad(self, set_to_none: bool) -> None:
            for part in parts:
                part.zero_grad(set_to_none=set_to_none)

        def step(self) -> None:
            for part in parts:
                part.step()

    two.optimizer = Both()  # type: ignore[assignment]
    for _ in range(5):
        for trainer in (one, two):
            trainer.collect()
            trainer.learn()
    for left, right in ((one.policy, two.policy), (one.curiosity, two.curiosity)):
        assert all(map(torch.equal, left.parameters(), right.parameters()))


def test_rewards_are_divided_by_the_running_deviation_of_all_games(tmp_path):
    trainer = Trainer(small(tmp_path))
    filters, sums = np.zeros(4), []
    for _ in range(3):
        trainer.collect()
        for row in trainer.surprisal().astype(np.float64):
            filters = 0.99 * filters + row
            sums.append(filters)
        figures = trainer.learn()
        assert figures["deviation"] == pytest.approx(np.std(sums), rel=1e-9)
        assert figures["intrinsic_reward"] == pytest.approx(
            figures["surprisal"] / np.std(sums), rel=1e-6
        )


@pytest.mark.parametrize("hide", [True, False])
def test_advantages_are_the_sums_of_discounted_errors(tmp_path, hide):
    trainer = Trainer(small(tmp_path, hide_dones=hide, num_steps=60))
    trainer.collect()
    rewards = trainer.surprisal()
    advantages = trainer.advantages(rewards)
    gamma, lam, steps = 0.99, 0.95, trainer.config.num_steps
    for game in range(4):
        for start in (0, 17, 59):
            expected, weight = 0.0, 1.0
            for step in range(start, steps):
                ended = trainer.dones[step, game] and not hide
                following = 0.0 if ended else gamma * float(trainer.values[step + 1, game])
                error = float(rewards[step, game]) + following - float(trainer.values[step, game])
                expected += weight * error
                weight *= gamma * lam
                if ended:
                    break
            assert advantages[start, game] == pytest.approx(expected, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("hide", [True, False])
def test_resuming_equals_never_having_stopped(tmp_path, hide):
    whole = train(small(tmp_path / "whole", hide_dones=hide))
    train(small(tmp_path / "parts", hide_dones=hide, decisions=4 * 32 * 3))
    parts = train(small(tmp_path / "parts", hide_dones=hide, resume=True))
    assert whole.decisions == parts.decisions == 4 * 32 * 6
    assert bits(whole) == bits(parts)
    rows = curve(tmp_path / "whole")
    assert rows == curve(tmp_path / "parts")
    assert int(rows[-1]["episodes"]) > 0


def test_rows_stand_where_they_would_without_a_break(tmp_path, capsys):
    train(small(tmp_path, decisions=4 * 32 * 3, log_updates=2))
    train(small(tmp_path, decisions=4 * 32 * 6, log_updates=2, resume=True))
    rows = [int(row["decisions"]) // (4 * 32) for row in curve(tmp_path)]
    assert rows == [2, 3, 4, 6]  # the third is the end of the first part
    capsys.readouterr()
    train(small(tmp_path, decisions=4 * 32 * 6, log_updates=2, resume=True))
    assert "768 decisions are made already, of 768: a larger" in capsys.readouterr().err


def test_the_seed_decides_everything(tmp_path):
    runs = [train(small(tmp_path / str(n), seed=seed)) for n, seed in enumerate((5, 5, 6))]
    assert bits(runs[0]) == bits(runs[1])
    assert curve(tmp_path / "0") == curve(tmp_path / "1")
    assert bits(runs[0])["policy.logits.weight"] != bits(runs[2])["policy.logits.weight"]


def test_it_learns(tmp_path):
    """Inverse dynamics names the actions ever better, and the policy moves."""
    trainer = train(small(tmp_path, decisions=4 * 32 * 30, minibatches=4))
    rows = curve(tmp_path)
    assert float(rows[-1]["inverse_accuracy"]) > 2 * float(rows[0]["inverse_accuracy"]) > 0
    assert float(rows[-1]["entropy"]) < np.log(14)
    assert trainer.decisions == 4 * 32 * 30


def test_random_play_learns_nothing(tmp_path):
    trainer = Trainer(small(tmp_path, random_play=True))
    before = bits(trainer)
    trainer.collect()
    trainer.learn()
    after = bits(trainer)
    networks = [name for name in before if name.startswith(("policy.", "curiosity."))]
    assert all(before[name] == after[name] for name in networks)
    counts = np.bincount(trainer.actions.ravel(), minlength=14)
    assert (counts > 0).all()


def test_files_of_a_run(tmp_path):
    trainer = train(small(tmp_path))
    card = json.loads((tmp_path / "card.json").read_text())
    assert card["decisions"] == trainer.decisions
    assert card["command"].startswith("python -m gym_mario_suite.agents.icm_ppo --out runs/")
    network = PolicyNetwork.load(tmp_path / "policy.safetensors")
    observation = np.random.default_rng(0).normal(size=118).astype(np.float32)
    assert trainer.statistics is not None
    normal = (observation - trainer.statistics.mean) / trainer.statistics.std
    with torch.no_grad():
        logits, _ = trainer.policy(torch.as_tensor(normal[None].astype(np.float32)))
    assert np.allclose(network.logits(observation), logits[0].numpy(), atol=1e-4)
    replays = sorted((tmp_path / "replays").glob("best-*.mario"))
    assert replays
    replay = Replay.load(replays[-1])
    furthest = 0.0
    for game in play(replay):
        furthest = max(furthest, float(game.x))
    # The name is of the furthest place at the end of a decision; within one Mario may turn.
    assert 0 <= furthest - int(replays[-1].stem[5:10]) < 40


def test_before_the_first_episode_is_over_nothing_is_said_of_it(tmp_path, capsys):
    train(small(tmp_path, decisions=8, num_steps=2))
    assert "no episode is over yet" in " ".join(capsys.readouterr().out.split())


def test_what_cannot_be_gone_on_with(tmp_path):
    with pytest.raises(OptionError, match="no run to go on with"):
        train(small(tmp_path, resume=True))
    train(small(tmp_path, decisions=128))
    with pytest.raises(OptionError, match="holds a run already"):
        train(small(tmp_path))
    with pytest.raises(WeightsError, match="feature_size is 16 there, 32 here"):
        train(small(tmp_path, resume=True, feature_size=32))
    with pytest.raises(WeightsError, match="forward is 'linear' there, 'mlp' here"):
        train(small(tmp_path, resume=True, forward="mlp"))
    with pytest.raises(WeightsError, match="normalize_moves is 200 there, 0 here"):
        train(small(tmp_path, resume=True, normalize_moves=0))
    (tmp_path / "checkpoint.safetensors").write_bytes(b"")
    with pytest.raises(WeightsError, match="cannot read"):
        train(small(tmp_path, resume=True))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"env_options": "{"}, "must be a JSON object"),
        ({"env_options": "[]"}, "must be a JSON object"),
        ({"env_options": '{"actions": "buttons"}'}, r"numbered actions, Discrete\(n\)"),
        ({"num_envs": 0}, "num_envs must be"),
        ({"env_options": '{"num_envs": 3}'}, "cannot hold num_envs"),
        ({"env_id": "Nope-v0"}, "no environment 'Nope-v0'"),
        ({"log_updates": 0}, "log_updates must be"),
        ({"threads": 0}, "threads must be"),
        ({"epochs": 0}, "epochs must be"),
        ({"seed": -1}, "seed must be"),
        ({"clip": float("nan")}, "clip must be"),
        ({"learning_rate": 1e6}, "learning_rate must be a number from 0 to 1"),
        ({"gamma": 1.0}, "gamma must be"),
        ({"features": "vae"}, "features must be one of"),
        ({"device": "abacus"}, "no device"),
        ({"span": 15}, "FrameSpan needs pictures"),
    ],
)
def test_options_that_are_not_possible(tmp_path, changes, message):
    with pytest.raises(OptionError, match=message):
        train(small(tmp_path / "run", **changes))
    assert not (tmp_path / "run").exists()


def test_observations_that_are_no_numbers(tmp_path):
    trainer = Trainer(small(tmp_path))
    trainer.observations[-1][2, 5] = np.nan
    with pytest.raises(ObservationError, match=r"games \[2\] hold NaN"):
        trainer.collect()


@pytest.mark.slow
@pytest.mark.parametrize("obs", ["gray84", "rgb"])
def test_pixels(tmp_path, obs):
    """The article's own form: spans of 12 frames, three of them shown."""
    options = json.dumps({**ENVIRONMENT, "obs": obs, "frame_skip": 1})
    config = small(tmp_path, env_options=options, span=12, num_envs=2, num_steps=8, decisions=32)
    trainer = train(config)
    assert trainer.envs.single_observation_space.shape == (84, 84, 3)
    assert (tmp_path / "mean_state.png").exists()
    assert not (tmp_path / "policy.safetensors").exists()
    resumed = train(replace(config, decisions=64, resume=True))
    whole = train(replace(config, out=tmp_path / "whole", decisions=64))
    assert bits(resumed) == bits(whole)


def test_article_networks_have_the_articles_sizes(tmp_path):
    space = gym.spaces.Box(-9, 9, (84, 84, 3), np.float32)
    config = Config(out=tmp_path, forward="resnet")
    count = lambda module: sum(p.numel() for p in module.parameters())  # noqa: E731
    assert count(Policy(space, 14, config)) == pytest.approx(2.22e6, rel=0.01)
    module = CuriosityModule(space, gym.spaces.Discrete(14), config.curiosity())
    assert count(module) == pytest.approx(4.91e6, rel=0.01)


def test_the_policys_file_tells_the_detail_of_the_grid(tmp_path):
    options = json.dumps({**ENVIRONMENT, "obs": "grid", "z_level": 0, "z_enemies": 0})
    train(small(tmp_path, env_options=options, decisions=128))
    assert PolicyNetwork.load(tmp_path / "policy.safetensors").card["view"] == {"z_level": 0}


@pytest.mark.parametrize("features", ["idf", "pixels", "rnd", "random"])
def test_the_film_is_surprised_as_the_run_was(tmp_path, features):
    """Also by bytes of pictures, which the run brings near 0."""
    from gym_mario_suite.agents.icm_ppo.film import _surprise

    config = Config(out=tmp_path, features=features, feature_size=16, hidden_size=16)
    space = gym.spaces.Box(0, 255, (40, 40, 3), np.uint8)
    curiosity = CuriosityModule(space, gym.spaces.Discrete(4), config.curiosity())
    before, after = np.random.default_rng(0).integers(0, 256, (2, 1, 40, 40, 3), np.uint8)
    tensors = torch.from_numpy(before), torch.tensor([2]), torch.from_numpy(after)
    assert _surprise(curiosity, before, 2, after)[0] == pytest.approx(
        float(curiosity.surprisal(*tensors)), rel=1e-5
    )


@pytest.mark.parametrize("features", ["idf", "pixels", "rnd"])
def test_film(tmp_path, features):
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")
    from gym_mario_suite.agents.icm_ppo.film import Film, make_film

    options = json.dumps({**ENVIRONMENT, "obs": "terrain"})
    run = tmp_path / "run"
    train(small(run, env_options=options, features=features, decisions=128))
    surprisal = make_film(Film(run=run, out=tmp_path / "film.mp4", decisions=6))
    assert surprisal.shape == (6,)
    assert (surprisal > 0).all()
    frames = imageio_ffmpeg.read_frames(str(tmp_path / "film.mp4"))
    assert next(frames)["size"] == (320 + 168, 336)
    pictures = list(frames)
    assert len(pictures) == 6
    assert pictures[0] != pictures[-1]
    with pytest.raises(OptionError, match="there is no run in"):
        make_film(Film(run=tmp_path / "none", out=tmp_path / "film.mp4"))


@pytest.mark.parametrize(
    "changes", [{}, {"hide_dones": False, "features": "pixels", "precision": "auto"}]
)
def test_a_run_goes_from_the_cpu_to_a_gpu_and_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> None:
    here = train(small(tmp_path / "cpu", decisions=256, **changes))
    with pretended_gpu(monkeypatch):
        run = small(tmp_path / "gpu", decisions=256, **changes)
        there = train(replace(run, device="cuda"))
        assert all(p.is_cuda for p in (*there.policy.parameters(), *there.curiosity.parameters()))
        same = {name: tensor.cpu() for name, tensor in there.tensors().items() if name != "random"}
        if not there.bfloat16:
            assert all(torch.equal(same[n], t) for n, t in here.tensors().items() if n in same)
        for decisions, device in ((384, "cpu"), (512, "cuda")):
            on = train(replace(run, decisions=decisions, device=device, resume=True))
            assert next(on.policy.parameters()).device.type == device
            assert on.decisions == decisions
