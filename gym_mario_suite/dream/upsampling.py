"""The earlier system's second network at work: from 64x60 to 256x240, trained and sampled.

It is an EDM denoiser of the large frame (Karras et al. 2022), given the large frame before and the
small one. Of what it learns from nothing is shipped: play needs no upsampler where frames have
160x120 px.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gym_mario_suite.dream.diamond import Upsampler
from gym_mario_suite.dream.diffusion import preconditioning, sampling_sigmas
from gym_mario_suite.dream.frames import Frames, resized, to_frames, to_model
from gym_mario_suite.dream.noise import normal_noise
from gym_mario_suite.dream.presets import UpsamplerConfig, preset
from gym_mario_suite.dream.sampler import sample
from gym_mario_suite.dream.weights import (
    fill,
    fill_optimiser,
    load_tensors,
    optimiser_tensors,
    save_tensors,
)
from gym_mario_suite.dream.windows import WindowSource
from gym_mario_suite.errors import WeightsError

LARGE = 240, 256  # px
_RHO = 7.0
_CONSTANTS = preset("diamond")  # sigma_data and sigma_offset
_CONTEXT_SIGMA = 5e-3
CHECKPOINT = "upsampler_checkpoint.safetensors"
_SAVE_S = 240.0


def _codes(sigma: Tensor, context: Tensor) -> Tensor:
    both = torch.stack([sigma, context], 1)
    return torch.log(both * both + _CONSTANTS.sigma_offset**2) / 8


def denoise_large(
    model: nn.Module, previous: Tensor, small: Tensor, noisy: Tensor, sigma: Tensor
) -> Tensor:
    """The large frame that is expected behind a noisy one; frames float[n, 3, h, w] in -1 .. 1."""
    c_in, c_skip, c_out = preconditioning(sigma[:, None, None, None], _CONSTANTS)
    codes = _codes(sigma, torch.full_like(sigma, _CONTEXT_SIGMA))
    data = _CONSTANTS.sigma_data
    return c_skip * noisy + c_out * model(previous / data, small / data, noisy * c_in, codes)


def upsampling_loss(model: nn.Module, large: Tensor, factor: int, seed: int) -> Tensor:
    """The denoising error of the second of two large frames float[n, 2, 3, h, w]."""
    generator = torch.Generator(large.device).manual_seed(seed)
    previous, target = large[:, 0], large[:, 1]
    small = nn.functional.avg_pool2d(target, factor)
    drawn = torch.randn(len(target), generator=generator, device=large.device)
    sigma = (drawn * 1.2 - 1.2).exp().clamp(2e-3, 20)
    noise = torch.randn(target.shape, generator=generator, device=large.device)
    noisy = target + noise * sigma[:, None, None, None]
    c_out = preconditioning(sigma[:, None, None, None], _CONSTANTS).c_out
    return ((denoise_large(model, previous, small, noisy, sigma) - target) / c_out).square().mean()


def train_upsampler(
    config: UpsamplerConfig,
    source: WindowSource,
    steps: int,
    batch: int = 4,
    rate: float = 1e-4,
    seed: int = 0,
    device: str = "cpu",
    tell: Callable[[int, float], bool] = lambda step, loss: False,
    folder: Path | None = None,
) -> Upsampler:
    """Train an upsampler.

    All randomness of a step follows from the seed and its number, so that a training that was
    stopped goes on as if it had not been (on the CPU to the bit).

    Args:
        config: Its sizes.
        source: Windows of frames of 320x240; they are made 256x240.
        steps: Optimiser steps.
        batch: Pairs of frames in a step.
        rate: Learning rate of AdamW.
        seed: Decides weights, frames and noise.
        device: "cpu" or "cuda".
        tell: Called after each step with its number and loss; whether to stop there.
        folder: Where a checkpoint is written every four minutes and at the end, and looked for at
            the beginning.

    Raises:
        WeightsError: When the checkpoint belongs to another training.
    """
    torch.manual_seed(seed)
    model = Upsampler(config).to(device)
    optimiser = torch.optim.AdamW(model.parameters(), rate, weight_decay=1e-2)
    training = {"batch": batch, "rate": rate, "seed": seed, "data": source.digest()}
    training["upsampler"] = asdict(config)
    checkpoint = None if folder is None else folder / CHECKPOINT
    done = 0 if checkpoint is None else _go_on(checkpoint, model, optimiser, training)
    saved = time.monotonic()
    for step in range(done, steps):
        frames = source.batch(seed, step, batch, 2).frames
        large = torch.from_numpy(to_model(resized(frames, *LARGE))).to(device)
        loss = upsampling_loss(model, large, config.factor, (seed << 32) + step)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        optimiser.step()
        done = step + 1
        if tell(done, float(loss.detach())):
            break
        if checkpoint is not None and time.monotonic() - saved > _SAVE_S:
            _save_checkpoint(checkpoint, model, optimiser, training, done)
            saved = time.monotonic()
    if checkpoint is not None:
        _save_checkpoint(checkpoint, model, optimiser, training, done)
    return model.cpu().eval()


def _save_checkpoint(
    path: Path,
    model: Upsampler,
    optimiser: torch.optim.Optimizer,
    training: dict[str, Any],
    done: int,
) -> None:
    tensors = {f"model.{n}": t for n, t in model.state_dict().items()}
    save_tensors(
        path, tensors | optimiser_tensors(optimiser), {"training": training, "steps": done}
    )


def _go_on(
    path: Path, model: Upsampler, optimiser: torch.optim.Optimizer, training: dict[str, Any]
) -> int:
    """Take up a checkpoint, if there is one; the number of steps that it has done."""
    if not path.exists():
        return 0
    tensors, metadata = load_tensors(path)
    if metadata.get("training") != json.loads(json.dumps(training)):
        raise WeightsError(
            f"{path}: the checkpoint is of another training; choose another folder, or delete it"
        )
    weights = {n.removeprefix("model."): t for n, t in tensors.items() if n.startswith("model.")}
    fill(model, weights, path)
    fill_optimiser(optimiser, tensors)
    return int(metadata["steps"])


class Upsampling:
    """Makes dreamt frames large, one after the other.

    Args:
        model: A trained upsampler.
        first: The first large frame, uint8[240, 256, 3].
        seed: Of the noise.
    """

    def __init__(self, model: Upsampler, first: Frames, seed: int = 0) -> None:
        self._model = model
        config = model.config
        # The last level but 0 is as low as sigma_min.
        self._sigmas = sampling_sigmas(config.steps, config.sigma_min, config.sigma_max, _RHO)
        self._previous = first
        self._seed = seed
        self._time = 0

    def step(self, small: Frames) -> Frames:
        """The large frame uint8[240, 256, 3] of a small one uint8[60, 64, 3]."""
        previous = torch.from_numpy(to_model(self._previous[None]))
        low = torch.from_numpy(to_model(small[None]))

        def denoise(x: NDArray[Any], sigma: float) -> tuple[NDArray[Any], None]:
            noisy = torch.from_numpy(np.asarray(x, np.float32))
            with torch.inference_mode():
                found = denoise_large(self._model, previous, low, noisy, torch.tensor([sigma]))
            return found.numpy(), None

        noise = normal_noise(self._seed, 0, self._time, tuple(previous.shape))
        values, _ = sample(denoise, noise, self._sigmas)
        self._time += 1
        self._previous = to_frames(values)[0]
        return self._previous


def save_upsampler(path: Path, model: Upsampler) -> None:
    """Write an upsampler.

    Raises:
        OptionError: When the file cannot be written.
    """
    save_tensors(path, model.state_dict(), {"upsampler": asdict(model.config)})


def load_upsampler(path: Path) -> Upsampler:
    """Read what `save_upsampler` wrote.

    Raises:
        WeightsError: When it cannot be read.
    """
    tensors, metadata = load_tensors(path)
    try:
        values: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in metadata["upsampler"].items()
        }
        model = Upsampler(UpsamplerConfig(**values))
    except (KeyError, TypeError, AttributeError) as error:
        raise WeightsError(f"{path}: no upsampler: {error}") from error
    fill(model, tensors, path)
    return model.eval()
