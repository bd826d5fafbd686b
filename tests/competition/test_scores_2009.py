"""Competition scores of the original program, level by level.

They lie in `tests/data/im2009`; `MARIO_TRACES` names another folder with files `scores*.json` of
the same form. Agents that are not shipped are passed over.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from gym_mario_suite.agents.registry import AGENTS, make_agent
from gym_mario_suite.competition.score import score_track
from gym_mario_suite.competition.tracks import cig_2009

# Names of the original program. Karakovskiy’s entry follows the rule of the sample agent.
SHIPPED = {name: name for name in AGENTS} | {
    "ForwardAgent": "forward",
    "ForwardJumpingAgent": "forward-jumping",
    "ScaredAgent": "scared",
    "ScaredSpeedyAgent": "scared-speedy",
    "SergeyKarakovskiy_JumpingAgent": "forward-jumping",
    "TrondEllingsen_LuckyAgent": "ellingsen",
}
SUMS = ("levels_cleared", "time_left_sum", "kills_sum", "mode_sum")
SPEC_FIELDS = ("difficulty", "trial", "level_seed", "type", "length")
RECORD_FIELDS = (
    "distance",
    "cells",
    "status",
    "time_left",
    "time_spent",
    "kills",
    "mode",
    "coins",
    "ticks",
    "nonempty_actions",
    "actions_crc32",
)


def recorded_runs() -> list[Any]:
    default = Path(__file__).resolve().parents[1] / "data" / "im2009"
    folder = Path(os.environ.get("MARIO_TRACES", default))
    runs = [
        pytest.param(run, id=f"{file.stem}-{run['agent']}-{run['seed']}")
        for file in sorted(folder.glob("scores*.json"))
        for run in json.loads(file.read_text(encoding="utf-8"))
        if run["agent"] in SHIPPED
    ]
    reason = f"{folder} has no scores*.json with an agent that is shipped"
    return runs or [pytest.param({}, id="none", marks=pytest.mark.skip(reason))]


@pytest.mark.parametrize("run", recorded_runs())
def test_a_recorded_score_is_met_to_the_last_bit(run: dict[str, Any]) -> None:
    score = score_track(make_agent(SHIPPED[run["agent"]]), cig_2009(run["seed"]))
    assert len(score.levels) == len(run["levels"])
    for played, recorded in zip(score.levels, run["levels"], strict=True):
        got = {name: getattr(played.spec, name) for name in SPEC_FIELDS}
        got |= {name: getattr(played.record, name) for name in RECORD_FIELDS}
        assert got == recorded, played.spec
    assert score.score == run["competition_score"]
    assert {name: getattr(score, name) for name in SUMS} == {name: run[name] for name in SUMS}
    assert [
        {"difficulty": each.difficulty, "score": each.score} for each in score.difficulties
    ] == run["difficulty_scores"]
    assert sum(played.record.ticks for played in score.levels) == run["ticks_sum"]


# The original has a second scoring program with this seed of its own.
@pytest.mark.parametrize(
    ("agent", "score", "sums"),
    [
        ("forward", 14351.770596313478, (5, 6001, 76, 17)),
        ("forward-jumping", 15961.96674194336, (9, 6649, 71, 32)),
        ("scared", 8373.08016357422, (2, 6739, 19, 12)),
        ("scared-speedy", 11134.75684814453, (3, 6671, 19, 11)),
    ],
)
def test_scores_of_the_seed_of_the_second_entry_point(
    agent: str, score: float, sums: tuple[int, ...]
) -> None:
    result = score_track(make_agent(agent), cig_2009(3143))
    assert result.score == score
    assert tuple(getattr(result, name) for name in SUMS) == sums
