r"""Plan a level by beam search, show what the plan brings, and save it as a replay.

python -m gym_mario_suite.agents.beam --seed 3 --difficulty 5
python -m gym_mario_suite.agents.beam --level my-level.txt --width 4096 --device cuda \
    --reward '{"coins": 1, "kills": 1, "win": 100}' --replay plan.replay
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from gym_mario_suite.agents.base import Agent
from gym_mario_suite.agents.beam.beam import Beam, BeamOptions, BeamPlan
from gym_mario_suite.agents.beam.beam import Progress as SearchProgress
from gym_mario_suite.agents.beam.search import step_once
from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.datasets.recorder import RecordedGame
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import Status
from gym_mario_suite.envs.episode import EPISODE, REWARD_TERMS, take_stock
from gym_mario_suite.envs.options import InfiniteOptions
from gym_mario_suite.errors import OptionError, as_integer
from gym_mario_suite.levels.generate import generate
from gym_mario_suite.levels.level import Level
from gym_mario_suite.levels.maker.course_files import read_level_or_course
from gym_mario_suite.levels.playability import start_mode
from gym_mario_suite.program import Interruption
from gym_mario_suite.whole_file import require_writable


@dataclass(frozen=True, kw_only=True)
class PlanLevel:
    """Plan a whole level by beam search; Ctrl-C ends the search with the best so far.

    Attributes:
        seed: Of the level.
        difficulty: Of the level.
        type: 0 overground, 1 underground, 2 castle.
        length: Columns of the level.
        level: A level's or a course's file, instead of a seed.
        width: Games that are kept in each step.
        span: Ticks between two decisions.
        reward: What is planned for: fitness, distance, score, sparse, or a JSON object of weights
            for distance, coins, kills, mode, time, win, death.
        tick_cost: What a tick is taken to cost beside its reward.
        cell_px: Games whose Mario is in the same square of this side are taken for one.
        spread: Share of the width for games further back.
        device: cpu or cuda.
        threads: Cores to plan on at most.
        beside: An agent that plays the same level, to compare with; empty for none.
        replay: Where to save the plan as a replay, for `mario replay`.
    """

    seed: int = 0
    difficulty: int = 0
    type: int = 0
    length: int = 320
    level: Path | None = None
    width: int = 1024
    span: int = 2
    reward: str = "fitness"
    tick_cost: float = 0.01
    cell_px: float = 8.0
    spread: float = 0.125
    device: str = "cpu"
    threads: int = 2
    beside: str = "astar-world"
    replay: Path | None = None

    def options(self) -> BeamOptions:
        """The options of the search.

        Raises:
            OptionError: For a value that is not possible.
        """
        return BeamOptions(
            width=self.width,
            span=self.span,
            reward=_weights(self.reward),
            tick_cost=self.tick_cost,
            cell_px=self.cell_px,
            spread=self.spread,
            device=self.device,
            threads=self.threads,
        )

    def chosen_level(self) -> Level:
        """The level to plan.

        Raises:
            LevelError: If the file holds no playable level.
            OptionError: For arguments of the generator that are out of range.
        """
        if self.level is None:
            # The generator makes plain ground of others, as the original does.
            kind = as_integer("type", self.type, 0, 2)
            return generate(self.seed, self.difficulty, kind, self.length)
        return read_level_or_course(self.level)


def _weights(text: str) -> str | dict[str, float]:
    if not text.lstrip().startswith("{"):
        return text
    try:
        weights = json.loads(text)
        return {str(name): float(weight) for name, weight in weights.items()}
    except (TypeError, ValueError) as error:
        raise OptionError(f"reward must be a name or a JSON object of numbers: {error}") from None


def plan_level(config: PlanLevel) -> str:
    """Plan; a few lines that tell what came of it.

    Raises:
        OptionError: For an option that is not possible.
        LevelError: For a level that cannot be played.
        DeviceError: If there is no GPU where one was asked for.
    """
    options = config.options()
    require_writable(config.replay)
    beam = Beam(options)
    peer = make_agent(config.beside) if config.beside else None
    level = config.chosen_level()
    game = RecordedGame(level, start_mode(level))
    game.tick(0)
    start = time.perf_counter()
    plan = _shown_plan(beam, game)
    seconds = time.perf_counter() - start
    ticks_a_second = plan.steps_played * options.span / seconds
    lines = [
        _line("beam", plan.status, len(plan.keys), plan.terms),
        f"found in {seconds:.1f} s, {ticks_a_second:,.0f} ticks/s",
    ]
    if peer is not None:
        lines.insert(1, _line(config.beside, *play_for(peer, level, options)))
    if config.replay is not None:
        for keys in plan.keys:
            game.tick(int(keys))
        game.replay({"agent": "beam", "reward": plan.reward}).save(config.replay)
        lines.append(f"saved: mario replay {config.replay}")
    return "\n".join(lines)


def _shown_plan(beam: Beam, game: Game) -> BeamPlan:
    columns = (
        SpinnerColumn(),
        TextColumn("tick {task.fields[ticks]}, {task.fields[games]} games, worth"),
        TextColumn("{task.fields[value]:.1f}, {task.fields[steps_played]:,} steps played"),
        TimeElapsedColumn(),
    )
    shown = {"ticks": 0, "games": 1, "value": 0.0, "steps_played": 0}
    with (
        Progress(*columns, console=Console(stderr=True), transient=True) as bar,
        Interruption() as interruption,
    ):
        task = bar.add_task("", total=None, **shown)

        def on_step(progress: SearchProgress) -> bool:
            bar.update(task, **progress._asdict())
            return interruption.asked

        return beam.plan(game.image, game.worlds, on_step)


def play_for(
    agent: Agent, level: Level, options: BeamOptions
) -> tuple[Status, int, dict[str, float]]:
    """Have an agent play a level, and count what a beam would have planned for.

    Returns:
        How the game ends, how many ticks after the first, and the reward by terms.
    """
    config = InfiniteOptions(reward=options.reward).config()
    game = Game(level.image, start_mode(level))
    game.tick(0)
    played, episodes = game.worlds.copy(), np.zeros(1, EPISODE)
    take_stock(played, episodes)
    agent.reset()
    terms: NDArray[np.float64] = np.zeros(len(REWARD_TERMS))
    ticks = 0
    while game.status == Status.RUNNING:
        keys = int(agent.act(game))
        game.tick(keys)
        terms += step_once(config, level.image, played, episodes, keys)
        ticks += 1
    return game.status, ticks, dict(zip(REWARD_TERMS, terms.tolist(), strict=True))


def _line(name: str, status: Status, ticks: int, terms: Mapping[str, float]) -> str:
    parts = ", ".join(f"{term} {value:.6g}" for term, value in terms.items() if value)
    end = status.name.lower().replace("_", " ")
    return f"{name}: {end} after {ticks} ticks, reward {sum(terms.values()):.1f} ({parts})"
