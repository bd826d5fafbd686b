"""Runs in parallel, on other engines, interrupted and resumed: always the same results."""

import errno
import io
import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from short_track import needs_agent_processes, three_levels

from gym_mario_suite.competition.contest import left_over, plan, play_contest
from gym_mario_suite.competition.entries import Entry
from gym_mario_suite.competition.journal import Journal, journal_path
from gym_mario_suite.competition.limits import Limits
from gym_mario_suite.competition.plays import LevelPlay
from gym_mario_suite.competition.results import load_results, result_of, without_timings
from gym_mario_suite.competition.score import TrackScore
from gym_mario_suite.competition.tracks import cig_2009
from gym_mario_suite.competition.units import LEVELS_PER_UNIT, Unit, split
from gym_mario_suite.errors import OptionError
from tests.processes import run_mario

ENTRIES = ("forward-jumping", "ellingsen", "faulty_agents:Independent")
HERE = Limits(isolated=False)


def contest(limits: Limits, *entries: str, **options: Any) -> list[TrackScore]:
    runs = plan([Entry(text) for text in entries], [three_levels(s) for s in (0, 5)], limits)
    return play_contest(runs, limits, **options)


def as_bytes(scores: list[TrackScore]) -> bytes:
    values = [without_timings(result_of(score, "1", True)) for score in scores]
    return json.dumps(values, sort_keys=True).encode()


@needs_agent_processes
def test_two_runs_and_two_ways_give_the_same_bytes() -> None:
    one = contest(HERE, *ENTRIES)
    assert [(score.agent, score.track.seed) for score in one] == [
        (entry, seed) for entry in ENTRIES for seed in (0, 5)
    ]
    assert as_bytes(contest(HERE, *ENTRIES)) == as_bytes(one)
    assert as_bytes(contest(Limits(), *ENTRIES, jobs=3)) == as_bytes(one)


@pytest.mark.slow
def test_ray_gives_the_same_bytes_and_survives_a_killed_worker(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    dying = f"faulty_agents:KillingItsParent:marker={tmp_path / 'killed'}"
    (tmp_path / "killed").touch()
    one = as_bytes(contest(Limits(), *ENTRIES, dying))
    (tmp_path / "killed").unlink()
    assert as_bytes(contest(Limits(), *ENTRIES, dying, engine="ray", jobs=2)) == one
    assert (tmp_path / "killed").exists()


def test_an_engine_must_be_known() -> None:
    with pytest.raises(OptionError, match="engine must be one of processes, ray"):
        contest(HERE, "forward", engine="cloud")


def test_independent_levels_are_split() -> None:
    levels = tuple(enumerate(cig_2009(0).levels))
    units = split(Unit(0, "x", levels, HERE, True))
    assert tuple(level for unit in units for level in unit.levels) == levels
    assert {len(unit.levels) for unit in units} == {LEVELS_PER_UNIT}
    whole = Unit(0, "x", levels, HERE, False)
    assert split(whole) == [whole]


def test_an_agent_that_carries_state_begins_its_track_anew() -> None:
    levels = tuple(enumerate(three_levels(0).levels))
    play = LevelPlay.lost("tired")
    part = {(0, 0): play, (0, 1): play}
    stateful = Unit(0, "x", levels, HERE, False)
    assert left_over(stateful, part) == [stateful]
    (rest,) = left_over(replace(stateful, independent=True), part)
    assert [number for number, _ in rest.levels] == [2]
    assert left_over(stateful, part | {(0, 2): play}) == []


def run_there(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run_mario(*arguments, folder=Path(__file__).parent)  # where faulty_agents is


@needs_agent_processes
def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    marker, file = tmp_path / "begun", tmp_path / "results.json"
    marker.touch()
    score = ["score", "--track", "quick", "--json", str(file), "--resume", "--agent"]
    agent = f"faulty_agents:Interrupting:marker={marker}"
    assert run_there(*score, agent).returncode == -9
    assert not file.exists()
    assert marker.read_text() == 3 * "level\n"
    (tmp_path / "begun.go").touch()
    other = run_there(*score, "faulty_agents:Independent")
    assert (other.returncode, other.stdout) == (2, "")
    assert "belongs to another run" in other.stderr
    ran = run_there(*score, agent)
    assert ran.returncode == 0, ran.stderr
    # Two levels were done, the third had begun.
    assert marker.read_text() == 5 * "level\n"
    assert not journal_path(file).exists()
    (run,) = load_results(file)
    whole = play_contest(plan([Entry(agent)], [make_quick()], HERE), HERE)
    assert without_timings(run) == without_timings(result_of(whole[0], run["agent_version"], False))


def make_quick():
    from gym_mario_suite.competition.tracks import quick

    return quick(0)


def test_a_journal_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    unit = Unit(0, "x", tuple(enumerate(three_levels(0).levels)), HERE, True)
    play = LevelPlay.lost("tired")
    with Journal(path, [unit], ["1"], resume=False) as journal:
        for number in range(3):
            journal.add(0, number, play)
    path.write_bytes(path.read_bytes()[:-30])
    with Journal(path, [unit], ["1"], resume=True) as journal:
        assert journal.plays == {(0, 0): play, (0, 1): play}
        journal.add(0, 2, play)
    with Journal(path, [unit], ["1"], resume=True) as journal:
        assert len(journal.plays) == 3
    with pytest.raises(OptionError, match="belongs to another run"):
        Journal(path, [unit], ["2"], resume=True)
    path.write_text("{}")
    with pytest.raises(OptionError, match="is no journal"):
        Journal(path, [unit], ["1"], resume=True)
    with Journal(path, [unit], ["1"], resume=False) as journal:
        assert journal.plays == {}
        journal.remove()
    assert not path.exists()


def test_a_journal_that_cannot_be_written_again_keeps_what_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal"
    unit = Unit(0, "x", tuple(enumerate(three_levels(0).levels)), HERE, True)
    with Journal(path, [unit], ["1"], resume=False) as journal:
        journal.add(0, 0, LevelPlay.lost("tired"))
    held = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OptionError, match=r"cannot write .*journal"):
        Journal(path, [unit], ["1"], resume=True)
    monkeypatch.undo()
    assert path.read_bytes() == held


def test_an_agent_is_named_once() -> None:
    with pytest.raises(OptionError, match="'forward' is named twice"):
        contest(HERE, "forward", "forward")


def test_a_full_disk_ends_the_journal_and_not_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.BytesIO):
        def flush(self) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    unit = Unit(0, "x", tuple(enumerate(three_levels(0).levels)), HERE, True)
    with Journal(tmp_path / "j", [unit], ["1"], resume=False) as journal:
        journal._file.close()
        monkeypatch.setattr(journal, "_file", Full())
        for number in range(3):
            journal.add(0, number, LevelPlay.lost("tired"))
        assert len(journal.plays) == 3
    assert capsys.readouterr().err.count("No space left on device") == 1
