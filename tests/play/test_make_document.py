"""The document of `mario make`: edits, limits, undo, the live solver; and the tools over it."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from gym_mario_suite.errors import LevelError
from gym_mario_suite.levels.formats.course import Style
from gym_mario_suite.levels.maker.course import CourseTheme, MakerCourse
from gym_mario_suite.levels.maker.part_limits import course_limits
from gym_mario_suite.levels.maker.parts import AIR, BY_NAME, N_PARTS, PARTS, TILE_OF
from gym_mario_suite.levels.solver import solve
from gym_mario_suite.play.make.commands import Tool
from gym_mario_suite.play.make.document import Document, LimitError, new_course
from gym_mario_suite.play.make.hand import Hand, flipped
from gym_mario_suite.play.make.palette import CATEGORIES, category_of, entry_of, stamp_cells
from gym_mario_suite.play.make.shapes import flood_cells, line_cells, rectangle_cells

GOOMBA, COIN, GROUND = (BY_NAME[name].code for name in ("goomba", "coin", "ground"))
CELLS = st.tuples(st.integers(-2, 22), st.integers(-2, 11))
TOOLS = st.sampled_from([tool for tool in Tool if tool is not Tool.PICK])
NAMES = ("ground", "goomba", "coin", "brick", "checkpoint_flag", "piranha_plant", "spring", "key")

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("tool"), TOOLS),
        st.tuples(st.just("part"), st.sampled_from(NAMES)),
        st.tuples(st.just("stamp"), st.integers(0, 1)),
        st.tuples(st.just("stroke"), st.lists(CELLS, min_size=1, max_size=4), st.booleans()),
        st.tuples(st.just("cancelled"), st.lists(CELLS, min_size=1, max_size=3), st.booleans()),
        st.tuples(st.just("copy")),
        st.tuples(st.just("cut")),
        st.tuples(st.just("flip"), st.booleans()),
        st.tuples(st.just("shift"), st.integers(-3, 3), st.integers(-3, 3)),
        st.tuples(st.just("resize"), st.integers(1, 26), st.integers(1, 12)),
        st.tuples(st.just("name"), st.text(max_size=4)),
        st.tuples(st.just("goal"), st.integers(0, 20)),
        st.tuples(st.just("undo")),
        st.tuples(st.just("redo")),
    ),
    max_size=25,
)


def document_of(limits=None, width=20, height=9):
    return Document(new_course(width, height), course_limits(limits))


def hand_over(document):
    refused = []
    return Hand(document, refused.append), refused


def run(hand, step):
    document = hand.document
    what, *values = step
    try:
        if what == "tool":
            hand.take(values[0])
        elif what == "part":
            hand.choose(entry_of(BY_NAME[values[0]].code))
        elif what == "stamp":
            hand.choose(CATEGORIES["PIPES"][values[0]])
        elif what in ("stroke", "cancelled"):
            cells, erase = values
            hand.begin(cells[0], erase)
            for cell in cells[1:]:
                hand.move(cell)
                hand.preview()
            hand.end() if what == "stroke" else hand.cancel()
        elif what in ("copy", "cut"):
            getattr(hand, what)()
        elif what == "flip":
            hand.flip(values[0])
        elif what == "shift":
            hand.move_selection(*values)
        elif what == "resize":
            document.resize(*values)
            hand.clip_selection()
        elif what == "name":
            document.describe(name=values[0])
        elif what == "goal" and values[0] < document.width:
            document.describe(goal=values[0])
        elif what in ("undo", "redo"):
            getattr(document, what)()
            hand.clip_selection()
    except LimitError:
        pass


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_undo_of_any_sequence_restores_every_step_exactly(steps):
    document = document_of({"enemies": 3, "objects": 12, "ground": 60})
    hand, _ = hand_over(document)
    history = [document.course]
    for step in steps:
        before = document.last_change
        run(hand, step)
        if step[0] in ("undo", "redo"):
            history = [document.course]  # what could be undone before is another matter
            while document.undo():
                history.insert(0, document.course)
            for _ in history[1:]:
                document.redo()
            while document.redo():
                document.undo()
                break
        elif document.last_change is not before:
            history.append(document.course)
        assert document.course == history[-1]
    for expected in reversed(history[:-1]):
        assert document.undo() is not None
        assert document.course == expected
    assert document.undo() is None
    for expected in history[1:]:
        assert document.redo() is not None
        assert document.course == expected


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_no_tool_ever_breaks_a_limit(steps):
    limits = {"enemies": 2, "objects": 7, "coins": 1, "checkpoints": 1, "ground": 45, "keys": 0}
    document = document_of(limits)
    hand, _ = hand_over(document)
    for step in steps:
        run(hand, step)
        assert document.limits.violations(document.cells) == []
        assert document.counts == document.limits.counts(document.course.cells)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_the_live_solver_answers_as_a_new_one(steps):
    document = document_of()
    hand, _ = hand_over(document)
    for step in steps:
        run(hand, step)
        found, course = document.solution(), document.course
        expected = course.solution()
        assert found.solved == expected.solved
        assert found.furthest_column == expected.furthest_column
        np.testing.assert_array_equal(found.path, expected.path)


def test_a_stroke_is_one_step_and_unlimited_steps_come_back():
    document = document_of()
    first = document.course
    document.begin("paint")
    for column in range(5):
        document.put({(column, 2): COIN})
    assert document.modified
    document.end()
    assert document.undo() == "paint"
    assert document.course == first
    for number in range(3000):
        document.put({(number % 20, 3): COIN if number // 20 % 2 == 0 else AIR})
    while document.undo():
        pass
    assert document.course == first


def test_what_breaks_a_limit_is_refused_whole_and_says_which():
    document = document_of({"enemies": 2})
    document.put({(0, 0): GOOMBA, (1, 0): GOOMBA})
    before = document.course
    with pytest.raises(LimitError, match="at most 2 enemies"):
        document.put({(2, 0): GOOMBA, (3, 0): COIN})
    assert document.course == before
    document.put({(0, 0): COIN, (2, 0): GOOMBA})
    with pytest.raises(LimitError, match="at most 27 rows"):
        Document(new_course(20, 14), course_limits("mm2")).resize(20, 28)


def test_a_course_beyond_its_limits_may_only_shrink():
    cells = np.full((5, 9), GOOMBA, np.uint8)
    document = Document(MakerCourse(cells), course_limits({"enemies": 4}))
    document.put({(0, 0): AIR})
    with pytest.raises(LimitError):
        document.put({(0, 0): GOOMBA})
    document.put({(1, 0): COIN})
    assert document.counts["enemies"] == 43


def test_sizes_names_and_places():
    document = document_of()
    document.describe(name="A", style=Style.SMW, theme=CourseTheme.CASTLE, start=(3, 6), goal=15)
    document.resize(12, 11)
    course = document.course
    assert (course.width, course.height, course.start, course.goal) == (12, 11, (3, 8), None)
    assert (course.cells[-2:] == GROUND).all()
    assert (course.cells[:-2] == AIR).all()
    document.undo()
    assert (document.course.goal, document.course.start) == (15, (3, 6))
    with pytest.raises(LevelError, match="timer"):
        document.describe(timer_s=5)
    for size in ((0, 4), (20, -1), (99999999999999, 14), (10**30, 14)):
        with pytest.raises(LevelError, match="1 to 255 rows"):
            document.resize(*size)
        with pytest.raises(LevelError, match="1 to 255 rows"):
            new_course(*size)
    assert document.course.width == 20


def test_saved_and_not():
    document = document_of()
    assert not document.modified
    document.put({(0, 0): COIN})
    assert document.modified
    document.mark_saved()
    document.put({(1, 0): COIN})
    document.undo()
    assert not document.modified
    document.undo()
    assert document.modified
    document.redo()
    assert not document.modified


def test_a_start_that_was_placed_is_where_the_solver_begins():
    document = document_of()
    document.describe(start=(10, 6))
    assert document.solution().path[0].tolist() == [10, 6]
    document.put({(10, 6): GROUND})
    assert document.solution().furthest_column == -1
    document.put({(10, 6): AIR})
    assert document.solution().solved
    # A start in the air falls.
    assert solve(TILE_OF[document.cells], (4, 0)).solved


def test_shapes():
    assert line_cells((0, 0), (4, 2)) == [(0, 0), (1, 0), (2, 1), (3, 2), (4, 2)]
    assert line_cells((2, 2), (2, 2)) == [(2, 2)]
    assert len(rectangle_cells((3, 3), (1, 1), True)) == 9
    assert set(rectangle_cells((1, 1), (3, 3), True)) - set(
        rectangle_cells((1, 1), (3, 3), False)
    ) == {(2, 2)}
    cells = np.array([[0, 0, 1], [1, 0, 1], [0, 1, 0]], np.uint8)
    assert sorted(flood_cells(cells, (0, 0))) == [(0, 0), (1, 0), (1, 1)]
    assert flood_cells(cells, (3, 0)) == []


def test_every_part_has_one_place_in_the_palette():
    listed = [e.part for entries in CATEGORIES.values() for e in entries if not e.stamp]
    assert sorted(listed) == [part for part in range(N_PARTS) if part != AIR]
    for part in listed:
        entry = entry_of(part)
        assert entry.part == part
        assert entry.tier == PARTS[part].tier
        assert category_of(part) is not None
    for entries in CATEGORIES.values():
        assert [e.tier for e in entries] == sorted(e.tier for e in entries)


def test_pipes_grow_to_the_ground_and_flip_whole():
    document = document_of()
    edits = stamp_cells("pipe", document.cells, (3, 3))
    assert {row for _, row in edits} == {3, 4, 5, 6}
    document.put(edits | {(2, 2): COIN})
    hand, _ = hand_over(document)
    assert not hand.flip(over=False)
    hand.selection = (2, 0, 6, 9)
    assert hand.flip(over=False)
    assert document.cells[2, 5] == COIN
    assert document.cells[3, 3] == BY_NAME["pipe_top_left"].code
    assert document.cells[3, 4] == BY_NAME["pipe_top_right"].code
    cells = np.arange(12, dtype=np.uint8).reshape(3, 4)
    np.testing.assert_array_equal(flipped(flipped(cells, True), True), cells)


def test_select_move_copy_paste():
    document = document_of()
    document.put({(1, 1): COIN, (2, 1): GOOMBA})
    hand, _ = hand_over(document)
    hand.take(Tool.SELECT)
    hand.begin((1, 1))
    hand.move((2, 2))
    hand.end()
    assert hand.selection == (1, 1, 3, 3)
    hand.begin((1, 2))  # inside: it is moved
    hand.move((4, 3))
    assert hand.preview()[4, 2] == COIN
    hand.end()
    assert hand.selection == (4, 2, 6, 4)
    assert document.cells[2, 4] == COIN
    assert document.cells[1, 1] == AIR
    assert hand.copy()
    hand.take(Tool.PASTE)
    hand.begin((10, 0))
    hand.end()
    assert document.cells[0, 11] == GOOMBA
    assert document.undo() == "paste"
    assert document.undo() == "move"
    assert document.cells[1, 2] == GOOMBA


def test_a_brush_at_the_limit_paints_what_fits():
    document = document_of({"coins": 3})
    hand, refused = hand_over(document)
    hand.choose(entry_of(COIN))
    hand.begin((0, 0))
    hand.move((9, 0))
    hand.end()
    assert document.counts["coins"] == 3
    assert "at most 3 coins" in refused[0]
    hand.take(Tool.FILL)
    hand.begin((5, 3))
    hand.end()
    assert document.counts["coins"] == 3
