"""The window, on SDL's screen that nobody sees, and the commands that open it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pygame = pytest.importorskip("pygame", reason="needs pygame-ce, of the extra `play`")

from typer.testing import CliRunner  # noqa: E402

from gym_mario_suite import cli  # noqa: E402
from gym_mario_suite.datasets.replay import Replay, verify  # noqa: E402
from gym_mario_suite.engine.world import Button, Status  # noqa: E402
from gym_mario_suite.errors import MarioError, WindowError  # noqa: E402
from gym_mario_suite.play import window as window_module  # noqa: E402
from gym_mario_suite.play.episodes import Archive, LevelCourse, LevelOptions  # noqa: E402
from gym_mario_suite.play.session import State  # noqa: E402
from gym_mario_suite.play.window import (  # noqa: E402
    WindowOptions,
    show_course,
    show_replay,
)
from tests.processes import run_mario  # noqa: E402

RIGHT = int(Button.RIGHT)


def mario(*arguments):
    return CliRunner().invoke(cli.app, [str(a) for a in arguments], catch_exceptions=False)


# No test reads or writes the user's own key file.
pytestmark = pytest.mark.usefixtures("home")


def key(name, kind=pygame.KEYDOWN):
    return pygame.event.Event(kind, key=getattr(pygame, f"K_{name}"))


def human_course(folder):
    return LevelCourse(LevelOptions(seed=3), None, Archive(folder, "human", {"player": "human"}))


def test_pressed_keys_move_mario_and_closing_keeps_the_replay(script, tmp_path):
    script[0] = [key("RETURN")]
    script[5] = [key("RIGHT"), key("a")]
    script[200] = [pygame.event.Event(pygame.QUIT)]
    session = show_course(human_course(tmp_path), WindowOptions(scale=1))
    assert session.state is State.PLAYING
    assert session.game.x > 40
    [path] = tmp_path.glob("*.mario")
    replay = Replay.load(path)
    assert verify(replay).status == Status.RUNNING
    assert replay.ticks == session.game.ticks
    assert float(verify(replay).x) == float(session.game.x)
    assert not pygame.display.get_init()


def test_full_screen_and_back(script, tmp_path):
    sizes = []
    look = lambda: sizes.append(pygame.display.get_window_size()) or key("g")  # noqa: E731
    script[1] = [look, key("f")]
    script[3] = [look, key("F11")]
    script[5] = [look, key("ESCAPE")]
    show_course(human_course(None), WindowOptions(scale=2))
    desktop = sizes[1]
    assert sizes == [(640, 480), desktop, (640, 480)]


def test_a_lost_window_keeps_the_replay(script, tmp_path):
    def lose():
        pygame.display.quit()
        return key("g")

    script[0] = [key("RETURN")]
    script[100] = [lose]
    with pytest.raises(WindowError, match="the window was lost"):
        show_course(human_course(tmp_path), WindowOptions(scale=1))
    [path] = tmp_path.glob("*.mario")
    assert verify(Replay.load(path)).ticks > 3


def test_a_gamepad_that_goes_away(script, tmp_path, monkeypatch):
    class Pad:
        get_instance_id = staticmethod(lambda: 7)
        get_name = staticmethod(lambda: "Pad")

    made = window_module.Controls
    monkeypatch.setattr(
        window_module, "Controls", lambda b, **kw: made(b, lambda index: Pad(), **kw)
    )
    event = pygame.event.Event
    script[0] = [event(pygame.JOYDEVICEADDED, device_index=0)]
    script[1] = [event(pygame.JOYBUTTONDOWN, instance_id=7, button=7)]
    script[2] = [event(pygame.JOYHATMOTION, instance_id=7, hat=0, value=(1, 0))]
    script[100] = [event(pygame.JOYDEVICEREMOVED, instance_id=7)]
    script[110] = [event(pygame.QUIT)]
    session = show_course(human_course(tmp_path), WindowOptions(scale=1))
    assert session.state is State.PAUSED
    assert session.notice == "GAMEPAD GONE"
    assert session.game.x > 33
    [path] = tmp_path.glob("*.mario")
    assert RIGHT in Replay.load(path).keys


def test_focus_lost_pauses(script):
    script[0] = [key("RETURN")]
    script[1] = [key("F11"), pygame.event.Event(pygame.WINDOWFOCUSLOST)]
    script[2] = [key("ESCAPE")]
    assert show_course(human_course(None), WindowOptions()).state is State.PLAYING


def test_show_replay(script, tmp_path):
    script[0] = [key("RETURN")]
    script[100] = [key("ESCAPE")]
    show_course(human_course(tmp_path), WindowOptions(scale=1))
    [path] = tmp_path.glob("*.mario")
    replay = Replay.load(path)
    script.clear()
    session = show_replay(replay, speed=16.0, max_frames=100, scale=1)
    assert (session.state, session.game.ticks) == (State.ENDED, replay.ticks)


# --- the commands -------------------------------------------------------------------------------


def test_watch_writes_replays(tmp_path):
    folder = tmp_path / "replays"
    ran = mario(
        *("watch", "--agent", "forward-jumping", "--seed", 3, "--difficulty", 5, "--speed", 4),
        *("--scale", 1, "--max-frames", 30, "--replays", folder),
    )
    assert (ran.exit_code, ran.stdout) == (0, f"{folder}: 1 replays\n")
    [path] = folder.iterdir()
    assert path.name == "forward-jumping-seed3-difficulty5-type0-000000.mario"
    replay = Replay.load(path)
    assert verify(replay).ticks > 10
    assert replay.metadata["agent"] == "forward-jumping"
    options = ("--scale", 1, "--speed", 2, "--full-screen", "--max-frames", 5)
    assert mario("replay", path, *options).exit_code == 0


def test_play_opens_and_closes(tmp_path):
    ran = mario("play", "infinite", "--seed", "-3", "--type", 2, "--max-frames", 5, "--full-screen")
    assert (ran.exit_code, ran.stdout) == (0, "")


def test_keys_are_printed_and_written(home):
    text = mario("play", "keys").stdout
    assert 'jump = ["s"]' in text
    assert "(not there: defaults)" in text
    written = mario("play", "keys", "--write").stdout
    [path] = home.rglob("keys.toml")
    assert written == f"{path}: the default keys\n"
    with pytest.raises(MarioError, match="is there already"):
        mario("play", "keys", "--write")
    path.write_text("[keys]\njump = 'k'\n")
    assert 'jump = ["k"]' in mario("play", "keys").stdout
    path.write_text("[keys]\njump = 'no_such_key'\n")
    with pytest.raises(MarioError, match=r"keys\.toml, line 2: unknown key for jump"):
        mario("play", "infinite", "--max-frames", 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["play", "infinite", "--seed", "x"], "--seed must be a whole number, got 'x'"),
        (["play", "infinite", "--length", "0"], "length must be a whole number from 1"),
        (["play", "infinite", "--mode", "5"], "mode must be 0 small, 1 large or 2 fire"),
        (["play", "infinite", "--scale", "0"], "scale must be 1 to"),
        (["play", "infinite", "--keys", "absent.toml"], r"cannot read absent\.toml: No such file"),
        (["play", "infinite", "--replays", "/proc/x"], "cannot write into /proc/x"),
        (["watch", "--agent", "forwrd"], "did you mean 'forward'"),
        (["watch", "--agent", "forward", "--speed", "0"], "speed must be 0.01 to 100, got 0"),
        (["watch", "--agent", "forward", "--speed", "nan"], "speed must be"),
        (["replay", "absent.mario"], r"cannot read absent\.mario"),
    ],
)
def test_wrong_arguments(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MarioError, match=message):
        mario(*arguments)


def assert_one_line(ran, message):
    assert ran.returncode == 2
    [line] = ran.stderr.splitlines()
    assert line.startswith("error: ")
    assert message in line


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there is always a screen")
def test_without_a_screen():
    nothing = {"SDL_VIDEODRIVER": None, "DISPLAY": None, "WAYLAND_DISPLAY": None}
    ran = run_mario("play", "infinite", environment=nothing)
    assert_one_line(ran, "cannot open a window: ")
    ran = run_mario("play", "infinite", environment={"SDL_VIDEODRIVER": "x11", "DISPLAY": ":987"})
    assert_one_line(ran, "cannot open a window: ")


def test_without_pygame(tmp_path):
    (tmp_path / "pygame.py").write_text("raise ImportError('no pygame')")
    for command in (["play", "infinite"], ["watch", "--agent", "forward"]):
        ran = run_mario(*command, environment={"PYTHONPATH": str(tmp_path)})
        assert_one_line(ran, 'pip install "gym-mario-suite[play]"')


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_window_keeps_what_was_played(tmp_path, sent):
    folder = tmp_path / "replays"
    command = [sys.executable, "-m", "gym_mario_suite", "watch", "--agent", "scared"]
    options = ["--replays", str(folder), "--time-limit", "2000"]
    running = subprocess.Popen(
        [*command, *options],
        stderr=subprocess.PIPE,
        text=True,
        # A test run in the background of a shell ignores Ctrl-C, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 120
    while not list(Path(folder).glob("[!.]*.mario")) and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(sent)
    _, stderr = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Traceback" not in stderr
    [path] = folder.iterdir()
    assert verify(Replay.load(path)).ticks >= 120


@pytest.mark.skipif(not shutil.which("Xvfb"), reason="needs Xvfb")
def test_an_x_server_that_goes_away(tmp_path):
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "800x600x24"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with open(read) as numbers:
        display = f":{numbers.readline().strip()}"
    environment = {**os.environ, "SDL_VIDEODRIVER": "x11", "DISPLAY": display}
    folder = tmp_path / "replays"
    arguments = ["watch", "--agent", "scared", "--replays", str(folder), "--time-limit", "2000"]
    running = subprocess.Popen(
        [sys.executable, "-m", "gym_mario_suite", *arguments],
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        deadline = time.monotonic() + 120
        while not list(folder.glob("[!.]*.mario")) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)
        server.terminate()
        _, stderr = running.communicate(timeout=60)
    finally:
        server.kill()
        running.kill()
    assert running.returncode == 2
    assert stderr == "error: the window was lost: the X server is gone\n"
    [path] = folder.iterdir()
    assert verify(Replay.load(path)).ticks > 120, "with what came after the last save"
