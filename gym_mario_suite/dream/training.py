"""Training: stages, checkpoints that go on to the bit, and an average of the weights."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gym_mario_suite.dream.findings import Findings, find
from gym_mario_suite.dream.herd_loss import herd_loss
from gym_mario_suite.dream.losses import (
    Batch,
    denoising_loss,
    rollout_loss,
    to_batch,
)
from gym_mario_suite.dream.motion_loss import contact_loss, contact_parts, motion_loss
from gym_mario_suite.dream.network import Denoiser
from gym_mario_suite.dream.presets import (
    CONTEXT,
    DreamConfig,
)
from gym_mario_suite.dream.runtime import model_path
from gym_mario_suite.dream.train_options import Progress, TrainOptions
from gym_mario_suite.dream.weights import (
    averages_of,
    fill,
    fill_optimiser,
    load_checkpoint,
    load_model,
    optimiser_tensors,
    save_tensors,
)
from gym_mario_suite.dream.windows import WindowSource
from gym_mario_suite.errors import WeightsError

CHECKPOINT = "checkpoint.safetensors"
_MOTION_STREAM = 1 << 40  # of windows, another one than that of the steps
_AHEAD = 3  # batches that are made while the device works
_WARM_UP_STEPS = 20  # whose time does not count when the number of steps is found
_TIMED_STEPS = 40
_SAFETY = 0.97
_STEPS_BETWEEN_LOSSES = 50


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
        self.progress.seconds_before = self.progress.seconds
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
            first = self.progress.step
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
                    began = self._find_steps(step - first, began, now)
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
        """How many steps fit into the time, once their speed is known; `step` is of this run."""
        if step == _WARM_UP_STEPS:
            return now
        if step == _WARM_UP_STEPS + _TIMED_STEPS:
            each = (now - began) / _TIMED_STEPS
            spent = self.progress.seconds - self.progress.seconds_before
            left = self.options.minutes * 60 - spent
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
        # To read them is to wait for a GPU.
        told = progress.step in (1, progress.steps) or progress.step % _STEPS_BETWEEN_LOSSES == 0
        if told or self.device.type == "cpu":
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
            "shares": self.source.shares,
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
        tensors, metadata = load_checkpoint(path)
        if metadata["config"] != self.config.to_dict():
            raise WeightsError(
                f"{path}: the checkpoint is of another model ({metadata['config'].get('name')!r}); "
                "choose another folder, or delete it"
            )
        # Older checkpoints tell no shares.
        for name, told, now in (
            ("options", "options", self.options.digest()),
            ("data", "data", self.source.digest()),
            ("shares", "--end-share or --touch-share", self.source.shares),
        ):
            if metadata.get(name, now) != now:
                raise WeightsError(
                    f"{path}: the checkpoint was made with other {told}; choose another folder, "
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
