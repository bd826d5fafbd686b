"""Training: stages, checkpoints that go on to the bit, and an average of the weights."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gym_mario_suite.dream.findings import Findings, find
from gym_mario_suite.dream.herd_loss import herd_loss
from gym_mario_suite.dream.losses import (
    Batch,
    NoiseOptions,
    denoising_loss,
    rollout_loss,
    to_batch,
)
from gym_mario_suite.dream.motion_loss import contact_loss, contact_parts, motion_loss
from gym_mario_suite.dream.network import Denoiser
from gym_mario_suite.dream.presets import (
    BACKDROP_MOMENTS,
    CONTEXT,
    LAW_MOMENTS,
    STAGES,
    DreamConfig,
)
from gym_mario_suite.dream.runtime import model_path
from gym_mario_suite.dream.weights import (
    averages_of,
    fill,
    fill_optimiser,
    load_model,
    load_tensors,
    optimiser_tensors,
    save_tensors,
)
from gym_mario_suite.dream.windows import WindowSource
from gym_mario_suite.errors import OptionError, WeightsError

CHECKPOINT = "checkpoint.safetensors"
_MOTION_STREAM = 1 << 40  # of windows, another one than that of the steps
_AHEAD = 3  # batches that are made while the device works
_WARM_UP_STEPS = 20  # whose time does not count when the number of steps is found
_TIMED_STEPS = 40
_SAFETY = 0.97


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """How a model is trained.

    Attributes:
        stage: "motion": Mario's body and picture, the edge and the herd, see `motion_loss`. "herd":
            the herd alone, see `herd_loss`. "denoise": the diffusion's own objective at random
            noise levels, where the past frames are noisy too.
            "rollout": few-step dreaming, on from its own frames. "contact": what comes of Mario and
            a creature meeting, and nothing else, see `contact_loss`.
        steps: Optimiser steps; 0 for as many as fit into `minutes`.
        minutes: With `steps` 0: the time there is.
        batch: Windows in a step.
        horizon: Frames after the context that are predicted in each window.
        motion_batch: Windows in a step, beside those, of which only the stage "motion" is learnt:
            what happens to Mario is rare, and there it costs little to see much of it.
        rate: Learning rate of AdamW.
        weight_decay: Of AdamW.
        warm_up: Steps over which the rate rises.
        cool_down: Share of the steps, at the end, over which it falls to a tenth.
        clip: Largest norm of the gradient.
        average: How slowly the average of the weights follows.
        head_weight: Weight of the head's losses.
        hint_share: Share of the windows that have a level hint.
        changed_weight: Additional weight of changed pixels ("rollout").
        seed: Decides weights, batches and noise.
        precision: "fp32" or "bf16".
        compile: Whether torch compiles the network.
        law_moments: Moments in which the laws of motion are found, before the first step.
        backdrop_moments: Frames in which the backdrops are found, before the first step.
        noise: Noise levels; by default those that suit the stage.
    """

    stage: str = "denoise"
    steps: int = 10_000
    minutes: float = 0.0
    batch: int = 32
    horizon: int = 1
    motion_batch: int = 0
    rate: float = 3e-4
    weight_decay: float = 1e-2
    warm_up: int = 100
    cool_down: float = 0.2
    clip: float = 10.0
    average: float = 0.999
    head_weight: float = 0.05
    hint_share: float = 0.5
    changed_weight: float = 4.0
    seed: int = 0
    precision: str = "fp32"
    compile: bool = False
    law_moments: int = LAW_MOMENTS
    backdrop_moments: int = BACKDROP_MOMENTS
    noise: NoiseOptions | None = None

    def __post_init__(self) -> None:
        if self.stage not in STAGES:
            raise OptionError(f"stage must be one of {', '.join(STAGES)}, got {self.stage!r}")
        if self.precision not in ("fp32", "bf16"):
            raise OptionError(f"precision must be fp32 or bf16, got {self.precision!r}")
        for name, low in (
            ("steps", 0),
            ("batch", 1),
            ("horizon", 1),
            ("motion_batch", 0),
            ("warm_up", 1),
            ("law_moments", 1),
            ("backdrop_moments", 1),
        ):
            if getattr(self, name) < low:
                raise OptionError(f"{name} must be at least {low}, got {getattr(self, name)}")
        if not self.steps and self.minutes <= 0:
            raise OptionError("give steps, or minutes from which they follow")

    @property
    def noise_options(self) -> NoiseOptions:
        """Noise levels of the stage."""
        if self.noise is not None:
            return self.noise
        if self.stage == "rollout":
            return NoiseOptions(context_loc=-4.0, context_scale=1.0)
        return NoiseOptions()

    def digest(self) -> str:
        """What must agree for a checkpoint to be gone on with."""
        values = asdict(self)
        for name in ("steps", "minutes", "compile"):
            del values[name]
        return hashlib.blake2b(
            json.dumps(values, sort_keys=True).encode(), digest_size=8
        ).hexdigest()


@dataclass
class Progress:
    """Where a training stands.

    Attributes:
        step: Steps done.
        steps: Steps in all; 0 while that is not known.
        predictions: Frames predicted so far, of this and the stages before.
        seconds: Time spent, of this and the stages before.
        loss: The last step's frame loss.
        head: The last step's head losses.
    """

    step: int = 0
    steps: int = 0
    predictions: int = 0
    seconds: float = 0.0
    loss: float = float("nan")
    head: dict[str, float] = field(default_factory=dict)


class Trainer:
    """Trains a denoiser; what it does follows from the options and the data alone.

    All randomness of step n (which windows, which noise) is drawn from seeds of n, so a training
    that was stopped goes on as if it had not been (on the CPU to the bit).

    Args:
        config: The model.
        options: How it is trained.
        source: Where the windows come from.
        device: "cpu" or "cuda".
    """

    def __init__(
        self,
        config: DreamConfig,
        options: TrainOptions,
        source: WindowSource,
        device: str = "cpu",
    ) -> None:
        torch.manual_seed(options.seed)
        self.config = config
        self.options = options
        self.source = source
        self.device = torch.device(device)
        self.model = Denoiser(config).to(self.device)
        self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        trained = contact_parts(self.model.net)
        if options.stage == "contact" and trained is not None:
            self.model.requires_grad_(False)
            trained.requires_grad_(True)
        self.average = {n: t.detach().clone() for n, t in self.model.state_dict().items()}
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(), lr=options.rate, weight_decay=options.weight_decay, eps=1e-8
        )
        self.progress = Progress(steps=options.steps)
        self._call: Any = torch.compile(self.model.parts) if options.compile else self.model.parts
        self._generator = torch.Generator(self.device)

    def start_from(self, path: Path) -> None:
        """Begin with the average of a training's folder, a model's file, or a shipped model's name.

        Raises:
            OptionError: For an .onnx file, when `onnx` is missing.
            WeightsError: When there are no such weights, or they do not fit.
        """
        if path.is_dir() or path.name == CHECKPOINT:
            weights, metadata = averages_of(path / CHECKPOINT if path.is_dir() else path)
            self._require_preset(metadata["config"].get("name"), path)
            fill(self.model, weights, path)
            self.progress.predictions = metadata["progress"]["predictions"]
            self.progress.seconds = metadata["progress"]["seconds"]
        else:
            path = path if path.is_file() else model_path(path)
            model, config, card = load_model(path)
            self._require_preset(config.name, path)
            fill(self.model, model.state_dict(), path)
            self.progress.predictions = int(card.get("predictions", 0))
            self.progress.seconds = float(card.get("training_seconds", 0))
        self.average = {n: t.detach().clone() for n, t in self.model.state_dict().items()}

    def _require_preset(self, name: Any, path: Path) -> None:
        if name != self.config.name:
            raise WeightsError(
                f"{path}: weights of the preset {name!r}, which cannot be begun with in "
                f"{self.config.name!r}: give --model {name}"
            )

    def run(self, until: int | None = None, deadline: float | None = None) -> Iterator[Progress]:
        """Train, and tell after each step where it stands.

        Args:
            until: Step to stop after (for tests); None for the end.
            deadline: `time.monotonic()` at which to stop.
        """
        self.find()
        with ThreadPoolExecutor(2) as pool:
            queue: dict[int, Future[tuple[Batch, Batch | None]]] = {}
            clock = began = time.monotonic()
            while not self._finished(until):
                step = self.progress.step
                for number in range(step, step + _AHEAD):
                    if number not in queue:
                        queue[number] = pool.submit(self._batch, number)
                self._step(*queue.pop(step).result())
                now = time.monotonic()
                self.progress.seconds += now - clock
                clock = now
                if not self.progress.steps:
                    began = self._find_steps(step, began, now)
                yield self.progress
                if deadline is not None and now > deadline:
                    break
            for job in queue.values():
                job.cancel()

    def find(self) -> Findings:
        """Find the laws and the backdrops that the model has not got yet; `run` does it, too."""
        options = self.options
        found = find(
            self.model,
            self.source,
            options.seed,
            options.horizon,
            options.law_moments,
            options.backdrop_moments,
        )
        if found != Findings():
            for name, tensor in self.model.named_buffers():
                if name in self.average:
                    self.average[name].copy_(tensor)
        return found

    def _finished(self, until: int | None) -> bool:
        progress = self.progress
        total = progress.steps if progress.steps else 1 << 62
        return progress.step >= min(total, total if until is None else until)

    def _find_steps(self, step: int, began: float, now: float) -> float:
        """How many steps fit into the time, once their speed is known."""
        if step == _WARM_UP_STEPS:
            return now
        if step == _WARM_UP_STEPS + _TIMED_STEPS:
            each = (now - began) / _TIMED_STEPS
            left = self.options.minutes * 60 - self.progress.seconds
            self.progress.steps = self.progress.step + max(0, int(_SAFETY * left / each))
        return began

    def _batch(self, number: int) -> tuple[Batch, Batch | None]:
        """What a step learns from, and what the stage "motion" learns from beside it."""
        options = self.options

        def batch(stream: int, count: int) -> Batch:
            length = CONTEXT + options.horizon
            return to_batch(self.source.batch(stream, number, count, length), self.device)

        beside = None
        if options.motion_batch:
            beside = batch(options.seed + _MOTION_STREAM, options.motion_batch)
        return batch(options.seed, options.batch), beside

    def _rate(self) -> float:
        options, progress = self.options, self.progress
        rising = min(1.0, (progress.step + 1) / options.warm_up)
        if not progress.steps:
            return options.rate * rising
        left = (progress.steps - progress.step) / max(1.0, options.cool_down * progress.steps)
        return options.rate * rising * (0.1 + 0.9 * min(1.0, left))

    def _step(self, batch: Batch, beside: Batch | None) -> None:
        options, progress = self.options, self.progress
        # Another stream than that of the windows.
        self._generator.manual_seed((options.seed << 32) + 2 * progress.step + 1)
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate()
        bf16 = options.precision == "bf16"
        with torch.autocast(self.device.type, torch.bfloat16) if bf16 else nullcontext():
            loss, head = self._losses(batch)
            total = loss + options.head_weight * sum(head.values(), torch.zeros_like(loss))
            if beside is not None:
                error, more = self._motion_loss(beside)
                total = total + error + options.head_weight * sum(more.values(), error * 0)
        total.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), options.clip)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        progress.step += 1
        progress.predictions += options.batch * options.horizon
        self._follow()
        if self.device.type == "cpu" or progress.step % 50 == 0:
            progress.loss = float(loss.detach())
            progress.head = {name: float(value.detach()) for name, value in head.items()}

    def _losses(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        options = self.options
        noise = options.noise_options
        share = options.hint_share
        if options.stage == "motion":
            return self._motion_loss(batch)
        if options.stage == "herd":
            return herd_loss(self.model.net, self.config, batch)
        if options.stage == "contact":
            return contact_loss(self.model.net, self.config, batch, self._generator)
        if options.stage == "denoise":
            return denoising_loss(self._call, self.config, batch, noise, self._generator, share)
        return rollout_loss(
            self._call, self.config, batch, noise, self._generator, share, options.changed_weight
        )

    def _motion_loss(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        return motion_loss(self.model.net, self.config, batch, self._generator)

    @torch.no_grad()
    def _follow(self) -> None:
        """The average takes a step towards the weights."""
        step = self.progress.step
        keep = min(self.options.average, (1 + step) / (10 + step))
        own = self.model.state_dict()
        floats = [n for n, t in own.items() if t.is_floating_point()]
        for name in floats:
            self.average[name].lerp_(own[name], 1 - keep)

    def averaged(self) -> nn.Module:
        """A denoiser with the average of the weights, on the CPU."""
        model = Denoiser(self.config)
        fill(model, {n: t.cpu() for n, t in self.average.items()}, "the average")
        return model.eval()

    # --- checkpoints ----------------------------------------------------------------------------

    def save(self, folder: Path) -> Path:
        """Write a checkpoint into the folder, over the one before.

        Raises:
            OptionError: When it cannot be written.
        """
        tensors = {f"model.{n}": t for n, t in self.model.state_dict().items()}
        tensors |= {f"average.{n}": t for n, t in self.average.items()}
        tensors |= optimiser_tensors(self.optimiser)
        progress = {f.name: getattr(self.progress, f.name) for f in fields(Progress)}
        metadata = {
            "config": self.config.to_dict(),
            "options": self.options.digest(),
            "data": self.source.digest(),
            "progress": progress,
        }
        path = folder / CHECKPOINT
        save_tensors(path, tensors, metadata)
        return path

    def load(self, folder: Path) -> bool:
        """Go on from the folder's checkpoint, if it has one.

        Raises:
            WeightsError: When it belongs to another model, other options or other data.
        """
        path = folder / CHECKPOINT
        if not path.exists():
            return False
        tensors, metadata = load_tensors(path)
        if metadata["config"] != self.config.to_dict():
            raise WeightsError(
                f"{path}: the checkpoint is of another model ({metadata['config'].get('name')!r}); "
                "choose another folder, or delete it"
            )
        for name, now in (("options", self.options.digest()), ("data", self.source.digest())):
            if metadata[name] != now:
                raise WeightsError(
                    f"{path}: the checkpoint was made with other {name}; choose another folder, "
                    "or delete it"
                )
        part = lambda prefix: {  # noqa: E731
            n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)
        }
        fill(self.model, part("model."), path)
        for name, tensor in part("average.").items():
            self.average[name] = tensor.to(self.device)
        fill_optimiser(self.optimiser, tensors)
        self.progress = Progress(**metadata["progress"])
        if self.options.steps:
            self.progress.steps = self.options.steps
        return True
