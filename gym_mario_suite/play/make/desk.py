"""Files, properties and the generators' form: what the editor asks before it does it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from gym_mario_suite.errors import MarioError
from gym_mario_suite.levels.formats.course import Style
from gym_mario_suite.levels.generators import GENERATORS
from gym_mario_suite.levels.maker.course import CourseTheme
from gym_mario_suite.levels.maker.course_files import (
    SUFFIX,
    left_out,
    read_course_file,
    write_course_file,
)
from gym_mario_suite.levels.maker.part_limits import CourseLimits, course_limits
from gym_mario_suite.play.make.answers import Answers
from gym_mario_suite.play.make.asking import INPAINTERS, Box, Wish
from gym_mario_suite.play.make.commands import Do
from gym_mario_suite.play.make.document import LimitError, new_course
from gym_mario_suite.play.make.file_dialog import FileDialog
from gym_mario_suite.play.make.forms import Field, Form, Question
from gym_mario_suite.play.make.recovery import Left
from gym_mario_suite.play.make.workbench import Workbench
from gym_mario_suite.whole_file import file_name

_PROFILES = ("mm2", "smb", "none")
_SEED_STYLE = "the seed's"
_STYLES = (_SEED_STYLE, "smb", "smb2j", "sml", "infinite")
_AUTOMATIC, _PLACED = "automatic", "as placed"
_LAST = "last column"
# Files of these say of all parts which they are; those of levels, what is played alike.
_OF_PARTS = (SUFFIX, ".course", ".course.z")


class Desk:
    """Opens and saves the editor's course, and asks for what that needs.

    Args:
        bench: What is worked at.
        answers: What generators are asked for.
    """

    def __init__(self, bench: Workbench, answers: Answers) -> None:
        self._bench = bench
        self._answers = answers
        self._folder = Path.cwd()

    def do(self, does: Do) -> None:
        """Run one of the commands that are the desk's."""
        match does:
            case Do.NEW:
                self._unless_unsaved("a new course", self._ask_new)
            case Do.OPEN:
                self._unless_unsaved("opening another course", self._ask_open)
            case Do.SAVE:
                self.save()
            case Do.SAVE_AS:
                self.save_as()
            case Do.PROPERTIES:
                self._ask_properties()
            case Do.ASK:
                self._ask_generator()
            case Do.QUIT:
                self.quit()

    # --- files ----------------------------------------------------------------------------------

    def save(self, then: Callable[[], None] | None = None) -> None:
        """Save the course to its file, or ask for one.

        Raises:
            MarioError: When it cannot be written; the file keeps what it held.
        """
        bench = self._bench
        if bench.path is None:
            self.save_as(then)
            return
        self._write(bench.path, then)

    def save_as(self, then: Callable[[], None] | None = None, proposed: Path | None = None) -> None:
        """Ask for a file and save the course there."""
        bench = self._bench
        name = file_name(bench.document.about.name or "course", SUFFIX)
        path = proposed or bench.path or self._folder / name

        def accept(chosen: Path) -> None:
            self._write(chosen, then)

        bench.dialog = FileDialog(True, path, accept)

    def _write(self, path: Path, then: Callable[[], None] | None = None) -> None:
        bench = self._bench
        bench.hand.end()
        document = bench.document
        write_course_file(path, document.course)
        bench.path = path
        self._folder = path.parent
        lost = " and ".join(left_out(path, document.course))
        if lost:
            bench.notify(f"saved {path.name}: it cannot hold {lost}, use {SUFFIX} to keep all")
        else:
            document.mark_saved()
            if bench.recovery is not None:
                bench.recovery.forget()
            whole = path.name.lower().endswith(_OF_PARTS)
            tiles = "" if whole else f": {path.suffix} holds tiles, {SUFFIX} all"
            bench.notify(f"saved {path.name}{tiles}")
        if then is None:
            return
        if not lost:
            then()
            return
        # What comes next takes away the message, and the only course that has all there is of it.
        bench.dialog = Question(
            "LEAVE SOMETHING OUT?",
            [f"{path.name} is saved, but", f"cannot hold {lost}."],
            [
                ("s", f"SAVE ALL ({SUFFIX})", lambda: self.save_as(then, path.with_suffix(SUFFIX))),
                ("l", "LEAVE IT OUT", then),
                ("c", "CANCEL", lambda: None),
            ],
        )

    def open(self, path: Path) -> None:
        """Take the course of a file.

        Raises:
            LevelError: When it cannot be read; the present course stays.
        """
        bench = self._bench
        course = read_course_file(path)
        limits = bench.document.limits
        bench.load(course, path, limits)
        self._folder = path.parent
        wrong = course.violations(limits)
        if wrong:
            bench.refuse(f"beyond the limits {limits.name}: {wrong[0]}")
        else:
            bench.notify(f"opened {path.name}")

    def _ask_open(self) -> None:
        bench = self._bench
        folder = bench.path.parent if bench.path is not None else self._folder
        bench.dialog = FileDialog(False, folder, self.open)

    def quit(self) -> None:
        """End the editor, after a question if something is not saved."""
        self._unless_unsaved("quitting", self._close)

    def _close(self) -> None:
        bench = self._bench
        self._answers.cancel()
        if bench.recovery is not None:
            bench.recovery.forget()
        bench.closed = True

    def _unless_unsaved(self, before: str, then: Callable[[], None]) -> None:
        """Do it, or first ask whether what is not saved may be lost."""
        bench = self._bench
        bench.hand.end()
        if not bench.document.modified:
            then()
            return
        name = "The course" if bench.path is None else bench.path.name
        bench.dialog = Question(
            "SAVE FIRST?",
            [f"{name} has changes that are not saved.", f"Save them before {before}?"],
            [
                ("s", "SAVE", lambda: self.save(then)),
                ("d", "DISCARD", then),
                ("c", "CANCEL", lambda: None),
            ],
        )

    def offer(self, left: list[Left]) -> None:
        """Offer what a crash has left."""
        if not left:
            return
        first, bench = left[0], self._bench
        minutes = int(first.age_s // 60)
        when = f"{minutes} minutes ago" if minutes else "just now"
        if minutes > 120:
            when = f"{minutes // 60} hours ago"
        what = first.course.name or (first.path.name if first.path else "a course without a name")

        def recover() -> None:
            bench.load(first.course, first.path, bench.document.limits)
            bench.document.mark_unsaved()
            bench.autosave(now=True)
            # Where it could not be kept anew, what the crash has left is the only copy.
            if bench.recovery is not None and not bench.recovery.error:
                _delete(first.file)
            bench.notify("recovered: save it to keep it")

        def discard() -> None:
            _delete(first.file)
            self.offer(left[1:])

        bench.dialog = Question(
            "RECOVER?",
            ["An editor ended before this was saved:", f"{what}, {when}."],
            [("r", "RECOVER", recover), ("d", "DISCARD", discard), ("l", "LATER", lambda: None)],
        )

    # --- forms ----------------------------------------------------------------------------------

    def _ask_new(self) -> None:
        bench = self._bench
        limits = bench.document.limits

        def accept(values: dict[str, Any]) -> None:
            course = new_course(values["width"], values["height"])
            profile = _limits(values["limits"], limits)
            wrong = course.violations(profile)
            if wrong:
                raise LimitError(f"{profile.name}: {wrong[0]}")
            bench.load(course, None, profile)

        bench.dialog = Form(
            "NEW COURSE",
            [
                Field("width", "WIDTH", "100", number=True),
                Field("height", "HEIGHT", "14", number=True),
                Field("limits", "LIMITS", _limits_name(limits), _limit_choices(limits)),
            ],
            accept,
            "the game has up to 240 columns and 27 rows",
        )

    def _ask_properties(self) -> None:
        bench = self._bench
        document, about = bench.document, bench.document.about
        start = _AUTOMATIC if about.start is None else _PLACED
        starts = (_AUTOMATIC,) if about.start is None else (_AUTOMATIC, _PLACED)
        goal = _LAST if about.goal is None else _PLACED
        goals = (_LAST,) if about.goal is None else (_LAST, _PLACED)

        def accept(values: dict[str, Any]) -> None:
            fields: dict[str, Any] = {
                "name": values["name"],
                "description": values["description"],
                "style": Style[values["style"]],
                "theme": CourseTheme[values["theme"].upper().replace(" ", "_")],
                "timer_s": values["timer_s"],
                "limits": _limits(values["limits"], about.limits),
            }
            if values["start"] == _AUTOMATIC:
                fields["start"] = None
            if values["goal"] == _LAST:
                fields["goal"] = None
            document.begin("properties")
            try:
                document.describe(**fields)
                document.resize(values["width"], values["height"])
            except MarioError:
                document.abandon()
                raise
            document.end()
            bench.hand.clip_selection()
            bench.move_cursor(0, 0)
            wrong = document.course.violations(document.limits)
            if wrong:
                bench.refuse(f"beyond the limits {document.limits.name}: {wrong[0]}")

        themes = tuple(theme.name.lower().replace("_", " ") for theme in CourseTheme)
        bench.dialog = Form(
            "PROPERTIES",
            [
                Field("name", "NAME", about.name, width=32),
                Field("description", "ABOUT", about.description, width=75),
                Field("style", "STYLE", about.style.name, tuple(style.name for style in Style)),
                Field("theme", "THEME", about.theme.name.lower().replace("_", " "), themes),
                Field("timer_s", "SECONDS", str(about.timer_s), number=True),
                Field("width", "WIDTH", str(document.width), number=True),
                Field("height", "HEIGHT", str(document.height), number=True),
                Field("start", "START", start, starts),
                Field("goal", "GOAL", goal, goals),
                Field("limits", "LIMITS", _limits_name(about.limits), _limit_choices(about.limits)),
            ],
            accept,
            "rows change at the top, columns at the right",
        )

    def _ask_generator(self) -> None:
        bench = self._bench
        box: Box | None = bench.hand.selection
        last = self._answers.last_wish
        regions = ("selection", "whole course") if box is not None else ("whole course",)
        generator = last.generator if last is not None else INPAINTERS[0]
        if box is not None and generator not in INPAINTERS:
            generator = INPAINTERS[0]

        def accept(values: dict[str, Any]) -> None:
            region = box if values["region"] == "selection" else None
            if region is not None and values["generator"] not in INPAINTERS:
                raise MarioError(f"only {INPAINTERS[0]} draws a selection; choose the whole course")
            style = "" if values["style"] == _SEED_STYLE else values["style"]
            if values["seed"] < 0:
                raise MarioError("seeds are 0 and up")
            self._answers.ask(Wish(values["generator"], values["seed"], region, style))

        bench.dialog = Form(
            "ASK THE GENERATOR",
            [
                Field("region", "REGION", regions[0], regions),
                Field("generator", "GENERATOR", generator, tuple(GENERATORS)),
                Field("seed", "SEED", str(last.seed if last else 0), width=10, number=True),
                Field("style", "STYLE", (last.style if last else "") or _SEED_STYLE, _STYLES),
            ],
            accept,
            "N and shift+N step the seed, ctrl+Z undoes",
        )


def _limits_name(limits: CourseLimits) -> str:
    return limits.name


def _limit_choices(limits: CourseLimits) -> tuple[str, ...]:
    return _PROFILES if limits.name in _PROFILES else (limits.name, *_PROFILES)


def _limits(name: str, present: CourseLimits) -> CourseLimits:
    return present if name == present.name else course_limits(name)


def _delete(file: Path) -> None:
    with suppress(OSError):
        file.unlink(missing_ok=True)
