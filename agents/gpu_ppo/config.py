"""The options of PPO on the GPU."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from gym_mario_suite.agents.icm_ppo.config import curiosity_of
from gym_mario_suite.agents.training_options import check_training
from gym_mario_suite.wrappers.curiosity_options import CuriosityOptions

_ENVIRONMENT = '{"obs": "terrain", "actions": "simple", "frame_skip": 4, "difficulty": 3}'


@dataclass(frozen=True, kw_only=True)
class Config:
    """Train on as many games as the device holds.

    Attributes:
        out: Folder of the run: checkpoint, curve, policy.
        env_id: Where to play.
        env_options: What the environment is made with, a JSON object.
        decisions: Budget, all games together.
        num_envs: Games.
        num_steps: Decisions of each game in a rollout.
        minibatches: Groups of games in an epoch.
        epochs: How often a rollout is learned from.
        learning_rate: Adam's.
        gamma: Discount.
        gae_lambda: Lambda of the advantages.
        clip: How far the ratio of probabilities may leave 1.
        entropy: Weight of the entropy.
        value: Weight of the value's squared error.
        max_norm: Length that gradients are cut to; 0 does not.
        intrinsic: Weight of curiosity's reward; 0 makes no networks for it.
        extrinsic: Weight of the environment's own.
        hide_dones: Whether death is just another transition.
        features: Curiosity's features: idf, random, rnd, pixels.
        forward: Curiosity's forward model: linear, resnet, mlp.
        feature_size: Numbers in a state's features.
        hidden_size: Width of the hidden layers.
        seed: Decides everything, on one device and release of torch.
        device: cpu, cuda, or auto.
        precision: float32, bfloat16, or auto: bfloat16 where a CUDA device has it.
        threads: Of torch, on the processor.
        log_updates: Updates between two rows of the curve.
        checkpoint_minutes: Time between two checkpoints.
        tensorboard: Whether to write TensorBoard's files.
        resume: Go on with the run in `out`; its games begin anew.
    """

    program: ClassVar[str] = "gym_mario_suite.agents.gpu_ppo"
    algorithm: ClassVar[str] = "ppo"
    span: ClassVar[int] = 0

    out: Path
    env_id: str = "MarioInfinite-v0"
    env_options: str = _ENVIRONMENT
    decisions: int = 1_000_000_000
    num_envs: int = 16_384
    num_steps: int = 32
    minibatches: int = 8
    epochs: int = 2
    learning_rate: float = 3e-4
    gamma: float = 0.99
    gae_lambda: float = 0.95
    clip: float = 0.2
    entropy: float = 0.01
    value: float = 0.5
    max_norm: float = 0.5
    intrinsic: float = 0.0
    extrinsic: float = 1.0
    hide_dones: bool = False
    features: str = "idf"
    forward: str = "linear"
    feature_size: int = 256
    hidden_size: int = 256
    seed: int = 0
    device: str = "auto"
    precision: str = "auto"
    threads: int = 1
    log_updates: int = 10
    checkpoint_minutes: float = 5.0
    tensorboard: bool = False
    resume: bool = False

    def __post_init__(self) -> None:
        check_training(self)
        self.curiosity()  # checks the rest

    def curiosity(self) -> CuriosityOptions:
        """The options of the networks of curiosity."""
        return curiosity_of(self)

    def architecture(self) -> dict[str, Any]:
        """What decides which checkpoints fit."""
        names = ("env_id", "env_options", "num_envs", "hide_dones", "seed")
        own = {name: getattr(self, name) for name in names}
        return {**self.curiosity().architecture, **own, "curious": self.intrinsic > 0}
