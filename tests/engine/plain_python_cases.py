"""Short plays for `tests.engine.plain_python`, of what the tests beside it are too slow to reach.

The name keeps pytest from collecting them by itself: compiled, they would show nothing.
"""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import gym_mario_suite  # noqa: F401  (registers the environments)
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.search.planner import Planner, SearchOptions
from gym_mario_suite.envs.forward_model import ForwardModel
from gym_mario_suite.envs.observations import OBSERVATION_MODES, OBSERVATION_MODES_2019
from gym_mario_suite.levels.generate import generate
from gym_mario_suite.levels.generators import generator_named
from gym_mario_suite.levels.solver import Solver, solve
from tests.engine import recordings_2019

LEVEL = str(recordings_2019.traces_folder() / "levels" / "lab-1.txt")


@pytest.mark.parametrize("obs", [*OBSERVATION_MODES, "gray84", "rgb"])
def test_an_observation(obs: str) -> None:
    envs = gym.make_vec("MarioInfinite-v0", num_envs=2, obs=obs, difficulty=5)
    observations, _ = envs.reset(seed=0)
    for _ in range(3):
        observations, *_ = envs.step(np.array([3, 4]))
    assert np.isfinite(np.asarray(observations, np.float64)).all()
    envs.close()


@pytest.mark.parametrize("obs", OBSERVATION_MODES_2019)
def test_an_observation_of_2019(obs: str) -> None:
    framework: dict[str, Any] = {"rules": "framework-2019", "level": LEVEL}
    envs = gym.make_vec("MarioInfinite-v0", num_envs=1, obs=obs, **framework)
    envs.reset(seed=0)
    for _ in range(3):
        envs.step(np.array([3]))
    envs.close()


@pytest.mark.parametrize("level_type", [0, 1, 2])
@pytest.mark.parametrize("seed", range(4))
def test_levels_are_made(level_type: int, seed: int) -> None:
    assert generate(seed, 10, level_type, 120).width == 120


def test_a_plan() -> None:
    game = Game(generate(3, 5, 0, 100).image)
    plan = Planner(SearchOptions(budget=60)).plan(game.image, game.worlds, 120.0, 300.0)
    assert len(plan.keys)


def test_a_forward_model() -> None:
    model = ForwardModel.start(recordings_2019.read_trace(0).level, 2, 200)
    clone = model.clone()
    for _ in range(40):
        clone.advance(18)
    assert clone.mario_float_pos[0] > model.mario_float_pos[0]


def test_a_solver_is_kept_up_to_date() -> None:
    codes = generator_named("ngram").generate_grid(1, width=20).codes
    solver = Solver(codes)
    solver.edit(5, 5, 1)
    solver.edit_column(6, codes[:, 6])
    assert solver.solved() == solve(solver.codes).solved


@pytest.mark.parametrize("name", ["infinite", "ngram", "vae", "context-ca", "wfc"])
def test_a_generator(name: str) -> None:
    assert generator_named(name).generate_grid(1, width=14).width >= 14
