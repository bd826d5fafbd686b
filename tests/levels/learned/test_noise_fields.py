import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gym_mario_suite.levels.noise_fields import (
    exact_exp,
    exact_log,
    field_key,
    gumbel,
    normal,
    uniform,
)


@given(st.floats(1e-300, 1e300))
def test_the_logarithm_is_right_to_the_last_digits(x):
    assert exact_log(x) == pytest.approx(math.log(x), rel=1e-13, abs=1e-13)


@given(st.floats(-600, 600))
def test_the_exponential_is_right_to_the_last_digits(x):
    assert exact_exp(x) == pytest.approx(math.exp(x), rel=1e-11)


def test_fields_have_the_distributions_they_name():
    key = field_key(3, 1)
    flat = np.array([uniform(key, y, x, 0) for y in range(60) for x in range(60)])
    noise = np.array([gumbel(key, y, x, 1) for y in range(60) for x in range(60)])
    bell = np.array([normal(key, y, x, 2) for y in range(60) for x in range(60)])
    assert abs(flat.mean() - 0.5) < 0.02
    assert abs(noise.mean() - 0.5772) < 0.07
    assert abs(noise.var() - math.pi**2 / 6) < 0.15
    assert abs(bell.mean()) < 0.06
    assert abs(bell.std() - 1) < 0.05
    assert abs(np.corrcoef(flat[:-1], flat[1:])[0, 1]) < 0.05


def test_values_never_change():
    values = [uniform(field_key(seed, 5), 2, 3, 4) for seed in (0, 1, -1)]
    assert values == [0.0288486636333673, 0.15217615625186803, 0.9265381692427677]
    assert field_key(1, 2) != field_key(2, 1)
