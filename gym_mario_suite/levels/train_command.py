"""`mario levels train`: train the learned generators on a corpus."""

# No `from __future__ import annotations`: Typer reads the annotations.

import contextlib
import shlex
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gym_mario_suite.errors import OptionError, as_integer
from gym_mario_suite.provenance import commit
from gym_mario_suite.whole_file import require_folder, require_writable, write_json

if TYPE_CHECKING:
    from gym_mario_suite.levels.corpus import Split

_MOST_LATENT = 1024
_SUFFIX = ".safetensors"
_NO_MATTER = ("folder", "out", "tensorboard")  # what a run makes does not depend on them

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Train the learned generators.",
)


class Keep(StrEnum):
    """Which weights of a run are written."""

    BEST = "best"
    LAST = "last"


Patience = Annotated[
    int | None, typer.Option(help="Looks at the held-out levels without a new best to allow.")
]
Kept = Annotated[Keep, typer.Option(help="Weights to write: those of the best look, or the last.")]
Corpus = Annotated[
    Path,
    typer.Option(help="Folder of level texts, such as the VGLC's: smb/processed/mario-1-1.txt ..."),
]
Folder = Annotated[
    Path | None,
    typer.Option(help="Where the checkpoint is kept; a run there is gone on with."),
]
Out = Annotated[Path | None, typer.Option(help="Weights file to write, *.safetensors.")]
Seed = Annotated[int, typer.Option(help="Of everything random.")]
Steps = Annotated[int | None, typer.Option(help="Optimiser steps at most.")]
Threads = Annotated[int, typer.Option(help="Threads of torch; results depend on them.")]
Board = Annotated[
    Path | None, typer.Option("--tensorboard", help="Write curves for TensorBoard here.")
]


@app.command(
    "diffusion",
    epilog="Example: mario levels train diffusion --corpus VGLC --folder runs/diffusion",
)
def train_diffusion(
    call: typer.Context,
    corpus: Corpus,
    folder: Folder = None,
    out: Out = None,
    seed: Seed = 0,
    steps: Steps = None,
    threads: Threads = 1,
    patience: Patience = None,
    stop_at: Annotated[
        int | None,
        typer.Option(help="Stop at the first look from this step of --steps on."),
    ] = None,
    keep: Kept = Keep.BEST,
    tensorboard: Board = None,
) -> None:
    """The tile diffusion, on the corpus and generated Infinite Mario levels."""
    with _torch_needed():
        from gym_mario_suite.levels.diffusion.training import DiffusionSettings, DiffusionTrainer
        from gym_mario_suite.levels.diffusion.weights import save_network
    from gym_mario_suite.levels.bench.patterns import window_hashes

    given = _given(steps=steps, patience=patience)
    settings = DiffusionSettings(seed=seed, threads=threads, **given)
    if stop_at is not None:
        as_integer("--stop-at", stop_at, 1, settings.steps)
    folder, target = _places("diffusion", folder, out, "tile_diffusion")
    split = _split_of(corpus)
    trainer = DiffusionTrainer(split, folder, settings)
    _train(trainer, tensorboard, "nats a cell", stop_at)
    card = _card(call, trainer, split, "held-out bound, nats a cell")
    card["kept_step"] = trainer.step if keep is Keep.LAST else card["best_step"]
    arrays = trainer.best_arrays() if keep is Keep.BEST else trainer.kept_arrays()
    hashes = [window_hashes(level.codes) for level in split.train]
    save_network(target, arrays, trainer.shape, np.concatenate(hashes), card)
    _write_card(target, card)


@app.command("vae", epilog="Example: mario levels train vae --corpus VGLC --folder runs/vae")
def train_vae(
    call: typer.Context,
    corpus: Corpus,
    folder: Folder = None,
    out: Out = None,
    seed: Seed = 0,
    steps: Steps = None,
    latent: Annotated[int, typer.Option(help="Dimensions of the latent space.")] = 2,
    threads: Threads = 1,
    patience: Patience = None,
    keep: Kept = Keep.BEST,
    tensorboard: Board = None,
) -> None:
    """The categorical VAE, on the corpus' Super Mario Bros. levels."""
    with _torch_needed():
        import torch

        from gym_mario_suite.levels.vae.training import VAESettings, VAETrainer
    from gym_mario_suite.levels.vae.generator import PLAYABLE, WEIGHTS_FORMAT
    from gym_mario_suite.levels.vae.playable_latents import playable_latents
    from gym_mario_suite.levels.vae.windows import one_hot
    from gym_mario_suite.levels.weight_files import write_weights

    as_integer("--latent", latent, 1, _MOST_LATENT)
    given = _given(steps=steps, patience=patience)
    settings = VAESettings(seed=seed, latent=latent, threads=threads, **given)
    folder, target = _places("vae", folder, out, "categorical_vae")
    split = _split_of(corpus)
    trainer = VAETrainer(split, folder, settings)
    _train(trainer, tensorboard, "nats a window")
    network = trainer.network
    if keep is Keep.BEST:
        network.load_state_dict(trainer.best)
    sides = {"train": trainer.train_windows, "held_out": trainer.held_out_windows}
    figures = {side: asdict(trainer.evaluate(windows)) for side, windows in sides.items()}
    with torch.inference_mode():
        means, _ = network.encode(torch.from_numpy(one_hot(trainer.train_windows)))

    def decode(latents: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            logits = network.decode(torch.from_numpy(latents.astype(np.float32)[None]))
        return logits[0].argmax(-1).numpy().astype(np.uint8)

    rng = np.random.default_rng(seed)
    near = playable_latents(means.numpy().astype(np.float64), decode, rng)
    arrays = {
        name: value for name, value in trainer.kept_arrays().items() if name.startswith("decoder")
    }
    card = _card(call, trainer, split, "held-out negative ELBO, nats a window")
    card["kept_step"] = trainer.step if keep is Keep.LAST else card["best_step"]
    card["figures"] = figures
    for side, values in figures.items():
        Console().print(
            f"{side}: negative ELBO {values['reconstruction'] + values['divergence']:.2f} nats "
            f"(reconstruction {values['reconstruction']:.2f}, divergence "
            f"{values['divergence']:.2f}), tiles right {values['accuracy']:.1%}, not air "
            f"{values['accuracy_not_air']:.1%}"
        )
    about = {"latent": latent, "card": card}
    write_weights(target, {**arrays, PLAYABLE: near}, WEIGHTS_FORMAT, about)
    _write_card(target, card)


@app.command("ca", epilog="Example: mario levels train ca --corpus VGLC --folder runs/ca")
def train_ca(
    call: typer.Context,
    corpus: Corpus,
    folder: Folder = None,
    out: Out = None,
    seed: Seed = 0,
    steps: Steps = None,
    context: Annotated[int, typer.Option(help="Rows and columns of the window: 3, 5, 7.")] = 7,
    threads: Threads = 1,
    tensorboard: Board = None,
) -> None:
    """The context-window automaton, on the corpus' Super Mario Bros. levels of both games."""
    with _torch_needed():
        from gym_mario_suite.levels.cellular.training import CASettings, CATrainer
    from gym_mario_suite.levels.cellular.generator import WEIGHTS_FORMAT
    from gym_mario_suite.levels.weight_files import write_weights

    if context not in (3, 5, 7):
        raise OptionError(f"--context must be 3, 5 or 7, got {context}")
    settings = CASettings(seed=seed, context=context, threads=threads, **_given(steps=steps))
    folder, target = _places("ca", folder, out, "context_ca")
    split = _split_of(corpus)
    trainer = CATrainer(split, folder, settings)
    _train(trainer, tensorboard, "nats an object")
    card = _card(call, trainer, split, "held-out cross entropy, nats an object")
    about = {"context": context, "card": card}
    write_weights(target, trainer.best_arrays(), WEIGHTS_FORMAT, about)
    _write_card(target, card)


@contextlib.contextmanager
def _torch_needed() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise OptionError(
            f"training needs torch ({error}); install the extra: "
            'pip install "gym-mario-suite[levels]"'
        ) from None


def _split_of(corpus: Path) -> "Split":
    from gym_mario_suite.levels.corpus import read_corpus, split_by_level

    split = split_by_level(read_corpus(corpus))
    if not split.train or not split.held_out:
        raise OptionError(
            f"the levels of {corpus} are too few, or too much alike, to hold some of them out: "
            "add levels that differ"
        )
    return split


def _places(kind: str, folder: Path | None, out: Path | None, name: str) -> tuple[Path, Path]:
    """The run's folder and the file of weights, which can be written."""
    folder = require_folder(folder or Path("runs/levels") / kind)
    target = out or folder / f"{name}{_SUFFIX}"
    if target.suffix != _SUFFIX:
        raise OptionError(f"--out must end in {_SUFFIX}, since a card *.json goes beside it")
    require_writable(target, _card_path(target))
    return folder, target


def _card_path(target: Path) -> Path:
    return target.with_suffix(".json")


def _command(call: typer.Context) -> str:
    """The command that runs, without its defaults; of a folder only the name is told."""
    words = ["mario", "levels", "train", str(call.info_name)]
    for option in call.command.params:
        value = call.params[str(option.name)]
        if option.name in _NO_MATTER or value == option.default:
            continue
        text = value.name if isinstance(value, Path) else getattr(value, "value", value)
        words += [option.opts[0], str(text)]
    return shlex.join(words)


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _train(trainer: Any, board: Path | None, unit: str, stop_at: int | None = None) -> None:
    """Run a trainer with a progress bar, from its checkpoint if there is one."""
    console = Console(stderr=True)
    if trainer.resume():
        console.print(f"going on at step {trainer.step} of {trainer.folder}")
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[figures]}"),
    )
    steps = trainer.last_step(stop_at)
    with _writer(board) as write, Progress(*columns, console=console) as progress:
        task = progress.add_task("training", total=steps, completed=trainer.step, figures="")

        def on_step(step: int, loss: float) -> None:
            write("loss/train_step", loss, step)
            progress.update(task, completed=step)

        def on_look(look: Any) -> None:
            write("loss/train", look.train, look.step)
            write("loss/held_out", look.held_out, look.step)
            best = ", best so far" if look.best else ""
            figures = f"train {look.train:.4f}, held out {look.held_out:.4f} {unit}{best}"
            progress.update(task, figures=figures)
            if not console.is_terminal:
                console.print(f"step {look.step}: {figures}")

        trainer.run(on_step, on_look, stop_at)
        progress.update(task, completed=trainer.step, total=trainer.step)
    if trainer.exhausted:
        console.print(f"stopped at step {trainer.step}: the held-out levels got no better")


@contextlib.contextmanager
def _writer(board: Path | None) -> Iterator[Callable[[str, float, int], None]]:
    """Writes scalars for TensorBoard, or nowhere."""
    if board is None:
        yield lambda name, value, step: None
        return
    with _torch_needed():
        from torch.utils.tensorboard import SummaryWriter
    writer = SummaryWriter(str(board))
    try:
        yield writer.add_scalar
    finally:
        writer.close()


def _card(call: typer.Context, trainer: Any, split: "Split", loss: str) -> dict[str, Any]:
    """What the weights are and how they came about."""
    from gym_mario_suite.levels.corpus import digest_of_levels

    best = min((look for look in trainer.looks if look.best), key=lambda look: look.held_out)
    return {
        "command": _command(call),
        "commit": commit(),
        "corpus": "VGLC, processed text levels (Summerville et al., arXiv 1606.07487)",
        "corpus_sha256": digest_of_levels(split),
        "train_levels": [level.name for level in split.train],
        "held_out_levels": [level.name for level in split.held_out],
        "settings": asdict(trainer.settings),
        "loss": loss,
        "best_step": best.step,
        "best_held_out": best.held_out,
        "curve": [[look.step, look.train, look.held_out] for look in trainer.looks],
    }


def _write_card(target: Path, card: dict[str, Any]) -> None:
    path = _card_path(target)
    write_json(path, card)
    size = target.stat().st_size / 1e6
    print(f"wrote {target} ({size:.2f} MB) and {path}", file=sys.stderr)
