import zlib
from typing import Any

import numpy as np
import pytest

from gym_mario_suite.agents.astar.agent import AStarWorldAgent
from gym_mario_suite.agents.base import GameView
from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.competition.episode import play_level
from gym_mario_suite.competition.score import score_track
from gym_mario_suite.competition.tracks import make_track
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.tiles import Tile
from gym_mario_suite.engine.world import Mode, Status
from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels.generate import generate
from gym_mario_suite.levels.level import Level

BOTH = pytest.mark.parametrize("name", ["astar", "astar-world"])
VIEW = [name for name in vars(GameView) if not name.startswith("_")]


class OnlyTheView:
    """A game that shows what the competition's interface showed, and nothing else."""

    def __init__(self, game: Game) -> None:
        self.__getattr = game.__getattribute__

    def __getattr__(self, name: str) -> Any:
        if name not in VIEW:
            raise AttributeError(f"the agent asked for {name!r}")
        return self.__getattr(name)


def answers_in_view(name: str, game: Game) -> bytes:
    """The answers of an agent that is shown a view of `game`, until the level ends."""
    agent = make_agent(name)
    agent.reset()
    view: Any = OnlyTheView(game)
    answers = bytearray()
    keys = 0
    while game.status == Status.RUNNING:
        game.tick(keys)
        keys = agent.act(view)
        answers.append(keys)
    return bytes(answers)


@BOTH
@pytest.mark.parametrize("difficulty", [0, 3, 5, 10])
@pytest.mark.parametrize("level_type", [0, 1, 2])
def test_levels_of_every_kind_are_cleared(name: str, difficulty: int, level_type: int) -> None:
    level = generate(20 + difficulty, difficulty, level_type, 250)
    record = play_level(make_agent(name), Game(level.image))
    assert record.status == Status.WIN
    assert record.mode >= Mode.LARGE


def test_the_window_agent_sees_nothing_but_the_view() -> None:
    image = generate(7, 10, 0, 250).image
    answers = answers_in_view("astar", Game(image))
    record = play_level(make_agent("astar"), Game(image))
    assert record.actions_crc32 == zlib.crc32(answers)


def test_the_world_agent_refuses_a_mere_view() -> None:
    game = Game(generate(7, 10, 0, 250).image)
    agent = make_agent("astar-world")
    view: Any = OnlyTheView(game)
    game.tick(0)
    with pytest.raises(OptionError, match=r"an engine\.game\.Game, not a OnlyTheView"):
        agent.act(view)


@BOTH
def test_two_runs_and_two_agents_answer_alike(name: str) -> None:
    games = [Game(generate(seed, 10, seed % 3, 250).image) for seed in (1, 2)]
    agent = make_agent(name)
    first = [play_level(agent, game).actions_crc32 for game in games]
    again = [play_level(agent, game).actions_crc32 for game in reversed(games)]
    fresh = [play_level(make_agent(name), game).actions_crc32 for game in games]
    assert first == again[::-1] == fresh


@BOTH
def test_the_answers_are_those_of_every_machine(name: str) -> None:
    record = play_level(make_agent(f"{name}:budget=400"), Game(generate(9, 10, 0, 250).image))
    assert record.actions_crc32 == {"astar": 3922161365, "astar-world": 3402324631}[name]


@BOTH
def test_dead_ends_are_left(name: str) -> None:
    tiles = np.zeros((160, 15), np.uint8)
    tiles[:, 13:] = Tile.GROUND_TOP
    tiles[34:37, 11] = Tile.STAIR_BLOCK
    tiles[40:70, 8] = Tile.STAIR_BLOCK  # the roof of a tunnel
    tiles[69, 8:13] = Tile.STAIR_BLOCK  # its end
    record = play_level(make_agent(name), Game(Level(tiles, (), 140).image))
    assert record.status == Status.WIN
    assert record.ticks < 600


@pytest.mark.parametrize("seed", [0, 2])
@BOTH
def test_hidden_blocks_become_steps(name: str, seed: int) -> None:
    (level,) = score_track(make_agent(name), make_track("learning:attempts=1", seed)).levels
    assert level.record.status == Status.WIN


@BOTH
def test_trajectories_are_the_searched_ways(name: str) -> None:
    agent: Any = make_agent(name)
    game = Game(generate(4, 5, 0, 250).image)
    agent.reset()
    game.tick(0)
    agent.act(game)
    ways = agent.trajectories()
    assert ways
    assert all(way.dtype == np.float32 and way.shape[1] == 2 for way in ways)


@BOTH
def test_a_time_budget_is_kept(name: str) -> None:
    agent = make_agent(f"{name}:budget_ms=0.3,budget=50000")
    record = play_level(agent, Game(generate(4, 10, 1, 250).image))
    assert record.distance > 1000
    assert np.median(record.act_times_ns) < 5e6


@BOTH
@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("budget=0", "budget must be a whole number from 1 to 1000000, got 0"),
        ("weight=0.9", "weight must be a number from 1 to 100, got 0.9"),
        ("replan=0", "replan must be a whole number from 1"),
        ("budget=many", "option 'budget' must be of type int, got 'many'"),
        ("budgt=9", "(did you mean 'budget'?)"),
    ],
)
def test_options_are_checked(name: str, option: str, message: str) -> None:
    with pytest.raises(OptionError) as caught:
        make_agent(f"{name}:{option}")
    assert message in str(caught.value)


def test_the_world_agents_horizon_is_checked() -> None:
    with pytest.raises(OptionError, match=r"horizon must be a number from 16 to 4,096, got 3\.0"):
        make_agent("astar-world:horizon=3")
    with pytest.raises(OptionError, match=r"replan must be a whole number, got 1\.5"):
        AStarWorldAgent(replan=1.5)  # type: ignore[arg-type]


@pytest.mark.slow
@BOTH
@pytest.mark.parametrize(("seed", "best_score"), [(0, 46411.2), (1, 46404.799999999996)])
def test_the_competition_is_cleared(name: str, seed: int, best_score: float) -> None:
    result = score_track(make_agent(name), make_track("cig-2009", seed), lambda _: None)
    assert result.score == best_score
    assert result.levels_cleared == 40
    assert result.time_left_sum > 4911  # the better of the two planners of 2009


@pytest.mark.slow
@pytest.mark.parametrize(("name", "lost_at_most"), [("astar", 2), ("astar-world", 0)])
def test_two_hundred_other_levels_are_cleared(name: str, lost_at_most: int) -> None:
    agent = make_agent(name)
    cleared = sum(
        score_track(agent, make_track("cig-2009", seed), lambda _: None).levels_cleared
        for seed in (100, 200, 300, 400, 500)
    )
    assert cleared >= 200 - lost_at_most
