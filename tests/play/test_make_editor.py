"""The editor of `mario make` without a window: keys, history, properties, test play."""

import numpy as np

from gym_mario_suite.engine.world import Button, Status
from gym_mario_suite.levels.maker.course import MakerCourse
from gym_mario_suite.levels.maker.part_limits import course_limits
from gym_mario_suite.levels.maker.parts import AIR
from gym_mario_suite.play.make.commands import BY_KEY, SECTIONS, Do, Tool
from gym_mario_suite.play.make.document import new_course
from gym_mario_suite.play.make.editor import Editor
from gym_mario_suite.play.make.forms import Form, HelpPage
from gym_mario_suite.play.make.palette import stamp_cells
from gym_mario_suite.play.make.trial import Trial, start_near
from tests.play.editing import COIN, GROUND, keys, typed

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


def test_a_stamp_half_outside_of_the_course():
    cells = np.full((14, 30), AIR, np.uint8)
    cells[5:, -2:] = GROUND  # at the other end
    for column in (-47, -1):
        edits = stamp_cells("pipe", cells, (column, 4))
        assert {row for _, row in edits} == set(range(4, 14))


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
