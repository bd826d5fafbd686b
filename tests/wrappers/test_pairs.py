"""Every wrapper: its vector form is its single form game by game, and specs survive JSON."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from gym_mario_suite.envs.infinite import MarioInfiniteEnv
from gym_mario_suite.envs.infinite_vector import MarioInfiniteVectorEnv
from gym_mario_suite.errors import OptionError
from gym_mario_suite.wrappers import (
    CropHUD,
    DeathPenalty,
    FrameSpan,
    FrameStack,
    NormalizeFromRandomMoves,
    SkipFrames,
    StickyActions,
    TimePenalty,
    VectorCropHUD,
    VectorDeathPenalty,
    VectorFrameSpan,
    VectorFrameStack,
    VectorNormalizeFromRandomMoves,
    VectorSkipFrames,
    VectorStickyActions,
    VectorTimePenalty,
)
from tests.engine import recordings_2019

ENV_ID = "gym_mario_suite:MarioInfinite-v0"
GAMES = 3
RIGHT_SPEED_JUMP = 4

# Games at this difficulty end soon, and not all at once.
GAME: dict[str, Any] = {"difficulty": 12, "time_limit": 6, "max_episode_steps": 90}

STATISTICS = "statistics"  # replaced by a file

PAIRS = {
    "skip": (SkipFrames, VectorSkipFrames, {"skip": 3}, "gray84"),
    "skip, pooled": (SkipFrames, VectorSkipFrames, {"skip": 4, "max_pool": True}, "gray84"),
    "span": (FrameSpan, VectorFrameSpan, {}, "rgb"),
    "span of grey": (
        FrameSpan,
        VectorFrameSpan,
        {"span": 5, "keep": [2, 4], "size": None, "crop": None},
        "gray84",
    ),
    "stack": (FrameStack, VectorFrameStack, {}, "gray84"),
    "delays": (
        FrameStack,
        VectorFrameStack,
        {"delays": [0, 2, 7], "padding": "zero", "axis": "first"},
        "grid",
    ),
    "sticky": (StickyActions, VectorStickyActions, {"probability": 0.5}, "features"),
    "crop": (CropHUD, VectorCropHUD, {}, "gray84"),
    "time": (TimePenalty, VectorTimePenalty, {"penalty": 0.25}, "features"),
    "death": (DeathPenalty, VectorDeathPenalty, {"penalty": 3}, "features"),
    "normal": (
        NormalizeFromRandomMoves,
        VectorNormalizeFromRandomMoves,
        {"statistics": STATISTICS},
        "gray84",
    ),
}


@pytest.fixture(scope="session")
def statistics(tmp_path_factory):
    env = gym.make(ENV_ID, obs="gray84", **GAME)
    path = tmp_path_factory.mktemp("moves") / "moves.npz"
    NormalizeFromRandomMoves(env, moves=50, seed=1).statistics.save(path)
    return str(path)


@pytest.fixture(params=list(PAIRS))
def pair(request, statistics):
    single, vector, arguments, obs = PAIRS[request.param]
    if "statistics" in arguments:
        arguments = {"statistics": statistics}
    return single, vector, arguments, obs


def vector_of_singles(single, arguments, obs, mode):
    def make():
        return single(MarioInfiniteEnv(obs=obs, **GAME), **arguments)

    return SyncVectorEnv([make] * GAMES, autoreset_mode=mode)


def told(infos, index):
    """Of a game: what the infos' masks let through, but for the last observation."""
    return {
        key: told(values, index) if isinstance(values, dict) else values[index]
        for key, values in infos.items()
        if not key.startswith("_") and key != "final_obs" and infos[f"_{key}"][index]
    }


@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_vector_form_is_single_form_game_by_game(pair, mode):
    single, vector, arguments, obs = pair
    ours = vector(MarioInfiniteVectorEnv(GAMES, obs=obs, autoreset_mode=mode, **GAME), **arguments)
    theirs = vector_of_singles(single, arguments, obs, mode)
    assert ours.single_observation_space == theirs.single_observation_space
    assert ours.observation_space == theirs.observation_space
    rng = np.random.default_rng(5)
    mine, _ = ours.reset(seed=11)
    other, _ = theirs.reset(seed=11)
    np.testing.assert_array_equal(mine, other)
    episodes, apart = 0, False
    for _ in range(260):
        # Mostly forward: so games end in different steps.
        actions = np.where(rng.random(GAMES) < 0.7, RIGHT_SPEED_JUMP, rng.integers(0, 5, GAMES))
        a, b = ours.step(actions), theirs.step(actions)
        for left, right in zip(a[:4], b[:4], strict=True):
            np.testing.assert_array_equal(left, right)
        ended = a[2] | a[3]
        episodes += ended.sum()
        apart |= bool(ended.any() and not ended.all())
        for index in range(GAMES):
            assert told(a[4], index) == told(b[4], index)
        assert ("final_obs" in a[4]) == (mode == AutoresetMode.SAME_STEP and ended.any())
        for index in np.flatnonzero(ended) if "final_obs" in a[4] else ():
            np.testing.assert_array_equal(a[4]["final_obs"][index], b[4]["final_obs"][index])
        if mode == AutoresetMode.DISABLED and ended.any():
            again = {"reset_mask": ended}
            np.testing.assert_array_equal(
                ours.reset(options=again)[0], theirs.reset(options=dict(again))[0]
            )
    assert episodes >= 3
    assert apart


def test_spec_survives_json(pair):
    single, _, arguments, obs = pair
    env = single(gym.make(ENV_ID, obs=obs, **GAME), **arguments)
    assert env.spec is not None
    again = gym.make(EnvSpec.from_json(env.spec.to_json()))
    assert again.observation_space == env.observation_space
    np.testing.assert_array_equal(env.reset(seed=3)[0], again.reset(seed=3)[0])
    for _ in range(30):
        a, b = env.step(4), again.step(4)
        np.testing.assert_array_equal(a[0], b[0])
        assert a[1:4] == b[1:4]
        if a[2] or a[3]:
            break


def as_numpy(value):
    """Numbers and lists of them in numpy's form."""
    plain = value is None or isinstance(value, str | bool)
    return value if plain else np.array(value)[()]


@pytest.mark.parametrize(
    ("wrapper", "arguments", "obs"),
    [
        (SkipFrames, {"skip": 3, "max_pool": True}, "gray84"),
        (FrameSpan, {"span": 6, "keep": [2, 6], "size": [100, 80], "crop": [10, 90]}, "rgb"),
        (FrameStack, {"delays": [0, 2, 7]}, "gray84"),
        (FrameStack, {"stack": 3}, "gray84"),
        (CropHUD, {"lines": 9}, "gray84"),
        (NormalizeFromRandomMoves, {"moves": 20, "seed": 3}, "features"),
    ],
)
def test_specs_of_arguments_from_numpy_survive_json(wrapper, arguments, obs):
    given = {name: as_numpy(value) for name, value in arguments.items()}
    env = wrapper(gym.make(ENV_ID, obs=obs), **given)
    again: Any = gym.make(EnvSpec.from_json(env.spec.to_json()))
    assert again.spec.additional_wrappers[-1].kwargs.items() >= arguments.items()
    assert again.observation_space == env.observation_space
    np.testing.assert_array_equal(env.reset(seed=3)[0], again.reset(seed=3)[0])
    np.testing.assert_array_equal(env.step(4)[0], again.step(4)[0])


def test_specs_hold_statistics_that_are_in_no_file():
    env = gym.make(ENV_ID, obs="features")
    statistics = NormalizeFromRandomMoves(env, moves=50).statistics
    normal: Any = NormalizeFromRandomMoves(gym.make(ENV_ID, obs="features"), statistics=statistics)
    again: Any = gym.make(EnvSpec.from_json(normal.spec.to_json()))
    np.testing.assert_array_equal(again.statistics.mean, statistics.mean)
    assert (again.statistics.std, again.statistics.moves) == (statistics.std, statistics.moves)
    for wrong in ({}, {"mean": "x", "std": 1, "moves": 2}):
        with pytest.raises(OptionError, match="mean, std and moves"):
            NormalizeFromRandomMoves(env, statistics=wrong)


@pytest.mark.filterwarnings("ignore:.*")
def test_gymnasium_accepts_it(pair):
    single, _, arguments, obs = pair
    check_env(single(MarioInfiniteEnv(obs=obs, **GAME), **arguments), skip_render_check=True)


def test_metadata_tells_how_often_pictures_come():
    env = MarioInfiniteEnv(obs="rgb", render_mode="rgb_array")
    assert FrameSpan(env).metadata["render_fps"] == 2
    vector = MarioInfiniteVectorEnv(2, obs="rgb")
    assert VectorSkipFrames(vector, skip=4).metadata["render_fps"] == 6


@pytest.mark.parametrize("wrapper", [VectorSkipFrames, VectorFrameSpan])
def test_held_actions_need_a_native_vector_environment(wrapper):
    made = SyncVectorEnv([lambda: MarioInfiniteEnv(obs="rgb")])
    with pytest.raises(OptionError, match='vectorization_mode="sync"'):
        wrapper(made)


GAME_2019: dict[str, Any] = {
    "rules": "framework-2019",
    "level": str(recordings_2019.traces_folder() / "levels" / "lab-1.txt"),
    "max_episode_steps": 30,
}


def test_a_held_action_counts_the_events_of_all_its_steps():
    held, plain = SkipFrames(MarioInfiniteEnv(**GAME_2019), 4), MarioInfiniteEnv(**GAME_2019)
    held.reset(seed=0)
    plain.reset(seed=0)
    for action in (0, RIGHT_SPEED_JUMP):
        jumps = sum(plain.step(action)[4]["event_jump"] for _ in range(4))
        assert held.step(action)[4]["event_jump"] == jumps
    assert jumps == 1


@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_events_of_held_actions_are_those_of_each_game(mode):
    ours = VectorSkipFrames(MarioInfiniteVectorEnv(2, autoreset_mode=mode, **GAME_2019), 4)
    theirs = SyncVectorEnv(
        [lambda: SkipFrames(MarioInfiniteEnv(**GAME_2019), 4)] * 2, autoreset_mode=mode
    )
    for envs in (ours, theirs):
        envs.reset(seed=0)
        envs.step([RIGHT_SPEED_JUMP, 0])
        # So the second game ends after the first.
        envs.reset(options={"reset_mask": np.array([False, True])})
    for number in range(12):
        a, b = (envs.step([RIGHT_SPEED_JUMP * (number % 3 > 0)] * 2) for envs in (ours, theirs))
        for index in range(2):
            assert told(a[4], index) == told(b[4], index)
        ended = a[2] | a[3]
        if mode == AutoresetMode.DISABLED and ended.any():
            for envs in (ours, theirs):
                envs.reset(options={"reset_mask": ended.copy()})


def test_step_some_refuses_games_that_have_ended():
    env = MarioInfiniteVectorEnv(2, max_episode_steps=1)
    with pytest.raises(gym.error.ResetNeeded, match=r"games \[0, 1\]"):
        env.step_some([0, 0], [True, True])
    env.reset(seed=0)
    assert env.step_some([0, 0], np.array([True, False]))[3].tolist() == [True, False]
    with pytest.raises(gym.error.ResetNeeded, match=r"games \[0\]"):
        env.step_some([0, 0], np.array([True, True]))
    with pytest.raises(OptionError, match="active must be a bool array"):
        env.step_some([0, 0], np.array([1, 1]))


def test_step_some_leaves_the_others_as_they_are():
    env = MarioInfiniteVectorEnv(2, obs="grid")
    first, _ = env.reset(seed=0)
    before = env.get_state()
    observations, rewards, *_ = env.step_some([4, 4], np.array([False, True]))
    after = env.get_state()
    assert after[0] == before[0]
    assert after[1] != before[1]
    assert rewards[0] == 0
    np.testing.assert_array_equal(observations[0], first[0])
