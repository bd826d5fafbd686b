"""An agent in a process of its own, watched from outside."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from gym_mario_suite.competition.frames import FrameReader
from gym_mario_suite.competition.limits import Limits
from gym_mario_suite.competition.plays import LevelPlay
from gym_mario_suite.competition.process_end import how_ended
from gym_mario_suite.competition.tracks import LevelSpec
from gym_mario_suite.errors import MarioError, OptionError

CAN_ISOLATE = os.name == "posix"  # pipes handed on, process groups, limits of memory
_WORKER = "gym_mario_suite.competition.worker"
_MAX_MESSAGE = 1 << 24
_LOOK_S = 0.2
_BEAT_S = 0.1
_MAX_TICKS = 1 << 24


class AgentDied(MarioError):
    """The process ended by itself: neither the rules nor the agent's answers did it."""


class Stopped(MarioError):
    """The run is being broken off."""


class AgentProcess:
    """Plays levels with an agent in a process group of its own.

    It is started when it is needed, and again after a fault that ended it.

    Args:
        entry: Text of the entry.
        limits: Its limits.
        stop: Set to end the process and break off.
        search_path: Where Python modules are sought beside `sys.path`.

    Raises:
        OptionError: Where the system has no such processes.
    """

    def __init__(
        self,
        entry: str,
        limits: Limits,
        stop: threading.Event | None = None,
        search_path: Sequence[str] = (),
    ) -> None:
        if not CAN_ISOLATE:
            raise OptionError(
                "agents in processes of their own, and programs, need Linux or macOS (on Windows "
                "WSL); agents in Python play in this process: --in-process, Limits(isolated=False)"
            )
        self._entry = entry
        self._limits = limits
        self._stop = stop or threading.Event()
        self._path = [*sys.path, *(each for each in search_path if each not in sys.path)]
        self._process: subprocess.Popen[bytes] | None = None
        self._first_answer_due = True
        self._first_answer_hung = False

    def __enter__(self) -> AgentProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The running process, if there is one."""
        return self._process.pid if self._process is not None else None

    def start(self) -> dict[str, Any]:
        """Start the process.

        Returns:
            What `Entry.describe` says of the agent.

        Raises:
            OptionError: When the agent cannot be made.
            AgentDied: When the process ends.
        """
        child_reads, we_write = os.pipe()
        we_read, child_writes = os.pipe()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", _WORKER, str(child_reads), str(child_writes)],
                pass_fds=(child_reads, child_writes),
                stdin=subprocess.DEVNULL,
                stdout=2,
                env=_environment(),
                start_new_session=True,
            )
        finally:
            os.close(child_reads)
            os.close(child_writes)
        self._commands = Connection(we_write, readable=False)
        self._answers = Connection(we_read, writable=False)
        self._frames = FrameReader(self._answers)
        # An agent whose first answer never came is not waited for as long at each further level.
        self._first_answer_due = not self._first_answer_hung
        self._command(
            {"entry": self._entry, "memory_mb": self._limits.memory_mb, "path": self._path}
        )
        message = self._receive(time.monotonic() + self._limits.start_s)
        if message is None:
            self.close()
            raise OptionError(
                f"agent {self._entry!r} did not start within {self._limits.start_s:g} s"
            )
        if message["type"] != "ready":
            self.close()
            raise OptionError(str(message.get("message", "the agent cannot be made")))
        return message

    def play(self, spec: LevelSpec) -> LevelPlay:
        """Have a level played.

        Raises:
            AgentDied: When the process ends by itself.
            OptionError: When the agent cannot be made.
        """
        # Made here: that takes none of the agent's time and memory.
        level = spec.generate().to_bytes()
        if self._process is None:
            self.start()
        limits = self._limits
        # Signs of life come so often, and an answer may have begun as late as that after one.
        beat_s = min(_BEAT_S, limits.answer_s / 4)
        self._command(
            {"mode": int(spec.mode), "time_limit": spec.time_limit, "beat_ns": int(beat_s * 1e9)},
            level,
        )
        if self._receive(time.monotonic() + limits.start_s) is None:
            self.close()
            raise AgentDied("the agent's process did not begin the level")
        level_ends = time.monotonic() + limits.level_s
        patience = limits.start_s if self._first_answer_due else limits.answer_s
        while True:
            deadline = min(level_ends, time.monotonic() + beat_s + patience)
            message = self._receive(deadline)
            if message is None:
                self._first_answer_hung |= self._first_answer_due
                self.close()
                if time.monotonic() >= level_ends:
                    return LevelPlay.lost(f"the level took longer than {limits.level_s:g} s")
                return LevelPlay.lost(f"no answer within {patience:g} s")
            self._first_answer_due = False
            patience = limits.answer_s
            match message["type"]:
                case "beat":
                    if time.monotonic() >= level_ends:
                        self.close()
                        return LevelPlay.lost(f"the level took longer than {limits.level_s:g} s")
                case "failed":
                    if message.get("end"):
                        self.close()
                    reason = str(message.get("reason"))
                    if reason == "out of memory" and limits.memory_mb:
                        reason += f" (limit {limits.memory_mb} MB)"
                    return LevelPlay.lost(reason)
                case "played":
                    return self._receive_play(time.monotonic() + limits.start_s)

    def close(self) -> None:
        """End the process and everything that it started in its group."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(OSError):
            self._commands.close()
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        with contextlib.suppress(OSError):
            self._answers.close()

    def _receive_play(self, deadline: float) -> LevelPlay:
        try:
            given = self._frames.read(_MAX_MESSAGE, deadline)
            nanoseconds = self._frames.read(8 * _MAX_TICKS, deadline)
            if given is None or nanoseconds is None:
                self.close()
                return LevelPlay.lost("the agent's process did not hand in its answers")
            times = np.frombuffer(nanoseconds, "<i8").astype(np.int64)
        except (EOFError, OSError, ValueError):
            raise self._death() from None
        if len(times) != len(given) or any(keys > 31 for keys in given):
            return LevelPlay.lost("the agent's process handed in answers that are none")
        return LevelPlay(given, times)

    def _command(self, message: dict[str, Any], *more: bytes) -> None:
        try:
            self._commands.send_bytes(json.dumps(message).encode())
            for data in more:
                self._commands.send_bytes(data)
        except OSError:
            raise self._death() from None

    def _receive(self, deadline: float) -> dict[str, Any] | None:
        """The next message; None when there is none until the deadline (monotonic seconds)."""
        while True:
            if self._stop.is_set():
                self.close()
                raise Stopped("the run was broken off")
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            try:
                data = self._frames.read(_MAX_MESSAGE, time.monotonic() + min(left, _LOOK_S))
                if data is not None:
                    message = json.loads(data)
                    if isinstance(message, dict) and isinstance(message.get("type"), str):
                        return message
                elif self._process is not None and self._process.poll() is not None:
                    # A fork may hold the pipe open.
                    raise self._death()
            except (EOFError, OSError, ValueError):
                raise self._death() from None

    def _death(self) -> AgentDied:
        process = self._process
        code: int | None = None
        if process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = process.wait(1)
        self.close()
        return AgentDied(f"the agent's process ended ({how_ended(code)})")


def _environment() -> dict[str, str]:
    """Ours, with this package found wherever it was found here."""
    package_parent = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    path = os.environ.get("PYTHONPATH")
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (package_parent, path)))}
