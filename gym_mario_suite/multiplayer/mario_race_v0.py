"""The first player at the exit wins."""

from __future__ import annotations

from typing import Any

from pettingzoo.utils.conversions import parallel_to_aec

from gym_mario_suite.multiplayer.parallel import MarioParallelEnv, turn_based


class parallel_env(MarioParallelEnv):
    """A race: the game is over when one player has reached the exit.

    Rewards are one's own (tiles moved to the right, 50 for the arrival, -20 for a death) less the
    mean of the rivals', so that the rewards of all players add up to zero in every step. Who has
    died is still paid less for what the others do, but has left `agents`: see `all_rewards`.
    Players push each other aside; with `ghosts=True` each runs in a world of his own and sees the
    others pass through.

    Example:
        >>> from gym_mario_suite.multiplayer import mario_race_v0
        >>> env = mario_race_v0.parallel_env(players=2, obs="features")
        >>> observations, infos = env.reset(seed=0)
        >>> sorted(observations)
        ['player_0', 'player_1']

    Args:
        **options: See `MarioParallelEnv` and `PartyOptions`.
    """

    metadata: dict[str, Any] = {**MarioParallelEnv.metadata, "name": "mario_race_v0"}  # noqa: RUF012

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"contest": "race", **options})


def raw_env(**options: Any) -> Any:
    """The environment agent by agent, without checks of the order of calls."""
    return parallel_to_aec(parallel_env(**options))


def env(**options: Any) -> Any:
    """The environment agent by agent."""
    return turn_based(parallel_env(**options))
