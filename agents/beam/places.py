"""Where the games of a beam are played: on the processor, or on a GPU.

Both run the same functions over rows on the same arrays; only what holds the arrays differs, and
who takes the rows. What has to be sorted is in tensors of torch, whose memory the functions see.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from numpy.typing import NDArray

from gym_mario_suite.engine import cuda_device
from gym_mario_suite.engine.cores import run_on_cores
from gym_mario_suite.errors import OptionError

# A function over rows, and what it is called with after the first and the last row.
RowCall = tuple[Any, ...]


class Place(Protocol):
    """Arrays, and functions over their rows.

    Attributes:
        device: Where tensors are.
        rows_at_once: How many games may be tried out at a time.
    """

    device: torch.device
    rows_at_once: int

    def check_room(self, games: int, bytes_a_game: int, shared_bytes: int) -> None:
        """See that so many games fit.

        Raises:
            DeviceError: If they do not; the message says how many do.
        """
        ...

    def array(self, values: NDArray[Any]) -> Any:
        """An array of the place, filled with these values."""
        ...

    def argument(self, tensor: torch.Tensor) -> Any:
        """A tensor as an array of the place, without a copy."""
        ...

    def run(self, count: int, calls: Sequence[RowCall]) -> None:
        """Call functions, one after the other, for the rows 0 .. `count` - 1."""
        ...


class Processor:
    """Games in the computer's memory.

    Args:
        threads: Cores to play them on at most.
    """

    device = torch.device("cpu")
    rows_at_once = 1 << 12

    def __init__(self, threads: int = 1) -> None:
        self._threads = threads

    def check_room(self, games: int, bytes_a_game: int, shared_bytes: int) -> None:
        """The system provides memory as it is used."""

    def array(self, values: NDArray[Any]) -> NDArray[Any]:
        """The values themselves."""
        return values

    def argument(self, tensor: torch.Tensor) -> NDArray[Any]:
        """A tensor as an array, without a copy."""
        return tensor.numpy()

    def run(self, count: int, calls: Sequence[RowCall]) -> None:
        """Call functions for all rows; each chunk while it is in the cache."""

        def work(first: int, end: int) -> None:
            for function, *arguments in calls:
                function(first, end, *arguments)

        run_on_cores(work, count, self._threads)


_kernels: dict[Callable[..., None], Any] = {}


class GPU:
    """Games in the memory of a GPU.

    Raises:
        DeviceError: If there is none.
    """

    device = torch.device("cuda")
    rows_at_once = 1 << 17

    def __init__(self) -> None:
        cuda_device.require_device()
        from gym_mario_suite.engine import cuda

        self._cuda = cuda

    def check_room(self, games: int, bytes_a_game: int, shared_bytes: int) -> None:
        """See that so many games fit.

        Raises:
            DeviceError: If they do not; the message says how many do.
        """
        cuda_device.check_room(games, bytes_a_game, shared_bytes, cuda_device.free_bytes())

    def array(self, values: NDArray[Any]) -> Any:
        """A copy on the device."""
        return self._cuda.to_device(values)

    def argument(self, tensor: torch.Tensor) -> Any:
        """A tensor as an array, without a copy."""
        return self._cuda.as_device_array(tensor)

    def run(self, count: int, calls: Sequence[RowCall]) -> None:
        """Launch a kernel for each function."""
        for function, *arguments in calls:
            if function not in _kernels:
                _kernels[function] = self._cuda.RowKernel(function)
            _kernels[function].launch(0, count, *arguments)


def make_place(device: str, threads: int) -> Place:
    """The place of that name.

    Raises:
        OptionError: For another name than "cpu" and "cuda".
        DeviceError: If there is no GPU.
    """
    if device == "cpu":
        return Processor(threads)
    if device == "cuda":
        return GPU()
    raise OptionError(f"device must be cpu or cuda, got {device!r}")
