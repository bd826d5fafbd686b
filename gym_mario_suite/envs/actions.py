"""Named action sets over the buttons, the vocabulary that all environments share.

A set is either `buttons`, five (or more) independent switches, or a list of combinations to
choose from. The names of the combinations follow what they press: `right+jump+speed`. JUMP is the
NES's A, SPEED its B. Infinite Mario has no use for up, so there `up` does nothing.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.world import Button
from gym_mario_suite.errors import OptionError

BUTTON_ORDER = (Button.LEFT, Button.RIGHT, Button.DOWN, Button.JUMP, Button.SPEED)
_BITS = {button.name.lower(): int(button) for button in BUTTON_ORDER if button.name}
_BITS["up"] = 0
_BITS["none"] = 0


@dataclass(frozen=True)
class ActionSet:
    """A named list of button combinations.

    Attributes:
        name: Name of the set.
        combinations: What each action presses, buttons joined by `+`; empty for independent
            buttons.
        note: One line on where the set comes from.
    """

    name: str
    combinations: tuple[str, ...]
    note: str

    @property
    def keys(self) -> NDArray[np.uint8]:
        """Button bits of each action."""
        return np.array(
            [
                sum(_BITS[button] for button in combination.split("+"))
                for combination in self.combinations
            ],
            np.uint8,
        )

    def space(self) -> gym.spaces.Space[Any]:
        """The Gymnasium action space."""
        if self.combinations:
            return gym.spaces.Discrete(len(self.combinations))
        return gym.spaces.MultiBinary(len(BUTTON_ORDER))


_ARTICLE = (
    "none up down left left+jump left+speed left+jump+speed right right+jump right+speed "
    "right+jump+speed jump speed jump+speed"
)
_COMPLEX = (
    "none right right+jump right+speed right+jump+speed jump left left+jump left+speed "
    "left+jump+speed down up"
)

ACTION_SETS: dict[str, ActionSet] = {
    action_set.name: action_set
    for action_set in (
        ActionSet("buttons", (), "five independent buttons: left, right, down, jump, speed"),
        ActionSet("complex", tuple(_COMPLEX.split()), "12 actions, the usual set of the NES peers"),
        ActionSet("curiosity", tuple(_ARTICLE.split()), "14 actions of the curiosity article"),
        ActionSet(
            "simple",
            ("none", "right", "right+jump", "right+speed", "right+jump+speed", "jump", "left"),
            "7 actions that suffice for most levels",
        ),
        ActionSet(
            "right_only",
            ("none", "right", "right+jump", "right+speed", "right+jump+speed"),
            "5 actions that never go back",
        ),
    )
}

DEFAULT_ACTION_SET = "complex"


def action_set(name: str) -> ActionSet:
    """The action set of that name.

    Raises:
        OptionError: If there is none; the message lists those there are.
    """
    if not isinstance(name, str) or name not in ACTION_SETS:
        raise OptionError(f"unknown action set {name!r}; there are {', '.join(ACTION_SETS)}")
    return ACTION_SETS[name]


class ActionReader:
    """Turns an environment's actions into button bits, and refuses everything else.

    Args:
        chosen: The action set.
    """

    # Of each switch, where an action is a switch for each button.
    _switch_bits: NDArray[np.uint8] = np.array([int(button) for button in BUTTON_ORDER], np.uint8)

    def __init__(self, chosen: ActionSet) -> None:
        self.chosen = chosen
        self._keys = chosen.keys
        self._key_list = chosen.keys.tolist()

    def one(self, action: Any) -> int:
        """Button bits of one action.

        Raises:
            OptionError: If the action is not one of the set.
        """
        if not self._key_list:
            return int(self._switches(np.asarray(action), self._switch_bits.shape))
        try:
            index = operator.index(action)
        except TypeError:
            index = -1
        if not 0 <= index < len(self._key_list):
            raise OptionError(
                f"an action of the set {self.chosen.name!r} is a whole number from 0 to "
                f"{len(self._key_list) - 1}, got {action!r}"
            )
        return self._key_list[index]

    def many(self, actions: Any, count: int) -> NDArray[np.uint8]:
        """Button bits of `count` actions, uint8[count].

        Raises:
            OptionError: If there are not `count` actions, or one is not of the set.
        """
        array = np.asarray(actions)
        if not self._key_list:
            return self._switches(array, (count, len(self._switch_bits)))
        if array.shape != (count,) or array.dtype.kind not in "iu":
            raise OptionError(
                f"actions must be {count} whole numbers, got {array.dtype} of shape {array.shape}"
            )
        if count and not (array.min() >= 0 and array.max() < len(self._keys)):
            raise OptionError(
                f"actions of the set {self.chosen.name!r} go from 0 to {len(self._keys) - 1}, "
                f"got {array.min()} to {array.max()}"
            )
        return self._keys[array]

    def _switches(self, array: NDArray[Any], shape: tuple[int, ...]) -> NDArray[np.uint8]:
        if array.shape != shape or array.dtype.kind not in "iubf":
            raise OptionError(
                f"buttons must be 0 or 1 in an array of shape {shape}, "
                f"got {array.dtype} of shape {array.shape}"
            )
        if not ((array == 0) | (array == 1)).all():
            raise OptionError(f"buttons must be 0 or 1, got {array.tolist()}")
        return (array.astype(np.uint8) * self._switch_bits).sum(axis=-1, dtype=np.uint8)
