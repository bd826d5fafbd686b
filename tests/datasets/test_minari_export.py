"""Replays as Minari datasets, against environments stepped with the same actions."""

from dataclasses import replace

import gymnasium as gym
import minari
import numpy as np
import pytest

from gym_mario_suite.datasets.minari_export import check_dataset_id, write_minari
from gym_mario_suite.datasets.recorder import RecordedGame
from gym_mario_suite.datasets.replay import Replay
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import Rules, Status
from gym_mario_suite.envs.infinite import MarioInfiniteEnv
from gym_mario_suite.envs.observations import OBSERVATION_MODES
from gym_mario_suite.envs.replayed import make_environment, replayed_episode
from gym_mario_suite.errors import OptionError, ReplayError, ReplayMismatch
from gym_mario_suite.levels import generate
from gym_mario_suite.levels.framework_generate import generate_framework
from gym_mario_suite.wrappers import RecordReplay

from .episodes import own_level, random_play, recorded


@pytest.fixture(autouse=True)
def _own_datasets(tmp_path, monkeypatch):
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "minari"))


def saved_game():
    game = RecordedGame(generate(4, 3))
    game.load_bytes(random_play(Game(generate(4, 3).image), ticks=60).to_bytes())
    return random_play(game, ticks=100, seed=2).replay()


def replays() -> list[Replay]:
    """Ended, unfinished, on a level of one's own, from a saved game."""
    return [
        recorded(5)[0],
        random_play(RecordedGame(generate(7, 3)), ticks=50).replay(),
        random_play(RecordedGame(own_level(), 0, 50), ticks=90).replay(),
        saved_game(),
    ]


@pytest.mark.parametrize("obs", OBSERVATION_MODES)
def test_round_trip(obs):
    chosen = replays()
    env = make_environment(chosen, obs=obs, actions="buttons", reward="score")
    episodes = (replayed_episode(replay, obs=obs, reward="score") for replay in chosen)
    assert write_minari("mario/test-v0", episodes, env, "a test") == 4

    dataset = minari.load_dataset("mario/test-v0")
    assert dataset.total_episodes == 4
    assert dataset.total_steps == sum(len(e.rewards) for e in dataset)
    assert dataset.observation_space == env.observation_space
    assert dataset.recover_environment().observation_space == env.observation_space
    assert not dataset.storage.jpeg_encoding
    for replay, episode in zip(chosen, dataset, strict=True):
        if replay.world is not None:
            continue
        same = MarioInfiniteEnv(
            obs=obs,
            actions="buttons",
            reward="score",
            level=replay.level,
            mode=int(replay.mode),
            time_limit=replay.time_limit,
        )
        observation, _ = same.reset(seed=0)
        assert np.array_equal(episode.observations[0], observation)
        assert len(episode.actions) == replay.ticks - 1
        for i, action in enumerate(episode.actions):
            observation, reward, terminated, truncated, info = same.step(action)
            assert np.array_equal(episode.observations[i + 1], observation)
            assert episode.rewards[i] == reward
            assert episode.terminations[i] == terminated
            last_of_unfinished = i == len(episode.actions) - 1 and info["status"] == Status.RUNNING
            assert episode.truncations[i] == (truncated or last_of_unfinished)
        assert not episode.terminations[:-1].any()
        assert episode.terminations[-1] or episode.truncations[-1]


def test_images_are_stored_as_they_are():
    class Pictures(gym.Env):
        observation_space = gym.spaces.Box(0, 255, (84, 84), np.uint8)
        action_space = gym.spaces.Discrete(2)

    pictures = np.random.default_rng(0).integers(0, 256, (4, 84, 84)).astype(np.uint8)
    episode = replace(
        replayed_episode(saved_game()),
        observations=pictures,
        actions=np.zeros(3, np.int64),
        rewards=np.zeros(3),
        terminations=np.zeros(3, bool),
        truncations=np.array([False, False, True]),
    )
    env = Pictures()
    env.spec = gym.spec("MarioInfinite-v0")
    write_minari("pictures-v0", [episode], env, "pictures")
    assert np.array_equal(minari.load_dataset("pictures-v0")[0].observations, pictures)


def test_an_episode_from_a_saved_game_begins_with_it():
    replay = saved_game()
    episode = replayed_episode(replay, reward="score")
    game = replay.game()
    assert np.array_equal(episode.observations[0], game.merged_grid())
    start = float(game.x)
    for i, keys in enumerate(replay.keys):
        game.tick(keys)
        assert np.array_equal(episode.observations[i + 1], game.merged_grid())
    assert episode.rewards.sum() == pytest.approx(float(game.x) - start)


@pytest.mark.parametrize("actions", ["complex", "curiosity"])
def test_recorded_steps_come_back(tmp_path, actions):
    """With the action set and frame skip of the recording the export is the recorded episode."""
    made = gym.make("gym_mario_suite:MarioInfinite-v0", actions=actions, frame_skip=4, difficulty=2)
    env = RecordReplay(made, tmp_path)
    observation, _ = env.reset(seed=3)
    rng = np.random.default_rng(0)
    observations, taken, rewards = [observation], [], []
    done = False
    while not done:
        taken.append(int(rng.integers(env.action_space.n)))  # type: ignore[attr-defined]
        observation, reward, terminated, truncated, _ = env.step(taken[-1])
        observations.append(observation)
        rewards.append(reward)
        done = terminated or truncated
    (file,) = env.files
    episode = replayed_episode(Replay.load(file), actions=actions, frame_skip=4)
    assert np.array_equal(episode.observations, observations)
    assert episode.rewards.tolist() == rewards
    keys = made.unwrapped.options.action_set.keys  # type: ignore[attr-defined]
    assert keys[episode.actions].tolist() == keys[taken].tolist()
    assert episode.terminations[-1] == terminated  # type: ignore[possibly-unbound]


def test_what_the_actions_cannot_tell():
    replay = random_play(RecordedGame(generate(7, 3)), ticks=50).replay()
    with pytest.raises(ReplayError, match="change within a step of 4 ticks, in tick"):
        replayed_episode(replay, frame_skip=4)
    with pytest.raises(ReplayError, match="no action that presses"):
        replayed_episode(replay, actions="right_only")
    standing = RecordedGame(generate(7, 3))
    for _ in range(4):
        standing.tick(0)
    with pytest.raises(ReplayError, match="unfinished episode ends within a step"):
        replayed_episode(standing.replay(), frame_skip=2)
    with pytest.raises(ReplayMismatch):
        replayed_episode(replace(replay, hashes=(bytes(8),)))


def test_the_environment_has_what_the_replays_have_in_common():
    one = recorded(5, 3)[0]
    other = RecordedGame(generate(6, 3, 1), 0).replay()
    env = make_environment([one, other], obs="features")
    assert env.spec is not None
    options = env.spec.kwargs
    assert (options["difficulty"], options["time_limit"]) == (3, 200)
    assert "mode" not in options
    assert "level_type" not in options


def test_levels_of_2019_are_exported_together():
    levels = [generate_framework(seed) for seed in (3, 4)]
    several = [random_play(RecordedGame(level, 2), ticks=30).replay() for level in levels]
    env = make_environment(several, obs="features")
    assert vars(env.unwrapped)["options"].rule_set == Rules.FRAMEWORK_2019
    episodes = [replayed_episode(replay, obs="features") for replay in several]
    write_minari("mario/several-v0", episodes, env, "several levels")
    assert minari.load_dataset("mario/several-v0").total_episodes == 2


def test_bad_ids():
    for name in ("", "no version", "mario/x"):
        with pytest.raises(OptionError, match="a Minari id looks like"):
            check_dataset_id(name)
    replay = recorded(9)[0]
    env = make_environment([replay], actions="buttons")
    write_minari("taken-v0", [replayed_episode(replay)], env, "")
    with pytest.raises(OptionError, match="there is a dataset taken-v0"):
        check_dataset_id("taken-v0")
    assert write_minari("none-v0", [], env, "") == 0
    check_dataset_id("none-v0")
