"""Spreading work over threads: every row once, whatever the threads do."""

import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from gym_mario_suite.engine import cores
from gym_mario_suite.engine.cores import CHUNK, CoreChooser, run_on_cores


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("count", [1, CHUNK, CHUNK + 1, 10 * CHUNK - 3])
def test_every_row_is_done_once(count, threads):
    done = np.zeros(count, int)

    def work(first, end):
        done[first:end] += 1

    for k in range(1, 30):
        run_on_cores(work, count, threads)
        assert (done == k).all()


def test_a_helper_that_is_late_is_not_waited_for():
    """Helpers asleep in an old job leave all of the new one to the caller."""
    caller = threading.get_ident()
    may_end = threading.Event()

    def stall(first, end):
        if threading.get_ident() != caller:
            may_end.wait(5)
        else:
            time.sleep(0.05)  # so that the helper gets a chunk of it

    blocked = threading.Thread(target=run_on_cores, args=(stall, 2 * CHUNK, 2))
    blocked.start()
    time.sleep(0.1)
    workers = set()
    start = time.perf_counter()
    run_on_cores(lambda first, end: workers.add(threading.get_ident()), 4 * CHUNK, 2)
    assert time.perf_counter() - start < 2
    may_end.set()
    blocked.join()
    assert caller in workers


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_reaches_the_caller(threads):
    def work(first, end):
        raise ValueError("no")

    for _ in range(3):
        with pytest.raises(ValueError, match="no"):
            run_on_cores(work, 6 * CHUNK, threads)


@pytest.mark.parametrize(("slow", "expected"), [("threads", 1), ("alone", 2)])
def test_the_faster_way_does_most_of_the_work(slow, expected, monkeypatch):
    used, now_s = [], 0.0
    # A clock of the test's own: on a busy machine that of the system would tell of other work.
    monkeypatch.setattr(cores, "time", SimpleNamespace(perf_counter=lambda: now_s))

    def work(first, end):
        nonlocal now_s
        alone = end - first > CHUNK
        now_s += 0.002 if alone == (slow == "alone") else 0.0001
        if first == 0:
            used.append(1 if alone else 2)

    chooser = CoreChooser(2)
    for _ in range(150):
        chooser.run(work, 2 * CHUNK)
    assert used.count(expected) > 120
