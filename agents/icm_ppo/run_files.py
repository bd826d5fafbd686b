"""The files of a run: checkpoint, curve, configuration, replays, policy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from gym_mario_suite import __version__
from gym_mario_suite.agents.network_agent import PolicyNetwork, layers_of, view_of
from gym_mario_suite.agents.run_folder import CURVE, Curve, check_run
from gym_mario_suite.agents.training_options import environment_object
from gym_mario_suite.errors import OptionError
from gym_mario_suite.provenance import command_of, commit
from gym_mario_suite.whole_file import require_folder, write_json, write_whole
from gym_mario_suite.wrappers import MoveStatistics
from gym_mario_suite.wrappers.curiosity_learner import (
    check_architecture,
    read_tensors,
    write_tensors,
)

FORMAT = "gym-mario-suite icm-ppo 1"
_CHECKPOINT = "checkpoint.safetensors"
_NOT_IN_COMMANDS = frozenset({"resume"})


class RunFiles:
    """The files of one run, in one folder.

    Args:
        folder: Where they are.
        resume: Whether the run goes on.
        tensorboard: Whether to write TensorBoard's files, too.

    Raises:
        OptionError: If there is a run already, and it is not to go on; or none, and it is.
    """

    def __init__(self, folder: Path, resume: bool, tensorboard: bool) -> None:
        check_run(folder, resume, _CHECKPOINT)
        self.folder = folder
        self.checkpoint = folder / _CHECKPOINT
        self.curve = Curve(folder / CURVE)
        self._offsets = dict.fromkeys(("cpu_seconds", "wall_seconds"), 0.0)
        self._writer_class: Any = None
        self._writer: Any = None
        if tensorboard:
            try:
                from torch.utils.tensorboard import SummaryWriter
            except ImportError:
                raise OptionError("--tensorboard needs tensorboard: pip install it") from None
            self._writer_class = SummaryWriter

    def begin(self, config: dict[str, Any], statistics: MoveStatistics | None) -> None:
        """Write what the run is, and what it normalises by: numbers, and a picture of the mean.

        Raises:
            OptionError: If files cannot be written in the folder.
        """
        require_folder(self.folder)
        if self._writer_class is not None:
            self._writer = self._writer_class(str(self.folder))
        whole = {**config, "out": str(config["out"]), "version": __version__, "commit": commit()}
        write_json(self.folder / "config.json", whole)
        if statistics is not None:
            statistics.save(self.folder / "mean_state.npz")
            if statistics.mean.ndim >= 2:
                write_mean_picture(statistics, self.folder / "mean_state.png")

    def read_checkpoint(
        self, architecture: dict[str, Any]
    ) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
        """Tensors and header of the checkpoint.

        Raises:
            WeightsError: If it cannot be read, or is of another architecture.
        """
        tensors, about = read_tensors(self.checkpoint, FORMAT)
        check_architecture(self.checkpoint, json.loads(about["architecture"]), architecture)
        return tensors, about

    def write_checkpoint(self, tensors: dict[str, torch.Tensor], about: dict[str, str]) -> None:
        """Write the checkpoint; the one before is kept until it is whole."""
        write_tensors(self.checkpoint, tensors, {"format": FORMAT, **about})

    @staticmethod
    def statistics_of(tensors: dict[str, torch.Tensor]) -> MoveStatistics | None:
        """What the checkpoint's observations were normalised by."""
        if "statistics.mean" not in tensors:
            return None
        mean, std = tensors["statistics.mean"].numpy(), float(tensors["statistics.std"])
        return MoveStatistics(mean, std, 0)

    def go_on(self, decisions: int) -> None:
        """Take up the curve, without the rows that were written after the checkpoint."""
        self.curve.go_on(decisions)
        self._offsets = {name: self.curve.before(name) for name in self._offsets}

    def write_row(self, row: dict[str, Any]) -> None:
        """Write a row of the curve."""
        for name, before in self._offsets.items():
            row[name] += before
        short = {k: float(f"{v:.6g}") if isinstance(v, float) else v for k, v in row.items()}
        self.curve.append(short)
        if self._writer is not None:
            for name, value in short.items():
                self._writer.add_scalar(f"icm_ppo/{name}", value, row["decisions"])
            self._writer.flush()

    def write_replay(self, name: str, replay: bytes) -> None:
        """Write a personal best or the first win."""
        folder = self.folder / "replays"
        folder.mkdir(exist_ok=True)
        write_whole(folder / f"{name}.mario", replay)

    def write_policy(
        self, config: Any, policy: Any, statistics: MoveStatistics | None, decisions: int
    ) -> None:
        """Write the policy as a `PolicyNetwork`, where it is a perceptron, and its card.

        Args:
            config: The run's `Config`.
            policy: Its `Policy`.
            statistics: What observations are normalised by.
            decisions: How many it was trained on.
        """
        options = environment_object(config.env_options)
        card = {
            "algorithm": config.algorithm,
            "env_id": config.env_id,
            "env_options": options,
            "obs": options.get("obs", "grid"),
            "actions": options.get("actions", "complex"),
            "frame_skip": config.span or options.get("frame_skip", 1),
            **view_of(options),
            "decisions": decisions,
            "seed": config.seed,
            "command": command_of(config.program, config, _NOT_IN_COMMANDS),
            "commit": commit(),
            "versions": {"gym-mario-suite": __version__, "torch": str(torch.__version__)},
            "last_curve_row": self.curve.last,
        }
        write_json(self.folder / "card.json", card)
        encoder = list(policy.encoder)
        if any(isinstance(module, nn.Conv2d) for module in encoder):
            return
        dense = [module for module in encoder if isinstance(module, nn.Linear)]
        trunk = [module for module in policy.trunk if isinstance(module, nn.Linear)]
        layers, activations = layers_of(
            [
                *((module, "leaky_relu") for module in dense[:-1]),
                (dense[-1], "linear"),
                *((module, "relu") for module in trunk),
                (policy.logits, "linear"),
            ]
        )
        size = layers[0][0].shape[1]
        mean, scale = np.zeros(size, np.float32), np.ones(size, np.float32)
        if statistics is not None:
            mean = statistics.mean.reshape(-1).astype(np.float32)
            scale = np.full(size, 1 / statistics.std, np.float32)
        network = PolicyNetwork(card, mean, scale, layers, activations)
        network.save(self.folder / "policy.safetensors")


def write_mean_picture(statistics: MoveStatistics, path: Path) -> None:
    """The mean state as a picture, as the article shows it; channels side by side."""
    try:
        from matplotlib import image
    except ImportError:
        return  # the numbers are written in any case
    mean = statistics.mean
    if mean.ndim == 3:
        planes = np.moveaxis(mean, -1, 0) if mean.shape[-1] <= 16 else mean
        mean = np.concatenate(list(planes), axis=1)
    image.imsave(path, mean, cmap="gray")
