from importlib.util import find_spec
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import check_env

import gym_mario_suite  # noqa: F401  (registers the environments)
from gym_mario_suite.dream.runtime import shipped_models
from gym_mario_suite.dream.spawns import built_in_spawns
from gym_mario_suite.errors import OptionError, StateError, WeightsError
from gym_mario_suite.levels import Level, generate

pytest.importorskip("onnxruntime")
_ID = "MarioDream-v0"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model of random weights; what it dreams is noise, but it dreams it by all the rules."""
    torch = pytest.importorskip("torch")
    from gym_mario_suite.dream.export import export_onnx
    from gym_mario_suite.dream.network import Denoiser
    from gym_mario_suite.dream.presets import preset

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("model") / "tiny.onnx"
    export_onnx(path, Denoiser(preset("tiny")), preset("tiny"), {"done_threshold": 0.99})
    return str(path)


def walk(env: gym.Env, seed: int, steps: int) -> list[bytes]:
    frames = [env.reset(seed=seed)[0].tobytes()]
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        frames.append(env.step(int(rng.integers(14)))[0].tobytes())
    return frames


def test_the_shipped_model_dreams_right_after_installation() -> None:
    assert shipped_models()
    env = gym.make(_ID, render_mode="rgb_array")
    assert env.observation_space == gym.spaces.Box(0, 255, (120, 160, 3), np.uint8)
    assert env.action_space == gym.spaces.Discrete(14)
    frame, info = env.reset(seed=0)
    assert np.array_equal(frame, built_in_spawns()[info["spawn"]].frames[-1])
    frame, reward, *_, info = env.step(9)
    assert 0 < info["p_done"] < 1
    assert isinstance(reward, float)
    assert env.render().shape == (240, 320, 3)  # type: ignore[union-attr]
    assert frame.std() > 5


def test_gymnasium_s_checker_is_content(tiny: str) -> None:
    env = gym.make(_ID, model=tiny, render_mode="rgb_array").unwrapped
    check_env(env, skip_render_check=find_spec("pygame") is None)


def test_same_seed_same_bytes_at_any_batch_size_and_thread_count(tiny: str) -> None:
    singles = [walk(gym.make(_ID, model=tiny, horizon=50), 5 + i, 12) for i in range(8)]
    for threads in (1, 3):
        envs = gym.make_vec(_ID, num_envs=8, model=tiny, threads=threads, horizon=50)
        frames, _ = envs.reset(seed=5)
        draws = [np.random.default_rng(5 + i) for i in range(8)]
        for step in range(13):
            for i in range(8):
                assert frames[i].tobytes() == singles[i][step], (threads, step, i)
            frames, *_ = envs.step(np.array([rng.integers(14) for rng in draws]))
    assert singles[0] != singles[1]


def test_episodes_differ_and_come_again_with_the_seed(tiny: str) -> None:
    env = gym.make(_ID, model=tiny, spawn=3)
    first = walk(env, 1, 4)
    env.reset()
    second = [env.step(0)[0].tobytes() for _ in range(2)]
    again = walk(env, 1, 4)
    assert first == again
    env.reset()
    assert [env.step(0)[0].tobytes() for _ in range(2)] == second
    # The spawn is the same, the noise is another episode's.
    env.reset(seed=1)
    assert [env.step(0)[0].tobytes() for _ in range(2)] != second


def test_states_bring_back_the_future(tiny: str) -> None:
    env: Any = gym.make(_ID, model=tiny, level_hint=True).unwrapped
    env.reset(seed=2)
    env.step(9)
    state = env.get_state()
    future = [env.step(9)[0] for _ in range(3)]
    env.reset(seed=9)
    env.set_state(state)
    assert all(np.array_equal(a, env.step(9)[0]) for a in future)
    envs: Any = gym.make_vec(_ID, num_envs=2, model=tiny, level_hint=True)
    envs.set_state(state)
    assert np.array_equal(envs.step(np.array([9, 9]))[0][1], future[0])
    assert np.array_equal(env.reset(options={"state": state})[0], env.batch.observations[0])
    for wrong, fault in (
        (state[:-3], "damaged"),
        (b"GMSE" + state[4:], "not a state of a dream"),
        (state[:4] + b"\x09\x00" + state[6:], "version 9"),
        (7, "a state is bytes"),
    ):
        with pytest.raises(StateError, match=fault):
            env.set_state(wrong)


def test_episodes_end_by_the_horizon_and_by_the_model(tiny: str) -> None:
    env = gym.make(_ID, model=tiny, horizon=3)
    env.reset(seed=0)
    assert [env.step(0)[2:4] for _ in range(3)] == [(False, False), (False, False), (False, True)]
    with pytest.raises(ResetNeeded):
        env.step(0)
    env = gym.make(_ID, model=tiny, done_threshold=0.01)
    env.reset(seed=0)
    assert env.step(0)[2]


@pytest.mark.parametrize("mode", ["NEXT_STEP", "SAME_STEP", "DISABLED"])
def test_autoreset(tiny: str, mode: str) -> None:
    envs = gym.make_vec(_ID, num_envs=2, model=tiny, horizon=2, autoreset_mode=mode, spawn=1)
    start, _ = envs.reset(seed=0)
    envs.step(np.zeros(2, int))
    frames, rewards, _, truncated, infos = envs.step(np.zeros(2, int))
    assert truncated.all()
    if mode == "SAME_STEP":
        assert np.array_equal(frames, start)
        assert infos["final_info"]["step"].tolist() == [2, 2]
        assert not np.array_equal(infos["final_obs"][0], frames[0])
        assert infos["step"].tolist() == [0, 0]
        return
    assert not np.array_equal(frames, start)
    if mode == "NEXT_STEP":
        frames, rewards, _, truncated, infos = envs.step(np.ones(2, int))
        assert rewards.tolist() == [0, 0]
        assert not truncated.any()
    else:
        with pytest.raises(ResetNeeded):
            envs.step(np.zeros(2, int))
        mask = np.array([True, False])
        frames, infos = envs.reset(options={"reset_mask": mask})
        assert infos["step"].tolist() == [0, 2]
        frames, infos = envs.reset(options={"reset_mask": ~mask})
    assert np.array_equal(frames, start)


def test_some_dreams_can_be_stepped_alone(tiny: str) -> None:
    envs: Any = gym.make_vec(_ID, num_envs=3, model=tiny)
    before, _ = envs.reset(seed=0)
    frames, rewards, *_, infos = envs.step_some(np.array([3, 3, 3]), np.array([False, True, False]))
    assert np.array_equal(frames[[0, 2]], before[[0, 2]])
    assert infos["step"].tolist() == [0, 1, 0]
    assert rewards[0] == rewards[2] == 0


def test_reset_options(tiny: str) -> None:
    env: Any = gym.make(_ID, model=tiny)
    frames = np.random.default_rng(0).integers(0, 256, (4, 60, 64, 3), dtype=np.uint8)
    frame, info = env.reset(seed=0, options={"frames": frames, "actions": (1, 2, 3)})
    assert np.array_equal(frame, frames[-1])
    assert info["spawn"] == -1
    assert env.unwrapped.batch.dreamer.keys[0].tolist() == [0, 4, 1]
    assert env.reset(options={"spawn": "spawn-07"})[1]["spawn"] == 7
    level = generate(3, 2)
    env.reset(options={"level_hint": level})
    assert env.unwrapped.batch.dreamer.maps[0].level == level
    env.step(9)
    for options, fault in (
        ({"spawn": 999}, "48 built in"),
        ({"spwan": 1, 2: 3}, "unknown reset option 2; there are actions, frames"),
        ({"frames": frames[:, :50]}, "64x60 px"),
        ({"frames": [frames[0], frames[1, :50], *frames[2:]]}, "64x60 px, got several sizes"),
        ({"frames": frames.astype(float)}, "uint8"),
        ({"frames": frames, "actions": (1,)}, "3 actions"),
        ({"frames": frames, "actions": 5}, "3 actions"),
        ({"actions": (1, 1, 1)}, "goes with frames"),
        ({"frames": frames, "spawn": 1}, "not both"),
        ({"level_hint": "level"}, "level_hint must be"),
        ({"place": 1}, "unknown reset option 'place'"),
        ({"state": b"", "spawn": 1}, "goes alone"),
    ):
        with pytest.raises(OptionError, match=fault):
            env.reset(options=options)
    envs: Any = gym.make_vec(_ID, num_envs=2, model=tiny)
    _, infos = envs.reset(seed=0, options={"spawn": [4, 5]})
    assert infos["spawn"].tolist() == [4, 5]
    _, infos = envs.reset(options={"spawn": np.array([7, 8])})
    assert infos["spawn"].tolist() == [7, 8]
    both = np.stack([frames, frames[::-1]])
    envs.reset(options={"frames": both, "actions": np.array([[1, 2, 3], [0, 0, 0]])})
    assert envs.unwrapped.batch.dreamer.keys.tolist() == [[0, 4, 1], [0, 0, 0]]
    for options in (
        {"spawn": [4]},
        {"spawn": np.array([1, 2, 3])},
        {"frames": 5},
        {"frames": both, "actions": 5},
        {"frames": both[:1]},
    ):
        with pytest.raises(OptionError, match="one value for each of the 2 games"):
            envs.reset(options=options)
    envs.reset(options={"level_hint": np.array([True, False])})
    assert [each is not None for each in envs.unwrapped.batch.dreamer.maps] == [True, False]


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"model": "none-such"}, "shipped are"),
        ({"backend": "tensorflow"}, "backend must be"),
        ({"model": "mine.safetensors"}, r"the backend onnx reads \.onnx files"),
        ({"steps": 0}, "steps"),
        ({"solver": "newton"}, "euler, heun"),
        ({"horizon": 0}, "horizon"),
        ({"actions": "all"}, "unknown action set"),
        ({"done_threshold": 2.0}, "done_threshold"),
        ({"done_threshold": 0}, "done_threshold"),
        ({"done_threshold": "x"}, "done_threshold must be a number"),
        ({"done_threshold": float("nan")}, "done_threshold"),
        ({"spawn": 1000}, "there is no spawn"),
        ({"level_hint": "yes"}, "level_hint must be True or"),
        (
            {"level_hint": Level(np.zeros((40, 20), np.uint8), [], 38)},
            "a level hint is a level of 15",
        ),
        ({"colour": 1}, "MarioDream-v0"),
        ({"render_mode": "ansi"}, "render_mode"),
    ],
)
def test_impossible_options_are_refused(tiny: str, options: dict[str, Any], fault: str) -> None:
    from gym_mario_suite.envs.dream import MarioDreamEnv
    from gym_mario_suite.envs.dream_vector import MarioDreamVectorEnv

    for kind in (MarioDreamEnv, MarioDreamVectorEnv):
        with pytest.raises((OptionError, WeightsError), match=fault):
            kind(**{"model": tiny, **options})


def test_a_damaged_model_is_named(tiny: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(Path(tiny).read_bytes()[:5000])
    with pytest.raises(WeightsError, match=r"bad\.onnx"):
        gym.make(_ID, model=str(path))


@pytest.mark.train
def test_stable_baselines_learns_on_it(tiny: str) -> None:
    sb3 = pytest.importorskip("stable_baselines3")
    from gym_mario_suite.integrations.sb3 import GymVecAdapter

    envs = gym.make_vec(_ID, num_envs=2, model=tiny, autoreset_mode="SAME_STEP", horizon=5)
    learner = sb3.PPO("CnnPolicy", GymVecAdapter(envs), n_steps=8, batch_size=8, n_epochs=1)
    learner.learn(16)
    assert learner.num_timesteps == 16
