"""Players that are programs of their own, in other languages."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from short_track import needs_agent_processes, three_levels

from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.competition.contest import plan, play_contest
from gym_mario_suite.competition.entries import Entry
from gym_mario_suite.competition.episode import play_level
from gym_mario_suite.competition.limits import Limits
from gym_mario_suite.competition.score import TrackScore, score_track
from gym_mario_suite.competition.server import PlayServer
from gym_mario_suite.competition.sessions import serve_2009
from gym_mario_suite.competition.tracks import quick
from gym_mario_suite.engine.game import Game
from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels import generate

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "clients"
LIMITS = Limits(answer_s=1.0)


def scored(command: str) -> TrackScore:
    runs = plan([Entry(f"cmd:{command}")], [three_levels(0)], LIMITS)
    return play_contest(runs, LIMITS)[0]


def test_a_client_in_c_plays_a_level(tmp_path: Path) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or os.name != "posix":
        pytest.skip("there is no C compiler, or not the sockets that the client uses")
    program = tmp_path / "jumper"
    source = EXAMPLES / "jumper.c"
    subprocess.run([compiler, "-Wall", "-Werror", "-O1", "-o", program, source], check=True)
    with PlayServer(serve_2009, port=0) as server:
        options = ["-ls", "3", "-ld", "2", "-ll", "200", "-vis", "off", "-maxFPS", "on"]
        ran = subprocess.run(
            [program, str(server.address[1]), *options], capture_output=True, text=True, timeout=120
        )
    assert ran.returncode == 0, ran.stderr
    level = generate(3, 2, 0, 200)
    expected = play_level(make_agent("forward-jumping"), Game(level.image))
    assert f"after {expected.ticks} ticks: distance {expected.distance:.17g}," in ran.stdout


@needs_agent_processes
def test_an_agent_in_javascript_plays_a_track() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node")
    entry = Entry(f"cmd:{node} {EXAMPLES / 'jumper.mjs'}")
    track = quick(0)
    (score,) = play_contest(plan([entry], [track], LIMITS), LIMITS)
    expected = score_track(make_agent("forward-jumping"), track)
    assert [level.record for level in score.levels] == [level.record for level in expected.levels]


AGENT = """
import json, os, sys, time
level = ticks = 0
def say(**message):
    print(json.dumps(message), flush=True)
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "hello":
        say(type="hello", name="test", observe=[])
    elif message["type"] == "reset":
        level, ticks = level + 1, 0
    elif message["type"] == "observation":
        ticks += 1
        if level == 2 and ticks == 10:
            FAULT
        say(type="action", buttons=2)
"""


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("pass", None),
        ("sys.exit(7)", "the program closed its output (exit code 7)"),
        ("os.kill(os.getpid(), 9)", "the program closed its output (signal 9, SIGKILL)"),
        ("os.close(1); time.sleep(60)", "the program closed its output"),
        ("time.sleep(60)", "no answer within 1 s"),
        ("print('jump!', flush=True)", "after tick 10 not JSON: b'jump!'"),
        ("say(type='action', buttons='NaN')", '"buttons" must be a whole number'),
        ("say(type='action', buttons=float('nan'))", '"buttons" must be a whole number'),
        ("print('x' * 100_000, flush=True)", "a line may have 65,536 bytes"),
    ],
)
@needs_agent_processes
def test_a_command_with_a_fault_loses_the_level(
    fault: str, reason: str | None, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "agent.py"
    script.write_text(AGENT.replace("FAULT", fault))
    score = scored(f"{sys.executable} {script}")
    failures = [level.record.failure for level in score.levels]
    assert failures[0] is None
    assert failures[2] is None
    if reason is None:
        assert failures[1] is None
    else:
        assert reason in str(failures[1])
        # The fault is the program's: no traceback of this package's code.
        assert "ProtocolError" not in capfd.readouterr().err


@pytest.mark.parametrize(
    ("command", "message"),
    [("", "a command is missing"), ("'x", "No closing quotation"), ("no-such-program", "there is")],
)
def test_a_command_must_be_one(command: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        scored(command)


@needs_agent_processes
def test_a_command_that_says_no_hello_loses_all_levels() -> None:
    score = scored("echo hello")
    assert score.levels_failed == 3
    assert "not JSON: b'hello'" in [level.record.failure for level in score.levels]
