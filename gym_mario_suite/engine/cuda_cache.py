"""Kernels for a GPU, kept on disk: those of an environment take half a minute to compile.

They lie where numba keeps those for the CPU (`__pycache__` beside the sources, or
NUMBA_CACHE_DIR). Numba could keep them itself, but not so that they are found again: its key has
the pickled closure of the kernel in it, which differs from process to process, and it does not
notice a change in a file that the kernel calls into. So here the key is what the code depends on.

All that is known of numba-cuda's inside is used in this module and in `cuda_array`,
`cuda_compile`, `cuda_link` and `cuda_neighbours`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

from numba.cuda.dispatcher import CUDACache, CUDACacheImpl

from gym_mario_suite.engine.compiled import say_once
from gym_mario_suite.engine.compiled_files import keep_honest, source_stamp

# Every package that has a hand in the machine code. NVIDIA's may be missing: a whole CUDA toolkit
# is known by its version, which numba knows.
_COMPILERS = (
    *("numba", "numba-cuda", "llvmlite", "cuda-core"),
    *("nvidia-nvvm", "nvidia-nvjitlink", "nvidia-cuda-nvcc"),
)
# It imports all that has to do with compiling and assembling.
_COMPILING = Path(__file__).with_name("cuda.py")


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


class _KernelForm(CUDACacheImpl):
    """How a kernel is written: its machine code and PTX, without the ten times longer LLVM code."""

    def reduce(self, kernel: Any) -> Any:
        kernel.library._llvm_strs = []
        return super().reduce(kernel)


class _KernelCache(CUDACache):
    """The files of one kernel.

    Args:
        kernel: The Python function of the kernel.
        rows_function: The function over rows that it calls.
    """

    _impl_class = _KernelForm

    def __init__(self, kernel: Callable[..., None], rows_function: Any) -> None:
        super().__init__(kernel)
        source = Path(rows_function.py_func.__code__.co_filename)
        keep_honest(self._cache_file, (source_stamp(source), source_stamp(_COMPILING)))

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        return sig, codegen.magic_tuple(), tuple(map(_version, _COMPILERS))

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The kernel for these types of arguments; None if it is not on disk, or damaged there."""
        try:
            kernel = super().load_overload(sig, target_context)
        except Exception:  # a damaged pickle may raise anything
            kernel = None
            with suppress(OSError):
                self.flush()
        if kernel is None:
            say_once("compiling the engine for this GPU (once, some 30 seconds) ...")
        return kernel

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a kernel; where nothing can be written, it is compiled again next time."""
        try:
            super().save_overload(sig, data)
        except OSError:
            self.disable()


def specialized(dispatcher: Any, rows_function: Any, arguments: tuple[Any, ...]) -> Any:
    """The kernel for the types of these arguments, from disk or compiled and kept.

    Args:
        dispatcher: What `cuda.jit` has made of the kernel; a new one for each choice of types.
        rows_function: The function over rows that the kernel calls.
        arguments: What the kernel is launched with.

    Returns:
        What is launched by `[blocks, threads](...)`, with arguments of the same types each time.
    """
    with suppress(RuntimeError):  # where no folder can be written, nothing is kept
        dispatcher._cache = _KernelCache(dispatcher.py_func, rows_function)
    dispatcher.compile(tuple(map(dispatcher.typeof_pyval, arguments)))
    dispatcher.disable_compile()
    # As numba's `specialize` does: launches no longer look at the types of the arguments.
    dispatcher._specialized = True
    return dispatcher
