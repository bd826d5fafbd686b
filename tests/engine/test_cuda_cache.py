"""Kernels on disk: found again by other processes, and only while they are right.

There need be no device: NVIDIA's compilers run without one, and what asks for it is answered here.
"""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gym_mario_suite.engine.world import empty_worlds
from tests.processes import run_python

ARGUMENTS = (
    np.zeros((1, 16), np.int32),
    np.zeros(1, np.int64),
    empty_worlds(1),
    np.ones(1, bool),
    np.zeros((1, 11, 22, 22), np.int8),
)


def kernel_and_count(set_attribute: Callable[[Any, str, Any], None]) -> tuple[bytes, int]:
    """The machine code of a kernel, and how many had to be compiled for it."""
    from numba import cuda
    from numba.cuda import codegen, dispatcher

    from gym_mario_suite.engine import cuda_cache, cuda_compile
    from gym_mario_suite.engine.cuda_worlds import DeviceView

    class Device:
        compute_capability = cuda_compile.H100
        id = 0

    class Loaded:
        class module:
            initialized = True

    compiled = []

    make = dispatcher._Kernel.__init__

    def make_and_count(kernel: Any, *arguments: Any, **options: Any) -> None:
        compiled.append(kernel)
        make(kernel, *arguments, **options)

    def get_cufunc(library: Any) -> Any:
        library.get_cubin()
        return Loaded

    library = codegen.CUDACodeLibrary
    set_attribute(dispatcher, "get_current_device", Device)
    set_attribute(dispatcher._Kernel, "__init__", make_and_count)
    set_attribute(library, "_ensure_cc", lambda *_: (*cuda_compile.H100, "a"))
    set_attribute(library, "get_cufunc", get_cufunc)
    set_attribute(codegen.JITCUDACodegen, "magic_tuple", lambda _: ((13, 0), cuda_compile.H100))
    kernel = DeviceView("channels").kernel
    made: Any = cuda.jit(kernel.function, lto=False)
    made.typeof_pyval = cuda_compile.type_of
    made = cuda_cache.specialized(made, kernel._rows_function, (0, 1, ARGUMENTS))
    (form,) = made.overloads.values()
    return bytes(form.library.get_cubin().code), len(compiled)


@pytest.fixture
def cubin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toolkit: None
) -> Callable[[], tuple[bytes, int]]:
    for name in ("numba.core.config", "numba.cuda.core.config"):
        monkeypatch.setattr(importlib.import_module(name), "CACHE_DIR", str(tmp_path))
    return lambda: kernel_and_count(monkeypatch.setattr)


def files(folder: Path, ending: str) -> list[Path]:
    return sorted(folder.rglob(f"cuda.kernel_*{ending}"))


def test_a_kernel_is_compiled_once(
    cubin: Callable[[], tuple[bytes, int]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, compiled = cubin()
    assert compiled == 1
    assert len(files(tmp_path, ".nbc")) == 1
    assert cubin() == (code, 0)
    # What is kept is the code for the device, and not what it was made of.
    assert files(tmp_path, ".nbc")[0].stat().st_size < 10 * len(code)


def test_another_process_finds_it(
    cubin: Callable[[], tuple[bytes, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _ = cubin()
    program = (
        "from tests.engine.test_cuda_cache import kernel_and_count\n"
        "code, compiled = kernel_and_count(setattr)\n"
        "print(compiled, code.hex())"
    )
    done = run_python(program, environment={"NUMBA_CACHE_DIR": str(tmp_path)})
    assert done.stdout.split() == ["0", code.hex()]
    assert "compiling" not in done.stderr


def test_a_change_of_the_sources_or_of_a_compiler_makes_it_anew(
    cubin: Callable[[], tuple[bytes, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from gym_mario_suite.engine import cuda_cache

    assert cubin()[1] == 1
    with monkeypatch.context() as patch:
        patch.setattr(cuda_cache, "source_stamp", lambda _: "changed")
        assert cubin()[1] == 1
        patch.setattr(cuda_cache.metadata, "version", lambda _: "newer")
        assert cubin()[1] == 1
        assert cubin()[1] == 0
    assert cubin()[1] == 1


def test_another_linker_makes_it_anew(
    cubin: Callable[[], tuple[bytes, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from gym_mario_suite.engine import cuda_cache

    known = cuda_cache.metadata.version

    def without_linker(package: str) -> str:
        if package == "nvidia-nvjitlink":
            raise cuda_cache.metadata.PackageNotFoundError(package)
        return known(package)

    assert cubin()[1] == 1
    monkeypatch.setattr(cuda_cache.metadata, "version", without_linker)
    assert cubin()[1] == 1
    assert cubin()[1] == 0


def test_whatever_compiles_is_among_the_sources_it_depends_on() -> None:
    pytest.importorskip("numba.cuda")
    from gym_mario_suite.engine import cuda_cache
    from gym_mario_suite.engine.compiled_files import _imported_sources

    engine = cuda_cache._COMPILING.parent
    compiling = set(engine.glob("cuda*.py")) - {engine / "cuda_worlds.py"}
    assert compiling <= _imported_sources(cuda_cache._COMPILING)


@pytest.mark.parametrize("ending", [".nbc", ".nbi"])
def test_a_damaged_file_is_replaced(
    cubin: Callable[[], tuple[bytes, int]], tmp_path: Path, ending: str
) -> None:
    cubin()
    (path,) = files(tmp_path, ending)
    path.write_bytes(path.read_bytes()[:100])
    code, compiled = cubin()
    assert compiled == 1
    assert cubin() == (code, 0)


def test_without_a_folder_to_write_to_nothing_is_kept(
    cubin: Callable[[], tuple[bytes, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from gym_mario_suite.engine import cuda_cache

    monkeypatch.setattr(cuda_cache._KernelForm, "_locator_classes", [])
    assert cubin()[1] == 1
    assert cubin()[1] == 1
