"""Kernels are assembled, each with its functions as a whole; a device is not needed for that."""

import importlib
import re
from typing import Any

import numpy as np
import pytest

from gym_mario_suite.engine import cuda_compile, cuda_device, cuda_link
from gym_mario_suite.engine.world import empty_worlds

pytestmark = pytest.mark.usefixtures("toolkit")

ARGUMENTS = (
    np.zeros((1, 16), np.int32),
    np.zeros(1, np.int64),
    empty_worlds(1),
    np.ones(1, bool),
    np.zeros((1, 118), np.float32),
)


def view_ptx() -> str:
    from gym_mario_suite.engine.cuda_worlds import DeviceView

    return DeviceView("features").kernel.ptx(*ARGUMENTS)


def test_long_programs_are_made_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    copied = view_ptx()
    assert "call.uni" not in copied
    assert ".maxnreg" not in copied
    monkeypatch.setattr(cuda_compile, "LONG_PROGRAM_LINES", 1)
    called = view_ptx()
    assert "call.uni" in called
    assert re.search(r"\.entry [^{]*\)\s*\.maxnreg 128\s*\{", called)
    assert ".weak" not in re.sub("//.*", "", called)
    code, report = cuda_link.assemble(called)
    assert code.startswith(b"\x7fELF")
    registers = [int(number) for number in re.findall(r"Used (\d+) registers", report)]
    assert registers
    assert max(registers) <= cuda_link.MAX_REGISTERS


def test_a_linker_that_does_not_know_the_option_does_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cuda_compile, "LONG_PROGRAM_LINES", 1)
    monkeypatch.setattr(cuda_link, "_FIT_FUNCTIONS", "-no-such-option=true")
    code, _ = cuda_link.assemble(view_ptx())
    assert code.startswith(b"\x7fELF")


def test_what_cannot_be_assembled_is_told() -> None:
    with pytest.raises(Exception, match="PTX"):
        cuda_link.assemble("this is no PTX")


def options_of_linking(ptx: str, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What numba tells the assembler, time by time, until it has linked this."""
    import gym_mario_suite.engine.cuda  # noqa: F401  (has numba link so)

    driver: Any = importlib.import_module("numba.cuda.cudadrv.driver")
    linker_class, seen = driver.Linker, []

    def watched(*codes: Any, options: Any) -> Any:
        seen.append(options.ptxas_options)
        return linker_class(*codes, options=options)

    monkeypatch.setattr(driver, "Linker", watched)
    linker = driver._Linker(cc=cuda_device.H100)
    linker.add_ptx(ptx.encode(), "kernel")
    assert linker.complete()
    return seen


def test_numba_links_our_kernels_so(monkeypatch: pytest.MonkeyPatch) -> None:
    first, *again = options_of_linking(view_ptx(), monkeypatch)
    assert first == [cuda_link._FIT_FUNCTIONS]
    assert again in ([], [None])  # the latter with a linker that does not know it


def test_numba_links_without_an_unknown_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda_link, "_FIT_FUNCTIONS", "-no-such-option=true")
    assert options_of_linking(view_ptx(), monkeypatch) == [["-no-such-option=true"], None]


def test_kernels_of_others_are_linked_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    others = view_ptx().replace("gym_mario_suite", "somebody_elses")
    assert options_of_linking(others, monkeypatch) == [None]


@pytest.mark.slow
def test_every_kernel_is_assembled_with_registers_for_512_threads() -> None:
    from benchmarks.kernels import figures, kernels

    names = []
    for kernel, arguments in kernels(quick=False):
        found = figures(kernel.ptx(*arguments))
        names.append(kernel.name)
        assert 0 < found["registers"] <= cuda_link.MAX_REGISTERS, (kernel.name, found)
    assert {"step_active_rows", "reset_pooled_rows", "reset_rows", "tick_rows"} <= set(names)
