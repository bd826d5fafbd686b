from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pygame")
pytest.importorskip("onnxruntime")

from gym_mario_suite.dream.runtime import open_model
from gym_mario_suite.dream.spawns import built_in_spawns, spawn_of_image
from gym_mario_suite.engine.world import Status
from gym_mario_suite.play.actions import Action
from gym_mario_suite.play.dream_painter import SIZE_PX, DreamPainter
from gym_mario_suite.play.dream_session import DreamSession

TICK_NS = 1_000_000_000 // 24 + 1


@pytest.fixture
def session() -> DreamSession:
    return DreamSession(open_model(), built_in_spawns()[:2])


def test_the_engine_runs_beside_with_the_same_keys(session: DreamSession) -> None:
    assert session.engine is not None
    twin = built_in_spawns()[0].game()
    session.press(18)
    for _ in range(6):
        session.advance(TICK_NS)
        twin.tick(18)
    assert session.ticks == 6
    assert session.engine.to_bytes() == twin.to_bytes()
    assert session.tracking_error_px is not None
    assert session.tracking_error_px >= 0
    assert session.buttons == 18


def test_a_short_press_counts_for_one_tick(session: DreamSession) -> None:
    session.press(0, taps=8)
    session.advance(TICK_NS)
    assert session.buttons == 8
    session.advance(TICK_NS)
    assert session.buttons == 0


def test_commands(session: DreamSession) -> None:
    session.command(Action.PAUSE)
    assert session.advance(10 * TICK_NS) == 0
    session.command(Action.STEP)
    assert (session.ticks, session.paused) == (1, True)
    session.command(Action.START)
    assert session.advance(TICK_NS) == 1
    session.command(Action.RESTART)
    assert session.ticks == 0
    assert np.array_equal(session.frame, built_in_spawns()[0].frames[-1])
    session.command(Action.NEXT)
    assert session.spawn.name == "spawn-01"
    session.command(Action.NEXT)
    assert session.spawn.name == "spawn-00"
    session.command(Action.SLOW)
    session.command(Action.FASTER)
    assert session.pace == 0.5


def test_a_picture_has_no_engine_and_can_be_dreamt_from() -> None:
    frames: list[np.ndarray] = []
    picture = np.zeros((120, 160, 3), np.uint8)
    session = DreamSession(open_model(), [spawn_of_image(picture)], steps=2, listener=frames.append)
    session.denoising = True
    session.press(2)
    session.advance(TICK_NS)
    assert session.engine is None
    assert session.tracking_error_px is None
    assert len(session.stages) == 2
    assert len(frames) == 1
    assert DreamPainter(session).paint().shape == (SIZE_PX[1], SIZE_PX[0], 3)


def test_the_picture_shows_both_games(session: DreamSession) -> None:
    painter = DreamPainter(session)
    session.advance(TICK_NS)
    pixels = painter.paint().copy()
    assert np.array_equal(pixels[40:200:2, 0:320:2], session.frame[20:100])
    assert session.engine is not None
    assert session.engine.status == Status.RUNNING
    assert pixels[40:200, 320:].std() > 5
    session.command(Action.GRID)
    alone = painter.paint()
    assert alone[40:200, :160].max() == 0


def test_the_window_opens_and_closes(tmp_path: Path) -> None:
    from gym_mario_suite.cli import main

    with pytest.raises(SystemExit) as ended:
        main(["play", "dream", "--max-frames", "2", "--record", str(tmp_path / "d.mp4")])
    assert ended.value.code == 0
    with pytest.raises(SystemExit) as ended:
        main(["play", "dream", "--spawn", "77"])
    assert ended.value.code == 2


def test_without_a_screen_no_film_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from gym_mario_suite.cli import main
    from gym_mario_suite.datasets import video

    monkeypatch.setenv("SDL_VIDEODRIVER", "no-such-driver")
    monkeypatch.setattr(video, "VideoFile", lambda *_: pytest.fail("it was begun"))
    with pytest.raises(SystemExit) as ended:
        main(["play", "dream", "--record", str(tmp_path / "d.mp4")])
    assert ended.value.code == 2
    assert "cannot open a window" in capsys.readouterr().err
