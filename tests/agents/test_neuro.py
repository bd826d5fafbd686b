from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from gym_mario_suite.agents.neuro.agent import NeuroAgent
from gym_mario_suite.agents.neuro.network import (
    HIDDEN,
    INPUTS,
    PARAMETERS,
    Network,
    inputs_of,
    load_parameters,
)
from gym_mario_suite.agents.neuro.train import (
    Evolution,
    judged_levels,
    levels_of,
    share_passed,
    train,
    training_levels,
)
from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.competition.score import score_track
from gym_mario_suite.competition.tracks import cig_2009
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import Button
from gym_mario_suite.errors import OptionError, WeightsError
from gym_mario_suite.levels import generate


def test_the_shipped_weights_clear_more_than_a_random_agent() -> None:
    track = cig_2009(77)  # of no level it was trained on
    neuro = score_track(make_agent("neuro"), track)
    chance = score_track(make_agent("random"), track)
    assert neuro.levels_cleared > chance.levels_cleared
    assert neuro.score > 1.5 * chance.score


def test_what_the_network_sees() -> None:
    game = Game(generate(0).image)
    for _ in range(40):  # until he has landed
        game.tick(0)
    values = inputs_of(game)
    assert values.shape == (INPUTS,)
    cells = values[:49].reshape(7, 7)
    # Only the ground, whose top is the map's last row; left of the map is nothing.
    assert cells[4].tolist() == [0, 1, 1, 1, 1, 1, 1]
    assert np.count_nonzero(cells) == 6
    assert values[49:].tolist() == [1.0, 1.0, 1.0]


def test_the_network_presses_what_is_above_zero() -> None:
    parameters = np.zeros(PARAMETERS)
    out = parameters[INPUTS * HIDDEN :].reshape(HIDDEN + 1, 4)
    out[HIDDEN] = [-1.0, 1.0, 0.0, 0.5]
    game = Game(generate(0).image)
    game.tick(0)
    assert Network.from_parameters(parameters).act(game) == Button.RIGHT | Button.SPEED


def test_weights_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    np.savez(path, parameters=np.zeros(PARAMETERS, np.float32))
    agent = make_agent(f"neuro:weights={path}")
    game = Game(generate(0).image)
    game.tick(0)
    assert agent.act(game) == 0
    np.savez(path, parameters=np.zeros(3))
    with pytest.raises(WeightsError, match=f"weights must be {PARAMETERS} finite numbers"):
        NeuroAgent(weights=str(path))
    with pytest.raises(WeightsError, match="cannot read the weights"):
        NeuroAgent(weights=str(tmp_path / "absent.npz"))
    with pytest.raises(WeightsError, match=r"absent\.npz: No such file or directory$"):
        load_parameters(tmp_path / "absent.npz")


@pytest.mark.parametrize("damage", [lambda data: data[:90], lambda data: b"", lambda data: b"PK12"])
def test_damaged_weights(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "weights.npz"
    np.savez_compressed(path, parameters=np.zeros(PARAMETERS, np.float32))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(WeightsError, match="cannot read the weights"):
        NeuroAgent(weights=str(path))


def test_a_short_evolution_writes_the_best_that_it_found(tmp_path: Path) -> None:
    pytest.importorskip("cma")
    out = tmp_path / "weights.npz"
    best = train(Evolution(out=out, generations=2, population=3, jobs=1))
    assert best.any()
    assert np.array_equal(load_parameters(out), best.astype(np.float32))
    goes_on = Evolution(out=out, generations=1, population=3, jobs=1, start=out)
    assert train(goes_on).any()
    # From weights that it cannot better in a generation, into their own file.
    shipped = resources.files("gym_mario_suite.agents.neuro") / "weights.npz"
    with resources.as_file(shipped) as file:
        good = load_parameters(file)
    np.savez_compressed(out, parameters=good)
    spoilt = Evolution(out=out, generations=1, population=3, jobs=1, start=out, spread=100.0)
    assert np.array_equal(train(spoilt), good)
    assert np.array_equal(load_parameters(out), good)
    elsewhere = tmp_path / "more.npz"
    train(replace(spoilt, out=elsewhere))
    assert np.array_equal(load_parameters(elsewhere), good)
    for start in (None, elsewhere):
        with pytest.raises(OptionError, match="is there already: go on from it by --start"):
            train(replace(spoilt, start=start))
    with pytest.raises(OptionError, match="cannot write"):
        train(Evolution(out=tmp_path / "none" / "w.npz"))
    with pytest.raises(OptionError, match="population must be"):
        Evolution(out=out, population=1)


def test_what_is_judged_on_is_never_trained_on() -> None:
    judged = set(judged_levels())
    assert training_levels(1, 5) == levels_of(1005, 2)
    for generation, seed in ((900, 0), (899, 1000), (900, 93)):
        assert set(levels_of(1000 * generation + seed, 2)) & judged
        assert not set(training_levels(generation, seed)) & judged


def test_fitness_is_the_share_of_the_levels_that_is_passed() -> None:
    levels = levels_of(5, 1)
    assert len(levels) == 6
    nothing = share_passed(np.zeros(PARAMETERS), levels)
    assert 0 < nothing < 0.05
    right = np.zeros(PARAMETERS)
    right[INPUTS * HIDDEN :].reshape(HIDDEN + 1, 4)[HIDDEN, 1] = 1.0
    assert share_passed(right, levels) > nothing
