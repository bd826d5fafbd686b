"""What `RecordReplay` writes, and when."""

import copy
import pickle
import subprocess
import sys
import textwrap

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.wrappers import Autoreset, TimeLimit

from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.competition.episode import play_level
from gym_mario_suite.datasets.replay import Replay, verify
from gym_mario_suite.datasets.state_hash import state_hash
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import Status
from gym_mario_suite.envs.infinite import MarioInfiniteEnv
from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels import generate
from gym_mario_suite.wrappers import RecordReplay

ENV_ID = "gym_mario_suite:MarioInfinite-v0"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "replays"


def inner(env) -> MarioInfiniteEnv:
    return env.unwrapped


def hash_of(env):
    return state_hash(inner(env).batch.worlds[0])


def loaded(folder):
    return [Replay.load(path) for path in sorted(folder.iterdir())]


def act(env, steps=10**9, seed=0):
    """Random steps, until the episode ends."""
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        *_, terminated, truncated, _ = env.step(int(rng.integers(env.action_space.n)))
        if terminated or truncated:
            return


def ends_like(replay, env):
    return state_hash(verify(replay).worlds[0]) == hash_of(env)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"frame_skip": 4, "difficulty": 2},
        {"frame_skip": 5, "sticky_prob": 0.4, "difficulty": 2},
        {"sticky_prob": 0.25, "mode": "small", "time_limit": 20},
        {"frame_skip": 3, "creatures": False, "power_restoration": True, "timer": False},
        {"level": generate(3, 5, 1), "frame_skip": 100},
    ],
    ids=lambda options: "-".join(options) or "plain",
)
def test_every_tick_is_recorded(folder, options):
    env = RecordReplay(gym.make(ENV_ID, **options), folder)
    for seed in range(3):
        env.reset(seed=seed)
        act(env, steps=400, seed=seed)
        info_ticks = int(inner(env).batch.worlds[0]["start_time"]) - 1
        ended = verify_last(env, folder, seed)
        assert ended.ticks == info_ticks
    env.close()
    assert len(env.files) == 3


def verify_last(env, folder, seed):
    if len(env.files) <= seed:  # unfinished: the next reset writes it
        before = hash_of(env)
        env.reset()
        replay = Replay.load(env.files[seed])
        assert state_hash(verify(replay).worlds[0]) == before
        return replay
    replay = Replay.load(env.files[seed])
    assert ends_like(replay, env)
    assert verify(replay).status != Status.RUNNING
    return replay


def test_recording_changes_nothing(folder):
    plain = gym.make(ENV_ID, sticky_prob=0.3, frame_skip=2)
    recorded = RecordReplay(gym.make(ENV_ID, sticky_prob=0.3, frame_skip=2), folder)
    assert np.array_equal(plain.reset(seed=4)[0], recorded.reset(seed=4)[0])
    for action in np.random.default_rng(0).integers(0, 12, 100):
        one, other = plain.step(action), recorded.step(action)
        assert np.array_equal(one[0], other[0])
        assert one[1:] == other[1:]
        if one[2] or one[3]:
            break
    assert inner(plain).get_state() == inner(recorded).get_state()


@pytest.mark.filterwarnings("ignore:.*different from the unwrapped")
def test_gymnasium_accepts_the_wrapped_environment(folder):
    check_env(RecordReplay(gym.make(ENV_ID), folder), skip_render_check=True)


def test_levels_and_seeds_of_reset(folder):
    env = RecordReplay(gym.make(ENV_ID, difficulty=2), folder)
    own = generate(9, 7, 2, 150)
    for options in ({"seed": 77}, {"level": own}, None):
        env.reset(seed=1, options=options)
        act(env, 20)
    env.close()
    first, second, third = loaded(folder)
    assert first.level == generate(77, 2)
    assert second.level == own
    assert third.level.metadata["seed"] == inner(env).batch.episodes[0]["level_seed"]
    assert all(verify(replay).ticks == 21 for replay in (first, second, third))


def test_a_saved_state_is_the_start(folder):
    source = gym.make(ENV_ID, difficulty=3, mode="small")
    source.reset(seed=5)
    act(source, 50)
    state = inner(source).get_state()
    env = RecordReplay(gym.make(ENV_ID, frame_skip=2, sticky_prob=0.2), folder)
    env.reset(options={"state": state})
    act(env, 40, seed=1)
    expected = hash_of(env)
    env.close()
    (replay,) = loaded(folder)
    assert replay.world is not None
    assert replay.level == inner(source).level
    assert state_hash(verify(replay).worlds[0]) == expected


def test_a_planner_behind_the_wrappers_back_is_not_recorded(folder):
    env = RecordReplay(gym.make(ENV_ID), folder)
    env.reset(seed=3)
    for _ in range(30):
        state = inner(env).get_state()
        act(inner(env), 5)
        inner(env).set_state(state)
        env.step(3)
    expected = hash_of(env)
    env.close()
    (replay,) = loaded(folder)
    assert replay.ticks == 31
    assert state_hash(verify(replay).worlds[0]) == expected


def test_moved_elsewhere_a_new_replay_begins(folder):
    env = RecordReplay(gym.make(ENV_ID), folder)
    env.reset(seed=3)
    act(env, 10)
    inner(env).step(3)
    act(env, 10)
    inner(env).reset(seed=9)
    act(env, 10)
    env.close()
    replays = loaded(folder)
    assert [replay.ticks for replay in replays] == [11, 10, 10]
    assert [replay.world is None for replay in replays] == [True, False, False]
    for replay in replays:
        verify(replay)


def test_other_wrappers_inside_and_outside(folder):
    env = RecordReplay(Autoreset(TimeLimit(gym.make(ENV_ID).unwrapped, 30)), folder)
    env.reset(seed=0)
    for _ in range(100):
        env.step(1)
    env.close()
    assert [verify(replay).ticks for replay in loaded(folder)] == [31, 31, 31, 8]

    limited = TimeLimit(RecordReplay(gym.make(ENV_ID), folder, name="limited"), 20)
    limited.reset(seed=0)
    act(limited)
    limited.reset()
    assert Replay.load(folder / "limited-000000.mario").ticks == 21


def test_playing_on_after_a_time_limit(folder):
    env = RecordReplay(TimeLimit(gym.make(ENV_ID).unwrapped, 10), folder)
    env.reset(seed=0)
    for _ in range(15):
        env.step(1)
    env.close()
    first, *others = loaded(folder)
    assert first.ticks == 11
    for replay in others:
        assert replay.world is not None
        verify(replay)


def test_nothing_is_written_without_a_step(folder):
    env = RecordReplay(gym.make(ENV_ID), folder)
    env.close()
    env = RecordReplay(gym.make(ENV_ID), folder)
    env.reset(seed=0)
    env.reset()
    env.close()
    env.close()
    assert list(folder.iterdir()) == []


def test_files_are_not_overwritten(folder):
    for _ in range(2):
        env = RecordReplay(gym.make(ENV_ID), folder, metadata={"player": "test"})
        env.reset(seed=0)
        act(env, 5)
        env.close()
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["episode-000000.mario", "episode-000001.mario"]
    assert loaded(folder)[0].metadata == {
        "actions": "complex",
        "frame_skip": 1,
        "sticky_prob": 0.0,
        "player": "test",
    }


def test_after_close_nothing_listens(folder):
    made = gym.make(ENV_ID)
    env = RecordReplay(made, folder)
    with pytest.raises(OptionError, match="has a RecordReplay already"):
        RecordReplay(env, folder)
    env.close()
    assert inner(made).listener is None
    RecordReplay(made, folder)


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))], ids=["copy", "pickle"]
)
def test_a_copy_records_on_its_own(folder, copied):
    env = RecordReplay(gym.make(ENV_ID), folder)
    env.reset(seed=3)
    env.step(4)
    other = copied(env)
    other.step(4)
    other.close()
    env.close()
    one, two = loaded(folder)
    assert [verify(one).ticks, verify(two).ticks] == [3, 2]


def test_an_interrupted_step_keeps_the_replay_right(folder, monkeypatch):
    env = RecordReplay(gym.make(ENV_ID, frame_skip=4), folder)
    env.reset(seed=0)
    act(env, 5)
    recording = inner(env).listener

    def interrupted(keys):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(recording, "pressed", interrupted)
        with pytest.raises(KeyboardInterrupt):
            env.step(1)
    act(env, 5)
    env.close()
    assert [verify(replay).ticks > 20 for replay in loaded(folder)] == [True, True]
    assert [replay.ticks for replay in loaded(folder)] == [21, 20]


@pytest.mark.parametrize("end", ["pass", "raise KeyboardInterrupt", "raise SystemExit(3)", "1 / 0"])
def test_a_program_that_ends_leaves_the_episode(folder, end):
    program = f"""
        import gymnasium as gym
        from gym_mario_suite.wrappers import RecordReplay
        env = RecordReplay(gym.make("{ENV_ID}"), {str(folder)!r})
        env.reset(seed=0)
        for _ in range(30):
            env.step(4)
        {end}
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True)
    (replay,) = loaded(folder)
    assert verify(replay).ticks == 31


def test_an_agent_in_the_wrapped_environment_fares_as_in_the_competition(folder):
    level = generate(5, 3)
    env = RecordReplay(gym.make(ENV_ID, level=level, actions="buttons"), folder)
    record = play_level(make_agent("forward-jumping"), Game(level.image))
    game = Game(level.image)
    game.tick(0)
    env.reset(seed=0)
    agent = make_agent("forward-jumping")
    agent.reset()
    done = False
    while not done:
        keys = agent.act(game)
        game.tick(keys)
        *_, terminated, truncated, _ = env.step([keys >> bit & 1 for bit in range(5)])
        done = terminated or truncated
    (replay,) = loaded(folder)
    end = verify(replay)
    assert (end.ticks, float(end.x), end.status) == (record.ticks, record.distance, record.status)


def test_bad_arguments(folder, tmp_path):
    with pytest.raises(OptionError, match="needs an Infinite Mario environment"):
        RecordReplay(gym.make("CartPole-v1"), folder)
    with pytest.raises(OptionError, match="JSON-able"):
        RecordReplay(gym.make(ENV_ID), folder, metadata={"agent": object()})
    with pytest.raises(OptionError, match="file name"):
        RecordReplay(gym.make(ENV_ID), folder, name="a/b")
    for arguments, message in (
        ({"name": 5}, "name must be"),
        ({"name": "x" * 300}, "name must have 200 bytes at most"),
        ({"folder": None}, "folder must be the path of a folder"),
        ({"metadata": [1]}, "metadata must be a mapping"),
        ({"metadata": {1: 2}}, "metadata must be a mapping of names"),
    ):
        with pytest.raises(OptionError, match=message):
            RecordReplay(gym.make(ENV_ID), **{"folder": folder, **arguments})
    (tmp_path / "file").touch()
    with pytest.raises(OptionError, match="cannot write into"):
        RecordReplay(gym.make(ENV_ID), tmp_path / "file")


def test_the_spec_remakes_the_wrapper(folder):
    env = RecordReplay(gym.make(ENV_ID), folder, name="again")
    assert env.spec is not None
    again = gym.make(env.spec)
    again.reset(seed=0)
    act(again, 3)
    again.close()
    assert (folder / "again-000000.mario").exists()
