"""The window of `render_mode="human"`, on SDL's screen that nobody sees."""

import copy
import pickle
import sys
import warnings

import numpy as np
import pytest

pygame = pytest.importorskip("pygame", reason="needs pygame-ce, of the extra `play`")

from gym_mario_suite.display.picture_window import PictureWindow  # noqa: E402
from gym_mario_suite.errors import WindowError  # noqa: E402

RED = np.full((24, 32, 3), (200, 10, 10), np.uint8)


@pytest.fixture
def window():
    window = PictureWindow("pictures", fps=1000)
    yield window
    window.close()


def centre():
    surface = pygame.display.get_surface()
    return None if surface is None else tuple(surface.get_at(surface.get_rect().center))[:3]


def test_it_opens_at_the_first_picture_and_shows_each(window):
    pygame.display.quit()
    assert not pygame.display.get_init()
    window.show(RED)
    assert (centre(), pygame.display.get_caption()[0]) == ((200, 10, 10), "pictures")
    window.show(RED[..., ::-1].copy())
    assert centre() == (10, 10, 200)
    window.show(np.full((48, 32, 3), 7, np.uint8))
    width, height = pygame.display.get_window_size()
    assert height / width == 48 / 32
    window.close()
    window.close()
    assert not pygame.display.get_init()
    window.show(RED)
    assert centre() == (200, 10, 10)


def test_who_closes_it_sees_no_more_and_nobody_waits():
    window = PictureWindow("pictures", fps=1)
    window.show(RED)
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    with pytest.warns(UserWarning, match="pictures: the window was closed; the game goes on"):
        window.show(RED)
    assert not pygame.display.get_init()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(1000):  # of which each would take a second
            window.show(RED)


def test_copies_open_their_own(window):
    window.show(RED)
    for other in (copy.deepcopy(window), pickle.loads(pickle.dumps(window))):
        pygame.display.quit()
        other.show(RED)
        assert centre() == (200, 10, 10)
        other.close()


def test_without_a_screen_the_game_goes_on(window, monkeypatch):
    pygame.display.quit()
    monkeypatch.setenv("SDL_VIDEODRIVER", "none such")
    with pytest.warns(UserWarning, match="pictures: cannot open a window: .*; nothing is shown"):
        window.show(RED)
    window.show(RED)


def test_without_pygame(monkeypatch):
    monkeypatch.setitem(sys.modules, "pygame", None)
    with pytest.raises(WindowError, match=r"gym-mario-suite\[play\]"):
        PictureWindow("pictures", 24)
