"""A GPU that is pretended: tensors in the computer's memory that say they were on "cuda".

What goes wrong there alone goes wrong here, too: tensors of two devices in one operation, arrays
of numpy made of a tensor on the device, a generator of the other device. Torch's own fake tensors
know no values, so that nothing runs with them whose way depends on values, as a training's does.
Here all values are those of the CPU. What is left to a real device is its arithmetic, its speed and
its types of low precision.
"""

import hashlib
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

_CPU, _CUDA = torch.device("cpu"), torch.device("cuda", 0)
_ROOT = str(Path(__file__).parents[1])
# Numbers of the CPU may be mixed with tensors of a device, but not in these.
_NEVER_MIXED = frozenset({"cat", "stack", "concat", "hstack", "vstack", "index_select", "gather"})
# What waits until the device has done all that it was asked for.
_WAITING = frozenset(
    {"item", "tolist", "__bool__", "__float__", "__int__", "__index__", "nonzero", "equal"}
    | {"masked_select", "unique", "is_nonzero", "allclose", "argwhere", "__contains__"}
)
_FROM_HOST = frozenset({"tensor", "as_tensor", "asarray", "new_tensor"})
_REFUSED = frozenset({"numpy", "__array__", "data_ptr"})
_MIXING = frozenset(
    {"copy_", "to", "__getitem__", "__setitem__", "set_", "_has_compatible_shallow_copy_type"}
)


class _Generator(torch.Generator):
    """The CPU's generator, which says what device it was asked for."""

    _states: ClassVar[dict[bytes, torch.Tensor]] = {}

    def __new__(cls, device: Any = "cpu") -> "_Generator":
        made: Any = super().__new__(cls, "cpu")  # type: ignore[call-arg]
        made.pretended = torch.device(device)
        return made

    @property
    def device(self) -> torch.device:  # type: ignore[override]
        """What it was asked for."""
        return self.pretended  # type: ignore[attr-defined]

    def get_state(self) -> torch.Tensor:
        """A state of the device's form: a GPU's has 16 bytes, a processor's thousands."""
        state = super().get_state()
        if self.device.type == "cpu":
            return state
        short = hashlib.blake2b(state.numpy().tobytes(), digest_size=16).digest()
        self._states[short] = state
        return torch.frombuffer(bytearray(short), dtype=torch.uint8)

    def set_state(self, new_state: torch.Tensor) -> "_Generator":
        """Take up a state of the device's form."""
        if self.device.type != "cpu":
            if len(new_state) != 16:
                raise RuntimeError("RNG state is wrong size")
            new_state = self._states[bytes(new_state.tolist())]
        super().set_state(new_state)
        return self


class PretendedGPU(TorchFunctionMode):
    """Knows which tensors are on the device: those whose storage came into being there.

    Attributes:
        waits: How often which line of the repository waited for the device, and for what.
    """

    def __init__(self) -> None:
        super().__init__()
        self.waits: Counter[tuple[str, str]] = Counter()
        self._there: dict[int, StorageWeakRef] = {}

    # --- what is on the device ------------------------------------------------------------------

    def holds(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor is on the device."""
        with torch._C.DisableTorchFunction():
            if tensor.layout != torch.strided:
                return False
            known = self._there.get(tensor.untyped_storage()._cdata)
        return known is not None and not known.expired()

    def put(self, tensor: torch.Tensor) -> torch.Tensor:
        """Say of a tensor that it is there."""
        with torch._C.DisableTorchFunction():
            reference = StorageWeakRef(tensor.untyped_storage())
        self._there[reference.cdata] = reference
        if len(self._there) > 20_000:
            self._there = {n: r for n, r in self._there.items() if not r.expired()}
        return tensor

    def _wait(self, what: str) -> None:
        frame: Any = sys._getframe(1)
        while frame is not None:
            file = frame.f_code.co_filename
            if file.endswith("clip_grad.py"):  # which groups tensors by the devices of C++
                return
            if file.startswith(_ROOT) and file != __file__:
                self.waits[f"{Path(file).relative_to(_ROOT)}:{frame.f_lineno}", what] += 1
                return
            frame = frame.f_back

    # --- torch's functions ----------------------------------------------------------------------

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        name = func.__name__
        if name == "__get__":
            return self._get(func, args[0], args)
        if name == "__set__":
            return self._set(func, args)
        if name in ("cpu", "cuda", "to", "pin_memory"):
            return self._move(func, name, args, kwargs)
        tensors = [x for x in tree_leaves((args, kwargs)) if isinstance(x, torch.Tensor)]
        there = [self.holds(tensor) for tensor in tensors]
        here = {id(x) for x, is_there in zip(tensors, there, strict=True) if not is_there}
        any_there = any(there)
        if any_there and name in _REFUSED:
            raise TypeError(f"{name}() of a tensor on the device: copy it to host memory first")
        if any_there and name in _WAITING:
            self._wait(name)
        asked = kwargs.pop("device", None)
        if asked is not None:
            kwargs["device"] = "cpu"
        elsewhere = any_there and not (asked is not None and torch.device(asked).type == "cpu")
        target = elsewhere if asked is None else torch.device(asked).type == "cuda"
        self._check(name, args, tensors, there)
        generator = kwargs.get("generator")
        if generator is not None:
            kind = generator.device.type
            if kind != ("cuda" if target else "cpu"):
                raise RuntimeError(f"{name}: a generator of {kind} for a tensor of another device")
        result = func(*args, **kwargs)
        if name in _FROM_HOST and target and not (tensors and there[-1] and name != "new_tensor"):
            self._wait(f"{name} of host values")
        elif name in ("__getitem__", "__setitem__") and any_there:
            self._see_indices(args)
        if target:
            # What is changed in its place stays where it is.
            for made in tree_leaves(result):
                if isinstance(made, torch.Tensor) and id(made) not in here:
                    self.put(made)
        return result

    def _check(
        self, name: str, args: tuple[Any, ...], tensors: list[torch.Tensor], there: list[bool]
    ) -> None:
        """Refuse what mixes devices, as CUDA's kernels do."""
        if all(there) or not any(there):
            return
        if name in ("__getitem__", "__setitem__"):
            indices = [x for x in tree_leaves(args[1]) if isinstance(x, torch.Tensor)]
            if not self.holds(args[0]) and any(map(self.holds, indices)):
                raise RuntimeError(f"{name}: indices on the device, of a tensor that is not")
            # A slice is filled by a copy, from wherever.
            for values in args[2:] if indices else ():
                are_several = isinstance(values, torch.Tensor) and values.ndim > 0
                if are_several and self.holds(values) != self.holds(args[0]):
                    raise RuntimeError(f"{name}: values of another device by indices")
            return
        if name in _MIXING:
            return
        for tensor, is_there in zip(tensors, there, strict=True):
            if not is_there and (tensor.ndim or name in _NEVER_MIXED):
                raise RuntimeError(
                    f"{name}: all tensors expected on the same device, "
                    f"found {['cuda' if t else 'cpu' for t in there]}"
                )
        if name.endswith("_") and not name.endswith("__") and not there[0]:
            raise RuntimeError(f"{name}: a number of the CPU changed by a tensor on the device")

    def _see_indices(self, args: tuple[Any, ...]) -> None:
        if not self.holds(args[0]):
            return
        for index in args[1] if isinstance(args[1], tuple) else (args[1],):
            if isinstance(index, list):
                self._wait("index by a list")
            elif isinstance(index, torch.Tensor) and index.dtype == torch.bool:
                self._wait("index by a mask")
            elif isinstance(index, torch.Tensor) and not self.holds(index):
                self._wait("index by a tensor of the CPU")

    def _get(self, func: Any, tensor: torch.Tensor, args: tuple[Any, ...]) -> Any:
        what = func.__self__.__name__
        if what in ("device", "is_cuda", "is_cpu"):
            there = self.holds(tensor)
            if what == "device":
                return _CUDA if there else _CPU
            return there if what == "is_cuda" else not there
        value = func(*args)
        if what == "grad" and value is not None and self.holds(tensor):
            self.put(value)
        return value

    def _set(self, func: Any, args: tuple[Any, ...]) -> Any:
        tensor, value = args[0], args[1] if len(args) > 1 else None
        if func.__self__.__name__ == "grad" and isinstance(value, torch.Tensor):
            assert self.holds(tensor) == self.holds(value), "a gradient of another device"
        return func(*args)

    def _move(self, func: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        tensor, *rest = args
        was = self.holds(tensor)
        target = {"cpu": False, "cuda": True, "pin_memory": was}.get(name, was)
        if name in ("cuda", "pin_memory"):
            moved = tensor
        else:
            if name == "to":
                for place, value in enumerate(rest):
                    if isinstance(value, torch.Tensor):
                        target = self.holds(value)
                    elif isinstance(value, (str, torch.device)):
                        target, rest[place] = torch.device(value).type == "cuda", _CPU
                if kwargs.get("device") is not None:
                    target = torch.device(kwargs["device"]).type == "cuda"
                    kwargs["device"] = _CPU
            moved = func(tensor, *rest, **kwargs)
        if was != target and not kwargs.get("non_blocking"):
            self._wait(name)
        with torch._C.DisableTorchFunction():
            shared = moved.untyped_storage()._cdata == tensor.untyped_storage()._cdata
            if was != target and shared:
                moved = tensor.clone()
        return self.put(moved) if target else moved


@contextmanager
def pretended_gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[PretendedGPU]:
    """A context in which there is a GPU, "cuda", also for threads that begin in it."""
    mode = PretendedGPU()
    run = threading.Thread.run

    def run_with(thread: threading.Thread) -> None:
        with mode:
            run(thread)

    autocast = torch.autocast

    def on_cpu(device_type: str, *args: Any, **kwargs: Any) -> Any:
        return autocast("cpu", *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "run", run_with)
        patch.setattr(torch, "Generator", _Generator)
        patch.setattr(torch, "autocast", on_cpu)
        patch.setattr(torch.cuda, "is_available", lambda: True)
        patch.setattr(torch.cuda, "device_count", lambda: 1)
        patch.setattr(torch.cuda, "is_bf16_supported", lambda *_, **__: True)
        # Optimisers ask the driver about graphs.
        for name in ("_cuda_graph_capture_health_check", "_accelerator_graph_capture_health_check"):
            patch.setattr(torch.optim.Optimizer, name, lambda _: None, raising=False)
        with mode:
            try:
                yield mode
            finally:
                _Generator._states.clear()
