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

from gym_mario_suite.dream import creature
from gym_mario_suite.dream.body import Followed
from gym_mario_suite.dream.composition import Composed, Parts, composed, composition_error
from gym_mario_suite.dream.diffusion import preconditioning, sampling_sigmas
from gym_mario_suite.dream.facts import memory_of
from gym_mario_suite.dream.frames import Frames, quantised
from gym_mario_suite.dream.laws import free_guess, law_loss
from gym_mario_suite.dream.memory import MEMORY, NEAR, NEAR_KIND, NEAR_PLACE, SCANS
from gym_mario_suite.dream.presets import CONTEXT, HEAD_SIZE, DreamConfig, head_slices, multi_hot
from gym_mario_suite.dream.tape_player import Pieces
from gym_mario_suite.dream.windows import (
    IGNORED,
    places_of,
    targets_of,
)

_SLICES = head_slices()
# Which parts of a memory are no places, in the order of MEMORY.
_UNPLACED = tuple(
    float(name not in ("placed", "x", "y", "camera", "theme") and number < SCANS)
    for number, name in enumerate(MEMORY)
)
_EMPTY_SHARE, _UNPLACED_SHARE = 0.1, 0.25
# How often the creature near Mario is not known of, and its place not quite; and by how many px.
_UNNOTICED_SHARE, _MISPLACED_SHARE, _MISPLACED_PX = 0.1, 0.2, 0.7
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
        scenery: float[n, L, 3, h, w], of each frame.
        buttons: float[n, L - 1, 6].
        targets: The head's targets of each transition, by name, [n, L - 1, ...].
        tiles: int64[n, L, 4, 15, 2], level hints.
        place: float[n, L, 2].
        memory: float[n, L, MEMORY_SIZE], what is to be remembered of each frame.
    """

    frames: Tensor
    scenery: Tensor
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

    def pictures(frames: Frames) -> Tensor:
        # Channels first while they are bytes: a quarter of the memory to go through.
        return sent(frames).movedim(-1, -3).contiguous().float().div_(127.5).sub_(1)

    targets = {name: sent(part) for name, part in targets_of(pieces.facts)._asdict().items()}
    return Batch(
        pictures(pieces.frames),
        pictures(pieces.scenery),
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

    That they are not quite right in the course of a dream is seen in rollouts. But where a creature
    is when it comes near is guessed, so that it is not quite known here, either.
    """
    count = len(memory)
    drawn, noticed, misplaced = torch.rand(
        3, count, generator=generator, device=memory.device
    ).unbind()
    apart = torch.randn(count, 2, generator=generator, device=memory.device) * _MISPLACED_PX
    apart = apart * ((misplaced < _MISPLACED_SHARE) & (memory[:, NEAR] > 0))[:, None]
    memory = memory + functional.pad(apart, (NEAR_PLACE.start, memory.shape[1] - NEAR_PLACE.stop))
    kept = torch.ones_like(memory)
    kept[:, NEAR : NEAR_KIND.stop] = (noticed > _UNNOTICED_SHARE).float()[:, None]
    memory = memory * kept
    unplaced = memory * memory.new_tensor(_UNPLACED)
    vague = torch.where((drawn < _UNPLACED_SHARE)[:, None], unplaced, memory)
    return vague * ((drawn > _EMPTY_SHARE) & (memory[:, 0] > 0))[:, None]


def known_scenery(scenery: Tensor, last: Tensor, memory: Tensor) -> Tensor:
    """The scenery, as far as it is remembered; to those without a memory it is the last frame."""
    return torch.where(memory[:, :1, None, None] > 0, scenery, last)


def _seen(
    past: Tensor,
    scenery: Tensor,
    sigma: Tensor,
    config: DreamConfig,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor | None]:
    """Past frames [n, 12, h, w] and scenery as the network sees them, with noise."""
    noised = _noised(torch.cat([past, scenery[:, None]], 1), sigma, 0.0, generator)
    return noised[:, :-1].flatten(1, 2), noised[:, -1] if config.scenery else None


def head_loss(
    head: Tensor, targets: dict[str, Tensor], followed: Followed | None = None
) -> dict[str, Tensor]:
    """A loss for each part of the head.

    Args:
        head: float[n, HEAD_SIZE].
        targets: By name, [n, ...].
        followed: What laws propose, where there are laws.
    """
    head = head.float()
    laws = {}
    if followed is not None:
        laws["laws"] = law_loss(followed.laws, law_targets(targets))
        laws["paths"] = creature.path_loss(followed.paths, targets["nearest"])
        head = creature.free_guess(free_guess(head, followed.laws), followed.paths)
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
        "power": functional.cross_entropy(part["power"], targets["power"]),
        "move": functional.smooth_l1_loss(part["move"], targets["move"], beta=0.25),
        "speed": _known_loss(part["speed"], targets["speed"]),
        "jump_time": _known_loss(part["jump_time"], targets["jump_time"]),
        "flags": _known_bce(part["flags"], targets["flags"]),
        "invulnerable": _known_loss(part["invulnerable"], targets["invulnerable"]),
        "near": _known_bce(part["near"], targets["near"]),
        "nearest": _known_loss(part["nearest"], targets["nearest"]),
        "kind": _known_bce(part["kind"], targets["kind"]),
        "screen": _known_loss(part["screen"], targets["screen"]),
        **laws,
    }


def law_targets(targets: dict[str, Tensor]) -> Tensor:
    """Targets in the head's places, float[n, HEAD_SIZE], as far as laws speak of them."""
    truth = torch.zeros(len(targets["move"]), HEAD_SIZE, device=targets["move"].device)
    for name in ("move", "speed", "jump_time"):
        truth[:, _SLICES[name]] = targets[name].reshape(len(truth), -1)
    return truth


def _known_loss(said: Tensor, truth: Tensor) -> Tensor:
    """Smooth error where the truth is known (not NaN)."""
    known = truth.isfinite()
    error = functional.smooth_l1_loss(said, truth.nan_to_num(), reduction="none", beta=0.05)
    return (error * known).sum() / known.sum().clamp_min(1)


def _known_bce(logit: Tensor, truth: Tensor) -> Tensor:
    """Cross entropy where the truth is known (not NaN)."""
    error = functional.binary_cross_entropy_with_logits(logit, truth.nan_to_num(), reduction="none")
    return (error * truth.isfinite()).mean()


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
    kept = (torch.rand(rows, generator=generator, device=past.device) < hint_share).float()
    tiles, place = _hints(
        config,
        batch.tiles[:, CONTEXT - 1 : -1].flatten(0, 1),
        batch.place[:, CONTEXT - 1 : -1].flatten(0, 1),
        kept,
    )
    memory = vague(batch.memory[:, CONTEXT - 1 : -1].flatten(0, 1), generator)
    last = known_scenery(batch.scenery[:, CONTEXT - 1 : -1].flatten(0, 1), past[:, -1], memory)
    seen, scenery = _seen(past, last, sigma_context, config, generator)
    parts = predict(
        seen,
        noisy,
        buttons.flatten(0, 1),
        sigma,
        sigma_context,
        tiles,
        place,
        memory if config.memory else None,
        scenery,
    )
    c_out = preconditioning(sigma[:, None, None, None], config).c_out
    truth = Composed(target, batch.scenery[:, CONTEXT:].flatten(0, 1))
    error = composition_error(parts, last, truth, c_out**-2, config)
    targets = {k: v[:, CONTEXT - 1 :].flatten(0, 1) for k, v in batch.targets.items()}
    return error, head_loss(parts.head, targets, parts.followed)


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
    memory = vague(batch.memory[:, CONTEXT - 1], generator)
    scenery = known_scenery(batch.scenery[:, CONTEXT - 1], past[:, -1], memory)
    for k in range(steps):
        sigma_context = _levels(count, noise.context_loc, noise.context_scale, noise, generator)
        seen, behind = _seen(past, scenery, sigma_context, config, generator)
        remembered = memory if config.memory else None
        buttons = batch.buttons[:, k : k + CONTEXT]
        tiles, place = _hints(
            config, batch.tiles[:, CONTEXT - 1 + k], batch.place[:, CONTEXT - 1 + k], kept
        )
        trained = int(torch.randint(config.steps, (), generator=generator, device=device))
        target = batch.frames[:, CONTEXT + k]
        x = _normal(target, generator)
        clean, after = Composed(x, scenery), None
        for i, (sigma, lower) in enumerate(pairwise(sigmas)):
            level = torch.full((count,), sigma, device=device)
            with torch.set_grad_enabled(i == trained and torch.is_grad_enabled()):
                parts = predict(
                    seen, x, buttons, level, sigma_context, tiles, place, remembered, behind
                )
            if i == trained:
                last = batch.frames[:, CONTEXT + k - 1]
                changed = ((target - last).abs().amax(1, keepdim=True) > _CHANGED).float()
                weight = 1 + changed_weight * changed
                weight = weight / weight.mean()
                truth = Composed(target, batch.scenery[:, CONTEXT + k])
                error = composition_error(parts, scenery, truth, weight, config)
                total = total + error / config.sigma_data**2 / steps
                targets = {n: v[:, CONTEXT - 1 + k] for n, v in batch.targets.items()}
                for name, value in head_loss(parts.head, targets, parts.followed).items():
                    heads[name] = heads.get(name, 0.0) + value / steps
            with torch.no_grad():
                clean = composed(parts, scenery, config)
            after = parts.memory
            x = clean.frame.float() + (lower / sigma) * (x - clean.frame.float())
        past = torch.cat([past[:, 1:], quantised(clean.frame.float())[:, None]], 1)
        scenery = quantised(clean.scenery.float())
        if after is not None:
            memory = after.detach().float()
    return total, heads
