"""Several players in a window, from its opening to its end."""

from __future__ import annotations

from collections.abc import Callable

from gym_mario_suite.display.screen import Screen
from gym_mario_suite.play.frame_loop import run_frames
from gym_mario_suite.play.party_keys import PartyKeys
from gym_mario_suite.play.party_painter import PartyPainter
from gym_mario_suite.play.party_session import PartySession
from gym_mario_suite.play.window import WindowOptions, open_display
from gym_mario_suite.play.x_server import WindowGuard


def show_party(
    session: PartySession, options: WindowOptions, keep: Callable[[], object] = lambda: None
) -> PartySession:
    """Show a session until the window is closed.

    Args:
        session: Who plays what.
        options: How to show it.
        keep: Called when the X window system ends the program, which then does not return.

    Raises:
        WindowError: When there is no window, or it was lost.
    """
    with open_display(), WindowGuard(keep):
        people = [seat for seat, guest in enumerate(session.guests) if guest.agent is None]
        keys = PartyKeys(people)
        seats = len(session.guests)
        painter = PartyPainter(session, keys)
        painter.paint()  # compiles what is not, before the window waits for it
        caption = f"gym-mario-suite: {session.headline.lower()}"
        screen = Screen(caption, options.scale, options.full_screen, painter.size_px)
        keys.on_gamepad = session.gamepad
        run_frames(
            session,
            screen,
            keys,
            lambda: session.press(keys.held(seats), keys.take_taps(seats)),
            painter.paint,
            max_frames=options.max_frames,
        )
    return session
