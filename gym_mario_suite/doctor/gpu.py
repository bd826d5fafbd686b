"""Names CUDA devices as JSON on stdout: `python -m gym_mario_suite.doctor.gpu torch numba-cuda`."""

from __future__ import annotations

import json
import sys
from typing import Any


def torch_devices() -> str:
    """Names of the devices that torch sees, "" for none."""
    import torch

    if not torch.cuda.is_available():
        return ""
    return ", ".join(torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count()))


def numba_devices() -> str:
    """Names of the devices that numba sees, "" for none."""
    from numba import cuda

    found: Any = cuda
    if not found.is_available():
        return ""
    return ", ".join(
        name.decode() if isinstance(name, bytes) else str(name)
        for name in (device.name for device in found.gpus)
    )


PROBES = {"torch": torch_devices, "numba-cuda": numba_devices}


def main(names: list[str]) -> None:
    """Print a JSON object: what each of the libraries sees."""
    print(json.dumps({name: PROBES[name]() for name in names}))


if __name__ == "__main__":
    main(sys.argv[1:])
