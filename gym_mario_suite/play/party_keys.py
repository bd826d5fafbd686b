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
    gamepads as people everybody has his own. Who has one keeps it when another goes: that which
    comes in its place is for whoever is without.

    Args:
        people: Seats of the people.

    Attributes:
        controls: Of each person, in the order of the seats; where only agents play, of whoever
            looks on, who has no buttons.
        on_focus_lost: Called when the keyboard's keys go elsewhere.
        on_gamepad: Called with the seat of a person whose gamepad has come or gone, and which.
    """

    def __init__(self, people: list[int]) -> None:
        self._people = people
        self.controls = [
            Controls(_bindings(number if people else _ONLOOKER))
            for number in range(max(len(people), 1))
        ]
        # The owner of each gamepad, by his number among the people; None: it is one too many.
        self._pads: dict[int, int | None] = {}
        self.on_focus_lost: Callable[[], None] = lambda: None
        self.on_gamepad: Callable[[int, bool], None] = lambda seat, came: None

    def told(self, seat: int) -> tuple[str, ...]:
        """What the title card says about a person's keys."""
        number = self._people.index(seat)
        if number >= _ONLOOKER and number not in self._pads.values():
            return ("A GAMEPAD IS MISSING",)
        return _TOLD[number]

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
                self._add_pad(event.device_index)
            elif event.type == pygame.JOYDEVICEREMOVED:
                self._remove_pad(event.instance_id)
            elif event.type == pygame.WINDOWFOCUSLOST:
                self.on_focus_lost()
            if event.type in _PAD_EVENTS:
                owner = self._pads.get(event.instance_id)
                if owner is not None:
                    yield from self.controls[owner].commands([event])
                continue
            for number, controls in enumerate(self.controls):
                found = list(controls.commands([event]))
                # A key that commands the window is in everybody's bindings.
                if number == 0:
                    yield from found

    def _add_pad(self, device_index: int) -> None:
        try:
            pad = pygame.joystick.Joystick(device_index).get_instance_id()
        except pygame.error:
            return  # it is gone again
        if pad not in self._pads:
            self._pads[pad] = None
            self._give(pad)

    def _remove_pad(self, pad: int) -> None:
        owner = self._pads.pop(pad, None)
        if owner is None:
            return
        self._tell(owner, False)
        spare = next((pad for pad, who in self._pads.items() if who is None), None)
        if spare is not None:
            self._give(spare)

    def _give(self, pad: int) -> None:
        """Give a gamepad to the last person without one, if there is any."""
        without = set(range(len(self.controls))) - set(self._pads.values())
        if without:
            self._pads[pad] = max(without)
            self._tell(max(without), True)

    def _tell(self, number: int, came: bool) -> None:
        if self._people:  # whoever looks on has no seat
            self.on_gamepad(self._people[number], came)


def _bindings(number: int) -> Bindings:
    """The keys of the n-th person."""
    moves = (_FIRST, _SECOND, {}, {})[number]
    keys = {action: DEFAULTS.keys[action] for action in _COMMANDS}
    return Bindings({**keys, **moves}, DEFAULTS.pad)


assert len(_TOLD) == MAX_PLAYERS
