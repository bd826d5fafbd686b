"""A JSON file that is written as a whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from gym_mario_suite.errors import OptionError
from gym_mario_suite.whole_file import real_path, temporary_beside, write_whole


def require_writable(path: Path) -> None:
    """Fail now rather than after the work whose result `path` shall hold.

    Raises:
        OptionError: When a file cannot be written there.
    """
    target = real_path(path)
    if os.path.exists(target) and not os.path.isfile(target):
        raise OptionError(f"cannot write {path}: it is not a regular file")
    probe = temporary_beside(target)
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise OptionError(f"cannot write {path}: {error.strerror}") from error


def write_json(path: Path, value: Any) -> None:
    """Write `value` to a file; a reader never sees half of it.

    Raises:
        OptionError: When the file cannot be written; what `path` held before is kept then.
    """
    write_whole(path, (json.dumps(value, indent=1) + "\n").encode())
