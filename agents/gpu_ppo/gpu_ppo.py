r"""PPO, or ICM-PPO, without leaving the GPU: games, rollouts and networks in the device's memory.

    python -m gym_mario_suite.agents.gpu_ppo --out runs/gpu --device cuda --num-envs 16384
    python -m gym_mario_suite.agents.gpu_ppo --out runs/curious --device cuda \
        --intrinsic 1 --extrinsic 0 --hide-dones

The network, the losses and curiosity are those of `icm_ppo`; only what is around them keeps its
arrays on the device. Rollouts are short and of many games, and observations are small numbers
already, so nothing is normalised. Where death is hidden (`--hide-dones`, as curiosity wants it) an
end is a transition to the next episode's first state; else an episode ends with it.

With `--device cpu` the same program plays the CPU's environment.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import torch

from gym_mario_suite.agents.gpu_ppo.config import Config
from gym_mario_suite.agents.icm_ppo.icm_ppo import Policy
from gym_mario_suite.agents.icm_ppo.run_files import RunFiles
from gym_mario_suite.agents.icm_ppo.run_loop import run
from gym_mario_suite.agents.ppo import (
    draw_actions,
    estimate_advantages,
    go_on_drawing,
    ppo_losses,
)
from gym_mario_suite.agents.training_options import environment_object, make_vec
from gym_mario_suite.engine.world import Status
from gym_mario_suite.errors import OptionError
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
    checked_actions,
    checked_observations,
)
from gym_mario_suite.wrappers.curiosity_options import RewardScale


def make_envs(config: Config, device: torch.device) -> gym.vector.VectorEnv[Any, Any, Any]:
    """The games, on the GPU if the networks are.

    Raises:
        OptionError: For options that are not possible.
        DeviceError: If the GPU cannot play them.
    """
    options = environment_object(config.env_options)
    if device.type == "cuda":
        if device.index:
            # Else its kernels would be given addresses in another one's memory.
            raise OptionError(
                f"games are played on the first GPU alone, got device {config.device!r}: give "
                f"cuda, with CUDA_VISIBLE_DEVICES={device.index} in the environment"
            )
        options["device"] = "cuda"
    return make_vec(config.env_id, config.num_envs, options)


class Trainer:
    """`collect` a rollout and `learn` from it, again and again.

    Args:
        config: The run.
        envs: Games to play; made from the configuration without.

    Raises:
        OptionError: For options that are not possible.
    """

    def __init__(
        self, config: Config, envs: gym.vector.VectorEnv[Any, Any, Any] | None = None
    ) -> None:
        torch.set_num_threads(config.threads)
        self.config = config
        self.device = torch_device(config.device)
        self.bfloat16 = uses_bfloat16(config.precision, self.device)
        self.envs = make_envs(config, self.device) if envs is None else envs
        space = checked_observations(self.envs.single_observation_space)
        n_actions = checked_actions(self.envs.single_action_space)
        # Its `seed`, `feature_size` and `hidden_size` are those that `icm_ppo` has, too.
        self.policy = Policy(space, n_actions, config).to(self.device)  # type: ignore[arg-type]
        parameters = list(self.policy.parameters())
        self.curiosity: CuriosityModule | None = None
        if config.intrinsic:
            self.curiosity = CuriosityModule(
                space, self.envs.single_action_space, config.curiosity()
            ).to(self.device)
            parameters += self.curiosity.parameters()
        self.optimizer = torch.optim.Adam(
            [p for p in parameters if p.requires_grad], lr=config.learning_rate, eps=1e-5
        )
        self.scale = RewardScale(1, config.gamma)
        self.random = torch.Generator(self.device).manual_seed(config.seed)
        self.decisions = 0
        shape = config.num_steps, config.num_envs

        def room(*size: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
            return torch.zeros(size, dtype=dtype, device=self.device)

        kind = torch.from_numpy(np.zeros(0, space.dtype)).dtype
        self.observations = room(shape[0] + 1, shape[1], *space.shape, dtype=kind)
        self.actions = room(*shape, dtype=torch.int64)
        self.log_probabilities = room(*shape)
        self.values = room(shape[0] + 1, shape[1])
        self.outside = room(*shape)
        self.goes_on = room(*shape)
        self._sums = room(config.num_envs, dtype=torch.float64)  # curiosity's, discounted
        # Episodes, the px they came, wins; since the last row of the curve.
        self._ended = room(3, dtype=torch.float64)

    def tensor(self, array: Any) -> torch.Tensor:
        """An array of the environment, where the networks are; without a copy if it is there."""
        return torch.as_tensor(array, device=self.device)

    def begin(self) -> None:
        """New episodes in all games."""
        # A run that goes on does not play the same games again.
        observations, _ = self.envs.reset(seed=self.config.seed + self.decisions)
        self.observations[-1] = self.tensor(observations)

    def autocast(self) -> torch.autocast:
        """The context in which the networks compute."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16)

    @torch.no_grad()
    def collect(self) -> None:
        """A rollout of all games, and the tail state."""
        self.observations[0] = self.observations[-1]
        for step in range(self.config.num_steps):
            with self.autocast():
                logits, self.values[step] = self.policy(self.observations[step])
            actions, self.log_probabilities[step] = draw_actions(logits, self.random)
            self.actions[step] = actions
            given: Any = actions.contiguous() if self.device.type == "cuda" else actions.numpy()
            following, rewards, terminated, truncated, infos = self.envs.step(given)
            self.observations[step + 1] = self.tensor(following)
            self.outside[step] = self.tensor(rewards)
            ended = self.tensor(terminated) | self.tensor(truncated)
            self.goes_on[step] = (~ended).float()
            if "final_info" in infos:
                self._count_ends(ended, infos["final_info"])
        with self.autocast():
            self.values[-1] = self.policy(self.observations[-1])[1]
        self.decisions += self.actions.numel()

    def _count_ends(self, ended: torch.Tensor, final: dict[str, Any]) -> None:
        distance = torch.where(ended, self.tensor(final["distance"]), 0.0)
        won = ended & (self.tensor(final["status"]) == int(Status.WIN))
        self._ended += torch.stack([ended.sum(), distance.sum(), won.sum()])

    @torch.no_grad()
    def _surprisal(self) -> torch.Tensor:
        """How surprising each transition was, over the running deviation: float32[steps, games]."""
        assert self.curiosity is not None
        surprisal = torch.empty_like(self.outside)
        for games in torch.arange(self.config.num_envs).split(self._group):
            one = slice(int(games[0]), int(games[-1]) + 1)
            with self.autocast():
                surprisal[:, one] = self.curiosity.surprisal(
                    self.observations[:, one], self.actions[:, one]
                ).float()
        sums = torch.empty(surprisal.shape, dtype=torch.float64, device=self.device)
        for step, row in enumerate(surprisal):
            self._sums = self.config.gamma * self._sums + row
            sums[step] = self._sums
        mean = sums.mean()
        squares = (sums - mean).square().sum()
        self.scale.add_moments(sums.numel(), float(mean), float(squares))
        return surprisal / self.scale.deviation

    @property
    def _group(self) -> int:
        groups = min(self.config.minibatches, self.config.num_envs)
        return -(-self.config.num_envs // groups)

    def learn(self) -> dict[str, float]:
        """Reward the rollout, and make the updates of its epochs.

        Returns:
            Figures of the update, by name.
        """
        config = self.config
        rewards = config.extrinsic * self.outside
        if self.curiosity is not None:
            rewards = rewards + config.intrinsic * self._surprisal()
        goes_on = torch.ones_like(self.goes_on) if config.hide_dones else self.goes_on
        advantages = torch.zeros_like(rewards)
        estimate_advantages(rewards, self.values, goes_on, config, advantages)
        returns = advantages + self.values[:-1]
        advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-7)
        figures = []
        for _ in range(config.epochs):
            order = torch.randperm(config.num_envs, generator=self.random, device=self.device)
            groups = order.split(self._group)
            figures += [self._update(games, advantages, returns) for games in groups]
        names = ("policy_loss", "value_loss", "entropy", "clipped", "approx_kl")
        means = torch.stack(figures).mean(0).tolist()
        return {"reward": float(rewards.mean()), **dict(zip(names, means, strict=True))}

    def _update(
        self, games: torch.Tensor, advantages: torch.Tensor, returns: torch.Tensor
    ) -> torch.Tensor:
        """A step of the optimiser on the trajectories of some games; figures of the losses."""
        config = self.config
        states, actions = self.observations[:, games], self.actions[:, games]
        with self.autocast():
            logits, values = self.policy(states[:-1].flatten(0, 1))
            dynamics = None if self.curiosity is None else self.curiosity.losses(states, actions)
        losses = ppo_losses(
            logits,
            values,
            actions.flatten(),
            self.log_probabilities[:, games].flatten(),
            advantages[:, games].flatten(),
            returns[:, games].flatten(),
            config.clip,
        )
        loss = losses.policy + config.value * losses.value - config.entropy * losses.entropy
        if dynamics is not None:
            loss = loss + dynamics.inverse + dynamics.forward
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if config.max_norm:
            parameters = self.optimizer.param_groups[0]["params"]
            torch.nn.utils.clip_grad_norm_(parameters, config.max_norm)
        self.optimizer.step()
        return torch.stack([figure.detach().float() for figure in losses])

    def play_figures(self, seconds: float) -> dict[str, Any]:
        """How the episodes that ended since the last call went."""
        episodes, distance, wins = self._ended.tolist()
        self._ended.zero_()
        if not episodes:
            return {"episodes": 0.0, "distance_mean": math.nan, "wins_share": math.nan}
        return {
            "episodes": episodes,
            "distance_mean": distance / episodes,
            "wins_share": wins / episodes,
        }

    def new_replays(self) -> list[tuple[str, bytes]]:
        """None are kept."""
        return []

    def line(self, row: dict[str, Any]) -> str:
        """How far Mario comes, and how fast it goes."""
        came = row["distance_mean"]
        shown = "no episode is over yet" if math.isnan(came) else f"{came:.0f} px"
        return f"{shown}, {row['decisions_per_second']:,.0f}/s"

    def tensors(self) -> dict[str, torch.Tensor]:
        """What a run needs to go on; its games begin anew."""
        tensors = module_tensors("policy", self.policy)
        if self.curiosity is not None:
            tensors |= module_tensors("curiosity", self.curiosity)
        tensors |= adam_tensors("adam", self.optimizer)
        tensors["random"] = self.random.get_state()
        tensors["scale"] = torch.from_numpy(self.scale.state())
        return {name: value.cpu().contiguous() for name, value in tensors.items()}

    def about(self) -> dict[str, str]:
        """What belongs in a checkpoint's header."""
        return {
            "architecture": json.dumps(self.config.architecture()),
            "decisions": str(self.decisions),
        }

    def load(self, path: Path, tensors: dict[str, torch.Tensor], about: dict[str, str]) -> None:
        """Take up a checkpoint.

        Raises:
            WeightsError: If it is of other networks.
        """
        load_module(path, self.policy, tensors, "policy")
        if self.curiosity is not None:
            load_module(path, self.curiosity, tensors, "curiosity")
        load_adam(path, self.optimizer, tensors, "adam")
        self.scale.load_state(tensors["scale"].numpy())
        self.decisions = int(about["decisions"])
        go_on_drawing(self.random, tensors["random"], self.config.seed + self.decisions)


def train(config: Config, envs: gym.vector.VectorEnv[Any, Any, Any] | None = None) -> Trainer:
    """Train; the files of the run are in `config.out`.

    Raises:
        OptionError: For options that are not possible.
        DeviceError: If the device cannot hold the games.
        WeightsError: For a checkpoint that cannot be gone on with.
    """
    files = RunFiles(config.out, config.resume, config.tensorboard)
    saved = files.read_checkpoint(config.architecture()) if config.resume else None
    trainer = Trainer(config, envs)
    if saved is not None:
        trainer.load(files.checkpoint, *saved)
        files.go_on(trainer.decisions)
    files.begin(asdict(config), None)
    trainer.begin()
    run(trainer, files, config, "ppo")
    files.write_policy(config, trainer.policy, None, trainer.decisions)
    return trainer
