"""Several players in a window, from its opening to its end."""

from __future__ import annotations

import time
from collections.abc import Callable

import pygame

from gym_mario_suite.play.actions import Action
from gym_mario_suite.play.party_keys import PartyKeys
from gym_mario_suite.play.party_painter import PartyPainter
from gym_mario_suite.play.party_session import PartySession
from gym_mario_suite.play.screen import Screen
from gym_mario_suite.play.window import PATIENCE_NS, WindowOptions, open_display


def show_party(session: PartySession, options: WindowOptions) -> PartySession:
    """Show a session until the window is closed.

    Raises:
        WindowError: When there is no window, or it was lost.
    """
    with open_display():
        people = [seat for seat, guest in enumerate(session.guests) if guest.agent is None]
        keys = PartyKeys(people)
        painter = PartyPainter(session, keys)
        painter.paint()  # compiles what is not, before the window waits for it
        caption = f"gym-mario-suite: {session.headline.lower()}"
        screen = Screen(caption, options.scale, options.full_screen, painter.size_px)
        run_party(session, screen, keys, painter, max_frames=options.max_frames)
    return session


def run_party(
    session: PartySession,
    screen: Screen,
    keys: PartyKeys,
    painter: PartyPainter,
    *,
    max_frames: int | None = None,
    clock_ns: Callable[[], int] = time.perf_counter_ns,
) -> None:
    """Frame after frame until somebody quits."""
    before_ns = clock_ns()
    frames = 0
    while max_frames is None or frames < max_frames:
        for action in keys.commands(pygame.event.get()):
            if action is Action.QUIT:
                return
            if action is Action.FULL_SCREEN:
                screen.toggle_full_screen()
            else:
                session.command(action)
        session.press(keys.held(len(session.guests)))
        now_ns = clock_ns()
        patience_ends_ns = now_ns + PATIENCE_NS
        session.advance(now_ns - before_ns, lambda end=patience_ends_ns: clock_ns() > end)
        before_ns = now_ns
        screen.show(painter.paint())
        screen.wait()
        frames += 1
