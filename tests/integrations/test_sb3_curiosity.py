"""Curiosity for stable-baselines3."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("stable_baselines3")

import torch
from stable_baselines3 import DQN, PPO

from gym_mario_suite.envs.infinite_vector import MarioInfiniteVectorEnv
from gym_mario_suite.errors import OptionError
from gym_mario_suite.integrations.sb3 import GymVecAdapter
from gym_mario_suite.integrations.sb3_curiosity import CuriosityVecEnv
from gym_mario_suite.wrappers import VectorCuriosityReward
from gym_mario_suite.wrappers.curiosity_options import FEATURE_MODES
from tests.pretended_gpu import pretended_gpu

SMALL: dict[str, Any] = {"feature_size": 16, "hidden_size": 24, "n_steps": 16, "device": "cpu"}
GAME: dict[str, Any] = {"obs": "features", "difficulty": 12, "time_limit": 4, "frame_skip": 4}


def games(count=3, **options):
    return MarioInfiniteVectorEnv(count, autoreset_mode="SAME_STEP", **GAME | options)


@pytest.mark.parametrize("hide", [True, False])
def test_it_equals_the_gymnasium_wrapper(hide):
    ours = CuriosityVecEnv(GymVecAdapter(games()), hide_dones=hide, **SMALL)
    theirs = VectorCuriosityReward(games(), hide_dones=hide, **SMALL)
    ours.seed(4)
    assert np.array_equal(np.asarray(ours.reset()), theirs.reset(seed=4)[0])
    ends = 0
    for action in np.random.default_rng(0).integers(0, 12, (60, 3)):
        observations, rewards, dones, infos = ours.step(action)
        step = theirs.step(action)
        assert np.array_equal(np.asarray(observations), step[0])
        assert np.array_equal(rewards, step[1].astype(np.float32))
        assert np.array_equal(dones, step[2] | step[3])
        assert [info["surprisal"] for info in infos] == step[4]["surprisal"].tolist()
        ended = [game for game, info in enumerate(infos) if "episode" in info]
        ends += len(ended)
        assert hide == (not dones.any()) or not ended
        assert [infos[game].get("hidden_done", False) for game in ended] == [hide] * len(ended)
    assert ends > 0
    assert ours.learner.metrics == theirs.learner.metrics


def test_algorithms_learn_with_it(tmp_path):
    venv = CuriosityVecEnv(GymVecAdapter(games(4)), **SMALL)
    model = PPO("MlpPolicy", venv, n_steps=16, batch_size=64, device="cpu", seed=0).learn(128)
    assert venv.learner.transitions == 128
    assert venv.learner.metrics["surprisal"] > 0
    assert model.ep_info_buffer is not None
    DQN("MlpPolicy", venv, buffer_size=500, learning_starts=20, device="cpu").learn(100)
    venv.save(tmp_path / "curiosity.safetensors")
    again = CuriosityVecEnv(GymVecAdapter(games(4)), **SMALL)
    again.load(tmp_path / "curiosity.safetensors")
    assert again.learner.transitions == venv.learner.transitions


def test_learning_can_be_switched_off():
    venv = CuriosityVecEnv(GymVecAdapter(games()), **SMALL)
    venv.learning = False
    venv.reset()
    weights = [parameter.clone() for parameter in venv.learner.module.parameters()]
    for _ in range(40):
        assert (venv.step(np.zeros(3, int))[1] > 0).all()
    assert venv.learner.transitions == 0
    assert all(map(torch.equal, weights, venv.learner.module.parameters()))


def test_other_actions_are_refused():
    with pytest.raises(OptionError, match="numbered actions"):
        CuriosityVecEnv(GymVecAdapter(games(actions="buttons")), **SMALL)
    with pytest.raises(OptionError, match="no_such"):
        CuriosityVecEnv(GymVecAdapter(games()), no_such=1)


@pytest.mark.parametrize("features", FEATURE_MODES)
def test_on_a_gpu_it_learns_what_it_learns_on_the_cpu(tmp_path, monkeypatch, features):
    """The GPU is pretended."""
    learners = []
    path = tmp_path / "curiosity.safetensors"
    with pretended_gpu(monkeypatch):
        for device in ("cpu", "cuda"):
            options = {**SMALL, "device": device, "precision": "float32", "features": features}
            venv = CuriosityVecEnv(GymVecAdapter(games(4)), **options)
            PPO("MlpPolicy", venv, n_steps=16, batch_size=64, device="cpu", seed=0).learn(128)
            learners.append(venv.learner)
        here, there = learners
        assert there.metrics == here.metrics
        assert all(p.is_cuda for p in there.module.parameters())
        there.save(path)
        here.load(path)
        for mine, theirs in zip(here.module.parameters(), there.module.parameters(), strict=True):
            assert not mine.is_cuda
            assert torch.equal(mine, theirs.cpu())
        here.save(path)
        there.load(path)
        moments = [state["exp_avg"].is_cuda for state in there.optimizer.state.values()]
        assert moments
        assert all(moments)
