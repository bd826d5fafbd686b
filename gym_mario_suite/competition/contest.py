"""A contest: agents on a track with some seeds, from entries to scores."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from gym_mario_suite.competition.agent_process import AgentDied, AgentProcess
from gym_mario_suite.competition.engines import ENGINES, run_units
from gym_mario_suite.competition.entries import Entry
from gym_mario_suite.competition.journal import Journal
from gym_mario_suite.competition.limits import Limits
from gym_mario_suite.competition.plays import LevelPlay, judge
from gym_mario_suite.competition.score import TrackScore
from gym_mario_suite.competition.tracks import Track
from gym_mario_suite.competition.units import Unit, split
from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels.level import rules_name


@dataclass(frozen=True)
class Run:
    """One agent on one track.

    Attributes:
        entry: Who plays.
        version: Of the agent.
        independent: Whether its levels may be played apart from each other.
        track: What is played, for one seed.
    """

    entry: Entry
    version: str
    independent: bool
    track: Track


def plan(
    entries: Sequence[Entry], tracks: Sequence[Track], limits: Limits, jobs: int = 1
) -> list[Run]:
    """Every agent with every track, after a look at each agent.

    An agent that is not built in is looked at in a process of its own, `jobs` at a time.

    Raises:
        OptionError: For an entry that names no agent, or comes twice.
    """
    for entry in entries:
        if [each.text for each in entries].count(entry.text) > 1:
            raise OptionError(f"agent {entry.text!r} is named twice")
    stop = threading.Event()
    with ThreadPoolExecutor(jobs) as pool:
        try:
            waiting = [pool.submit(_look_at, entry, limits, stop) for entry in entries]
            for look in wait(waiting, return_when=FIRST_EXCEPTION).done:
                look.result()
            looks = [look.result() for look in waiting]
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    runs: list[Run] = []
    for entry, about in zip(entries, looks, strict=True):
        for track in tracks:
            _require_rules(entry, about.get("rules"), track)
        runs += [
            Run(entry, str(about["version"]), about["independent_levels"] is True, track)
            for track in tracks
        ]
    return runs


def _require_rules(entry: Entry, rules: object, track: Track) -> None:
    """Refuse an agent that says it plays by other rules than the track's.

    Raises:
        OptionError: For such an agent.
    """
    needed = rules_name(track.rules)
    if isinstance(rules, list) and needed not in rules:
        raise OptionError(
            f"agent {entry.text!r} plays by the rules {', '.join(map(str, rules))} only; the track "
            f"{track.name} has the rules {needed}"
        )


def _look_at(entry: Entry, limits: Limits, stop: threading.Event) -> dict[str, object]:
    if entry.is_built_in or not limits.isolated:
        return entry.describe()
    if entry.is_command:
        return entry.describe()  # this runs nothing
    with AgentProcess(entry.text, limits, stop) as process:
        try:
            return process.start()
        except AgentDied as error:
            raise OptionError(f"agent {entry.text!r}: {error} when it was started") from None


def play_contest(
    runs: Sequence[Run],
    limits: Limits,
    *,
    engine: str = "processes",
    jobs: int = 1,
    address: str | None = None,
    journal: Path | None = None,
    resume: bool = False,
    on_level: Callable[[], None] | None = None,
    on_done: Callable[[list[TrackScore]], None] | None = None,
) -> list[TrackScore]:
    """Play all runs and judge what was played.

    Args:
        runs: What is played.
        limits: What the agents may take.
        engine: One of `engines.ENGINES`.
        jobs: How much runs at a time on this machine.
        address: Of a Ray cluster.
        journal: Where to note what is done; None notes nothing.
        resume: Whether to go on from the journal.
        on_level: Called for each level that is final.
        on_done: Called with the scores before the journal is deleted.

    Returns:
        A score for each run, in the order of the runs, whatever the engine.

    Raises:
        OptionError: For a journal of other runs, or an agent that cannot be made.
    """
    if engine not in ENGINES or jobs < 1:
        raise OptionError(f"engine must be one of {', '.join(ENGINES)}, and jobs at least 1")
    whole = [
        Unit(
            number,
            run.entry.text,
            tuple(enumerate(run.track.levels)),
            # Programs and several jobs at a time need processes of their own.
            replace(limits, isolated=limits.isolated or run.entry.is_command or jobs > 1),
            run.independent,
            tuple(sys.path),
        )
        for number, run in enumerate(runs)
    ]
    plays: dict[tuple[int, int], LevelPlay] = {}
    with ExitStack() as stack:
        notes: Journal | None = None
        if journal is not None:
            versions = [run.version for run in runs]
            notes = stack.enter_context(Journal(journal, whole, versions, resume))
            plays.update(notes.plays)
        todo = [left for unit in whole for left in left_over(unit, plays)]

        def note(index: int, number: int, play: LevelPlay) -> None:
            run = todo[index].run
            plays[run, number] = play
            if notes is not None:
                notes.add(run, number, play)
            if on_level is not None:
                on_level()

        if on_level is not None:
            for _ in range(
                sum(len(unit.levels) for unit in whole) - sum(len(unit.levels) for unit in todo)
            ):
                on_level()
        run_units(todo, note, engine=engine, jobs=jobs, address=address)
        scores = [_score(number, run, plays, limits) for number, run in enumerate(runs)]
        if on_done is not None:
            on_done(scores)
        if notes is not None:
            notes.remove()
    return scores


def left_over(unit: Unit, done: dict[tuple[int, int], LevelPlay]) -> list[Unit]:
    """What is still to be played: single levels of an independent unit, else all or nothing.

    Args:
        unit: A whole run.
        done: (run, level number) -> play.
    """
    left = tuple(level for level in unit.levels if (unit.run, level[0]) not in done)
    if not left:
        return []
    return split(replace(unit, levels=left if unit.independent else unit.levels))


def _score(
    number: int, run: Run, plays: dict[tuple[int, int], LevelPlay], limits: Limits
) -> TrackScore:
    levels = tuple(
        judge(spec, plays[number, index], run.entry.text, strict=limits.strict)
        for index, spec in enumerate(run.track.levels)
    )
    return TrackScore(run.track, run.entry.text, levels, limits.strict)
