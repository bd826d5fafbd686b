"""Keys and gamepads of several people at one machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pygame

from gym_mario_suite.engine.world import MAX_PLAYERS
from gym_mario_suite.play.actions import Action
from gym_mario_suite.play.bindings import DEFAULTS, Bindings
from gym_mario_suite.play.controls import Controls

# Four hands on one keyboard: the first two people have keys, everybody may have a gamepad.
_FIRST: dict[Action, tuple[str, ...]] = {
    Action.LEFT: ("left",),
    Action.RIGHT: ("right",),
    Action.DOWN: ("down",),
    Action.JUMP: ("up",),
    Action.SPEED: ("rctrl", "rshift"),
}
_SECOND: dict[Action, tuple[str, ...]] = {
    Action.LEFT: ("a",),
    Action.RIGHT: ("d",),
    Action.DOWN: ("s",),
    Action.JUMP: ("w",),
    Action.SPEED: ("lctrl", "lshift"),
}
_TOLD = (
    ("ARROWS WALK, DOWN DUCKS", "UP JUMPS, RIGHT CTRL/SHIFT RUNS"),
    ("A D WALK, S DUCKS", "W JUMPS, LEFT CTRL/SHIFT RUNS"),
    ("GAMEPAD",),
    ("GAMEPAD",),
)
_COMMANDS = (
    Action.START,
    Action.PAUSE,
    Action.RESTART,
    Action.NEXT,
    Action.FULL_SCREEN,
    Action.QUIT,
)
_ONLOOKER = 2  # the first number without keys for buttons
_PAD_EVENTS = (
    pygame.JOYBUTTONDOWN,
    pygame.JOYBUTTONUP,
    pygame.JOYHATMOTION,
    pygame.JOYAXISMOTION,
)


class PartyKeys:
    """Who holds what: the n-th person has the n-th set of keys, and the n-th gamepad from the end.

    With one gamepad it is the last person's, so that nobody shares the keyboard; with as many
    gamepads as people everybody has his own.

    Args:
        people: Seats of the people.

    Attributes:
        controls: Of each person, in the order of the seats; where only agents play, of whoever
            looks on, who has no buttons.
        on_focus_lost: Called when the keyboard's keys go elsewhere.
        on_gamepad_lost: Called when a gamepad is gone.
    """

    def __init__(self, people: list[int]) -> None:
        self._people = people
        self.controls = [
            Controls(_bindings(number if people else _ONLOOKER))
            for number in range(max(len(people), 1))
        ]
        self._pads: list[int] = []
        self.on_focus_lost: Callable[[], None] = lambda: None
        self.on_gamepad_lost: Callable[[], None] = lambda: None

    def told(self, seat: int) -> tuple[str, ...]:
        """What the title card says about a person's keys."""
        return _TOLD[self._people.index(seat)]

    def held(self, seats: int) -> list[int]:
        """Button bits that each seat holds."""
        bits = [0] * seats
        for seat, controls in zip(self._people, self.controls, strict=False):
            bits[seat] = controls.held
        return bits

    def take_taps(self, seats: int) -> list[int]:
        """Button bits that each seat has pressed since the last call, even if let go by now."""
        bits = [0] * seats
        for seat, controls in zip(self._people, self.controls, strict=False):
            bits[seat] = controls.take_taps()
        return bits

    def commands(self, events: Iterable[pygame.event.Event]) -> Iterator[Action]:
        """Take in events; the commands among them."""
        for event in events:
            if event.type == pygame.JOYDEVICEADDED:
                pad = pygame.joystick.Joystick(event.device_index)
                if pad.get_instance_id() not in self._pads:
                    self._pads.append(pad.get_instance_id())
            elif event.type == pygame.JOYDEVICEREMOVED and event.instance_id in self._pads:
                self._pads.remove(event.instance_id)
                self.on_gamepad_lost()
            elif event.type == pygame.WINDOWFOCUSLOST:
                self.on_focus_lost()
            if event.type in _PAD_EVENTS:
                owner = self._owner(event.instance_id)
                if owner is not None:
                    yield from self.controls[owner].commands([event])
                continue
            for number, controls in enumerate(self.controls):
                found = list(controls.commands([event]))
                # A key that commands the window is in everybody's bindings.
                if number == 0:
                    yield from found

    def _owner(self, pad: int) -> int | None:
        """The person whose gamepad it is."""
        if pad not in self._pads or not self.controls:
            return None
        owner = len(self.controls) - 1 - self._pads.index(pad)
        return owner if owner >= 0 else None


def _bindings(number: int) -> Bindings:
    """The keys of the n-th person."""
    moves = (_FIRST, _SECOND, {}, {})[number]
    keys = {action: DEFAULTS.keys[action] for action in _COMMANDS}
    return Bindings({**keys, **moves}, DEFAULTS.pad)


assert len(_TOLD) == MAX_PLAYERS
