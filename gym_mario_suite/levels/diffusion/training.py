"""Training of the tile diffusion (needs the extra `levels`)."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from gym_mario_suite.levels.corpus import CorpusLevel, Split, digest_of_levels, require_usable
from gym_mario_suite.levels.diffusion.network import DenoisingNetwork
from gym_mario_suite.levels.diffusion.shape import NetworkShape
from gym_mario_suite.levels.diffusion.training_data import Examples, ExampleSource
from gym_mario_suite.levels.infinite_corpus import infinite_levels
from gym_mario_suite.levels.trainer import Trainer, TrainingSettings

_HELD_OUT_BATCHES = 24


@dataclass(frozen=True, kw_only=True)
class DiffusionSettings(TrainingSettings):
    """Settings of a training run of the tile diffusion.

    Attributes:
        steps: Optimiser steps at most.
        check_every: Steps between looks at the held-out levels.
        patience: Looks without a new best after which training stops.
        batch: Crops a step.
        columns: Width of the crops.
        learning_rate: Highest, after the warm-up; a cosine takes it to 5 %.
        warm_up: Steps until then.
        weight_decay: Of AdamW.
        dropout: Share of the blocks' channels dropped.
        ema: Decay of the running mean of the weights, which is what is judged and kept.
        infinite: Generated Infinite Mario levels beside the corpus.
    """

    steps: int = 7000
    check_every: int = 250
    patience: int = 12
    batch: int = 16
    columns: int = 48
    learning_rate: float = 1.5e-3
    warm_up: int = 200
    weight_decay: float = 0.05
    dropout: float = 0.1
    ema: float = 0.998
    infinite: int = 300


class DiffusionTrainer(Trainer[DenoisingNetwork]):
    """Trains the denoising network; the loss is MDLM's bound in nats a cell.

    Args:
        split: The corpus.
        folder: For the checkpoint; made if missing.
        settings: See `DiffusionSettings`.
        shape: Of the network.
    """

    settings: DiffusionSettings

    def __init__(
        self,
        split: Split,
        folder: Path,
        settings: DiffusionSettings,
        shape: NetworkShape | None = None,
    ) -> None:
        columns = settings.columns
        require_usable(
            split,
            lambda level: level.codes.shape[1] >= columns,
            f"levels of {columns} columns or more",
        )
        self.shape = shape or NetworkShape()
        about = {"shape": asdict(self.shape), "levels": digest_of_levels(split)}
        super().__init__(folder, settings, about)
        self.network = DenoisingNetwork(self.shape, settings.dropout)
        self.mean = copy.deepcopy(self.network).eval()
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(),
            settings.learning_rate,
            (0.9, 0.98),
            1e-8,
            settings.weight_decay,
        )
        levels = [*split.train, *infinite_levels(settings.infinite)]
        self._source = ExampleSource(levels, settings.columns, settings.batch, self.rng, self.shape)
        self._held_out = self._held_out_examples(split.held_out)

    def _held_out_examples(self, levels: Sequence[CorpusLevel]) -> list[Examples]:
        """The same masked crops at every look."""
        rng = np.random.default_rng(self.settings.seed + 1)
        settings = self.settings
        source = ExampleSource(levels, settings.columns, settings.batch, rng, self.shape)
        return [source.draw() for _ in range(_HELD_OUT_BATCHES)]

    def loss(self) -> Tensor:
        """MDLM's bound of the next batch, at the learning rate of this step."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.learning_rate * self._rate()
        return bound(self.network, self._source.draw())

    def _rate(self) -> float:
        settings = self.settings
        if self.step < settings.warm_up:
            return (self.step + 1) / settings.warm_up
        progress = (self.step - settings.warm_up) / max(1, settings.steps - settings.warm_up)
        return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * progress))

    def after_step(self) -> None:
        """Update the running mean of the weights; at first it follows faster."""
        decay = min(self.settings.ema, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            pairs = zip(self.mean.parameters(), self.network.parameters(), strict=True)
            for mean, new in pairs:
                mean.lerp_(new, 1 - decay)

    def held_out_loss(self) -> float:
        """MDLM's bound of the held-out levels with the running mean of the weights."""
        return float(np.mean([float(bound(self.mean, each)) for each in self._held_out]))

    def kept(self) -> dict[str, Tensor]:
        """The running mean of the weights."""
        return self.mean.state_dict()

    def more_state(self) -> dict[str, dict[str, Tensor]]:
        """The running mean belongs into a checkpoint."""
        return {"mean": self.mean.state_dict()}


def bound(network: torch.nn.Module, examples: Examples) -> Tensor:
    """The MDLM bound on a crop's negative log likelihood, in nats a cell (arXiv 2406.07524)."""
    arrays = (
        examples.codes,
        examples.masked,
        examples.weights,
        examples.condition,
        examples.start,
        examples.end,
    )
    codes, masked, weights, condition, start, end = map(torch.from_numpy, arrays)
    logits = network(masked, condition, start, end)
    losses = functional.cross_entropy(logits, codes, reduction="none")
    return (losses * weights).mean()
