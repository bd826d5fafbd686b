"""The checks of `render_mode` and of `render` that the environments share."""

from __future__ import annotations

from typing import Any, TypeGuard

import gymnasium as gym
from gymnasium.error import ResetNeeded

from gym_mario_suite.display.picture_window import PictureWindow
from gym_mario_suite.errors import OptionError


def check_render_mode(render_mode: str | None, metadata: dict[str, Any]) -> None:
    """Refuse a render mode that the metadata does not name.

    Raises:
        OptionError: Naming those there are.
    """
    modes = metadata["render_modes"]
    if render_mode is not None and render_mode not in modes:
        raise OptionError(f"render_mode must be None or one of {modes}, got {render_mode!r}")


def window_of(render_mode: str | None, title: str, fps: float) -> PictureWindow | None:
    """The window of `render_mode="human"`, which opens at its first picture.

    Raises:
        WindowError: When pygame is not installed.
    """
    return PictureWindow(title, fps) if render_mode == "human" else None


def fps_of_steps(fps: int, frame_skip: int) -> int:
    """Pictures a second, of one a step, at which a game of `fps` runs at its own pace."""
    return max(1, round(fps / frame_skip))


def may_render(render_mode: str | None, started: object) -> TypeGuard[str]:
    """Whether a single environment has something to render; without a mode there is a warning.

    A window shows every step without being asked.

    Args:
        render_mode: What the environment was made with.
        started: Whether it has an episode.

    Raises:
        ResetNeeded: Before the first reset.
    """
    if render_mode is None:
        gym.logger.warn("render() without a render_mode: make the environment with one")
        return False
    if not started:
        raise ResetNeeded("call reset() first: there is nothing to show")
    return render_mode != "human"
