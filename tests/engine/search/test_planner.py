from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.search.planner import DETOUR, Planner, SearchOptions
from gym_mario_suite.engine.tiles import Tile
from gym_mario_suite.engine.world import Mode, Status
from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels.generate import generate
from gym_mario_suite.levels.level import Level


def game_of(tiles: np.ndarray, settle_ticks: int = 30) -> Game:
    game = Game(Level(tiles, (), len(tiles) - 4).image)
    for _ in range(settle_ticks):
        game.tick(0)
    return game


def flat(columns: int = 80) -> np.ndarray:
    tiles = np.zeros((columns, 15), np.uint8)
    tiles[:, 12:] = Tile.GROUND_TOP
    return tiles


def dead_end(depth: int) -> np.ndarray:
    """A tunnel that ends at a wall; the way on is over its roof, and the stair is before it."""
    tiles = flat(depth + 80)
    tiles[36:38, 9] = Tile.STAIR_BLOCK
    tiles[40 : 40 + depth, 8] = Tile.STAIR_BLOCK
    tiles[39 + depth, 8:12] = Tile.STAIR_BLOCK
    return tiles


def test_a_plan_comes_true_and_leaves_its_root_alone() -> None:
    game = Game(generate(3, 5, 0, 400).image)
    planner = Planner()
    for _ in range(12):
        for _ in range(5):
            game.tick(0)
        before, end_x = game.to_bytes(), float(game.x) + 300
        plan = planner.plan(game.image, game.worlds, end_x, 3000.0)
        assert game.to_bytes() == before
        assert plan.keys.dtype == np.uint8
        assert plan.positions.shape == (len(plan.keys), 2)
        for keys, (x, y) in zip(plan.keys.tolist(), plan.positions.tolist(), strict=True):
            game.tick(keys)
            assert (float(game.x), float(game.y)) == (x, y)
        assert not plan.reached or float(game.x) >= end_x
        if game.status != Status.RUNNING:
            game.reset()


def test_on_open_ground_the_plan_is_to_run() -> None:
    game = game_of(flat())
    plan = Planner().plan(game.image, game.worlds, 600.0, 2000.0)
    assert plan.reached
    assert set(plan.keys.tolist()) == {18}
    assert plan.nodes == len(plan.keys)


def test_gaps_are_jumped_and_the_brink_of_a_wide_one_is_kept() -> None:
    tiles = flat()
    tiles[20:24] = 0
    game = game_of(tiles)
    plan = Planner().plan(game.image, game.worlds, 500.0, 2000.0)
    assert plan.reached
    tiles[20:60] = 0
    game = game_of(tiles)
    planner = Planner()
    for _ in range(40):
        plan = planner.plan(game.image, game.worlds, 1000.0, 2000.0)
        assert not plan.reached
        for keys in plan.keys.tolist()[:4]:
            game.tick(keys)
    assert game.status == Status.RUNNING
    assert 250 < float(game.x) < 20 * 16 + 4


@pytest.mark.parametrize("difficulty", [0, 10])
def test_plans_are_the_same_each_time(difficulty: int) -> None:
    def plans() -> list[bytes]:
        game = Game(generate(1, difficulty, 1, 200).image)
        planner = Planner(SearchOptions(budget=500))
        made = []
        for _ in range(60):
            plan = planner.plan(game.image, game.worlds, float(game.x) + 300, 3000.0)
            made.append(plan.keys.tobytes())
            for keys in plan.keys.tolist()[:3] or [0]:
                game.tick(keys)
        return made

    assert plans() == plans()


def test_the_budget_is_kept() -> None:
    tiles = flat()
    tiles[30, :] = Tile.STAIR_BLOCK
    game = game_of(tiles)
    for budget in (1, 17, 400):
        plan = Planner(SearchOptions(budget=budget)).plan(game.image, game.worlds, 900.0, 2000.0)
        assert not plan.reached
        assert plan.nodes <= budget + 600


def test_a_time_budget_ends_a_search() -> None:
    tiles = flat()
    tiles[60, :] = Tile.STAIR_BLOCK
    game = game_of(tiles)
    options = SearchOptions(budget=30_000, budget_ms=0.5)
    plan = Planner(options).plan(game.image, game.worlds, 1100.0, 2000.0)
    assert not plan.reached
    assert 0 < plan.nodes < 30_000


@pytest.mark.parametrize("depth", [10, 40])
def test_a_detour_leads_out_of_a_dead_end(depth: int) -> None:
    game = game_of(dead_end(depth))
    end_of_tunnel_px = 16 * (39 + depth) - 8
    for _ in range(20 * depth):
        game.tick(18)
    assert game.x > end_of_tunnel_px - 16
    plan = Planner(DETOUR).plan(game.image, game.worlds, end_of_tunnel_px + 60.0, 4000.0)
    assert plan.reached
    assert plan.positions[:, 0].min() < 40 * 16


def test_trajectories_begin_at_the_root_and_cover_the_plan() -> None:
    game = Game(generate(3, 5, 0, 200).image)
    game.tick(0)
    planner = Planner()
    plan = planner.plan(game.image, game.worlds, 400.0, 3000.0)
    ways = planner.trajectories()
    assert all(way.dtype == np.float32 and way.shape[1] == 2 for way in ways)
    assert all(tuple(way[0]) == (game.x, game.y) for way in ways)
    assert any(np.array_equal(way[-1], plan.positions[-1]) for way in ways)


def test_a_finished_game_needs_no_plan() -> None:
    game = game_of(flat(30))
    while game.status == Status.RUNNING:
        game.tick(18)
    assert len(Planner().plan(game.image, game.worlds, 5000.0, 6000.0).keys) == 0


def test_harm_is_avoided() -> None:
    game = Game(generate(5, 10, 0, 200).image, Mode.LARGE)
    planner = Planner()
    while game.status == Status.RUNNING:
        plan = planner.plan(game.image, game.worlds, float(game.x) + 400, 4000.0)
        for keys in plan.keys.tolist()[:4] or [0]:
            game.tick(keys)
    assert (game.status, game.mode >= Mode.LARGE) == (Status.WIN, True)


def test_the_more_a_kill_is_worth_the_more_of_them_are_made() -> None:
    """Estimates below 0, which many kills bring, were taken for those of the dead."""
    kills = []
    for bonus in (1.0, 100.0):
        game = Game(generate(1, 5, 0, 160).image)
        planner = Planner(SearchOptions(kill_bonus=bonus))
        while game.status == Status.RUNNING:
            plan = planner.plan(game.image, game.worlds, float(game.x) + 400, 160 * 16.0)
            for keys in plan.keys.tolist()[:4] or [0]:
                game.tick(keys)
        assert game.status == Status.WIN
        kills.append(game.kills)
    assert kills[1] > kills[0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"budget": 0}, "budget must be a whole number from 1 to 1000000, got 0"),
        ({"budget": 1_000_001}, "budget must be a whole number from 1 to 1000000"),
        ({"budget": 2.5}, "budget must be a whole number, got 2.5"),
        ({"weight": 0.5}, "weight must be a number from 1 to 100, got 0.5"),
        ({"weight": float("nan")}, "weight must be a number from 1 to 100, got nan"),
        ({"budget_ms": -1.0}, "budget_ms must be a number from 0 to 60,000"),
        ({"hurt_cost": float("inf")}, "hurt_cost must be a number from 0 to 10,000"),
        ({"edge_ticks": 0}, "edge_ticks must be a whole number from 1 to 16"),
        ({"edge_ticks": 2.5}, "edge_ticks must be a whole number, got 2.5"),
        ({"all_actions": 0.5}, "all_actions must be True or False, got 0.5"),
    ],
)
def test_options_out_of_range_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError) as caught:
        replace(SearchOptions(), **changes)
    assert message in str(caught.value)
