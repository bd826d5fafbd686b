"""Self-play: learning, resuming, matches, and what is refused."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("tyro")

from gym_mario_suite.agents.network_agent import PolicyNetwork  # noqa: E402
from gym_mario_suite.agents.self_play.agent import RaceAgent  # noqa: E402
from gym_mario_suite.agents.self_play.design import DesignPlay, train_pair  # noqa: E402
from gym_mario_suite.agents.self_play.match import Match, play_match, wilson  # noqa: E402
from gym_mario_suite.agents.self_play.train import (  # noqa: E402
    RacePolicy,
    SelfPlay,
    estimate_advantages,
    train,
)
from gym_mario_suite.errors import OptionError, WeightsError  # noqa: E402


def short(out, **options):
    return SelfPlay(
        out=out, decisions=600, games=4, steps=32, minibatches=2, hidden=(16, 16), **options
    )


def test_advantages_are_those_of_the_formula():
    rng = np.random.default_rng(0)
    rewards, values = (torch.from_numpy(rng.normal(size=(6, 2))).float() for _ in range(2))
    ended = torch.zeros(6, 2)
    ended[3, 0] = 1
    following = torch.from_numpy(rng.normal(size=2)).float()
    config = SelfPlay(out=None, gamma=0.9, gae_lambda=0.8)  # type: ignore[arg-type]
    found = estimate_advantages(rewards, values, ended, following, config).numpy()
    for row in range(2):
        after = [*values[1:, row].tolist(), float(following[row])]
        for t in range(6):
            total, weight = 0.0, 1.0
            for k in range(t, 6):
                goes_on = 1 - float(ended[k, row])
                delta = float(rewards[k, row]) + 0.9 * after[k] * goes_on - float(values[k, row])
                total += weight * delta
                weight *= 0.9 * 0.8 * goes_on
            assert found[t, row] == pytest.approx(total, abs=1e-5)


def test_same_seed_same_policy(tmp_path):
    first = train(short(tmp_path / "a", seed=3)).read_bytes()
    again = train(short(tmp_path / "b", seed=3))
    one, two = PolicyNetwork.load(again), PolicyNetwork.load(tmp_path / "a" / "policy.safetensors")
    for (w1, b1), (w2, b2) in zip(one.layers, two.layers, strict=True):
        np.testing.assert_array_equal(w1, w2)
        np.testing.assert_array_equal(b1, b2)
    assert len(first) == len(again.read_bytes())
    assert one.card["players"] == 2


def test_a_run_goes_on_or_is_refused(tmp_path):
    with pytest.raises(OptionError, match="no run to go on with"):
        train(short(tmp_path, resume=True))
    train(short(tmp_path))
    with pytest.raises(OptionError, match="holds a run already"):
        train(short(tmp_path))
    rows = len((tmp_path / "curve.csv").read_text().splitlines())
    train(SelfPlay(**{**vars(short(tmp_path)), "decisions": 1200, "resume": True}))
    assert len((tmp_path / "curve.csv").read_text().splitlines()) > rows


def test_a_policy_that_knows_of_no_others_begins_as_it_is():
    rng = np.random.default_rng(0)
    shapes = ((8, 5), (8, 8), (3, 8))
    layers = tuple(
        (rng.normal(size=s).astype(np.float32), rng.normal(size=s[0]).astype(np.float32))
        for s in shapes
    )
    zeros, ones = np.zeros(5, np.float32), np.ones(5, np.float32)
    network = PolicyNetwork({}, zeros, ones, layers, ("relu", "relu", "linear"))
    policy = RacePolicy(7, 3, (8, 8))
    policy.begin_with(network)
    seen = rng.normal(size=7).astype(np.float32)
    logits = policy(torch.from_numpy(seen)[None])[0][0].detach().numpy()
    np.testing.assert_allclose(logits, network.logits(seen[:5]), rtol=1e-5)
    with pytest.raises(OptionError, match="as many relu layers"):
        RacePolicy(7, 3, (8,)).begin_with(network)
    with pytest.raises(OptionError, match="fits"):
        RacePolicy(7, 4, (8, 8)).begin_with(network)


def test_a_match_swaps_the_seats_and_counts(tmp_path):
    train(short(tmp_path))
    file = tmp_path / "match.json"
    policy = tmp_path / "policy.safetensors"
    told = play_match(
        Match(a=f"race-ppo:{policy}", b="forward-jumping", levels=3, json=file, difficulty=0)
    )
    figures = json.loads(file.read_text())
    assert sum(figures["wins"].values()) == figures["races"] == 6
    assert figures["wins"]["b"] > figures["wins"]["a"]
    assert "6 races" in told
    same = play_match(Match(a="forward", b="forward", levels=4, json=file, ghosts=True))
    assert "8 races" in same


def test_wilsons_interval():
    # Newcombe (1998), table I: 81 of 263.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(0, 10)[0] == 0
    assert wilson(10, 10)[1] == pytest.approx(1)


def test_other_weights_are_refused(tmp_path):
    with pytest.raises(WeightsError):
        RaceAgent(str(tmp_path / "none.safetensors"))
    zeros, ones = np.zeros(5, np.float32), np.ones(5, np.float32)
    layer = (np.zeros((3, 5), np.float32), np.zeros(3, np.float32))
    PolicyNetwork({"obs": "terrain"}, zeros, ones, (layer,), ("linear",)).save(
        tmp_path / "one.safetensors"
    )
    with pytest.raises(WeightsError, match="races of two"):
        RaceAgent(str(tmp_path / "one.safetensors"))


def test_a_designer_and_a_player_learn_together(tmp_path):
    config = DesignPlay(out=tmp_path, courses=6, width=24, edits=4, courses_per_update=3, window=3)
    rows = train_pair(config).read_text().splitlines()
    assert len(rows) == 7
    assert (tmp_path / "designer.safetensors").exists()
    with pytest.raises(OptionError, match="holds a run already"):
        train_pair(config)
