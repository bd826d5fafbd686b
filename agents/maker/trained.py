"""The trained maker: the policy that comes with the package, without torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.agents.maker.column_views import ColumnViews
from gym_mario_suite.agents.network_agent import PolicyNetwork
from gym_mario_suite.envs.maker_vector import MarioMakerVectorEnv
from gym_mario_suite.errors import WeightsError

SHIPPED = Path(__file__).parent / "weights" / "maskable-ppo.safetensors"


def network_choice(network: PolicyNetwork, envs: MarioMakerVectorEnv) -> Any:
    """How a trained policy chooses, for `measure_maker`: the most probable part that is possible.

    Args:
        network: A policy that `agents.maker.ppo` exported, `PolicyNetwork.load(SHIPPED)` say.
        envs: The environments, of the height and the palette that it was trained with.

    Raises:
        WeightsError: When the policy does not fit the environments.
    """
    views = ColumnViews(envs)
    sizes = (network.mean.size, network.layers[-1][1].size)
    if sizes != (views.size, len(envs.options.parts)):
        raise WeightsError(
            f"the policy is for {sizes[0]} numbers and {sizes[1]} parts, the environments have "
            f"{views.size} and {len(envs.options.parts)}"
        )

    def choose(observations: Any, infos: Any, masks: NDArray[np.bool_], _chance: Any) -> Any:
        seen = views.view(observations, infos["progress"])
        logits = np.array([network.logits(row) for row in seen])
        return np.where(masks, logits, -np.inf).argmax(axis=1)

    return choose
