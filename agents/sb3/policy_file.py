"""Policies that stable-baselines3 has trained as files: agents play them without it and torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.preprocessing import is_image_space
from stable_baselines3.common.torch_layers import FlattenExtractor

from gym_mario_suite.agents.network_agent import PolicyNetwork, layers_of, view_of
from gym_mario_suite.envs.actions import action_set
from gym_mario_suite.envs.observations import observation_mode
from gym_mario_suite.errors import OptionError

_ACTIVATIONS: dict[type, str] = {torch.nn.ReLU: "relu", torch.nn.Tanh: "tanh"}


def is_perceptron(model: BaseAlgorithm) -> bool:
    """Whether a model's policy is a perceptron with logits, which is what a file can hold."""
    policy: Any = model.policy
    return (
        isinstance(model.action_space, gym.spaces.Discrete)
        and hasattr(policy, "action_net")
        and isinstance(policy.features_extractor, FlattenExtractor)
        and all(
            type(module) in {torch.nn.Linear, *_ACTIVATIONS}
            for module in policy.mlp_extractor.policy_net
        )
    )


def policy_network(model: BaseAlgorithm, card: dict[str, Any]) -> PolicyNetwork:
    """A model's policy.

    Args:
        model: `PPO("MlpPolicy", ...)`, or A2C or MaskablePPO.
        card: See `PolicyNetwork`.

    Raises:
        OptionError: When the policy is no perceptron with logits.
    """
    if not is_perceptron(model):
        raise OptionError(
            "a policy file holds an MlpPolicy of PPO, A2C or MaskablePPO with ReLU or Tanh and "
            f"numbered actions; this is {type(model.policy).__name__} of {type(model).__name__}, "
            f"with actions {model.action_space}"
        )
    policy: Any = model.policy
    modules = list(policy.mlp_extractor.policy_net)
    named = []
    for module, following in zip(modules, [*modules, None][1:], strict=True):
        if isinstance(module, torch.nn.Linear):
            named.append((module, _ACTIVATIONS.get(type(following), "linear")))
    layers, activations = layers_of([*named, (policy.action_net, "linear")])
    size = layers[0][0].shape[1]
    zeros, ones = np.zeros(size, np.float32), np.ones(size, np.float32)
    return PolicyNetwork(card, zeros, ones, layers, activations)


def save_policy(
    model: BaseAlgorithm,
    path: Path | str,
    *,
    obs: str,
    actions: str,
    frame_skip: int,
    z_level: int = 1,
    z_enemies: int = 0,
) -> None:
    """Write what you have trained on `MarioInfinite-v0` for `ppo-infinite:weights=FILE`.

    Args:
        model: `PPO("MlpPolicy", ...)`, or A2C or MaskablePPO. One without
            environments, as `PPO.load` gives it, cannot tell whether `VecNormalize` was used.
        path: The file, by custom `.safetensors`.
        obs: The environment's option; "grid" is its default.
        actions: The environment's option; "complex" is its default.
        frame_skip: The environment's option; 1 is its default.
        z_level: The environment's option.
        z_enemies: The environment's option.

    Raises:
        OptionError: When the policy is no perceptron with logits, when it was trained on other
            observations or actions than these options give, or the file cannot be written.
    """
    view = view_of({"z_level": z_level, "z_enemies": z_enemies})
    card = {"obs": obs, "actions": actions, "frame_skip": frame_skip, **view}
    network = policy_network(model, card)
    _check_spaces(model, obs, actions)
    network.save(Path(path))


def _check_spaces(model: BaseAlgorithm, obs: str, actions: str) -> None:
    """Refuse a model that would not see or do the same when it plays from its file."""
    normalized = model.get_vec_normalize_env()
    if normalized is not None and normalized.norm_obs:
        raise OptionError(
            "a policy file cannot hold the observations' normalisation by VecNormalize: train with "
            "VecNormalize(..., norm_obs=False)"
        )
    seen, shown = model.observation_space, observation_mode(obs).space()
    if is_image_space(seen):
        raise OptionError(
            "stable-baselines3 scales and turns pictures before its policy sees them, which a "
            'policy file cannot hold: train on numbers, such as obs="terrain"'
        )
    if not (
        isinstance(seen, gym.spaces.Box)
        and np.array_equal(seen.low.ravel(), shown.low.ravel())
        and np.array_equal(seen.high.ravel(), shown.high.ravel())
    ):
        raise OptionError(
            f"the model was trained on observations {seen}, and obs={obs!r} gives {shown}: a "
            "policy file cannot hold what changes them, such as a stack of frames"
        )
    done, possible = model.action_space, action_set(actions).space()
    if done != possible:
        raise OptionError(
            f"the model was trained with actions {done}, and actions={actions!r} gives {possible}"
        )
