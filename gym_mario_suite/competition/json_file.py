"""A JSON file that is written as a whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from gym_mario_suite.errors import OptionError


def require_writable(path: Path) -> None:
    """Fail now rather than after the work whose result `path` shall hold.

    Raises:
        OptionError: When a file cannot be written there.
    """
    target = path.resolve()
    if target.exists() and not target.is_file():
        raise OptionError(f"cannot write {path}: it is not a regular file")
    probe = _temporary_beside(target)
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise OptionError(f"cannot write {path}: {error.strerror}") from error


def write_json(path: Path, value: Any) -> None:
    """Write `value` beside `path`, then give it that name: a reader never sees half a file.

    Raises:
        OptionError: When the file cannot be written; what `path` held before is kept then.
    """
    require_writable(path)
    target = path.resolve()
    temporary = _temporary_beside(target)
    try:
        temporary.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OptionError(f"cannot write {path}: {error.strerror}") from error


def _temporary_beside(target: Path) -> Path:
    return target.with_name(f".{target.name}.{os.getpid()}.tmp")
