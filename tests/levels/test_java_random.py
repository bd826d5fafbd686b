"""java.util.Random: check values of the original, and its definition in plain Python."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gym_mario_suite.levels.java_random import JavaRandom

SEEDS = st.integers(-(1 << 63), (1 << 63) - 1)
BOUNDS = st.integers(1, (1 << 31) - 1)


class Reference:
    """The definition, step by step, in Python's unbounded ints."""

    def __init__(self, seed: int) -> None:
        self.state = (seed ^ 0x5DEECE66D) % (1 << 48)
        self.steps = 0

    def bits(self, count: int) -> int:
        self.state = (self.state * 0x5DEECE66D + 0xB) % (1 << 48)
        self.steps += 1
        return self.state >> (48 - count)

    def next_int(self) -> int:
        value = self.bits(32)
        return value - (1 << 32) if value >= 1 << 31 else value

    def next_below(self, bound: int) -> int:
        if bound & (bound - 1) == 0:
            return (bound * self.bits(31)) >> 31
        while True:
            bits = self.bits(31)
            value = bits % bound
            if bits - value + bound - 1 < 1 << 31:
                return value


@pytest.mark.parametrize(
    ("seed", "values"),
    [
        (0, [-1155484576, -723955400, 1033096058]),
        (42, [-1170105035, 234785527, -1360544799]),
        (-7, [1155869324, -423064701, -1403676116]),
    ],
)
def test_first_values_of_the_original(seed: int, values: list[int]) -> None:
    random = JavaRandom(seed)
    assert [random.next_int() for _ in values] == values


def test_bounded_draws_of_the_original() -> None:
    """The draws that make the level of 80 columns, seed 0, difficulty 0, type 0."""
    bounds = [10, 5, 4, 32, 10, 4, 35, 35, 35, 35, 35, 4, 4, 4, 4, 4]
    random = JavaRandom(0)
    drawn = [random.next_int(bound) for bound in bounds]
    assert drawn == [0, 3, 0, 19, 5, 1, 16, 1, 34, 9, 22, 1, 1, 2, 3, 3]


@settings(deadline=None)
@given(SEEDS, st.lists(st.one_of(st.none(), BOUNDS), max_size=20))
def test_equals_the_definition(seed: int, bounds: list[int | None]) -> None:
    random, reference = JavaRandom(seed), Reference(seed)
    for bound in bounds:
        expected = reference.next_int() if bound is None else reference.next_below(bound)
        assert random.next_int(bound) == expected


def test_a_rejected_draw_takes_another_step() -> None:
    bound = (1 << 30) + 1  # about every second draw is rejected
    random, reference = JavaRandom(5), Reference(5)
    for _ in range(50):
        assert random.next_int(bound) == reference.next_below(bound)
    assert reference.steps > 60


def test_a_power_of_two_takes_one_step_and_the_high_bits() -> None:
    random, reference = JavaRandom(1), Reference(1)
    assert [random.next_int(1) for _ in range(3)] == [0, 0, 0]
    for _ in range(3):
        reference.bits(31)
    assert random.next_int(16) == reference.bits(4)


@settings(deadline=None, max_examples=30)
@given(SEEDS)
def test_booleans_are_the_top_bit(seed: int) -> None:
    random, reference = JavaRandom(seed), Reference(seed)
    for _ in range(10):
        assert random.next_boolean() is (reference.bits(1) == 1)


@pytest.mark.parametrize("seed", [0, 7, -7, -(1 << 63)])
def test_only_64_bits_of_a_seed_count(seed: int) -> None:
    assert JavaRandom(seed + (1 << 64)).next_int() == JavaRandom(seed).next_int()


@pytest.mark.parametrize("bound", [0, -1, -(1 << 31)])
def test_a_bound_must_be_positive(bound: int) -> None:
    with pytest.raises(ValueError, match=r"bound must be from 1 to 2\*\*31 - 1"):
        JavaRandom(0).next_int(bound)
