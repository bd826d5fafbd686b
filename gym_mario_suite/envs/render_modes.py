"""The checks of `render_mode` and of `render` that the environments share."""

from __future__ import annotations

from typing import Any, TypeGuard

import gymnasium as gym
from gymnasium.error import ResetNeeded

from gym_mario_suite.errors import OptionError


def check_render_mode(render_mode: str | None, metadata: dict[str, Any]) -> None:
    """Refuse a render mode that the metadata does not name.

    Raises:
        OptionError: Naming those there are.
    """
    modes = metadata["render_modes"]
    if render_mode is not None and render_mode not in modes:
        raise OptionError(f"render_mode must be None or one of {modes}, got {render_mode!r}")


def may_render(render_mode: str | None, started: object) -> TypeGuard[str]:
    """Whether a single environment has something to render; without a mode there is a warning.

    Args:
        render_mode: What the environment was made with.
        started: Whether it has an episode.

    Raises:
        ResetNeeded: Before the first reset.
    """
    if render_mode is None:
        gym.logger.warn("render() without a render_mode: pass one to gymnasium.make")
        return False
    if not started:
        raise ResetNeeded("call reset() first: there is nothing to show")
    return True
