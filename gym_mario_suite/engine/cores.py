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
            finally:
                with self._counting:
                    self._undone -= 1
                    last = self._undone == 0
                if last:
                    self._finished.release()

    def wait(self) -> None:
        """Return when every chunk is done."""
        self._finished.acquire()


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
