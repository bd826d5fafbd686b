"""Levels that nobody has trained on: how many are cleared, by the trained network and by a rule.

100 level seeds of difficulty 0 and of difficulty 3, 320 columns long, overground, the same for all
agents and outside of the range that PPO's training draws its levels from with any likelihood.

`MARIO_UNSEEN_AGENT` names another agent than the one that is shipped, such as
`ppo-infinite:weights=runs/mine/policy.safetensors`.
"""

from __future__ import annotations

import os

from benchmarks.measure import Metric
from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.competition.episode import play_level
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import Status
from gym_mario_suite.levels.generate import generate

FIRST_SEED = 3_000_000_000  # training draws below 2**31
LEVELS = 100
QUICK_LEVELS = 20
LENGTH = 320
TRAINED = os.environ.get("MARIO_UNSEEN_AGENT", "ppo-infinite")
RULE = "forward-jumping"
TARGETS = {0: 97.0, 3: 50.0}


def cleared(name: str, difficulty: int, levels: int) -> float:
    """Percent of the levels that the agent of that name clears."""
    agent = make_agent(name)
    wins = 0
    for seed in range(FIRST_SEED, FIRST_SEED + levels):
        game = Game(generate(seed, difficulty, 0, LENGTH).image)
        wins += play_level(agent, game).status == Status.WIN
    return 100.0 * wins / levels


def run(quick: bool) -> list[Metric]:
    """All figures of this benchmark."""
    levels = QUICK_LEVELS if quick else LEVELS
    metrics = []
    for difficulty, target in TARGETS.items():
        rule = cleared(RULE, difficulty, levels)
        value = cleared(TRAINED, difficulty, levels)
        metrics.append(
            Metric(
                name=f"unseen_levels_cleared_{difficulty}",
                value=value,
                unit="%",
                target=target,
                peer=RULE,
                peer_value=rule,
            )
        )
    return metrics
