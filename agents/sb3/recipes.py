"""What stable-baselines3's algorithms are trained with, for each kind of observation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import VectorEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnv

from gym_mario_suite.agents.sb3.masks import UsefulJumps
from gym_mario_suite.agents.sb3.mixed import MixedVecEnv
from gym_mario_suite.agents.sb3.tile_extractor import TileExtractor
from gym_mario_suite.agents.training_options import make_vec
from gym_mario_suite.errors import OptionError
from gym_mario_suite.integrations.sb3 import GymVecAdapter
from gym_mario_suite.wrappers import VectorFrameStack

ALGORITHMS = ("ppo", "a2c", "dqn", "maskable-ppo")
KINDS = ("numbers", "tiles", "pixels")

# An episode's discounted sum stays near 10: a value loss of hundreds would take up the whole
# gradient that clipping leaves (the policy then learned less than half as fast).
_INFINITE_REWARD = {"distance": 1 / 320, "win": 1.0, "death": -0.5, "mode": 0.1, "time": -0.005}
_NES_REWARD = {"x": 1 / 100, "death": -0.5, "goal": 1.0, "time": 1 / 200}

# What each family of environments is made with; other ids are made with their defaults.
FAMILIES: dict[str, dict[str, Any]] = {
    "MarioInfinite": {
        "obs": "terrain",
        "actions": "complex",
        "frame_skip": 2,
        "reward": _INFINITE_REWARD,
        "time_limit": 100,
    },
    "MarioNES": {"obs": "gray84", "actions": "simple", "frame_skip": 4, "reward": _NES_REWARD},
}
# Pixels of a game at 24 ticks a second; numbers and tiles need no stack: the speed is among the
# numbers, and in tiles a stack of two shows it.
_STACKED = {"numbers": 0, "tiles": 2, "pixels": 4}
_PIXEL_SKIP = {"MarioInfinite": 3}


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How one algorithm is trained on one kind of observation.

    Attributes:
        policy: Name of SB3's policy class.
        num_envs: Games in all, shared out among the difficulties.
        decisions: A budget after which the curve has flattened.
        learning_rate: At the start; it falls to 0 along a line.
        settings: The algorithm's other arguments.
        policy_settings: Arguments of the policy.
        tuned: Whether the settings were searched for here, or are the field's usual ones.
    """

    policy: str
    num_envs: int
    decisions: int
    learning_rate: float
    settings: Mapping[str, Any]
    policy_settings: Mapping[str, Any] = field(default_factory=dict)
    tuned: bool = False


_TWO_LAYERS: dict[str, Any] = {"net_arch": [128, 128]}
_TILES: dict[str, Any] = {"net_arch": [128], "features_extractor_class": TileExtractor}

_PPO_NUMBERS = Recipe(
    policy="MlpPolicy",
    num_envs=256,
    decisions=60_000_000,
    learning_rate=5e-4,
    settings={
        "n_steps": 64,
        "batch_size": 4096,
        "n_epochs": 4,
        "gamma": 0.99,
        "gae_lambda": 0.95,
        "clip_range": 0.2,
        "ent_coef": 0.005,
    },
    policy_settings=_TWO_LAYERS,
    tuned=True,
)
_PPO_TILES = Recipe(
    policy="MlpPolicy",
    num_envs=128,
    decisions=30_000_000,
    learning_rate=5e-4,
    settings={**_PPO_NUMBERS.settings, "batch_size": 2048},
    policy_settings=_TILES,
)
_PPO_PIXELS = Recipe(
    policy="CnnPolicy",
    num_envs=32,
    decisions=10_000_000,
    learning_rate=2.5e-4,
    settings={
        "n_steps": 128,
        "batch_size": 512,
        "n_epochs": 4,
        "gamma": 0.99,
        "gae_lambda": 0.95,
        "clip_range": 0.1,
        "ent_coef": 0.01,
    },
)
_A2C: dict[str, Any] = {
    "n_steps": 16,
    "gamma": 0.99,
    "gae_lambda": 0.95,
    "ent_coef": 0.005,
    "normalize_advantage": True,
}
_DQN: dict[str, Any] = {
    "buffer_size": 500_000,
    "learning_starts": 20_000,
    "batch_size": 512,
    "gamma": 0.99,
    "train_freq": 4,
    "gradient_steps": 4,
    "target_update_interval": 2_000,
    "exploration_fraction": 0.1,
    "exploration_final_eps": 0.02,
}
_DQN_PIXELS: dict[str, Any] = {**_DQN, "buffer_size": 50_000, "batch_size": 128}

RECIPES: dict[tuple[str, str], Recipe] = {
    ("ppo", "numbers"): _PPO_NUMBERS,
    ("ppo", "tiles"): _PPO_TILES,
    ("ppo", "pixels"): _PPO_PIXELS,
    ("maskable-ppo", "numbers"): _PPO_NUMBERS,
    ("maskable-ppo", "tiles"): _PPO_TILES,
    ("maskable-ppo", "pixels"): _PPO_PIXELS,
    ("a2c", "numbers"): Recipe(
        policy="MlpPolicy",
        num_envs=128,
        decisions=40_000_000,
        learning_rate=7e-4,
        settings=_A2C,
        policy_settings=_TWO_LAYERS,
    ),
    ("a2c", "tiles"): Recipe(
        policy="MlpPolicy",
        num_envs=128,
        decisions=30_000_000,
        learning_rate=7e-4,
        settings=_A2C,
        policy_settings=_TILES,
    ),
    ("a2c", "pixels"): Recipe(
        policy="CnnPolicy",
        num_envs=32,
        decisions=10_000_000,
        learning_rate=7e-4,
        settings=_A2C,
    ),
    ("dqn", "numbers"): Recipe(
        policy="MlpPolicy",
        num_envs=64,
        decisions=10_000_000,
        learning_rate=3e-4,
        settings=_DQN,
        policy_settings=_TWO_LAYERS,
    ),
    ("dqn", "tiles"): Recipe(
        policy="MlpPolicy",
        num_envs=64,
        decisions=10_000_000,
        learning_rate=3e-4,
        settings=_DQN,
        policy_settings=_TILES,
    ),
    ("dqn", "pixels"): Recipe(
        policy="CnnPolicy",
        num_envs=8,
        decisions=5_000_000,
        learning_rate=1e-4,
        settings=_DQN_PIXELS,
    ),
}


def kind_of(space: gym.Space[Any]) -> str:
    """Which of `KINDS` the observations are: numbers, a grid of tile codes, or pixels.

    Raises:
        OptionError: For a space that none of the recipes is for.
    """
    if isinstance(space, gym.spaces.Box):
        if space.dtype == np.uint8 and len(space.shape) in (2, 3):
            return "pixels"
        if space.dtype == np.int8 and len(space.shape) in (2, 3):
            return "tiles"
        if len(space.shape) == 1:
            return "numbers"
    raise OptionError(
        f"there is no recipe for the observations {space}; there are some for numbers, grids of "
        "tiles and pictures"
    )


def family_of(env_id: str) -> str:
    """The family of environments that an id belongs to: what stands before its first hyphen."""
    return env_id.partition(":")[2].partition("-")[0] or env_id.partition("-")[0]


def recipe_for(algorithm: str, space: gym.Space[Any]) -> Recipe:
    """The recipe of an algorithm for a kind of observation.

    Raises:
        OptionError: For an algorithm that there is none for.
    """
    if algorithm not in ALGORITHMS:
        raise OptionError(f"unknown algorithm {algorithm!r}; there are {', '.join(ALGORITHMS)}")
    return RECIPES[algorithm, kind_of(space)]


def environment_options(env_id: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the environment is made with: the family's options, and over them those given."""
    family = family_of(env_id)
    options = {**FAMILIES.get(family, {}), **given}
    if options.get("obs") == "gray84" and "frame_skip" not in given and family in _PIXEL_SKIP:
        options["frame_skip"] = _PIXEL_SKIP[family]
    return options


def shares_of(num_envs: int, difficulties: tuple[int, ...]) -> list[int]:
    """How many of the games each difficulty gets; without any, one share of all."""
    shares = max(1, len(difficulties))
    return [num_envs // shares + (number < num_envs % shares) for number in range(shares)]


def make_games(
    env_id: str,
    num_envs: int,
    options: Mapping[str, Any],
    difficulties: tuple[int, ...] = (),
    watch: Callable[[VectorEnv[Any, Any, Any]], VectorEnv[Any, Any, Any]] | None = None,
) -> VecEnv:
    """The environments of a recipe as stable-baselines3 takes them.

    Args:
        env_id: Any id with discrete actions.
        num_envs: Games in all.
        options: What the environment is made with, see `environment_options`.
        difficulties: Difficulties of Infinite Mario to share the games out among.
        watch: Put around every vector environment, innermost.

    Raises:
        OptionError: For more difficulties than games, or an option that is not possible.
    """
    if num_envs < max(1, len(difficulties)):
        raise OptionError(f"{num_envs} games cannot be shared out among {difficulties}")
    if family_of(env_id) == "MarioMaker":
        raise OptionError(
            f"{env_id} has a program of its own, MaskablePPO on columns of the course: "
            "python -m gym_mario_suite.agents.maker.ppo train --out FOLDER"
        )
    parts = []
    for difficulty, count in zip(
        difficulties or (None,), shares_of(num_envs, difficulties), strict=True
    ):
        chosen = dict(options) if difficulty is None else {**options, "difficulty": difficulty}
        if family_of(env_id) == "MarioInfinite":
            # A step is shorter than it takes to wake a second core, which others may be using.
            chosen.setdefault("num_threads", 1)
        envs: Any = make_vec(env_id, count, chosen)
        if watch is not None:
            envs = watch(envs)
        stack = _STACKED[kind_of(envs.single_observation_space)]
        if stack:
            envs = VectorFrameStack(envs, stack)
        parts.append(GymVecAdapter(UsefulJumps(envs)))
    return parts[0] if len(parts) == 1 else MixedVecEnv(parts)
