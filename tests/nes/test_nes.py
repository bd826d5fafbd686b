"""`MarioNES`, single, on a program of our own that does what the game does."""

import copy
import json
import pickle
import warnings
from importlib.util import find_spec
from pathlib import Path
from types import MethodType
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import check_env

import gym_mario_suite  # noqa: F401  (registers the environments)
from gym_mario_suite.errors import MarioError, OptionError, StateError
from gym_mario_suite.nes.backend import RAM_BYTES, FrameByFrame
from gym_mario_suite.nes.game import GameError
from gym_mario_suite.nes.picture import HUD_LINES
from tests.nes.own_rom import START_X, own_rom

# left, right, down, jump, speed, up
NONE = [0, 0, 0, 0, 0, 0]
RIGHT = [0, 1, 0, 0, 0, 0]
RUN = [0, 1, 0, 0, 1, 0]
DIE = [0, 0, 1, 1, 0, 0]
FALL = [0, 0, 1, 0, 1, 0]
FLAG = [0, 1, 0, 0, 0, 1]
WORLD_END = [1, 0, 0, 0, 0, 1]
PIPE = [1, 0, 1, 0, 0, 0]
VINE = [0, 0, 0, 0, 0, 1]
POWER = [0, 0, 0, 1, 0, 1]
COIN = [0, 0, 0, 0, 1, 1]


@pytest.mark.parametrize("obs", ["rgb", "gray84", "ram", "tiles", "terrain"])
def test_gymnasiums_checker(make, obs: str):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(make(obs=obs, actions="simple", frame_skip=4), skip_render_check=True)


@pytest.mark.parametrize("name", ["MarioNES-v0", "MarioNES-3-4-v0"])
def test_made_by_gymnasium(name: str, backend_name: str, rom_file: Path):
    env = gym.make(name, rom=str(rom_file), backend=backend_name, render_mode="rgb_array")
    check_env(env.unwrapped, skip_render_check=find_spec("pygame") is None)
    env.reset(seed=0)
    assert env.render().shape == (224, 240, 3)  # type: ignore[union-attr]
    assert env.spec is not None
    again = gym.make(EnvSpec.from_json(env.spec.to_json()))
    assert again.reset(seed=0)[0].shape == (224, 240, 3)
    again.close()
    env.close()


@pytest.mark.parametrize("world", range(1, 9))
def test_every_stage_starts_and_says_which_it_is(make, world: int):
    env = make(obs="ram")
    for stage in range(1, 5):
        _, info = env.reset(options={"stage": f"{world}-{stage}"})
        assert (info["world"], info["stage"]) == (world, stage)
        assert info["area"] == stage + (world in (1, 2, 4, 7) and stage > 1)
        assert (info["distance"], info["clock"], info["lives"]) == (START_X, 399, 2)
        assert info["y"] == 79
        assert env.step(RIGHT)[4]["distance"] == START_X + 2
        ids = gym.spec(f"MarioNES-{world}-{stage}-v0")
        assert ids.kwargs == {"stage": f"{world}-{stage}"}


def test_walking_is_rewarded_and_told(make):
    env = make(frame_skip=4)
    _, info = env.reset(seed=0)
    assert (info["status"], info["ticks"], info["time_left"]) == (2, 0, 399)
    _, reward, terminated, truncated, info = env.step(RUN)
    assert (reward, terminated, truncated) == (12.0, False, False)
    assert (info["distance"], info["ticks"], info["reward_x"]) == (START_X + 12, 4, 12.0)
    rewards = [env.step(NONE)[1] for _ in range(12)]
    assert sum(rewards) == -2.0, "two units of the clock in 48 frames"
    info = env.step(COIN)[4]
    assert (info["coins"], info["score"]) == (4, 800)
    info = env.step(POWER)[4]
    assert info["mode"] == 2, "four power-ups are no more than fire"


@pytest.mark.parametrize("action", [DIE, FALL])
def test_a_death_ends_a_stage(make, action: list[int]):
    env = make(frame_skip=4)
    env.reset()
    _, reward, terminated, _, info = env.step(action)
    assert (reward, terminated, info["status"], info["ticks"]) == (-15.0, True, 0, 1)
    with pytest.raises(ResetNeeded):
        env.step(NONE)
    assert env.reset()[1]["distance"] == START_X


@pytest.mark.parametrize("action", [FLAG, WORLD_END])
def test_the_goal_ends_a_stage(make, action: list[int]):
    env = make(frame_skip=4, reward="sparse")
    env.reset()
    _, reward, terminated, _, info = env.step(action)
    assert (reward, terminated, info["status"], info["stage"]) == (1.0, True, 1, 1)


def test_scenes_are_passed_over(make):
    env = make()
    env.reset()
    _, reward, terminated, _, info = env.step(PIPE)
    assert (reward, terminated, info["ticks"]) == (0.0, False, 1)
    assert info["distance"] == START_X + 256
    assert env.step(RIGHT)[1] == 0.0, "258 px since the last played frame are no movement"
    assert env.step(RIGHT)[1] == 2.0
    # On a vine the float state is that of the flagpole, but there is no flag.
    _, _, terminated, _, info = env.step(VINE)
    assert not terminated
    assert env.step(RIGHT)[1] == 2.0


@pytest.mark.parametrize("skip_scenes", [True, False])
@pytest.mark.parametrize("reward", ["v9", {"x": 0.1, "progress": 0.3, "time": 0.7, "coins": 1.1}])
@pytest.mark.parametrize("obs", ["gray84", "terrain"])
def test_frames_in_one_go_are_paid_and_shown_as_one_by_one(
    make, backend_name: str, skip_scenes: bool, reward: Any, obs: str
):
    if backend_name != "builtin":
        pytest.skip("all frames of this emulator are one by one")
    options = {"obs": obs, "reward": reward, "skip_scenes": skip_scenes, "frame_skip": 12}
    at_once, one_by_one = make(stage=None, **options), make(stage=None, **options)
    console = one_by_one.episode.backend
    console.frames = MethodType(vars(FrameByFrame)["frames"], console)
    series: list[int] = []
    run = at_once.episode.run
    play = run.series
    run.series = lambda *arguments: (series.append(len(traces := play(*arguments))), traces)[1]
    rng = np.random.default_rng(0)
    events = [DIE, FALL, FLAG, WORLD_END, PIPE, VINE, POWER, COIN]
    for env in (at_once, one_by_one):
        env.reset(seed=0)
    for _ in range(400):
        often = [NONE, RIGHT, RUN][rng.integers(3)]
        action = events[rng.integers(len(events))] if rng.random() < 0.1 else often
        ours, theirs = at_once.step(action), one_by_one.step(action)
        assert ours[0].tobytes() == theirs[0].tobytes()
        assert ours[1:] == theirs[1:]
        assert at_once.get_state() == one_by_one.get_state()
        if ours[2]:
            assert (at_once.reset()[0] == one_by_one.reset()[0]).all()
    assert np.mean(series) > 2, "there was nothing to compare"


@pytest.mark.parametrize("action", [DIE, FALL])
def test_without_skipping_a_death_is_played_and_paid_once(make, action: list[int]):
    env = make(skip_scenes=False, reward={"death": -25.0})
    env.reset()
    rewards, terminated, info = [], False, {}
    while not terminated:
        _, reward, terminated, _, info = env.step(RIGHT if rewards else action)
        rewards.append(reward)
    assert rewards == [-25.0] + [0.0] * (len(rewards) - 1)
    assert 40 <= len(rewards) <= 42
    assert (info["status"], info["distance"], info["ticks"]) == (0, START_X, len(rewards))


def test_without_skipping_a_pipe_takes_its_time(make):
    env = make(skip_scenes=False)
    env.reset()
    info = env.step(PIPE)[4]
    assert info["distance"] == START_X
    steps = 1
    while info["distance"] == START_X:
        info = env.step(NONE)[4]
        steps += 1
    assert 100 <= steps <= 102
    assert info["distance"] == START_X + 256


def test_without_skipping_the_whole_game_has_as_many_lives(make):
    env = make(stage=None, skip_scenes=False, reward={"death": -1.0})
    env.reset()
    deaths, terminated, info = 0.0, False, {}
    while not terminated:
        _, reward, terminated, _, info = env.step(DIE)
        deaths += reward
    assert (deaths, info["status"], info["lives"]) == (-3.0, 0, 0)


def test_without_skipping_a_state_within_a_death_goes_on_alike(make):
    env = make(skip_scenes=False, reward={"death": -1.0})
    env.reset()
    env.step(DIE)
    state = env.get_state()
    first = [env.step(NONE)[1:3] for _ in range(30)]
    env.set_state(state)
    assert [env.step(NONE)[1:3] for _ in range(30)] == first
    assert not any(reward for reward, _ in first)


def test_the_whole_game_has_three_lives(make):
    env = make(stage=None)
    _, info = env.reset()
    lives = [info["lives"]]
    for _ in range(2):
        _, reward, terminated, _, info = env.step(DIE)
        assert (reward, terminated, info["distance"]) == (-15.0, False, START_X)
        lives.append(info["lives"])
        env.step(NONE)
    _, _, terminated, _, info = env.step(FALL)
    assert lives == [2, 1, 0]
    assert (terminated, info["status"], info["lives"]) == (True, 0, 0)


def test_the_whole_game_goes_through_all_stages_and_ends(make):
    env = make(stage=None, obs="ram", reward="sparse")
    env.reset()
    seen = []
    terminated, info = False, {}
    while not terminated:
        _, reward, terminated, _, info = env.step(FLAG)
        assert reward == 1.0
        seen.append((info["world"], info["stage"]))
        if not terminated:
            env.step(NONE)
    everything = [(world, stage) for world in range(1, 9) for stage in range(1, 5)]
    assert seen == [*everything[1:], (8, 4)], "each step shows the stage after, the last its own"
    assert info["status"] == 1


def test_a_random_stage_of_a_set(make):
    env = make(stage=["1-1", "2-3", "8-4"], obs="ram")

    def stages(seed: int) -> list[tuple[int, int]]:
        infos = [env.reset(seed=seed)[1], *(env.reset()[1] for _ in range(11))]
        return [(info["world"], info["stage"]) for info in infos]

    first = stages(5)
    assert set(first) == {(1, 1), (2, 3), (8, 4)}
    assert stages(5) == first
    assert stages(6) != first
    assert env.reset(options={"stage": "4-2"})[1]["world"] == 4


@pytest.mark.parametrize("obs", ["rgb", "gray84", "ram"])
def test_states_continue_with_the_same_future(make, obs: str):
    options = {"obs": obs, "frame_skip": 3, "stage": ["1-1", "1-2"]}
    env, other = make(**options), make(**options)
    env.reset(seed=3)
    rng = np.random.default_rng(0)
    for _ in range(20):
        if env.step(rng.integers(0, 2, 6))[2]:
            env.reset()
    state = env.get_state()
    assert isinstance(state, bytes)
    other.reset(seed=9)
    other.reset(options={"state": state})
    assert other.get_state() == state
    assert np.array_equal(env.episode.picture(), other.episode.picture())
    for _ in range(200):
        action = rng.integers(0, 2, 6)
        left, right = env.step(action), other.step(action)
        assert np.array_equal(left[0], right[0])
        assert left[1:] == right[1:]
        if left[2]:
            assert env.reset()[1] == other.reset()[1], "the random stream goes along"


def test_states_that_do_not_fit(make, tmp_path: Path):
    env = make(obs="ram")
    env.reset()
    env.step(RIGHT)
    state = env.get_state()
    other_rom = tmp_path / "other.nes"
    other_rom.write_bytes(own_rom(variant=1))
    other = make(rom=str(other_rom), obs="ram")
    other.reset()
    with pytest.raises(StateError, match="another ROM"):
        other.set_state(state)
    header_at = state.index(b'"backend"')
    for bad, words in (
        (b"", "not a state"),
        (b"GMSE" + state[4:], "not a state"),
        (state[:4] + b"\x09\x00" + state[6:], "format 9"),
        (state[:-1], "checksum"),
        (state[:header_at] + b"X" + state[header_at + 1 :], "checksum"),
        ("text", "is bytes"),
    ):
        with pytest.raises(StateError, match=words):
            env.set_state(bad)  # type: ignore[arg-type]
        assert env.get_state() == state
    env.episode.backend.version += ".post1"
    with pytest.raises(StateError, match=r"was saved by .*; this environment runs .*post1"):
        env.set_state(state)


def test_copies_and_pickles_go_on_as_the_original(make):
    env = make(stage=["1-1", "2-1"], obs="terrain", frame_skip=4)
    env.reset(seed=3)
    for _ in range(5):
        env.step(np.array([0, 1, 0, 0, 1, 0], np.int8))
    copies = [copy.deepcopy(env), pickle.loads(pickle.dumps(env))]
    for _ in range(5):
        seen, reward, *_ = env.step(np.array([0, 1, 0, 1, 0, 0], np.int8))
        for other in copies:
            there, paid, *_ = other.step(np.array([0, 1, 0, 1, 0, 0], np.int8))
            assert np.array_equal(seen, there)
            assert paid == reward
    infos = [other.reset()[1] for other in (env, *copies)]
    assert infos[0] == infos[1] == infos[2]
    for other in copies:
        other.close()


def test_a_place_that_is_refused_ends_the_episode(make):
    env = make()
    env.reset(seed=0)
    with pytest.raises(MarioError):
        env.reset(options={"x": 16000})
    with pytest.raises(ResetNeeded):
        env.step(np.zeros(6, np.int8))


def test_two_environments_in_one_process_do_not_disturb_each_other(make):
    rng = np.random.default_rng(1)
    actions = rng.integers(0, 2, (300, 6))
    alone = make(frame_skip=2)
    alone.reset(seed=0)
    expected = []
    for action in actions:
        step = alone.step(action)
        expected.append(step)
        if step[2]:
            alone.reset()
    pair = [make(frame_skip=2), make(frame_skip=2, obs="ram", stage="2-1")]
    for env in pair:
        env.reset(seed=0)
    for t, action in enumerate(actions):
        step = pair[0].step(action)
        assert np.array_equal(step[0], expected[t][0])
        assert step[1:] == expected[t][1:]
        if step[2]:
            pair[0].reset()
        if pair[1].step(actions[-1 - t])[2]:
            pair[1].reset()


def test_pooling_keeps_the_brighter_of_two_frames(make):
    plain, pooled = make(frame_skip=2, max_pool=False), make(frame_skip=2)
    single = make(frame_skip=1)
    for env in (plain, pooled, single):
        env.reset(seed=0)
    for _ in range(5):
        before = single.step(RUN)[0]
        last = single.step(RUN)[0]
        assert np.array_equal(plain.step(RUN)[0], last)
        assert np.array_equal(pooled.step(RUN)[0], np.maximum(before, last))


def test_the_line_of_figures_can_be_hidden(make):
    shown, hidden = make(), make(hud=False)
    small = make(obs="gray84", hud=False)
    picture, without = shown.reset()[0], hidden.reset()[0]
    assert not without[:HUD_LINES].any()
    assert picture[:HUD_LINES].any()
    assert np.array_equal(without[HUD_LINES:], picture[HUD_LINES:])
    assert not small.reset()[0][: HUD_LINES * 3 // 8].any()
    assert not small.step(RIGHT)[0][: HUD_LINES * 3 // 8].any()


def test_returned_arrays_are_the_callers(make):
    env = make(obs="ram")
    first, _ = env.reset()
    kept = first.copy()
    env.step(RIGHT)
    assert np.array_equal(first, kept)


def test_a_game_that_does_not_start_is_named(make, tmp_path: Path, monkeypatch):
    data = bytearray(own_rom())
    # The program's first instructions become an endless jump.
    data[16:19] = bytes([0x4C, 0x00, 0x80])
    file = tmp_path / "stuck.nes"
    file.write_bytes(data)
    env = make(rom=str(file))
    with pytest.raises(GameError, match=r"does not start.*not a known dump"):
        env.reset()


def test_the_lost_levels_start_at_their_own_areas(make, tmp_path: Path, monkeypatch):
    file = tmp_path / "lost.nes"
    file.write_bytes(own_rom(variant=9))  # one whose starts nobody has asked for
    env = make(stage=None, rom=str(file))
    backend = env.episode.backend
    monkeypatch.setattr("gym_mario_suite.nes.game.LOST_LEVELS", (backend.rom.sha1,))
    written = []
    frame, write_ram = backend.frame, backend.write_ram
    monkeypatch.setattr(
        backend, "write_ram", lambda *at: (written.append(at), write_ram(*at))[1], raising=False
    )
    monkeypatch.setattr(
        backend, "frame", lambda *to: (written.append("frame"), frame(*to))[1], raising=False
    )
    for stage, area in (("2-2", 2), ("3-2", 3), ("4-4", 4)):
        info = env.reset(options={"stage": stage})[1]
        assert (f"{info['world']}-{info['stage']}", info["area"]) == (stage, area)
    # Its memory is empty before its first frame.
    assert written[: written.index("frame")] == [(at, 0) for at in range(RAM_BYTES)]
    with pytest.raises(OptionError, match="5-1: of The Lost Levels only stages of worlds 1 to 4"):
        env.reset(options={"stage": "5-1"})


def test_closing_twice_and_rendering_without_a_mode(make):
    env = make()
    env.reset()
    with pytest.warns(UserWarning, match="without a render_mode"):
        assert env.render() is None
    assert json.dumps(env.reset()[1])
    env.close()
    env.close()
    with pytest.raises(ResetNeeded):
        env.step(NONE)
