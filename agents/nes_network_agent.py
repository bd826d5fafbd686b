"""An agent that plays the NES by a trained policy network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from gym_mario_suite.agents.network_agent import PolicyPlayer, plays_nes
from gym_mario_suite.envs.nes_episode import observation_buffer, write_numbers
from gym_mario_suite.envs.nes_options import PIXELS, NESOptions
from gym_mario_suite.errors import OptionError, WeightsError
from gym_mario_suite.nes.run import Run


class NESNetworkAgent(PolicyPlayer):
    """Plays Super Mario Bros. as a policy network says that was trained on `MarioNES`.

    It sees the memory as that environment shows it (`obs="terrain"`, `"tiles"` or `"ram"`) and
    holds each action for as many frames as there.

    Args:
        weights: A policy file.
        temperature: As of `PolicyPlayer`.
        seed: As of `PolicyPlayer`.

    Raises:
        WeightsError: When the file holds no policy that can play the NES.
        OptionError: When `safetensors` is missing, or for a temperature or seed out of range.
    """

    name = "nes-network"

    def __init__(self, weights: Path, temperature: float, seed: int) -> None:
        super().__init__(weights, temperature, seed)
        card = self.network.card
        if "env_id" in card and not plays_nes(card):
            raise WeightsError(
                f"{weights} is a policy for {card['env_id']}, not for the NES: "
                "`mario watch --agent ppo-infinite:weights=FILE` plays those for Infinite Mario"
            )
        try:
            options = NESOptions(obs=card["obs"], actions=card["actions"])
            if options.obs in PIXELS:
                raise OptionError(f"it sees pictures, obs={options.obs!r}")
            keys: list[int] = options.action_set.keys.tolist()
            self._set_up(weights, observation_buffer(options, 1)[0], keys, card["frame_skip"])
        except (KeyError, TypeError, OptionError) as error:
            raise WeightsError(f"{weights} is no policy for the NES: {error}") from error
        self._mode = options.obs

    def act(self, run: Run) -> int:
        """Buttons of the action held, or of a new one."""
        return self._next(lambda: self._observe(run))

    def _observe(self, run: Any) -> NDArray[Any]:
        write_numbers(self._mode, run.ram, self._observation)
        return self._observation
