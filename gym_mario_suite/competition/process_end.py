"""How a process ended, in words."""

from __future__ import annotations

import signal
from contextlib import suppress


def how_ended(code: int | None) -> str:
    """A return code of `subprocess`: an exit code, or a signal and its name."""
    if code is None or code >= 0:
        return f"exit code {code}"
    with suppress(ValueError):  # a signal that Python has no name for
        return f"signal {-code}, {signal.Signals(-code).name}"
    return f"signal {-code}"
