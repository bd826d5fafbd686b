"""How the engine's functions are compiled, and how their cache is kept honest.

Numba keeps compiled functions on disk beside the sources, and recompiles a function when *its
own* file changes. It does not notice that a function it calls, in another file, has changed; so a
changed checkout could run old rules. `discard_stale_cache` closes that hole: it stores a hash of
all the engine's sources beside the cache and empties the cache when the hash differs.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numba

_STAMP_NAME = "compiled-sources.sha256"
# Every folder with compiled functions: a function may call those of folders to its left.
_COMPILED_ROOMS = ("engine", "levels", "envs")


# No `fastmath` and no contraction: every float32 operation is rounded once and denormals count,
# which is what makes the results equal the original's bit for bit.
#
# `_nrt=False` takes numba's reference counting out: a tick makes some hundred calls that pass the
# level image, and an atomic count up and down for each made the tick three times slower. The price
# is welcome: a function that allocates an array no longer compiles.
_ENGINE: dict[str, Any] = {
    "cache": True,
    "nogil": True,
    "error_model": "numpy",
    "_nrt": False,
}


def jit(function: Callable[..., Any]) -> Any:
    """Compile with the engine's settings: cached, without the GIL, no allocation, strict IEEE."""
    return numba.njit(**_ENGINE)(function)


def inline_jit(function: Callable[..., Any]) -> Any:
    """Like `jit`, for small functions on the hot path: their code goes into their callers.

    Numba passes an array as seven arguments; where the callee is a few instructions, that costs
    more than the callee.
    """
    return numba.njit(**_ENGINE, forceinline=True)(function)


def parallel_jit(function: Callable[..., Any]) -> Any:
    """Like `jit`, with `numba.prange` loops spread over the cores."""
    return numba.njit(cache=True, nogil=True, error_model="numpy", parallel=True)(function)


def discard_stale_cache(folders: Sequence[Path]) -> None:
    """Empty numba's cache in `folders` when any source file there has changed since it was made.

    A folder that cannot be written is left alone (an installed copy, whose files change together).
    """
    digest = hashlib.sha256()
    for folder in folders:
        for source in sorted(folder.glob("*.py")):
            digest.update(source.name.encode())
            digest.update(source.read_bytes())
    stamp = digest.hexdigest()
    stamp_file = folders[0] / "__pycache__" / _STAMP_NAME
    try:
        if stamp_file.exists() and stamp_file.read_text() == stamp:
            return
        for folder in folders:
            for cached in (folder / "__pycache__").glob("*.nb[ci]"):
                with contextlib.suppress(FileNotFoundError):
                    cached.unlink()
        stamp_file.parent.mkdir(exist_ok=True)
        # A unique name per process: two processes may start at once.
        fresh = stamp_file.with_suffix(f".{os.getpid()}")
        fresh.write_text(stamp)
        fresh.replace(stamp_file)
    except OSError:
        return


_announced = False


def announce_first_compile(dispatcher: Any) -> None:
    """Say once on stderr that compilation comes, if `dispatcher` has no compiled form yet.

    Without the line a first run would look like a program that hangs.
    """
    global _announced
    if _announced or dispatcher.signatures:
        return
    cache = getattr(dispatcher, "_cache", None)
    folder = Path(getattr(cache, "cache_path", ""))
    name = dispatcher.py_func.__name__
    if any(folder.glob(f"*.{name}-*.nbc")):
        return
    _announced = True
    print(
        "gym-mario-suite: compiling the engine for this machine (once, some 20 to 40 seconds) ...",
        file=sys.stderr,
        flush=True,
    )


_PACKAGE = Path(__file__).parent.parent
discard_stale_cache([_PACKAGE / room for room in _COMPILED_ROOMS])
