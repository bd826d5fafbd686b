"""Whether the numbers of a results file are true, found out by playing its replays."""

from __future__ import annotations

import operator
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from gym_mario_suite.competition.episode import lost_record, record_of
from gym_mario_suite.competition.framework_track import (
    FRAMEWORK_TRACK,
    FrameworkSpec,
    claimed_track,
    with_level,
)
from gym_mario_suite.competition.plays import LAST_ANSWER, PlayedLevel
from gym_mario_suite.competition.results import checksum, without_timings
from gym_mario_suite.competition.score import TrackScore
from gym_mario_suite.competition.tracks import LevelSpec, Track, make_track
from gym_mario_suite.datasets.replay import Replay, verify
from gym_mario_suite.engine.world import Status
from gym_mario_suite.errors import OptionError, ReplayError

_SUMS = ("score", "levels_cleared", "time_left_sum", "kills_sum", "mode_sum", "levels_failed")


def false_claims(
    run: dict[str, Any], folder: Path, on_level: Callable[[], None] | None = None
) -> Iterator[str]:
    """A line for everything in a run that is not true or cannot be shown to be.

    Times cannot be checked: they are the word of who ran the agent.

    Args:
        run: One run of a results file.
        folder: Where its replays lie.
        on_level: Called after each level.

    Raises:
        OptionError: When the run's track is unknown here, or its replays are not in the folder.
    """
    if run["track"].partition(":")[0] == FRAMEWORK_TRACK:
        track = claimed_track(run)
        if track.name != run["track"]:
            yield f"track: its levels are those of {track.name}, claimed {run['track']}"
    else:
        track = make_track(run["track"], run["seed"])
    if len(run["levels"]) != len(track.levels):
        yield f"levels: {len(run['levels'])} claimed, the track has {len(track.levels)}"
        return
    if all(level["replay"] is None and level["failure"] is None for level in run["levels"]):
        raise OptionError("there are no replays to verify: score with --replays FOLDER")
    names = [Path(level["replay"]).name for level in run["levels"] if level["replay"] is not None]
    if names and not any((folder / name).is_file() for name in names):
        raise OptionError(f"none of the {len(names)} replays is in {folder}; say --replays FOLDER")
    levels: list[PlayedLevel] = []
    for claim, spec in zip(run["levels"], track.levels, strict=True):
        name = spec.label
        played = None
        if claim["failure"] is not None:
            played = PlayedLevel(spec, lost_record(claim["failure"], np.zeros(0, np.int64)))
        else:
            try:
                played = _replayed(claim, spec, folder)
            except ReplayError as error:
                yield f"{name}: {error}"
        if played is not None:
            levels.append(played)
            told = {**played.to_json(), "generator": played.spec.generator}
            if played.exit_px is not None:
                told["exit_px"] = played.exit_px
            for field, true in told.items():
                if claim.get(field) != true:
                    yield f"{name}: {field} is {true!r}, claimed {claim.get(field)!r}"
        if on_level is not None:
            on_level()
    for field, true in (("only_last_counts", track.only_last_counts), ("track_note", track.note)):
        if run.get(field) != true:
            yield f"{field} is {true!r}, claimed {run.get(field)!r}"
    if len(levels) == len(track.levels):
        yield from _false_sums(run, track, levels)
    if run.get("checksum") != checksum(run):
        yield "the file was altered after it was written: its checksum does not match"


def _false_sums(run: dict[str, Any], track: Track, levels: list[PlayedLevel]) -> Iterator[str]:
    score = TrackScore(track, run["agent"], tuple(levels))
    for name in _SUMS:
        true = operator.attrgetter(name)(score)
        if run.get(name) != true:
            yield f"{name} is {true!r}, claimed {run.get(name)!r}"
    for name, true in score.framework_json().items():
        if without_timings({name: true}) != without_timings({name: run.get(name)}):
            yield f"{name} is {true!r}, claimed {run.get(name)!r}"


def _replayed(claim: dict[str, Any], spec: LevelSpec, folder: Path) -> PlayedLevel:
    """The level as its replay tells.

    Raises:
        ReplayError: When the replay is missing, is not true, or is of another level.
    """
    name = claim["replay"]
    if name is None:
        raise ReplayError("there is no replay of this level")
    if Path(name).name != name:
        raise ReplayError(f"a replay's name must be that of a file, got {name!r}")
    replay = Replay.load(folder / name)
    if isinstance(spec, FrameworkSpec):
        spec = with_level(spec, replay.level)
        of_level = spec.level is not None
    else:
        of_level = replay.level == spec.generate()
    if not of_level:
        raise ReplayError(f"{name} is a replay of another level")
    start = (replay.mode, replay.time_limit, replay.switches, replay.world)
    if start != (spec.mode, spec.time_limit, 0, None):
        raise ReplayError(f"{name} does not begin as the track does")
    game = verify(replay)
    if game.status == Status.RUNNING:
        raise ReplayError(f"{name} ends before the level does")
    if claim["replay_hash"] != replay.hashes[-1].hex():
        raise ReplayError(f"{name} is not the replay whose hash was claimed")
    last = replay.metadata.get(LAST_ANSWER)
    if not isinstance(last, int) or not 0 <= last <= 31:
        raise ReplayError(f"{name} does not tell the agent's last answer")
    answers = replay.keys[1:] + bytes([last])
    if claim["actions_crc32"] != zlib.crc32(answers):
        raise ReplayError(f"the actions of {name} are not those whose checksum was claimed")
    record = record_of(game, answers, np.zeros(0, np.int64))
    return PlayedLevel(spec, record, None, 16 * replay.level.x_exit)


def find_replays(run: dict[str, Any], results: Path) -> Path:
    """The folder that holds the first replay: beside the results file, or `replays` there.

    Raises:
        OptionError: When neither does.
    """
    names = [level["replay"] for level in run["levels"] if level["replay"] is not None]
    folders = (results.parent, results.parent / "replays", results.with_suffix(""))
    for folder in folders:
        if names and (folder / Path(names[0]).name).is_file():
            return folder
    if not names:
        return results.parent
    raise OptionError(f"the replays of {results} are not beside it; say --replays FOLDER")
