"""Whether what is learned in the dream holds in the game: PPO in both, played in the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np

import gym_mario_suite  # noqa: F401  (registers the environments)
from gym_mario_suite.errors import OptionError, as_integer
from gym_mario_suite.wrappers import VectorFrameSpan

_ENGINE = "MarioInfinite-v0"
_DREAM = "MarioDream-v0"
_HORIZON = 400  # ticks
_SPAN, _KEEP = 4, (2, 3, 4)  # a decision is held for so many ticks; the frames of it that are seen
_SIZE = (60, 80)
_MOST = (1 << 31) - 1
_ROLLOUT, _BATCH, _EPOCHS = 128, 256, 4


@dataclass(frozen=True, kw_only=True)
class TransferOptions:
    """The experiment.

    Attributes:
        model: The dream's model.
        steps: Decisions that each learner takes, of four ticks each; PPO goes on to the end of a
            rollout, of 128 decisions in each environment.
        episodes: Episodes that each then plays in the engine.
        envs: Environments at once.
        seed: Decides everything.
    """

    model: str
    steps: int = 25_000
    episodes: int = 20
    envs: int = 8
    seed: int = 0

    def __post_init__(self) -> None:
        for name, low in (("steps", 1), ("episodes", 1), ("envs", 1), ("seed", 0)):
            as_integer(name, getattr(self, name), low, _MOST)


def _engine_envs(count: int) -> gym.vector.VectorEnv:
    """The engine as the dream shows it: no line of figures, the same actions and size."""
    return gym.make_vec(
        _ENGINE,
        num_envs=count,
        autoreset_mode="SAME_STEP",
        obs="rgb_half",
        hud=False,
        actions="curiosity",
        max_episode_steps=_HORIZON,
    )


def _spans(envs: gym.vector.VectorEnv) -> gym.vector.VectorEnv:
    """Decisions of a few ticks, seen grey and small: uint8[60, 80, 3]."""
    return VectorFrameSpan(envs, span=_SPAN, keep=_KEEP, size=_SIZE, crop=None)


def run_transfer(
    options: TransferOptions, told: Callable[[str, int], None] | None = None
) -> list[dict[str, Any]]:
    """Train in both worlds, play in the engine.

    Args:
        options: The experiment.
        told: Called with the learner's name and the decisions it has taken, now and then.

    Returns:
        Records `{"model", "metric", "value", "n"}`: mean distance in px of PPO trained in the
        dream, of PPO trained in the engine with as many steps, and of an untrained one.

    Raises:
        OptionError: When stable-baselines3 is missing, or the model's frames are of another size.
    """
    try:
        from stable_baselines3 import PPO
        from stable_baselines3.common.vec_env import VecNormalize
    except ImportError:
        raise OptionError(
            'this needs stable-baselines3: pip install "gym-mario-suite[sb3]"'
        ) from None
    from gym_mario_suite.integrations.sb3 import GymVecAdapter

    dream = gym.make_vec(
        _DREAM,
        num_envs=options.envs,
        autoreset_mode="SAME_STEP",
        model=options.model,
        horizon=_HORIZON,
    )
    engine = _engine_envs(options.envs)
    if dream.single_observation_space != engine.single_observation_space:
        raise OptionError(
            f"the model {options.model!r} dreams {dream.single_observation_space.shape}, "
            f"the engine shows {engine.single_observation_space.shape}"
        )
    records = []
    for name, envs, steps in (
        ("dream", dream, options.steps),
        ("engine", engine, options.steps),
        ("untrained", engine, 0),
    ):
        # The two worlds' rewards are of different sizes.
        world = VecNormalize(GymVecAdapter(_spans(envs)), norm_obs=False)
        learner = PPO(
            "CnnPolicy",
            world,
            n_steps=_ROLLOUT,
            batch_size=_BATCH,
            n_epochs=_EPOCHS,
            seed=options.seed,
            device="cpu",
        )
        if steps:
            learner.learn(steps, callback=_teller(name, told))
        distances = _play(learner, options)
        records.append(
            {
                "model": options.model,
                "metric": f"transfer_px_{name}",
                "value": round(float(distances.mean()), 2),
                "n": len(distances),
            }
        )
    return records


def _teller(name: str, told: Callable[[str, int], None] | None) -> Any:
    """`told` as stable-baselines3 calls it."""

    def tell(local: dict[str, Any], _: dict[str, Any]) -> bool:
        if told is not None:
            told(name, int(local["self"].num_timesteps))
        return True

    return tell


def _play(learner: Any, options: TransferOptions) -> np.ndarray:
    """Distances of episodes that the learner plays in the engine, px."""
    envs = _spans(_engine_envs(options.episodes))
    frames, _ = envs.reset(seed=options.seed + 1)
    distances = np.full(options.episodes, np.nan)
    for _ in range(_HORIZON // _SPAN + 1):
        actions, _ = learner.predict(np.moveaxis(frames, -1, 1), deterministic=False)
        frames, _, terminated, truncated, infos = envs.step(actions)
        ended = (terminated | truncated) & np.isnan(distances)
        if ended.any():
            distances[ended] = infos["final_info"]["distance"][ended]
        if not np.isnan(distances).any():
            break
    return distances
