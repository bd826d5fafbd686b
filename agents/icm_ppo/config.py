"""The options of ICM-PPO."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar

from gym_mario_suite.agents.training_options import check_training
from gym_mario_suite.wrappers.curiosity_options import CuriosityOptions


@dataclass(frozen=True, kw_only=True)
class Config:
    """Learn to play from curiosity. The defaults are the article's.

    Attributes:
        out: Folder of the run: checkpoint, curve, replays, TensorBoard's files.
        env_id: Where to play, any id with numbered actions.
        env_options: What the environment is made with, a JSON object.
        span: Frames of a decision, of which three are shown; 0 takes observations as they are.
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
        features: Curiosity's features: idf, random, rnd, pixels.
        forward: Forward model: linear (the article's), resnet (large-scale curiosity's), mlp.
        feature_size: Numbers in a state's features.
        hidden_size: Width of the hidden layers.
        intrinsic: Weight of curiosity's reward.
        extrinsic: Weight of the environment's own, clipped to -1 .. 1.
        hide_dones: Whether death is just another transition (else an episode ends with it).
        random_play: Play at random and learn nothing, for comparison.
        normalize_moves: Random moves that observations are normalised by; 0 does not.
        seed: Decides everything.
        device: cpu, cuda, or auto.
        precision: float32, bfloat16, or auto: bfloat16 where a CUDA device has it.
        threads: Of torch, on the processor.
        log_updates: Updates between two rows of the curve.
        checkpoint_minutes: Time between two checkpoints.
        replays: Whether to write a replay of each personal best, and of the first win.
        tensorboard: Whether to write TensorBoard's files.
        resume: Go on with the run in `out`.
    """

    program: ClassVar[str] = "gym_mario_suite.agents.icm_ppo"
    algorithm: ClassVar[str] = "icm-ppo"

    out: Path
    env_id: str = "MarioInfinite-v0"
    env_options: str = "{}"
    span: int = 0
    decisions: int = 6_400_000
    num_envs: int = 8
    num_steps: int = 128
    minibatches: int = 8
    epochs: int = 3
    learning_rate: float = 1e-4
    gamma: float = 0.99
    gae_lambda: float = 0.95
    clip: float = 0.1
    entropy: float = 0.001
    value: float = 0.5
    features: str = "idf"
    forward: str = "linear"
    feature_size: int = 512
    hidden_size: int = 512
    intrinsic: float = 1.0
    extrinsic: float = 0.0
    hide_dones: bool = True
    random_play: bool = False
    normalize_moves: int = 10_000
    seed: int = 0
    device: str = "auto"
    precision: str = "auto"
    threads: int = 1
    log_updates: int = 10
    checkpoint_minutes: float = 5.0
    replays: bool = True
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
        names = ("env_id", "env_options", "span", "num_envs", "num_steps", "hide_dones", "seed")
        names += ("normalize_moves",)
        return {**self.curiosity().architecture, **{name: getattr(self, name) for name in names}}


def curiosity_of(config: Any) -> CuriosityOptions:
    """The options of curiosity that a training's dataclass has, by the same names."""
    names = {field.name for field in fields(CuriosityOptions)} & {f.name for f in fields(config)}
    chosen = {name: getattr(config, name) for name in names}
    return CuriosityOptions(n_steps=config.num_steps, **chosen)
