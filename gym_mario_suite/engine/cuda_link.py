"""From PTX to machine code: a kernel and the functions that it calls are assembled as a whole.

NVIDIA's linker would assemble each function by itself, for callers that it does not know: then
every call saves and restores up to fifty registers in the stack, and a function that takes more
registers than its kernel may have is an error. So the functions are made the kernel's own
(`as_a_whole`), and the assembler is told to fit them to it. Linkers before CUDA 13.5 may not know
how; with these the functions are the kernel's own, too, but save and restore.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from typing import Any

from gym_mario_suite.engine.cuda_device import H100

# With calls the assembler takes more registers than it needs. With so many 512 threads live on a
# multiprocessor, all of 65,536 games at once on an H100.
MAX_REGISTERS = 128

_FIT_FUNCTIONS = "-enable-func-clone-sc=true"
_ENTRY = re.compile(rb"\.entry [^{]*?\)(?=\s*\{)")
_PACKAGE = __name__.partition(".")[0].encode()


def as_a_whole(ptx: bytes) -> bytes:
    """PTX of a kernel whose functions nobody else can call, with `MAX_REGISTERS` for all of it.

    That of a kernel without functions stays as it is.
    """
    if b".weak .func" not in ptx:
        return ptx
    return _ENTRY.sub(rb"\g<0>\n.maxnreg %d" % MAX_REGISTERS, ptx.replace(b".weak .func", b".func"))


def fit_functions() -> None:
    """Have numba assemble this package's kernels so; those of others are left as they are.

    To be called once in a process.
    """
    linker: Any = importlib.import_module("numba.cuda.cudadrv.driver")._Linker
    get_options, complete = linker._get_linker_options, linker.complete

    def get_fitting_options(self: Any, *arguments: Any, **named: Any) -> Any:
        options = get_options(self, *arguments, **named)
        if getattr(self, "_fits", False):
            options.ptxas_options = [_FIT_FUNCTIONS]
        return options

    def complete_fitting(self: Any) -> Any:
        def link(fits: bool) -> Any:
            self._fits = fits
            return complete(self)

        if any(_PACKAGE in code.code for code in self._object_codes):
            return _if_known(link)
        return complete(self)

    linker._get_linker_options, linker.complete = get_fitting_options, complete_fitting


def _if_known(link: Callable[[bool], Any]) -> Any:
    """What `link` makes with the option, or without it where the linker does not know it."""
    try:
        return link(True)
    except Exception as error:  # what is raised differs from release to release
        if "Unknown option" not in str(error):
            raise
        return link(False)


def assemble(ptx: str, capability: tuple[int, int] = H100) -> tuple[bytes, str]:
    """Machine code of a kernel's PTX, and the assembler's report of registers, stack and spills.

    A device is not needed.

    Args:
        ptx: As `RowKernel.ptx` gives it.
        capability: The device's compute capability.
    """
    core: Any = importlib.import_module("cuda.core")

    def link(fits: bool) -> tuple[bytes, str]:
        options = core.LinkerOptions(
            arch="sm_{}{}".format(*capability),
            ptxas_options=["-v", *([_FIT_FUNCTIONS] if fits else ())],
        )
        linker = core.Linker(core.ObjectCode.from_ptx(ptx.encode()), options=options)
        return bytes(linker.link("cubin").code), linker.get_info_log() or ""

    return _if_known(link)
