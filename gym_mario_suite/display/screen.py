"""The window: whole pixels, as large as fit, in the middle.

Wide pictures in small windows, which would be small at one pixel a pixel, fill them smoothly.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pygame
from numpy.typing import NDArray

from gym_mario_suite.engine.atlas import FRAMES, atlas_picture
from gym_mario_suite.engine.world import SCREEN_HEIGHT_PX, SCREEN_WIDTH_PX
from gym_mario_suite.errors import WindowError

MAX_SCALE = 16
_DEFAULT_MAX_SCALE = 4
# From twice the size on, whole pixels use a window well enough; at once they leave up to three
# quarters of it empty.
_SMOOTH_FROM, _WHOLE_FROM = 1.2, 2
_DEFAULT_FRAMES_PER_SECOND = 60
_ICON_SCALE = 2
_BAR_COLOUR = (12, 9, 22)
_SIZE = (SCREEN_WIDTH_PX, SCREEN_HEIGHT_PX)
# What SDL falls back to where there is no screen: it draws, and nobody sees it.
_INVISIBLE = ("dummy", "offscreen")


def fit(width_px: int, height_px: int, size_px: tuple[int, int] = _SIZE) -> tuple[int, int, int]:
    """Scale (0 if not even 1 fits), left and top px of the picture in a window of this size."""
    scale = min(width_px // size_px[0], height_px // size_px[1])
    left = (width_px - scale * size_px[0]) // 2
    top = (height_px - scale * size_px[1]) // 2
    return scale, left, top


def _share(width_px: int, height_px: int, size_px: tuple[int, int]) -> float:
    """Pixels of a window of this size for each pixel of the picture, if it fills it."""
    return min(width_px / size_px[0], height_px / size_px[1])


def _is_whole(share: float) -> bool:
    """Whether the picture is shown in whole pixels where so many would fill the window."""
    return share >= _WHOLE_FROM or 1 <= share < _SMOOTH_FROM


def window_size(size_px: tuple[int, int], scale: float | None = None) -> tuple[int, int]:
    """Width and height of a new window for pictures of this size.

    Args:
        size_px: Of the pictures.
        scale: Screen pixels for each of theirs; the default fits the screen.
    """
    if scale is None:
        width, height = pygame.display.get_desktop_sizes()[0]
        share = _share(width * 9 // 10, height * 17 // 20, size_px)
        scale = min(int(share) if _is_whole(share) else share, _DEFAULT_MAX_SCALE)
    return round(scale * size_px[0]), round(scale * size_px[1])


def draw(pixels: NDArray[np.uint8], window: pygame.Surface) -> None:
    """Draw a picture, uint8[height, width, 3], as large as fits, in the middle of a window."""
    size_px = (pixels.shape[1], pixels.shape[0])
    picture = pygame.image.frombuffer(pixels.tobytes(), size_px, "RGB")
    scale, left, top = fit(*window.get_size(), size_px)
    share = _share(*window.get_size(), size_px)
    window.fill(_BAR_COLOUR)
    if _is_whole(share):
        window.blit(pygame.transform.scale_by(picture, scale), (left, top))
    else:
        # Shrunk from twice the size, edges of pixels stay sharp.
        source = pygame.transform.scale_by(picture, 2) if share > 1 else picture
        shown = (round(share * size_px[0]), round(share * size_px[1]))
        small = pygame.transform.smoothscale(source, shown)
        window.blit(small, small.get_rect(center=window.get_rect().center))


class Screen:
    """A window that shows pictures of one size.

    Args:
        title: In the window's frame.
        scale: Screen pixels for each pixel of the picture; the default fits the screen.
        full_screen: Whether to fill the screen.
        size_px: Width and height of the pictures.

    Raises:
        WindowError: When there is no screen.
    """

    def __init__(
        self,
        title: str,
        scale: int | None = None,
        full_screen: bool = False,
        size_px: tuple[int, int] = _SIZE,
    ) -> None:
        require_display()
        self._size_px = size_px
        self._windowed = window_size(size_px, scale)
        self._full_screen = full_screen
        self._clock = pygame.time.Clock()
        pygame.display.set_caption(title)
        pygame.display.set_icon(icon())
        self._open()

    @property
    def full_screen(self) -> bool:
        """Whether it fills the screen."""
        return self._full_screen

    def toggle_full_screen(self) -> None:
        """Fill the screen, or go back to the window of before."""
        if not self._full_screen:
            self._windowed = pygame.display.get_window_size()
        self._full_screen = not self._full_screen
        self._open()

    def show(self, pixels: NDArray[np.uint8]) -> None:
        """Show a picture, uint8[height, width, 3]."""
        window = pygame.display.get_surface()
        if window is None:
            raise WindowError("the window was lost")
        draw(pixels, window)
        pygame.display.flip()

    def place(self, position: tuple[int, int]) -> tuple[int, int]:
        """The pixel of the picture that lies at a pixel of the window."""
        size = pygame.display.get_window_size()
        share = _share(*size, self._size_px)
        if _is_whole(share):
            share = int(share)
        left, top = ((size[axis] - share * self._size_px[axis]) / 2 for axis in (0, 1))
        return int((position[0] - left) // share), int((position[1] - top) // share)

    def wait(self) -> None:
        """Wait until the display's next frame is due."""
        rate = pygame.display.get_current_refresh_rate() or _DEFAULT_FRAMES_PER_SECOND
        self._clock.tick(rate)

    def _open(self) -> None:
        try:
            if self._full_screen:
                pygame.display.set_mode((0, 0), pygame.FULLSCREEN)
            else:
                pygame.display.set_mode(self._windowed, pygame.RESIZABLE)
            pygame.mouse.set_visible(not self._full_screen)
        except pygame.error as error:
            raise WindowError(f"cannot open a window: {error}") from error


def require_display() -> None:
    """Find out whether windows can be opened, before longer work.

    Raises:
        WindowError: When there is no screen.
    """
    try:
        with _without_chatter():
            pygame.display.init()
        driver = pygame.display.get_driver()
    except pygame.error as error:
        raise WindowError(f"cannot open a window: {error}") from error
    asked = os.environ.get("SDL_VIDEODRIVER") or os.environ.get("SDL_VIDEO_DRIVER")
    if driver in _INVISIBLE and not asked:
        pygame.display.quit()
        raise WindowError("cannot open a window: no screen is available here")


def icon() -> pygame.Surface:
    """Mario, small, for a window's frame."""
    ink, solid, _, _ = atlas_picture(2 * FRAMES.index("small_stand"))
    side = max(solid.shape)
    pixels = np.zeros((side, side, 4), np.uint8)
    top, left = side - len(solid), (side - solid.shape[1]) // 2
    pixels[top:, left : left + solid.shape[1]] = np.dstack([ink, 255 * solid])
    small = pygame.image.frombuffer(pixels.tobytes(), (side, side), "RGBA")
    return pygame.transform.scale_by(small, _ICON_SCALE)


@contextmanager
def _without_chatter() -> Iterator[None]:
    """Keep libraries that look for a screen from writing about it to stderr."""
    sys.stderr.flush()
    stderr = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
