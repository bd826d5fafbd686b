"""The shared action sets on the NES's pad: JUMP is A, SPEED is B, and there is an UP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.envs.actions import ActionReader, ActionSet, action_set
from gym_mario_suite.errors import OptionError
from gym_mario_suite.nes.backend import NESButton

PAD: dict[str, int] = {
    "none": 0,
    "left": NESButton.LEFT,
    "right": NESButton.RIGHT,
    "down": NESButton.DOWN,
    "jump": NESButton.A,
    "speed": NESButton.B,
    "up": NESButton.UP,
}
# The five of the other environments come first, in their order.
SWITCHES = ("left", "right", "down", "jump", "speed", "up")


@dataclass(frozen=True)
class NESActionSet(ActionSet):
    """A set of button combinations, whose `keys` are bits of `NESButton`."""

    @property
    def keys(self) -> NDArray[np.uint8]:
        """Button bits of each action."""
        return np.array(
            [
                sum(PAD[button] for button in combination.split("+"))
                for combination in self.combinations
            ],
            np.uint8,
        )

    def space(self) -> gym.spaces.Space[Any]:
        """The Gymnasium action space."""
        return super().space() if self.combinations else gym.spaces.MultiBinary(len(SWITCHES))


# What other packages call the buttons, in lower case.
_OTHER_NAMES = {"noop": "none", "a": "jump", "b": "speed"}


def nes_action_set(choice: str | Sequence[str | Sequence[str]]) -> NESActionSet:
    """The action set of that name, or of these combinations.

    Args:
        choice: A name; or a list of what each action presses: buttons joined by `+`, or a list of
            them, under the names here or on the pad (`A`, `B`, `NOOP`).

    Raises:
        OptionError: If there is no such set or button; the message lists those there are.
    """
    if isinstance(choice, list | tuple) and choice:
        return NESActionSet("own", tuple(map(_combination, choice)), "combinations of one's own")
    chosen = action_set(cast(str, choice))
    return NESActionSet(chosen.name, chosen.combinations, chosen.note)


def _combination(pressed: object) -> str:
    """What an action presses, in the names here."""
    words = pressed.split("+") if isinstance(pressed, str) else pressed
    if not isinstance(words, list | tuple) or not words:
        words = [pressed]
    names = []
    for word in words:
        name = word.strip().lower() if isinstance(word, str) else ""
        name = _OTHER_NAMES.get(name, name)
        if name not in PAD:
            raise OptionError(
                f"actions: {word!r} is no button; there are {', '.join(PAD)} "
                f"(or A for jump, B for speed, NOOP for none), joined by + or in a list"
            )
        names.append(name)
    # Each once: the bits are added up.
    return "+".join(dict.fromkeys(names))


class NESActionReader(ActionReader):
    """Turns actions into bits of `NESButton`, and refuses everything else."""

    _switch_bits = np.array([PAD[name] for name in SWITCHES], np.uint8)
