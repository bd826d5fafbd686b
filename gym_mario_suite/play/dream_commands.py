"""`mario play dream`: a person plays in a neural network's dream."""

# No `from __future__ import annotations`: Typer reads the annotations.

from pathlib import Path
from typing import Annotated

import typer

from gym_mario_suite.completion import words
from gym_mario_suite.dream.presets import PRESETS
from gym_mario_suite.errors import as_integer
from gym_mario_suite.play import command_options as options

_FPS = 24


def play_dream(
    model: Annotated[
        str,
        typer.Option(
            help="Name of a shipped model, or the path of one.", autocompletion=words(PRESETS)
        ),
    ] = "",
    spawn: Annotated[
        str,
        typer.Option(help="Number or name of a built-in one, or a file of `mario dream spawn`."),
    ] = "0",
    steps: Annotated[int, typer.Option(help="Sampling steps; 0 for the model's own number.")] = 0,
    hint: Annotated[bool, typer.Option(help="Tell the model the spawn's level.")] = False,
    alone: Annotated[bool, typer.Option("--alone", help="Without the engine beside it.")] = False,
    seed: Annotated[int, typer.Option(help="Of the noise.")] = 0,
    record: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Film the dream, .mp4 or .gif.")
    ] = None,
    keys: options.Keys = None,
    scale: options.Scale = None,
    full_screen: options.FullScreen = False,
    max_frames: options.MaxFrames = None,
) -> None:
    """Play in a dream, with the true game beside it, fed by the same keys.

    The keys are those of `mario play`; G shows and hides the engine, T the steps of the sampling,
    N goes to the next spawn.
    """
    window = options.window_options(keys, scale, full_screen, max_frames)

    from gym_mario_suite.display.screen import require_display
    from gym_mario_suite.dream.runtime import DEFAULT_MODEL, SAFETENSORS, open_model
    from gym_mario_suite.dream.spawns import built_in_spawns, find_spawn
    from gym_mario_suite.play.dream_session import DreamSession
    from gym_mario_suite.play.dream_window import show_dream

    model = model or DEFAULT_MODEL
    opened = open_model(model, "torch" if model.endswith(SAFETENSORS) else "onnx")
    as_integer("--seed", seed, 0, (1 << 63) - 1)
    first = find_spawn(int(spawn) if spawn.isdecimal() else spawn)
    spawns = list(built_in_spawns())
    if first not in spawns:
        spawns.insert(0, first)
    height, width, _ = opened.config.shape
    require_display()  # before there is a film without pictures
    film = None
    if record is not None:
        from gym_mario_suite.datasets.video import VideoFile

        film = VideoFile(record, width, height, _FPS, 2)
    session = DreamSession(
        opened,
        spawns,
        first=spawns.index(first),
        steps=steps or None,
        seed=seed,
        hint=hint,
        listener=film.add if film is not None else lambda frame: None,
    )
    session.beside = not alone

    def keep() -> None:
        if film is not None and film.finish():
            typer.echo(f"{record}: {film.count} frames")

    try:
        show_dream(session, window, keep)
    finally:
        keep()
