"""`mario record`, `mario replay`, `mario export` and `mario score --replays`."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import minari
import pytest
from typer.testing import CliRunner

from gym_mario_suite import cli
from gym_mario_suite.datasets.recorder import RecordedGame
from gym_mario_suite.datasets.replay import Replay, verify
from gym_mario_suite.engine.world import Mode, Rules, Status
from gym_mario_suite.errors import MarioError
from gym_mario_suite.levels import generate
from gym_mario_suite.levels.formats import write_level
from gym_mario_suite.levels.grid_levels import to_grid, to_level
from tests.processes import run_mario


def mario(*arguments):
    """The command, with an error of ours raised rather than printed."""
    return CliRunner().invoke(cli.app, [str(a) for a in arguments], catch_exceptions=False)


@pytest.fixture
def recordings(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "recordings"
    ran = mario(
        *("record", "--agent", "forward-jumping", "--seed", "5", "--difficulty", "3"),
        *("--episodes", "3", "--out", folder),
    )
    assert ran.exit_code == 0
    assert ran.stdout == f"{folder}: 3 replays\n"
    return sorted(folder.iterdir())


def test_record(recordings):
    assert [path.name for path in recordings] == [
        f"forward-jumping-seed{seed}-difficulty3-type0.mario" for seed in (5, 6, 7)
    ]
    for seed, path in enumerate(recordings, 5):
        replay = Replay.load(path)
        assert replay.level == generate(seed, 3)
        assert verify(replay).status != Status.RUNNING
        assert replay.metadata["agent"] == "forward-jumping"


def test_record_level_files(tmp_path):
    """Of one name, of both rule sets; and each begins as its rules have it."""
    files = [tmp_path / "here" / "level.npz", tmp_path / "there" / "level.npz"]
    levels = [generate(5, 3, 0, 100), to_level(to_grid(generate(6, 3)), Rules.FRAMEWORK_2019)]
    for file, level in zip(files, levels, strict=True):
        file.parent.mkdir()
        write_level(file, level)
    out = tmp_path / "replays"
    ran = mario("record", "level", *files, "--agent", "forward-jumping", "--out", out)
    assert ran.stdout == f"{out}: 2 replays\n"
    paths = sorted(out.iterdir())
    assert [path.name for path in paths] == [
        "forward-jumping-level.npz-2.mario",
        "forward-jumping-level.npz.mario",
    ]
    later, first = map(Replay.load, paths)
    assert (first.level.rules, later.level.rules) == tuple(level.rules for level in levels)
    assert (first.mode, later.mode) == (Mode.FIRE, Mode.SMALL)
    for replay in (first, later):
        assert verify(replay).status != Status.RUNNING


def test_seconds_are_those_of_the_rules_clock(tmp_path):
    for rules, seconds in ((Rules.COMPETITION_2009, "3.3 s"), (Rules.FRAMEWORK_2019, "1.5 s")):
        game = RecordedGame(to_level(to_grid(generate(6, 3)), rules))
        for _ in range(50):
            game.tick(0)
        game.replay().save(tmp_path / "timed.mario")
        text = mario("replay", tmp_path / "timed.mario", "--info").stdout
        assert f"length: 50 ticks, {seconds} of level time" in text


def test_check_and_info(recordings):
    ran = mario("replay", recordings[0], "--check")
    assert ran.stdout == f"{recordings[0]}: verified, 259 ticks\n"
    text = mario("replay", recordings[0], "--info").stdout
    assert "2009 generator, seed 5, difficulty 3, type 0 (overground), length 320" in text
    assert "start: fire, time limit 200 s" in text
    assert "agent: forward-jumping" in text
    assert "end: dead, distance 2101.38 px" in text
    assert "verified: all 259 ticks" in text


def test_info_of_an_odd_replay(tmp_path):
    game = RecordedGame(generate(3, 2), 0, 77, creatures=False)
    game.tick(0)
    game.replay({"player": "\x1b[2J"}).save(tmp_path / "odd.mario")
    text = mario("replay", tmp_path / "odd.mario", "--info").stdout
    assert "start: small, time limit 77 s, creatures off" in text
    assert "end: unfinished" in text
    assert "\x1b" not in text
    saved = RecordedGame(generate(3, 2))
    saved.load_bytes(game.to_bytes())
    saved.replay().save(tmp_path / "saved.mario")
    assert "start: a saved game of" in mario("replay", tmp_path / "saved.mario", "--info").stdout


def test_several_files_are_all_checked(recordings, tmp_path):
    bad = tmp_path / "bad.mario"
    bad.write_bytes(b"no replay")
    ran = run_mario("replay", recordings[0], bad, recordings[1], "--check")
    assert ran.returncode == 2
    assert ran.stdout.count("verified") == 2
    assert "bad.mario: not a replay" in ran.stderr
    assert "error: 1 of 3 replays failed" in ran.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data[:100], "incomplete"),
        (lambda data: data[:50] + b"?" + data[51:], "damaged"),
        (lambda data: b"\x89PNG" + data, "not a replay"),
        (lambda data: data[:4] + b"\x02\x00" + data[6:], "version 2; this program reads version 1"),
    ],
    ids=["truncated", "corrupt", "foreign", "future"],
)
@pytest.mark.parametrize("option", ["--check", "--info", "--video", "minari"])
def test_bad_files(recordings, tmp_path, change, message, option, capsys):
    bad = tmp_path / "bad.mario"
    bad.write_bytes(change(recordings[0].read_bytes()))
    words = ["replay", bad, option, *[tmp_path / "x.gif"] * (option == "--video")]
    if option == "minari":
        words = ["export", "minari", bad, "--id", "x-v0"]
    with pytest.raises(SystemExit) as ended:
        cli.main([str(word) for word in words])
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith(f"error: {bad}: ")
    assert message in told
    assert len(told.splitlines()) == 1


def test_a_replay_that_does_not_match(recordings, tmp_path):
    replay = Replay.load(recordings[0])
    object.__setattr__(replay, "keys", replay.keys[:70] + b"\x05" + replay.keys[71:])
    replay.save(tmp_path / "other.mario")
    ran = run_mario("replay", tmp_path / "other.mario", "--info")
    assert ran.returncode == 2
    assert "agent: forward-jumping" in ran.stdout
    assert "another course within ticks 65 to 128" in ran.stderr


def test_video(recordings, tmp_path):
    ran = mario("replay", recordings[0], "--video", tmp_path / "film.mp4", "--scale", 1)
    assert ran.stdout == f"{tmp_path / 'film.mp4'}: 260 frames\n"
    assert (tmp_path / "film.mp4").stat().st_size > 10_000


def test_export(recordings, tmp_path, monkeypatch):
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "minari"))
    ran = mario("export", "minari", *recordings, "--id", "mario/test-v0", "--obs", "features")
    assert ran.stdout == "mario/test-v0: 3 episodes\n"
    dataset = minari.load_dataset("mario/test-v0")
    assert dataset.total_episodes == 3
    assert [len(e.rewards) + 1 for e in dataset] == [Replay.load(p).ticks for p in recordings]
    env = dataset.recover_environment()
    assert env.unwrapped.options.difficulty == 3  # type: ignore[attr-defined]


def test_an_export_that_cannot_be_leaves_nothing(recordings, tmp_path, monkeypatch):
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "minari"))
    game = RecordedGame(generate(0))
    for keys in (0, 2, 5, 5, 5, 31):
        game.tick(keys)
    game.replay().save(recordings[2])
    for option, value, message in (
        ("--frame-skip", 2, "within a step of 2 ticks"),
        ("--actions", "simple", "no action that presses left"),
        ("--obs", "smell", "unknown observation mode"),
    ):
        with pytest.raises(MarioError, match=message):
            mario("export", "minari", *recordings, "--id", "x-v0", option, value)
    assert not (tmp_path / "minari" / "x-v0").exists()


def test_score_writes_a_replay_of_each_level(tmp_path):
    path = tmp_path / "score.json"
    mario(
        *("score", "--agent", "forward", "--seed", "3", "--quiet"),
        *("--json", path, "--replays", tmp_path / "replays"),
    )
    levels = json.loads(path.read_text())["levels"]
    assert len(list((tmp_path / "replays").iterdir())) == len(levels) == 40
    for level in levels:
        name = f"forward-seed3-difficulty{level['difficulty']}-trial{level['trial']}.mario"
        replay = Replay.load(tmp_path / "replays" / name)
        game = verify(replay)
        assert (replay.ticks, float(game.x)) == (level["ticks"], level["distance"])
        assert (game.status, game.kills, game.coins, game.time_left) == (
            level["status"],
            level["kills"],
            level["coins"],
            level["time_left"],
        )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["record", "--agent", "forwrd", "--out", "x"], "did you mean 'forward'"),
        (["record", "--agent", "forward", "--out", "/proc/x"], "cannot write into /proc/x"),
        (["record", "--agent", "forward", "--out", "x", "--seed", "a"], "--seed must be a whole"),
        (["record", "--agent", "forward", "--out", "x", "--episodes", "0"], "at least 1, got 0"),
        (["record", "--agent", "forward", "--out", "x", "--mode", "7"], "mode must be"),
        (["record", "level", "absent.txt", "--agent", "forward", "--out", "x"], "absent.txt"),
        (["replay", "absent.mario", "--check"], "cannot read absent.mario: No such file"),
        (["replay", "a.mario", "b.mario", "--video", "x.mp4"], "one FILE"),
        (["replay", "a.mario", "--check", "--speed", "1"], "--speed is of the window"),
        (["replay", "a.mario", "--video", "x.mp4", "--full-screen"], "--full-screen is of the"),
        (["replay", "a.mario", "--info", "--scale", "3"], "--scale is of a video or the window"),
        (["replay", "a.mario", "--no-hud"], "--no-hud is of a video"),
        (["export", "minari", "absent.mario", "--id", "x"], "a Minari id looks like"),
        (["score", "--agent", "forward", "--replays", "/proc/x"], "cannot write into /proc/x"),
    ],
)
def test_wrong_arguments(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MarioError, match=message):
        mario(*arguments)


def test_a_lost_interruption_ends_the_recording_with_the_level(tmp_path, monkeypatch):
    played = []

    def play_and_lose_it(*_):
        played.append(1)
        if len(played) == 2:
            # As where it meets a callback: Python prints it there, and goes on.
            with contextlib.suppress(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("gym_mario_suite.competition.episode.play_level", play_and_lose_it)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        ran = mario("record", "--agent", "scared", "--episodes", "5", "--out", tmp_path)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert ran.exit_code == 130
    assert len(list(tmp_path.iterdir())) == len(played) == 2


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_recording_keeps_what_was_played(tmp_path, sent):
    folder = tmp_path / "replays"
    command = [sys.executable, "-m", "gym_mario_suite", "record", "--agent", "scared"]
    options = ["--episodes", "100000", "--out", str(folder)]
    running = subprocess.Popen(
        [*command, *options],
        stderr=subprocess.PIPE,
        text=True,
        # A test run in the background of a shell ignores Ctrl-C, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 120
    while len(list(folder.glob("[!.]*.mario"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(sent)
    _, stderr = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Traceback" not in stderr
    files = sorted(folder.iterdir())
    assert len(files) >= 3
    for path in files:
        verify(Replay.load(path))
