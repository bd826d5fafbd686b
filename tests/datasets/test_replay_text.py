"""What `mario replay info` tells of a replay of Infinite Mario."""

from gym_mario_suite.datasets.recorder import RecordedGame
from gym_mario_suite.datasets.replay_text import replay_text, verified_text
from gym_mario_suite.engine.world import Rules
from gym_mario_suite.levels import generate
from gym_mario_suite.levels.grid_levels import to_level
from tests.levels.grids import grid_of

from .episodes import own_level


def played(game: RecordedGame, ticks: int = 45) -> RecordedGame:
    for _ in range(ticks):
        game.tick(0)
    return game


def test_a_level_of_the_generator_is_told_by_what_made_it() -> None:
    text = replay_text(played(RecordedGame(generate(3, 5, 1, 120), 0, 90)).replay())
    assert "level: 2009 generator, seed 3, difficulty 5, type 1 (underground), length 120" in text
    assert "start: small, time limit 90 s\n" in text
    assert "length: 45 ticks, 3.0 s of level time" in text


def test_a_tick_of_2019_takes_30_ms() -> None:
    grid = grid_of("\n".join(["-" * 20] * 9 + ["X" * 20]))
    text = replay_text(played(RecordedGame(to_level(grid, Rules.FRAMEWORK_2019)), 100).replay())
    assert "rules: framework 2019" in text
    assert "length: 100 ticks, 3.0 s of level time" in text


def test_switches_that_are_not_as_usual_are_told() -> None:
    text = replay_text(RecordedGame(own_level(), invulnerable=True, timer=False).replay())
    assert "invulnerable on, timer off" in text
    assert "creatures" not in text
    assert '"author": "somebody"' in text


def test_what_a_stranger_wrote_does_not_reach_the_terminal() -> None:
    text = replay_text(RecordedGame(own_level()).replay({"agent": "\x1b[31m", "by": "Zo\xeb"}))
    assert "\x1b" not in text
    assert r"\x1b[31m" in text
    assert "by: Zo\xeb" in text


def test_the_end_is_told_once_all_ticks_are_verified() -> None:
    told = verified_text(played(RecordedGame(generate(3))).replay())
    assert told.startswith("end: unfinished, distance 32 px, ")
    assert told.endswith("verified: all 45 ticks")
