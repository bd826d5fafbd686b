"""The check of `render_mode` that the environments share."""

from __future__ import annotations

from typing import Any

from gym_mario_suite.errors import OptionError


def check_render_mode(render_mode: str | None, metadata: dict[str, Any]) -> None:
    """Refuse a render mode that the metadata does not name.

    Raises:
        OptionError: Naming those there are.
    """
    modes = metadata["render_modes"]
    if render_mode is not None and render_mode not in modes:
        raise OptionError(f"render_mode must be None or one of {modes}, got {render_mode!r}")
