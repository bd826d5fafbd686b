"""A dream in a window, from its opening to its end."""

from __future__ import annotations

from collections.abc import Callable

from gym_mario_suite.display.screen import Screen
from gym_mario_suite.play.controls import Controls
from gym_mario_suite.play.dream_painter import SIZE_PX, DreamPainter
from gym_mario_suite.play.dream_session import DreamSession
from gym_mario_suite.play.frame_loop import run_frames
from gym_mario_suite.play.window import WindowOptions, open_display
from gym_mario_suite.play.x_server import WindowGuard


def show_dream(
    session: DreamSession, options: WindowOptions, keep: Callable[[], object] = lambda: None
) -> DreamSession:
    """Show a dream until the window is closed.

    Args:
        session: The dream.
        options: How to show it.
        keep: Called when the X window system ends the program, which then does not return.

    Raises:
        WindowError: When there is no window, or it was lost.
    """
    with open_display(), WindowGuard(keep):
        controls = Controls(options.bindings)
        painter = DreamPainter(session)
        painter.paint()  # compiles what is not, before the window waits for it
        caption = f"gym-mario-suite: a dream of {session.model.config.name}"
        screen = Screen(caption, options.scale, options.full_screen, SIZE_PX)
        controls.on_gamepad = lambda _name, came: None if came else session.interrupt()
        run_frames(
            session,
            screen,
            controls,
            lambda: session.press(controls.held, controls.take_taps()),
            painter.paint,
            max_frames=options.max_frames,
        )
    return session
