"""What the wrappers of frames and actions do, against plain computations."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec

from gym_mario_suite.envs.infinite import MarioInfiniteEnv
from gym_mario_suite.envs.infinite_vector import MarioInfiniteVectorEnv
from gym_mario_suite.errors import OptionError
from gym_mario_suite.wrappers import (
    CropHUD,
    DeathPenalty,
    FrameSpan,
    FrameStack,
    MoveStatistics,
    NormalizeFromRandomMoves,
    SkipFrames,
    StickyActions,
    TimePenalty,
    VectorCropHUD,
    VectorFrameSpan,
    VectorNormalizeFromRandomMoves,
)
from gym_mario_suite.wrappers.area_shrink import AreaShrink

SPACE = gym.spaces.Box(0, 255, (6, 5), np.uint8)


class Tape(gym.Env[Any, Any]):
    """Shows pictures filled with the number of the step; rewards 1; ends where told."""

    observation_space = SPACE
    action_space = gym.spaces.Discrete(10)

    def __init__(self, ends=1000, status=0):
        self.ends, self.status, self.actions = ends, status, []

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.now = 0
        return self.picture(), {}

    def picture(self):
        return np.full(SPACE.shape, self.now % 256, np.uint8)

    def step(self, action):
        self.now += 1
        self.actions.append(action)
        info = {"reward_time": 0.5, "status": self.status}
        return self.picture(), 1.0, self.now == self.ends, False, info


def tape(env) -> Tape:
    return env.unwrapped


def area_mean(picture, size):
    """The mean of areas, by repeating every pixel until all edges meet."""
    height, width = picture.shape
    big = np.repeat(np.repeat(picture.astype(np.int64), size[0], 0), size[1], 1)
    sums = big.reshape(size[0], height, size[1], width).sum((1, 3))
    return (sums + height * width // 2) // (height * width)


@pytest.mark.parametrize(
    ("shape", "size"),
    [((24, 20), (11, 7)), ((6, 5), (6, 5)), ((13, 17), (1, 1)), ((30, 8), (10, 4))],
)
def test_area_shrink_is_the_mean_of_areas(shape, size):
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (3, *shape), np.uint8)
    out = np.zeros((3, *size), np.uint8)
    AreaShrink(shape, size)(pictures, np.array([True, False, True]), out)
    for i in (0, 2):
        np.testing.assert_array_equal(out[i], area_mean(pictures[i], size))
    assert not out[1].any()


def test_area_shrink_makes_grey_as_the_standard_says_and_crops():
    rng = np.random.default_rng(1)
    pictures = rng.integers(0, 256, (1, 24, 20, 3), np.uint8)
    grey = (pictures[0].astype(int) @ [77, 150, 29] + 128) // 256
    shrink = AreaShrink((24, 20, 3), (12, 10), (2, 9))
    out = np.zeros((1, *shrink.shape), np.uint8)
    shrink(pictures, np.ones(1, bool), out)
    np.testing.assert_array_equal(out[0], area_mean(grey, (12, 10))[2:9])


@pytest.mark.parametrize(
    ("shape", "size", "crop", "message"),
    [
        ((5,), None, None, "a picture of shape"),
        ((5, 5, 2), None, None, "a picture of shape"),
        ((5, 5), (6, 5), None, "at most that size"),
        ((5, 5), (3, 3), (2, 2), "crop must be two lines from 0 to 3"),
        ((5, 5), None, (0, 6), "crop must be two lines from 0 to 5"),
    ],
)
def test_area_shrink_refuses(shape, size, crop, message):
    with pytest.raises(OptionError, match=message):
        AreaShrink(shape, size, crop)


def channels(observation):
    return observation[0, 0].tolist()


def test_span_holds_the_action_and_keeps_the_articles_frames():
    env = FrameSpan(Tape(), size=None, crop=None)
    assert channels(env.reset()[0]) == [0, 0, 0]
    observation, reward, _, _, info = env.step(7)
    assert channels(observation) == [4, 8, 12]
    assert reward == 12
    assert info["reward_time"] == 6
    assert tape(env).actions == [7] * 12
    assert channels(env.step(1)[0]) == [16, 20, 24]


@pytest.mark.parametrize(
    ("ends", "expected"), [(2, [2, 2, 2]), (4, [4, 4, 4]), (9, [4, 8, 9]), (12, [4, 8, 12])]
)
def test_span_that_the_end_cuts_short_shows_the_last_frame(ends, expected):
    env = FrameSpan(Tape(ends), size=None, crop=None)
    env.reset()
    observation, reward, terminated, *_ = env.step(0)
    assert channels(observation) == expected
    assert reward == ends
    assert terminated


def test_a_span_is_shrunk_and_cropped_as_the_article_has_it():
    usual = FrameSpan(MarioInfiniteEnv(obs="rgb"))
    told = FrameSpan(MarioInfiniteEnv(obs="rgb"), 12, (4, 8, 12), size=(110, 84), crop=(18, 102))
    np.testing.assert_array_equal(usual.reset(seed=2)[0], told.reset(seed=2)[0])
    np.testing.assert_array_equal(usual.step(4)[0], told.step(4)[0])


def test_span_of_an_environment_that_skips_frames_counts_frames():
    plain = FrameSpan(MarioInfiniteEnv(obs="rgb"))
    skipping = FrameSpan(MarioInfiniteEnv(obs="rgb", frame_skip=4))
    assert plain.reset(seed=2)[0].shape == (84, 84, 3)
    skipping.reset(seed=2)
    for action in (4, 3, 4, 1):
        a, b = plain.step(action), skipping.step(action)
        np.testing.assert_array_equal(a[0], b[0])
        assert a[1] == b[1]
    with pytest.raises(OptionError, match="multiples of 5"):
        FrameSpan(MarioInfiniteEnv(obs="rgb", frame_skip=5))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"span": 0}, "span must be"),
        ({"keep": [4, 13]}, r"keep\[1\] must be"),
        ({"keep": [8, 4]}, "ascending order"),
        ({"keep": [4, 4]}, "ascending order"),
        ({"keep": []}, "ascending order"),
        ({"keep": 4}, "keep must be a list of whole numbers, got 4"),
        ({"size": 110}, "size must be a list of whole numbers"),
        ({"size": [110]}, "size must be two numbers"),
        ({"crop": [100, 200]}, "crop must be two lines"),
    ],
)
def test_span_refuses(arguments, message):
    with pytest.raises(OptionError, match=message):
        FrameSpan(MarioInfiniteEnv(obs="rgb"), **arguments)


def test_the_figures_of_a_span_are_not_where_the_environment_had_them():
    with pytest.raises(OptionError, match="give lines="):
        CropHUD(FrameSpan(MarioInfiniteEnv(obs="rgb")))
    with pytest.raises(OptionError, match="give lines="):
        VectorCropHUD(VectorFrameSpan(MarioInfiniteVectorEnv(1, obs="rgb")))


def test_wrappers_of_pictures_refuse_other_observations():
    features = MarioInfiniteEnv(obs="features")
    for wrapper in (FrameSpan, CropHUD):
        with pytest.raises(OptionError, match="pictures"):
            wrapper(features)
    with pytest.raises(OptionError, match="uint8 pictures"):
        SkipFrames(features, max_pool=True)
    with pytest.raises(OptionError, match="max_pool must be True or False, got 'no'"):
        SkipFrames(MarioInfiniteEnv(obs="rgb"), max_pool="no")  # type: ignore[arg-type]


def test_skip_pools_the_last_two_frames_of_its_own_span():
    env = SkipFrames(Tape(), skip=3, max_pool=True)
    env.reset()
    observation, reward, _, _, info = env.step(0)
    assert observation[0, 0] == 3
    assert (reward, info["reward_time"]) == (3, 1.5)


def test_stack_shows_the_ages_asked_for():
    env = FrameStack(Tape(), delays=[0, 3], axis="first")
    seen = [env.reset()[0][:, 0, 0].tolist()]
    seen += [env.step(0)[0][:, 0, 0].tolist() for _ in range(5)]
    assert seen == [[0, 0], [0, 1], [0, 2], [0, 3], [1, 4], [2, 5]]


def test_stack_begins_with_zeros_where_asked():
    env = FrameStack(Tape(), stack=3, padding="zero")
    env.reset()
    assert channels(env.step(0)[0]) == [0, 0, 1]
    assert channels(env.step(0)[0]) == [0, 1, 2]
    assert channels(env.step(0)[0]) == [1, 2, 3]


def test_zeros_of_a_beginning_lie_within_the_space():
    class Bright(Tape):
        observation_space = gym.spaces.Box(10, 255, (6, 5), np.uint8)

    env = FrameStack(Bright(), stack=2, padding="zero")
    env.reset()
    space = env.observation_space
    assert isinstance(space, gym.spaces.Box)
    assert (space.low.min(), space.high.max()) == (0, 255)
    assert FrameStack(Bright(), stack=2).observation_space == gym.spaces.Box(
        10, 255, (6, 5, 2), np.uint8
    )


@pytest.mark.parametrize(
    ("wrapper", "arguments"),
    [
        (FrameStack, {"stack": 3, "padding": "zero", "axis": "first"}),
        (FrameSpan, {"span": 8, "keep": np.array([4, 8]), "size": (60, 50), "crop": None}),
    ],
)
def test_an_environment_is_made_anew_from_its_spec(wrapper, arguments):
    env = wrapper(gym.make("MarioInfinite-v0", obs="gray84", difficulty=3), **arguments)
    again = gym.make(EnvSpec.from_json(env.spec.to_json()))
    assert type(again) is wrapper
    np.testing.assert_array_equal(again.reset(seed=1)[0], env.reset(seed=1)[0])
    np.testing.assert_array_equal(again.step(4)[0], env.step(4)[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"stack": 0}, "stack must be"),
        ({"delays": []}, "different numbers"),
        ({"delays": [1, 1]}, "different numbers"),
        ({"delays": 5}, "delays must be a list of whole numbers, got 5"),
        ({"padding": "edge"}, "padding must be one of reset, zero"),
        ({"axis": "middle"}, "axis must be one of last, first"),
    ],
)
def test_stack_refuses(arguments, message):
    with pytest.raises(OptionError, match=message):
        FrameStack(Tape(), **arguments)


def test_sticky_repeats_what_was_played_as_often_as_said():
    env = StickyActions(Tape(100_000), 0.3)
    env.reset(seed=0)
    rng = np.random.default_rng(0)
    given = rng.integers(0, 10, 4000).tolist()
    for action in given:
        env.step(action)
    played = tape(env).actions
    assert played[0] == given[0]
    for i in range(1, len(given)):
        assert played[i] in (given[i], played[i - 1])
    stuck = [played[i] == played[i - 1] for i in range(1, len(given)) if given[i] != played[i - 1]]
    # Four standard deviations of a binomial.
    assert abs(np.mean(stuck) - 0.3) < 4 * np.sqrt(0.3 * 0.7 / len(stuck))


def test_sticky_does_not_repeat_what_was_refused():
    env = StickyActions(MarioInfiniteEnv(), 1.0)
    env.reset(seed=0)
    with pytest.raises(OptionError, match="from 0 to 11"):
        env.step(99)
    assert env.step(3)[4]["ticks"] == 2


def test_sticky_follows_from_the_seed():
    def played(seed):
        env = StickyActions(Tape(), 0.5)
        env.reset(seed=seed)
        for action in range(10):
            env.step(action)
        return tape(env).actions

    assert played(1) == played(1)
    assert played(1) != played(2)


@pytest.mark.parametrize("probability", [-0.1, 1.5, "x", float("nan")])
def test_sticky_refuses_what_is_no_probability(probability):
    with pytest.raises(OptionError, match="from 0 to 1"):
        StickyActions(Tape(), probability)


@pytest.mark.parametrize("obs", ["rgb", "rgb_half", "gray84"])
def test_crop_cuts_all_of_the_figures_and_little_else(obs):
    with_figures = MarioInfiniteEnv(obs=obs).reset(seed=0)[0]
    without = MarioInfiniteEnv(obs=obs, hud=False).reset(seed=0)[0]
    lines = len(with_figures) - CropHUD(MarioInfiniteEnv(obs=obs)).reset(seed=0)[0].shape[0]
    differs = np.flatnonzero((with_figures != without).reshape(len(without), -1).any(1))
    assert differs.size
    assert differs.max() < lines <= differs.max() + 2
    np.testing.assert_array_equal(
        CropHUD(MarioInfiniteEnv(obs=obs)).reset(seed=0)[0], without[lines:]
    )


def test_crop_of_other_pictures_needs_the_lines():
    with pytest.raises(OptionError, match="give lines="):
        CropHUD(Tape())
    assert CropHUD(Tape(), lines=2).reset()[0].shape == (4, 5)
    with pytest.raises(OptionError, match="from 1 to 5"):
        CropHUD(Tape(), lines=6)


def test_penalties():
    env = TimePenalty(Tape(), 0.25)
    env.reset()
    assert env.step(0)[1] == 0.75
    for status, reward in ((0, -4.0), (1, 1.0)):
        env = DeathPenalty(Tape(2, status), 5)
        env.reset()
        assert env.step(0)[1] == 1.0
        assert env.step(0)[1] == reward
    for wrapper in (TimePenalty, DeathPenalty):
        with pytest.raises(OptionError, match="finite number"):
            wrapper(Tape(), float("inf"))


def test_death_penalty_needs_the_status():
    env = DeathPenalty(gym.make("CartPole-v1"))
    env.reset(seed=0)
    steps = (env.step(0) for _ in range(100))
    with pytest.raises(OptionError, match="status"):
        list(steps)


def test_statistics_of_random_moves_are_numpys(tmp_path):
    env = MarioInfiniteEnv(obs="gray84")
    seen = []

    class Watch(gym.ObservationWrapper):
        def observation(self, observation):
            seen.append(observation)
            return observation

    wrapped = NormalizeFromRandomMoves(Watch(env), moves=60, seed=4)
    pictures = np.array(seen[1:], np.float64)  # the first is that of the reset
    assert len(pictures) == wrapped.statistics.moves == 60
    np.testing.assert_allclose(wrapped.statistics.mean, pictures.mean(0), rtol=1e-6)
    assert wrapped.statistics.std == pytest.approx(pictures.std(0).mean(), rel=1e-9)

    path = tmp_path / "moves.npz"
    wrapped.statistics.save(path)
    again = NormalizeFromRandomMoves(MarioInfiniteEnv(obs="gray84"), statistics=path)
    picture = again.reset(seed=9)[0]
    raw = MarioInfiniteEnv(obs="gray84").reset(seed=9)[0]
    np.testing.assert_allclose(
        picture,
        (raw - wrapped.statistics.mean) / np.float32(wrapped.statistics.std),
        rtol=1e-6,
    )
    assert picture.dtype == np.float32
    assert again.observation_space.contains(picture)


def test_vector_moves_are_shared_by_the_games():
    env = MarioInfiniteVectorEnv(4, obs="gray84", autoreset_mode="DISABLED", max_episode_steps=5)
    made = VectorNormalizeFromRandomMoves(env, moves=30, seed=0)
    assert made.statistics.moves == 32
    assert made.reset(seed=0)[0].dtype == np.float32


def test_statistics_that_do_not_fit(tmp_path):
    with pytest.raises(OptionError, match="there is no file"):
        NormalizeFromRandomMoves(Tape(), statistics=tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("text")
    with pytest.raises(OptionError, match="holds no statistics"):
        MoveStatistics.load(tmp_path / "text.npz")
    other = MoveStatistics(np.zeros((2, 2), np.float32), 1.0, 1)
    other.save(tmp_path / "other.npz")
    with pytest.raises(OptionError, match=r"shape \(2, 2\)"):
        NormalizeFromRandomMoves(Tape(), statistics=tmp_path / "other.npz")
    MoveStatistics(np.zeros((6, 5), np.float32), 0.0, 1).save(tmp_path / "flat.npz")
    with pytest.raises(OptionError, match="no observations can have"):
        NormalizeFromRandomMoves(Tape(), statistics=tmp_path / "flat.npz")

    class Still(Tape):
        def picture(self):
            return np.zeros(SPACE.shape, np.uint8)

    with pytest.raises(OptionError, match="the same observation"):
        NormalizeFromRandomMoves(Still(), moves=5)


def test_sticky_keeps_the_action_when_the_caller_writes_into_its_array():
    env = StickyActions(gym.make("MarioInfinite-v0", actions="buttons"), 1.0)
    env.reset(seed=0)
    action = np.array([0, 1, 0, 0, 0], np.int8)
    env.step(action)
    action[:] = 0
    distances = [env.step(action)[4]["distance"] for _ in range(20)]
    assert distances[-1] > distances[0] + 20
