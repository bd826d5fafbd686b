"""The designer's board, the turns, and what is paid at the end."""

import gymnasium as gym
import numpy as np
import pytest

from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels.solver import solve
from gym_mario_suite.levels.tile_grid import Tile
from gym_mario_suite.multiplayer import mario_design_play_v0
from gym_mario_suite.multiplayer.drawing_board import DrawingBoard
from gym_mario_suite.multiplayer.parallel import AgentError

RUN_JUMP, RUN = 4, 3


def play_through(env, edits, action=RUN):
    """Make the edits, then hold one action; the last infos and rewards by agent."""
    told = {}
    env.reset(seed=0)
    rewards = dict.fromkeys(env.possible_agents, 0.0)
    edits = iter(edits)
    for agent in env.agent_iter():
        _, reward, terminated, truncated, info = env.last()
        rewards[agent] += reward
        told[agent] = dict(info)
        if terminated or truncated:
            env.step(None)
        elif agent == "designer":
            env.step(np.array(next(edits)))
        else:
            env.step(action)
    return rewards, told


def gap(width, first, columns):
    """Edits that dig a gap."""
    return [(x, y, Tile.EMPTY) for x in range(first, first + columns) for y in (12, 13)]


def test_a_flat_course_is_finished_and_leaves_nothing_to_regret():
    env = mario_design_play_v0.env(width=30, edits=1, mode="small")
    rewards, told = play_through(env, [(10, 0, Tile.COIN)])
    assert told["designer"]["won"]
    assert told["designer"]["solver_way"] == 1
    assert rewards["player_0"] == pytest.approx(2)
    assert rewards["designer"] == pytest.approx(0)


def test_a_gap_that_can_be_jumped_pays_the_designer():
    edits = gap(40, 15, 3)
    env = mario_design_play_v0.env(width=40, edits=len(edits))
    rewards, told = play_through(env, edits)
    assert told["designer"] == {
        "success_rate": 0.0,
        "solver_way": 1.0,
        "player_return": rewards["player_0"],
        "won": False,
    }
    assert 0 < rewards["player_0"] < 0.6
    assert rewards["designer"] == pytest.approx(2 - rewards["player_0"])


def test_a_course_that_nobody_can_finish_pays_little():
    edits = gap(60, 15, 30)
    env = mario_design_play_v0.env(width=60, edits=len(edits))
    rewards, told = play_through(env, edits)
    assert told["designer"]["solver_way"] < 0.5
    assert rewards["designer"] < 0.5


def test_an_antagonist_plays_the_same_course():
    env = mario_design_play_v0.env(width=30, edits=1, antagonist=True)
    rewards, _ = play_through(env, [(10, 0, Tile.COIN)])
    assert rewards["player_0"] == rewards["player_1"] == pytest.approx(2)
    assert rewards["designer"] == pytest.approx(0)


@pytest.mark.parametrize("players", [["player_0"], ["player_0", "player_1"]])
def test_the_end_of_each_game_is_shown(players):
    options = {"width": 30, "edits": 1, "max_cycles": 40, "render_mode": "rgb_array"}
    env = mario_design_play_v0.raw_env(antagonist=len(players) == 2, **options)
    with pytest.raises(gym.error.ResetNeeded, match="reset"):
        env.render()
    env.reset(seed=0)
    board = env.render()
    env.step(np.array([10, 0, Tile.COIN]))
    start = env.render()
    assert (start != board).any()
    for player in players:
        before = start
        while env.agent_selection == player:
            before = env.render()
            env.step(RUN)
        end = env.render()
        # The camera has moved on, and one step of it lies between the two.
        assert (end != start).mean() > 0.1
        assert (end != start).mean() == pytest.approx((before != start).mean(), abs=0.05)
    assert all(env.terminations.values())


def test_the_band_is_of_the_last_courses():
    env = mario_design_play_v0.env(width=40, edits=6, reward="band", window=2, band=(0.5, 0.5))
    paid = []
    for edits in (gap(40, 15, 3), [(10, 0, Tile.COIN)] * 6, [(10, 0, Tile.COIN)] * 6):
        rewards, told = play_through(env, edits)
        paid.append((told["designer"]["success_rate"], rewards["designer"]))
    assert paid == [(0.0, -0.5), (0.5, 1.0), (1.0, -0.5)]


def test_refused_edits_change_nothing_and_say_why():
    env = mario_design_play_v0.raw_env(width=30, edits=9, limits={"enemies": 1})
    env.reset(seed=0)
    env.step(np.array([10, 11, Tile.ENEMY]))
    assert env.infos["designer"] == {}
    env.step(np.array([12, 11, Tile.ENEMY]))
    assert "at most 1" in env.infos["designer"]["refused"]
    env.step(np.array([1, 11, Tile.BRICK]))
    assert "cannot be changed" in env.infos["designer"]["refused"]
    assert (env.observe("designer") == Tile.ENEMY).sum() == 1


def test_the_boards_way_is_the_solvers():
    board = DrawingBoard(50, "none")
    rng = np.random.default_rng(0)
    for _ in range(300):
        board.put(int(rng.integers(14)), int(rng.integers(50)), int(rng.integers(13)))
        solution = solve(board.codes)
        assert board.way == max(solution.furthest_column, 0) / 49


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 3}, "width must be"),
        ({"edits": 0}, "edits must be"),
        ({"reward": "applause"}, "reward must be one of regret, band"),
        ({"band": (0.9, 0.1)}, "band must be"),
        ({"band": 3}, "band must be two rates"),
        ({"band": [None, 1]}, r"band\[0\] must be a finite number"),
        ({"max_cycles": 0}, "max_cycles must be a whole number from 1"),
        ({"max_episode_steps": 3}, "max_episode_steps is called max_cycles here"),
        ({"limits": {"dragons": 1}}, "dragons"),
        ({"level_seed": 1}, "the course is the designer's"),
        ({"difficulty": 3}, "the course is the designer's: difficulty cannot be given"),
        ({"generator": "ngram"}, "the course is the designer's: generator cannot be given"),
        ({"speed": 3}, "'speed'; there are width, edits, limits, .*max_cycles, obs, actions, time"),
        ({"render_mode": "x"}, "render_mode"),
    ],
)
def test_options_that_are_not_possible(options, message):
    with pytest.raises(OptionError, match=message):
        mario_design_play_v0.raw_env(**options)


@pytest.mark.parametrize("action", [5, [1, 2], [0.5, 1, 1], [99, 0, 0], [10, 14, 0], [10, 0, 13]])
def test_a_designers_action_that_is_none(action):
    env = mario_design_play_v0.raw_env()
    env.reset(seed=0)
    with pytest.raises(OptionError):
        env.step(np.array(action))


@pytest.mark.parametrize("ask", ["observation_space", "action_space", "observe"])
def test_agents_that_there_are_not(ask):
    env = mario_design_play_v0.raw_env()
    env.reset(seed=0)
    with pytest.raises(AgentError, match="no agent 'luigi'; there are designer, player_0"):
        getattr(env, ask)("luigi")


@pytest.mark.parametrize(
    ("options", "message"),
    [(4, "must be a mapping"), ({"level": 3}, "designer's: no reset option 'level' here")],
)
def test_reset_options_that_are_not_possible(options, message):
    env = mario_design_play_v0.raw_env()
    with pytest.raises(OptionError, match=message):
        env.reset(options=options)


def test_limits_that_the_empty_board_is_beyond_are_refused():
    with pytest.raises(OptionError, match=r"flat ground is beyond already: .* ground, at most 10"):
        mario_design_play_v0.raw_env(limits={"ground": 10})
