"""The rules of the heuristic agent, on views written by hand and on the competition's levels."""

from typing import Any

import numpy as np
import pytest

from gym_mario_suite.agents.heuristic import HeuristicAgent
from gym_mario_suite.competition.episode import play_level
from gym_mario_suite.competition.score import score_track
from gym_mario_suite.competition.tracks import make_track
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import Kind, Mode
from gym_mario_suite.levels.generate import generate
from tests.agents.hand_made_view import (
    JUMP,
    LEFT,
    RIGHT,
    SPEED,
    HandMadeView,
    flat_ground,
    with_tile,
)

BEST_WITHOUT_A_PLANNER_2009 = 21257.65085449219  # Ellingsen's entry, seed 1


def second_answer(mode: Mode = Mode.LARGE, **seen: Any) -> int:
    """The answer of an agent that has seen Mario stand in the place before."""
    agent = HeuristicAgent()
    y = np.float32(191)  # on the ground that begins in the row below Mario's
    agent.act(HandMadeView(y=y, mode=mode))
    return agent.act(HandMadeView(y=y, mode=mode, **seen))


def test_on_open_ground_it_runs() -> None:
    assert second_answer() == RIGHT | SPEED


def test_it_jumps_at_a_wall() -> None:
    assert second_answer(tiles=with_tile(11, 12)) & (RIGHT | JUMP) == RIGHT | JUMP


def test_it_does_not_step_into_a_gap() -> None:
    agent = HeuristicAgent()
    tiles = flat_ground()
    tiles[:, 12:16] = 0
    for x in (100.0, 106.0, 112.0):  # to the brink, at speed
        answer = agent.act(HandMadeView(x=np.float32(x), y=np.float32(191), tiles=tiles))
    assert answer & JUMP or not answer & RIGHT


@pytest.mark.parametrize("kind", [Kind.GOOMBA, Kind.SPIKY])
def test_it_does_not_run_into_a_creature(kind: Kind) -> None:
    answer = second_answer(enemies=[(kind, 128.0, 191.0)])
    assert answer & JUMP or not answer & RIGHT


def test_it_may_stomp_on_what_is_below_but_not_on_spikes() -> None:
    answers = {}
    tiles = flat_ground()
    tiles[12:14] = 0  # the ground is 47 px below Mario's feet
    for kind in (Kind.GOOMBA, Kind.SPIKY):
        agent = HeuristicAgent()
        view = HandMadeView(tiles=tiles, enemies=[(float(kind), 114.0, 207.0)], mode=Mode.LARGE)
        view.on_ground = view.may_jump = False
        for y in (150, 160):
            view.y = np.float32(y)
            answers[kind] = agent.act(view)
    assert answers[Kind.GOOMBA] & RIGHT
    assert not answers[Kind.SPIKY] & RIGHT


def test_it_lets_go_of_speed_every_other_tick_to_shoot() -> None:
    agent = HeuristicAgent()
    view = HandMadeView(y=np.float32(191), enemies=[(float(Kind.GOOMBA), 220.0, 191.0)])
    pressed = [bool(agent.act(view) & SPEED) for _ in range(6)]
    assert pressed == [True, False] * 3 or pressed == [False, True] * 3
    view.mode = Mode.LARGE
    assert all(agent.act(view) & SPEED for _ in range(6))


def test_it_takes_a_run_up_when_it_gets_nowhere() -> None:
    agent = HeuristicAgent()
    tiles = flat_ground()
    tiles[:12, 12] = -10
    view = HandMadeView(y=np.float32(191), tiles=tiles)
    answers = [agent.act(view) for _ in range(60)]
    assert sum(answer & LEFT > 0 for answer in answers) >= 10


def test_reset_forgets_everything() -> None:
    agent = HeuristicAgent()
    game = Game(generate(3, 5, 0, 200).image)
    first = play_level(agent, game).actions_crc32
    assert play_level(agent, game).actions_crc32 == first


@pytest.mark.slow
def test_it_beats_the_best_entry_of_2009_that_did_not_plan() -> None:
    result = score_track(HeuristicAgent(), make_track("cig-2009", 1))
    assert result.score > BEST_WITHOUT_A_PLANNER_2009
