"""PPO by self-play on races of two: one policy in both seats (parameter sharing).

Every player of every game is a row. Who has ended waits until his game is over; what he does
meanwhile is no part of the loss, and his own end is the end of his episode.
"""

from __future__ import annotations

import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from torch import nn

from gym_mario_suite.agents.network_agent import PolicyNetwork, layers_of
from gym_mario_suite.agents.ppo import estimate_advantages, ppo_losses
from gym_mario_suite.agents.run_folder import CURVE, Curve, check_run, tell_budget_is_spent
from gym_mario_suite.agents.training_options import check_training
from gym_mario_suite.errors import OptionError, as_integer
from gym_mario_suite.multiplayer.vector import MarioPartyVectorEnv
from gym_mario_suite.program import Interruption
from gym_mario_suite.whole_file import require_folder
from gym_mario_suite.wrappers.curiosity_learner import (
    adam_tensors,
    load_adam,
    load_module,
    module_tensors,
    read_tensors,
    write_tensors,
)

POLICY = "policy.safetensors"
_CHECKPOINT = "checkpoint.safetensors"
_FORMAT = "gym-mario-suite self-play 1"
_SAVED_EVERY = 10  # updates
# A game's rewards stay near 1: a value loss of hundreds would take up the whole clipped gradient.
_REWARD = {"distance": 1 / 320, "win": 1.0, "death": -0.5}
_TIME_LIMIT_S = 100
_GAMES_SHOWN = 200  # that the figures of the curve are means of


@dataclass(frozen=True, kw_only=True)
class SelfPlay:
    """Train a policy by races against itself.

    Ctrl-C stops after an update; with `resume` the run goes on from there in new games.

    Attributes:
        out: Folder of the run.
        init: A policy of `ppo-infinite`'s form to begin with: it knows how to run, and learns to
            race. None begins from nothing.
        decisions: Budget, all players together.
        games: Games side by side.
        steps: Decisions of each player in a rollout.
        epochs: Passes over a rollout.
        minibatches: Of each pass.
        learning_rate: Adam's, falling to 0 at the end.
        gamma: Discount.
        gae_lambda: Of generalised advantage estimation.
        clip: Of the ratio of policies.
        entropy: Weight of the entropy.
        value: Weight of the value loss.
        max_grad_norm: Gradients are clipped to this norm.
        difficulty: Of the levels.
        ghosts: Race through each other, each in a world of his own.
        obs: Observation mode, a vector.
        frame_skip: Ticks of a decision.
        seed: Decides everything, on one machine and with one version of torch.
        threads: Of torch.
        resume: Go on with the run in `out`.
        hidden: Widths of the hidden layers.
    """

    out: Path
    init: Path | None = None
    decisions: int = 2_000_000
    games: int = 64
    steps: int = 128
    epochs: int = 3
    minibatches: int = 8
    learning_rate: float = 2.5e-4
    gamma: float = 0.99
    gae_lambda: float = 0.95
    clip: float = 0.2
    entropy: float = 0.01
    value: float = 0.5
    max_grad_norm: float = 0.5
    difficulty: int = 2
    ghosts: bool = False
    obs: str = "terrain"
    frame_skip: int = 2
    seed: int = 0
    threads: int = 1
    resume: bool = False
    hidden: tuple[int, ...] = field(default=(128, 128))

    def __post_init__(self) -> None:
        check_training(self)
        for width in self.hidden:
            as_integer("hidden", width, 1, 1 << 20)


class RacePolicy(nn.Module):
    """Two perceptrons: logits of the actions, and the value."""

    def __init__(self, inputs: int, actions: int, hidden: tuple[int, ...]) -> None:
        super().__init__()
        self.actor = _perceptron(inputs, hidden, actions, 0.01)
        self.critic = _perceptron(inputs, hidden, 1, 1.0)

    def forward(self, seen: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits float32[n, actions] and values float32[n]."""
        return self.actor(seen), self.critic(seen).squeeze(-1)

    def begin_with(self, network: PolicyNetwork) -> None:
        """Take over a policy that knows nothing of others: what is seen of them weighs nothing yet.

        Raises:
            OptionError: If its layers do not fit.
        """
        linear = [layer for layer in self.actor if isinstance(layer, nn.Linear)]
        fits = len(linear) == len(network.layers) and network.activations == (
            *["relu"] * (len(linear) - 1),
            "linear",
        )
        if not fits or network.mean.any() or (network.scale != 1).any():
            raise OptionError(
                "init must be a policy of as many relu layers as here, not normalised"
            )
        with torch.no_grad():
            for layer, (weight, bias) in zip(linear, network.layers, strict=True):
                known = weight.shape[1]
                if layer.weight.shape[0] != weight.shape[0] or layer.weight.shape[1] < known:
                    raise OptionError(
                        f"init has a layer of {weight.shape}, where one of at most "
                        f"{tuple(layer.weight.shape)} fits"
                    )
                layer.weight.zero_()
                layer.weight[:, :known] = torch.from_numpy(weight)
                layer.bias.copy_(torch.from_numpy(bias))


def _perceptron(inputs: int, hidden: tuple[int, ...], outputs: int, gain: float) -> nn.Sequential:
    layers: list[nn.Module] = []
    for width in hidden:
        layers += [_orthogonal(nn.Linear(inputs, width), 2**0.5), nn.ReLU()]
        inputs = width
    return nn.Sequential(*layers, _orthogonal(nn.Linear(inputs, outputs), gain))


def _orthogonal(layer: nn.Linear, gain: float) -> nn.Linear:
    nn.init.orthogonal_(layer.weight, gain)
    nn.init.zeros_(layer.bias)
    return layer


def train(config: SelfPlay) -> Path:
    """Run a training; the policy's file.

    Raises:
        OptionError: If there is a run already, and it is not to go on; or none, and it is; or for
            options that are not possible.
    """
    check_run(config.out, config.resume, _CHECKPOINT)
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    envs = MarioPartyVectorEnv(
        config.games,
        contest="race",
        players=2,
        ghosts=config.ghosts,
        difficulty=config.difficulty,
        obs=config.obs,
        frame_skip=config.frame_skip,
        reward=_REWARD,
        time_limit=_TIME_LIMIT_S,
        autoreset_mode="SAME_STEP",
        num_threads=config.threads,
    )
    rows, steps = envs.num_envs, config.steps
    shape = envs.single_observation_space.shape or ()
    if len(shape) != 1:
        raise OptionError(f"obs must be a vector, features or terrain, got {config.obs!r}")
    inputs = shape[0]
    policy = RacePolicy(inputs, int(envs.single_action_space.n), config.hidden)  # type: ignore[attr-defined]
    if config.init is not None:
        policy.begin_with(PolicyNetwork.load(config.init))
    optimizer = torch.optim.Adam(policy.parameters(), config.learning_rate, eps=1e-5)
    folder = require_folder(config.out)
    curve = Curve(folder / CURVE)
    made = first = 0
    if config.resume:
        made, first = _load(policy, optimizer, folder / _CHECKPOINT)
        curve.go_on(made)
    updates = -(-config.decisions // (rows * steps))
    if first >= updates:
        tell_budget_is_spent(first * rows * steps, config.decisions)

    seen = torch.zeros(steps, rows, inputs)
    chosen = torch.zeros(steps, rows, dtype=torch.long)
    log_probs, rewards, goes_on, playing, advantages = (torch.zeros(steps, rows) for _ in range(5))
    values = torch.zeros(steps + 1, rows)
    arrived: list[float] = []
    lengths: list[float] = []

    # A run that goes on does not play the same games again.
    observation, infos = envs.reset(seed=config.seed + made)
    plays = infos["playing"].astype(np.float32)
    started = time.perf_counter() - curve.before("seconds")
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress, Interruption() as interruption:
        task = progress.add_task("self-play", total=updates, completed=first)
        for update in range(first, updates):
            optimizer.param_groups[0]["lr"] = config.learning_rate * (1 - update / updates)
            for t in range(steps):
                seen[t] = torch.from_numpy(observation)
                playing[t] = torch.from_numpy(plays)
                with torch.no_grad():
                    logits, values[t] = policy(seen[t])
                    # The Gumbel trick: as a draw from the softmax.
                    noise = -torch.log(-torch.log(torch.rand_like(logits).clamp_min(1e-20)))
                    chosen[t] = (logits + noise).argmax(1)
                    log_probs[t] = logits.log_softmax(1).gather(1, chosen[t, :, None])[:, 0]
                observation, gained, over, cut, infos = envs.step(chosen[t].numpy())
                done = over | cut
                last = infos.get("final_info", infos)
                still = np.where(done, 0, infos["playing"]).astype(np.float32)
                rewards[t] = torch.from_numpy(gained.astype(np.float32))
                goes_on[t] = torch.from_numpy(1 - plays * (1 - still))
                if done.any():
                    in_first_seats = np.flatnonzero(done)[::2]
                    places = last["place"].reshape(-1, 2)[in_first_seats // 2]
                    arrived += places.any(1).astype(float).tolist()
                    lengths += last["ticks"][in_first_seats].tolist()
                plays = np.where(done, 1, infos["playing"]).astype(np.float32)
            made += int(playing.sum())
            with torch.no_grad():
                values[-1] = policy(torch.from_numpy(observation).float())[1]
            estimate_advantages(rewards, values, goes_on, config, advantages)
            losses = improve(
                policy,
                optimizer,
                config,
                (seen, chosen, log_probs),
                playing,
                advantages,
                advantages + values[:-1],
            )
            del arrived[:-_GAMES_SHOWN], lengths[:-_GAMES_SHOWN]
            row = {
                "decisions": made,
                "seconds": round(time.perf_counter() - started, 1),
                "arrived": round(float(np.mean(arrived)) if arrived else 0.0, 4),
                "ticks": round(float(np.mean(lengths)) if lengths else 0.0, 1),
                **losses,
            }
            curve.append(row)
            progress.update(task, advance=1, description=f"arrived {row['arrived']:.2f}")
            is_last = update == updates - 1 or interruption.asked
            if update % _SAVED_EVERY == _SAVED_EVERY - 1 or is_last:
                _save(policy, optimizer, folder, config, update + 1, row)
            if interruption.asked:
                break
    if interruption.asked:
        print("interrupted; go on with --resume", file=sys.stderr)
    return folder / POLICY


def improve(
    policy: RacePolicy,
    optimizer: torch.optim.Optimizer,
    config: SelfPlay,
    rollout: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    playing: torch.Tensor,
    advantages: torch.Tensor,
    returns: torch.Tensor,
) -> dict[str, float]:
    """PPO's clipped updates on the decisions of those who played."""
    picked = playing.flatten().nonzero()[:, 0]
    seen, chosen, before = (part.flatten(0, 1)[picked] for part in rollout)
    gains, targets = advantages.flatten()[picked], returns.flatten()[picked]
    gains = (gains - gains.mean()) / (gains.std() + 1e-8)
    told: list[tuple[float, float, float]] = []
    for _ in range(config.epochs):
        for batch in torch.randperm(len(picked)).chunk(config.minibatches):
            logits, value = policy(seen[batch])
            losses = ppo_losses(
                logits,
                value,
                chosen[batch],
                before[batch],
                gains[batch],
                targets[batch],
                config.clip,
            )
            loss = losses.policy + config.value * losses.value - config.entropy * losses.entropy
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(policy.parameters(), config.max_grad_norm)
            optimizer.step()
            told.append((losses.policy.item(), losses.value.item(), losses.entropy.item()))
    means = np.mean(told, 0)
    return dict(zip(("policy_loss", "value_loss", "entropy"), means.round(5).tolist(), strict=True))


def _save(
    policy: RacePolicy,
    optimizer: torch.optim.Adam,
    folder: Path,
    config: SelfPlay,
    updates: int,
    row: dict[str, Any],
) -> None:
    linear = [layer for layer in policy.actor if isinstance(layer, nn.Linear)]
    followed = [*["relu"] * (len(linear) - 1), "linear"]
    layers, activations = layers_of(list(zip(linear, followed, strict=True)))
    inputs = linear[0].in_features
    card: dict[str, Any] = {
        "obs": config.obs,
        "actions": "complex",
        "frame_skip": config.frame_skip,
        "contest": "race",
        "players": 2,
        "training": {k: str(v) if isinstance(v, Path) else v for k, v in asdict(config).items()},
        "reached": row,
    }
    zeros, ones = np.zeros(inputs, np.float32), np.ones(inputs, np.float32)
    PolicyNetwork(card, zeros, ones, layers, activations).save(folder / POLICY)
    tensors = module_tensors("policy", policy)
    tensors |= adam_tensors("adam", optimizer)
    tensors["random"] = torch.get_rng_state()
    about = {"format": _FORMAT, "decisions": str(row["decisions"]), "updates": str(updates)}
    write_tensors(folder / _CHECKPOINT, tensors, about)


def _load(policy: RacePolicy, optimizer: torch.optim.Adam, path: Path) -> tuple[int, int]:
    """Take up a checkpoint; its decisions and updates."""
    tensors, about = read_tensors(path, _FORMAT)
    load_module(path, policy, tensors, "policy")
    load_adam(path, optimizer, tensors, "adam")
    torch.set_rng_state(tensors["random"])
    return int(about["decisions"]), int(about["updates"])
