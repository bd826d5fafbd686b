"""`mario replay`: show, check and film replays."""

# No `from __future__ import annotations`: Typer reads the annotations.

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gym_mario_suite.errors import MarioError, OptionError, ReplayError
from gym_mario_suite.play import command_options as options

if TYPE_CHECKING:
    from gym_mario_suite.play.window import WindowOptions

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
    scale: Annotated[
        int | None,
        typer.Option(help="Pixels per pixel of the game; default: what fits, of a video 2."),
    ] = None,
    hud: Annotated[bool, typer.Option(help="Show the line of figures in the video.")] = True,
    speed: Annotated[
        float | None, typer.Option(help="Of the window; game seconds in a second; default: 1.")
    ] = None,
    keys: options.Keys = None,
    full_screen: options.FullScreen = False,
    max_frames: options.MaxFrames = None,
) -> None:
    """Play replays in a window; they are verified as they play."""
    of_the_window = {
        "--speed": speed is not None,
        "--keys": keys is not None,
        "--full-screen": full_screen,
    }
    if video is None:
        _refuse({"--no-hud": not hud}, "is of a video; name one with --video")
    if video is not None or info or check:
        _refuse(of_the_window, "is of the window; leave out --video, --info and --check")
        _refuse({"--scale": scale is not None and video is None}, "is of a video or the window")
    if video is not None:
        if len(files) > 1:
            raise OptionError("a video shows one replay; give one FILE")
        _film(files[0], video, 2 if scale is None else scale, hud)
    if info or check:
        _inspect(files, info)
    elif video is None:
        speed = 1 if speed is None else speed
        _show(files, options.window_options(keys, scale, full_screen, max_frames, speed))


def _refuse(given: dict[str, bool], why: str) -> None:
    for name in (name for name, is_given in given.items() if is_given):
        raise OptionError(f"{name} {why}")


def _show(files: list[Path], window: "WindowOptions") -> None:
    from gym_mario_suite.datasets.any_replay import load_replay
    from gym_mario_suite.play.window import show_replays

    show_replays([(path, load_replay(path)) for path in files], window)


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
