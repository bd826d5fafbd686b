"""Recovery files: what a crash leaves of courses that were not saved."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import typer

from gym_mario_suite.errors import UNREADABLE, LevelError, MarioError
from gym_mario_suite.levels.maker.course import MakerCourse
from gym_mario_suite.levels.maker.course_json import read_course_json, write_course_json
from gym_mario_suite.whole_file import files_in, real_path, write_whole

INTERVAL_S = 5.0  # between two autosaves; what a crash can lose
_TOUCHED_EVERY_S = 5.0
_STALE_S = 30.0  # a file that no editor has touched for so long belongs to none
_FORMAT = "gym-mario-suite/recovery"
_SUFFIX = ".recovery.json"


def recovery_folder() -> Path:
    """The folder for recovery files among the user's data of this package."""
    return Path(typer.get_app_dir("gym-mario-suite")) / "recovery"


@dataclass(frozen=True)
class Left:
    """What an editor that did not end as it should has left.

    Attributes:
        file: The recovery file.
        course: The course.
        path: The course's own file, if it had one.
        age_s: Seconds since it was written.
    """

    file: Path
    course: MakerCourse
    path: Path | None
    age_s: float


class Recovery:
    """Keeps a copy of a course that is not saved, beside the user's settings.

    Args:
        folder: Where; the user's data folder by default.
        clock: Seconds, for tests.
    """

    def __init__(
        self, folder: Path | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.folder = recovery_folder() if folder is None else folder
        self.file = self.folder / f"{os.getpid()}-{time.time_ns():x}{_SUFFIX}"
        self._clock = clock
        self._kept: int | None = None
        self._kept_at = clock()
        self._touched_at = clock()
        self.error = ""

    def keep(
        self,
        version: int,
        modified: bool,
        path: Path | None,
        course: Callable[[], MakerCourse],
        now: bool = False,
    ) -> bool:
        """Write the course if it has changed and the last time is `INTERVAL_S` ago.

        Args:
            version: Grows with every change.
            modified: Whether there is anything that is in no file; otherwise the copy goes.
            path: The course's own file.
            course: Makes the course.
            now: Whether not to wait.

        Returns:
            Whether it was written. A folder that cannot be written to is named in `error`.
        """
        at = self._clock()
        if not modified:
            self.forget()
            self._kept = None
            return False
        if version == self._kept and self.file.exists():
            self._touch(at)
            return False
        if not now and at - self._kept_at < INTERVAL_S:
            return False
        fields = {
            "format": _FORMAT,
            "path": None if path is None else str(real_path(path)),
            "pid": os.getpid(),
            "course": write_course_json(course()),
        }
        self._kept_at = at
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(self.file, json.dumps(fields).encode())
        except (OSError, MarioError) as error:
            self.error = f"no autosave: {error}"
            return False
        self._kept = version
        self.error = ""
        return True

    def begin_anew(self) -> None:
        """Another course comes, whose versions count from the beginning."""
        self._kept = None

    def forget(self) -> None:
        """The course is saved, or given up."""
        with suppress(OSError):
            self.file.unlink(missing_ok=True)

    def _touch(self, at: float) -> None:
        if at - self._touched_at > _TOUCHED_EVERY_S:
            self._touched_at = at
            with suppress(OSError):
                os.utime(self.file)

    def left_behind(self) -> list[Left]:
        """What other editors, which run no more, have left; the newest first."""
        found = []
        with suppress(OSError):
            for file in files_in(self.folder, f"*{_SUFFIX}"):
                with suppress(MarioError, OSError):
                    left = _read(file)
                    if left is not None and file != self.file:
                        found.append(left)
        return sorted(found, key=lambda left: left.age_s)


def _read(file: Path) -> Left | None:
    """What a recovery file holds; None where its editor still runs.

    Raises:
        LevelError: When it is none.
    """
    age_s = time.time() - file.stat().st_mtime
    try:
        fields = json.loads(file.read_text(encoding="utf-8"))
        kind, path, text = fields["format"], fields["path"], fields["course"]
        pid = int(fields["pid"])
    except UNREADABLE as error:
        raise LevelError(f"{file}: not a recovery file: {error}") from None
    if kind != _FORMAT:
        raise LevelError(f"{file}: not a recovery file")
    if not isinstance(text, str) or not isinstance(path, str | None):
        raise LevelError(f"{file}: not a recovery file: course and path are no texts")
    if age_s < _STALE_S and _runs(pid):
        return None
    return Left(file, read_course_json(text), None if path is None else Path(path), age_s)


def _runs(pid: int) -> bool:
    """Whether there may be a process of this number."""
    if sys.platform == "win32":
        return True  # asking there would end it; the file's age has to do
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
