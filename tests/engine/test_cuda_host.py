"""What happens on the host's side of a GPU, with a driver that pretends there is one.

Kernels are compiled, linked, loaded and launched by numba as on a device, but none of them runs.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import run_python

_SOURCE = Path(__file__).with_name("pretended_driver.c")

BEGINNING = """
import ctypes
import warnings
import numpy as np
from gym_mario_suite.engine import cuda

warnings.simplefilter("error")
driver = ctypes.CDLL("libcuda.so.1")
"""

SHARING = """
class Tensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_uint64), ("device", ctypes.c_int * 2), ("ndim", ctypes.c_int),
        ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)), ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("offset", ctypes.c_uint64),
    ]

address = ctypes.pythonapi.PyCapsule_GetPointer
address.restype, address.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]

def tensor_of(array, **options):
    capsule = array.__dlpack__(**options)
    return capsule, Tensor.from_address(address(capsule, b"dltensor"))

array = cuda.to_device(np.arange(24, dtype=np.int16).reshape(2, 3, 4))
assert array.__dlpack_device__() == (2, 0)
for part, shape, strides in ((array, [2, 3, 4], [12, 4, 1]), (array[1], [3, 4], [4, 1])):
    capsule, tensor = tensor_of(part)
    assert tensor.data == part.__cuda_array_interface__["data"][0]
    assert list(tensor.device) == [2, 0]
    assert (tensor.code, tensor.bits, tensor.lanes) == (0, 16, 1)
    assert tensor.shape[:tensor.ndim] == shape
    assert tensor.strides[:tensor.ndim] == strides
for dtype, code, bits in ((bool, 6, 8), (np.float64, 2, 64), (np.uint8, 1, 8)):
    capsule, tensor = tensor_of(cuda.device_zeros(5, dtype))
    assert (tensor.code, tensor.bits) == (code, bits)
for stream, waits in ((None, 0), (-1, 0), (1, 0), (2, 0), (77, 1)):
    before = driver.pretended_waits()
    array.__dlpack__(stream=stream)
    assert driver.pretended_waits() - before == waits, stream
array.__dlpack__(dl_device=(2, 0))
for impossible in ({"copy": True}, {"dl_device": (1, 0)}):
    try:
        array.__dlpack__(**impossible)
    except BufferError:
        continue
    raise AssertionError(impossible)
# The memory lives for as long as the capsule does.
capsule, tensor = tensor_of(cuda.to_device(np.full(1000, 7, np.uint8)))
others = [cuda.to_device(np.zeros(1000, np.uint8)) for _ in range(50)]
assert set(ctypes.string_at(tensor.data, 1000)) == {7}
print("shared")
"""

VIEWING = """
from gym_mario_suite.engine.cuda_worlds import DeviceView
from gym_mario_suite.engine.world import empty_worlds

kernel = DeviceView("features").kernel
for count in (1, 3, 300):
    arguments = (
        np.zeros((1, 16), np.int32), np.zeros(count, np.int64), empty_worlds(count),
        np.ones(count, bool), np.zeros((count, 118), np.float32),
    )
    kernel.launch(0, count, *map(cuda.to_device, arguments))
kernel.launch(3, 3, *map(cuda.to_device, arguments))
print(driver.pretended_launches())
"""

PLAYING = """
import gymnasium as gym
import gym_mario_suite
from gym_mario_suite.envs.infinite_cuda import MarioInfiniteCudaVectorEnv
from gym_mario_suite.engine.cuda_array import DeviceArray

# Nothing runs, so what the games say of themselves is not to be believed.
MarioInfiniteCudaVectorEnv.check = lambda self: None
for mode, obs, pool in (("NEXT_STEP", "grid", 4), ("SAME_STEP", "gray84", 0)):
    envs = gym.make_vec(
        "MarioInfinite-v0", num_envs=8, device="cuda", level_pool=pool, obs=obs,
        autoreset_mode=mode,
    )
    returned = list(envs.reset(seed=0))
    before = driver.pretended_launches()
    for actions in (np.zeros(8, np.int64), cuda.to_device(np.zeros(8, np.int64))):
        returned += envs.step(actions)
    assert driver.pretended_launches() - before > 6
    infos = [one for one in returned if isinstance(one, dict)]
    arrays = [one for one in returned if not isinstance(one, dict)]
    arrays += [one for info in infos for one in info.values() if not isinstance(one, dict)]
    for array in arrays:
        assert isinstance(array, DeviceArray), type(array)
        assert array.__dlpack__() is not None
    print(mode)
"""


@pytest.fixture(scope="module")
def driver_folder(tmp_path_factory: pytest.TempPathFactory, toolkit: None) -> Path:
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("a C compiler on Linux is needed")
    folder = tmp_path_factory.mktemp("driver")
    words = [compiler, "-shared", "-fPIC", "-w", "-o", str(folder / "libcuda.so.1"), str(_SOURCE)]
    subprocess.run([*words, "-ldl"], check=True)
    return folder


def printed_by(program: str, driver_folder: Path) -> list[str]:
    return run_python(
        BEGINNING + program,
        environment={
            "LD_LIBRARY_PATH": str(driver_folder),
            "NUMBA_CACHE_DIR": str(driver_folder / "cache"),
        },
    ).stdout.split()


def test_arrays_are_shared_by_dlpack(driver_folder: Path) -> None:
    assert printed_by(SHARING, driver_folder) == ["shared"]


def test_kernels_are_loaded_and_launched_for_few_games_too(driver_folder: Path) -> None:
    assert printed_by(VIEWING, driver_folder) == ["3"]


@pytest.mark.slow
def test_every_kernel_of_the_environment_is_loaded_and_launched(driver_folder: Path) -> None:
    assert printed_by(PLAYING, driver_folder) == ["NEXT_STEP", "SAME_STEP"]
