import dataclasses
import io
import json

import numpy as np
import pytest
from rich.console import Console

from gym_mario_suite.agents.base import GameView
from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.competition.episode import LevelRecord
from gym_mario_suite.competition.score import PlayedLevel, TrackScore, score_track
from gym_mario_suite.competition.table import TABLE_WIDTH, score_table
from gym_mario_suite.competition.tracks import Track, cig_2009
from gym_mario_suite.engine.world import Mode, Rules, Status
from gym_mario_suite.errors import OptionError

SHORT = Track("short", 0, (*cig_2009(0).levels[:2], cig_2009(0).levels[10]))


def played(distance: float, trial: int = 0, ms: float = 1.0, **fields: int) -> PlayedLevel:
    record = LevelRecord(
        distance=distance,
        cells=0,
        status=Status(fields.get("status", 0)),
        time_left=fields.get("time_left", 0),
        time_spent=0,
        kills=fields.get("kills", 0),
        mode=Mode(fields.get("mode", 0)),
        coins=0,
        ticks=2,
        nonempty_actions=0,
        actions_crc32=0,
        act_times_ns=np.array([ms * 1e6, ms * 1e6], np.int64),
    )
    return PlayedLevel(cig_2009(-(2**31)).levels[trial], record)


def test_each_distance_is_added_with_one_rounding() -> None:
    # `sum` of Python 3.12 and later would find 2.0 for the ten.
    distances = [1e16, 1.0, 1.0, -1e16, *[0.0] * 6]
    levels = [played(distance, trial) for trial, distance in enumerate(distances)]
    score = TrackScore(SHORT, "x", (*levels, played(0.5, 10)))
    assert [each.score for each in score.difficulties] == [0.0, 0.5]
    assert score.score == 0.5


def test_sums_over_all_levels() -> None:
    score = TrackScore(
        SHORT,
        "x",
        (
            played(1.0, 0, status=1, time_left=3, kills=4, mode=2, ms=1.0),
            played(2.0, 1, status=0, time_left=5, kills=6, mode=1, ms=2.0),
            played(3.0, 10, status=1, time_left=7, kills=8, mode=2, ms=6.0),
        ),
    )
    assert (score.levels_cleared, score.time_left_sum, score.kills_sum) == (2, 15, 18)
    assert score.mode_sum == 5
    assert score.ms_per_step_mean == 3.0
    assert 2.0 < score.ms_per_step_p99 <= 6.0
    assert [each.ms_per_step for each in score.difficulties] == [1.5, 6.0]


def test_where_only_the_last_level_counts_the_others_give_nothing_but_their_time() -> None:
    levels = (
        played(1.0, 0, status=1, time_left=3, kills=4, mode=2, ms=1.0),
        played(2.0, 1, status=1, time_left=5, kills=6, mode=1, ms=2.0),
        played(4.0, 2, time_left=7, kills=8, mode=2, ms=6.0),
    )
    score = TrackScore(dataclasses.replace(SHORT, only_last_counts=True), "x", levels)
    assert (score.score, score.levels_cleared) == (4.0, 0)
    assert (score.time_left_sum, score.kills_sum, score.mode_sum) == (7, 8, 2)
    assert [each.ms_per_step for each in score.difficulties] == [score.ms_per_step_mean] == [3.0]


def test_40_ms_per_step_are_allowed_and_levels_of_2019_have_no_difficulty() -> None:
    assert TrackScore(SHORT, "x", (played(1.0, ms=40.0),)).disqualified is None
    slow = (played(1.0, ms=41.0),)
    assert TrackScore(SHORT, "x", slow).disqualified == "over 40 ms per step on difficulty 0"
    track = dataclasses.replace(SHORT, rules=Rules.FRAMEWORK_2019)
    assert TrackScore(track, "x", slow).disqualified == "over 40 ms per step"
    assert TrackScore(SHORT, "x", slow, strict=True).disqualified is None


def test_the_99th_percentile_is_what_99_of_100_answers_kept() -> None:
    level = played(1.0)
    times = np.array([1e6] * 199 + [1e9], np.int64)
    slow_once = dataclasses.replace(level.record, act_times_ns=times)
    score = TrackScore(SHORT, "x", (dataclasses.replace(level, record=slow_once),))
    assert score.ms_per_step_p99 == 1.0


def test_without_an_answer_times_are_zero() -> None:
    level = played(1.0)
    none = dataclasses.replace(level.record, act_times_ns=np.zeros(0, np.int64))
    score = TrackScore(SHORT, "x", (dataclasses.replace(level, record=none),))
    assert (score.ms_per_step_mean, score.ms_per_step_p99) == (0.0, 0.0)


class Counting:
    name = "counting"

    def __init__(self) -> None:
        self.resets: list[int] = []
        self.asked = 0

    def reset(self) -> None:
        self.resets.append(self.asked)

    def act(self, game: GameView) -> int:
        self.asked += 1
        return 2


def test_one_agent_is_reset_twice_before_each_level() -> None:
    agent = Counting()
    told: list[PlayedLevel] = []
    score = score_track(agent, SHORT, told.append)
    assert tuple(told) == score.levels
    ticks = [level.record.ticks for level in score.levels]
    starts = [0, ticks[0], ticks[0] + ticks[1]]
    assert agent.resets == [start for start in starts for _ in range(2)]
    assert agent.asked == sum(ticks)


class Wrong(Counting):
    def act(self, game: GameView) -> int:
        return 2 if super().act(game) and len(self.resets) < 4 else 32


def test_a_wrong_answer_names_the_level() -> None:
    with pytest.raises(OptionError, match=r"tick 1 of level of difficulty 0, trial 1 \(seed 1,"):
        score_track(Wrong(), SHORT)


def test_the_json_form() -> None:
    score = score_track(make_agent("forward"), SHORT)
    value = json.loads(json.dumps(score.to_json()))
    assert list(value) == [
        "track",
        "seed",
        "agent",
        "score",
        "levels_cleared",
        "time_left_sum",
        "kills_sum",
        "mode_sum",
        "ms_per_step",
        "levels",
    ]
    assert (value["track"], value["seed"], value["agent"]) == ("short", 0, "forward")
    assert value["score"] == score.score
    assert set(value["ms_per_step"]) == {"mean", "p99"}
    first = score.levels[0]
    assert value["levels"][0] == {
        "difficulty": 0,
        "trial": 0,
        "level_seed": 0,
        "type": 0,
        "length": 200,
        "distance": first.record.distance,
        "status": int(first.record.status),
        "time_left": first.record.time_left,
        "kills": first.record.kills,
        "mode": int(first.record.mode),
        "coins": first.record.coins,
        "ticks": first.record.ticks,
        "actions_crc32": first.record.actions_crc32,
    }


def rendered(score: TrackScore) -> str:
    text = io.StringIO()
    Console(file=text, width=TABLE_WIDTH).print(score_table(score))
    return text.getvalue()


def test_the_table_shows_levels_means_and_sums_uncut() -> None:
    levels = tuple(played(12345.678 + trial, trial, mode=1) for trial in range(40))
    text = rendered(TrackScore(cig_2009(-(2**31)), "somebody", levels))
    assert "…" not in text
    assert sum("underground" in line for line in text.splitlines()) == 12
    assert "-2147483648 overground" in text
    assert "large" in text
    assert "somebody on cig-2009, seed -2147483648" in text
    assert "levels cleared     0 of 40" in text
    assert "mode sum           40" in text
    assert "disqualified" not in text


def test_the_table_says_who_was_too_slow() -> None:
    text = rendered(TrackScore(SHORT, "x", (played(1.0, 0, ms=39.0), played(1.0, 10, ms=41.0))))
    assert "over 40 ms per step on difficulty 3: disqualified" in text


def test_records_of_the_same_play_are_equal() -> None:
    level = played(1.0)
    slower = dataclasses.replace(level.record, act_times_ns=np.array([7, 7], np.int64))
    assert slower == level.record
