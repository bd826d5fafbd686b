"""A track of three short levels, two of difficulty 0 and one of 3."""

import pytest

from gym_mario_suite.competition.agent_process import CAN_ISOLATE
from gym_mario_suite.competition.tracks import LevelSpec, Track

needs_agent_processes = pytest.mark.skipif(
    not CAN_ISOLATE, reason="this system cannot watch agents in processes of their own"
)


def three_levels(seed: int) -> Track:
    levels = tuple(
        LevelSpec(
            difficulty=difficulty,
            trial=trial,
            level_seed=seed + trial,
            type=0,
            length=100,
            time_limit=2,
        )
        for difficulty, trial in ((0, 0), (0, 1), (3, 0))
    )
    return Track("three", seed, levels)
