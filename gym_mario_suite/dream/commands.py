"""`mario dream`: train, evaluate and export dream models, and make spawns."""

# No `from __future__ import annotations`: Typer reads the annotations.

import json
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from gym_mario_suite.completion import words
from gym_mario_suite.dream.presets import (
    BACKDROP_MOMENTS,
    END_SHARE,
    LAW_MOMENTS,
    PRESETS,
    STAGES,
    preset,
)
from gym_mario_suite.errors import OptionError
from gym_mario_suite.program import EXIT_INTERRUPTED, Interruption

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

UPSAMPLER = "upsampler"
_SAVE_S = 240.0
_TELL_S = 2.0

Threads = Annotated[int, typer.Option(help="Cores to use at most.")]


@app.callback()
def _dream() -> None:
    """Train, measure and make dream models."""


@contextmanager
def shown(what: str, total: int | None) -> Iterator[Any]:
    """A progress bar on a terminal; elsewhere nothing."""
    from rich.console import Console
    from rich.progress import Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    errors = Console(stderr=True)
    with Progress(
        *Progress.get_default_columns()[:3],
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=errors,
        transient=True,
        disable=not errors.is_terminal,
    ) as progress:
        task = progress.add_task(what, total=total, note="")
        yield lambda **changes: progress.update(task, **changes)


@app.command(epilog="Example: mario dream train --data tapes --out runs/xs-1 --model xs")
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
    from gym_mario_suite.dream.weights import require_training

    require_training()
    import torch

    from gym_mario_suite.dream.findings import missing
    from gym_mario_suite.dream.train_options import TrainOptions
    from gym_mario_suite.dream.training import Trainer
    from gym_mario_suite.dream.training_log import TrainingLog
    from gym_mario_suite.dream.windows import open_windows
    from gym_mario_suite.whole_file import require_folder

    torch.set_num_threads(threads)
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if model == UPSAMPLER:
        _train_upsampler(data, out, steps, batch, rate, seed, device, threads)
        return
    config = preset(model)
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
    if interruption.asked:
        typer.echo("interrupted; the same command goes on", err=True)
        raise typer.Exit(EXIT_INTERRUPTED)


def _train_upsampler(
    data: str, out: Path, steps: int, batch: int, rate: float, seed: int, device: str, threads: int
) -> None:
    from gym_mario_suite.dream.presets import UpsamplerConfig
    from gym_mario_suite.dream.upsampling import save_upsampler, train_upsampler
    from gym_mario_suite.dream.windows import open_windows
    from gym_mario_suite.whole_file import require_folder

    if steps < 1:
        raise OptionError("the upsampler needs --steps")
    require_folder(out)
    source = open_windows(data, 240, 320, threads)
    with shown(UPSAMPLER, steps) as show:
        trained = train_upsampler(
            UpsamplerConfig(),
            source,
            steps,
            batch,
            rate,
            seed,
            device,
            lambda step, loss: show(completed=step, note=f"loss {loss:.4f}"),
            out,
        )
    path = out / f"{UPSAMPLER}.safetensors"
    save_upsampler(path, trained)
    typer.echo(f"{path}: {steps} steps")


@app.command(epilog="Example: mario dream export runs/xs-1 --out xs")
def export(
    checkpoints: Annotated[
        list[Path],
        typer.Argument(
            metavar="CHECKPOINT...",
            help="A folder of `mario dream train`; of several the weights' mean is taken.",
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Name without a suffix, or .onnx.")],
    threshold: Annotated[
        float, typer.Option(help="Probability from which on a step ends the episode.")
    ] = 0.5,
    card: Annotated[
        Path | None, typer.Option(help="JSON of `mario dream eval`, to go into the files.")
    ] = None,
    note: Annotated[str, typer.Option(help="A sentence for the card.")] = "",
) -> None:
    """Write a model from a checkpoint: .safetensors and .onnx, both with fp16 weights."""
    from gym_mario_suite.dream.weights import require_training

    require_training()
    from gym_mario_suite.dream.cards import card_of_checkpoint
    from gym_mario_suite.dream.export import export_onnx
    from gym_mario_suite.dream.network import Denoiser
    from gym_mario_suite.dream.presets import DreamConfig
    from gym_mario_suite.dream.training import CHECKPOINT
    from gym_mario_suite.dream.weights import averages_of, fill, mean_of, save_model

    paths = [path / CHECKPOINT if path.is_dir() else path for path in checkpoints]
    read = [averages_of(path) for path in paths]
    metadata = read[0][1]
    config = DreamConfig.from_dict(metadata["config"])
    denoiser = Denoiser(config)
    for path, (weights, _) in zip(paths, read, strict=True):
        fill(denoiser, weights, path)  # so that one which does not fit is told of by its name
    fill(denoiser, mean_of([weights for weights, _ in read]), paths[0])
    values = card_of_checkpoint(metadata, threshold, note)
    if card is not None:
        try:
            values["evaluation"] = json.loads(card.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise OptionError(f"cannot read {card}: {error}") from error
    stem = out.with_suffix("") if out.suffix in (".onnx", ".safetensors") else out
    save_model(stem.with_suffix(".safetensors"), denoiser, config, values)
    export_onnx(stem.with_suffix(".onnx"), denoiser, config, values)
    for suffix in (".safetensors", ".onnx"):
        file = stem.with_suffix(suffix)
        typer.echo(f"{file}: {file.stat().st_size / 1e6:.1f} MB")


@app.command("eval", epilog="Example: mario dream eval --quick")
def evaluate(
    model: Annotated[str, typer.Argument(help="Name of a shipped model, or the path of one.")] = "",
    quick: Annotated[bool, typer.Option(help="The same measures with fewer samples.")] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the figures here.")
    ] = None,
    probes: Annotated[
        Path | None, typer.Option(help="Keep the trained probes in this file.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Measure on episodes of these tapes, say of the training, instead."),
    ] = None,
    threads: Threads = 1,
) -> None:
    """Measure how true a model's dreams are, on held-out levels."""
    from gym_mario_suite.dream.runtime import DEFAULT_MODEL, SAFETENSORS, open_model
    from gym_mario_suite.dream.weights import require_training

    require_training()
    import torch
    from rich.console import Console
    from rich.table import Table

    from gym_mario_suite.dream.evaluation import Evaluation
    from gym_mario_suite.dream.step_evaluation import EvalOptions, like_held_out
    from gym_mario_suite.whole_file import require_writable, write_json

    require_writable(json_file, probes)
    torch.set_num_threads(threads)
    model = model or DEFAULT_MODEL
    backend = "torch" if model.endswith(SAFETENSORS) else "onnx"
    options = EvalOptions.quick(threads) if quick else EvalOptions(threads=threads)
    tapes = None if data is None else like_held_out(data)
    evaluation = Evaluation(open_model(model, backend, threads), Path(model).stem, options, tapes)
    with shown("probes", options.probe_steps) as show:
        evaluation.prepare(probes, lambda step: show(completed=step))
    records: list[dict[str, Any]] = []
    with shown("evaluation", None) as show:
        for part in evaluation.run():
            records += part
            show(note=part[-1]["metric"])
    table = Table(box=None, pad_edge=False)
    for heading in ("model", "metric", "value", "n"):
        table.add_column(heading, justify="right" if heading in ("value", "n") else "left")
    for row in records:
        value = "" if row["value"] is None else f"{row['value']:.4g}"
        table.add_row(row["model"], row["metric"], value, str(row["n"]))
    Console(width=None if Console().is_terminal else 120).print(table)
    if json_file is not None:
        write_json(json_file, records)


@app.command(epilog="Example: mario dream probes --data tapes --out probes.safetensors")
def probes(
    data: Annotated[Path, typer.Option(help="Tapes of `mario dream gen`.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="A .safetensors file.")],
    steps: Annotated[int, typer.Option(help="Steps of the training.")] = 1500,
    threads: Threads = 1,
) -> None:
    """Train the probes that evaluations look through, on true frames of 160x120."""
    from gym_mario_suite.dream.weights import require_training

    require_training()
    import torch

    from gym_mario_suite.datasets.tapes import Tapes
    from gym_mario_suite.dream.probes import Probes
    from gym_mario_suite.dream.windows import TapeWindows
    from gym_mario_suite.whole_file import require_writable

    require_writable(out)
    torch.set_num_threads(threads)
    size = 120, 160
    found = Probes(*size)
    with shown("probes", steps) as show:
        windows = TapeWindows(Tapes.load(data), *size, threads)
        found.train(windows, steps, tell=lambda step: show(completed=step))
    found.save(out)
    typer.echo(f"{out}: probes after {steps} steps")


@app.command(epilog="Example: mario dream card xs")
def card(
    model: Annotated[str, typer.Argument(help="Name of a shipped model, or the path of one.")] = "",
) -> None:
    """Print where a model comes from and how good it is."""
    from gym_mario_suite.dream.runtime import DEFAULT_MODEL, SAFETENSORS, open_model

    model = model or DEFAULT_MODEL
    opened = open_model(model, "torch" if model.endswith(SAFETENSORS) else "onnx")
    typer.echo(json.dumps({"config": opened.config.to_dict(), **opened.card}, indent=1))


@app.command(epilog="Example: mario dream spawn --from-replay a.mario --tick 120 --out here.npz")
def spawn(
    out: Annotated[Path, typer.Option(metavar="FILE", help="An .npz file.")],
    from_replay: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Take four frames of this replay.")
    ] = None,
    tick: Annotated[int, typer.Option(help="After this tick of the replay; 0 for its middle.")] = 0,
    from_image: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Take a picture of 160x120 or 320x240 px.")
    ] = None,
) -> None:
    """Make a place where dreams begin, for the reset option `spawn` and `mario play dream`."""
    import numpy as np

    from gym_mario_suite.datasets.replay import Replay
    from gym_mario_suite.dream.spawns import save_spawns, spawn_of_image, spawn_of_replay

    if (from_replay is None) == (from_image is None):
        raise OptionError("give --from-replay or --from-image")
    if out.suffix != ".npz":
        raise OptionError(f"a spawn's file ends in .npz, got {out}")
    if from_replay is not None:
        replay = Replay.load(from_replay)
        made = spawn_of_replay(replay, tick or max(4, replay.ticks // 2), from_replay.stem)
    else:
        assert from_image is not None
        try:
            from PIL import Image, UnidentifiedImageError
        except ImportError:
            raise OptionError(
                "pictures need Pillow: pip install 'gym-mario-suite[dream-train]'"
            ) from None
        try:
            with Image.open(from_image) as picture:
                pixels = np.asarray(picture.convert("RGB"))
        except (OSError, UnidentifiedImageError) as error:
            raise OptionError(f"cannot read {from_image}: {error}") from error
        made = spawn_of_image(pixels, from_image.stem)
    save_spawns(out, [made])
    typer.echo(f"{out}: the spawn {made.name!r}")
