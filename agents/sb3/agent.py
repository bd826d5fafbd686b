"""The agent that PPO of stable-baselines3 has made; it needs neither torch nor that."""

from __future__ import annotations

from pathlib import Path

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
