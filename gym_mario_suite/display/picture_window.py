"""The window of `render_mode="human"`.

It is a window of its own and not pygame's display, of which a process has one: several environments
have one each, and that of the program that uses them stays as it is.
"""

from __future__ import annotations

import os
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakSet, finalize

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
# Where the program around us reads none, old events go: a full queue takes no asking to close.
_MOST_UNREAD = 1000
_shown: WeakSet[PictureWindow] = WeakSet()


class PictureWindow:
    """Shows pictures at their pace; opens at the first one, as large as fits.

    Whoever closes it sees no more: the game goes on without, and without waiting. Where there is no
    screen nothing is shown either, and a warning says so. A program that reads pygame's events
    itself reads those of this window, too. A copy opens a window of its own. After `pygame.quit()`
    the next picture opens it again.

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
        self._end: finalize[..., PictureWindow] | None = None
        self._clock: Any = None
        self._size_px = (0, 0)
        self._asked_to_close = False
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
        _read_events()
        if self._asked_to_close:
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
            self._destroy_window()
            require_display()
            _process = os.getpid()
            self._window = pygame.Window(self._title, window_size(size_px), resizable=True)
            self._window.set_icon(icon())
        except (WindowError, pygame.error) as error:
            what = str(error).removeprefix("cannot open a window: ")
            raise WindowError(f"cannot open a window: {what}; nothing is shown") from error
        # Events that nobody reads would keep a forgotten window open.
        self._end = finalize(self, _destroy, self._window)
        self._end.atexit = False
        _shown.add(self)
        self._asked_to_close = False
        self._size_px = size_px
        self._clock = pygame.time.Clock()

    def _leave(self) -> None:
        """Close the window, and after the last one the screen if nobody else uses pygame."""
        import pygame

        self._destroy_window()
        if self not in _shown:
            return
        _shown.discard(self)
        if not _shown and _nobody_else():
            pygame.display.quit()

    def _destroy_window(self) -> None:
        self._window = None
        if self._end is not None:
            self._end()

    def _is_open(self) -> bool:
        """Whether it is there: `pygame.quit()` of the program around us takes it away."""
        import pygame

        try:
            return self._window is not None and self._window.id > 0
        except pygame.error:
            return False


def _read_events() -> None:
    """Note which windows were asked to close; all other events are left to whom they belong.

    Asked for those of one kind, pygame does not find what the system says of windows.
    """
    import pygame

    windows = {id(each._window): each for each in _shown}
    # The last window's end is the program's, too, but one without a window goes on.
    without = pygame.display.get_surface() is None
    others: list[Any] = []
    for event in pygame.event.get():
        window = windows.get(id(getattr(event, "window", None)))
        if event.type == pygame.WINDOWCLOSE and window is not None:
            window._asked_to_close = True
        elif event.type == pygame.QUIT and without:
            for each in windows.values():
                each._asked_to_close = True
        else:
            others.append(event)
    for event in others[-_MOST_UNREAD:]:
        pygame.event.post(event)


def _destroy(window: pygame.Window) -> None:
    import pygame

    with suppress(pygame.error):  # `pygame.quit()` has done it
        window.destroy()


def _nobody_else() -> bool:
    """Whether the program around us does not use pygame itself."""
    import pygame

    return not pygame.get_init() and pygame.display.get_surface() is None
