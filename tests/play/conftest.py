"""A player without a past, one who follows a script, and an editor of courses."""

import time
from pathlib import Path
from typing import Any

import pytest

from gym_mario_suite.play.make.document import new_course
from gym_mario_suite.play.make.editor import Editor


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of its own: nobody's keys are read, nobody's work is written over."""
    for name in ("XDG_CONFIG_HOME", "APPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def script(home: Path, monkeypatch: pytest.MonkeyPatch) -> dict[int, list[Any]]:
    """Events by the number of the frame in which they come, or functions that make them."""
    pygame = pytest.importorskip("pygame", reason="needs pygame-ce, of the extra `play`")
    from gym_mario_suite.display.screen import Screen

    frames: dict[int, list[Any]] = {}
    count = iter(range(1_000_000))

    def get() -> list[Any]:
        pygame.event.pump()
        events = frames.get(next(count), [])
        return [event() if callable(event) else event for event in events]

    monkeypatch.setattr(pygame.event, "get", get)
    monkeypatch.setattr(Screen, "wait", lambda self: time.sleep(1 / 240))
    return frames


@pytest.fixture
def editor(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Editor(new_course(40, 14), limits="none")
