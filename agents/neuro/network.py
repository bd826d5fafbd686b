"""A small network from what is near Mario to buttons."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.agents.base import GameView
from gym_mario_suite.engine.observe import GRID_CENTRE
from gym_mario_suite.engine.world import Button
from gym_mario_suite.errors import WeightsError, reason_of

VIEW = 7  # cells on a side, Mario's in the middle
INPUTS = VIEW * VIEW + 3
HIDDEN = 10
BUTTONS = (Button.LEFT, Button.RIGHT, Button.JUMP, Button.SPEED)
PARAMETERS = INPUTS * HIDDEN + (HIDDEN + 1) * len(BUTTONS)

_BITS = tuple(int(button) for button in BUTTONS)
_NEAR = np.s_[
    GRID_CENTRE - VIEW // 2 : GRID_CENTRE + VIEW // 2 + 1,
    GRID_CENTRE - VIEW // 2 : GRID_CENTRE + VIEW // 2 + 1,
]


@dataclass(frozen=True, eq=False)
class Network:
    """A multi-layer perceptron with one hidden layer of tanh units.

    Attributes:
        into: float64[inputs, hidden]; the last input is always 1.
        out: float64[hidden + 1, buttons]; the last hidden unit is always 1. A button is pressed
            when its sum is above 0.
    """

    into: NDArray[np.float64]
    out: NDArray[np.float64]

    @classmethod
    def from_parameters(cls, parameters: NDArray[np.float64]) -> Network:
        """The network whose weights are float64[PARAMETERS], one after the other."""
        split = INPUTS * HIDDEN
        return cls(
            parameters[:split].reshape(INPUTS, HIDDEN),
            parameters[split:].reshape(HIDDEN + 1, len(BUTTONS)),
        )

    def act(self, game: GameView) -> int:
        """Button bits for what the game shows."""
        hidden = np.empty(HIDDEN + 1)
        np.tanh(inputs_of(game) @ self.into, out=hidden[:HIDDEN])
        hidden[HIDDEN] = 1.0
        pressed = (hidden @ self.out > 0.0).tolist()
        return sum(bit for bit, on in zip(_BITS, pressed, strict=True) if on)


def inputs_of(game: GameView) -> NDArray[np.float64]:
    """The 7x7 cells (1 solid, -1 a creature, 0 free), whether Mario may jump and stands, and 1."""
    values = np.ones(INPUTS)
    near = game.level_grid(2)[_NEAR] - 2 * game.enemies_grid(2)[_NEAR]
    values[: VIEW * VIEW] = np.clip(near, -1, 1).ravel()
    values[VIEW * VIEW] = game.may_jump
    values[VIEW * VIEW + 1] = game.on_ground
    return values


def load_parameters(path: Path) -> NDArray[np.float64]:
    """The weights of a file that the training wrote, float64[PARAMETERS].

    Raises:
        WeightsError: When the file holds no weights of this network.
    """
    try:
        with np.load(path) as stored:
            parameters = stored["parameters"].astype(np.float64)
    except (
        OSError,
        EOFError,
        ValueError,
        KeyError,
        AttributeError,  # of an array alone, .npy
        TypeError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise WeightsError(f"cannot read the weights {path}: {reason_of(error)}") from error
    if parameters.shape != (PARAMETERS,) or not np.isfinite(parameters).all():
        raise WeightsError(f"{path}: weights must be {PARAMETERS} finite numbers")
    return parameters
