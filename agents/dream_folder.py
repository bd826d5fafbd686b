"""Folders of data that are gone on with: only with the options that they were begun with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gym_mario_suite.errors import OptionError
from gym_mario_suite.whole_file import write_json


def require_same(path: Path, options: Mapping[str, Any], begun: bool, which: str) -> None:
    """Refuse to go on with other options than a folder's files were begun with.

    Args:
        path: Where the options are told; written when the files are begun.
        options: What the files follow from besides their names, as JSON gives it back.
        begun: Whether there are such files. Folders of older releases do not tell their options.
        which: Whose data they are, for the message.

    Raises:
        OptionError: For other options, or when the file cannot be read or written.
    """
    if not path.exists():
        if not begun:
            write_json(path, options)
        return
    try:
        then = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OptionError(f"cannot read how the data began from {path}: {error}") from None
    if then != options:
        raise OptionError(
            f"{path}: the data of {which} were made with other options; choose another folder or "
            "seed, or delete them"
        )
