"""The window of `render_mode="human"`.

It is a window of its own and not pygame's display, of which a process has one: several environments
have one each, and that of the program that uses them stays as it is.
"""

from __future__ import annotations

import os
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.display.pygame_extra import require_pygame
from gym_mario_suite.errors import WindowError

if TYPE_CHECKING:
    import pygame

# Screens are not for several threads at once, nor for a fork of the process that opened them.
_turn = Lock()
_process: int | None = None
_shown: WeakSet[PictureWindow] = WeakSet()


class PictureWindow:
    """Shows pictures at their pace; opens at the first one, as large as fits.

    Whoever closes it sees no more: the game goes on without, and without waiting. Where there is no
    screen nothing is shown either, and a warning says so. A copy opens a window of its own. After
    `pygame.quit()` the next picture opens it again.

    Args:
        title: In the window's frame.
        fps: Pictures a second at most.

    Raises:
        WindowError: When pygame-ce is not installed.
    """

    def __init__(self, title: str, fps: float) -> None:
        require_pygame()
        import pygame

        if not hasattr(pygame, "Window"):
            raise WindowError(
                "a window needs pygame-ce instead of pygame: pip uninstall pygame, "
                'then pip install --force-reinstall "gym-mario-suite[play]"'
            )
        self._title = title
        self._fps = fps
        self._window: pygame.Window | None = None
        self._clock: Any = None
        self._size_px = (0, 0)
        self._gone = False

    def __reduce__(self) -> Any:
        return type(self), (self._title, self._fps)

    def show(self, picture: NDArray[np.uint8]) -> None:
        """Show a picture, uint8[height, width, 3], and wait until the next one may come."""
        if self._gone:
            return
        with _turn:
            try:
                self._draw(picture)
            except WindowError as error:
                self._leave()
                self._gone = True
                gym.logger.warn(f"{self._title}: {error}")
                return
        self._clock.tick(self._fps)

    def close(self) -> None:
        """Close the window."""
        with _turn:
            self._leave()

    def _draw(self, picture: NDArray[np.uint8]) -> None:
        from gym_mario_suite.display.screen import draw

        size_px = (picture.shape[1], picture.shape[0])
        if not self._is_open() or size_px != self._size_px:
            self._open(size_px)
        if self._asked_to_close():
            raise WindowError("the window was closed; the game goes on without it")
        assert self._window is not None
        draw(picture, self._window.get_surface())
        self._window.flip()

    def _open(self, size_px: tuple[int, int]) -> None:
        import pygame

        from gym_mario_suite.display.screen import icon, require_display, window_size

        global _process
        try:
            if pygame.display.get_init() and _process not in (None, os.getpid()):
                raise WindowError(
                    "cannot open a window: this process was forked from one that had opened some"
                )
            require_display()
            _process = os.getpid()
            self._window = pygame.Window(self._title, window_size(size_px), resizable=True)
            self._window.set_icon(icon())
        except (WindowError, pygame.error) as error:
            what = str(error).removeprefix("cannot open a window: ")
            raise WindowError(f"cannot open a window: {what}; nothing is shown") from error
        _shown.add(self)
        self._size_px = size_px
        self._clock = pygame.time.Clock()

    def _leave(self) -> None:
        """Close the window, and after the last one the screen if nobody else uses pygame."""
        import pygame

        if self._window is not None and self._is_open():
            self._window.destroy()
        self._window = None
        if self not in _shown:
            return
        _shown.discard(self)
        if not _shown and _nobody_else():
            pygame.display.quit()

    def _is_open(self) -> bool:
        """Whether it is there: `pygame.quit()` of the program around us takes it away."""
        import pygame

        try:
            return self._window is not None and self._window.id > 0
        except pygame.error:
            return False

    def _asked_to_close(self) -> bool:
        """Whether it was asked to close; events of others are left to them."""
        import pygame

        asked = False
        for event in pygame.event.get(pygame.WINDOWCLOSE):
            if event.window is self._window:
                asked = True
            else:
                pygame.event.post(event)
        # The last window's end is the program's, too, but one without a window goes on.
        if pygame.display.get_surface() is None and pygame.event.get(pygame.QUIT):
            asked = True
        if _nobody_else():
            # A queue that nobody reads is full one day, and then nothing can be closed.
            pygame.event.clear(pygame.MOUSEMOTION)
        return asked


def _nobody_else() -> bool:
    """Whether the program around us does not use pygame itself."""
    import pygame

    return not pygame.get_init() and pygame.display.get_surface() is None
