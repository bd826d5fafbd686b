import zlib

import numpy as np
import pytest

from gym_mario_suite.agents.base import GameView
from gym_mario_suite.competition.episode import play_level
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import Button, Mode, Status
from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels import generate

RIGHT_SPEED = int(Button.RIGHT | Button.SPEED)


class Scripted:
    """Gives the same answers in each level, then 0, and notes what it saw."""

    name = "scripted"

    def __init__(self, *answers: object) -> None:
        self.answers = answers
        self.resets = 0
        self.seen: list[tuple[float, float]] = []

    def reset(self) -> None:
        self.resets += 1
        self.seen = []

    def act(self, game: GameView) -> int:
        self.seen.append((float(game.x), float(game.y)))
        at = len(self.seen) - 1
        return self.answers[at] if at < len(self.answers) else 0  # type: ignore[return-value]


@pytest.fixture(scope="module")
def level():
    return generate(0, 0, 0, 80)


def test_the_first_tick_has_no_keys_and_the_agent_is_asked_after_each(level) -> None:
    agent = Scripted(0, *[RIGHT_SPEED] * 14)
    record = play_level(agent, Game(level.image, Mode.LARGE, time_limit=1))
    assert agent.resets == 1
    assert record.ticks == len(agent.seen) == len(record.act_times_ns) == 15
    # Positions of the program's recorded TCP session with these answers.
    assert agent.seen[0] == (32.0, 0.0)
    assert agent.seen[1] == (32.0, 3.0)
    assert agent.seen[7] == (np.float32(53.055874), np.float32(62.998737))
    assert record.distance == 103.75614166259766
    assert record.status == Status.DEAD
    assert (record.time_left, record.time_spent) == (0, 1)
    assert (record.mode, record.coins, record.kills) == (Mode.LARGE, 0, 0)


def test_the_unused_last_answer_counts(level) -> None:
    answers = [0] * 14 + [RIGHT_SPEED]
    agent = Scripted(*answers)
    record = play_level(agent, Game(level.image, time_limit=1))
    assert record.nonempty_actions == 1
    assert record.actions_crc32 == zlib.crc32(bytes(answers))
    assert record.distance == 32.0
    assert record.cells == 2


def test_a_game_that_was_played_is_played_from_its_start(level) -> None:
    game = Game(level.image, time_limit=2)
    agent = Scripted(*[RIGHT_SPEED] * 30)
    first = play_level(agent, game)
    assert play_level(agent, game) == first
    assert first.act_times_ns.dtype == np.int64
    assert (first.act_times_ns > 0).all()


@pytest.mark.parametrize("answer", [np.int64(2), np.uint8(2), Button.RIGHT, Button(2)])
def test_whole_numbers_of_other_types_are_actions(level, answer: object) -> None:
    record = play_level(Scripted(answer), Game(level.image, time_limit=1))
    assert record.nonempty_actions == 1
    assert record.actions_crc32 == zlib.crc32(bytes([2] + [0] * 14))


@pytest.mark.parametrize(
    "answer", [32, -1, 1.0, None, "2", True, np.bool_(True), [0, 1, 0, 0, 0], np.int64(99)]
)
def test_what_is_no_action_is_reported_with_agent_level_and_tick(level, answer: object) -> None:
    with pytest.raises(OptionError) as caught:
        play_level(Scripted(0, 0, answer), Game(level.image), "level 7")
    message = str(caught.value)
    assert "'scripted'" in message
    assert "after tick 3 of level 7" in message
    assert repr(answer) in message
