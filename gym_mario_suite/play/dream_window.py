"""A dream in a window, from its opening to its end."""

from __future__ import annotations

import time
from collections.abc import Callable

import pygame

from gym_mario_suite.play.actions import Action
from gym_mario_suite.play.controls import Controls
from gym_mario_suite.play.dream_painter import SIZE_PX, DreamPainter
from gym_mario_suite.play.dream_session import DreamSession
from gym_mario_suite.play.screen import Screen
from gym_mario_suite.play.window import PATIENCE_NS, WindowOptions, open_display


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
        run_dream(session, screen, controls, painter, max_frames=options.max_frames)
    return session


def run_dream(
    session: DreamSession,
    screen: Screen,
    controls: Controls,
    painter: DreamPainter,
    *,
    max_frames: int | None = None,
    clock_ns: Callable[[], int] = time.perf_counter_ns,
) -> None:
    """Frame after frame until somebody quits."""
    controls.on_focus_lost = session.interrupt
    controls.on_gamepad = lambda _name, came: None if came else session.interrupt()
    before_ns = clock_ns()
    frames = 0
    while max_frames is None or frames < max_frames:
        for action in controls.commands(pygame.event.get()):
            if action is Action.QUIT:
                return
            if action is Action.FULL_SCREEN:
                screen.toggle_full_screen()
            else:
                session.command(action)
        session.press(controls.held, controls.take_taps())
        now_ns = clock_ns()
        patience_ends_ns = now_ns + PATIENCE_NS
        session.advance(now_ns - before_ns, lambda end=patience_ends_ns: clock_ns() > end)
        before_ns = now_ns
        screen.show(painter.paint())
        screen.wait()
        frames += 1
