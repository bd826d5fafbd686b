"""The decision rule of Trond Ellingsen's agent, on views written by hand."""

import numpy as np
import pytest

from gym_mario_suite.agents.ellingsen import EllingsenAgent
from gym_mario_suite.engine.world import Mode
from tests.agents.hand_made_view import (
    JUMP,
    LEFT,
    RIGHT,
    SPEED,
    HandMadeView,
    flat_ground,
    with_gap,
    with_tile,
)

GOOMBA = 2.0


def agent_at(x: float = 100, y: float = 200) -> EllingsenAgent:
    """An agent that has seen Mario stand at this place."""
    agent = EllingsenAgent()
    agent.act(HandMadeView(x=np.float32(x), y=np.float32(y), may_jump=False))
    return agent


def view(x: float = 100, y: float = 200, **answers) -> HandMadeView:
    return HandMadeView(x=np.float32(x), y=np.float32(y), **answers)


def enemy(dx: float, dy: float, x: float = 100, y: float = 200) -> tuple[float, float, float]:
    return (GOOMBA, x + dx, y - dy)


def ticks_held(agent: EllingsenAgent, first: HandMadeView) -> int:
    """How long JUMP is held when a jump begins in `first` and Mario stays in the air."""
    assert agent.act(first) & JUMP
    in_air = HandMadeView(x=first.x, y=first.y, may_jump=False, on_ground=False)
    return 1 + next(tick for tick in range(100) if not agent.act(in_air) & JUMP)


def test_runs_with_nothing_to_do() -> None:
    assert agent_at().act(view(105)) == RIGHT | SPEED


@pytest.mark.parametrize(
    ("x_speed", "ticks"), [(0.5, 8), (1, 8), (1.25, 7), (5.5, 3), (6, 1), (9, 1)]
)
def test_a_jump_over_a_gap_is_longer_the_slower_he_is(x_speed: float, ticks: int) -> None:
    assert ticks_held(agent_at(100), view(100 + x_speed, tiles=with_gap(12))) == ticks


def test_no_jump_over_a_gap_while_standing() -> None:
    assert not agent_at().act(view(tiles=with_gap(12))) & JUMP


@pytest.mark.parametrize(("height", "ticks"), [(1, 1), (2, 2), (3, 3), (4, 7), (5, 8), (12, 15)])
def test_a_jump_over_a_wall_is_as_long_as_the_wall_is_high(height: int, ticks: int) -> None:
    tiles = flat_ground()
    tiles[12 - height : 12, 12] = -10
    assert ticks_held(agent_at(), view(101, tiles=tiles)) == ticks


def test_no_jump_over_a_wall_in_full_run_or_below_an_enemy() -> None:
    wall = with_tile(11, 12)
    assert not agent_at().act(view(101.5, tiles=wall)) & JUMP
    assert not agent_at().act(view(tiles=wall, enemies=[enemy(29, 30)])) & JUMP


@pytest.mark.parametrize(
    ("dx", "dy", "near"),
    [
        (-13, 0, True),
        (-13.5, 0, False),
        (91.5, 0, True),
        (92, 0, False),
        (0, -57, True),
        (0, -57.5, False),
        (0, 29.5, True),
        (40, 30, False),
    ],
)
def test_jumps_at_an_enemy_near_in_front(dx: float, dy: float, near: bool) -> None:
    first = view(enemies=[enemy(dx, dy)])
    if near:
        assert ticks_held(agent_at(), first) == 7
    else:
        assert not agent_at().act(first) & JUMP


@pytest.mark.parametrize(("x_speed", "jump"), [(2, JUMP), (2.5, 0)])
def test_jumps_at_an_enemy_below_another_only_when_slow(x_speed: float, jump: int) -> None:
    x = 100 + x_speed
    enemies = [enemy(20, 0, x), enemy(0, 50, x)]
    assert agent_at(100).act(view(x, enemies=enemies)) & JUMP == jump


@pytest.mark.parametrize(
    ("dx", "dy", "above"),
    [(-28, 28, True), (-29, 28, False), (30, 50, False), (0, 72.5, True), (0, 73, False)],
)
def test_an_enemy_above_forbids_a_jump_over_a_wall(dx: float, dy: float, above: bool) -> None:
    keys = agent_at().act(view(tiles=with_tile(11, 12), enemies=[enemy(dx, dy)]))
    assert bool(keys & JUMP) is not above


def test_stops_running_right_below_an_enemy_in_a_jump_over_a_wall() -> None:
    agent = agent_at()
    assert agent.act(view(tiles=with_tile(11, 12))) & RIGHT
    keys = agent.act(view(y=195, may_jump=False, on_ground=False, enemies=[enemy(0, 40, y=195)]))
    assert keys == SPEED


@pytest.mark.parametrize(
    ("tiles", "enemies", "left"),
    [
        (flat_ground(), [], 0),
        (with_gap(12), [], LEFT),
        (flat_ground(), [enemy(10, 0, y=205)], 0),
        (flat_ground(), [enemy(10, 0, y=205), enemy(0, 50, y=205)], LEFT),
    ],
)
def test_falling_without_a_jump(tiles: np.ndarray, enemies: list, left: int) -> None:
    falling = view(y=205, tiles=tiles, enemies=enemies, may_jump=False, on_ground=False)
    assert agent_at(y=200).act(falling) == left | SPEED


def test_fires_every_other_tick_of_a_jump_at_an_enemy() -> None:
    in_air = {"may_jump": False, "on_ground": False}
    for mode, pressed in [(Mode.FIRE, [0, SPEED, 0, SPEED]), (Mode.LARGE, [SPEED] * 4)]:
        agent = agent_at()
        keys = [agent.act(view(mode=mode, enemies=[enemy(20, 0)]))]
        keys += [agent.act(view(mode=mode, **in_air)) for _ in range(3)]
        assert [key & SPEED for key in keys] == pressed


@pytest.mark.parametrize("landed", [{"may_jump": False}, {"on_ground": False}])
def test_a_jump_ends_on_the_ground_for_a_tick_before_the_next(landed: dict[str, bool]) -> None:
    agent = agent_at()
    near = [enemy(20, 0)]
    assert agent.act(view(enemies=near)) & JUMP
    assert not agent.act(view(enemies=near, **landed)) & JUMP
    assert agent.act(view(enemies=near)) & JUMP


def test_reset_sets_speed_and_carries_over_all_else() -> None:
    agent = agent_at(y=200)
    assert not agent.act(view(enemies=[enemy(20, 0)])) & SPEED
    agent.reset()
    # SPEED counts as pressed, so it is released once more; the jump goes on.
    in_air = {"may_jump": False, "on_ground": False}
    keys = [agent.act(view(y=205, **in_air)) for _ in range(7)]
    assert not keys[0] & SPEED
    assert [bool(key & JUMP) for key in keys] == [True] * 6 + [False]
    # The last position is remembered too: 205 is not below 205, so he does not fall.
    agent.act(view(y=205))
    agent.reset()
    assert agent.act(view(y=205, **in_air)) & RIGHT


def test_before_the_first_level_he_is_taken_to_have_been_at_the_origin() -> None:
    assert EllingsenAgent().act(view(32, 0.5, may_jump=False, on_ground=False)) == SPEED
    assert EllingsenAgent().act(view(32, 0, may_jump=False, on_ground=False)) == RIGHT | SPEED
