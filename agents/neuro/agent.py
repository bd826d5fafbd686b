"""NeuroAgent: plays as its evolved network says."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np

from gym_mario_suite.agents.base import GameView
from gym_mario_suite.agents.neuro.network import PARAMETERS, Network
from gym_mario_suite.errors import OptionError


class NeuroAgent:
    """A small neural network evolved by CMA-ES (`agents/neuro/train.py`).

    It sees the 7x7 cells around Mario, tiles and creatures, and whether he may jump and stands, as
    the evolved networks of the 2009 competition did; it remembers nothing.

    Args:
        weights: File of other weights, as the training script writes them.

    Raises:
        OptionError: When the file holds no weights of this network.
    """

    name = "neuro"
    independent_levels = True

    def __init__(self, *, weights: str = "") -> None:
        source = Path(weights) if weights else None
        try:
            if source is None:
                shipped = resources.files("gym_mario_suite.agents.neuro") / "weights.npz"
                with resources.as_file(shipped) as path, np.load(path) as stored:
                    parameters = stored["parameters"].astype(np.float64)
            else:
                with np.load(source) as stored:
                    parameters = stored["parameters"].astype(np.float64)
        except (OSError, ValueError, KeyError) as error:
            raise OptionError(f"cannot read the weights {weights or 'shipped'}: {error}") from error
        if parameters.shape != (PARAMETERS,) or not np.isfinite(parameters).all():
            raise OptionError(f"weights must be {PARAMETERS} finite numbers")
        self._network = Network.from_parameters(parameters)

    def reset(self) -> None:
        """Nothing is remembered."""

    def act(self, game: GameView) -> int:
        """Buttons by the network."""
        return self._network.act(game)
