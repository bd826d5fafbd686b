"""The vector environment: equal to single ones, all autoreset modes, masks, states, bad input."""

import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import gym_mario_suite  # noqa: F401  (registers the environments)
from gym_mario_suite.envs.infinite import MarioInfiniteEnv
from gym_mario_suite.envs.infinite_vector import MarioInfiniteVectorEnv
from gym_mario_suite.errors import OptionError, StateError
from gym_mario_suite.levels import generate

# Short episodes: hard levels, little time.
HARD = {"difficulty": 10, "time_limit": 12, "mode": "small", "sticky_prob": 0.2, "frame_skip": 2}


def equal(left, right):
    if isinstance(left, dict):
        return set(left) == set(right) and all(equal(left[key], right[key]) for key in left)
    left, right = np.asarray(left), np.asarray(right)
    if left.dtype == object:
        return all(equal(a, b) for a, b in zip(left, right, strict=True))
    return np.array_equal(left, right)


def assert_infos_equal(infos, expected):
    """Keys, and values where the mask says that there is one."""
    assert set(infos) == set(expected)
    for key, value in expected.items():
        if key.startswith("_"):
            assert np.array_equal(infos[key], value), key
            continue
        mask = expected[f"_{key}"]
        if key == "final_info":
            assert_infos_equal(infos[key], value)
        elif key == "final_obs":
            for i in np.flatnonzero(mask):
                assert np.array_equal(infos[key][i], value[i])
        else:
            assert np.array_equal(infos[key][mask], value[mask]), key


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("obs", ["grid", "channels", "features", "terrain"])
@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_equals_gymnasiums_vector_of_single_environments(mode, obs, threads):
    count = 6
    options = {**HARD, "obs": obs}
    native = MarioInfiniteVectorEnv(count, autoreset_mode=mode, num_threads=threads, **options)
    singles = SyncVectorEnv(
        [lambda: MarioInfiniteEnv(**options) for _ in range(count)], autoreset_mode=mode
    )
    assert native.observation_space == singles.observation_space
    assert native.action_space == singles.action_space
    left, right = native.reset(seed=11), singles.reset(seed=11)
    assert equal(left[0], right[0])
    assert_infos_equal(left[1], right[1])
    rng = np.random.default_rng(0)
    ends = 0
    for _ in range(400):
        actions = rng.integers(0, 12, count)
        left, right = native.step(actions), singles.step(actions)
        for a, b in zip(left[:4], right[:4], strict=True):
            assert equal(a, b)
            assert np.asarray(a).dtype == np.asarray(b).dtype
        assert_infos_equal(left[4], right[4])
        ends += int((left[2] | left[3]).sum())
    assert ends > 20


def test_disabled_autoreset_and_reset_masks():
    count = 4
    envs = MarioInfiniteVectorEnv(count, autoreset_mode="disabled", **HARD)
    singles = [MarioInfiniteEnv(**HARD) for _ in range(count)]
    observations, _ = envs.reset(seed=3)
    for i, env in enumerate(singles):
        assert np.array_equal(env.reset(seed=3 + i)[0], observations[i])
    rng = np.random.default_rng(1)
    resets = 0
    for _ in range(400):
        actions = rng.integers(0, 12, count)
        observations, rewards, terminated, truncated, _ = envs.step(actions)
        for i, env in enumerate(singles):
            expected = env.step(actions[i])
            assert np.array_equal(expected[0], observations[i])
            assert expected[1:4] == (rewards[i], terminated[i], truncated[i])
        done = terminated | truncated
        if done.any():
            with pytest.raises(ResetNeeded, match="reset_mask"):
                envs.step(actions)
            before = envs.get_state()
            fresh, _ = envs.reset(options={"reset_mask": done})
            resets += int(done.sum())
            for i in range(count):
                if done[i]:
                    assert np.array_equal(singles[i].reset()[0], fresh[i])
                else:
                    assert np.array_equal(observations[i], fresh[i])
                    assert envs.get_state()[i] == before[i]
    assert resets > 5


@pytest.mark.parametrize("count", [1, 3, 40])
def test_results_do_not_depend_on_batch_size_or_threads(count):
    def run(threads, size):
        envs = MarioInfiniteVectorEnv(size, num_threads=threads, **HARD)
        envs.reset(seed=0)
        actions = np.random.default_rng(2).integers(0, 12, (150, 40))[:, :size]
        for row in actions:
            envs.step(row)
        return envs.get_state()

    whole = run(2, 40)
    assert run(1, count) == whole[:count]


def test_make_vec_is_the_native_environment():
    envs = gym.make_vec("MarioInfinite-v0", num_envs=3, difficulty=2, autoreset_mode="SAME_STEP")
    assert isinstance(envs.unwrapped, MarioInfiniteVectorEnv)
    assert envs.metadata["autoreset_mode"] == AutoresetMode.SAME_STEP
    assert MarioInfiniteVectorEnv.metadata["autoreset_mode"] == AutoresetMode.NEXT_STEP
    assert envs.spec is not None
    observations, _ = envs.reset(seed=0)
    assert observations in envs.observation_space
    assert envs.step(envs.action_space.sample())[0] in envs.observation_space
    envs.close()


def test_max_episode_steps_truncates():
    envs = gym.make_vec("MarioInfinite-v0", num_envs=2, max_episode_steps=5)
    envs.reset(seed=0)
    for k in range(1, 6):
        _, _, terminated, truncated, _ = envs.step([0, 0])
        assert truncated.tolist() == [k == 5] * 2
        assert not terminated.any()
    _, rewards, _, truncated, infos = envs.step([0, 0])
    assert not truncated.any()
    assert infos["ticks"].tolist() == [1, 1]
    assert not rewards.any()


def test_returned_arrays_are_the_callers():
    envs = MarioInfiniteVectorEnv(2)
    first, infos = envs.reset(seed=0)
    kept, ticks = first.copy(), infos["ticks"].copy()
    step = envs.step([4, 4])
    rewards = step[1].copy()
    envs.step([1, 1])
    assert np.array_equal(first, kept)
    assert np.array_equal(infos["ticks"], ticks)
    assert np.array_equal(step[1], rewards)
    assert not np.shares_memory(first, step[0])
    lean = MarioInfiniteVectorEnv(2, copy=False)
    one, _ = lean.reset(seed=0)
    two, *_ = lean.step([4, 4])
    assert np.shares_memory(one, two)


def test_seeds():
    envs = MarioInfiniteVectorEnv(3)
    a, _ = envs.reset(seed=[5, 6, 7])
    b, _ = envs.reset(seed=5)
    assert np.array_equal(a, b)
    states = envs.get_state()
    envs.reset()
    assert envs.get_state() != states
    envs.reset(seed=[5, None, 7])
    again = envs.get_state()
    assert (again[0], again[2]) == (states[0], states[2])
    assert again[1] != states[1]
    firsts = []
    for _ in range(2):
        fresh = MarioInfiniteVectorEnv(3)
        fresh.reset(seed=[5, None, 7])
        firsts.append(fresh.get_state())
    assert (firsts[0][0], firsts[0][2]) == (firsts[1][0], firsts[1][2]) == (states[0], states[2])
    assert firsts[0][1] != firsts[1][1]
    with pytest.raises(OptionError, match="3 seeds"):
        envs.reset(seed=[1, 2])


def test_levels_states_and_masks_through_reset():
    envs = MarioInfiniteVectorEnv(3, difficulty=1)
    envs.reset(seed=0)
    _, infos = envs.reset(options={"seed": [4, 5, 6]})
    assert infos["level_seed"].tolist() == [4, 5, 6]
    assert envs.level(1) == generate(5, 1)
    big = generate(9, 3, 2, 900)
    mask = np.array([False, True, False])
    kept = envs.get_state()
    envs.reset(options={"level": big, "reset_mask": mask})
    assert envs.level(1) == big
    assert envs.level(0) == generate(4, 1)
    assert envs.get_state()[0] == kept[0]
    for _ in range(30):
        envs.step([4, 4, 4])
    states = envs.get_state()
    single = MarioInfiniteEnv(difficulty=1)
    single.set_state(states[1])
    observations, rewards, *_ = envs.step([1, 2, 3])
    observation, reward, *_ = single.step(2)
    assert np.array_equal(observation, observations[1])
    assert reward == rewards[1]
    envs.set_state(states)
    assert envs.get_state() == states
    envs.reset(options={"state": states[2]})
    assert envs.get_state() == [states[2]] * 3


@pytest.mark.parametrize("levels", [{"difficulty": 2}, {"generator": "ngram"}])
@pytest.mark.parametrize("mode", ["NEXT_STEP", "SAME_STEP"])
def test_a_game_that_was_over_begins_anew(mode, levels):
    envs = MarioInfiniteVectorEnv(2, max_episode_steps=3, autoreset_mode=mode, **levels)
    envs.reset(seed=0)
    ends = [envs.step_some([4, 4], np.array([True, False]))[3] for _ in range(3)]
    assert ends[-1].tolist() == [True, False]
    over, running = envs.get_state()

    def goes_on() -> None:
        _, rewards, terminated, truncated, infos = envs.step([4, 4])
        assert rewards[0] == 0
        assert not (terminated | truncated).any()
        assert infos["ticks"].tolist() == [1, 2]
        assert "final_obs" not in infos

    goes_on()
    envs.set_state([over, running])
    goes_on()
    envs.reset(options={"state": [over, running]})
    goes_on()


def test_a_fixed_level_has_its_own_seed():
    home, away = generate(7, 3), generate(9, 5)
    envs = MarioInfiniteVectorEnv(2, level=home, max_episode_steps=3)
    assert envs.reset(seed=0)[1]["level_seed"].tolist() == [7, 7]
    assert envs.reset(options={"level": [away, home]})[1]["level_seed"].tolist() == [9, 7]
    told = [envs.step([4, 4])[4]["level_seed"].tolist() for _ in range(4)]
    assert told == [[9, 7]] * 3 + [[7, 7]]
    assert envs.level(0) == home


def test_bad_states_change_nothing():
    envs = MarioInfiniteVectorEnv(2)
    envs.reset(seed=0)
    before = envs.get_state()
    with pytest.raises(StateError, match="2 states"):
        envs.set_state(before[:1])
    with pytest.raises(StateError, match="bytes"):
        envs.set_state([before[1], before[0][:-3]])
    assert envs.get_state() == before


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        ([0], "2 whole numbers"),
        ([0, 12], "from 0 to 11|go from 0 to 11"),
        ([0, -1], "go from 0 to 11"),
        ([0.0, 1.0], "2 whole numbers"),
        ([np.nan, 0], "2 whole numbers"),
    ],
)
def test_bad_actions(actions, message):
    envs = MarioInfiniteVectorEnv(2)
    envs.reset(seed=0)
    before = envs.get_state()
    with pytest.raises(OptionError, match=message):
        envs.step(actions)
    assert envs.get_state() == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_envs": 0}, "num_envs must be"),
        ({"num_envs": 2, "autoreset_mode": "SOMETIMES"}, "autoreset_mode must be one of"),
        ({"num_envs": 2, "actions": "fly"}, "unknown action set"),
        ({"num_envs": 2, "colour": 1}, "colour"),
        ({"num_envs": 2, "max_episode_steps": 0}, "max_episode_steps"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(OptionError, match=message):
        MarioInfiniteVectorEnv(**options)


@pytest.mark.parametrize("mode", AutoresetMode)
def test_autoreset_modes_by_name_and_by_gymnasiums_value(mode):
    for text in (mode, mode.name, mode.name.lower(), mode.value):
        assert MarioInfiniteVectorEnv(1, autoreset_mode=text).autoreset_mode == mode


def test_bad_masks_and_order():
    envs = MarioInfiniteVectorEnv(2)
    with pytest.raises(ResetNeeded):
        envs.step([0, 0])
    for mask in ([True], [1, 0], [False, False]):
        with pytest.raises(OptionError, match="reset_mask"):
            envs.reset(options={"reset_mask": mask})


def test_buttons_and_ansi():
    envs = MarioInfiniteVectorEnv(2, actions="buttons", render_mode="ansi")
    envs.reset(seed=0)
    envs.step(np.array([[0, 1, 0, 1, 1], [1, 0, 0, 0, 0]], np.int8))
    texts = envs.render()
    assert len(texts) == 2
    assert "M" in texts[0]


def test_no_warnings_on_the_usual_path():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        envs = gym.make_vec("MarioInfinite-v0", num_envs=2)
        envs.reset(seed=0)
        envs.step(envs.action_space.sample())
