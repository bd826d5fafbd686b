"""Agents that play by a trained network."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("safetensors")

from gym_mario_suite.agents.network_agent import NetworkAgent, PolicyNetwork, view_of
from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import Status
from gym_mario_suite.envs.actions import action_set
from gym_mario_suite.envs.infinite import MarioInfiniteEnv
from gym_mario_suite.errors import OptionError, WeightsError
from gym_mario_suite.levels.generate import generate

CARD = {"obs": "features", "actions": "complex", "frame_skip": 3}


def network(card=CARD, inputs=118, actions=12, seed=0):
    rng = np.random.default_rng(seed)
    layers = tuple(
        (rng.normal(size=shape).astype(np.float32), rng.normal(size=shape[0]).astype(np.float32))
        for shape in ((16, inputs), (actions, 16))
    )
    mean, scale = rng.normal(size=inputs), rng.random(inputs)
    arrays = (mean.astype(np.float32), scale.astype(np.float32))
    return PolicyNetwork(dict(card), *arrays, layers, ("tanh", "linear"))


def test_files_hold_the_network(tmp_path):
    path = tmp_path / "policy.safetensors"
    one = network()
    one.save(path)
    two = PolicyNetwork.load(path)
    observation = np.random.default_rng(1).normal(size=118).astype(np.float32)
    assert two.card == CARD
    assert np.array_equal(one.logits(observation), two.logits(observation))


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "tanh", "linear"])
def test_activations(name):
    weight = np.eye(3, dtype=np.float32)
    zeros, ones = np.zeros(3, np.float32), np.ones(3, np.float32)
    logits = PolicyNetwork({}, zeros, ones, ((weight, zeros),), (name,)).logits(
        np.array([-2.0, 0.0, 1.5], np.float32)
    )
    expected = {
        "relu": [0, 0, 1.5],
        "leaky_relu": [-0.4, 0, 1.5],
        "tanh": np.tanh([-2, 0, 1.5]),
        "linear": [-2, 0, 1.5],
    }
    assert np.allclose(logits, expected[name])


def test_it_sees_and_acts_as_in_the_environment_it_was_trained_in(tmp_path):
    path = tmp_path / "policy.safetensors"
    network().save(path)
    agent = NetworkAgent(path, 0, 0)
    env = MarioInfiniteEnv(obs="features", actions="complex", frame_skip=3, level_seed=5)
    observation, _ = env.reset(seed=0)
    game = Game(generate(5).image)
    game.tick(0)
    keys = action_set("complex").keys
    for _ in range(60):
        action = int(network().logits(observation).argmax())
        for _ in range(3):
            pressed = agent.act(game)
            assert pressed == keys[action]
            game.tick(pressed)
        observation, _, dead, cut, info = env.step(action)
        assert float(game.x) == info["distance"]
        if dead or cut:
            break


def test_it_sees_the_grid_in_the_detail_it_was_trained_in(tmp_path):
    """Nothing wrote it into the file: all policies saw grids of the usual detail."""
    options = {"obs": "grid", "actions": "complex", "frame_skip": 1, "z_level": 0, "z_enemies": 2}
    assert view_of({"obs": "grid", "z_level": 1}) == {}
    card = {name: options[name] for name in CARD} | view_of(options)
    path = tmp_path / "policy.safetensors"
    network(card, inputs=484).save(path)
    agent = NetworkAgent(path, 0, 0)
    env = MarioInfiniteEnv(**options, level_seed=5)
    seen, _ = env.reset(seed=0)
    game = Game(generate(5).image)
    game.tick(0)
    for _ in range(40):
        assert np.array_equal(agent._observe(game), seen)
        game.tick(10)
        seen = env.step(action_set("complex").keys.tolist().index(10))[0]
    for view in ({"z_level": 7}, {"sharp": 1}):
        network({**card, "view": view}, inputs=484).save(path)
        with pytest.raises(WeightsError, match="is no policy for Infinite Mario"):
            NetworkAgent(path, 0, 0)


def test_draws_are_by_the_softmax_and_the_same_in_every_level(tmp_path):
    path = tmp_path / "policy.safetensors"
    network().save(path)
    agent = NetworkAgent(path, 1, 7)
    logits = np.log(np.array([0.1, 0.6, 0.3], np.float32))
    draws = [agent._choose(logits) for _ in range(4000)]
    assert np.allclose(np.bincount(draws) / 4000, [0.1, 0.6, 0.3], atol=0.03)
    agent.reset()
    assert [agent._choose(logits) for _ in range(50)] == draws[:50]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"card": {**CARD, "obs": "smell"}}, "unknown observation mode"),
        ({"card": {**CARD, "actions": "curiosity"}}, "12 actions; the observation .* 118 and 14"),
        ({"inputs": 20}, "the network has 20 inputs"),
        ({"card": {"obs": "features"}}, "is no policy for Infinite Mario"),
    ],
)
def test_networks_for_something_else_are_refused(tmp_path, changes, message):
    path = tmp_path / "policy.safetensors"
    network(**changes).save(path)
    with pytest.raises(WeightsError, match=message):
        NetworkAgent(path, 0, 0)


def test_files_that_hold_no_network(tmp_path):
    from safetensors.numpy import save_file

    path = tmp_path / "policy.safetensors"
    with pytest.raises(WeightsError, match="cannot read"):
        PolicyNetwork.load(path)
    path.write_bytes(b"nothing")
    with pytest.raises(WeightsError, match="cannot read"):
        PolicyNetwork.load(path)
    save_file({"x": np.zeros(3)}, path)
    with pytest.raises(WeightsError, match="no policy of this suite"):
        PolicyNetwork.load(path)
    broken = network()
    broken.layers[0][0][2, 3] = np.nan
    broken.save(path)
    with pytest.raises(WeightsError, match="not all finite"):
        PolicyNetwork.load(path)


def test_a_folder_is_no_policy(tmp_path):
    with pytest.raises(WeightsError, match="cannot read the weights") as told:
        PolicyNetwork.load(tmp_path)
    assert "Errno" not in str(told.value)


def test_a_mere_view_is_not_enough(tmp_path):
    path = tmp_path / "policy.safetensors"
    network().save(path)

    class View:
        x = 0.0

    with pytest.raises(OptionError, match=r"must be given an engine\.game\.Game, not a View"):
        NetworkAgent(path, 0, 0).act(View())  # type: ignore[arg-type]


def played(agent, level):
    game = Game(level.image)
    game.tick(0)
    agent.reset()
    furthest = 0.0
    while game.status == Status.RUNNING:
        game.tick(agent.act(game))
        furthest = max(furthest, float(game.x))
    return game.status == Status.WIN, furthest


@pytest.mark.parametrize(("difficulty", "at_least"), [(0, 18), (3, 7)])
def test_the_shipped_ppo_clears_levels_it_has_never_seen(difficulty, at_least):
    """Of 20; `python -m benchmarks unseen` plays more, beside a rule."""
    agent = make_agent("ppo-infinite")
    seeds = range(4_000_000_000, 4_000_000_020)
    assert sum(played(agent, generate(seed, difficulty))[0] for seed in seeds) >= at_least


@pytest.mark.parametrize(("trained", "wins"), [(0, 4), (3, 0)])
def test_curiosity_alone_knows_its_way(trained, wins):
    """Random play comes 650 px far in the first of these levels, 280 in the second."""
    results = []
    for seed in range(6):
        agent = make_agent(f"icm-ppo-infinite:trained={trained},seed={seed}")
        results.append(played(agent, generate(1, trained)))
    assert sum(won for won, _ in results) >= wins
    assert np.mean([furthest for _, furthest in results]) > (2600 if trained == 0 else 840)


def test_weights_that_are_not_shipped():
    with pytest.raises(WeightsError, match="no weights 'icm-ppo-infinite-7'; shipped: icm-ppo"):
        make_agent("icm-ppo-infinite:trained=7")


def test_cards_say_where_the_shipped_weights_are_from():
    for name in ("ppo-infinite", "icm-ppo-infinite", "icm-ppo-infinite:trained=3"):
        agent = make_agent(name)
        card = agent.network.card  # type: ignore[attr-defined]
        assert card["command"].startswith("python -m gym_mario_suite.agents.")
        assert {"seed", "commit", "decisions", "curve"} <= card.keys()
        assert (Path(__file__).parents[2] / card["curve"]).is_file()


def test_a_temperature_that_is_none(tmp_path):
    path = tmp_path / "policy.safetensors"
    network().save(path)
    with pytest.raises(OptionError, match="temperature must be 0 to 10, got -1"):
        NetworkAgent(path, -1, 0)
