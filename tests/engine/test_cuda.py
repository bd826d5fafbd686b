"""Kernels: what they are compiled to, and what is said where they cannot run."""

import importlib
import importlib.util
import re
from typing import Any

import numba
import numpy as np
import pytest

from gym_mario_suite.engine import cuda_compile, cuda_device
from gym_mario_suite.engine.cuda_compile import loose_float_instructions
from gym_mario_suite.engine.world import empty_worlds
from gym_mario_suite.errors import DeviceError, OptionError
from tests.engine.device_code import choose_device
from tests.processes import run_python

IMAGES = np.zeros((1, 16), np.int32)
ROWS = np.zeros(1, np.int64)
WORLDS = empty_worlds(1)
MASK = np.ones(1, bool)


def ptx_of(kernel: Any, *arguments: Any) -> str:
    ptx = kernel.ptx(*arguments)
    assert ".target sm_90" in ptx
    assert f"kernel_{kernel.name}" in ptx
    assert loose_float_instructions(ptx) == []
    return ptx


@pytest.mark.usefixtures("toolkit")
def test_views_compile_with_strict_floats() -> None:
    from gym_mario_suite.engine.cuda_worlds import DeviceView

    grid = np.zeros((1, 22, 22), np.int8)
    ptx_of(DeviceView("grid").kernel, IMAGES, ROWS, WORLDS, MASK, 1, 0, grid)
    features = ptx_of(
        DeviceView("features").kernel, IMAGES, ROWS, WORLDS, MASK, np.zeros((1, 118), np.float32)
    )
    # What makes the search of loose instructions worth something: there are floats, all rounded.
    assert "sub.rn.f32" in features
    assert "mul.rn.f64" in features


@pytest.mark.slow
@pytest.mark.usefixtures("toolkit")
def test_ticks_and_starts_compile_with_strict_floats() -> None:
    from gym_mario_suite.engine.cuda_worlds import START, TICK

    tick = ptx_of(TICK, IMAGES, ROWS, WORLDS, np.zeros(1, np.uint8))
    assert "mul.rn.f32" in tick
    assert "add.rn.f32" in tick
    # Long functions are called, so that the code stays small enough for the device's caches.
    for function in ("step_x", "step_y"):
        assert len(re.findall(rf"^\.func [^\n]*{function}B", tick, re.MULTILINE)) == 2
    assert len(tick) < 1_200_000
    ptx_of(START, IMAGES, ROWS, WORLDS, ROWS, ROWS, ROWS)


@pytest.mark.slow
@pytest.mark.usefixtures("toolkit")
@pytest.mark.parametrize(("name", "view"), [("gray84", "grey_half"), ("rgb_half", "rgb_half")])
def test_drawing_compiles(name: str, view: str) -> None:
    from gym_mario_suite.engine import draw, draw_rows
    from gym_mario_suite.engine.cuda import RowKernel

    rows = draw_rows.draw_gray84_rows if name == "gray84" else draw_rows.draw_rgb_rows
    shape = draw.GRAY84_SHAPE if name == "gray84" else draw.RGB_HALF_SHAPE
    chosen = getattr(draw.load_views(), view)
    scratch = np.zeros((1, draw.scratch_bytes(chosen)), np.uint8)
    out = np.zeros((1, *shape), np.uint8)
    ptx_of(RowKernel(rows), chosen, scratch, IMAGES, ROWS, WORLDS, ROWS, MASK, True, out)


@pytest.mark.usefixtures("toolkit")
def test_without_the_options_floats_would_be_fused(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the search for loose instructions is seen to find some."""
    from gym_mario_suite.engine.cuda import RowKernel

    kernel = RowKernel(_sum_of_products)
    numbers = np.zeros(1, np.float32)
    assert "mul.rn.f32" in ptx_of(kernel, numbers)
    monkeypatch.setattr(cuda_compile, "STRICT_FLOATS", {"fma": True})
    with pytest.raises(DeviceError, match=r"fma\.rn\.f32"):
        RowKernel(_sum_of_products).ptx(numbers)


@numba.njit
def _sum_of_products(first: Any, end: Any, numbers: Any) -> None:
    for i in range(first, end):
        numbers[i] = numbers[i] * numbers[i] + numbers[i]


@pytest.mark.parametrize(
    ("instruction", "loose"),
    [
        ("fma.rn.f32 %f1, %f2, %f3, %f4;", True),
        ("fma.rn.f64 %f1, %f2, %f3, %f4;", True),
        ("mad.rn.f32 %f1, %f2, %f3, %f4;", True),
        ("mul.f32 %f1, %f2, %f3;", True),
        ("add.rn.ftz.f32 %f1, %f2, %f3;", True),
        ("div.approx.f32 %f1, %f2, %f3;", True),
        ("div.full.f32 %f1, %f2, %f3;", True),
        ("sqrt.approx.ftz.f32 %f1, %f2;", True),
        ("mul.rn.f32 %f1, %f2, %f3;", False),
        ("div.rn.f64 %f1, %f2, %f3;", False),
        ("mad.lo.s32 %r1, %r2, %r3, %r4;", False),
        ("add.s64 %rd1, %rd2, %rd3;", False),
        ("cvt.rn.f32.f64 %f1, %fd1;", False),
    ],
)
def test_loose_instructions_are_found(instruction: str, loose: bool) -> None:
    assert bool(loose_float_instructions(instruction)) is loose


@pytest.mark.parametrize("name", ["this processor", pytest.param("a GPU", marks=pytest.mark.gpu)])
@pytest.mark.slow
def test_worlds_start_tick_and_are_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All ways to look, on worlds of the CPU that were loaded."""
    choose_device(name, monkeypatch)
    from gym_mario_suite.engine.cuda import device_zeros, to_host
    from gym_mario_suite.engine.cuda_worlds import VIEW_NAMES, DeviceView, DeviceWorlds
    from gym_mario_suite.engine.world import Rules
    from gym_mario_suite.envs.device_levels import stacked_images
    from gym_mario_suite.envs.observations import ViewOptions, observation_mode
    from gym_mario_suite.levels import generate
    from tests.engine.recordings import play, start

    levels = [generate(seed, 8, level_type) for level_type, seed in enumerate((3, 4, 5))]
    keys = np.random.default_rng(0).choice(np.array([2, 10, 18, 26, 0], np.uint8), 120)
    histories = [play(level, start(level, 2, 200, 0), keys) for level in levels]
    mine = np.concatenate([history[::20] for history in histories])
    rows = np.repeat(np.arange(3), 6)
    themes = rows.copy()
    images = stacked_images(levels)
    worlds = DeviceWorlds(images, rows, themes)
    worlds.load(mine)
    assert worlds.to_host().tobytes() == mine.tobytes()
    for view in VIEW_NAMES:
        mode = observation_mode(
            view, Rules.FRAMEWORK_2019 if view == "framework" else Rules.COMPETITION_2009
        )
        expected = mode.buffer(len(mine))
        everyone = np.ones(len(mine), bool)
        mode.writer(ViewOptions())(images, rows, mine, themes, everyone, 0, len(mine), expected)
        seen = device_zeros(expected.shape, expected.dtype)
        # Fewer than there are, so that drawing comes in several parts.
        worlds.look(DeviceView(view, drawn_at_once=7), seen)
        assert to_host(seen).tobytes() == expected.tobytes(), view
        assert expected.any()


# --- without a device -----------------------------------------------------------------------------


def test_worlds_that_fit() -> None:
    spare = cuda_device.SPARE_BYTES
    assert cuda_device.worlds_that_fit(1000, 0, spare + 999_999) == 999
    assert cuda_device.worlds_that_fit(1000, 500_000, spare + 1_000_000) == 500
    assert cuda_device.worlds_that_fit(1000, 0, 0) == 0
    cuda_device.check_room(500, 1000, 500_000, spare + 1_000_000)
    cuda_device.check_room(1 << 60, 1000, 0, float("inf"))
    with pytest.raises(DeviceError, match=r"501 worlds do not fit .* 500 fit"):
        cuda_device.check_room(501, 1000, 500_000, spare + 1_000_000)


def test_without_numba_cuda_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cuda_device, "find_spec", lambda name: None)
    with pytest.raises(DeviceError, match=r'numba-cuda.*pip install "gym-mario-suite\[gpu\]"'):
        cuda_device.require_device()


@pytest.mark.usefixtures("toolkit")
def test_without_a_driver_the_message_says_so() -> None:
    if importlib.import_module("numba.cuda").is_available():
        pytest.skip("there is a device")
    with pytest.raises(DeviceError, match=r"NVIDIA driver.*device='cpu'"):
        cuda_device.require_device()


def test_numba_cuda_is_not_loaded_by_those_who_do_not_ask() -> None:
    program = (
        "import sys, gymnasium, gym_mario_suite; from gym_mario_suite.envs import infinite_vector;"
        "envs = gymnasium.make_vec('MarioInfinite-v0', num_envs=2);"
        "print('numba.cuda' in sys.modules)"
    )
    printed = run_python(program).stdout
    assert printed.split() == ["False"]


@pytest.mark.skipif(
    importlib.util.find_spec("numba_cuda") is None, reason="numba-cuda is not installed"
)
def test_an_unknown_view_is_refused() -> None:
    from gym_mario_suite.engine.cuda_worlds import DeviceView

    with pytest.raises(OptionError, match="unknown view 'smell'; there are grid, channels"):
        DeviceView("smell")
