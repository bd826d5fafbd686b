"""The files of `mario make`: saved, opened, replaced, and what is recovered after a crash."""

import json
from pathlib import Path

import numpy as np
import pytest

from gym_mario_suite.errors import LevelError, MarioError
from gym_mario_suite.levels.formats.files import FORMATS
from gym_mario_suite.levels.maker.course import MakerCourse
from gym_mario_suite.levels.maker.course_files import read_course_file, write_course_file
from gym_mario_suite.levels.maker.part_limits import course_limits
from gym_mario_suite.levels.maker.parts import BY_NAME
from gym_mario_suite.play.make.document import new_course
from gym_mario_suite.play.make.editor import Editor
from gym_mario_suite.play.make.file_dialog import FileDialog
from gym_mario_suite.play.make.forms import Form, Question
from gym_mario_suite.play.make.recovery import INTERVAL_S, Recovery
from tests.play.editing import BRICK, COIN, GROUND, keys, typed


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def test_save_as_open_and_the_question_before_losing_changes(editor, tmp_path):
    keys(editor, "space")
    editor.key_up("space")
    keys(editor, "ctrl+s")
    assert isinstance(editor.dialog, FileDialog)
    for _ in range(40):
        keys(editor, "backspace")
        if editor.dialog.text.endswith("/"):
            break
    typed(editor, "mine")
    keys(editor, "return")
    assert editor.dialog is None
    assert editor.path == tmp_path / "mine.mmc.json"
    assert not editor.document.modified
    saved = read_course_file(tmp_path / "mine.mmc.json")
    assert saved == editor.document.course
    keys(editor, "right", "space")
    editor.key_up("space")
    keys(editor, "ctrl+n")
    assert isinstance(editor.dialog, Question)
    keys(editor, "c")
    assert editor.dialog is None
    keys(editor, "ctrl+n", "d")
    assert isinstance(editor.dialog, Form)
    keys(editor, "return")
    assert editor.path is None
    keys(editor, "ctrl+o")
    typed(editor, "mi")
    keys(editor, "tab", "return")
    assert editor.document.course == saved
    keys(editor, "space")
    editor.key_up("space")
    keys(editor, "ctrl+q", "s")
    assert editor.closed
    assert read_course_file(tmp_path / "mine.mmc.json") == editor.document.course


def test_every_format_is_saved_and_opened(editor, tmp_path):
    editor.document.put({(5, 8): COIN, (6, 8): BRICK})
    names = [f"a{entry.suffixes[0]}" for entry in FORMATS.values()] + ["a.mmc.json"]
    for name in names:
        editor.desk._write(tmp_path / name)
        cells = editor.document.course.cells
        editor.desk.open(tmp_path / name)
        found = editor.document.course.cells[-14:]
        assert found[8, 5] == COIN, name
        assert (found[-2:, :-1] == cells[-2:, :-1]).mean() > 0.9, name
        editor.load(MakerCourse(cells), None, editor.document.limits)


def test_parts_that_a_format_cannot_hold_are_not_lost_unsaid(editor, tmp_path):
    editor.document.put({(5, 8): BY_NAME["thwomp"].code})
    path = tmp_path / "a.txt"
    editor.desk._write(path)
    assert "cannot hold 1 parts" in editor.message.text
    assert editor.document.modified
    keys(editor, "ctrl+q", "s")
    assert isinstance(editor.dialog, Question)
    assert editor.dialog.title == "LEAVE SOMETHING OUT?"
    keys(editor, "c")
    assert not editor.closed
    assert editor.path == path
    keys(editor, "ctrl+q", "s", "s")
    assert isinstance(editor.dialog, FileDialog)
    assert editor.dialog.text.endswith("a.mmc.json")
    keys(editor, "return")
    assert editor.closed
    assert read_course_file(tmp_path / "a.mmc.json") == editor.document.course


def test_a_start_that_the_games_file_cannot_hold_is_not_lost_unsaid(editor, tmp_path):
    editor.document.describe(start=(9, 3), goal=30)
    path = tmp_path / "a.course"
    editor.desk._write(path)
    assert "cannot hold the start," in editor.message.text
    assert editor.document.modified
    editor.desk._write(tmp_path / "a.txt")
    assert "cannot hold the start and the goal," in editor.message.text
    editor.desk._write(tmp_path / "a.json")
    assert not editor.document.modified
    assert read_course_file(tmp_path / "a.json") == editor.document.course
    editor.document.put({(5, 8): COIN})
    editor.desk._write(path)
    keys(editor, "ctrl+q", "s")
    assert isinstance(editor.dialog, Question)
    keys(editor, "l")
    assert editor.closed


def test_parts_may_be_left_out(editor, tmp_path):
    editor.document.put({(5, 8): BY_NAME["thwomp"].code})
    editor.desk._write(tmp_path / "a.txt")
    keys(editor, "ctrl+q", "s", "l")
    assert editor.closed
    assert (tmp_path / "a.txt").exists()


def test_a_save_that_fails_leaves_the_old_file(editor, tmp_path, monkeypatch):
    path = tmp_path / "a.mmc.json"
    editor.desk._write(path)
    old = path.read_bytes()
    editor.document.put({(5, 8): COIN})

    def no_space(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", no_space)
    keys(editor, "ctrl+s")
    assert editor.message is not None
    assert "No space left" in editor.message.text
    assert path.read_bytes() == old
    assert editor.document.modified
    assert list(tmp_path.iterdir()) == [path]


def test_an_unreadable_file_keeps_the_course(editor, tmp_path):
    (tmp_path / "bad.mmc.json").write_text("{")
    before = editor.document.course
    keys(editor, "ctrl+o")
    typed(editor, "bad.mmc.json")
    keys(editor, "return")
    assert isinstance(editor.dialog, FileDialog)
    assert "bad.mmc.json" in editor.dialog.error
    assert editor.document.course == before


def test_an_existing_file_is_replaced_only_when_asked(editor, tmp_path):
    path = tmp_path / "there.mmc.json"
    path.write_text("old")
    dialog = FileDialog(True, path, editor.desk._write)
    dialog.press("return")
    assert dialog.question is not None
    dialog.question.press("n")
    assert path.read_text() == "old"
    again = FileDialog(True, path, editor.desk._write)
    again.press("return")
    assert again.question is not None
    again.question.press("r")
    assert read_course_file(path) == editor.document.course


def test_the_list_of_files(tmp_path):
    for name in ("b.mmc.json", "a.TXT", "picture.png", ".hidden.mmc.json"):
        (tmp_path / name).write_text("")
    (tmp_path / "folder").mkdir()
    taken = []
    dialog = FileDialog(False, tmp_path, taken.append)
    assert dialog.entries == ["../", "folder/", "a.TXT", "b.mmc.json"]
    for key in ("down", "down"):
        dialog.press(key)
    dialog.press("return")
    assert dialog.folder == tmp_path / "folder"
    dialog.press("down")
    dialog.press("return")
    assert dialog.folder == tmp_path
    dialog.press("period", ".")
    assert dialog.entries == ["../", ".hidden.mmc.json"]


def test_paths_that_cannot_be_are_told_in_the_dialog(editor):
    editor.desk.save_as()
    for text in ("~nobody-here/", "x" * 300):
        editor.dialog.text = ""
        for letter in text:
            editor.dialog.press(letter, letter)
        editor.dialog.press("return")
        assert not editor.dialog.done


def test_opening_a_folder_or_nothing_is_refused(editor, tmp_path):
    with pytest.raises(LevelError):
        editor.desk.open(tmp_path)
    write_course_file(tmp_path / "big.mmc.json", new_course(300, 30))
    editor.document.describe(limits=course_limits("mm2"))
    editor.desk.open(tmp_path / "big.mmc.json")
    assert editor.message is not None
    assert "beyond the limits" in editor.message.text


# --- recovery ---------------------------------------------------------------------------------


def test_autosave_at_most_every_five_seconds_and_gone_when_saved(tmp_path):
    clock = Clock()
    recovery = Recovery(tmp_path / "recovery", clock)
    editor = Editor(new_course(), tmp_path / "a.mmc.json", "none", recovery, clock)
    editor.advance()
    assert not recovery.file.exists()
    written = []
    for step in range(200):
        clock.now += 0.1
        editor.document.put({(step % 90, 2): (COIN, BRICK, GROUND)[step // 90]})
        before = recovery.file.stat().st_mtime_ns if recovery.file.exists() else 0
        editor.advance()
        if recovery.file.exists() and recovery.file.stat().st_mtime_ns != before:
            written.append(clock.now)
    gaps = np.diff([100.0, *written])
    assert len(written) >= 3
    assert gaps.max() <= INTERVAL_S + 0.2
    assert gaps.min() >= INTERVAL_S - 0.2
    editor.desk.save()
    editor.advance()
    assert not recovery.file.exists()


def test_what_an_editor_left_is_offered(tmp_path, monkeypatch):
    folder = tmp_path / "recovery"
    first = Editor(new_course(), tmp_path / "a.mmc.json", "none", Recovery(folder))
    first.document.put({(3, 3): COIN})
    first.autosave(now=True)
    # While that one runs nothing is offered.
    assert Recovery(folder).left_behind() == []
    monkeypatch.setattr("gym_mario_suite.play.make.recovery._runs", lambda pid: False)
    recovery = Recovery(folder)
    second = Editor(new_course(), None, "none", recovery)
    second.advance()
    second.desk.offer(recovery.left_behind())
    assert isinstance(second.dialog, Question)
    keys(second, "r")
    assert second.document.course == first.document.course
    assert second.path == tmp_path / "a.mmc.json"
    assert second.document.modified
    # What was recovered is kept again before the old file goes.
    assert [recovery.file] == list(folder.glob("*"))
    second.advance()
    assert Recovery(folder).left_behind()[0].course == first.document.course
    (folder / "broken.recovery.json").write_text("{")
    assert [left.course for left in Recovery(folder).left_behind()] == [first.document.course]


def test_a_recovery_folder_that_cannot_be_written_is_said_once(tmp_path):
    (tmp_path / "file").write_text("")
    editor = Editor(new_course(), None, "none", Recovery(tmp_path / "file" / "recovery"))
    editor.document.put({(3, 3): COIN})
    editor.autosave(now=True)
    assert editor.message is not None
    assert "no autosave" in editor.message.text


def test_what_was_left_stays_while_it_is_in_no_other_file(tmp_path, monkeypatch):
    folder = tmp_path / "recovery"
    left = Editor(new_course(), None, "none", Recovery(folder))
    left.document.put({(3, 3): COIN})
    left.autosave(now=True)
    monkeypatch.setattr("gym_mario_suite.play.make.recovery._runs", lambda pid: False)
    recovery = Recovery(folder)

    def full(path, data):
        raise MarioError("No space left on device")

    for keeps in (recovery, None):
        editor = Editor(new_course(), None, "none", keeps)
        with monkeypatch.context() as patch:
            patch.setattr("gym_mario_suite.play.make.recovery.write_whole", full)
            editor.desk.offer(recovery.left_behind())
            keys(editor, "r")
        assert editor.document.course == left.document.course
        assert len(list(folder.glob("*"))) == 1


def test_a_copy_that_somebody_deleted_is_written_again(tmp_path):
    recovery = Recovery(tmp_path)
    editor = Editor(new_course(), None, "none", recovery)
    editor.document.put({(3, 3): COIN})
    editor.autosave(now=True)
    recovery.file.unlink()
    editor.autosave(now=True)
    assert recovery.file.exists()


@pytest.mark.parametrize("change", [{"course": 5}, {"path": 5}, {"pid": 1e999}, {"course": None}])
def test_damaged_recovery_files_are_passed_over(tmp_path, change):
    recovery = Recovery(tmp_path)
    editor = Editor(new_course(), None, "none", recovery)
    editor.document.put({(3, 3): COIN})
    editor.autosave(now=True)
    file = recovery.file
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    assert Recovery(tmp_path).left_behind() == []
