"""`mario score`."""

# No `from __future__ import annotations`: Typer reads the annotations. The modules that load numba
# are imported by the command, so that its help comes at once.

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from gym_mario_suite.agents.registry import AGENTS
from gym_mario_suite.completion import words
from gym_mario_suite.errors import OptionError

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def _tracks(incomplete: str) -> list[str]:
    from gym_mario_suite.competition.tracks import TRACKS

    return words(TRACKS)(incomplete)


@app.command(
    epilog="Example: mario score --agent forward-jumping --agent astar --seed 0 --json results.json"
)
def score(
    agent: Annotated[
        list[str],
        typer.Option(
            metavar="NAME[:OPTION=VALUE,...]",
            help=f"Who plays: {', '.join(AGENTS)}, module:Class, or 'cmd:program arguments'. "
            "May be given several times.",
            autocompletion=words(AGENTS),
        ),
    ],
    # Text, so that a malformed seed is one line like our other errors.
    seed: Annotated[
        str,
        typer.Option(
            metavar="INTEGER[,...]", help="What the levels are made from, 32 bits; one run each."
        ),
    ] = "0",
    track: Annotated[
        str,
        typer.Option(
            metavar="NAME[:OPTION=VALUE,...]", help="Which levels.", autocompletion=_tracks
        ),
    ] = "cig-2009",
    levels: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LEVELS",
            help="Levels of the track framework-2019: a level text, a folder, a glob pattern, "
            "@LIST, or seed:N..M[,difficulty=D,type=T,length=L]. May be given several times.",
        ),
    ] = None,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Write the result there as JSON."),
    ] = None,
    replays: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write a replay of each level there."),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Print the competition score and nothing else.")
    ] = False,
    isolated: Annotated[
        bool | None,
        typer.Option(
            "--isolated/--in-process",
            help="Whether agents run in processes of their own, with limits of time and memory. "
            "By default all do but this package's; on Windows none can.",
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Processes at a time. By default one for each core, and none beside this one "
            "where only this package's agents play.",
        ),
    ] = None,
    engine: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="processes (this machine) or ray (a cluster).",
            autocompletion=words(("processes", "ray")),
        ),
    ] = "processes",
    address: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Of the Ray cluster.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the interrupted run of this --json FILE.")
    ] = False,
    strict_time: Annotated[
        bool,
        typer.Option(
            "--strict-time",
            help="More than 40 ms per step lose the level, instead of disqualifying the agent.",
        ),
    ] = False,
    answer_limit: Annotated[
        float, typer.Option(metavar="SECONDS", help="For one answer, before an agent is ended.")
    ] = 10.0,
    start_limit: Annotated[
        float, typer.Option(metavar="SECONDS", help="For an agent's start and first answer.")
    ] = 120.0,
    level_limit: Annotated[float, typer.Option(metavar="SECONDS", help="For a level.")] = 600.0,
    memory: Annotated[
        int,
        typer.Option(
            metavar="MB", help="Address space of an agent's process, 0 for any. Not on macOS."
        ),
    ] = 4096,
) -> None:
    """Play a track of levels with agents and score it as the 2009 competition did.

    The track framework-2019 is scored by the levels won.
    """
    seeds = _parse_seeds(seed)

    from gym_mario_suite.competition.agent_process import CAN_ISOLATE
    from gym_mario_suite.competition.entries import Entry
    from gym_mario_suite.competition.framework_track import FRAMEWORK_TRACK, framework_track
    from gym_mario_suite.competition.limits import Limits
    from gym_mario_suite.competition.score_run import Output, run_and_report
    from gym_mario_suite.competition.tracks import make_track

    if resume and json_file is None:
        raise OptionError("--resume needs the --json FILE of the run that was interrupted")
    if address is not None and engine != "ray":
        raise OptionError("--address names a Ray cluster: give --engine ray, too")
    entries = [Entry(text) for text in agent]
    many = jobs not in (None, 1) or engine != "processes"
    if isolated is None:
        isolated = many or not all(entry.is_built_in for entry in entries)
        if isolated and not (CAN_ISOLATE or many or any(entry.is_command for entry in entries)):
            isolated = False
            print(
                "this system has no processes that can be watched: agents play in this one, "
                "without limits of time and memory",
                file=sys.stderr,
            )
    elif not isolated and many:
        raise OptionError("--in-process plays one level at a time: leave out --jobs and --engine")
    elif not isolated and any(entry.is_command for entry in entries):
        raise OptionError("--in-process is for Python agents; a command is always a process")
    limits = Limits(
        strict=strict_time,
        answer_s=answer_limit,
        start_s=start_limit,
        level_s=level_limit,
        memory_mb=memory,
        isolated=isolated,
    )
    if track == FRAMEWORK_TRACK and levels:
        if len(seeds) > 1:
            raise OptionError(f"--seed chooses nothing on the track {FRAMEWORK_TRACK}: name one")
        tracks = [framework_track(levels, seeds[0])]
    elif levels:
        raise OptionError(f"--levels is for --track {FRAMEWORK_TRACK}, not for {track}")
    else:
        tracks = [make_track(track, each) for each in seeds]
    output = Output(json_file, replays, quiet)
    where: dict[str, Any] = {"engine": engine, "jobs": _jobs(jobs, isolated), "address": address}
    run_and_report(entries, tracks, limits, output, resume=resume, **where)


def _jobs(jobs: int | None, isolated: bool) -> int:
    import os

    if jobs is not None and jobs < 1:
        raise OptionError(f"--jobs must be at least 1, got {jobs}")
    return jobs or (os.cpu_count() or 1 if isolated else 1)


def _parse_seeds(text: str) -> list[int]:
    try:
        seeds = [int(part) for part in text.split(",")]
    except ValueError:
        raise OptionError(f"--seed must be a whole number, got {text!r}") from None
    if len(set(seeds)) < len(seeds):
        raise OptionError(f"--seed {text} names a seed twice")
    return seeds
