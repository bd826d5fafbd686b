"""Short plays for `tests.engine.plain_python`, of what the tests beside it are too slow to reach.

The name keeps pytest from collecting them by itself: compiled, they would show nothing.
"""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import gym_mario_suite  # noqa: F401  (registers the environments)
from gym_mario_suite.engine.draw import Renderer
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.rows import start_rows, tick_rows
from gym_mario_suite.engine.search.planner import Planner, SearchOptions
from gym_mario_suite.engine.tiles import Tile as EngineTile
from gym_mario_suite.engine.world import empty_worlds
from gym_mario_suite.envs.forward_model import ForwardModel
from gym_mario_suite.envs.observations import OBSERVATION_MODES, OBSERVATION_MODES_2019
from gym_mario_suite.levels import Level
from gym_mario_suite.levels.diffusion.sampler import Canvas, Constraints, Sampler
from gym_mario_suite.levels.diffusion.shape import NetworkShape, Passable
from gym_mario_suite.levels.diffusion.weights import weights_of
from gym_mario_suite.levels.generate import generate
from gym_mario_suite.levels.generators import generator_named
from gym_mario_suite.levels.solver import Solver, solve
from gym_mario_suite.levels.tile_grid import MASK, Tile
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


def test_a_single_picture() -> None:
    game = Game(generate(3, 5, 0, 100).image)
    assert Renderer().gray84(game.image, game.worlds).std() > 0


def test_rows_of_worlds_are_played_like_single_ones() -> None:
    level = generate(3, 5, 0, 100)
    game = Game(level.image, 2)
    worlds = empty_worlds(2)
    images, rows = level.image[None], np.zeros(2, np.int64)
    start_rows(0, 2, images, rows, worlds, np.full(2, 2), np.full(2, 200), np.zeros(2, np.int64))
    for keys in (2, 18, 18, 2, 0):
        tick_rows(0, 2, images, rows, worlds, np.array([keys, 0], np.uint8))
        game.tick(keys)
    assert worlds[0].tobytes() == game.worlds[0].tobytes()
    assert worlds[1].tobytes() != game.worlds[0].tobytes()


@pytest.mark.parametrize("level_type", [0, 1, 2])
@pytest.mark.parametrize("seed", range(4))
def test_levels_are_made(level_type: int, seed: int) -> None:
    assert generate(seed, 10, level_type, 120).width == 120


def test_a_plan() -> None:
    game = Game(generate(3, 5, 0, 100).image)
    plan = Planner(SearchOptions(budget=60)).plan(game.image, game.worlds, 120.0, 300.0)
    assert len(plan.keys)


def test_a_plan_where_no_way_leads_on() -> None:
    tiles = np.zeros((60, 15), np.uint8)
    tiles[:14, 13:] = tiles[50:, 13:] = EngineTile.GROUND
    tiles[:4, :13] = EngineTile.STAIR_BLOCK  # nor back
    game = Game(Level(tiles, [], 58).image)
    for _ in range(30):
        game.tick(18)
    plan = Planner(SearchOptions(budget=80)).plan(game.image, game.worlds, 900.0, 900.0)
    assert not plan.reached


def test_a_plan_of_somebody_who_is_falling() -> None:
    game = Game(Level(np.zeros((60, 15), np.uint8), [], 58).image)
    for _ in range(12):
        game.tick(0)
    plan = Planner(SearchOptions(budget=200)).plan(game.image, game.worlds, 900.0, 900.0)
    assert not plan.reached


def test_a_forward_model() -> None:
    model = ForwardModel.start(recordings_2019.read_trace(0).level, 2, 200)
    clone = model.clone()
    for _ in range(40):
        clone.advance(18)
    assert clone.mario_float_pos[0] > model.mario_float_pos[0]
    assert clone.enemies_float_pos.shape[1] == 3


def test_a_solver_is_kept_up_to_date() -> None:
    codes = generator_named("ngram").generate_grid(1, width=20).codes
    solver = Solver(codes)
    solver.edit(5, 5, 1)
    solver.edit_column(6, codes[:, 6])
    assert solver.solved() == solve(solver.codes).solved


@pytest.mark.parametrize("name", ["infinite", "ngram", "vae", "context-ca", "wfc"])
def test_a_generator(name: str) -> None:
    assert generator_named(name).generate_grid(1, width=14).width >= 14


def test_a_maker() -> None:
    envs = gym.make_vec("MarioMaker-v0", num_envs=1, width=16, height=14)
    envs.reset(seed=0)
    for _ in range(3):
        envs.step(envs.action_space.sample())
    envs.close()


def test_a_small_tile_diffusion() -> None:
    """The sampler with a network of few channels; the shipped one would take minutes."""
    torch = pytest.importorskip("torch")
    from gym_mario_suite.levels.diffusion.network import DenoisingNetwork

    torch.manual_seed(0)
    shape = NetworkShape(fine=8, coarse=8, head=8, dilations=(1,))
    state = DenoisingNetwork(shape).state_dict()
    sampler = Sampler(weights_of({name: value.numpy() for name, value in state.items()}, shape))
    ground = 1 << Tile.GROUND
    constraints = Constraints(groups=(ground,), limits=(20,), quotas=(ground,), wanted=((5, 9),))
    codes = np.full((14, 8), MASK, np.uint8)
    canvas = Canvas(
        codes, np.zeros(codes.shape, bool), shape.condition(0, Passable.YES), constraints
    )
    sampler.fill(canvas, 1, 4)
    assert not (codes == MASK).any()
    assert (codes == Tile.GROUND).sum() <= 20
