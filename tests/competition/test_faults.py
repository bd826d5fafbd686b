"""What an agent does wrong costs it levels, and nobody else anything."""

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from short_track import needs_agent_processes, three_levels

from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.competition.contest import plan, play_contest
from gym_mario_suite.competition.entries import Entry
from gym_mario_suite.competition.limits import Limits
from gym_mario_suite.competition.score import TrackScore, score_track
from gym_mario_suite.competition.tracks import TRACKS, Track, make_track
from gym_mario_suite.errors import OptionError

pytestmark = needs_agent_processes

LIMITS = Limits(answer_s=1.0, start_s=60.0, memory_mb=3000)


def scored(entry: str, track: str, limits: Limits = LIMITS, **options) -> TrackScore:
    (score,) = play_contest(plan([Entry(entry)], [make_track(track, 0)], limits), limits, **options)
    return score


def outcomes(score: TrackScore) -> list[tuple[float, str | None]]:
    return [(level.record.distance, level.record.failure) for level in score.levels]


REASONS = {
    "Sleeping": "no answer within 1 s",
    "Spinning": "no answer within 1 s",
    "Halting": "no answer within 1 s",
    "Raising": "RuntimeError: lost my \x1b[31mway",
    "Leaving": "SystemExit: 3",
    "NotANumber": "answered nan after tick 20",
    "TooMuch": "an action is a whole number from 0 to 31",
    "Hoarding": "out of memory (limit 3000 MB)",
    "Meddling": "the agent changed the game it was shown",
    "Unspeakable": "Unspeakable",
    "Crashing": "the agent's process ended (signal 11, SIGSEGV), each time it played the level",
    "Dying": "the agent's process ended (signal 9, SIGKILL), each time it played the level",
}
if sys.platform == "darwin":
    del REASONS["Hoarding"]  # nothing would stop it
HARMLESS = ("Fine", "Forking", "Threaded")


@pytest.fixture(scope="module")
def scores() -> dict[str, TrackScore]:
    """All of them in one contest, side by side."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MARIO_TEST_PID", str(os.getpid()))
        entries = [Entry(f"faulty_agents:{name}") for name in (*HARMLESS, *REASONS)]
        runs = plan(entries, [three_levels(0)], LIMITS, 3)
        found = play_contest(runs, LIMITS, jobs=3)
    return {score.agent.partition(":")[2]: score for score in found}


def good() -> list[tuple[float, str | None]]:
    """What an agent without faults gets, played in this process."""
    agent = make_agent("faulty_agents:Fine")
    return [(each.record.distance, None) for each in score_track(agent, three_levels(0)).levels]


@pytest.mark.parametrize("agent", HARMLESS)
def test_an_agent_without_faults_plays_all_levels(
    scores: dict[str, TrackScore], agent: str
) -> None:
    assert outcomes(scores[agent]) == good()


@pytest.mark.parametrize(("agent", "reason"), REASONS.items())
def test_a_fault_loses_the_level_and_the_run_goes_on(
    scores: dict[str, TrackScore], agent: str, reason: str
) -> None:
    first, second, third = outcomes(scores[agent])
    assert first == good()[0]
    assert second[0] == 0.0
    assert reason in str(second[1])
    if agent in ("Crashing", "Dying"):  # the third level is the second one of a new instance
        assert reason in str(third[1])
    else:
        assert third == good()[2]
        assert scores[agent].levels_failed == 1


def test_nothing_that_they_started_is_left(scores: dict[str, TrackScore]) -> None:
    deadline = time.monotonic() + 5
    while workers() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert workers() == []


def workers() -> list[str]:
    """Living worker processes of this test program, and their forks."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            own = f"MARIO_TEST_PID={os.getpid()}".encode()
            environment = (folder / "environ").read_bytes()
        except OSError:
            continue
        ours = any(word.endswith(b"competition.worker") for word in words)
        if ours and state != "Z" and own in environment:
            found.append(folder.name)
    return found


@pytest.mark.parametrize("agent", ["DyingOnce", "DyingOnceIndependent"])
def test_a_process_that_is_killed_is_started_again(three: str, agent: str, tmp_path: Path) -> None:
    score = scored(f"faulty_agents:{agent}:marker={tmp_path / 'died'}", three)
    assert (tmp_path / "died").exists()
    assert outcomes(score) == good()


def test_after_a_hang_the_first_answer_may_take_its_time_again(three: str, tmp_path: Path) -> None:
    score = scored(f"faulty_agents:HangingOnce:marker={tmp_path / 'hung'}", three)
    first, second, third = outcomes(score)
    assert (first, third) == (good()[0], good()[2])
    assert second == (0.0, "no answer within 1 s")


def test_an_agent_that_cannot_be_made_does_not_wait_for_another(three: str) -> None:
    entries = [Entry("faulty_agents:SlowImport"), Entry("faulty_agents:Unmakeable")]
    start = time.monotonic()
    with pytest.raises(OptionError, match="no licence"):
        plan(entries, [make_track(three, 0)], LIMITS, 2)
    # LIMITS would let the first one start for a minute.
    assert time.monotonic() - start < 40


def test_an_agent_that_cannot_be_made_is_refused(three: str) -> None:
    with pytest.raises(OptionError, match="RuntimeError: no licence"):
        scored("faulty_agents:Unmakeable", three)
    with pytest.raises(OptionError, match="faulty_agents has no 'Absent'"):
        scored("faulty_agents:Absent", three)
    with pytest.raises(OptionError, match="cannot be imported: ModuleNotFoundError"):
        scored("no_such_module:Agent", three)


@pytest.fixture
def one_second(monkeypatch: pytest.MonkeyPatch) -> str:
    """Name of a track of two levels of one second each."""

    def make(seed: int) -> Track:
        easy, _, hard = (replace(spec, time_limit=1) for spec in three_levels(seed).levels)
        return Track("brief", seed, (easy, hard))

    monkeypatch.setitem(TRACKS, "brief", make)
    return "brief"


def test_too_slow_is_disqualified_with_the_reason(one_second: str) -> None:
    score = scored("faulty_agents:Slow", one_second)
    assert score.disqualified == "over 40 ms per step on difficulty 0, 3"
    assert score.levels_failed == 0
    strict = scored("faulty_agents:Slow", one_second, Limits(strict=True))
    assert strict.disqualified is None
    assert strict.levels_failed == 2
    assert "slower than 40 ms per step: 4" in str(strict.levels[0].record.failure)


def test_answers_below_a_short_limit_are_no_fault(one_second: str) -> None:
    # 45 ms each. Where the machine stands still for a moment even these are late, so: one of three.
    assert any(
        not scored("faulty_agents:Slow", one_second, Limits(answer_s=0.08)).levels_failed
        for _ in range(3)
    )


def test_a_level_has_a_time_limit_too(one_second: str) -> None:
    score = scored("faulty_agents:Slow", one_second, Limits(level_s=0.3))
    assert [failure for _, failure in outcomes(score)] == ["the level took longer than 0.3 s"] * 2


@pytest.mark.parametrize(
    "limits", [{"answer_s": 0}, {"level_s": float("nan")}, {"memory_mb": 10}, {"start_s": -1.0}]
)
def test_limits_are_checked(limits: dict[str, float]) -> None:
    with pytest.raises(OptionError, match="must be"):
        Limits(**limits)  # type: ignore[arg-type]
