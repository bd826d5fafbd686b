import numpy as np
import pytest

from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.competition.episode import play_level
from gym_mario_suite.datasets.state_hash import level_hash
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.tiles import Tile
from gym_mario_suite.engine.world import Status
from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels.deceptive import GROUND, deceptive
from gym_mario_suite.levels.exhaustive import ALL_WAYS, WITHOUT_LEFT, search_level
from gym_mario_suite.levels.level import Level

SEEDS = (-7,)
GREEDY = ("forward", "forward-jumping", "scared", "scared-speedy")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_level_can_be_won(seed: int) -> None:
    level = deceptive(seed, 2)
    keys = search_level(level).keys
    assert keys is not None
    game = Game(level.image, time_limit=60)
    for each in keys:
        assert game.status == Status.RUNNING
        game.tick(each)
    assert game.status == Status.WIN


@pytest.mark.parametrize("seed", SEEDS)
def test_without_going_back_it_cannot(seed: int) -> None:
    level = deceptive(seed, 2)
    assert search_level(level, WITHOUT_LEFT).keys is None
    for name in GREEDY:
        record = play_level(make_agent(name), Game(level.image, time_limit=60))
        assert record.status == Status.DEAD, name
        assert record.distance < 16 * level.x_exit


def test_a_level_follows_from_its_arguments() -> None:
    level = deceptive(5, 3, 1, 120)
    deceptive.cache_clear()
    assert deceptive(5, 3, 1, 120) == level
    assert deceptive(6, 3, 1, 120) != level
    assert dict(level.metadata) == {
        "generator": "deceptive",
        "seed": 5,
        "difficulty": 3,
        "type": 1,
        "length": 120,
    }
    assert level.width == 120
    assert Tile.HIDDEN_COIN_BLOCK in level.tiles
    assert level.spawns == ()
    # Results on the track `learning` compare only while a seed makes the same level.
    assert level_hash(level).hex() == "c6e955da110e2797"


@pytest.mark.parametrize(
    "arguments", [(2**31,), (0, 11), (0, 0, 3), (0, 0, 0, 63), (0, 0, 0, 161), ("1",), (0, 1.5)]
)
def test_arguments_are_checked(arguments: tuple) -> None:
    with pytest.raises(OptionError, match="must be a whole number"):
        deceptive(*arguments)


def flat(width: int = 40) -> np.ndarray:
    tiles = np.zeros((width, 15), np.uint8)
    tiles[:, GROUND] = Tile.GROUND_TOP
    tiles[:, GROUND + 1 :] = Tile.GROUND
    return tiles


def test_the_search_finds_the_shortest_way_and_ends_where_there_is_none() -> None:
    level = Level(flat(), [], 34, GROUND)
    found = search_level(level)
    assert found.keys is not None
    assert found.keys[0] == 0
    # At full speed it is some 9.7 px a tick, for 512 px.
    assert 52 < len(found.keys) < 62
    walled = flat()
    walled[20, :GROUND] = Tile.STAIR_BLOCK
    walled[20, 0] = Tile.STAIR_BLOCK
    none = search_level(Level(walled, [], 34, GROUND), ALL_WAYS)
    assert none.keys is None
    assert none.states > 1000


def test_coins_do_not_make_more_states() -> None:
    tiles = flat()
    plain = search_level(Level(tiles, [], 34, GROUND))
    tiles[5:30, 12] = Tile.COIN
    assert search_level(Level(tiles, [], 34, GROUND)) == plain
