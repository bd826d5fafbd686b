"""Kernels beside a newer numpy and an older linker than numba-cuda knows of."""

from importlib import metadata
from pathlib import Path

import pytest

from tests.processes import run_python

pytestmark = pytest.mark.usefixtures("toolkit")


def test_numpy_may_be_newer_than_numba_cuda_knows() -> None:
    program = (
        "import numba.np.arrayobj, numpy;"
        "found = vars(numpy).pop('row_stack', None); found and numpy.__all__.remove('row_stack');"
        "from tests.engine import test_cuda as here;"
        "from gym_mario_suite.engine.cuda_worlds import DeviceView;"
        "grid = numpy.zeros((1, 22, 22), numpy.int8);"
        "kernel = DeviceView('grid').kernel;"
        "here.ptx_of(kernel, here.IMAGES, here.ROWS, here.WORLDS, here.MASK, 1, 0, grid);"
        "print(hasattr(numpy, 'row_stack'))"
    )
    assert run_python(program).stdout.split() == ["False"]


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux tells what is loaded")
def test_the_linker_is_loaded_before_anybody_asks_for_it() -> None:
    try:
        metadata.version("nvidia-nvjitlink")
    except metadata.PackageNotFoundError:
        pytest.skip("the linker of CUDA 13 is not installed")
    program = (
        "from pathlib import Path; maps = Path('/proc/self/maps');"
        "before = 'libnvJitLink.so' in maps.read_text();"
        "import gym_mario_suite.engine.cuda;"
        "print(before, 'libnvJitLink.so' in maps.read_text())"
    )
    assert run_python(program).stdout.split() == ["False", "True"]
