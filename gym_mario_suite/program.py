"""How the programs of this package end: what went wrong in one line, and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

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
