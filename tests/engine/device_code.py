"""The device's code without a device.

Numba turns the engine's functions into LLVM code for NVIDIA's compiler, by other rules than for
the CPU: its own types, its own arithmetic, its own libraries. Here that very code is compiled for
this computer's processor instead and run, one thread of the grid after the other. So all that numba
does for the device is tried, bit for bit; what is left to a real device is the last translation
(to PTX, which other tests look through, and machine code) and the hardware.
"""

import ctypes
import re
from typing import Any

import llvmlite.binding as llvm
import numpy as np
import pytest
from numpy.typing import NDArray

_SPECIAL = re.compile(r'@"llvm\.nvvm\.read\.ptx\.sreg\.(\w+)\.x"')
_AROUND = """
@thread = global i32 0
define i32 @sreg_tid() { %t = load i32, ptr @thread
 ret i32 %t }
define i32 @sreg_ntid() { ret i32 1 }
define i32 @sreg_ctaid() { ret i32 0 }
"""
# What the device's own library of functions would bring.
for _name, _same, _count in (
    ("floor", "floor", 1),
    ("fabs", "fabs", 1),
    ("fmin", "minnum", 2),
    ("fmax", "maxnum", 2),
):
    for _ending, _kind, _bits in (("", "double", "f64"), ("f", "float", "f32")):
        _types = ", ".join([_kind] * _count)
        _values = ", ".join(f"{_kind} %x{i}" for i in range(_count))
        _AROUND += f"""
declare {_kind} @llvm.{_same}.{_bits}({_types})
define {_kind} @__nv_{_name}{_ending}({_values}) {{
 %y = call {_kind} @llvm.{_same}.{_bits}({_values})
 ret {_kind} %y }}
"""


DEVICES = ("this processor", pytest.param("a GPU", marks=pytest.mark.gpu))


def choose_device(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the test run on a GPU, or the GPU's code on this processor; skip it without either."""
    from gym_mario_suite.engine.cuda_device import require_device, require_toolkit
    from gym_mario_suite.errors import DeviceError

    try:
        if name == "a GPU":
            require_device()
        else:
            require_toolkit()
            run_device_code_here(monkeypatch)
    except DeviceError as error:
        pytest.skip(str(error))


class _Captured(Exception):
    def __init__(self, modules: list[str]) -> None:
        super().__init__("captured")
        self.modules = modules


def device_llvm(kernel: Any, arguments: tuple[Any, ...]) -> list[str]:
    """The LLVM modules that numba would give to NVIDIA's compiler for this launch."""
    from numba.cuda.cudadrv import nvvm

    def capture(modules: Any, **_: Any) -> Any:
        raise _Captured([modules] if isinstance(modules, str) else list(modules))

    capture.strict = True  # type: ignore[attr-defined]
    before: Any = nvvm.compile_ir
    nvvm.compile_ir = capture
    try:
        kernel.ptx(*arguments)
    except _Captured as captured:
        return captured.modules
    finally:
        nvvm.compile_ir = before
    raise AssertionError("numba did not come to the compiler")


class HostCode:
    """A kernel's device code, compiled for this processor for one choice of argument types."""

    def __init__(self, kernel: Any, arguments: tuple[Any, ...]) -> None:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        machine = llvm.Target.from_default_triple().create_target_machine(
            opt=1, codemodel="jitdefault"
        )
        header = (
            f'target triple = "{machine.triple}"\ntarget datalayout = "{machine.target_data}"\n'
        )
        modules = []
        for text in device_llvm(kernel, arguments):
            # Named as a kernel it would be called in the device's own manner.
            body = re.sub(r"^(target|!nvvm\.annotations) .*\n", "", text, flags=re.MULTILINE)
            modules.append(llvm.parse_assembly(header + _SPECIAL.sub(r"@sreg_\1", body)))
        name, kinds = next(
            (f.name, [str(a.type) for a in f.arguments])
            for f in modules[0].functions
            if not f.is_declaration and str(f.type).startswith("ptr") and "kernel_" in f.name
        )
        values = ", ".join(f"{kind} %a{i}" for i, kind in enumerate(kinds))
        drive = f"""
declare void @"{name}"({", ".join(kinds)})
define void @drive(i32 %n, {values}) {{
start: br label %next
next: %i = phi i32 [0, %start], [%j, %next]
 store i32 %i, ptr @thread
 call void @"{name}"({values})
 %j = add i32 %i, 1
 %more = icmp slt i32 %j, %n
 br i1 %more, label %next, label %end
end: ret void }}"""
        linked = llvm.parse_assembly(header + _AROUND + drive)
        for module in modules:
            linked.link_in(module)
        linked.verify()
        missing = [f.name for f in linked.functions if f.is_declaration]
        missing = [name for name in missing if not name.startswith("llvm.")]
        assert not missing, f"the device's library has {missing}; write them down here"
        options = llvm.create_pipeline_tuning_options(speed_level=1)
        builder = llvm.create_pass_builder(machine, options)
        builder.getModulePassManager().run(linked, builder)
        self._engine = llvm.create_mcjit_compiler(linked, machine)
        self._engine.finalize_object()
        address = self._engine.get_function_address("drive")
        widths = {"ptr": ctypes.c_void_p, "i64": ctypes.c_int64, "i8": ctypes.c_uint8}
        self._drive = ctypes.CFUNCTYPE(None, ctypes.c_int32, *(widths[k] for k in kinds))(address)

    def run(self, first: int, end: int, arguments: tuple[Any, ...]) -> None:
        # One thread more than there are rows: the kernel must leave it out by itself.
        self._drive(end - first + 1, *_flat((first, end, arguments)))


def _flat(value: Any) -> list[Any]:
    """A kernel's argument as numba lays it out: arrays by their seven parts."""
    if isinstance(value, tuple):
        return [part for member in value for part in _flat(member)]
    if isinstance(value, np.ndarray):
        assert value.flags.c_contiguous
        memory = value.ctypes.data
        return [None, None, value.size, value.itemsize, memory, *value.shape, *value.strides]
    return [int(value)]


class HostArray(np.ndarray):
    """An array that passes for one on the device."""

    def copy_to_host(self, out: Any = None) -> NDArray[Any]:
        if out is None:
            return np.array(self)
        out[...] = self
        return out

    def is_c_contiguous(self) -> bool:
        return self.flags.c_contiguous

    def copy_to_device(self, source: Any) -> None:
        assert source.dtype == self.dtype
        assert source.shape == self.shape
        self[...] = source


_codes: dict[Any, HostCode] = {}


def run_device_code_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on kernels run on this processor, and device arrays are in its memory."""
    from numba import cuda

    from gym_mario_suite.engine import cuda as device
    from gym_mario_suite.engine import cuda_device

    def launch(self: Any, first: int, end: int, *arguments: Any) -> None:
        assert all(isinstance(a, HostArray | tuple | int | bool) for a in arguments)
        key = self.function, tuple(device._kind(argument) for argument in arguments)
        if key not in _codes:
            _codes[key] = HostCode(self, arguments)
        _codes[key].run(first, end, arguments)

    monkeypatch.setattr(device.RowKernel, "launch", launch)
    monkeypatch.setattr(cuda, "to_device", lambda array: array.copy().view(HostArray))
    monkeypatch.setattr(
        cuda, "device_array", lambda shape, dtype: np.full(shape, 85, dtype).view(HostArray)
    )
    monkeypatch.setattr(device, "_shared", lambda array: array)
    monkeypatch.setattr(cuda, "is_cuda_array", lambda value: isinstance(value, HostArray))
    # A tensor of torch is taken as it is, too.
    monkeypatch.setattr(cuda, "as_cuda_array", lambda value: np.asarray(value).view(HostArray))
    monkeypatch.setattr(cuda, "synchronize", lambda: None)
    monkeypatch.setattr(cuda_device, "require_device", lambda: None)
    monkeypatch.setattr(cuda_device, "free_bytes", lambda: float("inf"))
