"""Memory that each thread has of its own."""

from __future__ import annotations

import threading
from typing import Any


class ThreadMemory(threading.local):
    """Attributes that every thread sets for itself.

    A copy, or what comes out of a pickle, begins without any: what uses it makes them anew. So
    environments that have one can be copied.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        return ThreadMemory, ()
