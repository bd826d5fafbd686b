"""The categorical variational autoencoder and its training (torch; needs the extra `levels`).

Layers, loss, optimiser, batch size and patience are those of the blog post "Making a VAE on Mario"
(2022). Unlike there, whole levels are held out: its split put windows that overlap training windows
into the test set.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from gym_mario_suite.levels.corpus import WINDOW, Split, digest_of_levels, require_usable
from gym_mario_suite.levels.tile_grid import Tile
from gym_mario_suite.levels.trainer import Trainer, TrainingSettings
from gym_mario_suite.levels.vae.windows import SPRITES, one_hot, vae_windows

_INPUTS = WINDOW * WINDOW * SPRITES
_HELD_OUT_DRAWS = 4


@dataclass(frozen=True, kw_only=True)
class VAESettings(TrainingSettings):
    """Settings of a training run of the VAE.

    Attributes:
        latent: Dimensions of the latent space.
        batch: Windows a step.
        learning_rate: Of Adam.
        steps: Optimiser steps at most: 500 times the training windows.
        check_every: Steps between looks: about once through the training windows.
        patience: Looks without a new best after which training stops.
    """

    latent: int = 2
    batch: int = 64
    learning_rate: float = 1e-3
    steps: int = 15_000
    check_every: int = 30
    patience: int = 25


class CategoricalVAENetwork(nn.Module):
    """2156-512-256-128 with tanh to a Gaussian latent, and 256-512-2156 back to categoricals.

    Args:
        latent: Dimensions of the latent space.
    """

    def __init__(self, latent: int) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(_INPUTS, 512),
            nn.Tanh(),
            nn.Linear(512, 256),
            nn.Tanh(),
            nn.Linear(256, 128),
            nn.Tanh(),
        )
        self.mean = nn.Linear(128, latent)
        self.log_variance = nn.Linear(128, latent)
        self.decoder = nn.Sequential(
            nn.Linear(latent, 256),
            nn.Tanh(),
            nn.Linear(256, 512),
            nn.Tanh(),
            nn.Linear(512, _INPUTS),
        )

    def encode(self, windows: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance, float32[B, latent], of one-hot windows [B, 14, 14, 11]."""
        hidden = self.encoder(windows.flatten(1))
        return self.mean(hidden), self.log_variance(hidden)

    def decode(self, latents: Tensor) -> Tensor:
        """Logits, float32[B, 14, 14, 11]."""
        return self.decoder(latents).view(-1, WINDOW, WINDOW, SPRITES)


@dataclass(frozen=True)
class Elbo:
    """The negative evidence lower bound of windows, in nats a window.

    Attributes:
        reconstruction: Cross entropy, summed over the 196 cells.
        divergence: Kullback-Leibler divergence of the latent from N(0, 1).
        accuracy: Share of the cells whose likeliest tile is right, at the latent's mean.
        accuracy_not_air: The same of the cells that are not air.
    """

    reconstruction: float
    divergence: float
    accuracy: float
    accuracy_not_air: float

    @property
    def total(self) -> float:
        """The negative ELBO."""
        return self.reconstruction + self.divergence


class VAETrainer(Trainer[CategoricalVAENetwork]):
    """Trains the VAE; the loss is the negative ELBO in nats a window.

    Args:
        split: The corpus; its Super Mario Bros. levels are used.
        folder: For the checkpoint; made if missing.
        settings: See `VAESettings`.
    """

    settings: VAESettings

    def __init__(self, split: Split, folder: Path, settings: VAESettings) -> None:
        require_usable(
            split,
            lambda level: bool(len(vae_windows([level]))),
            f"levels of Super Mario Bros. with more than {WINDOW} columns",
        )
        super().__init__(folder, settings, {"levels": digest_of_levels(split)})
        self.network = CategoricalVAENetwork(settings.latent)
        self.optimiser = torch.optim.Adam(self.network.parameters(), settings.learning_rate)
        self.train_windows = vae_windows(split.train)
        self.held_out_windows = vae_windows(split.held_out)

    @property
    def clip(self) -> float:
        """The post does not clip."""
        return float("inf")

    def loss(self) -> Tensor:
        """The negative ELBO of a random batch."""
        chosen = self.rng.integers(0, len(self.train_windows), self.settings.batch)
        reconstruction, divergence = _terms(self.network, self.train_windows[chosen], None)
        return reconstruction + divergence

    def held_out_loss(self) -> float:
        """The negative ELBO of the held-out windows."""
        return self.evaluate(self.held_out_windows).total

    def evaluate(self, windows: NDArray[np.uint8]) -> Elbo:
        """The ELBO's parts of windows, the mean of some draws that are always the same."""
        self.network.eval()
        noise = torch.Generator().manual_seed(self.settings.seed)
        with torch.inference_mode():
            terms = [_terms(self.network, windows, noise) for _ in range(_HELD_OUT_DRAWS)]
            mean, _ = self.network.encode(torch.from_numpy(one_hot(windows)))
            guess = self.network.decode(mean).argmax(-1).numpy()
        right = guess == windows
        return Elbo(
            float(np.mean([float(reconstruction) for reconstruction, _ in terms])),
            float(np.mean([float(divergence) for _, divergence in terms])),
            float(right.mean()),
            float(right[windows != Tile.EMPTY].mean()),
        )


def _terms(
    network: CategoricalVAENetwork, windows: NDArray[np.uint8], noise: torch.Generator | None
) -> tuple[Tensor, Tensor]:
    """Cross entropy and divergence, nats a window."""
    mean, log_variance = network.encode(torch.from_numpy(one_hot(windows)))
    spread = torch.exp(0.5 * log_variance)
    latents = mean + spread * torch.randn(spread.shape, generator=noise)
    logits = network.decode(latents).flatten(0, 2)
    codes = torch.from_numpy(windows.astype(np.int64)).flatten()
    reconstruction = functional.cross_entropy(logits, codes, reduction="sum") / len(windows)
    divergence = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(1).mean()
    return reconstruction, divergence
