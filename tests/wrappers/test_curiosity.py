"""Curiosity: its scale, its networks, and the two Gymnasium wrappers."""

import json
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.vector import VectorWrapper

pytest.importorskip("torch")

import torch

from gym_mario_suite.envs.infinite import MarioInfiniteEnv
from gym_mario_suite.envs.infinite_vector import MarioInfiniteVectorEnv
from gym_mario_suite.errors import ObservationError, OptionError, WeightsError
from gym_mario_suite.wrappers import CuriosityReward, VectorCuriosityReward
from gym_mario_suite.wrappers.curiosity_learner import CuriosityLearner
from gym_mario_suite.wrappers.curiosity_module import CuriosityModule, normed
from gym_mario_suite.wrappers.curiosity_options import (
    FEATURE_MODES,
    FORWARD_MODELS,
    CuriosityOptions,
    RewardScale,
)

SMALL: dict[str, Any] = {"feature_size": 16, "hidden_size": 24, "device": "cpu"}
GAME: dict[str, Any] = {"difficulty": 12, "time_limit": 4, "frame_skip": 4, "actions": "curiosity"}


def small(**changes: Any) -> dict[str, Any]:
    return {**SMALL, **changes}


NUMBERS = gym.spaces.Box(-1, 1, (6,), np.float32)
FIVE = gym.spaces.Discrete(5)


def games(count=3, mode="SAME_STEP", obs="features", **options):
    return MarioInfiniteVectorEnv(count, obs=obs, autoreset_mode=mode, **GAME | options)


def transitions(count, size=6, seed=0):
    rng = np.random.default_rng(seed)
    states = rng.normal(size=(count + 1, size)).astype(np.float32)
    return states[:-1], rng.integers(0, 5, count), states[1:]


# --- the scale of the rewards ---------------------------------------------------------------------


def test_scale_is_the_deviation_of_discounted_sums():
    rewards = np.random.default_rng(0).exponential(size=(50, 4)) * 3
    sums = np.zeros_like(rewards)
    for step, row in enumerate(rewards):
        sums[step] = row + (0.9 * sums[step - 1] if step else 0.0)
    scale = RewardScale(4, 0.9)
    for chunk in np.split(rewards, [1, 2, 17, 30]):
        scale.add(chunk)
    assert scale.deviation == pytest.approx(sums.std(), rel=1e-12)
    assert scale.mean == pytest.approx(sums.mean(), rel=1e-12)


def test_scale_of_the_first_rewards_is_no_tiny_number():
    scale = RewardScale(1, 0.99)
    assert scale.deviation == 1.0
    scale.add(np.array([[0.5]]))
    assert scale.deviation == pytest.approx(0.5)


def test_scale_goes_on_from_a_saved_state():
    rewards = np.random.default_rng(1).random((40, 3))
    whole, half, other = (RewardScale(3, 0.99) for _ in range(3))
    whole.add(rewards[:20])
    whole.add(rewards[20:])
    half.add(rewards[:20])
    other.load_state(half.state())
    other.add(rewards[20:])
    assert other.deviation == whole.deviation
    with pytest.raises(OptionError, match="of 3 games, this one of 2"):
        RewardScale(2, 0.99).load_state(whole.state())


# --- the networks ---------------------------------------------------------------------------------


@pytest.mark.parametrize("features", FEATURE_MODES)
@pytest.mark.parametrize("forward", FORWARD_MODELS)
def test_surprisal_falls_as_the_same_transitions_are_learned(features, forward):
    options = CuriosityOptions(
        features=features, forward=forward, n_steps=32, learning_rate=3e-3, epochs=8, **SMALL
    )
    learner = CuriosityLearner(NUMBERS, FIVE, 1, options)
    before, actions, after = transitions(32)
    first = learner.surprisal(before, actions, after).mean()
    for _ in range(12):
        for step in range(32):
            one = slice(step, step + 1)
            learner.rewards(before[one], actions[one], after[one], np.zeros(1))
    assert learner.transitions == 12 * 32
    if features == "idf":
        # The features change meanwhile, so the errors before and after are of different things.
        assert learner.metrics["inverse_accuracy"] > 0.8
    else:
        assert learner.surprisal(before, actions, after).mean() < 0.5 * first


@pytest.mark.parametrize("features", ["random", "rnd"])
def test_fixed_networks_stay_fixed(features):
    learner = CuriosityLearner(
        NUMBERS, FIVE, 1, CuriosityOptions(features=features, n_steps=4, **SMALL)
    )
    fixed = learner.module.encoder if features == "random" else learner.module.target
    assert isinstance(fixed, torch.nn.Module)
    kept = [parameter.clone() for parameter in fixed.parameters()]
    before, actions, after = transitions(8)
    for step in range(8):
        one = slice(step, step + 1)
        learner.rewards(before[one], actions[one], after[one], np.zeros(1))
    assert learner.metrics
    assert all(map(torch.equal, kept, fixed.parameters()))


def test_features_learn_from_the_inverse_loss_alone():
    module = CuriosityModule(NUMBERS, FIVE, CuriosityOptions(**SMALL))
    before, actions, after = map(torch.as_tensor, transitions(8))
    module.losses(before, actions, after).forward.backward()
    assert all(parameter.grad is None for parameter in module.encoder.parameters())
    module.losses(before, actions, after).inverse.backward()
    assert all(parameter.grad is not None for parameter in module.encoder.parameters())


def test_articles_forward_model_is_one_hidden_layer():
    """Its layers after the first are linear, so they are one matrix for each action."""
    module = CuriosityModule(NUMBERS, FIVE, CuriosityOptions(forward="linear", **SMALL)).double()
    model = module.forward_model
    assert model is not None
    action = torch.nn.functional.one_hot(torch.full((200,), 3), 5).double()
    states = torch.randn(200, 16, dtype=torch.float64)
    with torch.no_grad():
        hidden = torch.nn.functional.leaky_relu(
            model.first(torch.cat([states, action], 1)),  # type: ignore[operator]
            0.2,
        )
        answers = model(states, action)
        ones = torch.ones(200, 1, dtype=torch.float64)
        solution = torch.linalg.lstsq(torch.cat([hidden, ones], 1), answers).solution
        fitted = torch.cat([hidden, ones], 1) @ solution
    assert torch.allclose(fitted, answers, atol=1e-9)


def test_weights_begin_with_length_one():
    layer = normed(torch.nn.Conv2d(3, 7, 4))
    lengths = layer.weight.detach().flatten(1).norm(dim=1)
    assert torch.allclose(lengths, torch.ones(7))
    assert not layer.bias.any()


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [((84, 84, 3), np.uint8), ((4, 84, 84), np.uint8), ((84, 84), np.uint8), ((22, 22), np.int8)],
)
@pytest.mark.parametrize("features", FEATURE_MODES)
def test_observations_of_all_shapes(shape, dtype, features):
    high = 255 if dtype == np.uint8 else 127
    space = gym.spaces.Box(0, high, shape, dtype)
    module = CuriosityModule(space, FIVE, CuriosityOptions(features=features, **SMALL))
    rng = np.random.default_rng(0)
    states = torch.as_tensor(rng.integers(0, high, (4, 2, *shape)).astype(dtype))
    actions = torch.as_tensor(rng.integers(0, 5, (3, 2)))
    along = module.surprisal(states, actions)
    assert along.shape == (3, 2)
    assert along.isfinite().all()
    apart = module.surprisal(states[:-1].flatten(0, 1), actions.flatten(), states[1:].flatten(0, 1))
    assert torch.allclose(along.flatten(), apart, rtol=1e-4)


def test_same_seed_same_networks_and_the_callers_random_numbers_are_left_alone():
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    one, two, other = (
        CuriosityModule(NUMBERS, FIVE, CuriosityOptions(seed=seed, **SMALL)) for seed in (1, 1, 2)
    )
    assert torch.equal(torch.rand(1), expected)
    weights = [next(module.parameters()) for module in (one, two, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


# --- the wrappers ---------------------------------------------------------------------------------


def play(envs: Any, actions: Any, seed: int = 3) -> list[Any]:
    observations, _ = envs.reset(seed=seed)
    steps: list[Any] = [(observations,)]
    for action in actions:
        steps.append(envs.step(action))
    return steps


def test_single_wrapper_equals_the_vector_wrapper_of_one_game():
    actions = np.random.default_rng(0).integers(0, 14, 90)
    options = {"n_steps": 16, "extrinsic": 0.5, **SMALL}
    single = CuriosityReward(MarioInfiniteEnv(obs="features", **GAME), **options)
    vector = VectorCuriosityReward(games(1), **options)
    mine = play(single, actions)
    theirs = play(vector, actions[:, None])
    ends = 0
    for one, many in zip(mine[1:], theirs[1:], strict=True):
        assert np.array_equal(one[0], many[0][0])
        assert one[1] == pytest.approx(many[1][0], rel=1e-5)
        assert one[2:4] == (False, False)
        ends += "final_obs" in one[4]
        assert ("final_obs" in one[4]) == ("final_obs" in many[4])
    assert ends > 0
    assert single.learner.metrics == pytest.approx(vector.learner.metrics, rel=1e-4)


@pytest.mark.parametrize("hide", [True, False])
def test_rewards_are_the_surprisal_of_the_transitions(hide):
    """Also of those over an end: to the next episode, or to the last state."""
    envs = VectorCuriosityReward(games(), hide_dones=hide, n_steps=1000, **SMALL)
    plain = games()
    actions = np.random.default_rng(1).integers(0, 14, (80, 3))
    before, _ = plain.reset(seed=3)
    scale, ends = RewardScale(3, 0.99), 0
    module = envs.learner.module
    for action, step in zip(actions, play(envs, actions)[1:], strict=True):
        after, rewards, dead, cut, infos = plain.step(action)
        target = after.copy()
        for game in np.flatnonzero(dead | cut):
            ends += 1
            if not hide:
                target[game] = infos["final_obs"][game]
        surprisal = module.surprisal(*map(torch.as_tensor, (before, action, target))).numpy()
        assert np.array_equal(step[4]["surprisal"], surprisal)
        assert np.array_equal(step[4]["extrinsic_reward"], rewards)
        scale.add(surprisal[None])
        assert np.allclose(step[1], surprisal / scale.deviation)
        assert np.array_equal(step[2], np.zeros(3, bool) if hide else dead)
        before = after
    assert ends > 0


@pytest.mark.parametrize("mode", ["NEXT_STEP", "DISABLED"])
def test_steps_that_only_reset_are_no_transitions(mode):
    envs = VectorCuriosityReward(games(mode=mode), hide_dones=False, n_steps=8, **SMALL)
    envs.reset(seed=3)
    rng = np.random.default_rng(1)
    ended, resets, steps = np.zeros(3, bool), 0, 0
    for _ in range(80):
        _, rewards, dead, cut, infos = envs.step(rng.integers(0, 14, 3))
        steps += 3
        if mode == "NEXT_STEP":
            resets += int(ended.sum())
            assert not rewards[ended].any()
            assert (infos["surprisal"][~ended] > 0).all()
        ended = dead | cut
        if mode == "DISABLED" and ended.any():
            envs.reset(options={"reset_mask": ended})
    assert envs.learner.transitions == steps - resets
    assert (resets > 0) == (mode == "NEXT_STEP")


def test_a_reset_by_hand_leaves_no_step_that_only_resets():
    envs = VectorCuriosityReward(games(mode="NEXT_STEP"), hide_dones=False, **SMALL)
    envs.reset(seed=3)
    ended = np.zeros(3, bool)
    while not ended.any():
        _, _, dead, cut, _ = envs.step([0, 0, 0])
        ended = dead | cut
    seen = envs.learner.transitions
    envs.reset(options={"reset_mask": ended})
    assert (envs.step([10, 10, 10])[4]["surprisal"] > 0).all()
    assert envs.learner.transitions == seen + 3


@pytest.mark.parametrize("mode", ["NEXT_STEP", "SAME_STEP", "DISABLED"])
def test_one_game_of_a_vector_is_the_single_one(mode):
    options = {"hide_dones": False, "n_steps": 1 << 20, **SMALL}
    envs = VectorCuriosityReward(games(1, mode), **options)
    env = CuriosityReward(MarioInfiniteEnv(obs="features", **GAME), **options)
    envs.reset(seed=3)
    env.reset(seed=3)
    rng = np.random.default_rng(1)
    ends = 0
    for _ in range(80):
        action = int(rng.integers(0, 14))
        _, reward, dead, cut, _ = env.step(action)
        assert envs.step([action])[1].tolist() == [reward]
        if dead or cut:
            ends += 1
            env.reset()
            if mode == "NEXT_STEP":
                envs.step([action])
            if mode == "DISABLED":
                envs.reset()
        assert np.array_equal(envs.learner.scale.state(), env.learner.scale.state())
    assert ends > 1


def test_hidden_ends_need_games_that_reset_themselves():
    with pytest.raises(OptionError, match='autoreset_mode="SAME_STEP"'):
        VectorCuriosityReward(games(mode="NEXT_STEP"), **SMALL)


def test_what_was_refused_closes_in_silence():
    # Gymnasium before 1.3 closes what is collected, ready or not.
    half_made = VectorCuriosityReward.__new__(VectorCuriosityReward)
    envs = games()
    VectorWrapper.__init__(half_made, envs)
    half_made.close()
    assert envs.closed


def test_same_seed_same_rewards():
    actions = np.random.default_rng(0).integers(0, 14, (60, 3))
    runs = [play(VectorCuriosityReward(games(), n_steps=16, **SMALL), actions) for _ in range(2)]
    for one, two in zip(*runs, strict=True):
        assert np.array_equal(one[0], two[0])
    first, second = (np.array([step[1] for step in run[1:]]) for run in runs)
    assert np.array_equal(first, second)


def test_save_and_load_go_on_as_before(tmp_path):
    actions = np.random.default_rng(0).integers(0, 14, (64, 3))
    envs = VectorCuriosityReward(games(), n_steps=16, **SMALL)
    play(envs, actions[:32])
    path = tmp_path / "curiosity.safetensors"
    envs.save(path)
    other = VectorCuriosityReward(games(), n_steps=16, **small(seed=9))
    other.load(path)
    rewards = []
    for wrapper in (envs, other):
        rewards.append(np.array([step[1] for step in play(wrapper, actions[32:], seed=8)[1:]]))
    assert np.array_equal(*rewards)
    assert envs.learner.transitions == other.learner.transitions == 64 * 3


def test_the_single_wrapper_takes_up_what_it_saved(tmp_path):
    env, other = (
        CuriosityReward(MarioInfiniteEnv(obs="features", **GAME), n_steps=8, **small(seed=seed))
        for seed in (0, 9)
    )
    play(env, [1] * 20)
    path = tmp_path / "curiosity.safetensors"
    env.save(path)
    other.load(path)
    # Steps since the last time of learning are not saved: both begin a rollout of their own.
    assert other.learner.transitions == env.learner.transitions == 20
    assert np.array_equal(other.learner.scale.state(), env.learner.scale.state())
    again = [[step[1] for step in play(one, [2] * 3)[1:]] for one in (env, other)]
    assert again[0] == again[1]


def test_a_checkpoint_of_another_architecture_is_refused(tmp_path):
    path = tmp_path / "curiosity.safetensors"
    VectorCuriosityReward(games(), **SMALL).save(path)
    with pytest.raises(WeightsError, match="feature_size is 16 there, 8 here"):
        VectorCuriosityReward(games(), **small(feature_size=8)).load(path)
    with pytest.raises(WeightsError, match=r"another architecture.*encoder"):
        VectorCuriosityReward(games(obs="grid"), **SMALL).load(path)
    with pytest.raises(OptionError, match="of 3 games, this one of 2"):
        VectorCuriosityReward(games(2), **SMALL).load(path)
    path.write_bytes(b"nonsense")
    with pytest.raises(WeightsError, match="cannot read"):
        VectorCuriosityReward(games(), **SMALL).load(path)


def test_observations_that_are_no_numbers_are_refused():
    learner = CuriosityLearner(NUMBERS, FIVE, 2, CuriosityOptions(**SMALL))
    states = np.zeros((2, 6), np.float32)
    broken = states.copy()
    broken[1, 3] = np.nan
    with pytest.raises(ObservationError, match=r"games \[1\] hold NaN"):
        learner.rewards(states, np.zeros(2, int), broken, np.zeros(2))


def test_what_curiosity_is_not_for_is_refused():
    class Continuous(gym.Env):
        observation_space = NUMBERS
        action_space = gym.spaces.Box(-1, 1, (2,), np.float32)

    class Words(gym.Env):
        observation_space = gym.spaces.Text(5)
        action_space = FIVE

    with pytest.raises(OptionError, match=r"numbered actions, Discrete\(n\), got Box"):
        CuriosityReward(Continuous(), **SMALL)
    with pytest.raises(OptionError, match=r"numbered actions.*MultiBinary"):
        CuriosityReward(MarioInfiniteEnv(actions="buttons"), **SMALL)
    with pytest.raises(OptionError, match="a Box, got Text"):
        CuriosityReward(Words(), **SMALL)
    with pytest.raises(OptionError, match="convolutions need pictures"):
        CuriosityReward(MarioInfiniteEnv(obs="grid"), encoder="conv", **SMALL)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"features": "vae"}, "features must be one of idf, random, rnd, pixels"),
        ({"forward": "lstm"}, "forward must be one of"),
        ({"n_steps": 0}, "n_steps must be a whole number from 1"),
        ({"gamma": 1.0}, "gamma must be from 0 to below 1"),
        ({"intrinsic": float("nan")}, "intrinsic must be a number from 0"),
        ({"gamma": "x"}, "gamma must be a finite number, got 'x'"),
        ({"hide_dones": "no"}, "hide_dones must be True or False, got 'no'"),
        ({"device": None}, "no device None"),
        ({"log_dir": "/dev/null/log"}, "cannot write into /dev/null/log"),
        ({"device": "abacus"}, "no device 'abacus'"),
        ({"device": "cuda"}, "no device 'cuda'"),
        ({"no_such": 1}, "no_such"),
    ],
)
def test_options_that_are_not_possible(options, message):
    if options == {"device": "cuda"} and torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    with pytest.raises(OptionError, match=message):
        CuriosityReward(MarioInfiniteEnv(obs="features"), **small(**options))


def test_wrapper_is_in_the_spec():
    env = CuriosityReward(
        gym.make("gym_mario_suite:MarioInfinite-v0", obs="features"), forward="mlp", **SMALL
    )
    assert env.spec is not None
    again = gym.make(EnvSpec.from_json(env.spec.to_json()))
    assert isinstance(again, CuriosityReward)
    assert again.options.forward == "mlp"


def test_metrics_go_to_tensorboard(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    envs = VectorCuriosityReward(games(), n_steps=8, log_dir=tmp_path, **SMALL)
    play(envs, np.zeros((16, 3), int))
    envs.close()
    events = EventAccumulator(str(tmp_path)).Reload()
    assert "curiosity/surprisal" in events.Tags()["scalars"]
    assert [event.step for event in events.Scalars("curiosity/inverse_accuracy")] == [24, 48]
    assert events.Scalars("curiosity/forward_loss")[-1].value == pytest.approx(
        envs.learner.metrics["forward_loss"], rel=1e-5
    )


def test_bfloat16_is_near_float32():
    rewards = []
    for precision in ("float32", "bfloat16"):
        learner = CuriosityLearner(NUMBERS, FIVE, 8, CuriosityOptions(precision=precision, **SMALL))
        rewards.append(learner.surprisal(*transitions(8)))
    assert rewards[1].dtype == np.float32
    assert np.allclose(*rewards, rtol=0.1)
    assert not np.array_equal(*rewards)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_agrees_with_the_processor():
    rewards = []
    for device in ("cpu", "cuda"):
        options = CuriosityOptions(**small(device=device, precision="float32"))
        rewards.append(CuriosityLearner(NUMBERS, FIVE, 8, options).surprisal(*transitions(8)))
    assert np.allclose(*rewards, rtol=1e-3)


def test_header_says_what_the_file_is(tmp_path):
    path = tmp_path / "curiosity.safetensors"
    VectorCuriosityReward(games(), **SMALL).save(path)
    data = path.read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
    assert header["format"] == "gym-mario-suite curiosity 1"
    assert json.loads(header["architecture"])["features"] == "idf"
