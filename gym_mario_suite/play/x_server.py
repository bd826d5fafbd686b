"""Errors of the X window system, which by itself ends the program without a word to Python."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable

from gym_mario_suite.program import EXIT_ERROR

_ON_LOST_SERVER = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)
_ON_ERROR = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)


class WindowGuard:
    """Keeps what was played when the X window system ends the program.

    Xlib ends the process when the server goes away or refuses something, such as drawing in a
    window that another program has destroyed: by `exit` within whatever it was asked for, so that
    neither `finally` nor `atexit` comes to pass. Only its error handlers are called before. They
    cannot lead back into the program (SDL would wait for ever for an answer of the lost window), so
    here they keep what there is to be kept, print a message and leave with exit code 2. Where there
    is no Xlib nothing is done.

    It is a context manager.

    Args:
        keep: Called when the window is lost.
    """

    def __init__(self, keep: Callable[[], object]) -> None:
        self._keep = keep
        self._library = _xlib()
        # Held here, because Xlib does not.
        self._handlers = (
            _ON_LOST_SERVER(lambda _display: self._leave("the X server is gone")),
            _ON_ERROR(lambda _display, _event: self._leave("another program closed it")),
        )
        self._previous: tuple[int | None, int | None] = None, None

    def __enter__(self) -> None:
        if self._library is not None:
            self._previous = (
                self._library.XSetIOErrorHandler(self._handlers[0]),
                self._library.XSetErrorHandler(self._handlers[1]),
            )

    def __exit__(self, *_: object) -> None:
        if self._library is not None:
            self._library.XSetIOErrorHandler(self._previous[0])
            self._library.XSetErrorHandler(self._previous[1])

    def _leave(self, reason: str) -> int:
        try:
            self._keep()
        except Exception as error:
            reason = f"{reason}; what was played since the last save is lost too: {error}"
        print(f"error: the window was lost: {reason}", file=sys.stderr)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(EXIT_ERROR)


def _xlib() -> ctypes.CDLL | None:
    if sys.platform in ("win32", "darwin"):
        return None
    try:
        library = ctypes.CDLL("libX11.so.6")
        for function in (library.XSetIOErrorHandler, library.XSetErrorHandler):
            function.argtypes = [ctypes.c_void_p]
            function.restype = ctypes.c_void_p
    except (OSError, AttributeError):
        return None
    return library
