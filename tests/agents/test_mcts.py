import pytest

from gym_mario_suite.agents.mcts import MCTSAgent
from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.competition.episode import play_level
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import Status
from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels import generate


def test_it_wins_an_easy_level_the_same_way_each_time() -> None:
    game = Game(generate(0, 0, 0, 120).image, time_limit=60)
    agent = make_agent("mcts:budget=16,depth=6")
    record = play_level(agent, game)
    assert record.status == Status.WIN
    # The second time with the same object: nothing is carried over.
    assert play_level(agent, game) == record
    assert play_level(make_agent("mcts:budget=16,depth=6,seed=1"), game) != record


def test_it_leaves_the_game_alone() -> None:
    game = Game(generate(3).image)
    game.tick(0)
    before = game.to_bytes()
    MCTSAgent(budget=20).act(game)
    assert game.to_bytes() == before


def test_a_decision_holds_for_some_ticks() -> None:
    agent = MCTSAgent(budget=4, repeat=3)
    game = Game(generate(3).image)
    actions = []
    for _ in range(12):
        game.tick(actions[-1] if actions else 0)
        actions.append(agent.act(game))
    assert all(actions[i] == actions[i + 1] == actions[i + 2] for i in range(0, 12, 3))


@pytest.mark.parametrize("options", ["budget=0", "depth=-1", "repeat=0", "exploration=-1"])
def test_options_are_checked(options: str) -> None:
    with pytest.raises(OptionError, match="must be"):
        make_agent(f"mcts:{options}")


def test_an_exploration_that_is_no_number_is_refused() -> None:
    with pytest.raises(OptionError, match="exploration must be a number from 0 to 1,000"):
        MCTSAgent(exploration="much")  # type: ignore[arg-type]


def test_it_needs_the_game_itself() -> None:
    with pytest.raises(OptionError, match="plans on the game itself"):
        MCTSAgent().act(object())  # type: ignore[arg-type]
