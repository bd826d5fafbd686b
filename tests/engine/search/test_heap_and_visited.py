import numpy as np

from gym_mario_suite.engine.search.heap import clear_heap, pop, push
from gym_mario_suite.engine.search.visited import seen_as_cheap


def test_entries_leave_in_the_order_of_their_keys() -> None:
    rng = np.random.default_rng(0)
    heap = np.zeros((301, 2), np.int64)
    for count in (1, 2, 7, 300):
        clear_heap(heap)
        keys = rng.permutation(count)
        for key in keys.tolist():
            assert push(heap, key, key * 10)
        assert [pop(heap) for _ in range(count)] == list(range(0, count * 10, 10))
        assert heap[0, 0] == 0


def test_a_full_heap_takes_nothing() -> None:
    heap = np.zeros((3, 2), np.int64)
    assert push(heap, 2, 20)
    assert push(heap, 1, 10)
    assert not push(heap, 0, 0)
    assert [pop(heap), pop(heap)] == [10, 20]


def test_a_state_is_known_until_it_is_met_at_less_cost() -> None:
    table = np.zeros((64, 3), np.int64)
    assert not seen_as_cheap(table, 1, 77, 5)
    assert seen_as_cheap(table, 1, 77, 5)
    assert seen_as_cheap(table, 1, 77, 6)
    assert not seen_as_cheap(table, 1, 77, 4)
    assert seen_as_cheap(table, 1, 77, 4)
    assert not seen_as_cheap(table, 1, 78, 4)


def test_a_new_search_knows_nothing() -> None:
    table = np.zeros((64, 3), np.int64)
    assert not seen_as_cheap(table, 1, 77, 5)
    assert not seen_as_cheap(table, 2, 77, 5)


def test_a_full_table_forgets_and_goes_on() -> None:
    table = np.zeros((16, 3), np.int64)
    for signature in range(1000):
        assert not seen_as_cheap(table, 1, signature, 1)
        assert seen_as_cheap(table, 1, signature, 1)
