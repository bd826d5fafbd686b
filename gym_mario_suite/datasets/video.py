"""Videos of replays: MP4 and GIF, in real time."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.datasets.any_replay import AnyReplay
from gym_mario_suite.datasets.nes_replay import NESReplay, open_run, play_nes
from gym_mario_suite.datasets.replay import Replay, play
from gym_mario_suite.engine.draw import RGB_SHAPE, Renderer
from gym_mario_suite.errors import OptionError
from gym_mario_suite.nes.backend import SCREEN_SHAPE
from gym_mario_suite.nes.picture import HUD_LINES
from gym_mario_suite.nes.smb import FRAMES_PER_SECOND as NES_FPS
from gym_mario_suite.whole_file import real_path, require_folder, temporary_beside

FPS = 24
_MAX_GIF_FPS = 50
MAX_SCALE = 8
# One palette for each frame; a frame has fewer colours than a palette, so nothing is dithered.
_GIF_FILTER = "split[a][b];[a]palettegen=stats_mode=single[p];[b][p]paletteuse=new=1:dither=none"
_ENCODERS: dict[str, dict[str, Any]] = {
    ".mp4": {"filter": "null", "quality": 7},
    ".gif": {"filter": _GIF_FILTER, "codec": "gif", "pix_fmt_out": "pal8", "quality": None},
}


def check_video(path: Path, scale: int) -> None:
    """Fail now rather than after the work.

    Raises:
        OptionError: For a file name or scale that is not possible, or when the program that
            encodes videos is missing.
    """
    if path.suffix.lower() not in _ENCODERS:
        raise OptionError(f"a video's name ends in {' or '.join(_ENCODERS)}, got {str(path)!r}")
    if not 1 <= scale <= MAX_SCALE:
        raise OptionError(f"scale must be 1 to {MAX_SCALE}, got {scale}")
    try:
        import imageio_ffmpeg

        imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError):
        raise OptionError(
            "videos need imageio-ffmpeg: pip install 'gym-mario-suite[play]'"
        ) from None
    require_folder(real_path(path).parent)


def video_frames(replay: AnyReplay) -> int:
    """How many frames the replay's video has: one for the start, one for each tick."""
    return replay.ticks + 1


def write_video(
    replay: AnyReplay, path: Path | str, *, scale: int = 2, hud: bool = True
) -> Generator[int, None, None]:
    """Write a replay as a video in real time, and tell how many frames are done.

    Infinite Mario has 24 frames a second, the NES 60 (a GIF of it 30, the most that all programs
    show).

    The file appears when the last frame is done, whole or not at all.

    Args:
        replay: The replay.
        path: A name that ends in .mp4 or .gif.
        scale: Pixels of the video for each pixel of the game, along each side.
        hud: Whether to show the line of figures.

    Yields:
        The number of frames done, after each frame.

    Raises:
        OptionError: As of `check_video`, and when the file cannot be written.
        ReplayMismatch: When the game takes another course than the one recorded.
        MarioError: When the ROM or the emulator of a replay of the NES is not there.

    Example:
        >>> for done in write_video(replay, "jump.mp4"):  # doctest: +SKIP
        ...     print(f"{done} of {video_frames(replay)}")
    """
    path = Path(path)
    check_video(path, scale)
    target = real_path(path)
    temporary = temporary_beside(target)
    if isinstance(replay, NESReplay):
        pictures, (height, width, _), fps = _nes_pictures(replay, hud), SCREEN_SHAPE, NES_FPS
    else:
        pictures, (height, width, _), fps = _pictures(replay, hud), RGB_SHAPE, FPS
    every = 2 if fps > _MAX_GIF_FPS and path.suffix.lower() == ".gif" else 1
    try:
        with (
            closing(pictures),
            closing(_encoder(temporary, scale, (width, height), fps // every)) as encoder,
        ):
            for number, picture in enumerate(pictures, 1):
                if number % every == 0 or every == 1:
                    encoder.send(picture)
                yield number
        temporary.replace(target)
    except OSError as error:
        reason = error.strerror or str(error).partition("\n")[0]
        raise OptionError(f"cannot write {path}: {reason}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _nes_pictures(replay: NESReplay, hud: bool) -> Generator[bytes, None, None]:
    run = open_run(replay)
    try:
        yield _bytes_of(run.begin(replay.stage).picture, hud)
        for _ in play_nes(replay, run):
            yield _bytes_of(run.game.backend.picture(), hud)
    finally:
        run.game.backend.close()


def _bytes_of(picture: NDArray[np.uint8], hud: bool) -> bytes:
    if not hud:
        picture = picture.copy()
        picture[:HUD_LINES] = 0
    return picture.tobytes()


def _pictures(replay: Replay, hud: bool) -> Generator[bytes, None, None]:
    """The frames as bytes of RGB pixels."""
    theme = replay.level.theme
    renderer = Renderer()
    start = replay.game()
    yield renderer.rgb(start.image, start.worlds, theme=theme, hud=hud).tobytes()
    for game in play(replay):
        yield renderer.rgb(game.image, game.worlds, theme=theme, hud=hud).tobytes()


def _encoder(path: Path, scale: int, size: tuple[int, int], fps: int) -> Any:
    """A started generator that takes frames of this width and height."""
    import imageio_ffmpeg

    options = dict(_ENCODERS[path.suffix.lower()])
    enlarge = f"scale=iw*{scale}:ih*{scale}:flags=neighbor"
    encoder = imageio_ffmpeg.write_frames(
        str(path),
        size,
        fps=fps,
        ffmpeg_log_level="error",
        output_params=["-filter_complex", f"{enlarge},{options.pop('filter')}"],
        **options,
    )
    encoder.send(None)
    return encoder
