"""What TensorBoard shows of a training: losses, and strips of dreams over the truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from gym_mario_suite.dream.dreamer import Dreamer
from gym_mario_suite.dream.frames import Frames
from gym_mario_suite.dream.presets import CONTEXT, DreamConfig
from gym_mario_suite.dream.rollouts import begin_at
from gym_mario_suite.dream.runtime import Denoised
from gym_mario_suite.dream.train_options import Progress
from gym_mario_suite.dream.training import Trainer
from gym_mario_suite.dream.windows import WindowSource
from gym_mario_suite.levels.picture import joined

_STRIP_STEPS, _STRIP_EVERY, _STRIP_ROWS = 16, 4, 3


class MemoryModel:
    """A denoiser in memory as a `runtime.DreamModel`."""

    def __init__(self, config: DreamConfig, denoiser: torch.nn.Module) -> None:
        self.config = config
        self.card: dict[str, Any] = {}
        self._denoiser = denoiser

    def denoise(self, inputs: dict[str, Any]) -> Denoised:
        """See `runtime.DreamModel.denoise`."""
        taken = inputs.keys() - self.config.left_out
        tensors = {name: torch.from_numpy(inputs[name]) for name in taken}
        with torch.inference_mode():
            return Denoised(*(t.float().numpy() for t in self._denoiser(**tensors)))


def dream_strip(model: Any, source: WindowSource, seed: int) -> Frames:
    """A picture of dreams over the truth: each pair of rows is one window, time goes right."""
    steps = min(_STRIP_STEPS, source.longest - CONTEXT)
    pieces = source.batch(seed + 1, 0, _STRIP_ROWS, CONTEXT + steps)
    dreamer = Dreamer(model, _STRIP_ROWS)
    for row in range(_STRIP_ROWS):
        begin_at(dreamer, row, pieces, row)
    shown = [pieces.frames[:, CONTEXT - 1]]
    for step in range(steps):
        frames, _ = dreamer.step(pieces.keys[:, CONTEXT - 1 + step])
        if step % _STRIP_EVERY == _STRIP_EVERY - 1:
            shown.append(frames)
    truth = pieces.frames[:, CONTEXT - 1 :: _STRIP_EVERY]
    rows = []
    for row in range(_STRIP_ROWS):
        pair = [joined(list(truth[row]), 1), joined([frames[row] for frames in shown], 1)]
        rows.append(joined(pair, 0))
    return joined(rows, 0, gap_px=12)


class TrainingLog:
    """Writes to a folder that TensorBoard reads.

    Args:
        folder: The training's folder.
        source: Where the strips' windows come from.
        seed: The training's seed.
    """

    def __init__(self, folder: Path, source: WindowSource, seed: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(folder))
        self._source = source
        self._seed = seed

    def losses(self, progress: Progress) -> None:
        """The losses of the last step."""
        self._writer.add_scalar("loss/frame", progress.loss, progress.step)
        self._writer.add_scalar("progress/predictions", progress.predictions, progress.step)
        for name, value in progress.head.items():
            self._writer.add_scalar(f"loss/{name}", value, progress.step)

    def strip(self, trainer: Trainer) -> None:
        """Dreams of the averaged weights."""
        model = MemoryModel(trainer.config, trainer.averaged())
        picture = dream_strip(model, self._source, self._seed)
        self._writer.add_image("dream", picture, trainer.progress.step, dataformats="HWC")
        self._writer.flush()

    def close(self) -> None:
        """Finish the files."""
        self._writer.close()
