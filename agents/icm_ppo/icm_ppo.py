"""ICM-PPO: proximal policy optimisation on curiosity's reward, and nothing else.

    python -m gym_mario_suite.agents.icm_ppo --out runs/curious --decisions 1000000

The arrangement is that of the curiosity replication article (M. Burge, 2019), which follows
large-scale curiosity (Burda et al. 2018, "Large-Scale Study of Curiosity-Driven Learning"):

* 8 games take 128 decisions each, and then one more look: the tail state.
* The networks of curiosity rate all transitions at once. Their surprisal, divided by the running
  deviation of its discounted sums (one for all games), is the reward.
* There are no ends: death is a transition to the first state of the next episode.
* Advantages by GAE (gamma 0.99, lambda 0.95), normalised over the whole batch.
* 3 epochs of 8 minibatches, each the whole trajectory of one game. One Adam (1e-4) takes the sum of
  the policy's loss (clip 0.1), half the value's squared error, minus 0.001 of the entropy, and the
  losses of the inverse and the forward dynamics. Gradients are not clipped.
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from gym_mario_suite.agents.icm_ppo.config import Config
from gym_mario_suite.agents.icm_ppo.episodes import Episodes
from gym_mario_suite.agents.icm_ppo.run_files import RunFiles
from gym_mario_suite.agents.icm_ppo.run_loop import run
from gym_mario_suite.agents.ppo import (
    draw_actions,
    estimate_advantages,
    go_on_drawing,
    ppo_losses,
)
from gym_mario_suite.agents.training_options import environment_object, make_vec
from gym_mario_suite.wrappers import MoveStatistics, VectorFrameSpan, VectorNormalizeFromRandomMoves
from gym_mario_suite.wrappers.curiosity_learner import (
    adam_tensors,
    load_adam,
    load_module,
    module_tensors,
    torch_device,
    uses_bfloat16,
)
from gym_mario_suite.wrappers.curiosity_module import (
    CuriosityModule,
    check_finite,
    checked_actions,
    checked_observations,
    dense,
    make_encoder,
)
from gym_mario_suite.wrappers.curiosity_options import RewardScale

# What an update returns.
_FIGURES = (
    "policy_loss",
    "value_loss",
    "entropy",
    "inverse_loss",
    "forward_loss",
    "inverse_accuracy",
    "clipped",
    "approx_kl",
)


class Policy(nn.Module):
    """Features of its own, two hidden layers, and from them the actions' logits and the value."""

    def __init__(self, space: gym.spaces.Box, n_actions: int, config: Config) -> None:
        super().__init__()
        size, hidden = config.feature_size, config.hidden_size
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed + 1)  # not the features that curiosity begins with
            self.encoder = make_encoder(space, "auto", size, hidden)
            self.trunk = nn.Sequential(
                dense(size, hidden), nn.ReLU(), dense(hidden, hidden), nn.ReLU()
            )
            self.logits = dense(hidden, n_actions)
            self.value = dense(hidden, 1)

    def forward(self, observations: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits float32[n, actions] and values float32[n] of [n, ...]."""
        x = self.trunk(self.encoder(observations))
        return self.logits(x).float(), self.value(x).float()[:, 0]


def make_envs(
    config: Config, statistics: MoveStatistics | None = None
) -> tuple[gym.vector.VectorEnv[Any, Any, Any], MoveStatistics | None]:
    """The games, and what their observations are normalised by.

    Raises:
        OptionError: For options that are not possible.
    """
    options = environment_object(config.env_options)
    envs: Any = make_vec(config.env_id, config.num_envs, options)
    if config.span:
        thirds = [config.span * third // 3 for third in (1, 2, 3)]
        shape = envs.single_observation_space.shape or ()
        # Pictures that are small already stay as they are.
        shrink = {"size": None, "crop": None} if min(shape[:2], default=0) <= 84 else {}
        envs = VectorFrameSpan(envs, config.span, thirds, **shrink)
    checked_actions(envs.single_action_space)
    checked_observations(envs.single_observation_space)
    if not config.normalize_moves:
        return envs, None
    envs = VectorNormalizeFromRandomMoves(
        envs, config.normalize_moves, config.seed, statistics=statistics
    )
    return envs, envs.statistics


class Trainer:
    """The whole algorithm: `collect` a rollout, `learn` from it, again and again.

    Args:
        config: The run.
        statistics: What observations are normalised by, where that is known already.

    Raises:
        OptionError: For options that are not possible.
    """

    def __init__(self, config: Config, statistics: MoveStatistics | None = None) -> None:
        torch.set_num_threads(config.threads)
        self.config = config
        self.device = torch_device(config.device)
        self.bfloat16 = uses_bfloat16(config.precision, self.device)
        self.envs, self.statistics = make_envs(config, statistics)
        space = checked_observations(self.envs.single_observation_space)
        self.n_actions = checked_actions(self.envs.single_action_space)
        self.policy = Policy(space, self.n_actions, config).to(self.device)
        self.curiosity = CuriosityModule(space, self.envs.single_action_space, config.curiosity())
        self.curiosity.to(self.device)
        parameters = [*self.policy.parameters(), *self.curiosity.parameters()]
        self.optimizer = torch.optim.Adam(
            [p for p in parameters if p.requires_grad], lr=config.learning_rate, eps=1e-8
        )
        self.scale = RewardScale(config.num_envs, config.gamma)
        self.random = torch.Generator(self.device).manual_seed(config.seed)
        self.order = np.random.default_rng(config.seed)
        shape = (config.num_steps, config.num_envs)
        self.observations = np.zeros((shape[0] + 1, shape[1], *space.shape), space.dtype)
        self.actions = np.zeros(shape, np.int64)
        self.log_probabilities = np.zeros(shape, np.float32)
        self.values = np.zeros((shape[0] + 1, shape[1]), np.float32)
        self.outside = np.zeros(shape)  # the environment's rewards
        self.dones = np.zeros(shape, bool)
        self.last_states: dict[tuple[int, int], NDArray[Any]] = {}
        self.episodes = Episodes(self.envs, config.span, config.replays)
        self.decisions = 0
        self.env_seconds = 0.0
        self.observations[-1], _ = self.envs.reset(seed=config.seed)
        self.episodes.begin()

    def autocast(self) -> torch.autocast:
        """The context in which the networks compute."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16)

    def tensor(self, array: NDArray[Any]) -> torch.Tensor:
        """An array on the device."""
        return torch.as_tensor(np.ascontiguousarray(array)).to(self.device)

    @torch.no_grad()
    def act(self, observations: NDArray[Any]) -> tuple[Any, Any, Any]:
        """Actions drawn by the policy, their log-probabilities, and the values."""
        with self.autocast():
            logits, values = self.policy(self.tensor(observations))
        if self.config.random_play:
            logits = torch.zeros_like(logits)
        actions, chosen = draw_actions(logits, self.random)
        return actions.cpu().numpy(), chosen.cpu().numpy(), values.cpu().numpy()

    def collect(self) -> None:
        """128 decisions of each game, and the tail state."""
        steps = self.config.num_steps
        self.observations[0] = self.observations[-1]
        self.last_states.clear()
        for step in range(steps):
            check_finite(self.observations[step])
            actions, self.log_probabilities[step], self.values[step] = self.act(
                self.observations[step]
            )
            self.actions[step] = actions
            start = time.perf_counter()
            following, rewards, terminated, truncated, infos = self.envs.step(actions)
            self.env_seconds += time.perf_counter() - start
            self.observations[step + 1] = following
            self.outside[step] = rewards
            self.dones[step] = ended = terminated | truncated
            for game in np.flatnonzero(ended):
                self.last_states[step, int(game)] = infos["final_obs"][game]
            self.episodes.step(actions, ended, infos)
        check_finite(self.observations[steps])
        self.values[steps] = self.act(self.observations[steps])[2]
        self.decisions += steps * self.config.num_envs

    def following(self) -> NDArray[Any]:
        """The states after each decision; where an episode ended, its last."""
        following = self.observations[1:].copy()
        for (step, game), state in self.last_states.items():
            following[step, game] = state
        return following

    def surprisal(self) -> NDArray[np.float32]:
        """How surprising each transition of the rollout was: float32[steps, games]."""
        surprisal = np.empty(self.actions.shape, np.float32)
        following = None if self.config.hide_dones else self.following()
        for game in range(self.config.num_envs):
            one = slice(game, game + 1)
            states, actions = self.observations[:, one], self.tensor(self.actions[:, one])
            with self.autocast():
                if following is None:
                    result = self.curiosity.surprisal(self.tensor(states), actions)
                else:
                    result = self.curiosity.surprisal(
                        self.tensor(states[:-1, 0]),
                        actions[:, 0],
                        self.tensor(following[:, game]),
                    )[:, None]
            surprisal[:, one] = result.float().cpu().numpy()
        return surprisal

    def advantages(self, rewards: NDArray[np.float32]) -> NDArray[np.float32]:
        """Generalised advantage estimates, from the last decision to the first."""
        goes_on = np.ones(rewards.shape, np.float32)
        if not self.config.hide_dones:
            goes_on = (~self.dones).astype(np.float32)
        advantages = np.zeros_like(rewards)
        estimate_advantages(rewards, self.values, goes_on, self.config, advantages)
        return advantages

    def learn(self) -> dict[str, float]:
        """Reward the rollout, and make the updates of its epochs.

        Returns:
            Figures of the update, by name.
        """
        config = self.config
        surprisal = self.surprisal()
        self.scale.add(surprisal)
        rewards = config.intrinsic * surprisal / np.float32(self.scale.deviation)
        if config.extrinsic:
            rewards = rewards + config.extrinsic * np.clip(self.outside, -1, 1).astype(np.float32)
        advantages = self.advantages(rewards)
        returns = advantages + self.values[:-1]
        advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-7)
        figures: list[list[float]] = []
        if not config.random_play:
            following = None if config.hide_dones else self.following()
            for games in self.minibatches():
                figures.append(self.update(games, advantages, returns, following))
        means = np.mean(figures, axis=0).tolist() if figures else [math.nan] * len(_FIGURES)
        return {
            "surprisal": float(surprisal.mean()),
            "intrinsic_reward": float((config.intrinsic * surprisal).mean()) / self.scale.deviation,
            "deviation": self.scale.deviation,
            **dict(zip(_FIGURES, means, strict=True)),
        }

    def minibatches(self) -> list[NDArray[np.int64]]:
        """The games of each minibatch of all epochs."""
        groups = min(self.config.minibatches, self.config.num_envs)
        return [
            games
            for _ in range(self.config.epochs)
            for games in np.array_split(self.order.permutation(self.config.num_envs), groups)
        ]

    def update(
        self,
        games: NDArray[np.int64],
        advantages: NDArray[np.float32],
        returns: NDArray[np.float32],
        following: NDArray[Any] | None,
    ) -> list[float]:
        """A step of the optimiser on the trajectories of some games; its `_FIGURES`."""
        config = self.config
        states = self.tensor(self.observations[:, games])
        actions = self.tensor(self.actions[:, games])
        with self.autocast():
            logits, values = self.policy(states[:-1].flatten(0, 1))
            if following is None:
                dynamics = self.curiosity.losses(states, actions)
            else:
                dynamics = self.curiosity.losses(
                    states[:-1].flatten(0, 1),
                    actions.flatten(),
                    self.tensor(following[:, games]).flatten(0, 1),
                )
        losses = ppo_losses(
            logits,
            values,
            actions.flatten(),
            self.tensor(self.log_probabilities[:, games]).flatten(),
            self.tensor(advantages[:, games]).flatten(),
            self.tensor(returns[:, games]).flatten(),
            config.clip,
        )
        loss = losses.policy + config.value * losses.value - config.entropy * losses.entropy
        loss = loss + dynamics.inverse + dynamics.forward
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        with torch.no_grad():
            figures = (*losses[:3], *dynamics, losses.clipped, losses.approx_kl)
            return torch.stack([figure.float() for figure in figures]).tolist()

    def new_replays(self) -> list[tuple[str, bytes]]:
        """See `Episodes.new_replays`."""
        return self.episodes.new_replays()

    def play_figures(self, seconds: float) -> dict[str, Any]:
        """How the episodes went, and the share of the time that the games took."""
        return {"env_time_share": self.env_seconds / seconds, **self.episodes.figures()}

    def line(self, row: dict[str, Any]) -> str:
        """How far Mario comes."""
        if not row["episodes"]:
            return "no episode is over yet"
        return f"furthest {row['furthest_mean_100']:.0f} px, {row['wins']} wins"

    def tensors(self) -> dict[str, torch.Tensor]:
        """All that a run needs to go on as if it had never stopped."""
        tensors = module_tensors("policy", self.policy)
        tensors |= module_tensors("curiosity", self.curiosity)
        tensors |= adam_tensors("adam", self.optimizer)
        tensors["scale"] = torch.from_numpy(self.scale.state())
        tensors["random"] = self.random.get_state()
        tensors["observations"] = torch.from_numpy(self.observations[-1].copy())
        tensors |= self.episodes.tensors()
        if self.statistics is not None:
            tensors["statistics.mean"] = torch.from_numpy(self.statistics.mean)
            tensors["statistics.std"] = torch.tensor(self.statistics.std, dtype=torch.float64)
        return tensors

    def about(self) -> dict[str, str]:
        """What belongs in a checkpoint's header."""
        return {
            "architecture": json.dumps(self.config.architecture()),
            "order": json.dumps(self.order.bit_generator.state),
            "decisions": str(self.decisions),
        }

    def load(self, path: Path, tensors: dict[str, torch.Tensor], about: dict[str, str]) -> None:
        """Take up a checkpoint.

        Raises:
            WeightsError: If it is of other networks.
        """
        load_module(path, self.policy, tensors, "policy")
        load_module(path, self.curiosity, tensors, "curiosity")
        load_adam(path, self.optimizer, tensors, "adam")
        self.scale.load_state(tensors["scale"].numpy())
        self.order.bit_generator.state = json.loads(about["order"])
        self.decisions = int(about["decisions"])
        go_on_drawing(self.random, tensors["random"], self.config.seed + self.decisions)
        if self.episodes.load(tensors):
            self.observations[-1] = tensors["observations"].numpy()


def train(config: Config) -> Trainer:
    """Train; the files of the run are in `config.out`.

    Raises:
        OptionError: For options that are not possible.
        WeightsError: For a checkpoint that cannot be gone on with.
    """
    files = RunFiles(config.out, config.resume, config.tensorboard)
    saved = files.read_checkpoint(config.architecture()) if config.resume else None
    trainer = Trainer(config, None if saved is None else files.statistics_of(saved[0]))
    if saved is not None:
        trainer.load(files.checkpoint, *saved)
        files.go_on(trainer.decisions)
    files.begin(asdict(config), trainer.statistics)
    run(trainer, files, config, "curiosity")
    files.write_policy(config, trainer.policy, trainer.statistics, trainer.decisions)
    return trainer
