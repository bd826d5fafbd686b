"""Recipes for stable-baselines3: every algorithm on every kind of observation, and the training."""

import csv
import json
from contextlib import closing
from dataclasses import replace
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

pytest.importorskip("stable_baselines3")
pytest.importorskip("sb3_contrib")

import torch
from stable_baselines3 import DQN, PPO
from stable_baselines3.common.vec_env import VecFrameStack, VecNormalize

from gym_mario_suite.agents.network_agent import NetworkAgent, PolicyNetwork
from gym_mario_suite.agents.sb3.masks import UsefulJumps
from gym_mario_suite.agents.sb3.mixed import MixedVecEnv
from gym_mario_suite.agents.sb3.policy_file import save_policy
from gym_mario_suite.agents.sb3.recipes import (
    ALGORITHMS,
    FAMILIES,
    KINDS,
    RECIPES,
    environment_options,
    family_of,
    kind_of,
    make_games,
    recipe_for,
    shares_of,
)
from gym_mario_suite.agents.sb3.train import Training, train
from gym_mario_suite.agents.training_options import make_vec
from gym_mario_suite.engine.world import Button
from gym_mario_suite.envs.infinite_vector import MarioInfiniteVectorEnv
from gym_mario_suite.errors import OptionError, WeightsError
from gym_mario_suite.integrations.sb3 import GymVecAdapter

INFINITE = "MarioInfinite-v0"


def games(count=2, **options: Any):
    return GymVecAdapter(MarioInfiniteVectorEnv(count, autoreset_mode="SAME_STEP", **options))


def test_there_is_a_recipe_for_everything():
    assert set(RECIPES) == {(algorithm, kind) for algorithm in ALGORITHMS for kind in KINDS}


@pytest.mark.parametrize(
    ("obs", "kind"),
    [("terrain", "numbers"), ("features", "numbers"), ("grid", "tiles"), ("channels", "tiles"),
     ("gray84", "pixels"), ("rgb", "pixels")],
)  # fmt: skip
def test_kinds_of_observations(obs, kind):
    space = MarioInfiniteVectorEnv(1, obs=obs).single_observation_space
    assert kind_of(space) == kind


def test_observations_without_a_recipe():
    with pytest.raises(OptionError, match="no recipe for the observations Text"):
        recipe_for("ppo", gym.spaces.Text(3))
    with pytest.raises(OptionError, match="unknown algorithm 'sac'"):
        recipe_for("sac", gym.spaces.Box(-1, 1, (3,)))


def test_making_courses_has_a_program_of_its_own():
    with pytest.raises(OptionError, match=r"MarioMaker-v0 has .*agents\.maker\.ppo train --out"):
        make_games("MarioMaker-v0", 4, {})


def test_options_given_go_over_the_familys():
    assert family_of("gym_mario_suite:MarioNES-1-1-v0") == family_of("MarioNES-v0") == "MarioNES"
    assert environment_options(INFINITE, {}) == FAMILIES["MarioInfinite"]
    assert environment_options(INFINITE, {"obs": "gray84"})["frame_skip"] == 3
    assert environment_options(INFINITE, {"obs": "gray84", "frame_skip": 5})["frame_skip"] == 5
    assert environment_options("MarioDream-v0", {"x": 1}) == {"x": 1}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("obs", ["terrain", "grid"])
def test_every_algorithm_trains(tmp_path, algorithm, obs):
    run = Training(
        out=tmp_path,
        algorithm=algorithm,
        env_options=json.dumps({"obs": obs}),
        difficulties=(0, 3),
        num_envs=4,
        decisions=300,
    )
    model = train(run)
    assert model.num_timesteps >= 300
    with (tmp_path / "curve.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert int(rows[-1]["decisions"]) == model.num_timesteps
    assert {"won_0", "won_3", "env_time_share"} <= rows[-1].keys()
    assert (tmp_path / "model.zip").exists()
    exported = tmp_path / "policy.safetensors"
    assert exported.exists() == (obs == "terrain" and algorithm != "dqn")


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_trains_on_pixels(tmp_path, algorithm):
    train(
        Training(
            out=tmp_path,
            algorithm=algorithm,
            env_options='{"obs": "gray84"}',
            num_envs=2,
            decisions=260,
        )
    )
    assert (tmp_path / "model.zip").exists()


@pytest.mark.parametrize("layers", [[64, 64], []])
def test_a_policy_of_ones_own_loop_plays_as_it_was_trained(tmp_path, layers):
    path = tmp_path / "mine.safetensors"
    model = PPO(
        "MlpPolicy",
        games(obs="features", actions="simple"),
        seed=3,
        device="cpu",
        policy_kwargs={"net_arch": layers},
    )
    save_policy(model, path, obs="features", actions="simple", frame_skip=2)
    agent = NetworkAgent(path, 0, 0)
    states = np.random.default_rng(0).normal(size=(20, *agent.network.mean.shape))
    with torch.no_grad():
        policy: Any = model.policy
        seen = torch.as_tensor(states.astype(np.float32))
        expected = policy.get_distribution(seen).distribution.logits.numpy()
    for state, logits in zip(states, expected, strict=True):
        found = agent.network.logits(state)
        assert found - found.mean() == pytest.approx(logits - logits.mean(), abs=1e-5)


@pytest.mark.parametrize(
    ("make", "actions", "said"),
    [(DQN, "simple", "this is DQNPolicy of DQN"), (PPO, "buttons", r"actions MultiBinary\(5\)")],
)
def test_what_no_policy_file_can_hold(tmp_path, make, actions, said):
    model = make("MlpPolicy", games(obs="features", actions=actions), device="cpu")
    with pytest.raises(OptionError, match=said):
        save_policy(model, tmp_path / "x.safetensors", obs="grid", actions=actions, frame_skip=1)


@pytest.mark.filterwarnings("ignore:You are using")
@pytest.mark.parametrize(
    ("obs", "wrap", "claimed", "said"),
    [
        ("features", VecNormalize, {}, "norm_obs=False"),
        ("features", lambda venv: VecFrameStack(venv, 3), {}, "a stack of frames"),
        ("features", lambda venv: venv, {"obs": "terrain"}, "obs='terrain' gives Box"),
        ("features", lambda venv: venv, {"actions": "complex"}, r"actions Discrete\(7\)"),
        ("rgb_half", lambda venv: venv, {}, "scales and turns pictures"),
    ],
)
def test_a_policy_that_its_file_would_not_play_as_trained(tmp_path, obs, wrap, claimed, said):
    venv = wrap(games(obs=obs, actions="simple"))
    model = PPO("MlpPolicy", venv, device="cpu", policy_kwargs={"net_arch": [2]})
    with pytest.raises(OptionError, match=said):
        save_policy(
            model,
            tmp_path / "x.safetensors",
            **{"obs": obs, "actions": "simple", "frame_skip": 1, **claimed},
        )
    assert not list(tmp_path.iterdir())


def test_rewards_may_be_normalized(tmp_path):
    venv = VecNormalize(games(obs="features", actions="simple"), norm_obs=False)
    model = PPO("MlpPolicy", venv, device="cpu")
    path = tmp_path / "x.safetensors"
    save_policy(model, path, obs="features", actions="simple", frame_skip=1)
    assert path.exists()


def test_a_policy_file_tells_the_detail_of_the_grid(tmp_path):
    options = {"obs": "grid", "actions": "simple", "z_level": 0}
    path = tmp_path / "x.safetensors"
    save_policy(PPO("MlpPolicy", games(**options), device="cpu"), path, frame_skip=1, **options)
    assert PolicyNetwork.load(path).card["view"] == {"z_level": 0}


def test_exported_policy_is_the_trained_one(tmp_path):
    model = train(Training(out=tmp_path, num_envs=4, decisions=300))
    agent = NetworkAgent(tmp_path / "policy.safetensors", 0, 0)
    states = np.random.default_rng(0).normal(size=(20, 342)).astype(np.float32)
    with torch.no_grad():
        policy: Any = model.policy
        expected = policy.get_distribution(torch.as_tensor(states)).distribution.probs.numpy()
    for state, probabilities in zip(states, expected, strict=True):
        logits = agent.network.logits(state)
        shares = np.exp(logits - logits.max())
        assert np.allclose(shares / shares.sum(), probabilities, atol=1e-5)


def test_training_goes_on(tmp_path, capsys):
    run = Training(out=tmp_path, num_envs=4, decisions=512)
    train(run)
    with pytest.raises(OptionError, match="holds a run already"):
        train(run)
    model = train(replace(run, decisions=1024, resume=True))
    assert model.num_timesteps == 1024
    capsys.readouterr()
    train(replace(run, decisions=1300, difficulties=(0, 3), resume=True))
    assert "difficulties was [] so far, and is [0, 3] from here on" in capsys.readouterr().err
    files = {name: (tmp_path / name).read_bytes() for name in ("config.json", "card.json")}
    train(replace(run, decisions=1300, difficulties=(5,), resume=True))  # the budget is spent
    assert "from here on" not in capsys.readouterr().err
    assert files == {name: (tmp_path / name).read_bytes() for name in files}
    decisions = [
        int(line.split(",")[0]) for line in (tmp_path / "curve.csv").read_text().split()[1:]
    ]
    assert decisions == sorted(set(decisions))
    with pytest.raises(OptionError, match="no run to go on with"):
        train(replace(run, out=tmp_path / "none", resume=True))
    assert not (tmp_path / "none").exists()


def test_a_vector_form_that_cannot_choose_when_to_reset_is_passed_over():
    with closing(make_vec("CartPole-v1", 2, {})) as envs:
        assert envs.metadata["autoreset_mode"] == gym.vector.AutoresetMode.SAME_STEP
        assert envs.reset(seed=0)[0].shape == (2, 4)


@pytest.mark.parametrize("settings", ['{"n_steps": "8"}', '{"n_steps": null}', '{"gama": 1}'])
def test_settings_that_the_algorithm_cannot_have(tmp_path, settings):
    with pytest.raises(OptionError, match="ppo: "):
        train(Training(out=tmp_path, num_envs=2, settings=settings))


def test_the_greatest_seed_goes_on_too(tmp_path):
    run = Training(out=tmp_path, num_envs=2, decisions=128, seed=(1 << 32) - 1)
    train(run)
    assert train(replace(run, decisions=256, resume=True)).num_timesteps >= 256


def test_what_a_run_cannot_change_or_lose(tmp_path, capsys):
    run = Training(out=tmp_path, num_envs=4, decisions=256)
    train(run)
    assert "won_0=?" in capsys.readouterr().out  # too few episodes to tell
    with pytest.raises(OptionError, match="began with algorithm 'ppo'"):
        train(replace(run, algorithm="a2c", resume=True))
    with pytest.raises(OptionError, match=r"began with settings '\{\}'"):
        train(replace(run, settings='{"gamma": 0.9}', resume=True))
    rows = (tmp_path / "curve.csv").read_text()
    assert train(replace(run, resume=True)).num_timesteps == 256  # the budget is spent
    assert "256 decisions are made already, of 256: a larger" in capsys.readouterr().err
    assert (tmp_path / "curve.csv").read_text() == rows
    (tmp_path / "model.zip").write_bytes(b"PK\3\4")
    with pytest.raises(WeightsError, match=r"model\.zip cannot be used"):
        train(replace(run, decisions=512, resume=True))
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(OptionError, match="cannot read how the run began"):
        train(replace(run, resume=True))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed": -1}, "seed must be"),
        ({"threads": 0}, "threads must be"),
        ({"decisions": -1}, "decisions must be"),
        ({"checkpoint_minutes": float("nan")}, "checkpoint_minutes must be"),
        ({"device": "abacus"}, "no device 'abacus'"),
        ({"env_id": "Nope-v0"}, "no environment 'Nope-v0'"),
        ({"env_id": "nowhere:Nope-v0"}, "no environment 'nowhere:Nope-v0'"),
        ({"env_options": '{"num_envs": 3}'}, "cannot hold num_envs"),
    ],
)
def test_options_that_are_not_possible(tmp_path, changes, message):
    with pytest.raises(OptionError, match=message):
        train(Training(**{"out": tmp_path / "run", "num_envs": 2, **changes}))
    assert not (tmp_path / "run").exists()


def test_episodes_are_counted_under_their_own_difficulty():
    assert shares_of(8, (0, 1, 2, 3, 4)) == [2, 2, 2, 1, 1]
    assert shares_of(8, ()) == [8]
    venv: Any = make_games(INFINITE, 8, {"obs": "features"}, (0, 1, 2, 3, 4))
    venv.reset()
    found = [
        part.envs.unwrapped.level(game).metadata["difficulty"]
        for part in venv.parts
        for game in range(part.num_envs)
    ]
    assert found == np.repeat(range(5), shares_of(8, (0, 1, 2, 3, 4))).tolist()


def test_the_last_rollout_is_learned_from_too(tmp_path):
    model = train(Training(out=tmp_path, num_envs=4, decisions=256))
    assert isinstance(model, PPO)
    assert model.num_timesteps == 4 * model.n_steps
    assert model._n_updates == model.n_epochs


def test_the_seed_decides_everything(tmp_path):
    weights = []
    for number, seed in enumerate((1, 1, 2)):
        model = train(Training(out=tmp_path / str(number), num_envs=4, decisions=256, seed=seed))
        weights.append(next(model.policy.parameters()))
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


@pytest.mark.parametrize("name", ["env_options", "settings"])
@pytest.mark.parametrize("text", ["{", "[]", "3"])
def test_options_that_are_no_object(tmp_path, name, text):
    with pytest.raises(OptionError, match=f"{name} must be a JSON object"):
        train(replace(Training(out=tmp_path, num_envs=2), **{name: text}))


def test_actions_that_an_algorithm_cannot_choose(tmp_path):
    options = '{"actions": "buttons"}'
    with pytest.raises(OptionError, match=r"dqn: .*MultiBinary\(5\) was provided"):
        train(Training(out=tmp_path, algorithm="dqn", env_options=options, num_envs=2))


def test_settings_go_over_the_recipes(tmp_path):
    run = Training(out=tmp_path, num_envs=4, decisions=256, settings='{"gamma": 0.9}')
    model: Any = train(run)
    assert model.gamma == 0.9
    with pytest.raises(OptionError, match=r"ppo: .*no_such"):
        train(replace(run, out=tmp_path / "other", settings='{"no_such": 1}'))


def test_a_network_of_ones_own_size_goes_over_the_recipes(tmp_path):
    wide = '{"policy_kwargs": {"net_arch": [24, 8]}, "n_steps": 16}'
    run = Training(out=tmp_path, num_envs=4, decisions=64, settings=wide)
    model: Any = train(run)
    layers = [layer for layer in model.policy.mlp_extractor.policy_net if hasattr(layer, "weight")]
    assert [layer.out_features for layer in layers] == [24, 8]
    assert isinstance(model.policy.mlp_extractor.policy_net[1], torch.nn.ReLU)  # of the recipe


def test_a_network_that_is_no_object_is_told(tmp_path):
    with pytest.raises(OptionError, match=r"policy_kwargs .* JSON object, got \[24\]"):
        train(Training(out=tmp_path, num_envs=2, settings='{"policy_kwargs": [24]}'))


def test_a_mixture_is_its_parts_side_by_side():
    parts = [games(2, difficulty=0, obs="features"), games(3, difficulty=9, obs="features")]
    alone = [games(2, difficulty=0, obs="features"), games(3, difficulty=9, obs="features")]
    mixed = MixedVecEnv(parts)
    mixed.seed(5)
    alone[0].seed(5)
    alone[1].seed(7)
    assert np.array_equal(mixed.reset(), np.concatenate([part.reset() for part in alone]))
    rng = np.random.default_rng(0)
    for _ in range(30):
        actions = rng.integers(0, 12, 5)
        step = mixed.step(actions)
        steps = [alone[0].step(actions[:2]), alone[1].step(actions[2:])]
        for number in range(3):
            parts_of_it: list[Any] = [one[number] for one in steps]
            assert np.array_equal(np.asarray(step[number]), np.concatenate(parts_of_it))
    assert len(mixed.get_attr("num_envs", [0, 4])) == 2
    with pytest.raises(OptionError, match="same spaces"):
        MixedVecEnv([games(obs="grid"), games(obs="features")])
    with pytest.raises(OptionError, match="at least one"):
        MixedVecEnv([])
    with pytest.raises(OptionError, match="cannot be shared out"):
        make_games(INFINITE, 1, {}, (0, 3))


def test_masked_jumps_would_have_done_nothing():
    envs = UsefulJumps(MarioInfiniteVectorEnv(4, actions="curiosity", autoreset_mode="SAME_STEP"))
    envs.reset(seed=0)
    inner: Any = envs.unwrapped
    keys = inner.options.action_set.keys
    rng = np.random.default_rng(0)
    masked = 0
    for _ in range(200):
        masks = envs.action_masks()
        assert not masks[:, 1].any()  # up presses what nothing presses
        assert masks[:, 0].all()
        on_ground = inner.batch.worlds["players"]["body"]["on_ground"][:, 0] != 0
        jumps = inner.batch.counts[:, inner.batch.telemetry.index("jumps")].copy()
        actions = rng.integers(0, 14, 4)
        refused = ~masks[np.arange(4), actions] & ((keys[actions] & int(Button.JUMP)) != 0)
        assert on_ground[refused].all()
        _, _, dead, cut, infos = envs.step(actions)
        still = refused & ~(dead | cut)
        assert np.array_equal(infos["jumps"][still], jumps[still])
        masked += int(still.sum())
    assert masked > 10
