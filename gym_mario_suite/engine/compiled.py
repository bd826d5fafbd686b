"""How the engine's functions are compiled."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba import types

from gym_mario_suite.engine.compiled_files import keep_honest, source_stamp

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


def _compile(function: Callable[..., Any], **options: Any) -> Any:
    make: Any = numba.njit
    try:
        dispatcher = make(**options)(function)
    except RuntimeError as error:
        if "cannot cache" not in str(error):
            raise
        # Installed by somebody else, and no home to write to: as in many containers.
        dispatcher = make(**{**options, "cache": False})(function)
    # Where a later numba keeps its files in another manner, that manner stays in force, and only a
    # changed checkout needs its __pycache__ deleted by hand.
    files = _files_of(dispatcher)
    if hasattr(files, "_source_stamp"):
        keep_honest(files, source_stamp(Path(function.__code__.co_filename)))
    _forget_literals(dispatcher)
    return dispatcher


def _files_of(dispatcher: Any) -> Any:
    """Where numba keeps the compiled forms of a function, None for nowhere."""
    return getattr(getattr(dispatcher, "_cache", None), "_cache_file", None)


def _forget_literals(dispatcher: Any) -> None:
    """Compile one form of a function for all constants it is called with.

    By itself numba compiles f(x, 1) and f(x, 2) apart, which doubles the time of a first start.
    """
    choose = dispatcher.get_call_template

    def choose_without_literals(args: Any, kws: Any) -> Any:
        plain = {name: types.unliteral(kind) for name, kind in kws.items()}
        return choose(tuple(types.unliteral(kind) for kind in args), plain)

    dispatcher.get_call_template = choose_without_literals


def jit(function: Callable[..., Any]) -> Any:
    """Compile with the engine's settings: cached, without the GIL, no allocation, strict IEEE."""
    return _compile(function, **_ENGINE)


def inline_jit(function: Callable[..., Any]) -> Any:
    """Like `jit`, for small functions on the hot path: their code goes into their callers.

    Numba passes an array as seven arguments; where the callee is a few instructions, that costs
    more than the callee.
    """
    return _compile(function, **_ENGINE, forceinline=True)


def merged_jit(function: Callable[..., Any]) -> Any:
    """Like `jit`, for long functions with one or two callers: compiled within these only.

    Numba compiles what a function calls once more into each function around it; a chain of three
    around the tick compiles the tick three times.
    """
    return _compile(function, **_ENGINE, inline="always")


@cache
def say_once(text: str) -> None:
    """Say on stderr, once in a process, what takes long: it would look like a hang."""
    print(f"gym-mario-suite: {text}", file=sys.stderr, flush=True)


def announce_first_compile(dispatcher: Any) -> None:
    """Say once on stderr that compilation comes, if `dispatcher` has no compiled form yet.

    Without the line a first run would look like a program that hangs.
    """
    if dispatcher.signatures:
        return
    files = _files_of(dispatcher)
    if hasattr(files, "_load_index") and files._load_index():
        return
    how_often = "once"
    if files is None:
        how_often = "at every start, unless NUMBA_CACHE_DIR names a folder that can be written to"
    say_once(f"compiling the engine for this machine ({how_often}; some 15 to 30 seconds) ...")
