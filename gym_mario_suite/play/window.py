"""A course in a window, from its opening to its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pygame

from gym_mario_suite.datasets.any_replay import AnyReplay
from gym_mario_suite.display.screen import MAX_SCALE, Screen, require_display
from gym_mario_suite.errors import OptionError, WindowError
from gym_mario_suite.play.actions import UP_BUTTON, Action
from gym_mario_suite.play.bindings import DEFAULTS, Bindings
from gym_mario_suite.play.cards import cap_label
from gym_mario_suite.play.controls import Controls
from gym_mario_suite.play.episodes import Course
from gym_mario_suite.play.frame_loop import run_frames
from gym_mario_suite.play.painter import Painter
from gym_mario_suite.play.replay_course import ReplayCourse
from gym_mario_suite.play.session import Session
from gym_mario_suite.play.x_server import WindowGuard

_SLOWEST, _FASTEST = 0.01, 100


@dataclass(frozen=True, kw_only=True)
class WindowOptions:
    """How the window looks and how fast it goes.

    Attributes:
        bindings: What the keys do.
        scale: Screen pixels for each pixel of the game; None for what fits.
        full_screen: Whether to fill the screen.
        speed: Game seconds in a second.
        max_frames: Close after so many frames (for tests); None for never.

    Raises:
        OptionError: For an option out of range.
    """

    bindings: Bindings = DEFAULTS
    scale: int | None = None
    full_screen: bool = False
    speed: float = 1
    max_frames: int | None = None

    def __post_init__(self) -> None:
        if self.scale is not None and not 1 <= self.scale <= MAX_SCALE:
            raise OptionError(f"scale must be 1 to {MAX_SCALE}, got {self.scale}")
        if not _SLOWEST <= self.speed <= _FASTEST:
            raise OptionError(f"speed must be {_SLOWEST} to {_FASTEST}, got {self.speed:g}")


def show_course(course: Course, options: WindowOptions, *, title: bool = True) -> Session:
    """Show a course until the window is closed.

    What was played is kept however it ends.

    Args:
        course: What to show.
        options: How.
        title: Whether to begin with the title card.

    Returns:
        The session as it ended.

    Raises:
        WindowError: When there is no window, or it was lost.
    """
    speed = Fraction(options.speed).limit_denominator(100)
    with open_display():
        with (
            closing(Session(course, title=title, speed=speed)) as session,
            WindowGuard(session.close),
        ):
            painter = Painter(options.bindings)
            # An episode takes of the buttons what its game has.
            controls = Controls(options.bindings, buttons=2 * UP_BUTTON - 1)
            controls.on_gamepad = session.gamepad
            if not title:
                session.notify(_hint(options.bindings))
            painter.paint(session)  # compiles what is not, before the window waits for it
            caption = f"gym-mario-suite: {course.headline.lower()}"
            screen = Screen(caption, options.scale, options.full_screen)
            run_frames(
                session,
                screen,
                controls,
                lambda: session.press(controls.held, controls.take_taps()),
                lambda: painter.paint(session),
                max_frames=options.max_frames,
            )
        return session


@contextmanager
def open_display() -> Iterator[None]:
    """The display and the gamepads, open."""
    try:
        require_display()
        with suppress(pygame.error):  # without gamepads there is the keyboard
            pygame.joystick.init()
        yield
    except pygame.error as error:
        raise WindowError(f"the window was lost: {error}") from error
    finally:
        pygame.joystick.quit()
        pygame.display.quit()


def _hint(bindings: Bindings) -> str:
    """Two keys worth knowing where there is no title card."""
    offers = ((Action.GRID, "GRID"), (Action.PAUSE, "PAUSE"))
    labels = [(cap_label(bindings, action), text) for action, text in offers]
    return "  ".join(f"{label}:{text}" for label, text in labels if label)


def show_replays(
    replays: Sequence[tuple[str | Path, AnyReplay]], options: WindowOptions
) -> Session:
    """Show replays in a window, with pause, speed, single steps and the agents' grid.

    Args:
        replays: Name and replay of each.
        options: How.

    Returns:
        The session as it ended.

    Raises:
        WindowError: When there is no window, or it was lost.
        ReplayError: When a game takes another course than the one recorded.
    """
    course = ReplayCourse([(str(name), replay) for name, replay in replays])
    return show_course(course, options, title=False)


def show_replay(replay: AnyReplay, name: str = "replay", **options: object) -> Session:
    """Show one replay; the options are those of `WindowOptions`."""
    return show_replays([(name, replay)], WindowOptions(**options))  # type: ignore[arg-type]
