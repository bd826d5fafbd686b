"""Videos of replays: MP4 and GIF, in real time."""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.datasets.any_replay import AnyReplay
from gym_mario_suite.datasets.nes_replay import NESReplay, open_run, play_nes
from gym_mario_suite.datasets.replay import Replay, play
from gym_mario_suite.engine.draw import RGB_SHAPE, Renderer
from gym_mario_suite.engine.world import RENDER_FPS, Rules
from gym_mario_suite.errors import OptionError, as_integer
from gym_mario_suite.nes.backend import SCREEN_SHAPE
from gym_mario_suite.nes.picture import HUD_LINES
from gym_mario_suite.nes.smb import FRAMES_PER_SECOND as NES_FPS
from gym_mario_suite.program import Interruption
from gym_mario_suite.whole_file import real_path, require_folder, require_writable, temporary_beside

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
        OptionError: For a file name or scale that is not possible, a file that cannot be written,
            or when the program that encodes videos is missing.
    """
    if path.suffix.lower() not in _ENCODERS:
        raise OptionError(f"a video's name ends in {' or '.join(_ENCODERS)}, got {str(path)!r}")
    as_integer("scale", scale, 1, MAX_SCALE)
    try:
        import imageio_ffmpeg

        imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError):
        raise OptionError(
            'videos need imageio-ffmpeg: pip install "gym-mario-suite[play]"'
        ) from None
    require_folder(real_path(path).parent)
    require_writable(path)


class VideoFile:
    """A video that grows by pictures. Its file appears when it is finished, whole or not at all.

    As a context manager it is finished in the end, and given up if the body raises.

    Args:
        path: A name that ends in .mp4 or .gif.
        width: Width of the pictures in px, an even number.
        height: Height of the pictures in px, an even number.
        fps: Pictures in a second.
        scale: Pixels of the video for each pixel of the pictures, along each side.

    Attributes:
        count: How many pictures it has.

    Raises:
        OptionError: As of `check_video`.
    """

    def __init__(self, path: Path, width: int, height: int, fps: int, scale: int = 1) -> None:
        check_video(path, scale)
        import imageio_ffmpeg

        self.count = 0
        self._path, self._target = path, real_path(path)
        self._temporary = temporary_beside(self._target)
        options = dict(_ENCODERS[path.suffix.lower()])
        enlarge = f"scale=iw*{scale:d}:ih*{scale:d}:flags=neighbor"
        self._encoder: Any = imageio_ffmpeg.write_frames(
            str(self._temporary),
            (width, height),
            fps=fps,
            macro_block_size=2,  # a pixel stays a pixel
            ffmpeg_log_level="error",
            output_params=["-filter_complex", f"{enlarge},{options.pop('filter')}"],
            **options,
        )
        self._encoder.send(None)

    def add(self, picture: NDArray[np.uint8]) -> None:
        """One more picture, uint8[height, width, 3].

        Ctrl-C waits until it is written: what it meets in the encoder ends that, and the video.

        Raises:
            OptionError: When it cannot be written; the video is given up then.
        """
        with Interruption() as interruption:
            try:
                self._encoder.send(np.ascontiguousarray(picture).tobytes())
            except OSError as error:
                self.give_up()
                raise self._refused(error) from error
            except KeyboardInterrupt:  # the second
                self.give_up()
                raise
            self.count += 1
        if interruption.asked:
            signal.raise_signal(signal.SIGINT)

    def finish(self) -> bool:
        """Put the file in its place.

        Returns:
            Whether there is one: not without pictures, nor when it was given up.

        Raises:
            OptionError: When it cannot be written.
        """
        if not self.count:
            self.give_up()
            return False
        try:
            self._encoder.close()
            self._temporary.replace(self._target)
        except OSError as error:
            raise self._refused(error) from error
        finally:
            self._temporary.unlink(missing_ok=True)
        return True

    def give_up(self) -> None:
        """Leave nothing behind."""
        self.count = 0
        with suppress(OSError):
            self._encoder.close()
        self._temporary.unlink(missing_ok=True)

    def _refused(self, error: OSError) -> OptionError:
        reason = error.strerror or str(error).partition("\n")[0]
        return OptionError(f"cannot write {self._path}: {reason}")

    def __enter__(self) -> VideoFile:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.finish()
        else:
            self.give_up()


def video_frames(replay: AnyReplay, path: Path | str) -> int:
    """How many frames the replay's video in that file has.

    One for the start and one for each tick; in a GIF of the NES every second of these.
    """
    return -(-(replay.ticks + 1) // _ticks_per_frame(replay, Path(path)))


def _ticks_per_second(replay: AnyReplay) -> int:
    return NES_FPS if isinstance(replay, NESReplay) else RENDER_FPS[Rules(replay.rules)]


def _ticks_per_frame(replay: AnyReplay, path: Path) -> int:
    return 2 if _ticks_per_second(replay) > _MAX_GIF_FPS and path.suffix.lower() == ".gif" else 1


def write_video(
    replay: AnyReplay, path: Path | str, *, scale: int = 2, hud: bool = True
) -> Generator[int, None, None]:
    """Write a replay as a video in real time, and tell how many frames are done.

    Infinite Mario has 24 frames a second, by the rules of 2019 30, the NES 60 (a GIF of it 30, the
    most that all programs show).

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
        ...     print(f"{done} of {video_frames(replay, 'jump.mp4')}")
    """
    path = Path(path)
    if isinstance(replay, NESReplay):
        pictures, (height, width, _) = _nes_pictures(replay, hud), SCREEN_SHAPE
    else:
        pictures, (height, width, _) = _pictures(replay, hud), RGB_SHAPE
    every = _ticks_per_frame(replay, path)
    fps = _ticks_per_second(replay)
    with closing(pictures), VideoFile(path, width, height, fps // every, scale) as video:
        for number, picture in enumerate(pictures):
            if number % every == 0:
                video.add(picture)
                yield video.count


def _nes_pictures(replay: NESReplay, hud: bool) -> Generator[NDArray[np.uint8], None, None]:
    run = open_run(replay)
    try:
        yield _shown(run.begin(replay.stage).picture, hud)
        for _ in play_nes(replay, run):
            yield _shown(run.game.backend.picture(), hud)
    finally:
        run.game.backend.close()


def _shown(picture: NDArray[np.uint8], hud: bool) -> NDArray[np.uint8]:
    if not hud:
        picture = picture.copy()
        picture[:HUD_LINES] = 0
    return picture


def _pictures(replay: Replay, hud: bool) -> Generator[NDArray[np.uint8], None, None]:
    """The frames, uint8[h, w, 3]."""
    theme = replay.level.theme
    renderer = Renderer()
    start = replay.game()
    yield renderer.rgb(start.image, start.worlds, theme=theme, hud=hud)
    for game in play(replay):
        yield renderer.rgb(game.image, game.worlds, theme=theme, hud=hud)
