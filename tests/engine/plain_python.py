"""A plugin of pytest that runs what is compiled as plain Python, and says what was never called.

`python -m pytest -n 0 -p tests.engine.plain_python TESTS`: numba is replaced before anything of the
package is imported. So a debugger can step through the engine, and whether the compiled program and
the Python that it is written in agree is seen by the same tests. Which compiled functions were
called goes into the file that `PLAIN_PYTHON_REPORT` names.

What differs from Python is made up for: numba reads the fields of a record as attributes, counts
with 64 bits wherever an array holds less, and writes the drawing's vector instructions itself.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numba.extending
import numpy as np

assert "gym_mario_suite.engine.compiled" not in sys.modules, "imported too late"
REPORT = "PLAIN_PYTHON_REPORT"


class _Numbers(np.ndarray):
    """An array whose numbers of up to 32 bits become Python's when they are read."""

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        if isinstance(found, np.integer) and found.itemsize < 8:
            return int(found)
        return found

    def __setitem__(self, key: Any, value: Any) -> None:
        # Compiled stores keep the low bits; numpy refuses what does not fit.
        if isinstance(value, int) and self.dtype.kind in "iu":
            value = np.int64(value).astype(self.dtype)
        super().__setitem__(key, value)


def _as_numba_sees(value: Any) -> Any:
    if type(value) is np.ndarray:
        if value.dtype.names:
            return value.view(np.recarray)
        if value.dtype.kind in "iu" and value.dtype.itemsize < 8:
            return value.view(_Numbers)
    if type(value) is np.void and value.dtype.names:
        return np.asarray(value).view(np.recarray)[()]
    if isinstance(value, np.integer) and value.itemsize < 8:
        return int(value)
    if isinstance(value, tuple):
        seen = [_as_numba_sees(each) for each in value]
        return type(value)(*seen) if hasattr(value, "_fields") else tuple(seen)
    return value


class Plain:
    """Stands for a compiled function: calls the Python function, and remembers that it did."""

    made: dict[str, Plain] = {}  # noqa: RUF012

    def __init__(self, function: Callable[..., Any]) -> None:
        self.py_func = function
        self.called = False
        self.signatures = ("plain",)  # so that no first compilation is announced
        self.__name__, self.__doc__ = function.__name__, function.__doc__
        self.__wrapped__ = function
        Plain.made[f"{function.__module__}.{function.__qualname__}"] = self

    def __call__(self, *arguments: Any) -> Any:
        """The function's result."""
        self.called = True
        return self.py_func(*map(_as_numba_sees, arguments))

    def get_call_template(self, *_: Any) -> None:
        """Of numba's typing; nothing here is typed."""


def _njit(function: Any = None, **_options: Any) -> Any:
    """Both `@njit` and `@njit(...)`."""
    return Plain if function is None else Plain(function)


setattr(numba, "njit", _njit)  # noqa: B010
setattr(numba.extending, "intrinsic", lambda function: function)  # noqa: B010
np.seterr(all="ignore")  # as compiled: whole numbers wrap, floats become infinite

from gym_mario_suite.engine import draw_words  # noqa: E402


def _bytes(array: Any, at: int, count: int) -> Any:
    return np.asarray(array).reshape(-1).view(np.uint8)[at : at + count]


def _copy(lanes: int) -> Callable[..., None]:
    def copy(target: Any, at: int, source: Any, source_at: int) -> None:
        _bytes(target, at, lanes)[:] = _bytes(source, source_at, lanes)

    return copy


def _blend(lanes: int) -> Callable[..., None]:
    def blend(
        target: Any, at: int, below: Any, below_at: int, ink: Any, keep: Any, source_at: int
    ) -> None:
        factor = _bytes(keep, source_at, lanes).astype(np.uint16) + 1
        kept = (_bytes(below, below_at, lanes).astype(np.uint16) * factor) >> 8
        _bytes(target, at, lanes)[:] = kept.astype(np.uint8) + _bytes(ink, source_at, lanes)

    return blend


def _squeeze(group: int) -> Callable[..., None]:
    first, lanes, weights = draw_words._taps(group)

    def squeeze(frame: Any, target_at: int, source_at: int) -> None:
        pixels = _bytes(frame, source_at + first, 16).astype(np.uint16)
        total = sum(
            pixels[order] * np.array(weight, np.uint16)
            for order, weight in zip(lanes, weights, strict=True)
        )
        _bytes(frame, target_at, 16)[:] = np.asarray(total, np.uint16).view(np.uint8)

    return squeeze


def _stack(target: Any, at: int, sums: Any, sums_at: int, pitch: int, *weights: int) -> None:
    total = np.full(8, 100, np.uint16)
    for row, weight in enumerate(weights):
        sums_of_row = _bytes(sums, sums_at + row * pitch, 16).copy().view(np.uint16)
        total += ((sums_of_row + 1) >> 1) * np.uint16(weight)
    _bytes(target, at, 8)[:] = ((total.astype(np.uint32) * 328) >> 16).astype(np.uint8)


for _name, _function in {
    "copy8": _copy(8),
    "copy32": _copy(32),
    "blend8": _blend(8),
    "blend32": _blend(32),
    "squeeze_first": _squeeze(0),
    "squeeze_second": _squeeze(1),
    "squeeze_third": _squeeze(2),
    "stack8": _stack,
}.items():
    setattr(draw_words, _name, _function)


def pytest_sessionfinish() -> None:
    """Write the report."""
    report = {name: plain.called for name, plain in sorted(Plain.made.items())}
    target = os.environ.get(REPORT)
    if target:
        Path(target).write_text(json.dumps(report, indent=1), encoding="utf-8")
