"""Asking a generator for a part of a course, and what the editor does with the answer."""

import threading
import time

import numpy as np
import pytest

from gym_mario_suite.errors import MarioError
from gym_mario_suite.levels.maker.course import MakerCourse
from gym_mario_suite.levels.maker.part_limits import course_limits
from gym_mario_suite.levels.maker.parts import BY_NAME
from gym_mario_suite.play.make import asking as asking_module
from gym_mario_suite.play.make.asking import Asking, Cancelled, Wish, granted
from gym_mario_suite.play.make.document import new_course
from tests.play.editing import COIN, GROUND, keys, wait_for_answer


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
