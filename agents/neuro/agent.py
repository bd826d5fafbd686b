"""NeuroAgent: plays as its evolved network says."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from gym_mario_suite.agents.base import GameView
from gym_mario_suite.agents.neuro.network import Network, load_parameters


class NeuroAgent:
    """A small neural network evolved by CMA-ES (`agents/neuro/train.py`).

    It sees the 7x7 cells around Mario, tiles and creatures, and whether he may jump and stands, as
    the evolved networks of the 2009 competition did; it remembers nothing.

    Args:
        weights: File of other weights, as the training script writes them.

    Raises:
        WeightsError: When the file holds no weights of this network.
    """

    name = "neuro"
    independent_levels = True

    def __init__(self, *, weights: str = "") -> None:
        if weights:
            parameters = load_parameters(Path(weights))
        else:
            shipped = resources.files("gym_mario_suite.agents.neuro") / "weights.npz"
            with resources.as_file(shipped) as path:
                parameters = load_parameters(path)
        self._network = Network.from_parameters(parameters)

    def reset(self) -> None:
        """Nothing is remembered."""

    def act(self, game: GameView) -> int:
        """Buttons by the network."""
        return self._network.act(game)
