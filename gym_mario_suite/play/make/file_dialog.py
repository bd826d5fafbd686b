"""A path field with completion, and the files of its folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gym_mario_suite.errors import MarioError
from gym_mario_suite.levels.formats.files import FORMATS
from gym_mario_suite.levels.maker.course_files import SUFFIX
from gym_mario_suite.play.make.forms import ACCEPT, CANCEL, Question

SUFFIXES: tuple[str, ...] = tuple(
    dict.fromkeys([SUFFIX, *(s for entry in FORMATS.values() for s in entry.suffixes)])
)
_SHOWN_MOST = 2000


class FileDialog:
    """Asks for a file to open or to save.

    Tab completes the path; up and down choose from the list; enter opens a folder, or takes the
    file. A name without a suffix is saved as `.mmc.json`. An existing file is replaced only after a
    question.

    Args:
        saving: Whether the file is to be written.
        path: The path to begin with.
        accept: Takes the path; what it raises is shown, and the dialog stays.

    Attributes:
        text: The path as typed.
        entries: Folders (with a slash) and files below it that fit what was typed.
        chosen: Number of the entry that is chosen in the list, -1 for the path as typed.
        error: What is wrong, to be shown.
        question: A question to be answered first, or None.
        done: Whether it is to be closed.
    """

    def __init__(self, saving: bool, path: Path, accept: Callable[[Path], None]) -> None:
        self.saving = saving
        self.title = "SAVE AS" if saving else "OPEN"
        path = path.absolute()
        self.text = str(path).rstrip(os.sep) + (os.sep if path.is_dir() else "")
        self.chosen = -1
        self.error = ""
        self.question: Question | None = None
        self.done = False
        self._accept = accept
        self._list()

    @property
    def folder(self) -> Path:
        """The folder that the path leads to."""
        folder, _ = os.path.split(self.text)
        return Path(os.path.expanduser(folder or "."))

    def press(self, key: str, text: str = "") -> None:
        """Take a key."""
        self.error = ""
        match key:
            case "escape":
                self.done = True
            case "return" | "kp_enter":
                self.click(ACCEPT)
            case "down" | "up":
                step = 1 if key == "down" else -1
                self.chosen = min(max(self.chosen + step, -1), len(self.entries) - 1)
            case "pagedown" | "pageup":
                step = 8 if key == "pagedown" else -8
                self.chosen = min(max(self.chosen + step, -1), len(self.entries) - 1)
            case "tab":
                self._complete()
            case "backspace":
                self._type(self.text[:-1])
            case "ctrl+backspace":
                self._type(os.path.split(self.text.rstrip(os.sep))[0].rstrip(os.sep) + os.sep)
            case _:
                if text and text.isprintable():
                    self._type(self.text + text)

    def click(self, target: Any) -> None:
        """Take a click: on an entry (its number; again to take it) or a button."""
        if target == CANCEL:
            self.done = True
        elif target == ACCEPT or target == self.chosen:
            self._take()
        else:
            self.chosen = int(target)

    def _type(self, text: str) -> None:
        self.text = text
        self.chosen = -1
        self._list()

    def _list(self) -> None:
        """The entries of the folder that begin as typed; course files and folders only."""
        _, begun = os.path.split(self.text)
        try:
            found = sorted(self.folder.iterdir(), key=lambda p: p.name.lower())[:_SHOWN_MOST]
        except OSError:
            self.entries = []
            return
        hidden = begun.startswith(".")
        names = [p for p in found if hidden or not p.name.startswith(".")]
        folders = [p.name + os.sep for p in names if p.is_dir()]
        files = [p.name for p in names if p.name.lower().endswith(SUFFIXES) and p.is_file()]
        fitting = [n for n in folders + files if n.lower().startswith(begun.lower())]
        # What is typed may be the name of a file to come.
        self.entries = [".." + os.sep, *fitting]

    def _complete(self) -> None:
        names = self.entries[1:]
        if self.chosen >= 0:
            self._enter(self.entries[self.chosen])
        elif names:
            common = _common_length(names)
            self._type(os.path.join(os.path.split(self.text)[0], names[0][:common]))

    def _enter(self, name: str) -> None:
        if name == ".." + os.sep:
            folder = self.folder.resolve().parent
            self._type(str(folder).rstrip(os.sep) + os.sep)
        else:
            self._type(os.path.join(os.path.split(self.text)[0], name))

    def _take(self) -> None:
        if self.chosen >= 0:
            self._enter(self.entries[self.chosen])
            if self.text.endswith(os.sep):
                return
        path = Path(os.path.expanduser(self.text))
        if self.text.endswith(os.sep) or os.path.isdir(path):
            self._type(self.text.rstrip(os.sep) + os.sep)
            return
        if self.saving and "." not in path.name:
            path = path.with_name(path.name + SUFFIX)
        if self.saving and os.path.exists(path):
            self.question = Question(
                "REPLACE?",
                [f"{path.name} is there already."],
                [("r", "REPLACE IT", lambda: self._give(path)), ("n", "ANOTHER NAME", _nothing)],
            )
            self.question.focus = 1
            return
        self._give(path)

    def _give(self, path: Path) -> None:
        try:
            self.done = True
            self._accept(path)
        except MarioError as error:
            self.error = str(error)
            self.done = False


def _common_length(names: list[str]) -> int:
    """Characters in which all names begin alike, whatever their case."""
    first, last = min(n.lower() for n in names), max(n.lower() for n in names)
    pairs = enumerate(zip(first, last, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(first), len(last)))


def _nothing() -> None:
    """The question goes, and nothing else happens."""
