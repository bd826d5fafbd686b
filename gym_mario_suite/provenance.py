"""Where a file comes from: the source's commit, and the command that makes it anew."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Collection
from dataclasses import fields
from pathlib import Path
from typing import Any


def commit() -> str:
    """The commit of the source that runs, shortened; "unknown" where it is not a checkout.

    An installation within the folder of somebody's repository is not a checkout.
    """
    here = Path(__file__)
    try:
        for words in (["ls-files", "--error-unmatch", here.name], ["rev-parse", "--short", "HEAD"]):
            # Bytes: what git says of folders is in no encoding that can be relied on.
            asked = subprocess.run(
                ["git", *words], capture_output=True, check=True, cwd=here.parent
            )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return asked.stdout.decode().strip()


def command_of(program: str, options: Any, left_out: Collection[str] = ()) -> str:
    """The command that runs a program as it ran.

    Args:
        program: Name of the module.
        options: Dataclass of the program's options, `out` among them; of that only the last part
            is told. What is as it is by default is left out.
        left_out: Options that say how the program ran, and nothing of what it made.
    """
    words = ["python", "-m", program]
    for field in fields(options):
        value = getattr(options, field.name)
        if field.name in left_out or (field.name != "out" and value == field.default):
            continue
        option = "--" + field.name.replace("_", "-")
        if isinstance(value, bool):
            words.append(option if value else option.replace("--", "--no-", 1))
        elif isinstance(value, tuple):
            words += [option, *map(str, value)]
        else:
            words += [option, f"runs/{value.name}" if isinstance(value, Path) else str(value)]
    return shlex.join(words)
