"""Training: decisions in a second beside stable-baselines3 on its DummyVecEnv, policy for policy.

All of a training counts: games, policy, and learning. In CPU time of one thread; a row is the
median of rollouts with the learning that follows them, the two kinds taken in turn. What the native
games save is the same for every policy, so the ratio tells as much of the policy as of the games:
here it is SB3's own for numbers, two layers of 64; `recipe_` is PPO with the recipe's network, five
times as large.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.measure import Metric

_TARGET = 3.0
_GAMES = 256


def run(quick: bool) -> list[Metric]:
    import torch

    torch.set_num_threads(1)
    repetitions = 3 if quick else 9
    metrics = []
    metrics += _beside_dummy("", "ppo", "features", {}, repetitions)
    metrics += _beside_dummy("a2c_", "a2c", "features", {}, repetitions)
    large = {"net_arch": [128, 128]}
    metrics += _beside_dummy("recipe_", "ppo", "terrain", large, repetitions)
    return [*metrics, *_icm_ppo(repetitions)]


def _beside_dummy(
    prefix: str, algorithm: str, obs: str, policy: dict[str, Any], repetitions: int
) -> list[Metric]:
    from stable_baselines3.common.monitor import Monitor
    from stable_baselines3.common.vec_env import DummyVecEnv

    from gym_mario_suite.agents.sb3.recipes import environment_options, make_games
    from gym_mario_suite.agents.sb3.train import TimedGames
    from gym_mario_suite.envs.infinite import MarioInfiniteEnv

    env_id = "MarioInfinite-v0"
    options = environment_options(env_id, {"difficulty": 3, "obs": obs})
    seconds = [0.0]
    native = make_games(env_id, _GAMES, options, watch=lambda envs: TimedGames(envs, seconds))
    dummy = DummyVecEnv([lambda: Monitor(MarioInfiniteEnv(**options))] * _GAMES)
    ours, theirs = (_learner(algorithm, venv, policy) for venv in (native, dummy))
    ours()  # compilation, and the first allocations
    theirs()
    seconds[0] = 0.0
    rates: list[tuple[float, float]] = []
    wall = 0.0
    for _ in range(repetitions):
        start = time.perf_counter()
        mine = ours()
        wall += time.perf_counter() - start
        rates.append((mine, theirs()))
    own, peer = (sorted(column) for column in zip(*rates, strict=True))
    middle = statistics.median(peer)
    return [
        Metric(
            name=f"{prefix}decisions_per_second",
            value=statistics.median(own),
            unit="decisions/s",
            low=own[0],
            high=own[-1],
            peer=f"SB3 {algorithm.upper()} on DummyVecEnv",
            peer_value=middle,
            target=_TARGET * middle,
        ),
        Metric(
            name=f"{prefix}env_time_share",
            value=seconds[0] / wall,
            unit="of wall time",
            better="lower",
        ),
    ]


def _learner(algorithm: str, venv: Any, policy: dict[str, Any]) -> Callable[[], float]:
    """A function that collects a rollout, learns from it, and says how fast that went."""
    from stable_baselines3 import A2C, PPO

    from gym_mario_suite.agents.sb3.recipes import recipe_for

    recipe = recipe_for(algorithm, venv.observation_space)
    model = {"a2c": A2C, "ppo": PPO}[algorithm](
        recipe.policy,
        venv,
        learning_rate=recipe.learning_rate,
        policy_kwargs=policy,
        seed=0,
        device="cpu",
        **recipe.settings,
    )
    rollouts = 4 if algorithm == "a2c" else 1
    decisions = rollouts * recipe.settings["n_steps"] * venv.num_envs

    def measure() -> float:
        start = time.thread_time()
        model.learn(decisions)
        return decisions / (time.thread_time() - start)

    return measure


def _icm_ppo(repetitions: int) -> list[Metric]:
    """The single file, with the small networks that the shipped agents were trained with."""
    from gym_mario_suite.agents.icm_ppo.config import Config
    from gym_mario_suite.agents.icm_ppo.icm_ppo import Trainer

    with tempfile.TemporaryDirectory() as folder:
        config = Config(
            out=Path(folder),
            env_options='{"obs": "terrain", "actions": "curiosity", "frame_skip": 5}',
            feature_size=128,
            hidden_size=128,
            device="cpu",
            replays=False,
        )
        trainer = Trainer(config)
        trainer.collect()
        trainer.learn()
        trainer.env_seconds, wall = 0.0, time.perf_counter()
        rates = []
        for _ in range(repetitions):
            start = time.thread_time()
            trainer.collect()
            trainer.learn()
            spent = time.thread_time() - start
            rates.append(config.num_steps * config.num_envs / spent)
        share = trainer.env_seconds / (time.perf_counter() - wall)
    return [
        Metric(
            name="icm_ppo_decisions_per_second",
            value=statistics.median(rates),
            unit="decisions/s",
            low=min(rates),
            high=max(rates),
        ),
        Metric(name="icm_ppo_env_time_share", value=share, unit="of wall time", better="lower"),
    ]
