"""Who takes most coins?"""

from __future__ import annotations

from typing import Any

from pettingzoo.utils.conversions import parallel_to_aec

from gym_mario_suite.multiplayer.parallel import MarioParallelEnv, turn_based


class parallel_env(MarioParallelEnv):
    """A contest for coins; the game lasts until nobody plays.

    The reward is one's own coins less the mean of the rivals', so that the rewards of all players
    add up to zero in every step; see `all_rewards` for those who are out. What one player has
    taken is gone for the others, and so are blocks and power-ups. Players push each other aside.

    Example:
        >>> from gym_mario_suite.multiplayer import mario_coin_battle_v0
        >>> env = mario_coin_battle_v0.parallel_env(players=3, obs="features")
        >>> observations, infos = env.reset(seed=0)
        >>> sorted(observations)
        ['player_0', 'player_1', 'player_2']

    Args:
        **options: See `MarioParallelEnv` and `PartyOptions`.
    """

    metadata: dict[str, Any] = {**MarioParallelEnv.metadata, "name": "mario_coin_battle_v0"}  # noqa: RUF012

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"contest": "coins", **options})


def raw_env(**options: Any) -> Any:
    """The environment agent by agent, without checks of the order of calls."""
    return parallel_to_aec(parallel_env(**options))


def env(**options: Any) -> Any:
    """The environment agent by agent."""
    return turn_based(parallel_env(**options))
