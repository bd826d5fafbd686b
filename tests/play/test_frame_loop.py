"""The loop of every window, with a game, a screen and a clock that only tell what happened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pygame = pytest.importorskip("pygame", reason="needs pygame-ce, of the extra `play`")

from gym_mario_suite.play.actions import Action  # noqa: E402
from gym_mario_suite.play.bindings import DEFAULTS  # noqa: E402
from gym_mario_suite.play.controls import Controls  # noqa: E402
from gym_mario_suite.play.frame_loop import (  # noqa: E402
    PATIENCE_NS,
    SWITCHING_NS,
    run_frames,
)
from gym_mario_suite.play.party_keys import PartyKeys  # noqa: E402

FRAME_NS = SWITCHING_NS // 10
LOST = pygame.event.Event(pygame.WINDOWFOCUSLOST)


def key(name: str) -> Any:
    return pygame.event.Event(pygame.KEYDOWN, key=getattr(pygame, f"K_{name}"))


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> dict[int, list[Any]]:
    """Events by the number of the frame in which they come; no display is opened."""
    frames: dict[int, list[Any]] = {}
    count = iter(range(1_000_000))
    monkeypatch.setattr(pygame.event, "get", lambda: frames.get(next(count), []))
    return frames


class Told:
    """A game and a screen that write down what they are told."""

    def __init__(self) -> None:
        self.log: list[Any] = []
        self.now_ns = 0
        self.tick_ns = 0

    def command(self, action: Action) -> None:
        self.log.append(action)

    def interrupt(self) -> None:
        self.log.append("interrupted")

    def advance(self, elapsed_ns: int, hurried: Callable[[], bool]) -> int:
        self.log.append(elapsed_ns)
        for ticks in range(1, 100):
            self.now_ns += self.tick_ns
            if hurried():
                return ticks
        return 100

    def toggle_full_screen(self) -> None:
        self.log.append("switched")

    def show(self, pixels: Any) -> None:
        self.log.append(pixels.shape)

    def wait(self) -> None:
        self.now_ns += FRAME_NS


def told(
    script: dict[int, list[Any]], frames: int, keys: Any = None, tick_ns: int = 0
) -> list[Any]:
    game: Any = Told()
    game.tick_ns = tick_ns
    run_frames(
        game,
        game,
        keys or Controls(DEFAULTS),
        lambda: game.log.append("pressed"),
        lambda: np.zeros((2, 3), np.uint8),
        max_frames=frames,
        clock_ns=lambda: game.now_ns,
    )
    return game.log


def test_each_frame_takes_keys_then_time_then_is_shown(script: dict[int, list[Any]]) -> None:
    script[1] = [key("RETURN"), key("ESCAPE"), key("r")]
    assert told(script, 9) == ["pressed", 0, (2, 3), Action.START]


def test_frames_are_counted(script: dict[int, list[Any]]) -> None:
    assert told(script, 2) == ["pressed", 0, (2, 3), "pressed", FRAME_NS, (2, 3)]


@pytest.mark.parametrize("keys", [Controls, PartyKeys])
def test_a_game_that_loses_the_keyboard_is_interrupted(
    script: dict[int, list[Any]], keys: Any
) -> None:
    made = keys(DEFAULTS) if keys is Controls else PartyKeys([0, 1])
    script[20] = [LOST]
    assert told(script, 22, made).count("interrupted") == 1


def test_a_window_that_comes_or_changes_its_size_may_lose_it(
    script: dict[int, list[Any]],
) -> None:
    script[0], script[20], script[25], script[31] = [LOST], [key("F11")], [LOST], [LOST]
    log = told(script, 33)
    assert log.count("switched") == 1
    assert log.count("interrupted") == 1
    assert log.index("switched") < log.index("interrupted")


def test_slow_ticks_are_dropped_when_a_frame_takes_too_long(
    script: dict[int, list[Any]],
) -> None:
    log = told(script, 2, tick_ns=PATIENCE_NS // 3)
    # Four ticks of a third of the patience: after the fourth it has run out.
    elapsed_ns = [entry for entry in log if isinstance(entry, int)]
    assert elapsed_ns == [0, 4 * (PATIENCE_NS // 3) + FRAME_NS]
