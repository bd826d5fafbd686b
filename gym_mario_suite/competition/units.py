"""A unit of work: levels that one instance of an agent plays one after the other.

For most agents that is a whole track, because they may carry what they know from level to level.
The levels of an agent with `independent_levels = True` are split, so that they run in parallel.
Units are what is retried, and what an interrupted run does not have to do again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from gym_mario_suite.competition.agent_process import AgentDied, AgentProcess
from gym_mario_suite.competition.entries import Entry
from gym_mario_suite.competition.episode import ask_through
from gym_mario_suite.competition.limits import Limits
from gym_mario_suite.competition.plays import LevelPlay
from gym_mario_suite.competition.score import load_queries
from gym_mario_suite.competition.tracks import LevelSpec
from gym_mario_suite.engine.game import Game

LEVELS_PER_UNIT = 5  # of independent levels; starting a process takes as long as a few levels

OnLevel = Callable[[int, LevelPlay], None]


@dataclass(frozen=True)
class Unit:
    """Levels for one instance of an agent.

    Attributes:
        run: Number of the run (agent and seed) within the contest.
        entry: Text of the entry.
        levels: Number within the track, and the level; in the order of play.
        limits: What the agent may take.
        independent: Whether the levels do not depend on each other.
        search_path: Where else Python modules are sought, for a unit that is sent elsewhere.
    """

    run: int
    entry: str
    levels: tuple[tuple[int, LevelSpec], ...]
    limits: Limits
    independent: bool
    search_path: tuple[str, ...] = ()


def split(unit: Unit) -> list[Unit]:
    """The unit as units that may run in parallel."""
    if not unit.independent:
        return [unit]
    return [
        replace(unit, levels=unit.levels[at : at + LEVELS_PER_UNIT])
        for at in range(0, len(unit.levels), LEVELS_PER_UNIT)
    ]


def run_unit(
    unit: Unit, on_level: OnLevel | None = None, stop: threading.Event | None = None
) -> list[tuple[int, LevelPlay]]:
    """Play a unit.

    Args:
        unit: What is played.
        on_level: Called with each level as soon as its play is final: at once for independent
            levels, else when the unit is done.
        stop: Set to break off.

    Returns:
        Number and play of each level, in order.

    Raises:
        OptionError: When the agent cannot be made.
        Stopped: After `stop` was set.
    """
    report = on_level or (lambda number, play: None)
    if not unit.limits.isolated:
        return _run_here(unit, report, stop)
    with AgentProcess(unit.entry, unit.limits, stop, unit.search_path) as process:
        if not unit.independent:
            plays = _run_in_order(process, unit)
            for number, play in plays:
                report(number, play)
            return plays
        plays = []
        for number, spec in unit.levels:
            play = _run_alone(process, spec, unit.limits.tries)
            report(number, play)
            plays.append((number, play))
        return plays


def _run_in_order(process: AgentProcess, unit: Unit) -> list[tuple[int, LevelPlay]]:
    """All levels with one instance.

    When the process dies by itself, a new one begins with the first level again, because what the
    agent knew died with it. A level in which processes died as often as may be is lost.
    """
    deaths: dict[int, list[AgentDied]] = {}
    while True:
        plays: list[tuple[int, LevelPlay]] = []
        for number, spec in unit.levels:
            if len(deaths.get(number, ())) >= unit.limits.tries:
                plays.append((number, _lost_by(deaths[number][-1])))
                continue
            try:
                plays.append((number, process.play(spec)))
            except AgentDied as error:
                deaths.setdefault(number, []).append(error)
                break
        else:
            return plays


def _run_alone(process: AgentProcess, spec: LevelSpec, tries: int) -> LevelPlay:
    while True:
        try:
            return process.play(spec)
        except AgentDied as error:
            tries -= 1
            if not tries:
                return _lost_by(error)


def _lost_by(death: AgentDied) -> LevelPlay:
    """A level in which the last process that may be tried died like those before."""
    return LevelPlay.lost(f"{death}, each time it played the level")


def _run_here(
    unit: Unit, report: OnLevel, stop: threading.Event | None
) -> list[tuple[int, LevelPlay]]:
    """Without limits, in this process: for agents one trusts."""
    from gym_mario_suite.competition.agent_process import Stopped

    agent = Entry(unit.entry).make()
    plays: list[tuple[int, LevelPlay]] = []
    for number, spec in unit.levels:
        if stop is not None and stop.is_set():
            raise Stopped("the run was broken off")
        game = Game(spec.generate().image, spec.mode, spec.time_limit)
        if not plays:
            load_queries(game)
        try:
            agent.reset()
            play = LevelPlay(*ask_through(agent, game, "the level"))
        except (Exception, SystemExit) as error:
            text = " ".join(str(error).split())
            play = LevelPlay.lost(f"{type(error).__name__}: {text}"[:300])
        plays.append((number, play))
        if unit.independent:
            report(number, play)
    if not unit.independent:
        for number, play in plays:
            report(number, play)
    return plays
