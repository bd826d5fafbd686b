"""Copies of running environments, by deepcopy and by pickle: they go on as the original does."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import gym_mario_suite  # noqa: F401  (registers the environments)
from gym_mario_suite.envs.observations import OBSERVATION_MODES
from gym_mario_suite.levels.framework_text import read_framework_text
from tests.processes import run_python

TEXT = "\n".join(["-" * 60] * 14 + ["X" * 60] * 2)
ENVIRONMENTS: dict[str, tuple[str, dict[str, Any]]] = {
    **{obs: ("MarioInfinite-v0", {"obs": obs}) for obs in OBSERVATION_MODES},
    "framework": (
        "MarioInfinite-v0",
        {"obs": "framework", "rules": "framework-2019", "level": read_framework_text(TEXT)},
    ),
    "maker": ("MarioMaker-v0", {"width": 20}),
    "maker-play": ("MarioMakerPlay-v0", {"sampler": "ngram"}),
    "dream": ("MarioDream-v0", {"done_threshold": 1.0}),
}
STEPS = 12


def same(one: Any, two: Any) -> bool:
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(same(one[key], two[key]) for key in one)
    return np.array_equal(one, two)


def made(name: str, vector: bool) -> Any:
    if name == "dream":
        pytest.importorskip("onnxruntime")
    env_id, options = ENVIRONMENTS[name]
    env = gym.make_vec(env_id, num_envs=2, **options) if vector else gym.make(env_id, **options)
    env.reset(seed=7)
    env.action_space.seed(1)
    return env


@pytest.mark.parametrize("vector", [False, True])
@pytest.mark.parametrize("name", ENVIRONMENTS)
@pytest.mark.parametrize(
    "copied",
    [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))],
    ids=["deepcopy", "pickle"],
)
def test_a_copy_goes_on_like_the_original(
    name: str, vector: bool, copied: Callable[[Any], Any]
) -> None:
    env = made(name, vector)
    for _ in range(3):
        env.step(env.action_space.sample())
    other = copied(env)
    actions = [env.action_space.sample() for _ in range(STEPS)]
    went = [env.step(action) for action in actions]
    # After the original has gone on: nothing is shared.
    for step, action in zip(went, actions, strict=True):
        assert all(map(same, other.step(action)[:4], step[:4]))
    env.close()
    other.close()


def test_a_pickle_holds_no_pictures_and_no_machine_code() -> None:
    """Frames and the bounds of their space are 1.4 MB, all pictures would be another 6 MB."""
    assert len(pickle.dumps(made("rgb", False))) < 2_000_000


def test_a_process_of_its_own_takes_up_a_pickle() -> None:
    env = made("gray84", False)
    env.step(1)
    state = pickle.dumps(env).hex()
    program = (
        "import pickle, sys\n"
        "env = pickle.loads(bytes.fromhex(sys.stdin.read()))\n"
        "print(int(env.step(2)[0].sum()))"
    )
    assert run_python(program, given=state).stdout.split() == [str(int(env.step(2)[0].sum()))]
