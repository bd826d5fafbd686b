"""How the programs of this package end: what went wrong in one line, an exit code, and Ctrl-C."""

from __future__ import annotations

import io
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gym_mario_suite.errors import MarioError

EXIT_ERROR = 2
EXIT_INTERRUPTED = 130  # 128 + SIGINT, what shells report for a command ended by Ctrl-C


@contextmanager
def told_errors(extras: str = "") -> Iterator[None]:
    """Run a program's body, and leave the interpreter where an error or Ctrl-C ends it.

    Args:
        extras: The package's extras that the program needs, with commas, for its imports in the
            body; a missing module is then an error that names them.

    Raises:
        SystemExit: With code 2 after a `MarioError` or a missing module, 130 after Ctrl-C.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A console without some character shows a question mark instead. On stderr Python sees to
        # that itself.
        sys.stdout.reconfigure(errors="replace")
    try:
        yield
    except MarioError as error:
        _leave(str(error) or type(error).__name__)
    except ModuleNotFoundError as error:
        if not extras or (error.name or "").startswith("gym_mario_suite"):
            raise
        _leave(f"{error.name} is missing: pip install 'gym-mario-suite[{extras}]'")
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)


def _leave(message: str) -> None:
    print(f"error: {' '.join(message.splitlines())}", file=sys.stderr)
    sys.exit(EXIT_ERROR)


class Interruption:
    """Within it Ctrl-C asks for an end, which comes where all is whole. A second one kills.

    Attributes:
        asked: Whether there was one.
    """

    def __init__(self) -> None:
        self.asked = False
        self._before: Any = signal.SIG_DFL

    def __enter__(self) -> Interruption:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, self._before)

    def _ask(self, *_: object) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
