"""stable-baselines3 learns on the native vector environment through the adapter."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import gym_mario_suite  # noqa: F401  (registers the environments)
from gym_mario_suite.envs.infinite import MarioInfiniteEnv
from gym_mario_suite.errors import OptionError

sb3 = pytest.importorskip("stable_baselines3", reason="needs the extra sb3")
from stable_baselines3.common.env_checker import check_env  # noqa: E402
from stable_baselines3.common.evaluation import evaluate_policy  # noqa: E402
from stable_baselines3.common.vec_env import DummyVecEnv  # noqa: E402

from gym_mario_suite.integrations.sb3 import GymVecAdapter  # noqa: E402

HARD = {"difficulty": 10, "time_limit": 12, "mode": "small", "obs": "features", "frame_skip": 2}


def make(autoreset: str, count: int = 4, **options: Any) -> Any:
    envs = gym.make_vec("MarioInfinite-v0", num_envs=count, autoreset_mode=autoreset, **options)
    return GymVecAdapter(envs)


@pytest.mark.filterwarnings("ignore:Your observation", "ignore:It seems", "ignore:The minimal")
@pytest.mark.parametrize("obs", ["grid", "channels", "features", "terrain"])
def test_sb3_accepts_the_single_environment(obs):
    check_env(MarioInfiniteEnv(obs=obs))


@pytest.mark.parametrize("mode", ["SAME_STEP", "DISABLED"])
def test_the_adapter_equals_sb3s_own_vector_of_single_environments(mode):
    ours = make(mode, **HARD)
    theirs: Any = DummyVecEnv([lambda: MarioInfiniteEnv(**HARD) for _ in range(4)])
    ours.seed(7)
    theirs.seed(7)
    assert np.array_equal(ours.reset(), theirs.reset())
    rng = np.random.default_rng(0)
    ends = 0
    for _ in range(300):
        actions = rng.integers(0, 12, 4)
        left, right = ours.step(actions), theirs.step(actions)
        for a, b in zip(left[:3], right[:3], strict=True):
            assert np.array_equal(a, b)
        for i in np.flatnonzero(left[2]):
            ends += 1
            assert np.array_equal(
                left[3][i]["terminal_observation"], right[3][i]["terminal_observation"]
            )
            assert left[3][i]["TimeLimit.truncated"] == right[3][i]["TimeLimit.truncated"]
            assert left[3][i]["distance"] == right[3][i]["distance"]
            assert ours.reset_infos[i] == theirs.reset_infos[i]
    assert ends > 5


@pytest.mark.parametrize("mode", ["SAME_STEP", "DISABLED"])
def test_observations_stay_as_they_were_over_an_environment_that_copies_none(mode):
    venv = make(mode, copy=False, **HARD)
    first = venv.reset()
    kept = first.copy()
    second = venv.step(np.full(4, 3))[0]
    assert np.array_equal(first, kept)
    kept = second.copy()
    assert not np.array_equal(first, kept)
    venv.step(np.full(4, 3))
    assert np.array_equal(second, kept)


def test_next_step_autoreset_is_refused():
    with pytest.raises(OptionError, match="SAME_STEP"):
        make("NEXT_STEP")


def test_ppo_learns_a_step_and_is_evaluated():
    venv = make("SAME_STEP", **HARD)
    model = sb3.PPO("MlpPolicy", venv, n_steps=32, batch_size=64, n_epochs=1, seed=0)
    model.learn(256)
    mean, _ = evaluate_policy(model, venv, n_eval_episodes=3)
    assert np.isfinite(mean)
    assert venv.env_is_wrapped(sb3.common.monitor.Monitor) == [True] * 4
    assert len(venv.env_method("get_state", indices=[1, 2])) == 2
