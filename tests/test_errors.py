"""The checks of values that all rooms share."""

import copy
import pickle

import numpy as np
import pytest

from gym_mario_suite import errors
from gym_mario_suite.errors import MarioError, OptionError, ReplayMismatch, as_integers, as_switch


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
