"""Short plays for `tests.engine.plain_python`, of what is compiled outside of engine and levels.

The name keeps pytest from collecting them by itself: compiled, they would show nothing.
"""

from collections import defaultdict
from typing import Any

import numpy as np
import pytest

import gym_mario_suite  # noqa: F401  (registers the environments)
from gym_mario_suite.agents.maker.search import HillClimber
from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.competition.replay_film import film_of
from gym_mario_suite.datasets.recorder import RecordedGame
from gym_mario_suite.datasets.tapes import TapeWriter
from gym_mario_suite.dream.tape_player import TapePlayer
from gym_mario_suite.engine.draw import Renderer
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.sprites import add_sprite
from gym_mario_suite.engine.world import Kind
from gym_mario_suite.envs.forward_model import ForwardModel
from gym_mario_suite.envs.forward_model_batch import ForwardModelBatch
from gym_mario_suite.envs.infinite import MarioInfiniteEnv
from gym_mario_suite.envs.maker import MarioMakerEnv
from gym_mario_suite.envs.maker_options import REPRESENTATIONS
from gym_mario_suite.envs.saved_state import state_of_world
from gym_mario_suite.levels.diffusion.footprints import open_structures
from gym_mario_suite.levels.generate import generate
from gym_mario_suite.levels.tile_grid import MASK, Tile
from gym_mario_suite.multiplayer.vector import MarioPartyVectorEnv
from tests.engine import recordings_2019

SMALL_COURSE: dict[str, Any] = {"width": 16, "height": 14}


def test_an_environment() -> None:
    env = MarioInfiniteEnv(render_mode="ansi", generator="ngram")
    env.reset(seed=0)
    for action in (3, 4, 4):
        _, _, _, _, info = env.step(action)
    assert info["distance"] > 0
    assert "M" in env.render()
    assert len(env.batch.foreseen_keys(0, 2))
    state = env.get_state()
    env.set_state(state)
    assert env.get_state() == state
    level = env.level
    assert len(state_of_world(level, Game(level.image).to_bytes())) > len(level.to_bytes())


def test_forward_models() -> None:
    model = ForwardModel.start(recordings_2019.read_trace(0).level, 2, 200)
    assert model.mario_scene_observation().shape == (16, 16)
    assert model.screen_enemies_observation().shape == (16, 16)
    assert model.mario_complete_observation().any()
    batch = ForwardModelBatch(model, 2)
    for _ in range(5):
        batch.advance(np.array([2, 0], np.uint8))
    assert batch.worlds["players"]["body"]["x"][0, 0] > batch.worlds["players"]["body"]["x"][1, 0]


@pytest.mark.parametrize("representation", REPRESENTATIONS)
def test_a_maker(representation: str) -> None:
    env = MarioMakerEnv(representation=representation, freeze=0.2, **SMALL_COURSE)
    env.reset(seed=0)
    for _ in range(3):
        env.step(env.action_space.sample())


def test_a_maker_of_style() -> None:
    env = MarioMakerEnv(cursor="random", weights={"style": 1.0}, **SMALL_COURSE)
    env.reset(seed=0)
    for _ in range(3):
        env.step(env.action_space.sample())


def test_a_hill_climber_leaves_the_course_alone() -> None:
    env = MarioMakerEnv(**SMALL_COURSE)
    env.reset(seed=0)
    before = env.batch.board.maps.copy()
    assert HillClimber(tries=40).plan(env, 0, 0).shape == (14, 16)
    assert np.array_equal(env.batch.board.maps, before)


@pytest.mark.parametrize("obs", ["grid", "channels", "features", "terrain", "gray84"])
def test_a_party(obs: str) -> None:
    envs = MarioPartyVectorEnv(1, players=2, obs=obs, difficulty=3, render_mode="rgb_array")
    envs.reset(seed=0)
    for _ in range(2):
        envs.step(np.full(envs.action_space.shape or (), 3))
    if obs == "grid":
        assert envs.render() is not None
    envs.close()


def test_an_agent_that_models_what_it_sees() -> None:
    game = Game(generate(3, 10, 0, 120).image)
    agent: Any = make_agent("astar:budget=20")
    agent.reset()
    keys = 0
    for tick in range(12):
        if tick == 3:  # come from nowhere, so that nobody could foresee them
            for number, kind in enumerate((Kind.GREEN_KOOPA_WINGED, Kind.ENEMY_FLOWER)):
                slot = add_sprite(game.worlds[0], int(kind), game.x + 60 + 40 * number, game.y, 1)
                game.worlds[0]["sprites"][slot]["y_start"] = game.y
        game.tick(keys)
        keys = agent.act(game)
    known = agent._model.worlds[0]["sprites"]["kind"]
    assert {int(Kind.GREEN_KOOPA_WINGED), int(Kind.ENEMY_FLOWER)} <= set(known.tolist())


def test_tapes_and_films() -> None:
    origin = {"seed": 3, "difficulty": 5, "type": 0, "length": 100, "mode": 2, "time_limit": 200}
    level = generate(3, 5, 0, 100)
    game = RecordedGame(level)
    pressed = [0, *[18] * 12]
    for keys in pressed:
        game.tick(keys)
    film = film_of(game.replay(), defaultdict(int))
    assert film["ticks"] == len(pressed)
    writer = TapeWriter()
    writer.add(game, origin, bytes(pressed), "right")
    pieces = TapePlayer(writer.tapes(), 120, 160).pieces(np.zeros(1, int), np.zeros(1, int), 4)
    assert pieces.frames.shape == (1, 4, 120, 160, 3)
    assert Renderer().scenery_half(game.image, game.worlds).shape == (120, 160, 3)


def test_structures_that_are_half_undecided_are_opened() -> None:
    codes = np.full((14, 8), Tile.EMPTY, np.uint8)
    codes[12:] = Tile.GROUND
    codes[11, 2:4] = Tile.PIPE_TOP_LEFT, MASK
    open_structures(codes, np.zeros(codes.shape, bool))
    assert codes[11, 2] == MASK
