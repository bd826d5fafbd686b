"""The single environment: Gymnasium's contract, options, rewards, states, bad input."""

import math
import warnings
from importlib.util import find_spec
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import check_env

import gym_mario_suite  # noqa: F401  (registers the environments)
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.learner_views import (
    CHANNELS,
    N_FEATURES,
    PLAYER_FEATURES,
    TERRAIN_COLUMNS,
    TERRAIN_FIRST_COLUMN,
    TERRAIN_FIRST_ROW,
    TERRAIN_ROWS,
)
from gym_mario_suite.engine.world import Button, Status
from gym_mario_suite.envs.actions import ACTION_SETS
from gym_mario_suite.envs.infinite import REWARD_KEYS, MarioInfiniteEnv
from gym_mario_suite.envs.observations import OBSERVATION_MODES
from gym_mario_suite.envs.options import REWARDS
from gym_mario_suite.errors import OptionError, StateError
from gym_mario_suite.levels import Level, generate


def play(env: Any, actions: Any, seed: int = 0) -> list[Any]:
    """Observations, rewards, ends and infos of an episode (or as far as the actions go)."""
    steps: list[Any] = [env.reset(seed=seed)]
    for action in actions:
        step = env.step(action)
        steps.append(step)
        if step[2] or step[3]:
            break
    return steps


def assert_same(left, right):
    assert len(left) == len(right)
    for a, b in zip(left, right, strict=True):
        assert np.array_equal(a[0], b[0])
        assert a[1:] == b[1:]


@pytest.mark.parametrize("actions", ACTION_SETS)
@pytest.mark.parametrize("obs", OBSERVATION_MODES)
def test_gymnasium_accepts_the_environment(obs, actions):
    env = gym.make("MarioInfinite-v0", obs=obs, actions=actions, render_mode="ansi")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(env.unwrapped, skip_render_check=find_spec("pygame") is None)


def test_make_by_module_and_id():
    env = gym.make("gym_mario_suite:MarioInfinite-v0")
    assert env.spec is not None
    observation, _ = env.reset(seed=1)
    assert env.observation_space.contains(observation)
    env.close()
    env.close()


def test_defaults_are_the_documented_ones():
    env = MarioInfiniteEnv()
    _, info = env.reset(seed=0)
    assert env.action_space == gym.spaces.Discrete(12)
    assert env.observation_space.shape == (22, 22)
    assert (info["mode"], info["time_left"], info["ticks"]) == (2, 199, 1)
    assert (env.level.width, env.level.metadata["difficulty"]) == (320, 0)


def test_an_episode_is_the_original_loop():
    """The env's ticks are those of a Game driven by hand, first tick without keys."""
    env = MarioInfiniteEnv(level_seed=3, difficulty=5, actions="buttons", frame_skip=1)
    rng = np.random.default_rng(0)
    game = Game(generate(3, 5).image)
    game.tick(0)
    observation, info = env.reset(seed=0)
    assert np.array_equal(observation, game.merged_grid())
    done = False
    while not done:
        buttons = rng.integers(0, 2, 5)
        observation, _, terminated, truncated, info = env.step(buttons)
        game.tick(int(buttons @ [1, 2, 4, 8, 16]))
        assert np.array_equal(observation, game.merged_grid())
        assert info["distance"] == float(game.x)
        assert (info["coins"], info["kills"], info["ticks"]) == (
            game.coins,
            game.kills,
            game.ticks,
        )
        done = terminated or truncated
    assert game.status == info["status"] != Status.RUNNING


def test_same_seed_same_episode_and_reset_draws_new_levels():
    actions = np.random.default_rng(1).integers(0, 12, 300).tolist()
    env = gym.make("MarioInfinite-v0", difficulty=3, sticky_prob=0.25)
    assert_same(play(env, actions, seed=5), play(env, actions, seed=5))
    levels = [env.reset()[1]["level_seed"] for _ in range(5)]
    assert len(set(levels)) == 5
    env.reset(seed=5)
    assert [env.reset()[1]["level_seed"] for _ in range(5)] != levels
    env.reset(seed=6)
    first = env.reset()[1]["level_seed"]
    env.reset(seed=6)
    assert env.reset()[1]["level_seed"] == first


def test_level_seed_policies():
    fixed = MarioInfiniteEnv(level_seed=-7)
    assert {fixed.reset(seed=s)[1]["level_seed"] for s in range(5)} == {-7}
    few = MarioInfiniteEnv(level_seed=(10, 13))
    seeds = {few.reset(seed=s)[1]["level_seed"] for s in range(40)}
    assert seeds == {10, 11, 12}
    level = generate(4, 2, 1, 200)
    given = MarioInfiniteEnv(level=level)
    assert given.reset()[1]["level_seed"] == 4
    nameless = MarioInfiniteEnv(level=Level(level.tiles, level.spawns, level.x_exit))
    assert nameless.reset()[1]["level_seed"] == -1
    assert given.level is level


def test_reset_options_choose_the_level_for_one_episode():
    env = MarioInfiniteEnv(difficulty=2)
    env.reset(seed=0)
    _, info = env.reset(options={"seed": 77})
    assert info["level_seed"] == 77
    assert env.level == generate(77, 2)
    other = generate(5, 10, 2, 500)
    _, info = env.reset(options={"level": other})
    assert env.level is other
    assert info["level_seed"] == 5
    _, info = env.reset()
    assert env.level != other
    assert env.level == generate(info["level_seed"], 2)
    # The same seed again, after another level was in its place.
    env.reset(options={"level": other})
    env.reset(options={"seed": 5})
    assert env.level == generate(5, 2)


def test_a_level_for_one_episode_beside_a_fixed_level():
    home, away = generate(1), generate(2, 3, 0, 700)
    env = MarioInfiniteEnv(level=home)
    first, info = env.reset(seed=0)
    assert info["level_seed"] == 1
    _, info = env.reset(options={"level": away})
    assert env.level is away
    assert info["level_seed"] == 2
    state = env.get_state()
    for _ in range(2):
        again, info = env.reset()
        assert env.level == home
        assert info["level_seed"] == 1
        assert np.array_equal(first, again)
        _, info = env.reset(options={"state": state})
        assert info["level_seed"] == 2
    with pytest.raises(OptionError, match="fixed level"):
        env.reset(options={"seed": 3})


@pytest.mark.parametrize("reward", REWARDS)
def test_reward_terms_sum_to_the_reward(reward):
    env = MarioInfiniteEnv(reward=reward, difficulty=1, level_seed=2, actions="buttons")
    total = 0.0
    _, info = env.reset(seed=0)
    start = info["distance"]
    done = False
    while not done:
        game_on_ground = env.batch.worlds[0]["players"][0]
        jump = bool(game_on_ground["may_jump"]) or not game_on_ground["body"]["on_ground"]
        _, value, terminated, truncated, info = env.step([0, 1, 0, jump, jump])
        assert value == pytest.approx(sum(info[key] for key in REWARD_KEYS), abs=1e-9)
        total += value
        done = terminated or truncated
    if reward == "score":
        assert total == pytest.approx(info["distance"] - start, abs=1e-6)
    if reward == "distance":
        assert total == pytest.approx((info["distance"] - start) / 16, abs=1e-6)
    if reward == "sparse":
        assert total == (info["status"] == Status.WIN)


def test_reward_weights_of_ones_own():
    env = MarioInfiniteEnv(reward={"time": -1.0, "death": -10.0}, time_limit=3, timer=True)
    env.reset(seed=0)
    total, terminated, truncated = 0.0, False, False
    while not (terminated or truncated):
        _, value, terminated, truncated, _ = env.step(0)
        total += value
    assert truncated
    assert not terminated
    assert total == pytest.approx(-44 / 15)  # the first of 45 ticks belongs to the reset


def test_ends():
    won = MarioInfiniteEnv(level=Level(np.zeros((40, 15), np.uint8), (), x_exit=2))
    won.reset()
    *_, terminated, truncated, info = won.step(2)
    while not (terminated or truncated):
        *_, terminated, truncated, info = won.step(2)
    assert (terminated, truncated, info["status"]) == (True, False, Status.WIN)
    with pytest.raises(ResetNeeded, match=r"reset\(\)"):
        won.step(2)
    fallen = MarioInfiniteEnv(level=Level(np.zeros((40, 15), np.uint8), (), x_exit=39))
    *_, (_, _, terminated, truncated, info) = play(fallen, [0] * 100)
    assert (terminated, truncated, info["status"]) == (True, False, Status.DEAD)


def test_frame_skip_repeats_the_action():
    actions = np.random.default_rng(3).integers(0, 12, 20).tolist()
    slow = MarioInfiniteEnv(level_seed=1)
    fast = MarioInfiniteEnv(level_seed=1, frame_skip=4)
    one = play(slow, [action for action in actions for _ in range(4)])
    four = play(fast, actions)
    for k, step in enumerate(four[1:], 1):
        assert np.array_equal(step[0], one[4 * k][0])
        assert step[1] == pytest.approx(sum(s[1] for s in one[4 * k - 3 : 4 * k + 1]))
        assert step[4]["ticks"] == 1 + 4 * k


def test_sticky_actions_hold_the_last_buttons():
    always = MarioInfiniteEnv(level_seed=1, sticky_prob=1.0)
    never = MarioInfiniteEnv(level_seed=1)
    actions = [4] * 60
    assert play(always, actions)[-1][4]["distance"] == play(never, [0] * 60)[-1][4]["distance"]
    half = play(MarioInfiniteEnv(level_seed=1, sticky_prob=0.5), [0, 4] * 40)
    assert half[-1][4]["distance"] != play(never, [0, 4] * 40)[-1][4]["distance"]


def test_observations_are_not_shared():
    env = MarioInfiniteEnv()
    first, info = env.reset(seed=0)
    kept, kept_info = first.copy(), dict(info)
    env.step(4)
    env.step(4)
    assert np.array_equal(first, kept)
    assert info == kept_info


def test_features_describe_the_state():
    env = MarioInfiniteEnv(obs="features", level_seed=0, length=74)
    observation, _ = env.reset(seed=0)
    assert observation.shape == (N_FEATURES,)
    named = dict(zip(PLAYER_FEATURES, observation.tolist(), strict=False))
    assert named["fire"] == 1
    assert named["small"] == named["large"] == 0
    for _ in range(30):
        observation, *_ = env.step(1)
        assert env.observation_space.contains(observation)
    named = dict(zip(PLAYER_FEATURES, observation.tolist(), strict=False))
    assert named["on_ground"] == 1
    assert named["x_speed"] > 0


def test_terrain_is_the_features_and_the_solid_tiles_of_the_channels():
    options: dict[str, Any] = {"level_seed": 3, "difficulty": 4, "creatures": False}
    terrain, features, planes = (
        MarioInfiniteEnv(obs=obs, **options) for obs in ("terrain", "features", "channels")
    )
    seen = terrain.reset(seed=0)[0], features.reset(seed=0)[0], planes.reset(seed=0)[0]
    rows_below = 0
    for _ in range(120):
        assert np.array_equal(seen[0][:N_FEATURES], seen[1])
        tiles = seen[0][N_FEATURES:].reshape(TERRAIN_ROWS, TERRAIN_COLUMNS)
        channels = seen[2][
            :,
            11 + TERRAIN_FIRST_ROW : 11 + TERRAIN_FIRST_ROW + TERRAIN_ROWS,
            11 + TERRAIN_FIRST_COLUMN :,
        ]
        rows_below = max(rows_below, int((tiles == -1).all(axis=1).sum()))
        tiles = tiles[:, : channels.shape[2]]  # which look less far ahead
        assert np.array_equal(tiles == 1, channels[CHANNELS.index("solid")] == 1)
        stand_on = (channels[CHANNELS.index("platform")] == 1) & (tiles != 1)
        assert np.array_equal(tiles == 0.5, stand_on)
        steps = [env.step(4) for env in (terrain, features, planes)]
        if steps[0][2]:
            break
        seen = tuple(step[0] for step in steps)
    assert rows_below > 0


def test_channels_agree_with_the_grid():
    grid = MarioInfiniteEnv(obs="grid", level_seed=3, z_level=0, creatures=False)
    planes = MarioInfiniteEnv(obs="channels", level_seed=3, creatures=False)
    tiles, _ = grid.reset(seed=0)
    channels, _ = planes.reset(seed=0)
    for _ in range(60):
        tiles, *_ = grid.step(3)
        channels, *_ = planes.step(3)
        assert np.array_equal(channels[CHANNELS.index("coin")], tiles == 34)
        assert np.array_equal(channels[CHANNELS.index("brick")], tiles == 16) or (tiles == 16).any()
        assert channels[CHANNELS.index("solid")][tiles == 0].sum() == 0


def test_states_carry_the_future():
    actions = np.random.default_rng(4).integers(0, 12, 400).tolist()
    env = MarioInfiniteEnv(difficulty=4, sticky_prob=0.3)
    env.reset(seed=9)
    for action in actions[:50]:
        env.step(action)
    state = env.get_state()
    assert isinstance(state, bytes)

    def future(environment):
        steps = []
        for action in actions[50:]:
            steps.append(environment.step(action))
            if steps[-1][2] or steps[-1][3]:
                steps.append(environment.reset())
        return steps

    expected = future(env)
    env.set_state(state)
    assert env.get_state() == state
    assert_same(future(env), expected)
    # Another environment, other level parameters, by way of reset.
    other = MarioInfiniteEnv(difficulty=4, sticky_prob=0.3)
    observation, info = other.reset(options={"state": state})
    assert info["ticks"] == 51
    assert_same(future(other), expected)
    assert observation.shape == (22, 22)


def test_bad_states_change_nothing():
    env = MarioInfiniteEnv()
    env.reset(seed=0)
    for _ in range(20):
        env.step(4)
    before = env.get_state()
    damaged = bytearray(before)
    damaged[len(before) // 2] ^= 1
    for state, message in (
        (before[:-1], "bytes was expected"),
        (before + b"x", "bytes was expected"),
        (bytes(damaged), "checksum"),
        (before[:4] + b"\x63\x00" + before[6:], "version 99"),
        (b"", "not a state"),
        ("text", "bytes"),
        (None, "bytes"),
    ):
        with pytest.raises(StateError, match=message):
            env.set_state(state)  # type: ignore[arg-type]
        assert env.get_state() == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"actions": "fly"}, "unknown action set 'fly'; there are buttons, complex"),
        ({"obs": "smell"}, "unknown observation mode"),
        ({"reward": "gold"}, "unknown reward"),
        ({"reward": {"gold": 1}}, "unknown reward term"),
        ({"reward": {"coins": math.nan}}, "finite"),
        ({"length": 0}, "length must be a whole number from 1"),
        ({"length": 12.5}, "length must be a whole number"),
        ({"difficulty": math.nan}, "difficulty must be a whole number"),
        ({"difficulty": "hard"}, "difficulty must be a whole number"),
        ({"level_type": 7}, "level_type must be one of"),
        ({"mode": "tiny"}, "mode must be one of"),
        ({"level_seed": "3"}, "level_seed must be a whole number"),
        ({"level_seed": (5, 5)}, "empty range"),
        ({"level_seed": (1, 2, 3)}, "pair"),
        ({"level_seed": 1 << 64}, "level_seed must be a whole number from"),
        ({"level": "1-1"}, "must be a gym_mario_suite.levels.Level"),
        ({"level": generate(0), "difficulty": 3}, "level or difficulty, not both"),
        ({"level": generate(0), "level_type": "castle"}, "level or level_type, not both"),
        ({"level": generate(0), "length": 100}, "level or length, not both"),
        ({"frame_skip": 0}, "frame_skip must be a whole number from 1"),
        ({"sticky_prob": 1.5}, "sticky_prob must be a number from 0 to 1"),
        ({"time_limit": -1}, "time_limit must be a whole number from 0"),
        ({"z_level": 3}, "z_level must be 0, 1 or 2"),
        ({"render_mode": "hologram"}, "render_mode must be"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(OptionError, match=message):
        MarioInfiniteEnv(**options)


@pytest.mark.parametrize("action", [12, -1, math.nan, 1.5, "right", None, [0, 1]])
def test_bad_discrete_actions(action):
    env = MarioInfiniteEnv()
    env.reset(seed=0)
    before = env.get_state()
    with pytest.raises(OptionError, match="whole number from 0 to 11"):
        env.step(action)
    assert env.get_state() == before


@pytest.mark.parametrize(
    "action", [[0, 0, 0, 0], [0, 0, 0, 0, 2], [math.nan] * 5, [0.5] * 5, 3, "abcde"]
)
def test_bad_buttons(action):
    env = MarioInfiniteEnv(actions="buttons")
    env.reset(seed=0)
    with pytest.raises(OptionError, match="0 or 1"):
        env.step(action)


def test_buttons_may_be_floats():
    pressed = [0, 1, 0, 1, 1]
    steps = []
    for kind in (int, bool, np.float32, np.float64):
        env = MarioInfiniteEnv(actions="buttons", level_seed=1)
        env.reset(seed=0)
        action = np.array(pressed, kind)
        assert env.action_space.contains(action)
        steps.append(env.step(action))
    for step in steps[1:]:
        assert_same([steps[0]], [step])


def test_bad_reset_options_and_order():
    env = MarioInfiniteEnv()
    with pytest.raises(ResetNeeded):
        env.step(0)
    with pytest.raises(ResetNeeded):
        env.get_state()
    with pytest.raises(OptionError, match="unknown reset option"):
        env.reset(options={"levle": 3})
    with pytest.raises(OptionError, match="one reset option"):
        env.reset(options={"seed": 3, "level": generate(1)})
    with pytest.raises(OptionError, match="level seed must be a whole number"):
        env.reset(options={"seed": math.nan})


def test_ansi_shows_mario_and_the_ground():
    env = gym.make("MarioInfinite-v0", render_mode="ansi", level_seed=0)
    env.reset(seed=0)
    text = env.render()
    assert isinstance(text, str)
    lines = text.splitlines()
    assert len(lines) == 16
    assert "M" in "".join(lines[1:])
    assert "X" in lines[-1]


@pytest.mark.parametrize("name", ACTION_SETS)
def test_action_sets_press_what_they_say(name):
    chosen = ACTION_SETS[name]
    for combination, keys in zip(chosen.combinations, chosen.keys, strict=True):
        pressed = {str(button.name).lower() for button in Button if keys & button}
        assert pressed == set(combination.split("+")) - {"none", "up"}
    sizes = {"buttons": 0, "complex": 12, "curiosity": 14, "simple": 7, "right_only": 5}
    assert len(chosen.combinations) == sizes[name]
