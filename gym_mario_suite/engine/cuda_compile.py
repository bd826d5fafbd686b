"""Compiling the engine for CUDA so that every float operation is rounded once, as on the CPU.

By default NVIDIA's compiler fuses a product and a sum into one instruction that rounds once
instead of twice, and results would differ. It is told not to (`STRICT_FLOATS`); then each
instruction it writes has its rounding mode (`add.rn.f32`), which also keeps the assembler from
fusing them. What it writes is looked through, each time: code that still has an instruction of
another kind is refused.

Numba passes no such options on, so its call of the compiler is wrapped. Modules that hold none of
this package's code pass through the wrapper unchanged.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numba import types

from gym_mario_suite.engine.cuda_device import H100, require_toolkit, simulated
from gym_mario_suite.engine.cuda_link import as_a_whole, fit_functions
from gym_mario_suite.engine.cuda_neighbours import make_way
from gym_mario_suite.errors import DeviceError

STRICT_FLOATS = {"fma": False, "ftz": False, "prec_div": True, "prec_sqrt": True}
# In programs of so many lines of LLVM code, functions of so many are called and not copied. Chosen
# by what the assembler makes of it: a quarter of the code, and hardly any registers spilled.
LONG_PROGRAM_LINES = 30_000
LONG_FUNCTION_LINES = 800

_PACKAGE = __name__.partition(".")[0]
# The head of a function's definition in LLVM code, unless it is always to be inlined. A kernel's
# function over rows is called once, with more arguments than there are registers.
_PLAIN_FUNCTION = re.compile(r"^define linkonce_odr (?!.*_rowsB\d).*\)$", re.MULTILINE)
# Fused, flushing denormals, approximate, or without a rounding mode of its own.
_LOOSE = re.compile(
    r"\b(?:fma|mad)\.[\w.]*f(?:16|32|64)\b"
    r"|\b\w+\.[\w.]*(?:ftz|approx|full)\b[\w.]*"
    r"|\b(?:add|sub|mul|div|sqrt)\.f(?:16|32|64)\b"
)


def loose_float_instructions(ptx: str) -> list[str]:
    """The float instructions of some PTX whose results may differ from the CPU's, each once."""
    return sorted(set(_LOOSE.findall(ptx)))


def prepare_numba() -> None:
    """Have numba compile this package's kernels strictly and assemble each as a whole.

    More often than once is no harm.

    Raises:
        DeviceError: If the toolkit is missing.
    """
    require_toolkit()
    if simulated():
        return
    nvvm: Any = importlib.import_module("numba.cuda.cudadrv.nvvm")
    compile_ir = nvvm.compile_ir
    if getattr(compile_ir, "strict", False):
        return
    make_way()
    fit_functions()

    def compile_strictly(llvm_ir: Any, **options: Any) -> Any:
        modules = [llvm_ir] if isinstance(llvm_ir, str) else list(llvm_ir)
        if not any(_PACKAGE in module for module in modules):
            return compile_ir(modules, **options)
        # What is called from several places is in the list several times.
        modules = list(dict.fromkeys(modules))
        long = sum(module.count("\n") for module in modules) >= LONG_PROGRAM_LINES
        if long:
            modules = list(map(_with_calls, modules))
        compiled = compile_ir(modules, **{**options, "fastmath": False, **STRICT_FLOATS})
        loose = loose_float_instructions(compiled.decode())
        if loose:
            raise DeviceError(
                "this release of NVIDIA's compiler would make the game differ from the CPU's: its "
                f"code has {', '.join(loose)}"
            )
        return as_a_whole(compiled)

    compile_strictly.strict = True  # type: ignore[attr-defined]
    nvvm.compile_ir = compile_strictly


def _with_calls(module: str) -> str:
    """LLVM code of a function, which is not to be copied into its callers if it is long.

    By itself NVIDIA's compiler copies until the step of a game takes 2 MB of machine code. That is
    far more than a device's caches for instructions hold, and half a minute of work for the
    assembler.
    """
    if module.count("\n") < LONG_FUNCTION_LINES:
        return module
    return _PLAIN_FUNCTION.sub(r"\g<0> noinline", module)


def type_of(value: Any) -> Any:
    """The type with which a kernel takes a value: arrays (C-contiguous), tuples, numbers.

    Args:
        value: A numpy array standing for one on the device, a tuple of such, an int or a bool.
    """
    support = importlib.import_module("numba.cuda.np.numpy_support")
    if isinstance(value, np.ndarray):
        return types.Array(support.from_dtype(value.dtype), value.ndim, "C")
    if isinstance(value, tuple):
        members = [type_of(member) for member in value]
        if hasattr(value, "_fields"):
            return types.NamedTuple(members, type(value))
        return types.Tuple(members)
    return types.boolean if isinstance(value, bool) else types.int64


@contextmanager
def _as_if_there_were(capability: tuple[int, int]) -> Iterator[None]:
    """Numba asks the device for its capability; here there may be none."""

    class Device:
        compute_capability = capability

    dispatcher: Any = importlib.import_module("numba.cuda.dispatcher")
    asked = dispatcher.get_current_device
    dispatcher.get_current_device = Device
    try:
        yield
    finally:
        dispatcher.get_current_device = asked


def compile_ptx(
    kernel: Callable[..., Any], arguments: Sequence[Any], capability: tuple[int, int] = H100
) -> str:
    """PTX of a kernel, without a device.

    Args:
        kernel: The Python function.
        arguments: What it is to be called with; see `type_of`.
        capability: Compute capability of the device to compile for.

    Raises:
        DeviceError: If the toolkit is missing, or the code is not strict.
    """
    prepare_numba()
    cuda = importlib.import_module("numba.cuda")
    signature = tuple(type_of(argument) for argument in arguments)
    with _as_if_there_were(capability):
        ptx, _ = cuda.compile_ptx(kernel, signature, cc=capability)
    return ptx
