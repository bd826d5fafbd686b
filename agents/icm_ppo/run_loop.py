"""The loop of a run: rollouts, rows of the curve, checkpoints, Ctrl-C."""

from __future__ import annotations

import sys
import time
from typing import Any, Protocol

import torch
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from gym_mario_suite.agents.icm_ppo.run_files import RunFiles
from gym_mario_suite.agents.run_folder import tell_budget_is_spent
from gym_mario_suite.program import Interruption


class Learner(Protocol):
    """What plays and learns.

    Attributes:
        decisions: How many it has made.
    """

    decisions: int

    def collect(self) -> None:
        """A rollout."""
        ...

    def learn(self) -> dict[str, float]:
        """Learn from it; figures of the update."""
        ...

    def new_replays(self) -> list[tuple[str, bytes]]:
        """Names and replays since the last call."""
        ...

    def play_figures(self, seconds: float) -> dict[str, Any]:
        """Figures of what was played, after so many seconds of the run."""
        ...

    def line(self, row: dict[str, Any]) -> str:
        """What the progress bar says of a row of the curve."""
        ...

    def tensors(self) -> dict[str, torch.Tensor]:
        """What a checkpoint holds."""
        ...

    def about(self) -> dict[str, str]:
        """What its header says."""
        ...


def run(learner: Learner, files: RunFiles, config: Any, title: str) -> None:
    """Learn until the budget is spent or Ctrl-C; a checkpoint is written in any case.

    Args:
        learner: What learns.
        files: Of the run.
        config: Its `decisions`, `num_steps`, `num_envs`, `log_updates` and `checkpoint_minutes`.
        title: Of the progress bar.
    """
    wall, cpu, first = time.perf_counter(), time.process_time(), learner.decisions
    # Counted from the run's beginning, so that a run that goes on has rows at the same decisions.
    saved_at, updates = wall, first // (config.num_steps * config.num_envs)
    if first >= config.decisions:
        tell_budget_is_spent(first, config.decisions)
    columns = (TextColumn(title), BarColumn(), TextColumn("{task.completed:,.0f}"))
    with Progress(*columns, TimeRemainingColumn(), TextColumn("{task.fields[figures]}")) as bar:
        task = bar.add_task("", total=config.decisions, completed=first, figures="")
        with Interruption() as interruption:
            while learner.decisions < config.decisions and not interruption.asked:
                learner.collect()
                figures = learner.learn()
                updates += 1
                for name, replay in learner.new_replays():
                    files.write_replay(name, replay)
                done = learner.decisions >= config.decisions
                now = time.perf_counter()
                if updates % config.log_updates == 0 or done:
                    row = {
                        "decisions": learner.decisions,
                        "cpu_seconds": time.process_time() - cpu,
                        "wall_seconds": now - wall,
                        "decisions_per_second": (learner.decisions - first) / (now - wall),
                        **learner.play_figures(now - wall),
                        **figures,
                    }
                    files.write_row(row)
                    bar.update(task, completed=learner.decisions, figures=learner.line(row))
                if now - saved_at > 60 * config.checkpoint_minutes and not done:
                    saved_at = now
                    files.write_checkpoint(learner.tensors(), learner.about())
    files.write_checkpoint(learner.tensors(), learner.about())
    if learner.decisions < config.decisions:
        print("interrupted; go on with --resume", file=sys.stderr)
