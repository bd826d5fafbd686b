"""`mario make` on a real X screen, driven by xdotool: painted, played, saved, reopened, killed."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from gym_mario_suite.levels.maker.course_files import read_course_file
from gym_mario_suite.levels.maker.course_json import read_course_json
from gym_mario_suite.levels.maker.parts import AIR, BY_NAME
from gym_mario_suite.play.make.document import new_course
from gym_mario_suite.play.make.layout import laid_out
from gym_mario_suite.play.make.view import View

pytest.importorskip("pygame", reason="needs pygame-ce, of the extra `play`")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which("Xvfb") and shutil.which("xdotool")), reason="needs Xvfb and xdotool"
    ),
]
GROUND = BY_NAME["ground"].code
START_S = 90


@pytest.fixture
def screen(tmp_path):
    """An X server of our own; the environment that leads there."""
    read, write = os.pipe()
    # Without -noreset it starts anew when its last client is gone, and the next may find none.
    shape = ["-screen", "0", "1400x900x24", "-nolisten", "tcp", "-noreset"]
    command = ["Xvfb", "-displayfd", str(write), *shape]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as pipe:
        number = pipe.readline().strip()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SDL_")}
    environment |= {"DISPLAY": f":{number}", "SDL_AUDIODRIVER": "dummy"}
    environment |= {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    yield environment
    server.terminate()
    server.wait()


class Driver:
    """A running editor with its mouse and keyboard."""

    def __init__(self, environment, *arguments):
        self.environment = environment
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gym_mario_suite", "make", *map(str, arguments)],
            env=environment,
        )
        self.window = self._wait_for_window()
        time.sleep(1.0)

    def _wait_for_window(self):
        ends = time.monotonic() + START_S
        while time.monotonic() < ends:
            found = self.xdotool("search", "--pid", str(self.process.pid))
            if found.strip():
                return found.split()[-1]
            assert self.process.poll() is None
            time.sleep(0.2)
        raise AssertionError("no window came")

    def xdotool(self, *arguments):
        done = subprocess.run(
            ["xdotool", *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            env=self.environment,
        )
        return done.stdout

    def keys(self, *names):
        for name in names:
            self.xdotool("key", name)
            time.sleep(0.12)

    def place(self, column, row):
        """Screen pixel of a cell, in a window of 1280x800 with two pixels for each."""
        board = laid_out(640, 400).board
        view = View()
        view.fit(100, 14, board.width, board.height)
        view.show((0, 11))
        x, y = view.place(column + 0.5, row + 0.5)
        left = int(self.geometry()["X"])
        top = int(self.geometry()["Y"])
        return left + 2 * (board.x + x), top + 2 * (board.y + y)

    def geometry(self):
        lines = self.xdotool("getwindowgeometry", "--shell", self.window).split()
        return dict(line.split("=") for line in lines if "=" in line)

    def drag(self, start, end, button=1):
        self.xdotool("mousemove", *self.place(*start), "mousedown", button)
        time.sleep(0.15)
        self.xdotool("mousemove", *self.place(*end))
        time.sleep(0.15)
        self.xdotool("mouseup", button)
        time.sleep(0.15)

    def quit(self):
        self.keys("ctrl+q")
        return self.process.wait(60)


def wait_for(what, seconds=60):
    """Wait until a condition holds: a busy machine may take its time."""
    ends = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < ends, "it did not come about"
        time.sleep(0.1)


def wait_for_cells(path, holds):
    wait_for(lambda: path.exists() and holds(read_course_file(path).cells))


def recovery_file(tmp_path):
    return next(iter(tmp_path.rglob("*.recovery.json")), None)


def kept_by_recovery(tmp_path):
    file = recovery_file(tmp_path)
    assert file is not None
    return read_course_json(json.loads(file.read_text())["course"])


def test_paint_play_save_reopen_undo_kill_recover(screen, tmp_path):
    path = tmp_path / "course.mmc.json"
    driver = Driver(screen, path)
    try:
        driver.drag((3, 8), (10, 8))
        driver.drag((5, 8), (6, 8), button=3)
        driver.keys("F5")
        time.sleep(0.5)
        driver.xdotool("keydown", "Right")
        time.sleep(2.0)
        driver.xdotool("keyup", "Right")
        driver.keys("Escape")
        time.sleep(0.5)
        expected = [AIR] * 3 + [GROUND] * 2 + [AIR] * 2 + [GROUND] * 4 + [AIR]
        driver.keys("ctrl+s")
        wait_for_cells(path, lambda cells: cells[8, :12].tolist() == expected)
        assert (read_course_file(path).cells[:8] == AIR).all()
        # Undone, saved, done again, saved.
        driver.keys("ctrl+z", "ctrl+s")
        wait_for_cells(path, lambda cells: (cells[8, 3:11] == GROUND).all())
        driver.keys("ctrl+y", "ctrl+s")
        wait_for_cells(path, lambda cells: cells[8, :12].tolist() == expected)
        assert driver.quit() == 0
        assert recovery_file(tmp_path) is None

        driver = Driver(screen, path)
        driver.drag((12, 4), (20, 4))
        wait_for(lambda: recovery_file(tmp_path) is not None, 10)
        wait_for(lambda: (kept_by_recovery(tmp_path).cells[4, 12:21] == GROUND).all(), 10)
        driver.process.send_signal(signal.SIGKILL)
        driver.process.wait()
        assert (kept_by_recovery(tmp_path).cells[4, 12:21] == GROUND).all()
        assert (read_course_file(path).cells[4] == AIR).all()

        driver = Driver(screen)
        driver.keys("Return", "ctrl+s")  # recover, save
        wait_for_cells(path, lambda cells: (cells[4, 12:21] == GROUND).all())
        assert read_course_file(path).cells[8, :12].tolist() == expected
        assert driver.quit() == 0
        assert recovery_file(tmp_path) is None
    finally:
        driver.process.kill()
        driver.process.wait()


def test_inpaint_and_a_lost_server(screen, tmp_path):
    path = tmp_path / "course.mmc.json"
    driver = Driver(screen, path)
    try:
        driver.keys("s")
        driver.drag((8, 0), (22, 13))
        driver.keys("ctrl+g", "Return")
        ends = time.monotonic() + START_S
        found = None
        while found is None or (found[:, 8:23] == new_course().cells[:, 8:23]).all():
            assert time.monotonic() < ends, "no answer came"
            driver.keys("ctrl+s")
            time.sleep(0.3)
            found = read_course_file(path).cells if path.exists() else None
        assert (found[:, :8] == new_course().cells[:, :8]).all()
        driver.keys("ctrl+z", "ctrl+s")
        wait_for_cells(path, lambda cells: (cells == new_course().cells).all())
        driver.keys("b")
        driver.drag((3, 2), (5, 2))
        time.sleep(1.0)
        driver.xdotool("windowkill", driver.window)
        assert driver.process.wait(60) == 2
        kept = kept_by_recovery(tmp_path)
        assert (kept.cells[2, 3:6] == GROUND).all()
    finally:
        driver.process.kill()
        driver.process.wait()
