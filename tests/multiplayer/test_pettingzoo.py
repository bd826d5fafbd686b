"""PettingZoo's own tests, on every environment."""

import importlib
import warnings

import numpy as np
import pettingzoo
import pytest

from gym_mario_suite.errors import UnknownOption
from gym_mario_suite.multiplayer.registration import (
    NAMESPACE,
    PARALLEL,
    TURN_BASED,
    register_with_pettingzoo,
)

with warnings.catch_warnings():
    # PettingZoo's tests import a part of its own that is deprecated.
    warnings.simplefilter("ignore", DeprecationWarning)
    from pettingzoo.test import (
        api_test,
        max_cycles_test,
        parallel_api_test,
        parallel_seed_test,
        render_test,
        seed_test,
    )

PARALLEL_MODULES = [importlib.import_module(f"gym_mario_suite.multiplayer.{n}") for n in PARALLEL]
MODULES = PARALLEL_MODULES + [
    importlib.import_module(f"gym_mario_suite.multiplayer.{n}") for n in TURN_BASED
]

each_parallel = pytest.mark.parametrize("module", PARALLEL_MODULES, ids=PARALLEL)
each = pytest.mark.parametrize("module", MODULES, ids=PARALLEL + TURN_BASED)


@each_parallel
@pytest.mark.parametrize("obs", ["grid", "features", "gray84"])
def test_parallel_api(module, obs):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parallel_api_test(
            module.parallel_env(players=3, obs=obs, difficulty=4, time_limit=20), num_cycles=400
        )


@each_parallel
def test_parallel_seeds(module):
    parallel_seed_test(lambda: module.parallel_env(players=2, difficulty=3), num_cycles=200)


@each_parallel
def test_max_cycles(module):
    max_cycles_test(module)


@each_parallel
def test_render(module):
    render_test(lambda **options: module.env(max_cycles=50, **options))


@each
@pytest.mark.filterwarnings("ignore:.*")
def test_api(module):
    api_test(module.env(), num_cycles=200)


@each
def test_seeds(module):
    seed_test(module.env, num_cycles=100)


@pytest.mark.parametrize("name", PARALLEL)
def test_pettingzoos_registry_makes_them(name):
    env_id = f"{NAMESPACE}/{name}"
    parallel = pettingzoo.make("parallel", env_id, players=4, obs="features")
    observations, _ = parallel.reset(seed=1)
    assert len(observations) == 4
    assert np.isfinite(observations["player_0"]).all()
    turns = pettingzoo.make("aec", env_id)
    turns.reset(seed=1)
    assert turns.agent_selection == "player_0"


def test_an_older_pettingzoo_has_no_registry(monkeypatch):
    monkeypatch.delattr(pettingzoo, "parallel_registry")
    monkeypatch.delattr(pettingzoo, "aec_registry")
    register_with_pettingzoo()


def test_unknown_options_are_refused_in_the_name_of_the_environment():
    for module in MODULES:
        name = module.__name__.rpartition(".")[2]
        with pytest.raises(UnknownOption, match=f"{name} got an unexpected .*'speed'; there are"):
            module.env(speed=1)
        with pytest.raises(UnknownOption, match=r"'infinite'; there are (?!.*infinite)"):
            module.env(infinite=1)  # a field that is made of the others
