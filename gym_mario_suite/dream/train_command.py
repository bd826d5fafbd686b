"""`mario dream train`: train a model, or the earlier system's upsampler."""

# No `from __future__ import annotations`: Typer reads the annotations.

import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gym_mario_suite.completion import words
from gym_mario_suite.dream.command_parts import Threads, shown, use_threads
from gym_mario_suite.dream.presets import (
    BACKDROP_MOMENTS,
    END_SHARE,
    LAW_MOMENTS,
    PRESETS,
    STAGES,
    preset,
)
from gym_mario_suite.errors import OptionError, as_number
from gym_mario_suite.program import EXIT_INTERRUPTED, Interruption

if TYPE_CHECKING:
    from gym_mario_suite.dream.train_options import TrainOptions

UPSAMPLER = "upsampler"
_SAVE_S = 240.0
_TELL_S = 2.0


def train(
    data: Annotated[
        str,
        typer.Option(
            help="Tapes (`mario dream gen`) or .hdf5 files, a file or a folder; minari:ID."
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where checkpoints go.")],
    model: Annotated[
        str,
        typer.Option(
            help=f"Preset: {', '.join(PRESETS)}; or {UPSAMPLER}.",
            autocompletion=words((*PRESETS, UPSAMPLER)),
        ),
    ] = "xs",
    stage: Annotated[
        str,
        typer.Option(
            help="motion (first), herd, denoise (second), rollout (third), contact (last).",
            autocompletion=words(STAGES),
        ),
    ] = "denoise",
    start: Annotated[
        Path | None,
        typer.Option(
            help="Begin with these weights: an earlier stage's folder, an exported model's file "
            "(.onnx, .safetensors), or a shipped model's name."
        ),
    ] = None,
    steps: Annotated[int, typer.Option(help="Steps; 0: as many as fit into --minutes.")] = 10_000,
    minutes: Annotated[
        float, typer.Option(help="With --steps 0: the time of the whole training.")
    ] = 0.0,
    max_minutes: Annotated[
        float, typer.Option(help="Stop this call after so long, with a checkpoint; 0 for never.")
    ] = 0.0,
    batch: Annotated[int, typer.Option(help="Windows in a step.")] = 32,
    horizon: Annotated[int, typer.Option(help="Frames predicted in a window.")] = 1,
    motion_batch: Annotated[
        int, typer.Option(help="Windows more in a step, of which only motion is learnt.")
    ] = 0,
    rate: Annotated[float, typer.Option(help="Learning rate.")] = 3e-4,
    end_share: Annotated[
        float, typer.Option(help="Share of the windows that are ends of episodes, of tapes.")
    ] = END_SHARE,
    touch_share: Annotated[
        float,
        typer.Option(help="Share of the windows in which Mario and a creature meet, of tapes."),
    ] = 0.0,
    law_moments: Annotated[
        int, typer.Option(help="Moments to find the laws of motion in, before the first step.")
    ] = LAW_MOMENTS,
    backdrop_moments: Annotated[
        int, typer.Option(help="Frames to find the backdrops in, before the first step.")
    ] = BACKDROP_MOMENTS,
    precision: Annotated[str, typer.Option(help="fp32 or bf16.")] = "fp32",
    compiled: Annotated[bool, typer.Option("--compile", help="Compile the network.")] = False,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto.")] = "auto",
    threads: Threads = 1,
    seed: Annotated[int, typer.Option(help="Decides weights, batches and noise.")] = 0,
) -> None:
    """Train a model; the same command goes on where it was stopped.

    TensorBoard shows losses and strips of dreams: `tensorboard --logdir FOLDER`.
    """
    from gym_mario_suite.dream.weights import require_training, training_device

    require_training()

    from gym_mario_suite.dream.findings import missing
    from gym_mario_suite.dream.train_options import TrainOptions
    from gym_mario_suite.dream.training import Trainer
    from gym_mario_suite.dream.training_log import TrainingLog
    from gym_mario_suite.dream.windows import open_windows
    from gym_mario_suite.whole_file import require_folder

    use_threads(threads)
    device = training_device(device)
    as_number("--max-minutes", max_minutes, 0)
    if model == UPSAMPLER and steps < 1:
        raise OptionError("the upsampler needs --steps")
    options = TrainOptions(
        stage=stage,
        steps=steps,
        minutes=minutes or max_minutes,
        batch=batch,
        horizon=horizon,
        motion_batch=motion_batch,
        rate=rate,
        precision=precision,
        compile=compiled,
        law_moments=law_moments,
        backdrop_moments=backdrop_moments,
        seed=seed,
    )
    if model == UPSAMPLER:
        _train_upsampler(data, out, options, device, threads)
        return
    config = preset(model)
    require_folder(out)
    source = open_windows(data, config.height_px, config.width_px, threads, end_share, touch_share)
    trainer = Trainer(config, options, source, device)
    if not trainer.load(out) and start is not None:
        trainer.start_from(start)
    if missing(trainer.model):
        typer.echo("finding laws of motion and backdrops (once, a minute or two) ...")
        for line in trainer.find().lines():
            typer.echo(line)
    deadline = time.monotonic() + 60 * max_minutes if max_minutes else None
    log = TrainingLog(out, source, options.seed)
    saved = told = time.monotonic()
    # An error or a second Ctrl-C may come in the middle of a step, and a torn state is no
    # checkpoint: what was saved last stays then.
    with Interruption() as interruption, closing(log):
        with shown(f"{model} {stage}", trainer.progress.steps or None) as show:
            for progress in trainer.run(deadline=deadline):
                if interruption.asked:
                    break
                now = time.monotonic()
                if now - told > _TELL_S:
                    note = f"loss {progress.loss:.4f}, {progress.predictions:,} predictions"
                    show(completed=progress.step, total=progress.steps or None, note=note)
                    log.losses(progress)
                    told = now
                if now - saved > _SAVE_S:
                    trainer.save(out)
                    log.strip(trainer)
                    saved = time.monotonic()
        path = trainer.save(out)
    progress = trainer.progress
    typer.echo(
        f"{path}: step {progress.step} of {progress.steps}, {progress.predictions:,} predictions, "
        f"{progress.seconds / 60:.1f} minutes, loss {progress.loss:.5f}"
    )
    _leave_if_asked(interruption)


def _leave_if_asked(interruption: Interruption) -> None:
    """After an interruption, end as one does."""
    if interruption.asked:
        typer.echo("interrupted; the same command goes on", err=True)
        raise typer.Exit(EXIT_INTERRUPTED)


def _train_upsampler(
    data: str, out: Path, options: "TrainOptions", device: str, threads: int
) -> None:
    from gym_mario_suite.dream.presets import UpsamplerConfig
    from gym_mario_suite.dream.upsampling import save_upsampler, train_upsampler
    from gym_mario_suite.dream.windows import open_windows
    from gym_mario_suite.whole_file import require_folder

    require_folder(out)
    source = open_windows(data, 240, 320, threads)
    with Interruption() as interruption, shown(UPSAMPLER, options.steps) as show:

        def tell(step: int, loss: float) -> bool:
            show(completed=step, note=f"loss {loss:.4f}")
            return interruption.asked

        trained = train_upsampler(
            UpsamplerConfig(),
            source,
            options.steps,
            options.batch,
            options.rate,
            options.seed,
            device,
            tell,
            out,
        )
    _leave_if_asked(interruption)
    path = out / f"{UPSAMPLER}.safetensors"
    save_upsampler(path, trained)
    typer.echo(f"{path}: {options.steps} steps")
