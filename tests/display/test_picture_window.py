"""The window of `render_mode="human"`, on SDL's screen that nobody sees."""

import copy
import ctypes
import gc
import multiprocessing
import pickle
import struct
import sys
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest

pygame = pytest.importorskip("pygame", reason="needs pygame-ce, of the extra `play`")

from gym_mario_suite.display.picture_window import PictureWindow  # noqa: E402
from gym_mario_suite.errors import WindowError  # noqa: E402

RED = np.full((24, 32, 3), (200, 10, 10), np.uint8)


@pytest.fixture(autouse=True)
def nobody_else():
    pygame.quit()
    yield
    pygame.quit()


@pytest.fixture
def window():
    window = PictureWindow("pictures", fps=1000)
    yield window
    window.close()


def centre(window):
    if window._window is None:
        return None
    surface = window._window.get_surface()
    return tuple(surface.get_at(surface.get_rect().center))[:3]


def ask_to_close(window):
    pygame.event.post(pygame.event.Event(pygame.WINDOWCLOSE, window=window._window))


def test_it_opens_at_the_first_picture_and_shows_each(window):
    assert not pygame.display.get_init()
    window.show(RED)
    assert (centre(window), window._window.title) == ((200, 10, 10), "pictures")
    window.show(RED[..., ::-1].copy())
    assert centre(window) == (10, 10, 200)
    window.show(np.full((48, 32, 3), 7, np.uint8))
    width, height = window._window.size
    assert height / width == 48 / 32
    window.close()
    window.close()
    assert not pygame.display.get_init()
    window.show(RED)
    assert centre(window) == (200, 10, 10)


def test_its_picture_is_as_large_as_whoever_uses_it_makes_it(window):
    window.show(RED)
    window._window.size = (320, 300)
    window.show(RED)
    surface = window._window.get_surface()
    assert surface.get_size() == (320, 300)
    assert tuple(surface.get_at((1, 150)))[:3] == (200, 10, 10)
    assert tuple(surface.get_at((160, 5)))[:3] != (200, 10, 10)


@pytest.mark.parametrize("kind", [pygame.QUIT, pygame.WINDOWCLOSE])
def test_who_closes_it_sees_no_more_and_nobody_waits(kind):
    window = PictureWindow("pictures", fps=1)
    window.show(RED)
    pygame.event.post(pygame.event.Event(kind, window=window._window))
    with pytest.warns(UserWarning, match="pictures: the window was closed; the game goes on"):
        window.show(RED)
    assert not pygame.display.get_init()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(1000):  # of which each would take a second
            window.show(RED)


def test_several_are_windows_of_their_own(window):
    other, third = PictureWindow("other", fps=1000), PictureWindow("third", fps=1000)
    for each in (window, other, third):
        each.show(RED)
    other.show(RED[..., ::-1].copy())
    assert (centre(window), centre(other)) == ((200, 10, 10), (10, 10, 200))
    third.close()
    ask_to_close(other)
    window.show(RED)
    with pytest.warns(UserWarning, match="other: the window was closed"):
        other.show(RED)
    window.show(RED)
    assert (centre(window), centre(other)) == ((200, 10, 10), None)


def test_the_display_and_the_events_of_the_program_around_it_are_left_alone(window):
    pygame.init()
    own = pygame.display.set_mode((100, 80))
    pygame.display.set_caption("mine")
    pygame.event.clear()
    window.show(RED)
    for kind in (pygame.KEYDOWN, pygame.QUIT):
        pygame.event.post(pygame.event.Event(kind))
    window.show(RED)
    assert centre(window) == (200, 10, 10)
    kinds = {event.type for event in pygame.event.get()}
    assert {pygame.KEYDOWN, pygame.QUIT} <= kinds
    window.close()
    assert pygame.display.get_surface() is own
    assert (pygame.display.get_caption()[0], own.get_size()) == ("mine", (100, 80))
    pygame.display.flip()


def test_what_nobody_reads_does_not_fill_the_queue(window):
    window.show(RED)
    for number in range(3000):
        pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=number))
    window.show(RED)
    unread = [event.key for event in pygame.event.get(pygame.KEYDOWN)]
    assert unread == list(range(2000, 3000))


def _say_as_the_system(window, what):
    """An event of a window from SDL itself, which is not stored as those that one posts."""
    maps = Path("/proc/self/maps")
    lines = maps.read_text().splitlines() if maps.exists() else []
    files = {line.split()[-1] for line in lines if "libSDL2-" in line}
    if not files:
        pytest.skip("SDL's own library is not found here")
    event = struct.pack("IIIB43x", 0x200, 0, window._window.id, what)
    assert ctypes.CDLL(files.pop()).SDL_PushEvent(event) == 1


@pytest.mark.parametrize("own", [False, True])
def test_what_the_system_says_of_one_of_several(window, own):
    if own:
        pygame.init()
        pygame.display.set_mode((20, 20))
    other = PictureWindow("other", fps=1000)
    for each in (window, other):
        each.show(RED)
    close = 14
    _say_as_the_system(other, close)
    window.show(RED)
    with pytest.warns(UserWarning, match="other: the window was closed"):
        other.show(RED)
    assert (centre(window), centre(other)) == ((200, 10, 10), None)


def test_a_program_without_a_display_keeps_pygame(window):
    pygame.init()
    window.show(RED)
    window.close()
    assert pygame.event.get() is not None


def test_it_opens_again_after_pygame_was_ended(window):
    for _ in range(2):
        window.show(RED)
        pygame.quit()
    pygame.display.init()
    window.show(RED)
    assert centre(window) == (200, 10, 10)
    pygame.quit()
    window.close()


def test_what_is_forgotten_is_closed(window):
    left = PictureWindow("left", fps=1000)
    left.show(RED)
    pygame.event.post(pygame.event.Event(pygame.WINDOWENTER, window=left._window))
    window.show(RED)
    window.close()
    lost = left._window
    assert lost is not None
    del left
    gc.collect()
    with pytest.raises(pygame.error):
        lost.flip()
    fresh = PictureWindow("fresh", fps=1000)
    fresh.show(RED)
    fresh.close()
    assert not pygame.display.get_init()


def test_threads_have_one_each():
    pictures = {}

    def play(shade):
        window = PictureWindow(f"shade {shade}", fps=1000)
        for _ in range(20):
            window.show(np.full((24, 32, 3), shade, np.uint8))
        pictures[shade] = centre(window)
        window.close()

    threads = [threading.Thread(target=play, args=(shade,)) for shade in (50, 150)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert pictures == {50: (50,) * 3, 150: (150,) * 3}
    assert not pygame.display.get_init()


def _show_in_a_fork(answers):
    window = PictureWindow("fork", fps=1000)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        window.show(RED)
    answers.send((centre(window), [str(each.message) for each in said]))


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="processes are never forked here"
)
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.parametrize("shown", [True, False])
def test_a_fork_does_not_draw_on_its_parents_screen(window, shown):
    window.show(RED)
    if not shown:
        window.close()
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_show_in_a_fork, args=(theirs,))
    process.start()
    assert ours.poll(30)
    colour, said = ours.recv()
    process.join()
    if shown:
        assert colour is None
        assert "forked from one that had opened some; nothing is shown" in said[0]
    else:
        assert (colour, said) == ((200, 10, 10), [])


def test_copies_open_their_own(window):
    window.show(RED)
    for other in (copy.deepcopy(window), pickle.loads(pickle.dumps(window))):
        other.show(RED)
        assert other._window is not window._window
        other.close()
    assert centre(window) == (200, 10, 10)


def test_without_a_screen_the_game_goes_on(window, monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "none such")
    with pytest.warns(UserWarning, match="pictures: cannot open a window: .*; nothing is shown"):
        window.show(RED)
    window.show(RED)


def test_without_pygame(monkeypatch):
    monkeypatch.setitem(sys.modules, "pygame", None)
    with pytest.raises(WindowError, match=r"gym-mario-suite\[play\]"):
        PictureWindow("pictures", 24)


def test_the_original_pygame_has_one_window_only(monkeypatch):
    monkeypatch.delattr(pygame, "Window")
    with pytest.raises(WindowError, match="pip uninstall pygame"):
        PictureWindow("pictures", 24)
