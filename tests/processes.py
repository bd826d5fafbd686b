"""Programs in a process of their own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

NOTHING: Mapping[str, str | None] = MappingProxyType({})


def run_python(
    program: str,
    *arguments: str,
    environment: Mapping[str, str | None] = NOTHING,
    folder: Path | None = None,
    given: str = "",
) -> subprocess.CompletedProcess[str]:
    """What a process printed that ran this program, and ended well.

    Args:
        program: The source.
        arguments: What it finds in `sys.argv`.
        environment: Variables that are otherwise than in this process; None takes one away.
        folder: Where it runs.
        given: Its standard input.
    """
    done = _run(["-c", program, *arguments], environment, folder, given)
    assert done.returncode == 0, done.stderr
    return done


def run_mario(
    *arguments: object,
    environment: Mapping[str, str | None] = NOTHING,
    folder: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """What the command `mario` printed, and how it ended; see `run_python`."""
    return _run(["-m", "gym_mario_suite", *map(str, arguments)], environment, folder)


def _run(
    words: list[str],
    environment: Mapping[str, str | None],
    folder: Path | None,
    given: str = "",
) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, **environment}
    return subprocess.run(
        [sys.executable, *words],
        input=given,
        cwd=folder,
        env={name: value for name, value in variables.items() if value is not None},
        capture_output=True,
        text=True,
        check=False,
    )
