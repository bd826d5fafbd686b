import pytest

from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import Mode, Rules, Status
from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels import generate
from gym_mario_suite.levels.exhaustive import search_level
from gym_mario_suite.levels.framework_text import read_framework_text
from gym_mario_suite.levels.level import Level
from gym_mario_suite.levels.winnable import TIME_LIMIT_S, Judge, Verdict


def level_of(*columns: tuple[int, str], height: int = 12) -> Level:
    """Columns from the left: so many of a column, given from its lowest tile upwards."""
    lines = [""] * height
    for count, column in columns:
        letters = column.ljust(height, "-")[::-1]
        lines = [line + letter * count for line, letter in zip(lines, letters, strict=True)]
    return read_framework_text("\n".join(lines))


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(wide_budget=4000)


def test_a_win_is_a_win(judge: Judge) -> None:
    level = level_of((12, "XX"), (4, ""), (12, "XXXXX"), (1, "XXXXXg"), (10, "XX"))
    verdict = judge.judge(level)
    assert verdict.outcome == "can be won"
    assert verdict.keys is not None
    game = Game(level.image, Mode.SMALL, TIME_LIMIT_S)
    for keys in verdict.keys:
        assert game.status == Status.RUNNING
        game.tick(keys)
    assert game.status == Status.WIN


@pytest.mark.parametrize(
    ("columns", "obstacle"),
    [
        ([(20, "XX"), (2, "XXXXXXXX"), (10, "XX")], "a wall of 6 rows at column 20"),
        ([(20, "XX"), (2, "X" * 12), (10, "XX")], "a wall of 10 rows at column 20"),
        ([(20, "XX"), (18, ""), (12, "XX")], "a gap of 18 columns from column 20, landing level"),
        ([(20, "XX"), (11, ""), (9, "XXXX")], "columns from column 20, landing 2 rows higher"),
        ([(20, "XX"), (15, "")], "a gap of 15 columns from column 20 to the exit"),
        ([(2, "XX"), (2, "XXXXXXXX"), (30, "XX")], "boxed in at the start by a wall of 6 rows"),
        ([(20, ""), (12, "XX")], "falls at the start"),
    ],
)
def test_why_nobody_can(judge: Judge, columns: list[tuple[int, str]], obstacle: str) -> None:
    verdict = judge.judge(level_of(*columns))
    assert (verdict.outcome, verdict.keys) == ("nobody", None)
    assert verdict.ended_small
    assert (verdict.way_small, verdict.way_large) == (False, False)
    assert obstacle in verdict.obstacle


def test_without_a_win_only_all_states_without_a_way_say_nobody() -> None:
    assert Verdict(None, 9, ended_small=True).outcome == "nobody"
    assert Verdict(None, 9, ended_small=False).outcome == "unknown"
    assert Verdict(None, 9, ended_small=True, way_small=True).outcome == "unknown"


def test_a_brick_roof_stops_small_mario_only() -> None:
    bricks = level_of((10, "XX"), (2, "XXSSSSSSSSSS"), (10, "XX"))
    assert search_level(bricks, mode=Mode.SMALL).keys is None
    # Large Mario breaks bricks from below, never from the side.
    assert search_level(bricks, mode=Mode.LARGE).keys is None
    roofed = level_of((3, "XX--SSSSSSSS"), (2, "XXX-SSSSSSSS"), (12, "XX"), height=12)
    assert search_level(roofed, mode=Mode.SMALL).keys is not None


def test_hidden_blocks_are_found_and_used() -> None:
    # Five rows are too high for a jump from the floor, not from a hidden block that was hit.
    column = "XX---2"
    stepped = level_of((10, "XX"), (1, column), (2, "XX"), (3, "XXXXXXXX"), (10, "XX"), height=14)
    plain = level_of((13, "XX"), (3, "XXXXXXXX"), (10, "XX"), height=14)
    assert search_level(plain, mode=Mode.SMALL).keys is None
    assert search_level(stepped, mode=Mode.SMALL).keys is not None


def test_too_many_states_are_an_error_or_a_partial_answer() -> None:
    level = level_of((40, "XX"), (3, "XXXXXXXX"), (10, "XX"))
    with pytest.raises(OptionError, match="more states than 500"):
        search_level(level, mode=Mode.SMALL, max_states=500)
    partial = search_level(level, mode=Mode.SMALL, max_states=500, partial=True)
    assert partial.keys is None
    assert not partial.complete
    assert len(partial.stands)


def test_levels_of_2009_are_refused(judge: Judge) -> None:
    level = generate(0, 0, 0, 90)
    assert level.rules == Rules.COMPETITION_2009
    with pytest.raises(OptionError, match="framework-2019"):
        judge.judge(level)
