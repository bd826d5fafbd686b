"""Worlds on a GPU: the engine's own functions, one world to each thread.

There is no second engine. A kernel is made from any function over rows (`rows`, `draw_rows`, those
of the environments): each thread calls it for a single row. Numba compiles the functions' Python
anew for the device; `cuda_compile` sees to it that floats are rounded as on the CPU.

Whoever imports this module has numba-cuda (`cuda_device.require_toolkit` says so nicely otherwise).
With NUMBA_ENABLE_CUDASIM=1 kernels run in numba's simulator: grids, threads and indices are played
in Python, and the functions over rows run as they are compiled for the CPU.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import cuda
from numpy.typing import DTypeLike, NDArray

from gym_mario_suite.engine.cuda_compile import compile_ptx, prepare_numba
from gym_mario_suite.engine.cuda_device import simulated

THREADS_PER_BLOCK = 128
# There each thread is one of Python's; and few of them make several blocks of few rows.
_SIMULATED_THREADS = 2

prepare_numba()


def _bare(value: Any) -> Any:
    """An argument as compiled functions of the CPU want it, without the simulator's wrapping."""
    if isinstance(value, tuple):
        members = [_bare(member) for member in value]
        return type(value)(*members) if hasattr(value, "_fields") else tuple(members)
    return getattr(value, "_ary", value)


def _as_played(rows_function: Callable[..., None]) -> Callable[..., None]:
    """A function over rows as a thread of the simulator calls it."""

    def play(first: Any, end: Any, *arguments: Any) -> None:
        rows_function(int(first), int(end), *map(_bare, arguments))

    return play


class RowKernel:
    """A function over rows, as a kernel that runs it for each row in a thread of its own.

    It is compiled at the first launch, which takes ten seconds for the step of a game, and kept on
    disk.

    Args:
        rows_function: Compiled by `compiled.jit`; its first two arguments are `first` and `end`.
        threads: Threads of a block.
    """

    def __init__(
        self, rows_function: Callable[..., None], threads: int = THREADS_PER_BLOCK
    ) -> None:
        called = _as_played(rows_function) if simulated() else rows_function
        self.name = rows_function.__name__
        self._rows_function = rows_function
        self._threads = _SIMULATED_THREADS if simulated() else threads

        def kernel(first: Any, end: Any, arguments: Any) -> None:
            i = first + cuda.grid(1)  # pyright: ignore[reportCallIssue]  (numba's, typed so)
            if i < end:
                called(i, i + 1, *arguments)

        kernel.__name__ = kernel.__qualname__ = f"kernel_{self.name}"
        self.function = kernel
        # One compiled form for each choice of argument types. Numba would look at every argument
        # of every launch; that takes longer than a step of 65,536 games.
        self._compiled: dict[Any, Any] = {}
        self._ready: dict[Any, Any] = {}  # the same by arguments and blocks

    def launch(self, first: int, end: int, *arguments: Any) -> None:
        """Run the function for the rows `first` .. `end` - 1, in the order of the device's stream.

        Args:
            first: First row.
            end: One past the last.
            arguments: Device arrays (C-contiguous), tuples of them, ints and bools.
        """
        if end <= first:
            return
        kind = tuple(_kind(argument) for argument in arguments)
        blocks = -(-(end - first) // self._threads)
        ready = self._ready.get((kind, blocks))
        if ready is None:
            ready = self._make_ready(kind, blocks, (first, end, arguments))
            self._ready[kind, blocks] = ready
        ready(first, end, arguments)

    def _make_ready(self, kind: Any, blocks: int, arguments: tuple[Any, ...]) -> Any:
        if simulated():
            simulation: Any = cuda.jit(self.function)
            return simulation[blocks, self._threads]
        if kind not in self._compiled:
            self._compiled[kind] = self._compile(arguments)
        with warnings.catch_warnings():
            # Numba thinks that few games must be a mistake.
            warnings.filterwarnings("ignore", message="Grid size")
            return self._compiled[kind][blocks, self._threads]

    def _compile(self, arguments: tuple[Any, ...]) -> Any:
        # Code that is put together at the last moment would escape the look at its floats.
        kernel = cuda.jit(self.function, lto=False)
        from gym_mario_suite.engine.cuda_cache import specialized

        return specialized(kernel, self._rows_function, arguments)

    def ptx(self, *arguments: Any) -> str:
        """PTX for an H100, compiled without a device; numpy arrays stand for device arrays."""
        return compile_ptx(self.function, (0, 1, arguments))


def _kind(argument: Any) -> Any:
    if isinstance(argument, tuple):
        return tuple(_kind(member) for member in argument)
    if hasattr(argument, "ndim"):
        return argument.dtype, argument.ndim
    return type(argument)


def to_device(array: NDArray[Any]) -> Any:
    """A copy of an array on the device."""
    return _shared(cuda.to_device(np.ascontiguousarray(array)))


def device_zeros(shape: int | tuple[int, ...], dtype: DTypeLike) -> Any:
    """An array of zeros on the device."""
    return to_device(np.zeros(shape, dtype))


def device_empty(shape: int | tuple[int, ...], dtype: Any) -> Any:
    """Room for an array on the device, with anything in it."""
    return _shared(cuda.device_array(shape, dtype))


def _shared(array: Any) -> Any:
    """An array that speaks DLPack; the simulator's do."""
    if simulated():
        return array
    from gym_mario_suite.engine.cuda_array import DeviceArray

    return DeviceArray.around(array)


def tuple_to_device(arrays: Any) -> Any:
    """A named tuple of arrays, such as a view for drawing, on the device."""
    return type(arrays)(*map(to_device, arrays))


def as_device_array(value: Any) -> Any:
    """What another library keeps on the device (a torch tensor, say), without a copy."""
    return value if simulated() else cuda.as_cuda_array(value)


def is_on_device(value: Any) -> bool:
    """Whether a value is an array on the device."""
    return cuda.is_cuda_array(value) if not simulated() else hasattr(value, "_ary")


def to_host(array: Any) -> NDArray[Any]:
    """A copy of a device array in the computer's memory; waits for the kernels before it."""
    return array.copy_to_host()


def copy(source: Any, target: Any) -> None:
    """Copy an array (of the device or not) over one of the device."""
    target.copy_to_device(source)


def synchronize() -> None:
    """Wait until all kernels are done."""
    cuda.synchronize()
