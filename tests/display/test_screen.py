"""How pictures lie in windows, on SDL's screen that nobody sees."""

import numpy as np
import pytest

pygame = pytest.importorskip("pygame", reason="needs pygame-ce, of the extra `play`")

from gym_mario_suite.display.screen import Screen, fit  # noqa: E402


@pytest.fixture(autouse=True)
def closed():
    yield
    pygame.display.quit()


@pytest.mark.parametrize(
    ("size", "fitted"),
    [
        ((320, 240), (1, 0, 0)),
        ((1280, 800), (3, 160, 40)),
        ((1920, 1080), (4, 320, 60)),
        ((700, 700), (2, 30, 110)),
        ((319, 240), (0, 159, 120)),
    ],
)
def test_whole_factors_and_bars(size, fitted):
    assert fit(*size) == fitted


def test_a_wide_picture_fills_a_window_that_is_less_than_twice_its_size(monkeypatch):
    monkeypatch.setattr(pygame.display, "get_desktop_sizes", lambda: [(1280, 900)])
    screen = Screen("wide", size_px=(640, 256))
    size = pygame.display.get_window_size()
    assert size == (1152, 461)
    screen.show(np.full((256, 640, 3), 200, np.uint8))
    shown = pygame.surfarray.array3d(pygame.display.get_surface())
    assert shown.min() > 190  # and not the colour of the bars


@pytest.mark.parametrize("window", [(640, 512), (1000, 560), (1152, 461), (500, 300), (1280, 800)])
def test_a_click_is_on_the_pixel_that_is_shown_there(window, monkeypatch):
    picture = np.zeros((256, 640, 3), np.uint8)
    picture[200:216, 500:520] = 255
    screen = Screen("places", 1, size_px=(640, 256))
    pygame.display.set_mode(window)
    screen.show(picture)
    shown = pygame.surfarray.array3d(pygame.display.get_surface())[..., 0]
    x, y = (int(each.mean()) for each in np.nonzero(shown > 200))
    column, row = screen.place((x, y))
    assert abs(column - 510) <= 1
    assert abs(row - 208) <= 1


def test_a_picture_wider_than_the_desktop_is_shrunk(monkeypatch):
    monkeypatch.setattr(pygame.display, "get_desktop_sizes", lambda: [(1280, 900)])
    Screen("very wide", size_px=(1824, 224))
    assert pygame.display.get_window_size() == (1152, 141)
