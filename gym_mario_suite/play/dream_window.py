"""A dream in a window, from its opening to its end."""

from __future__ import annotations

from gym_mario_suite.display.screen import Screen
from gym_mario_suite.play.controls import Controls
from gym_mario_suite.play.dream_painter import SIZE_PX, DreamPainter
from gym_mario_suite.play.dream_session import DreamSession
from gym_mario_suite.play.frame_loop import run_frames
from gym_mario_suite.play.window import WindowOptions, open_display


def show_dream(session: DreamSession, options: WindowOptions) -> DreamSession:
    """Show a dream until the window is closed.

    Raises:
        WindowError: When there is no window, or it was lost.
    """
    with open_display():
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
