"""What environments that show themselves in a window have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.display.picture_window import PictureWindow


class Windowed(ABC):
    """Shows every step with `render_mode="human"`: `reset` and `step` call `_show` at their end.

    The environment opens `_window` with `render_modes.window_of`.
    """

    _window: PictureWindow | None = None

    def close(self) -> None:
        """Close the window, if there is one."""
        if self._window is not None:
            self._window.close()

    @abstractmethod
    def _screen(self) -> NDArray[np.uint8]:
        """What is shown, uint8[height, width, 3]."""

    def _show(self) -> None:
        if self._window is not None:
            self._window.show(self._screen())
