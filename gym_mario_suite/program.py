"""How the programs of this package end: one line, an exit code, and Ctrl-C and `kill` heeded."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from gym_mario_suite.errors import MarioError, reason_of

EXIT_ERROR = 2
EXIT_INTERRUPTED = 130  # 128 + SIGINT, what shells report for a command ended by Ctrl-C; `kill` too


@contextmanager
def told_errors(extras: str = "") -> Iterator[None]:
    """Run a program's body, and leave the interpreter where an error, Ctrl-C or `kill` ends it.

    Args:
        extras: The package's extras that the program needs, with commas, for its imports in the
            body; a missing module is then an error that names them.

    Raises:
        SystemExit: With code 2 after a `MarioError`, a missing module or a file that cannot be
            used (OSError), 130 after an interruption.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A console without some character shows a question mark instead. On stderr Python sees to
        # that itself.
        sys.stdout.reconfigure(errors="replace")
    try:
        with _ended_by_kill(), _ended_in_callbacks(), _told_to_the_end():
            yield
    except MarioError as error:
        _leave(str(error) or type(error).__name__)
    except ModuleNotFoundError as error:
        if not extras or (error.name or "").startswith("gym_mario_suite"):
            raise
        _leave(f'{error.name} is missing: pip install "gym-mario-suite[{extras}]"')
    except BrokenPipeError:
        raise
    except OSError as error:
        where = "" if error.filename is None else f": {os.fspath(error.filename)}"
        # A library's own flush may have met the full disk; what it left is not tried again.
        with suppress(OSError):
            _flush()
        _leave(f"{reason_of(error)}{where}")
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)


@contextmanager
def _told_to_the_end() -> Iterator[None]:
    """Write out what was printed while a full disk can still be told."""
    try:
        yield
    except SystemExit:
        _flush()
        raise
    _flush()


def _flush() -> None:
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError:
        # What cannot be written would be tried once more, and complained of, at the very end.
        with open(os.devnull, "w") as nowhere, suppress(OSError, ValueError):
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        raise


def _leave(message: str) -> None:
    print(f"error: {' '.join(message.splitlines())}", file=sys.stderr)
    sys.exit(EXIT_ERROR)


@contextmanager
def _ended_by_kill() -> Iterator[None]:
    """Have `kill`, `timeout` and batch systems end us like Ctrl-C: nothing is left half done."""
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL
    ):
        yield
        return
    process = os.getpid()

    def interrupt(number: int, _: object) -> None:
        if os.getpid() != process:  # forked from here: it has no last words
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def _ended_in_callbacks() -> Iterator[None]:
    """Have Ctrl-C end us even where a library calls back, as LLVM does while numba compiles.

    Python only reports what is raised there, and then the library fails in a way of its own.
    """
    before = sys.unraisablehook
    interrupted = False

    def note(unraisable: Any) -> None:
        nonlocal interrupted
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            interrupted = True
        else:
            before(unraisable)

    sys.unraisablehook = note
    try:
        yield
    except Exception as error:
        if interrupted:
            raise KeyboardInterrupt from error
        raise
    finally:
        sys.unraisablehook = before


class Interruption:
    """Within it Ctrl-C and `kill` ask for an end, which comes where all is whole; twice, they kill.

    Attributes:
        asked: Whether there was one.

    Args:
        at_once: The first one raises KeyboardInterrupt as well. What meets a callback of the
            interpreter or of a library is lost; `asked` still knows of it.
    """

    def __init__(self, at_once: bool = False) -> None:
        self.asked = False
        self._at_once = at_once
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interruption:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                # A shell has its background jobs ignore Ctrl-C.
                if signal.getsignal(number) != signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def postponed(self) -> Iterator[None]:
        """Within it the first one only sets `asked`: what is being written is finished."""
        at_once, self._at_once = self._at_once, False
        try:
            yield
        finally:
            self._at_once = at_once

    def _ask(self, *_: object) -> None:
        again, self.asked = self.asked, True
        if again or self._at_once:
            raise KeyboardInterrupt
