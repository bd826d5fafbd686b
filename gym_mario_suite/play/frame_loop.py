"""What every window does: frame after frame keys are taken in, time passes, a picture is shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

import pygame

from gym_mario_suite.display.screen import Screen
from gym_mario_suite.play.actions import Action
from gym_mario_suite.play.canvas import Pixels

# Of a frame, for the ticks of a slow agent; then the window is drawn and asked for keys again.
PATIENCE_NS = 40_000_000
SWITCHING_NS = 1_000_000_000


class Game(Protocol):
    """What is shown."""

    def command(self, action: Action) -> None:
        """Do what a key asks for."""

    def interrupt(self) -> None:
        """Pause what a person plays."""

    def advance(self, elapsed_ns: int, hurried: Callable[[], bool]) -> int:
        """Let time pass, tick by tick; after one that finds it `hurried`, no more are due."""
        ...


class Keys(Protocol):
    """Keys and gamepads."""

    on_focus_lost: Callable[[], None]

    def commands(self, events: Iterable[pygame.event.Event]) -> Iterator[Action]:
        """Take in events; the commands among them."""
        ...


def run_frames(
    game: Game,
    screen: Screen,
    keys: Keys,
    press: Callable[[], None],
    paint: Callable[[], Pixels],
    *,
    max_frames: int | None = None,
    clock_ns: Callable[[], int] = time.perf_counter_ns,
) -> None:
    """Frame after frame until somebody quits.

    A game is interrupted when its window loses the keyboard.

    Args:
        game: What is shown.
        screen: Where.
        keys: Where the commands come from.
        press: Has the game take the buttons that are held.
        paint: The picture of the game as it is.
        max_frames: End after so many; None for never.
        clock_ns: Nanoseconds since some time.
    """
    before_ns = switched_ns = clock_ns()

    def on_focus_lost() -> None:
        # Some window managers take the focus away for a moment when a window comes or changes.
        if clock_ns() - switched_ns > SWITCHING_NS:
            game.interrupt()

    keys.on_focus_lost = on_focus_lost
    frames = 0
    while max_frames is None or frames < max_frames:
        for action in keys.commands(pygame.event.get()):
            if action is Action.QUIT:
                return
            if action is Action.FULL_SCREEN:
                screen.toggle_full_screen()
                switched_ns = clock_ns()
            else:
                game.command(action)
        press()
        now_ns = clock_ns()
        patience_ends_ns = now_ns + PATIENCE_NS
        game.advance(now_ns - before_ns, lambda end=patience_ends_ns: clock_ns() > end)
        before_ns = now_ns
        screen.show(paint())
        screen.wait()
        frames += 1
