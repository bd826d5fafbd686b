"""The 32 stages of Super Mario Bros.: in how many plays an agent passes each.

A stage begins the same way every time, so plays differ by the agent's seed alone. Needs a ROM.

`MARIO_NES_AGENT` names another agent than the one that is shipped and takes a `seed`, such as
`ppo-nes:temperature=0.5` or `icm-ppo-nes:weights=runs/mine/policy.safetensors`.
"""

from __future__ import annotations

import os

from benchmarks.measure import Metric
from gym_mario_suite.agents.registry import make_nes_agent
from gym_mario_suite.engine.world import Status
from gym_mario_suite.nes.backend import open_backend
from gym_mario_suite.nes.rom_store import find_rom
from gym_mario_suite.nes.run import Run, Stage
from gym_mario_suite.nes.smb import ALL_STAGES

AGENT = os.environ.get("MARIO_NES_AGENT", "ppo-nes")
PLAYS = 20
QUICK_PLAYS = 4


def passed(run: Run, stage: Stage, plays: int) -> int:
    """How many of so many plays, each with a seed of its own, pass the stage."""
    wins = 0
    for seed in range(plays):
        agent = make_nes_agent(f"{AGENT}{',' if ':' in AGENT else ':'}seed={seed}")
        agent.reset()
        run.begin(stage)
        while run.status is Status.RUNNING:
            run.frame(agent.act(run))
            run.settle()
        wins += run.status is Status.WIN
    return wins


def run(quick: bool) -> list[Metric]:
    """All figures of this benchmark."""
    plays = QUICK_PLAYS if quick else PLAYS
    console = open_backend(find_rom())
    wins = {stage: passed(Run(console), stage, plays) for stage in ALL_STAGES}
    console.close()
    total, each = sum(wins.values()), plays * len(ALL_STAGES)
    once = sum(count > 0 for count in wins.values())
    return [
        *(
            Metric(name=f"plays_passed_{world}-{number}", value=100 * count / plays, unit="%")
            for (world, number), count in wins.items()
        ),
        Metric(name="plays_passed", value=100 * total / each, unit="%"),
        Metric(name="stages_passed_at_least_once", value=once, unit=f"of {len(ALL_STAGES)}"),
    ]
