"""The window of `render_mode="human"`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.display.pygame_extra import require_pygame
from gym_mario_suite.errors import WindowError

if TYPE_CHECKING:
    from gym_mario_suite.display.screen import Screen


class PictureWindow:
    """Shows pictures at their pace; opens at the first one, as large as fits.

    Whoever closes it sees no more: the game goes on without, and without waiting. Where there is no
    screen nothing is shown either, and a warning says so. A copy opens a window of its own.

    Args:
        title: In the window's frame.
        fps: Pictures a second at most.

    Raises:
        WindowError: When pygame is not installed.
    """

    def __init__(self, title: str, fps: float) -> None:
        require_pygame()
        self._title = title
        self._fps = fps
        self._screen: Screen | None = None
        self._clock: Any = None
        self._size_px = (0, 0)
        self._gone = False

    def __reduce__(self) -> Any:
        return type(self), (self._title, self._fps)

    def show(self, picture: NDArray[np.uint8]) -> None:
        """Show a picture, uint8[height, width, 3], and wait until the next one may come."""
        if self._gone:
            return
        import pygame

        size_px = (picture.shape[1], picture.shape[0])
        if self._screen is None or size_px != self._size_px:
            from gym_mario_suite.display.screen import Screen

            try:
                self._screen = Screen(self._title, size_px=size_px)
            except WindowError as error:
                self._give_up(f"{error}; nothing is shown")
                return
            self._size_px = size_px
            self._clock = pygame.time.Clock()
        # Others' events are theirs: a program may have a window of its own.
        pygame.event.pump()
        if pygame.event.get(pygame.QUIT):
            self.close()
            self._give_up("the window was closed; the game goes on without it")
            return
        self._screen.show(picture)
        self._clock.tick(self._fps)

    def close(self) -> None:
        """Close the window."""
        if self._screen is not None:
            import pygame

            self._screen = None
            pygame.display.quit()

    def _give_up(self, reason: str) -> None:
        self._gone = True
        gym.logger.warn(f"{self._title}: {reason}")
