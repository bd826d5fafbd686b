"""The environment on a GPU against the CPU's, bit for bit.

`gpu` runs it on a device; without one its code runs on this processor (`tests.engine.device_code`).
"""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.error import ResetNeeded

import gym_mario_suite  # noqa: F401  (registers the environments)
from gym_mario_suite.engine import cuda_device
from gym_mario_suite.errors import DeviceError, OptionError, StateError
from gym_mario_suite.levels import generate
from tests.engine.device_code import DEVICES, choose_device

GAMES = 48
POOL = 40
STEPS = 120
OPTIONS = {"difficulty": 4, "frame_skip": 2, "sticky_prob": 0.1, "max_episode_steps": 50}

slow_to_compile = pytest.mark.slow


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    choose_device(request.param, monkeypatch)
    return request.param


def pair(pool: int = POOL, games: int = GAMES, **options: Any) -> tuple[Any, Any]:
    """The same games on the device and on the CPU."""
    chosen = {**OPTIONS, **options}
    on_device = gym.make_vec(
        "MarioInfinite-v0", num_envs=games, device="cuda", level_pool=pool, **chosen
    )
    if pool and "level" not in chosen:
        chosen["level_seed"] = chosen.get("level_seed") or (0, pool)
    return on_device, gym.make_vec("MarioInfinite-v0", num_envs=games, **chosen)


def host(value: Any) -> np.ndarray:
    return np.asarray(value.copy_to_host())


def assert_same(name: str, got: Any, expected: Any) -> None:
    got, expected = host(got), np.asarray(expected)
    assert (got.dtype, got.shape) == (expected.dtype, expected.shape), name
    differs = np.argwhere(got != expected)
    assert got.tobytes() == expected.tobytes(), (name, differs[:3])


def assert_same_step(name: str, got: Any, expected: Any) -> int:
    """Compare what two steps returned; how many episodes ended."""
    for what, one, other in zip("orut", got[:4], expected[:4], strict=True):
        assert_same(f"{name} {what}", one, other)
    ended = expected[2] | expected[3]
    for key, values in expected[4].items():
        if key == "final_obs":
            final = host(got[4][key])
            for game in np.flatnonzero(ended):
                assert final[game].tobytes() == values[game].tobytes(), name
        elif key == "final_info":
            for inner, one in values.items():
                assert np.array_equal(host(got[4][key][inner])[ended], one[ended]), (name, inner)
        else:
            assert_same(f"{name} {key}", got[4][key], values)
    return int(ended.sum())


@slow_to_compile
@pytest.mark.parametrize("pool", [POOL, 0])
@pytest.mark.parametrize("mode", ["NEXT_STEP", "SAME_STEP", "DISABLED"])
def test_games_are_those_of_the_cpu(device: str, mode: str, pool: int) -> None:
    from gym_mario_suite.engine.cuda import to_device

    games, expected = pair(pool, obs="features", autoreset_mode=mode)
    assert_same("reset", games.reset(seed=5)[0], expected.reset(seed=5)[0])
    random = np.random.default_rng(1)
    ends = 0
    for step in range(STEPS):
        actions = random.integers(0, 12, GAMES)
        given = to_device(actions) if step % 2 else actions
        after = expected.step(actions)
        ends += assert_same_step(f"step {step}", games.step(given), after)
        if mode == "DISABLED" and (after[2] | after[3]).any():
            again = {"reset_mask": after[2] | after[3]}
            assert_same("again", games.reset(options=again)[0], expected.reset(options=again)[0])
    assert ends > GAMES
    assert games.get_state() == expected.get_state()


@slow_to_compile
def test_games_go_from_one_to_the_other_as_bytes(device: str) -> None:
    games, cpu = pair(games=6, obs="grid")
    games.reset(seed=1)
    cpu.reset(seed=2)
    for _ in range(30):
        actions = np.full(6, 3)
        games.step(actions)
        cpu.step(actions)
    mine, other = games.get_state(), cpu.get_state()
    assert mine != other
    games.set_state(other)
    cpu.set_state(mine)
    assert games.get_state() == other
    assert games.get_state([4, 1]) == [other[4], other[1]]
    assert cpu.get_state() == mine
    # Levels from outside the pool, and the single environment's state.
    single: Any = gym.make("MarioInfinite-v0", **{**OPTIONS, "level_seed": 987_654})
    single.reset(seed=3)
    state = single.unwrapped.get_state()
    games.set_state([state, *other[1:]])
    cpu.set_state([state, *other[1:]])
    for step in range(60):
        actions = np.arange(6) + step % 6
        assert_same_step(f"step {step}", games.step(actions), cpu.step(actions))
    assert games.get_state() == cpu.get_state()
    with pytest.raises(StateError):
        games.set_state([b"nonsense"] * 6)
    assert games.get_state() == cpu.get_state()


@slow_to_compile
def test_games_that_were_over_begin_anew(device: str) -> None:
    games, cpu = pair(games=3, obs="features", autoreset_mode="SAME_STEP", max_episode_steps=3)
    games.reset(seed=1)
    cpu.reset(seed=1)
    mask = np.array([True, False, True])
    actions = np.array([4, 2, 3])
    for step in range(3):
        got, expected = games.step_some(actions, mask), cpu.step_some(actions, mask)
        assert_same_step(f"some {step}", got, expected)
    over = cpu.get_state()
    for step in range(5):
        assert_same_step(f"all {step}", games.step(actions), cpu.step(actions))
    games.set_state(over)
    cpu.set_state(over)
    for step in range(5):
        assert_same_step(f"loaded {step}", games.step(actions), cpu.step(actions))
    assert games.get_state() == cpu.get_state()


@slow_to_compile
def test_levels_can_be_chosen(device: str) -> None:
    for pool in (POOL, 0):
        games, cpu = pair(pool, games=4, obs="grid", level_seed=(10, 30))
        for options in (
            {"seed": [12, 700, 701, 12]},
            {"level": generate(5, 9, 2)},
            {"level": [generate(seed, 3) for seed in range(4)]},
        ):
            assert_same(
                f"{pool} {list(options)}",
                games.reset(seed=4, options=options)[0],
                cpu.reset(seed=4, options=options)[0],
            )
            assert [games.level(i) for i in range(4)] == [cpu.level(i) for i in range(4)]
            for step in range(70):
                actions = np.array([1, 2, 3, 4])
                assert_same_step(f"step {step}", games.step(actions), cpu.step(actions))
            assert games.get_state() == cpu.get_state()
    fixed, cpu = pair(games=4, obs="grid", level=generate(8, 2))
    assert_same("fixed", fixed.reset(seed=0)[0], cpu.reset(seed=0)[0])
    assert fixed.get_state() == cpu.get_state()
    away = generate(5, 9, 2)
    for options in ({"level": away}, {}, {"state": games.get_state()[0]}, {}):
        fixed.reset(options=options)
        cpu.reset(options=options)
        assert fixed.get_state() == cpu.get_state()
    for step in range(70):
        if step == 5:
            fixed.reset(options={"level": away})
            cpu.reset(options={"level": away})
        actions = np.array([1, 2, 3, 4])
        assert_same_step(f"fixed {step}", fixed.step(actions), cpu.step(actions))
    assert [fixed.level(i) for i in range(4)] == [generate(8, 2)] * 4
    with pytest.raises(OptionError, match="fixed level"):
        fixed.reset(options={"seed": 3})


@slow_to_compile
def test_buttons_and_masks_may_lie_on_the_device(device: str) -> None:
    from gym_mario_suite.engine.cuda import to_device

    games, cpu = pair(games=5, obs="features", actions="buttons")
    games.reset(seed=1)
    cpu.reset(seed=1)
    random = np.random.default_rng(2)
    for step in range(12):
        buttons = random.integers(0, 2, (5, 5), np.int8)
        active = random.random(5) < 0.6
        given = to_device(buttons), to_device(active)
        got, expected = games.step_some(*given), cpu.step_some(buttons, active)
        assert_same_step(f"some {step}", got, expected)
        assert_same_step(f"all {step}", games.step(given[0]), cpu.step(buttons))
    mask = np.array([True, False, True, False, False])
    options = {"reset_mask": to_device(mask)}
    assert_same("mask", games.reset(options=options)[0], cpu.reset(options={"reset_mask": mask})[0])
    assert games.get_state() == cpu.get_state()


@slow_to_compile
def test_pictures_follow_the_levels(device: str) -> None:
    games, cpu = pair(games=4, obs="gray84", level_type=1, render_mode="rgb_array")
    assert_same("reset", games.reset(seed=1)[0], cpu.reset(seed=1)[0])
    options = {"level": [generate(seed, 3, kind) for seed, kind in enumerate((0, 1, 2, 0))]}
    assert_same("level", games.reset(options=options)[0], cpu.reset(options=options)[0])
    for step in range(70):
        actions = np.array([1, 2, 3, 4])
        assert_same_step(f"step {step}", games.step(actions), cpu.step(actions))
    for one, other in zip(games.render(), cpu.render(), strict=True):
        assert one.tobytes() == other.tobytes()


@slow_to_compile
def test_faults_are_told(device: str) -> None:
    from gym_mario_suite.engine.cuda import to_device

    games, _ = pair(games=3, obs="grid")
    with pytest.raises(ResetNeeded):
        games.step(np.zeros(3, np.int64))
    games.reset(seed=0)
    with pytest.raises(OptionError, match="go from 0 to 11"):
        games.step(np.array([0, 12, 0]))
    with pytest.raises(OptionError, match=r"int64\[3\]"):
        games.step(to_device(np.zeros(3, np.int32)))
    games.step(to_device(np.array([0, 12, 0])))
    with pytest.raises(OptionError, match="none of the set 'complex'"):
        games.check()
    games.check()


@slow_to_compile
def test_the_benchmark_measures(device: str) -> None:
    from benchmarks import gpu

    metrics = gpu.measure(64, 3, 2, spread=2, levels=4, copied=1 << 16)
    named = {metric.name: metric for metric in metrics}
    assert set(named) == {
        "gpu_copy_bytes_per_second",
        "gpu_bytes_a_tick_at_least",
        "gpu_ticks_per_second",
        "gpu_grid_steps_per_second",
        "gpu_features_steps_per_second",
        "gpu_gray84_steps_per_second",
        "gpu_ticks_per_second_no_divergence",
    }
    assert all(metric.low > 0 for metric in metrics)
    # A tick changes some of a world's 360 sectors, not most of them.
    assert 2 * 32 < named["gpu_bytes_a_tick_at_least"].value < 11_520


@slow_to_compile
@pytest.mark.gpu
def test_torch_takes_the_arrays_without_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    choose_device("a GPU", monkeypatch)
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("this torch has no CUDA")
    games, cpu = pair(games=8, obs="features")
    observations, _ = games.reset(seed=0)
    cpu.reset(seed=0)
    tensor = torch.as_tensor(observations, device="cuda")
    assert tensor.data_ptr() == observations.__cuda_array_interface__["data"][0]
    with torch.cuda.stream(torch.cuda.Stream()):
        again = torch.from_dlpack(observations)
        assert again.data_ptr() == tensor.data_ptr()
        assert torch.equal(again, tensor)
    actions = torch.arange(8, device="cuda")
    _, rewards, terminated, *_ = games.step(actions)
    expected = cpu.step(actions.cpu().numpy())
    assert tensor.cpu().numpy().tobytes() == expected[0].tobytes()
    reward = torch.as_tensor(rewards, device="cuda")
    assert reward.cpu().numpy().tobytes() == expected[1].tobytes()
    assert torch.from_dlpack(terminated).dtype == torch.bool
    with pytest.raises(BufferError, match="copy"):
        torch.from_dlpack(observations, copy=True)


# --- without a device -----------------------------------------------------------------------------


def test_the_device_must_be_known() -> None:
    with pytest.raises(OptionError, match='device must be "cpu" or "cuda", got \'tpu\''):
        gym.make_vec("MarioInfinite-v0", num_envs=2, device="tpu")


def test_without_a_device_the_message_says_what_is_missing() -> None:
    try:
        cuda_device.require_device()
    except DeviceError:
        with pytest.raises(DeviceError, match=r"pip install|NVIDIA"):
            gym.make_vec("MarioInfinite-v0", num_envs=2, device="cuda")
    else:
        pytest.skip("there is a device")


def test_too_many_games_and_too_wide_a_range_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    choose_device("this processor", monkeypatch)
    monkeypatch.setattr(cuda_device, "free_bytes", lambda: 80e9)
    make = gym.make_vec
    with pytest.raises(DeviceError, match=r"4,194,304 worlds do not fit .* \d,\d{3},\d{3} fit"):
        make("MarioInfinite-v0", num_envs=1 << 22, device="cuda", obs="gray84", level_pool=4)
    with pytest.raises(OptionError, match=r"spans 5000 levels.*level_pool=0"):
        make("MarioInfinite-v0", num_envs=2, device="cuda", level_seed=(0, 5000))
    with pytest.raises(OptionError, match="need a level_pool"):
        make("MarioInfinite-v0", num_envs=2, device="cuda", generator="ngram", level_pool=0)


def test_a_pool_may_come_from_any_generator() -> None:
    from gym_mario_suite.envs.device_levels import DeviceLevels
    from gym_mario_suite.envs.options import InfiniteOptions

    options = InfiniteOptions(generator="ngram", level_seed=(3, 6))
    levels = DeviceLevels(options, 2, 8)
    source = options.level_source()
    assert source is not None
    assert levels.seeds == (3, 6)
    for row, level in enumerate(source.levels([3, 4, 5])):
        assert levels.level(0, row, 3 + row, 0) == level
        image = level.image
        assert levels.images[row, : len(image)].tobytes() == image.tobytes()


def test_levels_that_nobody_plays_leave_the_pool() -> None:
    from gym_mario_suite.envs.device_levels import DeviceLevels
    from gym_mario_suite.envs.options import InfiniteOptions

    levels = DeviceLevels(InfiniteOptions(), 4, 3)
    rows = np.zeros(4, np.int64)
    for turn in range(5):
        other = [generate(100 + 10 * turn + game, 2) for game in range(4)]
        levels.place({0: other[0], 1: other[1], 2: other[1], 3: generate(2)}, rows)
        assert rows.tolist() == [3, 4, 4, 2]
        assert len(levels.images) == 5
        assert levels.level(2, int(rows[2]), 0, 0) is other[1]
    levels.place({0: generate(1)}, rows)
    assert rows.tolist() == [1, 3, 3, 2]
    assert len(levels.images) == 4
