"""Games of two players beside games of one: player steps a second, on one core.

A player step is one player's share of a tick: two players make two in a tick of their world. Both
environments hold as many players, see features, and press random buttons, mostly forward; two in
one world touch (`rivalry="push"`).
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.measure import Metric, rate
from gym_mario_suite.envs.infinite_vector import MarioInfiniteVectorEnv
from gym_mario_suite.multiplayer.vector import MarioPartyVectorEnv

PLAYERS = 128
_ACTIONS = np.array([3, 4, 4, 4, 3, 1, 0, 8])
_TARGET = 0.6


def _steps(env: Any, actions: np.ndarray) -> int:
    """Step, and count the steps of players who play: not those of who waits or is reset."""
    env.reset(seed=0)
    played = 0
    for row in actions:
        infos = env.step(row)[4]
        # A game of one is being played when it has ticked more than once.
        playing = infos["playing"] if "playing" in infos else infos["ticks"] > 1
        played += int(playing.sum())
    return played


def run(quick: bool) -> list[Metric]:
    """Measure the vector environments of one and of two players."""
    rng = np.random.default_rng(0)
    actions = rng.choice(_ACTIONS, (300 if quick else 1500, PLAYERS))
    repetitions = 3 if quick else 9
    options: dict[str, Any] = {"obs": "features", "difficulty": 3, "num_threads": 1}
    alone = MarioInfiniteVectorEnv(PLAYERS, **options)
    pairs = MarioPartyVectorEnv(PLAYERS // 2, contest="race", players=2, **options)
    ghosts = MarioPartyVectorEnv(PLAYERS // 2, contest="race", players=2, ghosts=True, **options)
    single, *_ = rate(partial(_steps, alone, actions), repetitions)
    metrics = []
    for name, env in (("two_player", pairs), ("two_ghosts", ghosts)):
        median, low, high = rate(partial(_steps, env, actions), repetitions)
        metrics.append(
            Metric(
                name=f"{name}_player_steps_per_second",
                value=median,
                low=low,
                high=high,
                unit="player steps/s",
                peer="single player",
                peer_value=single,
            )
        )
        metrics.append(
            Metric(
                name=f"{name}_over_single_player",
                value=median / single,
                unit="ratio",
                target=_TARGET,
            )
        )
    return metrics
