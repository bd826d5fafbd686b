"""The mathematics of PPO that the trainings here share."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch.nn import functional


def draw_actions(
    logits: torch.Tensor, random: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Actions int64[n] drawn by their logits float32[n, actions], and their log-probabilities."""
    log = logits.log_softmax(1)
    # An exponential race: the smallest of e / p is action i with probability p_i.
    race = torch.empty_like(log).exponential_(generator=random).log() - log
    actions = race.argmin(1)
    return actions, log.gather(1, actions[:, None])[:, 0]


def go_on_drawing(random: torch.Generator, state: torch.Tensor, seed: int) -> None:
    """Take up a generator's state; one of another kind of device begins anew.

    A processor's generator and a GPU's have states of different forms, and a run that changes from
    one to the other cannot draw the same numbers in any case.

    Args:
        random: The generator.
        state: Of a generator, of whatever device.
        seed: What it begins with where the state is not of its own kind.
    """
    if state.shape == random.get_state().shape:
        random.set_state(state)
    else:
        random.manual_seed(seed)


def estimate_advantages(rewards: Any, values: Any, goes_on: Any, config: Any, out: Any) -> None:
    """Generalised advantage estimates (Schulman et al. 2016), from the last step to the first.

    Arrays of numpy or torch, of steps and games.

    Args:
        rewards: float32[steps, games].
        values: float32[steps + 1, games].
        goes_on: float32[steps, games], 0 where the step ended an episode.
        config: Its `gamma` and `gae_lambda`.
        out: float32[steps, games], filled.
    """
    gamma, decay = config.gamma, config.gamma * config.gae_lambda
    advantage: Any = 0.0
    for step in reversed(range(len(rewards))):
        goes = goes_on[step]
        error = rewards[step] + gamma * goes * values[step + 1] - values[step]
        advantage = error + decay * goes * advantage
        out[step] = advantage


class PPOLosses(NamedTuple):
    """What `ppo_losses` returns: three losses, each a mean, and two figures of the update."""

    policy: torch.Tensor
    value: torch.Tensor
    entropy: torch.Tensor
    clipped: torch.Tensor
    approx_kl: torch.Tensor


def ppo_losses(
    logits: torch.Tensor,
    values: torch.Tensor,
    actions: torch.Tensor,
    log_probabilities: torch.Tensor,
    advantages: torch.Tensor,
    returns: torch.Tensor,
    clip: float,
) -> PPOLosses:
    """The losses of proximal policy optimisation (Schulman et al. 2017).

    Args:
        logits: float32[n, actions], of the policy as it is now.
        values: float32[n], likewise.
        actions: int64[n], what was done.
        log_probabilities: float32[n], of these when they were done.
        advantages: float32[n].
        returns: float32[n], what the values should be.
        clip: How far the ratio of probabilities may leave 1.
    """
    log = logits.log_softmax(1)
    change = log.gather(1, actions[:, None])[:, 0] - log_probabilities
    ratio = change.exp()
    clipped = ratio.clamp(1 - clip, 1 + clip)
    policy = -torch.min(ratio * advantages, clipped * advantages).mean()
    value = functional.mse_loss(values, returns)
    entropy = -(log.exp() * log).sum(1).mean()
    with torch.no_grad():
        beyond = ((ratio - 1).abs() > clip).float().mean()
        divergence = (ratio - 1 - change).mean()  # of Kullback and Leibler, Schulman's estimate
    return PPOLosses(policy, value, entropy, beyond, divergence)
