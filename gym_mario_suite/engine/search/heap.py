"""A binary heap of (key, value) pairs in an int64 array.

`heap` is int64[capacity + 1, 2]; row 0 holds the count, the entries begin at row 1. Keys are
integers and differ from each other, so the order in which entries leave is the same everywhere.
"""

from __future__ import annotations

from gym_mario_suite.engine.compiled import jit


@jit
def clear_heap(heap):
    """Make the heap empty."""
    heap[0, 0] = 0


@jit
def push(heap, key, value):
    """Add an entry; False, with nothing changed, when the heap is full."""
    i = heap[0, 0] + 1
    if i >= heap.shape[0]:
        return False
    heap[0, 0] = i
    while i > 1:
        parent = i >> 1
        if heap[parent, 0] <= key:
            break
        heap[i, 0] = heap[parent, 0]
        heap[i, 1] = heap[parent, 1]
        i = parent
    heap[i, 0] = key
    heap[i, 1] = value
    return True


@jit
def pop(heap):
    """Remove the entry of the smallest key and return its value; the heap must not be empty."""
    value = heap[1, 1]
    count = heap[0, 0]
    key = heap[count, 0]
    last = heap[count, 1]
    count -= 1
    heap[0, 0] = count
    i = 1
    while True:
        child = 2 * i
        if child > count:
            break
        if child < count and heap[child + 1, 0] < heap[child, 0]:
            child += 1
        if heap[child, 0] >= key:
            break
        heap[i, 0] = heap[child, 0]
        heap[i, 1] = heap[child, 1]
        i = child
    if count > 0:
        heap[i, 0] = key
        heap[i, 1] = last
    return value
