"""The process in which an agent plays: `python -m gym_mario_suite.competition.worker FD FD`.

It is told what to play over one pipe and hands in answers over another (`multiprocessing`'s framed
bytes: JSON, and times as raw int64). While a level lasts it sends a sign of life several times a
second, so that the other side can tell a slow agent from one that hangs.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import signal
import sys
import time
import traceback
from multiprocessing.connection import Connection
from typing import Any


def main() -> None:
    """Serve until the other side closes its pipe."""
    commands = Connection(int(sys.argv[1]), writable=False)
    answers = Connection(int(sys.argv[2]), readable=False)
    start = json.loads(commands.recv_bytes())
    sys.path[:] = start["path"]
    faulthandler.enable()  # where compiled code of the agent crashed
    _limit_memory(start["memory_mb"])
    _die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    with contextlib.suppress(EOFError, ConnectionError):
        _serve(start["entry"], commands, answers)
    # Threads and exit handlers of the agent shall not keep us.
    sys.stderr.flush()
    os._exit(0)


def _serve(entry_text: str, commands: Connection, answers: Connection) -> None:
    from gym_mario_suite.competition.entries import Entry
    from gym_mario_suite.errors import OptionError

    entry = Entry(entry_text)
    try:
        about = entry.describe()
        agent = entry.make()
    except OptionError as error:
        _send(answers, {"type": "unusable", "message": str(error)})
        return
    except BaseException as error:
        _send(answers, {"type": "unusable", "message": f"agent {entry_text!r}: {_what(error)}"})
        return
    _send(answers, {"type": "ready", **about})

    # Only now: who merely looks at the agent does not wait for numba.
    from gym_mario_suite.competition.score import load_queries
    from gym_mario_suite.engine.game import Game
    from gym_mario_suite.levels.level import Level

    ours = os.getpid()
    loaded = False
    while True:
        start = json.loads(commands.recv_bytes())
        level = Level.from_bytes(commands.recv_bytes())
        game = Game(level.image, start["mode"], start["time_limit"])
        if not loaded:
            load_queries(game)
            loaded = True
        _play(agent, game, answers, ours, start["beat_ns"])


def _play(agent: Any, game: Any, answers: Connection, ours: int, beat_ns: int) -> None:
    from gym_mario_suite.competition.episode import ask_through
    from gym_mario_suite.competition.lines import ProtocolError

    last_beat = time.perf_counter_ns()

    def on_answer() -> None:
        nonlocal last_beat
        if os.getpid() != ours:
            os._exit(0)  # a fork that came back from the agent's code
        now = time.perf_counter_ns()
        if now - last_beat > beat_ns:
            last_beat = now
            _send(answers, {"type": "beat"})

    _send(answers, {"type": "begin"})
    try:
        agent.reset()
        given, times = ask_through(agent, game, "the level", on_answer)
    except (EOFError, BrokenPipeError) as error:
        if os.getpid() != ours or answers.closed:
            os._exit(0)
        _send(answers, {"type": "failed", "reason": _what(error), "end": False})
    except MemoryError:
        _send(answers, {"type": "failed", "reason": "out of memory", "end": True})
        os._exit(0)
    except BaseException as error:
        if os.getpid() != ours:
            os._exit(0)
        if not isinstance(error, Exception):
            _send(answers, {"type": "failed", "reason": _what(error), "end": True})
            os._exit(0)
        if not isinstance(error, ProtocolError):  # that of a program tells nothing of its code
            traceback.print_exc(limit=-4)
        _send(answers, {"type": "failed", "reason": _what(error), "end": False})
    else:
        _send(answers, {"type": "played"})
        answers.send_bytes(given)
        answers.send_bytes(times.astype("<i8").tobytes())


def _send(answers: Connection, message: dict[str, Any]) -> None:
    answers.send_bytes(json.dumps(message).encode())


def _what(error: BaseException) -> str:
    """The error in one line, at most 300 characters."""
    from gym_mario_suite.errors import MarioError

    kind = type(error).__name__
    try:
        text = " ".join(str(error).split())
    except Exception:  # an agent's own kind of error may have faults as well
        text = ""
    if not isinstance(error, MarioError):
        text = f"{kind}: {text}" if text else kind
    return (text or kind)[:300]


def _limit_memory(megabytes: int) -> None:
    if not megabytes:
        return
    import resource

    size = megabytes << 20
    most = resource.getrlimit(resource.RLIMIT_AS)[1]
    if most != resource.RLIM_INFINITY:  # `ulimit -v` or a batch system allows no more
        size = min(size, most)
    # macOS refuses: what it maps for every process is larger by itself.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _die_with_parent() -> None:
    """On Linux: be killed when the process that started us is."""
    if sys.platform != "linux":
        return
    import ctypes

    try:
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)
    except (OSError, AttributeError):
        return


if __name__ == "__main__":
    main()
