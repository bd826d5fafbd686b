"""What numba-cuda stumbles over in packages beside it, put out of its way.

It is in maintenance since its release 0.30, so it will not learn of these itself.
"""

from __future__ import annotations

import ctypes
import importlib
from contextlib import suppress
from importlib import metadata
from typing import Any

import numpy as np

# NVIDIA's linker of CUDA 13 and later; that of CUDA 12 is in another package.
_LINKER = "nvidia-nvjitlink"


def make_way() -> None:
    """See that kernels can be compiled beside any numpy and any torch; more often is no harm."""
    _load_linker()
    _load_overloads()


def _load_linker() -> None:
    """Load the newest linker that is installed.

    A torch built for CUDA 12 has loaded that of CUDA 12, and numba-cuda takes what is loaded; it
    does not understand what the compiler of CUDA 13 has written. Of both, the newer is taken.
    """
    with suppress(metadata.PackageNotFoundError, OSError):
        for file in metadata.files(_LINKER) or ():
            if file.name.startswith("libnvJitLink.so"):
                ctypes.CDLL(str(file.locate()))


def _load_overloads() -> None:
    """Load numba-cuda's versions of numpy's functions where `numpy.row_stack` is gone (2.5).

    It names that function without looking whether it is there.
    """
    numpy: Any = np
    if hasattr(numpy, "row_stack"):
        return
    numpy.row_stack = numpy.vstack
    try:
        importlib.import_module("numba.cuda.np.arrayobj")
    finally:
        del numpy.row_stack
