import numpy as np
import pytest

from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.search.running import FRICTION, TOP_SPEED_KEPT, ticks_to_run
from gym_mario_suite.engine.tiles import Tile, Tile2019
from gym_mario_suite.engine.world import Button, Rules
from gym_mario_suite.levels.level import Level

RUN = int(Button.RIGHT | Button.SPEED)


@jit
def bound(distance_px, speed):
    return ticks_to_run(distance_px, speed)


def flat_game(rules: Rules = Rules.COMPETITION_2009) -> Game:
    tiles = np.zeros((200, 15), np.uint8)
    in_2009 = rules == Rules.COMPETITION_2009
    tiles[:, 14] = Tile.GROUND_TOP if in_2009 else Tile2019.GROUND
    start = None if in_2009 else (2, 13)
    game = Game(Level(tiles, (), 190, rules=rules, start=start).image)
    for _ in range(30):
        game.tick(0)
    assert game.on_ground
    return game


@pytest.mark.parametrize("rules", Rules)
@pytest.mark.parametrize("head_start_ticks", [0, 1, 3, 10, 60])
def test_the_bound_is_never_above_the_engine_and_close_below(
    head_start_ticks: int, rules: Rules
) -> None:
    game = flat_game(rules)
    for _ in range(head_start_ticks):
        game.tick(RUN)
    speed = float(game.worlds[0]["players"][0]["body"]["xa"])
    start = float(game.x)
    for ticks in range(1, 120):
        before = float(game.x) - start
        game.tick(RUN)
        here = float(game.x) - start
        # float32 sums against float64: a thousandth of a tick is rounding.
        assert bound(here, speed) <= ticks + 1e-3
        assert ticks < 30 or bound(here, speed) > ticks - 0.6
        assert bound((before + here) / 2, speed) < ticks


def test_no_buttons_are_faster_than_the_bound() -> None:
    rng = np.random.default_rng(0)
    for _ in range(40):
        game = flat_game()
        speed = float(game.worlds[0]["players"][0]["body"]["xa"])
        start = float(game.x)
        for ticks in range(1, 60):
            game.tick(int(rng.integers(32)) | RUN if rng.random() < 0.9 else 0)
            assert bound(float(game.x) - start, speed) <= ticks + 1e-3


def test_the_top_speed_is_a_fixed_point() -> None:
    assert pytest.approx(TOP_SPEED_KEPT) == (TOP_SPEED_KEPT + 1.2) * FRICTION
    assert bound(1090.909090909, TOP_SPEED_KEPT) == pytest.approx(100)


def test_what_is_behind_costs_nothing() -> None:
    assert bound(0.0, 0.0) == 0
    assert bound(-5.0, 3.0) == 0


def test_faster_is_never_later() -> None:
    speeds = np.linspace(-9.7, 9.7, 40)
    for distance in (1.0, 16.0, 160.0, 5000.0):
        ticks = [bound(distance, float(speed)) for speed in speeds]
        assert ticks == sorted(ticks, reverse=True)
