"""The decision rules of the sample agents, on views written by hand."""

import pytest

from gym_mario_suite.agents.base import Agent, GameView
from gym_mario_suite.agents.forward import ForwardAgent
from gym_mario_suite.agents.forward_jumping import ForwardJumpingAgent
from gym_mario_suite.agents.scared import ScaredAgent, ScaredSpeedyAgent
from gym_mario_suite.engine.game import Game
from gym_mario_suite.levels import generate
from tests.agents.hand_made_view import JUMP, RIGHT, SPEED, HandMadeView, with_gap, with_tile

QUERIES = {name for name in vars(GameView) if not name.startswith("_")}


def test_a_game_answers_all_queries() -> None:
    game = Game(generate(0, length=80).image)
    view: GameView = game  # pyright compares the signatures
    assert {name for name in QUERIES if hasattr(view, name)} == QUERIES
    assert {name for name in QUERIES if hasattr(HandMadeView(), name)} == QUERIES


@pytest.mark.parametrize(
    ("may_jump", "on_ground", "keys"),
    [
        (True, True, RIGHT | JUMP | SPEED),
        (True, False, RIGHT | JUMP | SPEED),
        (False, False, RIGHT | JUMP | SPEED),
        (False, True, RIGHT),
    ],
)
def test_forward_jumping(may_jump: bool, on_ground: bool, keys: int) -> None:
    view = HandMadeView(may_jump=may_jump, on_ground=on_ground)
    agent: Agent = ForwardJumpingAgent()
    assert agent.act(view) == keys


@pytest.mark.parametrize(
    ("view", "keys"),
    [
        (HandMadeView(), RIGHT),
        (HandMadeView(with_tile(11, 12)), RIGHT | JUMP),
        (HandMadeView(with_tile(11, 13)), RIGHT | JUMP),
        (HandMadeView(with_tile(11, 14)), RIGHT),
        (HandMadeView(with_tile(10, 12)), RIGHT),
        (HandMadeView(sprites={(11, 13): 2}), RIGHT | JUMP),
        (HandMadeView(sprites={(11, 12): 25}), RIGHT | JUMP),
        (HandMadeView(with_gap(8)), RIGHT),
        (HandMadeView(with_gap(9)), RIGHT | JUMP | SPEED),
        (HandMadeView(with_gap(10)), RIGHT | JUMP | SPEED),
        (HandMadeView(with_gap(11)), RIGHT),  # nothing below Mario
        (HandMadeView(with_gap(12)), RIGHT | JUMP | SPEED),
        (HandMadeView(with_gap(13)), RIGHT),
        (HandMadeView(with_gap(12), sprites={(21, 12): 2}), RIGHT),  # something at the bottom
        (HandMadeView(with_gap(12), may_jump=False), RIGHT | SPEED),
        (HandMadeView(with_gap(12), may_jump=False, on_ground=False), RIGHT | SPEED),
    ],
)
def test_forward_begins_a_jump(view: HandMadeView, keys: int) -> None:
    assert ForwardAgent().act(view) == keys


def test_forward_keeps_jump_where_it_has_no_effect_and_lets_go_with_nothing_ahead() -> None:
    agent = ForwardAgent()
    wall = with_tile(11, 12)
    assert agent.act(HandMadeView(wall)) == RIGHT | JUMP
    assert agent.act(HandMadeView(wall, may_jump=False, on_ground=False)) == RIGHT | JUMP
    assert agent.act(HandMadeView(wall, may_jump=False)) == RIGHT | JUMP
    assert agent.act(HandMadeView(may_jump=False, on_ground=False)) == RIGHT
    assert agent.act(HandMadeView(wall, may_jump=False, on_ground=False)) == RIGHT
    assert agent.act(HandMadeView(wall)) == RIGHT | JUMP
    agent.reset()
    assert agent.act(HandMadeView(wall, may_jump=False)) == RIGHT


def jumps_before_release(agent: Agent, view: HandMadeView) -> int:
    return next(tick for tick in range(100) if not agent.act(view) & JUMP)


def test_jump_is_let_go_after_so_many_ticks() -> None:
    wall = HandMadeView(with_tile(11, 12))
    forward = ForwardAgent()
    assert jumps_before_release(forward, wall) == 16
    assert jumps_before_release(forward, wall) == 16
    for _ in range(5):
        forward.act(wall)
    forward.reset()
    assert jumps_before_release(forward, wall) == 16
    assert jumps_before_release(ScaredAgent(), wall) == 46
    assert jumps_before_release(ForwardAgent(jump_limit=3), wall) == 3
    assert jumps_before_release(ScaredAgent(jump_limit=5), wall) == 5


@pytest.mark.parametrize(
    ("view", "jump"),
    [
        (HandMadeView(), 0),
        (HandMadeView(with_tile(11, 12)), JUMP),
        (HandMadeView(with_tile(11, 13)), 0),
        (HandMadeView(with_tile(12, 12, 0)), JUMP),
        (HandMadeView(with_tile(12, 11, 0)), 0),
        (HandMadeView(sprites={(11, 12): 2}), 0),  # creatures are not seen
        (HandMadeView(with_tile(11, 12), may_jump=False), 0),
    ],
)
def test_scared(view: HandMadeView, jump: int) -> None:
    assert ScaredAgent().act(view) == RIGHT | jump
    assert ScaredSpeedyAgent().act(view) == RIGHT | SPEED | jump


@pytest.mark.parametrize("agent_class", [ScaredAgent, ScaredSpeedyAgent])
def test_scared_carries_jump_and_its_count_over_a_reset(agent_class: type[ScaredAgent]) -> None:
    wall = with_tile(11, 12)
    agent = agent_class()
    for _ in range(40):
        assert agent.act(HandMadeView(wall)) & JUMP
    agent.reset()
    agent.reset()
    assert agent.act(HandMadeView(wall, may_jump=False)) & JUMP
    assert jumps_before_release(agent, HandMadeView(wall)) == 5
