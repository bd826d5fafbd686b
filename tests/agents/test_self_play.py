"""Self-play: learning, resuming, matches, and what is refused."""

import json
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("tyro")

from gym_mario_suite.agents.network_agent import PolicyNetwork  # noqa: E402
from gym_mario_suite.agents.self_play import design  # noqa: E402
from gym_mario_suite.agents.self_play import train as race  # noqa: E402
from gym_mario_suite.agents.self_play.agent import RaceAgent  # noqa: E402
from gym_mario_suite.agents.self_play.design import DesignPlay, train_pair  # noqa: E402
from gym_mario_suite.agents.self_play.match import Match, play_match, wilson  # noqa: E402
from gym_mario_suite.agents.self_play.train import RacePolicy, SelfPlay, train  # noqa: E402
from gym_mario_suite.errors import OptionError, WeightsError  # noqa: E402


def short(out, **options):
    return SelfPlay(
        out=out, decisions=600, games=4, steps=32, minibatches=2, hidden=(16, 16), **options
    )


def test_same_seed_same_policy(tmp_path):
    one, two = (PolicyNetwork.load(train(short(tmp_path / name, seed=3))) for name in "ab")
    for (w1, b1), (w2, b2) in zip(one.layers, two.layers, strict=True):
        np.testing.assert_array_equal(w1, w2)
        np.testing.assert_array_equal(b1, b2)
    assert one.card["players"] == 2


def test_a_run_goes_on_or_is_refused(tmp_path, capsys):
    with pytest.raises(OptionError, match="no run to go on with"):
        train(short(tmp_path, resume=True))
    train(short(tmp_path))
    with pytest.raises(OptionError, match="holds a run already"):
        train(short(tmp_path))
    spent = (tmp_path / "curve.csv").read_text()
    train(short(tmp_path, resume=True))
    assert "made already, of 600: a larger --decisions goes on" in capsys.readouterr().err
    assert (tmp_path / "curve.csv").read_text() == spent
    longer = replace(short(tmp_path, resume=True), decisions=1200)
    train(longer)
    rows = (tmp_path / "curve.csv").read_text().splitlines()
    assert "\n".join(rows).startswith(spent.rstrip())
    seconds = [float(row.split(",")[1]) for row in rows[1:]]
    assert len(rows) > len(spent.splitlines())
    assert seconds == sorted(seconds)
    with pytest.raises(WeightsError, match="of another architecture"):
        train(replace(longer, hidden=(16, 8)))
    (tmp_path / "checkpoint.safetensors").write_bytes(b"")
    with pytest.raises(WeightsError, match="cannot read"):
        train(longer)


def test_an_interrupted_run_keeps_what_it_has_learned(tmp_path, monkeypatch):
    interrupt_after(monkeypatch, race, "ppo_losses", 3)
    train(short(tmp_path))
    made = (tmp_path / "curve.csv").read_text().splitlines()
    assert len(made) == 2  # of the three rollouts one
    monkeypatch.undo()
    train(short(tmp_path, resume=True))
    assert len((tmp_path / "curve.csv").read_text().splitlines()) == 4


def interrupt_after(monkeypatch, module, name, calls):
    """`kill` in a call of a function; it works like Ctrl-C, which background jobs ignore."""
    real, counted = getattr(module, name), iter(range(calls))

    def wrapped(*args, **options):
        if next(counted, None) is None:
            signal.raise_signal(signal.SIGTERM)
            monkeypatch.setattr(module, name, real)
        return real(*args, **options)

    monkeypatch.setattr(module, name, wrapped)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"games": 0}, "games must be"),
        ({"steps": 0}, "steps must be"),
        ({"epochs": 0}, "epochs must be"),
        ({"minibatches": 0}, "minibatches must be"),
        ({"hidden": (0,)}, "hidden must be"),
        ({"seed": -1}, "seed must be"),
        ({"clip": float("nan")}, "clip must be"),
    ],
)
def test_options_that_are_not_possible(tmp_path, options, message):
    with pytest.raises(OptionError, match=message):
        replace(short(tmp_path), **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"obs": "grid"}, "obs must be a vector, features or terrain, got 'grid'"),
        ({"obs": "sonar"}, "unknown observation mode 'sonar'"),
        ({"frame_skip": 0}, "frame_skip must be"),
    ],
)
def test_a_refused_run_leaves_no_folder(tmp_path, options, message):
    with pytest.raises(OptionError, match=message):
        train(short(tmp_path / "run", **options))
    assert not (tmp_path / "run").exists()


def test_a_refused_design_leaves_no_folder(tmp_path):
    with pytest.raises(OptionError, match="width must be"):
        train_pair(DesignPlay(out=tmp_path / "run", width=3))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["courses", "courses_per_update", "threads"])
def test_a_design_of_nothing(tmp_path, name):
    with pytest.raises(OptionError, match=f"{name} must be"):
        replace(DesignPlay(out=tmp_path), **{name: 0})


def test_without_rllib_it_is_told_in_one_line():
    program = (
        "import runpy, sys; sys.modules['ray'] = None; sys.argv[1:] = [];"
        "runpy.run_module('gym_mario_suite.agents.self_play.rllib', run_name='__main__')"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: this needs RLlib (")
    assert len(ended.stderr.splitlines()) == 1


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
    # Both do the same in worlds of their own, so whoever arrives arrives with the other.
    figures = json.loads(file.read_text())
    arrived = figures["arrived"]["a"]
    assert figures["arrived"]["b"] == arrived > 0
    assert figures["wins"] == {"a": 0, "b": 0, "tie": arrived, "nobody": 8 - arrived}
    with pytest.raises(OptionError, match="cannot write"):
        play_match(Match(a="nobody", json=tmp_path / "absent" / "match.json"))


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


def test_an_interrupted_design_keeps_what_they_have_learned(tmp_path, monkeypatch):
    interrupt_after(monkeypatch, design, "_gain", 1)
    config = DesignPlay(
        out=tmp_path, courses=6, width=24, edits=4, courses_per_update=2, player_learning_rate=0.0
    )
    rows = train_pair(config).read_text().splitlines()
    assert len(rows) == 3
    assert (tmp_path / "player.safetensors").exists()


def test_a_designer_and_a_player_learn_together(tmp_path):
    config = DesignPlay(out=tmp_path, courses=6, width=24, edits=4, courses_per_update=3, window=3)
    rows = train_pair(config).read_text().splitlines()
    assert len(rows) == 7
    assert (tmp_path / "designer.safetensors").exists()
    with pytest.raises(OptionError, match="holds a run already"):
        train_pair(config)
