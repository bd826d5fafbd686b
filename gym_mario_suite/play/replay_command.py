"""`mario replay`: show, check and film replays."""

# No `from __future__ import annotations`: Typer reads the annotations.

from pathlib import Path
from typing import Annotated

import typer

from gym_mario_suite.errors import MarioError, OptionError, ReplayError

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(epilog="Example: mario replay run.mario --video run.mp4")
def replay(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Replay files.")],
    check: Annotated[
        bool, typer.Option("--check", help="Play without a window and verify every hash.")
    ] = False,
    info: Annotated[
        bool, typer.Option("--info", help="Print what it is, and verify it as well.")
    ] = False,
    video: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a video, .mp4 or .gif.")
    ] = None,
    scale: Annotated[int, typer.Option(help="Pixels of the video per pixel of the game.")] = 2,
    hud: Annotated[bool, typer.Option(help="Show the line of figures in the video.")] = True,
    speed: Annotated[float, typer.Option(help="Of the window; game seconds in a second.")] = 1,
    max_frames: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Play replays in a window; they are verified as they play."""
    if video is not None:
        if len(files) > 1:
            raise OptionError("a video shows one replay; give one FILE")
        _film(files[0], video, scale, hud)
    if info or check:
        _inspect(files, info)
    elif video is None:
        _show(files, speed, max_frames)


def _show(files: list[Path], speed: float, max_frames: int | None) -> None:
    from gym_mario_suite.play.command_options import window_options

    options = window_options(None, None, False, max_frames, speed)

    from gym_mario_suite.datasets.any_replay import load_replay
    from gym_mario_suite.play.window import show_replays

    show_replays([(path, load_replay(path)) for path in files], options)


def _inspect(files: list[Path], info: bool) -> None:
    """Verify the files one by one; with several, a bad one does not keep the others from it."""
    failures = 0
    for path in files:
        try:
            _inspect_one(path, info)
        except MarioError as error:
            if len(files) == 1:
                raise
            failures += 1
            typer.echo(f"error: {error}", err=True)
    if failures:
        raise ReplayError(f"{failures} of {len(files)} replays failed")


def _inspect_one(path: Path, info: bool) -> None:
    from gym_mario_suite.datasets.any_replay import load_replay
    from gym_mario_suite.datasets.replay_text import length_text, replay_text, verified_text

    replay = load_replay(path)
    if info:
        typer.echo(f"{path}: {path.stat().st_size:,} bytes")
        typer.echo(replay_text(replay))
    try:
        text = verified_text(replay)
    except MarioError as error:
        raise ReplayError(f"{path}: {error}") from error
    typer.echo(text if info else f"{path}: verified, {length_text(replay)}")


def _film(source: Path, target: Path, scale: int, hud: bool) -> None:
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

    from gym_mario_suite.datasets.any_replay import load_replay
    from gym_mario_suite.datasets.video import check_video, video_frames, write_video

    replay = load_replay(source)
    check_video(target, scale)
    errors = Console(stderr=True)
    with Progress(
        *Progress.get_default_columns()[:2],
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=errors,
        transient=True,
        disable=not errors.is_terminal,
    ) as progress:
        task = progress.add_task(target.name, total=video_frames(replay, target))
        for done in write_video(replay, target, scale=scale, hud=hud):
            progress.update(task, completed=done)
    typer.echo(f"{target}: {video_frames(replay, target)} frames")
