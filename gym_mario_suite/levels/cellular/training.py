"""Training of the context-window cellular automaton (torch; needs the extra `levels`)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from gym_mario_suite.levels.cellular.automaton import OBJECTS, context_of_cells
from gym_mario_suite.levels.corpus import (
    CorpusLevel,
    Domain,
    Split,
    digest_of_levels,
    require_usable,
)
from gym_mario_suite.levels.tile_grid import Tile
from gym_mario_suite.levels.trainer import Trainer, TrainingSettings

_HELD_OUT_MOST = 4096


@dataclass(frozen=True, kw_only=True)
class CASettings(TrainingSettings):
    """Settings of a training run of the automaton.

    Attributes:
        context: Rows and columns of the window: 3, 5 or 7.
        batch: Cells a step.
        learning_rate: Of Adam.
        steps: Optimiser steps at most: a dozen times the objects of the training levels.
        check_every: Steps between looks.
        patience: Looks without a new best after which training stops.
    """

    context: int = 7
    batch: int = 128
    learning_rate: float = 1e-4
    steps: int = 4000
    check_every: int = 200
    patience: int = 6


class ContextNetwork(nn.Module):
    """The tiles around an object to the object: one hidden layer as wide as the input.

    Args:
        context: Rows and columns of the window.
    """

    def __init__(self, context: int) -> None:
        super().__init__()
        inputs = (context * context - 1) * len(OBJECTS)
        self.hidden = nn.Linear(inputs, inputs)
        self.objects = nn.Linear(inputs, len(OBJECTS))

    def forward(self, around: Tensor) -> Tensor:
        """Logits, float32[n, 12], of one-hot windows without their centre."""
        return self.objects(functional.relu(self.hidden(around)))


class CATrainer(Trainer[ContextNetwork]):
    """Trains the automaton's network; the loss is cross entropy in nats an object.

    Args:
        split: The corpus; its Super Mario Bros. levels, of both games, are used.
        folder: For the checkpoint; made if missing.
        settings: See `CASettings`.
    """

    settings: CASettings

    def __init__(self, split: Split, folder: Path, settings: CASettings) -> None:
        require_usable(split, _is_used, "levels of Super Mario Bros. or its sequel, not all air,")
        super().__init__(folder, settings, {"levels": digest_of_levels(split)})
        self.network = ContextNetwork(settings.context)
        self.optimiser = torch.optim.Adam(self.network.parameters(), settings.learning_rate)
        self._train = _examples(split.train, settings.context)
        around, objects = _examples(split.held_out, settings.context)
        chosen = np.random.default_rng(settings.seed + 1).permutation(len(objects))
        self._held_out = around[chosen[:_HELD_OUT_MOST]], objects[chosen[:_HELD_OUT_MOST]]

    def loss(self) -> Tensor:
        """Cross entropy of a random batch."""
        chosen = self.rng.integers(0, len(self._train[1]), self.settings.batch)
        return self._cross_entropy(self._train[0][chosen], self._train[1][chosen])

    def held_out_loss(self) -> float:
        """Cross entropy of the held-out objects."""
        return float(self._cross_entropy(*self._held_out))

    def _cross_entropy(self, around: NDArray[np.uint8], objects: NDArray[np.int64]) -> Tensor:
        table = np.eye(len(OBJECTS) + 1, len(OBJECTS), dtype=np.float32)
        inputs = torch.from_numpy(table[around].reshape(len(around), -1))
        return functional.cross_entropy(self.network(inputs), torch.from_numpy(objects))


def _is_used(level: CorpusLevel) -> bool:
    return level.domain in (Domain.SMB, Domain.SMB2J) and bool((level.codes != Tile.EMPTY).any())


def _examples(
    levels: tuple[CorpusLevel, ...], context: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Windows around all objects, and the objects. Air is never one: that is the post's choice."""
    around, objects = [], []
    number = {tile: i for i, tile in enumerate(OBJECTS)}
    for level in filter(_is_used, levels):
        cells = np.argwhere(level.codes != Tile.EMPTY)
        around.append(context_of_cells(level.codes, cells, context))
        objects.append([number[Tile(code)] for code in level.codes[tuple(cells.T)].tolist()])
    return np.concatenate(around), np.concatenate(objects).astype(np.int64)
