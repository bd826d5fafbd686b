"""Programs in a Python process of their own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType


def run_python(
    program: str,
    *arguments: str,
    environment: Mapping[str, str] = MappingProxyType({}),
    folder: Path | None = None,
    given: str = "",
) -> subprocess.CompletedProcess[str]:
    """What a process printed that ran this program, and ended well.

    Args:
        program: The source.
        arguments: What it finds in `sys.argv`.
        environment: Variables that it has besides those of this process.
        folder: Where it runs.
        given: Its standard input.
    """
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        input=given,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done
