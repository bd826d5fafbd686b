"""The editor of `mario make` without a window: keys, files, recovery, generators, test play."""

import json
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from gym_mario_suite.engine.world import Button, Status
from gym_mario_suite.errors import LevelError, MarioError
from gym_mario_suite.levels.formats.files import FORMATS
from gym_mario_suite.levels.maker.course import MakerCourse
from gym_mario_suite.levels.maker.course_files import read_course_file, write_course_file
from gym_mario_suite.levels.maker.part_limits import course_limits
from gym_mario_suite.levels.maker.parts import AIR, BY_NAME
from gym_mario_suite.play.make import asking as asking_module
from gym_mario_suite.play.make.asking import Asking, Cancelled, Wish, granted
from gym_mario_suite.play.make.commands import BY_KEY, SECTIONS, Do, Tool
from gym_mario_suite.play.make.document import new_course
from gym_mario_suite.play.make.editor import Editor
from gym_mario_suite.play.make.file_dialog import FileDialog
from gym_mario_suite.play.make.forms import Form, HelpPage, Question
from gym_mario_suite.play.make.palette import stamp_cells
from gym_mario_suite.play.make.recovery import INTERVAL_S, Recovery
from gym_mario_suite.play.make.trial import Trial, start_near

GROUND, COIN, BRICK = (BY_NAME[name].code for name in ("ground", "coin", "brick"))


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def editor(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Editor(new_course(40, 14), limits="none")


def keys(editor, *names):
    for name in names:
        editor.key(name, name if len(name) == 1 else "")


def typed(editor, text):
    for letter in text:
        editor.key({"/": "slash", ".": "period"}.get(letter, letter.lower()), letter)


def wait_for_answer(editor):
    editor.answers.asking.wait()
    editor.advance()


# --- keyboard ---------------------------------------------------------------------------------


def test_a_course_is_painted_by_keys_alone(editor):
    keys(editor, "home", "up", "up")
    row = editor.cursor[1]
    keys(editor, "space", "right", "right", "right")
    editor.key_up("space")
    assert (editor.document.cells[row, :4] == GROUND).all()
    keys(editor, "ctrl+z")
    assert (editor.document.cells[row, :4] == AIR).all()
    keys(editor, "ctrl+y", "tab", "period", "r", "return", "up", "right", "return")
    assert (editor.document.cells[row - 1 : row + 1, 3:5] == editor.hand.entry.part).all()
    keys(editor, "x")
    assert editor.document.cells[row - 1, 4] == AIR
    keys(editor, "m", "shift+m")
    assert editor.document.course.start == editor.cursor
    assert editor.document.course.goal == editor.cursor[0]


def test_escape_takes_a_stroke_back(editor):
    before = editor.document.course
    keys(editor, "return", "up", "up", "escape")
    assert editor.document.course == before
    assert not editor.document.can_undo


def test_select_copy_move_by_keys(editor):
    keys(editor, "home", "space")
    editor.key_up("space")
    keys(editor, "s", "return", "right", "return", "ctrl+c")
    assert editor.hand.selection == (0, 11, 2, 12)
    keys(editor, "shift+up")
    assert editor.document.cells[10, 0] == GROUND
    assert editor.document.cells[11, 0] == AIR
    keys(editor, "ctrl+right", "ctrl+v", "return", "return", "escape", "escape")
    assert editor.hand.tool is Tool.SELECT
    assert editor.document.cells[editor.cursor[1], editor.cursor[0]] == GROUND


def test_every_command_has_a_key_and_none_fails(editor):
    assert {does for does in Do} <= set(BY_KEY.values())
    assert {tool for tool in Tool} - set(BY_KEY.values()) == {
        *(Tool.PICK, Tool.START, Tool.GOAL, Tool.PASTE)
    }
    for rows in SECTIONS.values():
        for row in rows:
            for key in row.keys:
                editor.key(key)
                editor.trial = None
                editor.dialog = None
                editor.answers.cancel()
    assert not editor.closed


def test_zoom_and_scroll_keep_the_cursor_in_sight(editor):
    editor.view.fit(40, 14, 300, 200)
    for name in ("end", "plus", "plus", "pageup", "home", "minus", "minus", "minus", "minus"):
        keys(editor, name)
        x, y = editor.view.place(*editor.cursor)
        assert -1 <= x < 300
        assert -1 <= y < 200
        column, row = editor.view.cell(x, y)
        assert (column, row) == editor.cursor


def test_limits_are_told(tmp_path):
    editor = Editor(new_course(30, 14), limits=course_limits({"coins": 1}))
    editor.hand.choose(next(e for e in _all_entries() if e.part == COIN))
    keys(editor, "r", "return", "right", "return")
    assert editor.message is not None
    assert editor.message.bad
    assert "at most 1 coins" in editor.message.text
    assert (editor.document.cells != COIN).all()


def _all_entries():
    from gym_mario_suite.play.make.palette import CATEGORIES

    return [entry for entries in CATEGORIES.values() for entry in entries]


# --- files ------------------------------------------------------------------------------------


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
    assert "LEAVE PARTS OUT?" in editor.dialog.title
    keys(editor, "c")
    assert not editor.closed
    assert editor.path == path
    keys(editor, "ctrl+q", "s", "s")
    assert isinstance(editor.dialog, FileDialog)
    assert editor.dialog.text.endswith("a.mmc.json")
    keys(editor, "return")
    assert editor.closed
    assert read_course_file(tmp_path / "a.mmc.json") == editor.document.course


def test_a_stamp_half_outside_of_the_course():
    cells = np.full((14, 30), AIR, np.uint8)
    cells[5:, -2:] = GROUND  # at the other end
    for column in (-47, -1):
        edits = stamp_cells("pipe", cells, (column, 4))
        assert {row for _, row in edits} == set(range(4, 14))


def test_an_answer_waits_for_the_end_of_a_stroke(editor):
    editor.document.put({(5, 8): COIN}, "my coin")
    keys(editor, "ctrl+g", "return")
    editor.press((3, 3), 1)
    editor.answers.asking.wait()
    editor.advance()
    assert editor.answers.asking is not None
    editor.release()
    editor.advance()
    assert editor.answers.asking is None
    assert "generator" in editor.document.undo()


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


def test_properties(editor):
    keys(editor, "f2")
    typed(editor, "My Course")
    form = editor.dialog
    assert isinstance(form, Form)
    values = {field.name: field for field in form.fields}
    values["width"].value, values["height"].value = "60", "27"
    values["theme"].press("right", "")
    values["limits"].press("right", "")
    keys(editor, "return")
    course = editor.document.course
    assert (course.name, course.width, course.height) == ("My Course", 60, 27)
    assert course.theme.name == "UNDERGROUND"
    assert editor.document.limits.name == "mm2"
    keys(editor, "ctrl+z")
    assert editor.document.course == new_course(40, 14)
    keys(editor, "f2")
    assert isinstance(editor.dialog, Form)
    next(f for f in editor.dialog.fields if f.name == "height").value = "0"
    keys(editor, "return")
    assert "rows" in editor.dialog.error
    assert editor.document.course == new_course(40, 14)


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


# --- history ----------------------------------------------------------------------------------


def test_undo_within_a_stroke_takes_back_that_stroke_alone(editor):
    for column in range(3):
        editor.document.put({(column, 2): COIN})
    editor.take(Tool.BRUSH)
    editor.hand.begin((10, 2))
    editor.hand.move((11, 2))
    assert editor.document.cells[2, 10] != AIR
    editor.do(Do.UNDO)
    assert editor.document.cells[2, 10:12].tolist() == [AIR, AIR]
    assert editor.document.cells[2, :3].tolist() == [COIN] * 3
    editor.do(Do.UNDO)
    assert editor.document.cells[2, :3].tolist() == [COIN, COIN, AIR]


def test_properties_that_are_refused_leave_the_history_alone(editor):
    editor.document.put({(3, 2): COIN})
    editor.document.undo()
    editor.do(Do.PROPERTIES)
    width = next(field for field in editor.dialog.fields if field.name == "width")
    name = next(field for field in editor.dialog.fields if field.name == "name")
    width.value, name.value = "0", "another"
    keys(editor, "return")
    assert editor.dialog is not None
    assert editor.document.about.name == ""
    keys(editor, "escape")
    editor.do(Do.REDO)
    assert editor.document.cells[2, 3] == COIN
    assert editor.document.about.name == ""


def test_paths_that_cannot_be_are_told_in_the_dialog(editor):
    editor.desk.save_as()
    for text in ("~nobody-here/", "x" * 300):
        editor.dialog.text = ""
        for letter in text:
            editor.dialog.press(letter, letter)
        editor.dialog.press("return")
        assert not editor.dialog.done


# --- generators -------------------------------------------------------------------------------


def course_with_a_key():
    cells = np.array(new_course(60, 14).cells)
    cells[3, 30] = BY_NAME["key"].code
    cells[5, 10] = BY_NAME["koopa_red_winged"].code
    return MakerCourse(cells)


def test_inpainting_changes_the_region_only_and_keeps_limits():
    course = course_with_a_key()
    limits = course_limits({"enemies": 1, "objects": 12})
    found = granted(Wish("tile-diffusion", 5, (20, 0, 40, 14)), course, limits)
    outside = np.ones(course.cells.shape, bool)
    outside[:, 20:40] = False
    assert (found == course.cells)[outside].all()
    assert (found != course.cells).any()
    assert limits.violations(found) == []
    again = granted(Wish("tile-diffusion", 5, (20, 0, 40, 14)), course, limits)
    np.testing.assert_array_equal(found, again)
    other = granted(Wish("tile-diffusion", 6, (20, 0, 40, 14)), course, limits)
    assert (other != found).any()


@pytest.mark.parametrize("size", [(5, 7), (100, 15), (30, 27)])
def test_inpainting_works_in_courses_of_any_size(size):
    course = new_course(*size)
    found = granted(Wish("tile-diffusion", 1, (1, 0, 4, size[1])), course, course_limits("mm2"))
    assert found.shape == course.cells.shape
    assert (found[:, 4:] == course.cells[:, 4:]).all()


@pytest.mark.parametrize("generator", ["infinite", "ngram", "vae", "tile-diffusion"])
def test_a_whole_course_of_a_generator(generator):
    limits = course_limits({"enemies": 2})
    found = granted(Wish(generator, 3, None), new_course(60, 15), limits)
    assert found.shape[0] >= 14
    assert limits.violations(found) == []
    assert (found == GROUND).any()


def test_asking_is_one_step_and_seeds_are_stepped_in_place(editor):
    before = editor.document.course
    editor.hand.selection = (12, 0, 28, 14)
    keys(editor, "ctrl+g", "return")
    assert editor.answers.asking is not None
    wait_for_answer(editor)
    first = editor.document.course
    assert first != before
    keys(editor, "n")
    wait_for_answer(editor)
    second = editor.document.course
    assert second != first
    keys(editor, "shift+n")
    wait_for_answer(editor)
    assert editor.document.course == first
    keys(editor, "ctrl+z")
    assert editor.document.course == before
    assert not editor.document.can_undo


def test_a_cancelled_generator_changes_nothing(editor, monkeypatch):
    begun = []

    def slow(wish, course, limits, watch):
        for step in range(500):
            begun.append(step)
            watch(step / 500)
            time.sleep(0.01)
        return course.cells

    monkeypatch.setattr(asking_module, "granted", slow)
    before = editor.document.course
    keys(editor, "ctrl+g", "return")
    while not begun:
        time.sleep(0.005)
    editor.document.put({(0, 0): COIN})  # the editor goes on meanwhile
    keys(editor, "escape")
    wait_for_answer(editor)
    assert len(begun) < 400
    assert editor.message is not None
    assert "stopped" in editor.message.text
    assert editor.document.undo() is not None
    assert editor.document.course == before


def test_a_wish_does_not_wait_for_a_cancelled_one_that_never_looks(monkeypatch):
    released = threading.Event()

    def granted(wish, course, limits, watch):
        if wish.seed == 0:
            released.wait(30)
        return course.cells

    monkeypatch.setattr(asking_module, "granted", granted)
    course, limits = new_course(), course_limits("none")
    first = Asking(Wish("wfc", 0, None), course, limits)
    first.cancel()
    second = Asking(Wish("wfc", 1, None), course, limits)
    second.wait()
    assert not first.over
    assert (second.answer() == course.cells).all()
    released.set()
    first.wait()
    with pytest.raises(Cancelled):
        first.answer()


def test_the_network_stops_at_its_next_look():
    looks = []

    def watch(share):
        looks.append(share)
        if share > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        granted(Wish("tile-diffusion", 0, None), new_course(60, 14), course_limits("none"), watch)
    assert 1 <= len(looks) < 8


def test_what_a_generator_cannot_is_said(editor):
    asked = Asking(Wish("ngram", 0, (0, 0, 5, 5)), new_course(), course_limits("none"))
    asked.wait()
    with pytest.raises(MarioError, match="only tile-diffusion"):
        asked.answer()
    keys(editor, "n")
    assert editor.message is not None
    assert "ctrl+G" in editor.message.text


# --- test play --------------------------------------------------------------------------------


def play(trial, buttons, ticks):
    episode = trial.begin()
    for tick in range(ticks):
        episode.tick(buttons if tick else 0)
        if episode.over:
            break
    trial.keep()
    return episode


def test_play_from_any_column_and_where_mario_died():
    cells = np.array(new_course(60, 14).cells)
    cells[:, 30:40] = AIR
    course = MakerCourse(cells)
    run = int(Button.RIGHT | Button.SPEED)
    for cell in ((0, 5), (20, 0), (29, 11)):
        trial = Trial(course, start_near(course, cell))
        episode = play(trial, run, 400)
        assert episode.game.status == Status.DEAD
        assert abs(trial.path[0, 0] / 16 - cell[0]) < 1.5
        assert 29 <= trial.deaths[0][0] / 16 <= 41
        trial.keep()
        assert len(trial.deaths) == 1
    assert start_near(course, (33, 3)) == (29, 11)
    assert start_near(MakerCourse(np.zeros((5, 5), np.uint8)), (2, 2)) == (2, -1)
    won = Trial(course, (45, 11))
    play(won, run, 400)
    assert won.wins == 1


def test_tall_courses_play_where_their_cells_are():
    course = new_course(40, 27)
    trial = Trial(course, start_near(course, (10, 20)))
    play(trial, 0, 20)
    assert abs(trial.path[-1, 1] / 16 - 25) < 1.1


def test_the_editor_shows_what_came_of_a_test(editor):
    editor.document.put({(x, y): AIR for x in range(15, 40) for y in (12, 13)})
    keys(editor, "f5")
    assert editor.trial is not None
    trial = editor.trial
    play(trial, int(Button.RIGHT), 600)
    editor.played_trial(trial)
    assert editor.trial is None
    assert len(editor.deaths) == 1
    assert len(editor.played) > 50
    assert editor.message is not None
    assert "died at column" in editor.message.text
    keys(editor, "w")
    assert not editor.played_way


def test_help_and_any_key(editor):
    keys(editor, "f1")
    assert isinstance(editor.dialog, HelpPage)
    keys(editor, "a")
    assert editor.dialog is None


def test_opening_a_folder_or_nothing_is_refused(editor, tmp_path):
    with pytest.raises(LevelError):
        editor.desk.open(tmp_path)
    write_course_file(tmp_path / "big.mmc.json", new_course(300, 30))
    editor.document.describe(limits=course_limits("mm2"))
    editor.desk.open(tmp_path / "big.mmc.json")
    assert editor.message is not None
    assert "beyond the limits" in editor.message.text
