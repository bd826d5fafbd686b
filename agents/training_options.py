"""Options that trainings share: the environment as JSON, and the numbers of PPO."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import gymnasium as gym

import gym_mario_suite  # noqa: F401  (registers the environments)
from gym_mario_suite.errors import OptionError, as_integer, as_number

_MOST = (1 << 63) - 1
_WHOLE = {
    "decisions": (1, _MOST),
    "num_envs": (1, 1 << 22),
    "games": (1, 1 << 20),
    "num_steps": (2, 1 << 20),
    "steps": (2, 1 << 20),
    "minibatches": (1, 1 << 20),
    "epochs": (1, 1 << 20),
    "feature_size": (1, 1 << 20),
    "hidden_size": (1, 1 << 20),
    "seed": (0, _MOST),
    "threads": (1, 1024),
    "log_updates": (1, _MOST),
    "normalize_moves": (0, _MOST),
    "span": (0, 1000),
    "frame_skip": (1, 1000),
}
# A larger learning rate leaves nothing finite.
_NUMBERS = {
    "learning_rate": (0.0, 1.0),
    "player_learning_rate": (0.0, 1.0),
    "gamma": (0.0, 1.0),
    "gae_lambda": (0.0, 1.0),
    "clip": (0.0, 1e3),
    "entropy": (0.0, 1e6),
    "value": (0.0, 1e6),
    "max_norm": (0.0, 1e9),
    "max_grad_norm": (0.0, 1e9),
    "checkpoint_minutes": (0.0, 1e9),
}
# What trainings give themselves.
_TAKEN = ("num_envs", "autoreset_mode", "vectorization_mode", "vector_kwargs", "wrappers")


def json_object(name: str, text: str) -> dict[str, Any]:
    """An option that is a JSON object.

    Raises:
        OptionError: If it is none.
    """
    try:
        value = json.loads(text)
    except ValueError as error:
        raise OptionError(f"{name} must be a JSON object: {error}") from None
    if not isinstance(value, dict):
        raise OptionError(f"{name} must be a JSON object, got {text}")
    return value


def environment_object(text: str) -> dict[str, Any]:
    """The option `env_options`.

    Raises:
        OptionError: If it is no JSON object, or holds what a training gives itself.
    """
    options = json_object("env_options", text)
    for name in _TAKEN:
        if name in options:
            raise OptionError(f"env_options cannot hold {name}: it is not the environment's own")
    return options


def make_vec(
    env_id: str, num_envs: int, options: dict[str, Any]
) -> gym.vector.VectorEnv[Any, Any, Any]:
    """Games that begin anew in the step that ends them.

    Raises:
        OptionError: For an id that there is none of, or options that are not possible.
    """
    mode: dict[str, Any] = {"autoreset_mode": "SAME_STEP"}
    try:
        native = gym.spec(env_id).vector_entry_point
        if native is None or str(native).startswith("gymnasium."):  # those cannot choose a mode
            vector_options = {"autoreset_mode": gym.vector.AutoresetMode.SAME_STEP}
            mode = {"vectorization_mode": "sync", "vector_kwargs": vector_options}
        return gym.make_vec(env_id, num_envs=num_envs, **mode, **options)
    except (gym.error.Error, ModuleNotFoundError) as error:
        raise OptionError(f"there is no environment {env_id!r}: {error}") from None


def check_training(config: Any, may_be_0: Collection[str] = ()) -> None:
    """Check those options of a dataclass that trainings share, by their names.

    Args:
        config: The dataclass.
        may_be_0: Options that say by 0 that something else decides.

    Raises:
        OptionError: For the first that is out of range.
    """
    for name, (low, high) in _WHOLE.items():
        if hasattr(config, name):
            as_integer(name, getattr(config, name), 0 if name in may_be_0 else low, high)
    for name, (least, most) in _NUMBERS.items():
        if hasattr(config, name):
            as_number(name, getattr(config, name), least, most)
