"""The checks of values that all rooms share."""

import copy
import pickle

import numpy as np
import pytest

from gym_mario_suite import errors
from gym_mario_suite.errors import (
    MarioError,
    OptionError,
    ReplayMismatch,
    as_choice,
    as_integer,
    as_integers,
    as_number,
    as_switch,
    as_weights,
)


def test_errors_come_back_from_other_processes():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    for kind in [kind for kind in kinds if issubclass(kind, MarioError)]:
        error = kind("what differs", *([7] if kind is ReplayMismatch else []))
        for back in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
            assert (type(back), str(back)) == (kind, "what differs")
            assert vars(back) == vars(error)


@pytest.mark.parametrize("value", [True, 1, np.True_, np.int64(1)])
def test_a_switch_is_a_bool_or_its_number(value):
    assert as_switch("hud", value) is True
    assert as_switch("hud", type(value)(0)) is False


@pytest.mark.parametrize("value", ["no", "", None, 2, 0.5, [], np.zeros(2), float("nan")])
def test_what_is_no_switch_is_refused(value):
    with pytest.raises(OptionError, match="hud must be True or False, got"):
        as_switch("hud", value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (3, "keep must be a list of whole numbers, got 3"),
        ([1, 2.5], r"keep\[1\] must be a whole number, got 2.5"),
        ("12", r"keep\[0\] must be a whole number"),
        ([10], r"keep\[0\] must be a whole number from 0 to 9, got 10"),
    ],
)
def test_what_are_no_integers_is_refused(values, message):
    assert as_integers("keep", np.array([0, 9]), 0, 9) == [0, 9]
    with pytest.raises(OptionError, match=message):
        as_integers("keep", values, 0, 9)


def test_integers_at_the_ends_of_their_range_are_taken():
    assert [as_integer("n", value, 1, 4) for value in (1, np.int8(4))] == [1, 4]
    for value in (0, 5):
        with pytest.raises(OptionError, match=f"n must be a whole number from 1 to 4, got {value}"):
            as_integer("n", value, 1, 4)


def test_numbers_at_the_ends_of_their_range_are_taken():
    assert [as_number("p", value, 0.0, 1.0) for value in (0, True, np.float32(0.5))] == [0, 1, 0.5]
    for value in (-1e-9, 1.1, float("nan"), float("inf"), "x", None):
        with pytest.raises(OptionError, match=r"p must be a number from 0 to 1, got"):
            as_number("p", value, 0.0, 1.0)
    for value in (float("nan"), float("-inf"), [1.0, 2.0]):
        with pytest.raises(OptionError, match="p must be a finite number, got"):
            as_number("p", value)


def test_choices_are_words_of_the_list():
    assert as_choice("axis", "last", ["first", "last"]) == "last"
    for value in ("middle", None, ["last"], 0):
        with pytest.raises(OptionError, match=r"axis must be one of first, last, got"):
            as_choice("axis", value, ["first", "last"])


def test_weights_are_finite_numbers_of_terms_that_there_are():
    assert as_weights({"win": 2}, ["distance", "win"]) == {"win": 2.0}
    for value, message in (
        (["win"], r"reward must be a mapping of weights for distance, win, got \['win'\]"),
        ({"loss": 1.0}, "unknown reward term 'loss'; there are distance, win"),
        ({"win": float("inf")}, r"reward\['win'\] must be a finite number"),
    ):
        with pytest.raises(OptionError, match=message):
            as_weights(value, ["distance", "win"])
