"""The agents that curiosity alone has made; they need no torch."""

from __future__ import annotations

from pathlib import Path

from gym_mario_suite.agents.nes_network_agent import NESNetworkAgent
from gym_mario_suite.agents.network_agent import NetworkAgent, shipped_weights

_PACKAGE = "gym_mario_suite.agents.icm_ppo"


class ICMPPOInfiniteAgent(NetworkAgent):
    """Plays the one level of Infinite Mario it was curious about: seed 1, overground, 320 columns.

    Args:
        trained: Difficulty of that level, 0 or 3.
        weights: Another policy file, such as a run's `policy.safetensors`.
        temperature: 1 draws actions by their probabilities, as in training; 0 takes the likeliest.
        seed: Of the draws.

    Raises:
        WeightsError: When the file holds no policy that can play Infinite Mario, or none is
            shipped for that difficulty.
    """

    name = "icm-ppo-infinite"

    def __init__(
        self, *, trained: int = 0, weights: str = "", temperature: float = 1.0, seed: int = 0
    ) -> None:
        shipped = f"{self.name}-{trained}"
        path = Path(weights) if weights else shipped_weights(_PACKAGE, shipped)
        super().__init__(path, temperature, seed)


class ICMPPONESAgent(NESNetworkAgent):
    """Plays the one stage of Super Mario Bros. it was curious about, 1-1, from what memory tells.

    Args:
        weights: Another policy file for the NES, such as the `policy.safetensors` of a run of
            `agents.icm_ppo` or `agents.sb3`.
        temperature: 1 draws actions by their probabilities, as in training; 0 takes the likeliest.
        seed: Of the draws.

    Raises:
        WeightsError: When the file holds no policy that can play the NES.
    """

    name = "icm-ppo-nes"

    def __init__(self, *, weights: str = "", temperature: float = 1.0, seed: int = 0) -> None:
        path = Path(weights) if weights else shipped_weights(_PACKAGE, f"{self.name}-1-1")
        super().__init__(path, temperature, seed)
