"""Agents with faults, named as `faulty_agents:Class` by the tests."""

import ctypes
import os
import signal
import stat
import threading
import time
from pathlib import Path

import numpy as np


class _Faulty:
    """Runs right; in its second level, at tick 20, it does `fault`."""

    name = "faulty"

    def __init__(self, *, marker: str = "") -> None:
        self.levels = 0
        self.ticks = 0
        self.marker = marker

    def reset(self) -> None:
        # A competition resets twice before each level.
        if self.ticks or not self.levels:
            self.levels += 1
        self.ticks = 0

    def act(self, game):
        self.ticks += 1
        if self.levels == 2 and self.ticks == 20:
            return self.fault(game)
        return 2

    def fault(self, game):
        raise NotImplementedError


class Fine(_Faulty):
    def fault(self, game):
        return 2


class Independent(Fine):
    independent_levels = True
    version = "7.1"


class Sleeping(_Faulty):
    def fault(self, game):
        time.sleep(3600)


class Spinning(_Faulty):
    """Ignores what can be ignored."""

    def fault(self, game):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            pass


class Halting(_Faulty):
    """Writes the beginning of a message into every pipe it finds, and says no more."""

    def fault(self, game):
        for number in range(3, 64):
            try:
                if stat.S_ISFIFO(os.fstat(number).st_mode):
                    os.write(number, b"\0\0\x10\0")
            except OSError:
                continue
        time.sleep(3600)


class Raising(_Faulty):
    def fault(self, game):
        raise RuntimeError("lost\nmy \x1b[31mway")


class Unspeakable(_Faulty):
    """Its error cannot be told."""

    class Unspeakable(Exception):
        def __str__(self) -> str:
            raise ValueError("no words")

    def fault(self, game):
        raise self.Unspeakable


class Leaving(_Faulty):
    def fault(self, game):
        raise SystemExit(3)


class NotANumber(_Faulty):
    def fault(self, game):
        return float("nan")


class TooMuch(_Faulty):
    def fault(self, game):
        return 2**200


class Forking(_Faulty):
    """The fork comes back from `act` like its parent; a second one never does."""

    def fault(self, game):
        if os.fork() == 0:
            return 2
        if os.fork() == 0:
            time.sleep(3600)
        return 2


class Hoarding(_Faulty):
    def fault(self, game):
        self.hoard = [np.zeros(1 << 26, np.uint8) for _ in range(1 << 20)]


class Meddling(_Faulty):
    """Plays on by itself."""

    def fault(self, game):
        for _ in range(10):
            game.tick(2)
        return 2


class Dying(_Faulty):
    def fault(self, game):
        os.kill(os.getpid(), signal.SIGKILL)


class Crashing(_Faulty):
    """As compiled code does that reads where nothing is."""

    def fault(self, game):
        ctypes.string_at(0)


class DyingOnce(_Faulty):
    """Killed from outside, one could say: the second time it goes well."""

    def fault(self, game):
        marker = Path(self.marker)
        if not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return 2


class DyingOnceIndependent(DyingOnce):
    independent_levels = True


class Threaded(_Faulty):
    """Leaves a thread behind that never ends."""

    def fault(self, game):
        threading.Thread(target=lambda: time.sleep(3600)).start()
        return 2


class Unmakeable:
    def __init__(self) -> None:
        raise RuntimeError("no licence")


class SlowImport:
    def __init__(self) -> None:
        time.sleep(3600)


class Slow(_Faulty):
    def act(self, game):
        time.sleep(0.045)
        return 0


class HangingOnce(_Faulty):
    """Its first answer takes long, as if it compiled; once it hangs later on."""

    independent_levels = True
    warm = False

    def act(self, game):
        if not self.warm:
            time.sleep(1.5)
            self.warm = True
        return super().act(game)

    def fault(self, game):
        marker = Path(self.marker)
        if not marker.exists():
            marker.touch()
            time.sleep(3600)
        return 2


class KillingItsParent(_Faulty):
    """As when a worker of a cluster is killed: the process that watches over the agent."""

    def fault(self, game):
        marker = Path(self.marker)
        if not marker.exists():
            marker.touch()
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(30)
        return 2


class Counting(Fine):
    """Appends a line for each level it begins."""

    def reset(self) -> None:
        before = self.levels
        super().reset()
        if self.levels != before:
            with Path(self.marker).open("a") as file:
                file.write("level\n")


class CountingIndependent(Counting):
    independent_levels = True


class Interrupting(CountingIndependent):
    """The run is killed while the third level is played; not if the file `<marker>.go` exists."""

    def act(self, game):
        lines = Path(self.marker).read_text().count("level")
        if lines == 3 and not Path(self.marker + ".go").exists():
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(30)
        return super().act(game)
