"""The shared action sets on the NES's pad: JUMP is A, SPEED is B, and there is an UP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.envs.actions import ActionReader, ActionSet, action_set
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


def nes_action_set(name: str) -> NESActionSet:
    """The action set of that name.

    Raises:
        OptionError: If there is none; the message lists those there are.
    """
    chosen = action_set(name)
    return NESActionSet(chosen.name, chosen.combinations, chosen.note)


class NESActionReader(ActionReader):
    """Turns actions into bits of `NESButton`, and refuses everything else."""

    _switch_bits = np.array([PAD[name] for name in SWITCHES], np.uint8)
