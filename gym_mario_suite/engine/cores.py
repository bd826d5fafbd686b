"""Spreading work over a batch of worlds across the cores.

The compiled functions release Python's lock, so plain threads suffice. Work is handed out in
chunks and the calling thread takes chunks too; a helper thread that the system does not run in
time simply gets none. So a busy machine costs at most the helper's share, where a barrier of
OpenMP threads (numba's `prange`) was seen to slow down thirtyfold. Results never depend on who
does which chunk: each world is computed from its own data alone.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

# Fewer worlds than this in a chunk would not be worth handing over.
CHUNK = 32


class _Job:
    """One batch of work: chunks to take, and a lock that opens when all are done."""

    def __init__(self, work: Callable[[int, int], None], count: int) -> None:
        self._work = work
        self._count = count
        self._next = 0
        self._undone = -(-count // CHUNK)
        self._counting = threading.Lock()
        self._error: BaseException | None = None
        self._finished = threading.Lock()
        self._finished.acquire()

    def take_chunks(self) -> None:
        """Do chunks until none is left."""
        while True:
            with self._counting:
                first = self._next
                self._next = first + CHUNK
            if first >= self._count:
                return
            try:
                self._work(first, min(first + CHUNK, self._count))
            except BaseException as error:
                self._error = error
            with self._counting:
                self._undone -= 1
                last = self._undone == 0
            if last:
                self._finished.release()

    def wait(self) -> None:
        """Return when every chunk is done; what one of them raised is raised here."""
        self._finished.acquire()
        if self._error is not None:
            raise self._error


class _Helpers:
    """Threads that wait for jobs; made when first needed, once for each process."""

    def __init__(self) -> None:
        self.jobs: SimpleQueue[_Job] = SimpleQueue()
        self.count = 0
        self.process = os.getpid()

    def grow(self, count: int) -> None:
        """At least `count` helper threads."""
        while self.count < count:
            threading.Thread(target=self._help, name="mario-helper", daemon=True).start()
            self.count += 1

    def _help(self) -> None:
        while True:
            self.jobs.get().take_chunks()


_helpers = _Helpers()


def run_on_cores(work: Callable[[int, int], None], count: int, threads: int) -> None:
    """Call `work(first, end)` for chunks that cover 0 .. count - 1.

    Args:
        work: Must release Python's lock for most of its time, and touch only its own rows.
        count: Rows in all.
        threads: Threads to use at most, the calling one included.
    """
    global _helpers
    threads = min(threads, -(-count // CHUNK))
    if threads <= 1:
        work(0, count)
        return
    if _helpers.process != os.getpid():
        # Threads do not survive a fork.
        _helpers = _Helpers()
    _helpers.grow(threads - 1)
    job = _Job(work, count)
    # Jobs that helpers were too late for still lie in the queue; more would not bring them sooner.
    for _ in range(threads - 1 - _helpers.jobs.qsize()):
        _helpers.jobs.put(job)
    job.take_chunks()
    job.wait()


class CoreChooser:
    """Spreads work over the cores while that pays.

    On a machine that is busy otherwise (a learner's own threads, say) a helper may be stopped in
    the middle of its chunk, and all wait. So one thread and several are timed against each other
    again and again, and what has lately been faster does most of the work.

    Args:
        threads: Threads to use at most.
    """

    _PERIOD = 48
    _TRIALS = 3
    _WEIGHT = 0.15  # of the newest time in the running mean

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._turn = 0
        # Running mean seconds on one thread and on several; 0 until measured.
        self._means = [0.0, 0.0]

    def run(self, work: Callable[[int, int], None], count: int) -> None:
        """As `run_on_cores`."""
        if self._threads == 1 or count <= CHUNK:
            work(0, count)
            return
        spread = self._means[1] <= self._means[0]
        if self._turn % self._PERIOD < self._TRIALS:
            spread = not spread
        self._turn += 1
        start = time.perf_counter()
        run_on_cores(work, count, self._threads if spread else 1)
        passed = time.perf_counter() - start
        mean = self._means[spread]
        self._means[spread] = passed if mean == 0.0 else mean + self._WEIGHT * (passed - mean)
