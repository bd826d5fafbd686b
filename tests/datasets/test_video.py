import signal
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from gym_mario_suite.datasets.recorder import RecordedGame
from gym_mario_suite.datasets.replay import Replay
from gym_mario_suite.datasets.video import VideoFile, check_video, video_frames, write_video
from gym_mario_suite.engine.draw import Renderer
from gym_mario_suite.errors import OptionError, ReplayMismatch
from gym_mario_suite.levels import generate
from gym_mario_suite.levels.framework_generate import generate_framework

from .episodes import random_play


@pytest.fixture(scope="module")
def replay() -> Replay:
    return random_play(RecordedGame(generate(3, 2, 1)), ticks=40).replay()


def frames_of(path: Path):
    reader = imageio_ffmpeg.read_frames(str(path))
    return next(reader), list(reader)


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_a_frame_for_each_tick(replay, tmp_path, suffix):
    path = tmp_path / f"film{suffix}"
    assert list(write_video(replay, path, scale=1)) == list(
        range(1, video_frames(replay, path) + 1)
    )
    facts, frames = frames_of(path)
    assert facts["size"] == (320, 240)
    assert facts["duration"] == pytest.approx(41 / 24, abs=0.05)
    assert len(frames) == video_frames(replay, path) == 41
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_replays_of_2019_are_as_fast_as_their_game(tmp_path):
    path = tmp_path / "film.mp4"
    replay = random_play(RecordedGame(generate_framework(3), 0), ticks=40).replay()
    list(write_video(replay, path, scale=1))
    assert frames_of(path)[0]["duration"] == pytest.approx(41 / 30, abs=0.05)


def test_gif_keeps_every_pixel(replay, tmp_path):
    path = tmp_path / "film.gif"
    list(write_video(replay, path, scale=1))
    game = replay.game()
    picture = Renderer().rgb(game.image, game.worlds, theme=1)
    assert frames_of(path)[1][0] == picture.tobytes()


def test_scale(replay, tmp_path):
    path = tmp_path / "film.mp4"
    list(write_video(replay, path))
    assert frames_of(path)[0]["size"] == (640, 480)


@pytest.mark.parametrize(
    ("name", "scale", "message"),
    [
        ("film.avi", 2, "ends in .mp4 or .gif"),
        ("film", 2, "ends in .mp4 or .gif"),
        ("film.mp4", 0, "scale must be a whole number from 1 to 8"),
        ("film.gif", 9, "scale must be a whole number from 1 to 8"),
        ("film.gif", 1.5, "scale must be a whole number, got 1.5"),
    ],
)
def test_bad_options(replay, tmp_path, name, scale, message):
    with pytest.raises(OptionError, match=message):
        list(write_video(replay, tmp_path / name, scale=scale))


def test_a_folder_in_the_way_is_noticed_before_the_work(tmp_path):
    (tmp_path / "video.mp4").mkdir()
    with pytest.raises(OptionError, match=r"cannot write .*video\.mp4: it is not a regular file"):
        check_video(tmp_path / "video.mp4", 1)


def test_ctrl_c_while_a_picture_is_written_leaves_a_whole_video(tmp_path, monkeypatch):
    """It ended the encoder, whose half file then took the video's place."""
    path = tmp_path / "film.mp4"
    picture = np.zeros((120, 160, 3), np.uint8)
    film = VideoFile(path, 160, 120, 24)
    film.add(picture)
    encode = film._encoder.send

    class Interrupted:
        close = film._encoder.close

        def send(self, data):
            signal.raise_signal(signal.SIGINT)
            encode(data)

    film._encoder = Interrupted()
    # A test run in the background of a shell ignores Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            film.add(picture)
    finally:
        signal.signal(signal.SIGINT, before)
    assert film.finish()
    assert film.count == len(frames_of(path)[1]) == 2


def test_no_half_videos(replay, tmp_path):
    film = write_video(replay, tmp_path / "film.mp4")
    next(film)
    film.close()
    bad = random_play(RecordedGame(generate(3, 2, 1)), ticks=10).replay()
    object.__setattr__(bad, "hashes", (bytes(8),))
    with pytest.raises(ReplayMismatch):
        list(write_video(bad, tmp_path / "film.gif"))
    assert list(tmp_path.iterdir()) == []
