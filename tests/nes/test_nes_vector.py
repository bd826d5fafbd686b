"""The vector of NES games: equal to single ones, on every backend, with every kind of worker."""

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import gym_mario_suite  # noqa: F401  (registers the environments)
from gym_mario_suite.envs.nes import MarioNESEnv
from gym_mario_suite.envs.nes_options import NESOptions
from gym_mario_suite.envs.nes_rows import Crew
from gym_mario_suite.envs.nes_vector import MarioNESVectorEnv
from gym_mario_suite.errors import MarioError, OptionError, StateError
from gym_mario_suite.nes.backend import BackendError
from gym_mario_suite.nes.rom_store import find_rom


def equal(left: Any, right: Any) -> bool:
    left, right = np.asarray(left), np.asarray(right)
    return left.dtype == right.dtype and np.array_equal(left, right)


def assert_infos_equal(infos: dict[str, Any], expected: dict[str, Any]) -> None:
    """Keys, and values where the mask says that there is one."""
    assert set(infos) == set(expected)
    for key, value in expected.items():
        if key.startswith("_"):
            assert equal(infos[key], value), key
            continue
        mask = expected[f"_{key}"]
        if key == "final_info":
            assert_infos_equal(infos[key], value)
        elif key == "final_obs":
            for i in np.flatnonzero(mask):
                assert equal(infos[key][i], value[i])
        else:
            assert np.array_equal(infos[key][mask], value[mask]), key


@pytest.fixture
def options(backend_name: str, rom_file: Path) -> dict[str, Any]:
    return {
        "rom": str(rom_file),
        "backend": backend_name,
        "actions": "buttons",
        "frame_skip": 4,
        "stage": ["1-1", "1-2", "5-3"],
    }


@pytest.mark.parametrize(
    ("mode", "obs", "workers"),
    [
        (AutoresetMode.NEXT_STEP, "gray84", 1),
        (AutoresetMode.SAME_STEP, "rgb", 1),
        (AutoresetMode.NEXT_STEP, "ram", 2),
        (AutoresetMode.SAME_STEP, "gray84", 3),
    ],
)
def test_equals_gymnasiums_vector_of_single_environments(
    options: dict[str, Any], mode: AutoresetMode, obs: str, workers: int
):
    count = 5
    native = MarioNESVectorEnv(count, autoreset_mode=mode, num_workers=workers, obs=obs, **options)
    singles = SyncVectorEnv(
        [lambda: MarioNESEnv(obs=obs, **options) for _ in range(count)], autoreset_mode=mode
    )
    assert native.observation_space == singles.observation_space
    assert native.action_space == singles.action_space
    left, right = native.reset(seed=11), singles.reset(seed=11)
    assert equal(left[0], right[0])
    assert_infos_equal(left[1], right[1])
    rng = np.random.default_rng(0)
    ends = 0
    for _ in range(60):
        actions = rng.integers(0, 2, (count, 6), dtype=np.int8)
        left, right = native.step(actions), singles.step(actions)
        for a, b in zip(left[:4], right[:4], strict=True):
            assert equal(a, b)
        assert_infos_equal(left[4], right[4])
        ends += int((left[2] | left[3]).sum())
    assert ends > 5
    native.close()
    singles.close()


@pytest.mark.parametrize("workers", [1, 2])
def test_disabled_autoreset_masks_and_states(options: dict[str, Any], workers: int):
    envs = MarioNESVectorEnv(
        3,
        autoreset_mode="disabled",
        num_workers=workers,
        obs="ram",
        render_mode="rgb_array",
        **options,
    )
    with pytest.raises(ResetNeeded):
        envs.step(np.zeros((3, 6), np.int8))
    with pytest.raises(ResetNeeded):
        envs.render()
    envs.reset(seed=0, options={"stage": "1-1"})
    before = envs.get_state()
    die, right = [0, 0, 1, 1, 0, 0], [0, 1, 0, 0, 0, 0]
    _, rewards, terminated, _, infos = envs.step(np.array([right, die, right], np.int8))
    assert terminated.tolist() == [False, True, False]
    assert rewards.tolist() == [8.0, -15.0, 8.0]
    with pytest.raises(ResetNeeded, match=r"games \[1\]"):
        envs.step(np.zeros((3, 6), np.int8))
    _, infos = envs.reset(options={"reset_mask": terminated, "stage": ["1-1", "4-2", "1-1"]})
    assert infos["world"].tolist() == [1, 4, 1]
    assert infos["distance"].tolist() == [48.0, 40.0, 48.0]
    assert [picture.shape for picture in envs.render() or ()] == [(224, 240, 3)] * 3
    envs.set_state(before)
    assert envs.get_state() == before
    damaged = [before[0], before[1][:-1], before[2]]
    with pytest.raises(StateError, match="checksum"):
        envs.set_state(damaged)
    assert envs.get_state() == before
    single = MarioNESEnv(obs="ram", **options)
    single.reset()
    single.set_state(before[2])
    left = envs.step(np.array([right] * 3, np.int8))
    assert equal(left[0][2], single.step(right)[0])
    envs.close()
    envs.close()
    single.close()


def test_make_vec_and_max_episode_steps(options: dict[str, Any]):
    del options["stage"]
    envs = gym.make_vec("MarioNES-2-1-v0", 2, max_episode_steps=3, num_workers=1, **options)
    assert isinstance(envs.unwrapped, MarioNESVectorEnv)
    assert envs.metadata["autoreset_mode"] == AutoresetMode.NEXT_STEP
    envs.reset(seed=0)
    noop = np.zeros((2, 6), np.int8)
    for k in range(1, 4):
        assert envs.step(noop)[3].tolist() == [k == 3] * 2
    _, rewards, _, truncated, infos = envs.step(noop)
    assert not truncated.any()
    assert not rewards.any()
    assert infos["ticks"].tolist() == [0, 0]
    envs.close()


def test_what_was_refused_closes_in_silence():
    # Gymnasium before 1.3 closes what is collected, ready or not.
    MarioNESVectorEnv.__new__(MarioNESVectorEnv).close_extras()


def test_what_is_refused(options: dict[str, Any]):
    for bad in ({"num_envs": 0}, {"num_workers": 0}, {"autoreset_mode": "never"}, {"obs": "x"}):
        with pytest.raises(OptionError):
            MarioNESVectorEnv(**{"num_envs": 2, **options, **bad})
    envs = MarioNESVectorEnv(2, num_workers=1, **options)
    wrong: tuple[Any, ...] = (
        {"stage": ["1-1"]},
        {"stage": "0-1"},
        {"reset_mask": np.zeros(2, bool)},
        {"level": 1},
        {"x": (100, "far")},
        {"x": np.array([100.5, 200])},
        {"x": []},
        3,
    )
    for bad in wrong:
        with pytest.raises(OptionError):
            envs.reset(options=bad)
    with pytest.raises(OptionError, match="2 seeds"):
        envs.reset(seed=[1])
    envs.close()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_place_that_one_game_refuses_ends_the_episodes_of_the_mask(options, workers):
    envs = MarioNESVectorEnv(3, num_workers=workers, autoreset_mode="DISABLED", **options)
    envs.reset(seed=0)
    mask = np.array([True, True, False])
    with pytest.raises(MarioError):
        envs.reset(options={"reset_mask": mask, "x": [None, 16000, None]})
    nothing = np.zeros((3, 6), np.int8)
    for played in ([True, False, False], [False, True, False], [True, True, True]):
        with pytest.raises(ResetNeeded):
            envs.step_some(nothing, np.array(played))
    envs.step_some(nothing, ~mask)
    envs.reset(options={"reset_mask": mask})
    envs.step(nothing)
    envs.close()


def test_places_may_come_in_any_kind_of_list(options: dict[str, Any]):
    envs = MarioNESVectorEnv(2, num_workers=1, **options)
    expected, _ = envs.reset(options={"stage": ["1-1", "1-1"]})
    for stages in (("1-1", None), np.array(["1-1", "1-1"])):
        seen, _ = envs.reset(options={"stage": stages, "x": (None, None), "state": None})
        assert np.array_equal(seen, expected)
    envs.close()


def test_a_worker_that_dies_is_named(options: dict[str, Any]):
    if options["backend"] != "fceumm":
        pytest.skip("only FCEUmm has worker processes")
    envs = MarioNESVectorEnv(2, num_workers=2, **options)
    envs.reset(seed=0)
    envs._crew._players[0]._process.kill()  # type: ignore[attr-defined]
    envs._crew._players[0]._process.join()  # type: ignore[attr-defined]
    with pytest.raises(MarioError, match="worker process"):
        envs.step(np.zeros((2, 6), np.int8))
    envs.close()


@pytest.mark.parametrize("workers", [1, 2])
def test_closed_ones_say_so(options: dict[str, Any], workers: int) -> None:
    envs = MarioNESVectorEnv(2, num_workers=workers, **options)
    envs.reset(seed=0)
    envs.close()
    with pytest.raises(ResetNeeded):
        envs.step(np.zeros((2, 6), np.int8))
    with pytest.raises(BackendError, match="closed; make another environment"):
        envs.reset(seed=1)


@pytest.mark.parametrize("mode", [AutoresetMode.SAME_STEP, AutoresetMode.NEXT_STEP])
def test_a_loaded_episode_that_is_over_begins_anew(
    options: dict[str, Any], mode: AutoresetMode
) -> None:
    env = MarioNESEnv(**options, max_episode_steps=2)
    env.reset(seed=0)
    nothing = np.zeros(6, np.int8)
    env.step(nothing)
    assert env.step(nothing)[3]
    envs = MarioNESVectorEnv(1, autoreset_mode=mode, **options)
    envs.reset(seed=0, options={"state": env.get_state()})
    _, rewards, terminated, truncated, infos = envs.step(nothing[None])
    assert (rewards[0], terminated[0], truncated[0], infos["ticks"][0]) == (0.0, False, False, 0)
    env.close()
    envs.close()


def test_seeds_of_each_game(options: dict[str, Any]) -> None:
    envs = MarioNESVectorEnv(2, **options)
    by_list = envs.reset(seed=[3, 4])[1]
    by_array = envs.reset(seed=np.array([3, 4]))[1]  # type: ignore[arg-type]
    assert_infos_equal(by_array, by_list)
    for bad in (1.5, object()):
        with pytest.raises(OptionError, match="seed must be a whole number, or one or None"):
            envs.reset(seed=bad)  # type: ignore[arg-type]
    envs.close()


def test_who_was_interrupted_while_waiting_gets_no_stale_answers(options: dict[str, Any]) -> None:
    """Ctrl-C in a notebook leaves answers of the worker processes unread."""
    chosen = NESOptions(**options)
    crew = Crew(chosen, find_rom(chosen.rom), count=2, workers=2, threads=False)
    try:
        crew.call("reset", np.ones(2, bool), ["5-3"] * 2, [None] * 2)
        for player in crew._players:
            player.tell("states")
        assert crew.call("stages") == [[(5, 3)], [(5, 3)]]
        assert crew.call("stages") == [[(5, 3)], [(5, 3)]]
    finally:
        crew.close()
