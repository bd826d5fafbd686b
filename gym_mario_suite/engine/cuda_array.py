"""Arrays in a GPU's memory that other libraries take as their own, without a copy.

Numba's arrays tell of themselves by `__cuda_array_interface__` alone. Here they speak DLPack as
well, which is all that some libraries listen to, and by which the taker names the stream that it
will read in.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from numba import cuda
from numba.cuda.cudadrv.devicearray import DeviceNDArray

# NVIDIA's package, whose folders no type checker finds.
StridedMemoryView = import_module("cuda.core.utils").StridedMemoryView

# How DLPack names streams: a number above these is the address of a stream. The legacy default
# stream, in which everything here happens, and the default stream of a thread wait for each other.
_NO_ORDER, _LEGACY_DEFAULT, _THREAD_DEFAULT = -1, 1, 2


class DeviceArray(DeviceNDArray):
    """Numba's array on a device, with DLPack (https://dmlc.github.io/dlpack/latest/)."""

    @classmethod
    def around(cls, array: DeviceNDArray) -> DeviceArray:
        """The same memory as one of these."""
        return cls(array.shape, array.strides, array.dtype, gpu_data=array.gpu_data)

    def __dlpack_device__(self) -> tuple[int, int]:
        """DLPack's numbers of the kind of device (2, CUDA) and of the device."""
        return self._view().__dlpack_device__()

    def __dlpack__(
        self,
        *,
        stream: int | None = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        """The array's memory as a capsule of DLPack.

        Args:
            stream: Where the taker will read: what is written now is written before that.
            max_version: The newest DLPack that the taker knows.
            dl_device: Where the taker wants it; other than where it is, that is not possible.
            copy: Whether it must be a copy; that is not possible.

        Raises:
            BufferError: For a copy or another device.
        """
        if stream is not None and stream not in (_NO_ORDER, _LEGACY_DEFAULT, _THREAD_DEFAULT):
            written = cuda.event(timing=False)
            written.record()
            written.wait(cuda.external_stream(stream))
        view = self._view()
        elsewhere = None if dl_device == view.__dlpack_device__() else dl_device
        return view.__dlpack__(max_version=max_version, dl_device=elsewhere, copy=copy)

    def _view(self) -> Any:
        return StridedMemoryView.from_cuda_array_interface(self, stream_ptr=_NO_ORDER)
