"""The agents that PPO of stable-baselines3 has made; they need neither torch nor that."""

from __future__ import annotations

from pathlib import Path

from gym_mario_suite.agents.nes_network_agent import NESNetworkAgent
from gym_mario_suite.agents.network_agent import NetworkAgent, shipped_weights

_PACKAGE = "gym_mario_suite.agents.sb3"


class PPOInfiniteAgent(NetworkAgent):
    """Plays levels of Infinite Mario that it has never seen, as it learned from a reward.

    Args:
        weights: Another policy file, such as a run's `policy.safetensors`.
        temperature: 1 draws actions by their probabilities; 0 takes the likeliest.
        seed: Of the draws.

    Raises:
        WeightsError: When the file holds no policy that can play Infinite Mario.
    """

    name = "ppo-infinite"

    def __init__(self, *, weights: str = "", temperature: float = 0.0, seed: int = 0) -> None:
        path = Path(weights) if weights else shipped_weights(_PACKAGE, self.name)
        super().__init__(path, temperature, seed)


class PPONESAgent(NESNetworkAgent):
    """Plays the stages of Super Mario Bros., all by one network, as it learned from a reward.

    Args:
        weights: Another policy file for the NES, such as a run's `policy.safetensors`.
        temperature: 1 draws actions by their probabilities, as in training; 0 takes the likeliest,
            and then every play of a stage is the same. Between them it passes most stages.
        seed: Of the draws.

    Raises:
        WeightsError: When the file holds no policy that can play the NES.
    """

    name = "ppo-nes"

    def __init__(self, *, weights: str = "", temperature: float = 0.3, seed: int = 0) -> None:
        path = Path(weights) if weights else shipped_weights(_PACKAGE, self.name)
        super().__init__(path, temperature, seed)
