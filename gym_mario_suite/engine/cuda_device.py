"""Whether there is a CUDA device to use, and how many worlds fit into its memory.

Nothing heavy is imported here: who asks for a device without having one gets a `DeviceError` that
says what is missing, and not an ImportError.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from gym_mario_suite.errors import DeviceError

H100 = (9, 0)  # its compute capability
INSTALL = 'pip install "gym-mario-suite[gpu]"'
# Left to kernels, their stacks and the learner's first allocations.
SPARE_BYTES = 512 << 20


def simulated() -> bool:
    """Whether numba's simulator (NUMBA_ENABLE_CUDASIM=1) stands for the device."""
    return bool(_numba_cuda().core.config.ENABLE_CUDASIM)


def require_toolkit() -> None:
    """See that kernels can be compiled; a device is not needed for that.

    Raises:
        DeviceError: If numba-cuda or the compiler's library is missing.
    """
    if find_spec("numba_cuda") is None:
        raise DeviceError(f"worlds on a GPU need numba-cuda, which is not installed: {INSTALL}")
    if simulated():
        return
    nvvm = importlib.import_module("numba.cuda.cudadrv.nvvm")
    try:
        nvvm.NVVM()
    except Exception as error:  # what it raises differs from release to release
        raise DeviceError(
            f"NVIDIA's compiler library libnvvm cannot be loaded ({_first_line(error)}): {INSTALL}"
        ) from error


def require_device() -> None:
    """See that there is a device that kernels can run on.

    Raises:
        DeviceError: If numba-cuda, the driver or a device is missing; the message says which.
    """
    require_toolkit()
    if simulated():
        return
    driver = importlib.import_module("numba.cuda.cudadrv.driver").driver
    try:
        available, reason = driver.is_available, driver.initialization_error
    except Exception as error:  # as above
        available, reason = False, error
    if not available:
        raise DeviceError(
            f"there is no NVIDIA driver or no device to use ({_first_line(reason)}): device='cuda' "
            "needs an NVIDIA GPU with its driver; device='cpu' plays on the processor"
        )
    if not len(_numba_cuda().gpus):
        raise DeviceError(
            "the NVIDIA driver shows no device: look at nvidia-smi and CUDA_VISIBLE_DEVICES, or "
            "play on the processor with device='cpu'"
        )


@dataclass(frozen=True)
class DeviceFacts:
    """What a table of figures says of the device.

    Attributes:
        name: The device.
        driver: Version of the driver, and of the CUDA that it speaks.
        compute_capability: Such as "9.0".
        multiprocessors: How many it has.
        total_bytes: Its memory.
    """

    name: str
    driver: str
    compute_capability: str
    multiprocessors: int
    total_bytes: int


def device_facts() -> DeviceFacts:
    """The device in use.

    Raises:
        DeviceError: If there is none.
    """
    require_device()
    cuda = _numba_cuda()
    if simulated():
        return DeviceFacts("numba's simulator", "none", "none", 0, 0)
    device = cuda.get_current_device()
    name = device.name.decode() if isinstance(device.name, bytes) else str(device.name)
    return DeviceFacts(
        name,
        _driver_version(),
        ".".join(map(str, device.compute_capability)),
        int(device.MULTIPROCESSOR_COUNT),
        int(cuda.current_context().get_memory_info().total),
    )


def _driver_version() -> str:
    driver = importlib.import_module("numba.cuda.cudadrv.driver")
    spoken = "CUDA " + ".".join(map(str, driver.get_version()))
    try:
        text = Path("/proc/driver/nvidia/version").read_text(encoding="utf-8")
    except OSError:
        return spoken
    found = re.search(r"\b\d{3}\.\d[\d.]*", text)
    return f"{found[0]} ({spoken})" if found else spoken


def free_bytes() -> float:
    """Free memory of the device; infinite in the simulator."""
    return float(_numba_cuda().current_context().get_memory_info().free)


def worlds_that_fit(bytes_per_world: int, shared_bytes: int, free: float) -> int:
    """How many worlds fit.

    Args:
        bytes_per_world: What each world needs.
        shared_bytes: What all of them need together, such as the pool of levels.
        free: Free memory of the device in bytes.
    """
    return max(0, int((free - shared_bytes - SPARE_BYTES) // bytes_per_world))


def check_room(count: int, bytes_per_world: int, shared_bytes: int, free: float) -> None:
    """Refuse more worlds than fit.

    Raises:
        DeviceError: Saying how many do.
    """
    if free == float("inf"):
        return
    fitting = worlds_that_fit(bytes_per_world, shared_bytes, free)
    if count > fitting:
        raise DeviceError(
            f"{count:,} worlds do not fit into the device's memory: with {free / 1e9:.1f} GB free, "
            f"{bytes_per_world:,} bytes a world and {shared_bytes / 1e9:.2f} GB that all of them "
            f"share, {fitting:,} fit"
        )


def _numba_cuda() -> Any:
    return importlib.import_module("numba.cuda")


def _first_line(error: object) -> str:
    lines = [line.strip(" :") for line in str(error).splitlines() if line.strip(" :")]
    return lines[0].rstrip(".") if lines else "no reason given"
