"""Mario Maker's map cropped around the cursor and spread over planes, single and vector."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode

from gym_mario_suite.envs.maker import MarioMakerEnv
from gym_mario_suite.envs.maker_vector import MarioMakerVectorEnv
from gym_mario_suite.errors import OptionError
from gym_mario_suite.wrappers import CropMap, OneHotMap, VectorCropMap, VectorOneHotMap

SMALL: dict[str, Any] = {"height": 6, "width": 16}


def seen(wrapper, observation):
    """What a chain of wrappers makes of an observation."""
    if isinstance(wrapper.env, gym.ObservationWrapper):
        observation = seen(wrapper.env, observation)
    return wrapper.observation(observation)


def equal(a, b):
    assert set(a) == set(b)
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


@pytest.mark.filterwarnings("ignore:.*different from the unwrapped")
@pytest.mark.parametrize("wrap", [CropMap, OneHotMap, lambda env: OneHotMap(CropMap(env, 5))])
def test_gymnasium_accepts_them(wrap):
    check_env(wrap(MarioMakerEnv(**SMALL)), skip_render_check=True)


@pytest.mark.parametrize("size", [1, 4, 5, 9, 40])
def test_the_cursor_is_in_the_middle_and_beyond_the_edge_is_another_code(size):
    env = MarioMakerEnv(**SMALL, representation="turtle")
    crop = CropMap(env, size)
    plain, _ = env.reset(seed=3)
    rng = np.random.default_rng(0)
    for _ in range(30):
        found = crop.observation(plain)
        assert crop.observation_space.contains(found)
        column, row = plain["pos"].tolist()
        for name, beyond in (("map", 20), ("frozen", 1), ("path", 0)):
            for y in range(size):
                for x in range(size):
                    at = row + y - size // 2, column + x - size // 2
                    inside = 0 <= at[0] < 6 and 0 <= at[1] < 16
                    assert found[name][y, x] == (plain[name][at] if inside else beyond)
        plain, _, terminated, truncated, _ = env.step(int(rng.integers(4)))
        if terminated or truncated:
            break


def test_one_hot_tells_the_codes_back():
    env = MarioMakerEnv(**SMALL)
    plain, _ = env.reset(seed=1)
    found = OneHotMap(env).observation(plain)["map"]
    assert found.shape == (6, 16, 20)
    assert (found.sum(-1) == 1).all()
    np.testing.assert_array_equal(found.argmax(-1), plain["map"])


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
@pytest.mark.parametrize(
    ("single", "vector"),
    [
        (lambda env: CropMap(env, 7), lambda env: VectorCropMap(env, 7)),
        (OneHotMap, VectorOneHotMap),
        (lambda e: OneHotMap(CropMap(e, 4)), lambda e: VectorOneHotMap(VectorCropMap(e, 4))),
    ],
)
def test_the_vector_form_is_the_single_one_game_by_game(mode, single, vector):
    envs = vector(MarioMakerVectorEnv(3, autoreset_mode=mode, **SMALL))
    twin = MarioMakerVectorEnv(3, autoreset_mode=mode, **SMALL)
    view = single(MarioMakerEnv(**SMALL))
    observations, _ = envs.reset(seed=5)
    plain, _ = twin.reset(seed=5)
    rng = np.random.default_rng(1)
    ended = 0
    for _ in range(400):
        assert envs.observation_space.contains(observations)
        for index in range(3):
            one = {name: value[index] for name, value in plain.items()}
            equal({n: v[index] for n, v in observations.items()}, seen(view, one))
        actions = rng.integers(0, 20, 3)
        observations, _, terminated, truncated, infos = envs.step(actions)
        plain, _, _, _, plain_infos = twin.step(actions)
        for index in np.flatnonzero(terminated | truncated):
            ended += 1
            if "final_obs" in infos:
                last = seen(view, plain_infos["final_obs"][index])
                equal(infos["final_obs"][index], last)
    assert ended >= 3


def test_other_observations_are_refused():
    env = gym.make("gym_mario_suite:MarioInfinite-v0", obs="gray84")
    for wrapper in (CropMap, OneHotMap):
        with pytest.raises(OptionError, match="needs observations with map"):
            wrapper(env)
    with pytest.raises(OptionError, match="size must be a whole number from 1 to 255"):
        CropMap(MarioMakerEnv(**SMALL), 0)
    with pytest.raises(OptionError, match="map of codes"):
        OneHotMap(OneHotMap(MarioMakerEnv(**SMALL)))
