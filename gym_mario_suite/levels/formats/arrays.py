"""NumPy files from anywhere: no pickles, no headers that lie about sizes, no bombs."""

from __future__ import annotations

import io
import zipfile

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.errors import LevelError

MAX_BYTES = 64 << 20  # a level of the largest size has 4 MiB of tiles


def read_npy(data: bytes, what: str = "the .npy file") -> NDArray[np.generic]:
    """The array of a `.npy` file.

    Raises:
        LevelError: When the bytes are none, hold Python objects, or are shorter than they say.
    """
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, in_fortran_order, dtype = read(stream)
        if dtype.hasobject or dtype.itemsize == 0:
            raise ValueError(f"arrays of {dtype} are not read")
        if any(size < 0 for size in shape):
            raise ValueError(f"the shape {shape} has a negative size")
        count = 1
        for size in shape:
            count *= int(size)
        rest = data[stream.tell() :]
        if count * dtype.itemsize != len(rest):
            raise ValueError(
                f"an array of {dtype} {shape} has {count * dtype.itemsize} bytes, got {len(rest)}"
            )
        array = np.frombuffer(rest, dtype)
        return array.reshape(shape, order="F" if in_fortran_order else "C")
    except Exception as error:  # numpy parses the header as Python: tokens, syntax, values
        raise LevelError(f"{what} is no NumPy array: {_one_line(error)}") from None


def read_npz(data: bytes) -> dict[str, NDArray[np.generic]]:
    """The arrays of a `.npz` file by name.

    Raises:
        LevelError: When the bytes are none, or hold more than 64 MiB.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > MAX_BYTES:
                raise LevelError(f"the .npz file holds more than {MAX_BYTES >> 20} MiB")
            contents = {}
            for member in members:
                with archive.open(member) as stream:
                    # What the directory says of the size need not be true.
                    content = stream.read(MAX_BYTES + 1)
                if len(content) > MAX_BYTES:
                    raise LevelError(f"the .npz file holds more than {MAX_BYTES >> 20} MiB")
                contents[member.filename] = content
    except LevelError:
        raise
    except Exception as error:  # each method of compression has errors of its own
        raise LevelError(f"not a .npz file: {_one_line(error)}") from None
    return {
        name.removesuffix(".npy"): read_npy(content, f"{name} of the .npz file")
        for name, content in contents.items()
    }


def write_npz(arrays: dict[str, NDArray[np.generic]]) -> bytes:
    """A `.npz` file: the same arrays give the same bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy")  # its time is 1980 and never now
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, write_npy(array))
    return stream.getvalue()


def write_npy(array: NDArray[np.generic]) -> bytes:
    """A `.npy` file."""
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
