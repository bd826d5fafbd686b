"""What a model is trained for: denoising, and dreaming on from its own dreams."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from gym_mario_suite.dream.composition import Parts, composed, composition_error
from gym_mario_suite.dream.diffusion import preconditioning, sampling_sigmas
from gym_mario_suite.dream.frames import quantised
from gym_mario_suite.dream.laws import free_guess, law_loss, unpacked
from gym_mario_suite.dream.memory import MEMORY, carried
from gym_mario_suite.dream.presets import CONTEXT, HEAD_SIZE, DreamConfig, head_slices, multi_hot
from gym_mario_suite.dream.tape_player import Pieces
from gym_mario_suite.dream.windows import (
    IGNORED,
    WindowSource,
    memory_of,
    places_of,
    targets_of,
)

_SLICES = head_slices()
# Which parts of a memory are no places, in the order of MEMORY.
_UNPLACED = tuple(float(name not in ("placed", "x", "y")) for name in MEMORY)
_LAW_STREAM = 1 << 31
_EMPTY_SHARE, _UNPLACED_SHARE = 0.1, 0.25
_CHANGED = 8 / 127.5  # a pixel that differs by more than 8 of 256 levels has changed
Predict = Callable[..., Parts]  # `Denoiser.parts`


@dataclass(frozen=True, kw_only=True)
class NoiseOptions:
    """Noise levels in training: log-normal, cut off.

    Attributes:
        loc: Mean of the logarithm of a frame's noise level.
        scale: Its standard deviation.
        context_loc: Mean of the logarithm of the past frames' noise level.
        context_scale: Its standard deviation.
        smallest: Smallest noise level.
        largest: Largest noise level.
    """

    loc: float = -1.2
    scale: float = 1.2
    context_loc: float = -1.2
    context_scale: float = 1.2
    smallest: float = 2e-3
    largest: float = 20.0


class Batch(NamedTuple):
    """Windows of L frames on the device.

    Attributes:
        frames: float[n, L, 3, h, w] in -1 .. 1.
        buttons: float[n, L - 1, 6].
        targets: The head's targets of each transition, by name, [n, L - 1, ...].
        tiles: int64[n, L, 4, 15, 2], level hints.
        place: float[n, L, 2].
        memory: float[n, L, MEMORY_SIZE], what is to be remembered of each frame.
    """

    frames: Tensor
    buttons: Tensor
    targets: dict[str, Tensor]
    tiles: Tensor
    place: Tensor
    memory: Tensor


def to_batch(pieces: Pieces, device: str | torch.device = "cpu") -> Batch:
    """Windows as tensors; bytes travel to the device, floats are made there."""

    def sent(array: Any) -> Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(array))
        if str(device) != "cpu":
            tensor = tensor.pin_memory()
        return tensor.to(device, non_blocking=True)

    # Channels first while they are bytes: a quarter of the memory to go through.
    frames = sent(pieces.frames).movedim(-1, -3).contiguous().float().div_(127.5).sub_(1)
    targets = {name: sent(part) for name, part in targets_of(pieces.facts)._asdict().items()}
    return Batch(
        frames,
        sent(multi_hot(pieces.keys)),
        targets,
        sent(pieces.hints).long(),
        sent(places_of(pieces.facts)),
        sent(memory_of(pieces.facts)),
    )


def _normal(like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randn(like.shape, generator=generator, device=like.device)


def _levels(
    count: int, loc: float, scale: float, noise: NoiseOptions, generator: torch.Generator
) -> Tensor:
    drawn = torch.randn(count, generator=generator, device=generator.device)
    return (drawn * scale + loc).exp().clamp(noise.smallest, noise.largest)


def _noised(frames: Tensor, sigma: Tensor, offset: float, generator: torch.Generator) -> Tensor:
    """Frames with noise of level sigma, and with offset noise (the same for a whole channel)."""
    each = _normal(frames, generator) * sigma.view(-1, *[1] * (frames.ndim - 1))
    if offset:
        shared = torch.randn(frames.shape[:-2], generator=generator, device=frames.device)
        each = each + offset * shared[..., None, None]
    return frames + each


def _hints(
    config: DreamConfig, tiles: Tensor, place: Tensor, kept: Tensor
) -> tuple[Tensor | None, Tensor | None]:
    """The level hints of those rows where `kept` is 1; of the others nothing is told."""
    if not config.level_hint:
        return None, None
    return tiles, place * kept[:, None]


def vague(memory: Tensor, generator: torch.Generator) -> Tensor:
    """Memories as dreams begin with them: some without places, some empty.

    That they are not quite right in the course of a dream is seen in rollouts.
    """
    count = len(memory)
    drawn = torch.rand(count, generator=generator, device=memory.device)
    unplaced = memory * memory.new_tensor(_UNPLACED)
    vague = torch.where((drawn < _UNPLACED_SHARE)[:, None], unplaced, memory)
    return vague * ((drawn > _EMPTY_SHARE) & (memory[:, 0] > 0))[:, None]


def head_loss(head: Tensor, targets: dict[str, Tensor]) -> dict[str, Tensor]:
    """A loss for each part of the head.

    Args:
        head: float[n, HEAD_SIZE], and behind it proposals of laws, where there are laws.
        targets: By name, [n, ...].
    """
    head = head.float()
    laws = {}
    if head.shape[1] > HEAD_SIZE:
        proposals = unpacked(head[:, HEAD_SIZE:])
        laws["laws"] = law_loss(proposals, law_targets(targets))
        head = free_guess(head, proposals)
    part = {
        name: head[:, s].squeeze(1) if s.stop - s.start == 1 else head[:, s]
        for name, s in _SLICES.items()
    }
    reward = targets["reward"]
    bce = functional.binary_cross_entropy_with_logits
    won = targets["won"]
    known = (won != IGNORED).float()
    sign = (reward > 1e-3).long() - (reward < -1e-3).long() + 1
    return {
        "reward": functional.smooth_l1_loss(part["reward"], symlog(reward), beta=0.1),
        "sign": functional.cross_entropy(part["sign"], sign),
        "done": bce(part["done"], targets["done"]),
        "won": (bce(part["won"], won.clamp(0), reduction="none") * known).sum() / len(won),
        "coin": bce(part["coin"], targets["coin"]),
        "kill": bce(part["kill"], targets["kill"]),
        "power": functional.cross_entropy(part["power"], targets["power"], ignore_index=-1),
        "move": functional.smooth_l1_loss(part["move"], targets["move"], beta=0.25),
        "speed": _known_loss(part["speed"], targets["speed"]),
        "jump_time": _known_loss(part["jump_time"], targets["jump_time"]),
        "screen": _known_loss(part["screen"], targets["screen"]),
        **laws,
    }


def law_targets(targets: dict[str, Tensor]) -> Tensor:
    """Targets in the head's places, float[n, HEAD_SIZE], as far as laws speak of them."""
    truth = torch.zeros(len(targets["move"]), HEAD_SIZE, device=targets["move"].device)
    for name in ("move", "speed", "jump_time"):
        truth[:, _SLICES[name]] = targets[name].reshape(len(truth), -1)
    return truth


def law_moments(
    source: WindowSource, seed: int, horizon: int, count: int
) -> tuple[Tensor, Tensor, Tensor] | None:
    """Some `count` moments to fit laws to: memories, buttons and `law_targets`.

    None where the source does not know Mario's speed.
    """
    found: list[tuple[Tensor, Tensor, Tensor]] = []
    each = 64
    for number in range(-(-count // (each * horizon))):
        # Other windows than those of the steps.
        pieces = source.batch(seed, _LAW_STREAM + number, each, CONTEXT + horizon)
        memory = torch.from_numpy(memory_of(pieces.facts))
        buttons = torch.from_numpy(multi_hot(pieces.keys))
        targets = {n: torch.from_numpy(t) for n, t in targets_of(pieces.facts)._asdict().items()}
        for k in range(CONTEXT - 1, CONTEXT - 1 + horizon):
            truth = law_targets({name: target[:, k] for name, target in targets.items()})
            known = (memory[:, k, 1] > 0) & truth.isfinite().all(1)
            past = buttons[:, k + 1 - CONTEXT : k + 1]
            found.append((memory[:, k][known], past[known], truth[known]))
    memories, pasts, truths = (torch.cat(parts) for parts in zip(*found, strict=True))
    return (memories, pasts, truths) if len(memories) else None


def _known_loss(said: Tensor, truth: Tensor) -> Tensor:
    """Smooth error where the truth is known (not NaN)."""
    known = truth.isfinite()
    error = functional.smooth_l1_loss(said, truth.nan_to_num(), reduction="none", beta=0.05)
    return (error * known).mean()


def symlog(x: Tensor) -> Tensor:
    """sign(x) ln(1 + abs(x)) (Hafner et al. 2023): keeps rare large values from ruling."""
    return x.sign() * x.abs().log1p()


def denoising_loss(
    predict: Predict,
    config: DreamConfig,
    batch: Batch,
    noise: NoiseOptions,
    generator: torch.Generator,
    hint_share: float = 0.5,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Denoising at random noise levels: each window's frames after the context, all at once.

    The error is that of the network's own output, ((D - x) / c_out)^2, as in EDM; where there are
    choices, the one to be expected.

    Returns:
        The frames' loss, and the head's losses by name.
    """
    count, length = batch.frames.shape[:2]
    steps = length - CONTEXT
    past = torch.stack([batch.frames[:, k : k + CONTEXT] for k in range(steps)], 1)
    past = past.flatten(0, 1)
    target = batch.frames[:, CONTEXT:].flatten(0, 1)
    buttons = torch.stack([batch.buttons[:, k : k + CONTEXT] for k in range(steps)], 1)
    rows = count * steps
    sigma = _levels(rows, noise.loc, noise.scale, noise, generator)
    sigma_context = _levels(rows, noise.context_loc, noise.context_scale, noise, generator)
    noisy = _noised(target, sigma, config.sigma_offset, generator)
    last = past[:, -1]
    past = _noised(past, sigma_context, 0.0, generator).flatten(1, 2)
    kept = (torch.rand(rows, generator=generator, device=past.device) < hint_share).float()
    tiles, place = _hints(
        config,
        batch.tiles[:, CONTEXT - 1 : -1].flatten(0, 1),
        batch.place[:, CONTEXT - 1 : -1].flatten(0, 1),
        kept,
    )
    memory = None
    if config.memory:
        memory = vague(batch.memory[:, CONTEXT - 1 : -1].flatten(0, 1), generator)
    parts = predict(past, noisy, buttons.flatten(0, 1), sigma, sigma_context, tiles, place, memory)
    c_out = preconditioning(sigma[:, None, None, None], config).c_out
    error = composition_error(parts, last, target, c_out**-2, config)
    targets = {k: v[:, CONTEXT - 1 :].flatten(0, 1) for k, v in batch.targets.items()}
    return error, head_loss(parts.head, targets)


def rollout_loss(
    predict: Predict,
    config: DreamConfig,
    batch: Batch,
    noise: NoiseOptions,
    generator: torch.Generator,
    hint_share: float = 0.5,
    changed_weight: float = 4.0,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Dreaming with few steps, on from its own frames: the model learns to mend its own errors.

    Each frame is sampled as in play, from pure noise in `config.steps` Euler steps; one of the
    steps, drawn at random, is trained. The result goes into the context of the next frame without
    gradient.

    Returns:
        The frames' loss (squared error over sigma_data^2, changed pixels weighing more), and the
        head's losses by name.
    """
    count, length = batch.frames.shape[:2]
    steps = length - CONTEXT
    sigmas = sampling_sigmas(config.steps, config.sigma_min, config.sigma_max, config.rho)
    past = batch.frames[:, :CONTEXT]
    device = past.device
    kept = (torch.rand(count, generator=generator, device=device) < hint_share).float()
    total = torch.zeros((), device=device)
    heads: dict[str, Tensor] = {}
    head = past.new_empty(count, 0)
    memory = vague(batch.memory[:, CONTEXT - 1], generator) if config.memory else None
    for k in range(steps):
        sigma_context = _levels(count, noise.context_loc, noise.context_scale, noise, generator)
        seen = _noised(past, sigma_context, 0.0, generator).flatten(1, 2)
        buttons = batch.buttons[:, k : k + CONTEXT]
        tiles, place = _hints(
            config, batch.tiles[:, CONTEXT - 1 + k], batch.place[:, CONTEXT - 1 + k], kept
        )
        trained = int(torch.randint(config.steps, (), generator=generator, device=device))
        target = batch.frames[:, CONTEXT + k]
        x = _normal(target, generator)
        clean = x
        for i, (sigma, lower) in enumerate(pairwise(sigmas)):
            level = torch.full((count,), sigma, device=device)
            with torch.set_grad_enabled(i == trained and torch.is_grad_enabled()):
                parts = predict(seen, x, buttons, level, sigma_context, tiles, place, memory)
            head = parts.head
            if i == trained:
                last = batch.frames[:, CONTEXT + k - 1]
                changed = ((target - last).abs().amax(1, keepdim=True) > _CHANGED).float()
                weight = 1 + changed_weight * changed
                weight = weight / weight.mean()
                error = composition_error(parts, past[:, -1], target, weight, config)
                total = total + error / config.sigma_data**2 / steps
                targets = {n: v[:, CONTEXT - 1 + k] for n, v in batch.targets.items()}
                for name, value in head_loss(head, targets).items():
                    heads[name] = heads.get(name, 0.0) + value / steps
            with torch.no_grad():
                clean = composed(parts, past[:, -1], config).float()
            x = clean + (lower / sigma) * (x - clean)
        past = torch.cat([past[:, 1:], quantised(clean)[:, None]], 1)
        if memory is not None:
            memory = carried(memory, head.detach().float(), lambda values: torch.stack(values, 1))
    return total, heads
