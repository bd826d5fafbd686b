"""`mario dream`: train, evaluate and export dream models, and make spawns."""

# No `from __future__ import annotations`: Typer reads the annotations.

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from gym_mario_suite.dream.command_parts import Threads, shown, use_threads
from gym_mario_suite.dream.train_command import train
from gym_mario_suite.errors import OptionError, as_integer

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

_MOST_STEPS = 1 << 31


@app.callback()
def _dream() -> None:
    """Train, measure and make dream models."""


app.command(epilog="Example: mario dream train --data tapes --out runs/xs-1 --model xs")(train)


@app.command(epilog="Example: mario dream export runs/xs-1 --out xs")
def export(
    checkpoints: Annotated[
        list[Path],
        typer.Argument(
            metavar="CHECKPOINT",
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
    from gym_mario_suite.dream.cards import as_threshold, card_of_checkpoint
    from gym_mario_suite.dream.export import export_onnx
    from gym_mario_suite.dream.network import Denoiser
    from gym_mario_suite.dream.presets import DreamConfig
    from gym_mario_suite.dream.training import CHECKPOINT
    from gym_mario_suite.dream.weights import averages_of, fill, mean_of, save_model
    from gym_mario_suite.whole_file import require_writable

    as_threshold("--threshold", threshold)
    stem = out.with_suffix("") if out.suffix in (".onnx", ".safetensors") else out
    # `with_suffix` would take what follows a point for a suffix: "m-0.5".
    weights_file, onnx_file = (stem.with_name(f"{stem.name}{s}") for s in (".safetensors", ".onnx"))
    require_writable(weights_file, onnx_file)
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
    save_model(weights_file, denoiser, config, values)
    export_onnx(onnx_file, denoiser, config, values)
    for file in (weights_file, onnx_file):
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
    from rich.console import Console
    from rich.table import Table

    from gym_mario_suite.dream.evaluation import Evaluation
    from gym_mario_suite.dream.step_evaluation import EvalOptions, like_held_out
    from gym_mario_suite.whole_file import require_writable, write_json

    require_writable(json_file, probes)
    use_threads(threads)
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

    from gym_mario_suite.datasets.tapes import Tapes
    from gym_mario_suite.dream.probes import Probes
    from gym_mario_suite.dream.windows import TapeWindows
    from gym_mario_suite.whole_file import require_writable

    as_integer("--steps", steps, 1, _MOST_STEPS)
    require_writable(out)
    use_threads(threads)
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
                'pictures need Pillow: pip install "gym-mario-suite[dream-train]"'
            ) from None
        try:
            with Image.open(from_image) as picture:
                pixels = np.asarray(picture.convert("RGB"))
        except (OSError, UnidentifiedImageError) as error:
            raise OptionError(f"cannot read {from_image}: {error}") from error
        made = spawn_of_image(pixels, from_image.stem)
    save_spawns(out, [made])
    typer.echo(f"{out}: the spawn {made.name!r}")
