"""All players shall reach the exit."""

from __future__ import annotations

from typing import Any

from pettingzoo.utils.conversions import parallel_to_aec

from gym_mario_suite.multiplayer.parallel import MarioParallelEnv, turn_based


class parallel_env(MarioParallelEnv):
    """All players shall reach the exit; who arrives or dies leaves the others playing.

    Everybody is rewarded by the mean of what all have done: tiles moved to the right, 20 for an
    arrival, -20 for a death.

    Example:
        >>> from gym_mario_suite.multiplayer import mario_coop_v0
        >>> env = mario_coop_v0.parallel_env(players=2, obs="features")
        >>> observations, infos = env.reset(seed=0)
        >>> sorted(observations)
        ['player_0', 'player_1']

    Args:
        **options: See `MarioParallelEnv` and `PartyOptions`.
    """

    metadata: dict[str, Any] = {**MarioParallelEnv.metadata, "name": "mario_coop_v0"}  # noqa: RUF012

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"contest": "coop", **options})


def raw_env(**options: Any) -> Any:
    """The environment agent by agent, without checks of the order of calls."""
    return parallel_to_aec(parallel_env(**options))


def env(**options: Any) -> Any:
    """The environment agent by agent."""
    return turn_based(parallel_env(**options))
