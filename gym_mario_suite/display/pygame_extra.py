"""pygame is an extra: whoever lacks it is told what to install."""

from __future__ import annotations

import importlib
import os

from gym_mario_suite.errors import WindowError


def require_pygame() -> None:
    """Import pygame without its greeting, or say how to get it.

    Raises:
        WindowError: When it is not installed.
    """
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    try:
        importlib.import_module("pygame")
    except ImportError:
        raise WindowError('a window needs pygame-ce: pip install "gym-mario-suite[play]"') from None
