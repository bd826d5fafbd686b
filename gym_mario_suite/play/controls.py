"""Keyboard and gamepads, turned into buttons and commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, Protocol

import pygame

from gym_mario_suite.play.actions import BUTTONS, UP_BUTTON, Action
from gym_mario_suite.play.bindings import Bindings

# A stick counts from half way, and lets go a little later, so that it does not flutter.
STICK_ON = 0.5
STICK_OFF = 0.4
_HORIZONTAL, _VERTICAL = 0, 1


@cache
def key_codes() -> dict[str, int]:
    """Code that pygame has for each key's name."""
    names = (name for name in dir(pygame) if name.startswith("K_") and name != "K_UNKNOWN")
    return {name.removeprefix("K_").lower(): getattr(pygame, name) for name in names}


class Joystick(Protocol):
    """What is used of `pygame.joystick.Joystick`."""

    def get_instance_id(self) -> int:
        """Its number in events."""
        ...

    def get_name(self) -> str:
        """Its name."""
        ...


class Controls:
    """What is held down, and what has just been pressed.

    Args:
        bindings: What does what.
        open_joystick: Opens the gamepad of a device index.
        buttons: Bits of the buttons that the game has; the five of Infinite Mario by default.

    Attributes:
        on_gamepad: Called with a gamepad's name, and whether it has come or gone.
        on_focus_lost: Called when the keyboard goes to another window.
    """

    def __init__(
        self,
        bindings: Bindings,
        open_joystick: Callable[[int], Joystick] = pygame.joystick.Joystick,
        buttons: int = UP_BUTTON - 1,
    ) -> None:
        self._buttons = buttons
        codes = key_codes()
        self._of_key = {
            codes[name]: action for action, names in bindings.keys.items() for name in names
        }
        self._of_pad = {
            number: action for action, numbers in bindings.pad.items() for number in numbers
        }
        self._open_joystick = open_joystick
        self._pads: dict[int, Joystick] = {}
        # What each source (a key, or a part of a gamepad) holds down at present.
        self._held: dict[tuple[Any, ...], Action] = {}
        self._taps = 0
        self.on_gamepad: Callable[[str, bool], None] = lambda name, came: None
        self.on_focus_lost: Callable[[], None] = lambda: None

    @property
    def held(self) -> int:
        """Button bits that are held down."""
        bits = 0
        for action in self._held.values():
            bits |= BUTTONS.get(action, 0)
        return bits & self._buttons

    @property
    def gamepads(self) -> list[str]:
        """Names of the gamepads."""
        return [pad.get_name() for pad in self._pads.values()]

    def take_taps(self) -> int:
        """Button bits pressed since the last call, even if let go by now."""
        taps, self._taps = self._taps, 0
        return taps & self._buttons

    def commands(self, events: Iterable[pygame.event.Event]) -> Iterator[Action]:
        """Take in events; the commands among them."""
        for event in events:
            yield from self._take(event)

    def _take(self, event: pygame.event.Event) -> Iterator[Action]:
        match event.type:
            case pygame.QUIT | pygame.WINDOWCLOSE:
                yield Action.QUIT
            case pygame.KEYDOWN:
                yield from self._press(("key", event.key), self._of_key.get(event.key))
            case pygame.KEYUP:
                self._held.pop(("key", event.key), None)
            case pygame.WINDOWFOCUSLOST:
                # Keys that are let go elsewhere are not reported.
                self._let_go("key")
                self.on_focus_lost()
            case pygame.JOYDEVICEADDED:
                self._add_pad(event.device_index)
            case pygame.JOYDEVICEREMOVED:
                self._remove_pad(event.instance_id)
            case pygame.JOYBUTTONDOWN:
                source = (event.instance_id, "button", event.button)
                yield from self._press(source, self._of_pad.get(event.button))
            case pygame.JOYBUTTONUP:
                self._held.pop((event.instance_id, "button", event.button), None)
            case pygame.JOYHATMOTION:
                x, y = event.value
                source = (event.instance_id, "hat", event.hat)
                yield from self._tilt((*source, _HORIZONTAL), x, Action.LEFT, Action.RIGHT)
                yield from self._tilt((*source, _VERTICAL), -y, Action.UP, Action.DOWN)
            case pygame.JOYAXISMOTION if event.axis == _HORIZONTAL:
                source = (event.instance_id, "axis", _HORIZONTAL)
                yield from self._tilt(source, event.value, Action.LEFT, Action.RIGHT)
            case pygame.JOYAXISMOTION if event.axis == _VERTICAL:
                source = (event.instance_id, "axis", _VERTICAL)
                yield from self._tilt(source, event.value, Action.UP, Action.DOWN)

    def _press(self, source: tuple[Any, ...], action: Action | None) -> Iterator[Action]:
        if action is None:
            return
        if action in BUTTONS:
            self._held[source] = action
            self._taps |= BUTTONS[action]
        else:
            yield action

    def _tilt(
        self, source: tuple[Any, ...], value: float, low: Action | None, high: Action | None
    ) -> Iterator[Action]:
        """A stick or cross: `low` at -1, `high` at 1."""
        before = self._held.get(source)
        action = low if value < 0 else high
        if abs(value) < (STICK_OFF if action == before else STICK_ON):
            action = None
        if action != before:
            self._held.pop(source, None)
            yield from self._press(source, action)

    def _add_pad(self, device_index: int) -> None:
        try:
            pad = self._open_joystick(device_index)
        except pygame.error:
            return  # it is gone again
        known = pad.get_instance_id() in self._pads
        self._pads[pad.get_instance_id()] = pad
        if not known:
            self.on_gamepad(pad.get_name(), True)

    def _remove_pad(self, instance_id: int) -> None:
        pad = self._pads.pop(instance_id, None)
        self._let_go(instance_id)
        if pad is not None:
            self.on_gamepad(pad.get_name(), False)

    def _let_go(self, device: Any) -> None:
        self._held = {s: action for s, action in self._held.items() if s[0] != device}
