"""The environments under the rules of the 2019 framework."""

import json
import warnings
from collections import Counter
from importlib.util import find_spec
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import gym_mario_suite  # noqa: F401  (registers the environments)
from gym_mario_suite.engine.world import Event, Status
from gym_mario_suite.envs.actions import BUTTON_ORDER
from gym_mario_suite.envs.episode import EVENT_COUNTS
from gym_mario_suite.envs.infinite import MarioInfiniteEnv
from gym_mario_suite.envs.observations import OBSERVATION_MODES, OBSERVATION_MODES_2019
from gym_mario_suite.errors import LevelError, OptionError, StateError
from gym_mario_suite.levels import Level, generate
from gym_mario_suite.levels.framework_text import read_framework_text
from tests.engine import recordings_2019

RULES = "framework-2019"
ENV_ID = "MarioInfinite-v0"
PATH = str(recordings_2019.traces_folder() / "levels" / "lab-1.txt")
ALL_MODES = {**OBSERVATION_MODES, **OBSERVATION_MODES_2019}
WAIT = np.zeros(5, np.int8)


def make(**options: Any) -> MarioInfiniteEnv:
    return MarioInfiniteEnv(rules=RULES, **{"level": PATH, **options})


def strip(*rows: str, height: int = 16) -> Level:
    """A level with these rows at the bottom."""
    air = ["-" * len(rows[0])] * (height - len(rows))
    return read_framework_text("\n".join([*air, *rows]))


FLAT = strip("M" + "-" * 38 + "F", "X" * 40)


def buttons_of(keys: int) -> np.ndarray:
    return np.array([bool(keys & button) for button in BUTTON_ORDER], np.int8)


@pytest.mark.parametrize("obs", ALL_MODES)
def test_gymnasium_accepts_every_observation(obs: str) -> None:
    env = gym.make(ENV_ID, rules=RULES, level=PATH, obs=obs, render_mode="rgb_array")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(env.unwrapped, skip_render_check=find_spec("pygame") is None)
    assert env.spec is not None
    assert json.loads(env.spec.to_json())["kwargs"]["rules"] == RULES


@pytest.mark.parametrize("number", [0, 40, 100, 160])
@pytest.mark.parametrize("detail", [0, 1, 2])
def test_an_episode_is_the_recorded_one(number: int, detail: int) -> None:
    """Through the environment: positions, clock, ends, events and the framework's grid."""
    number = min(number, len(recordings_2019.trace_names()) - 1)
    trace = recordings_2019.read_trace(number)
    env = make(
        level=trace.level,
        mode=trace.mode,
        time_limit=trace.time_limit,
        actions="buttons",
        obs="framework",
        z_level=detail,
        z_enemies=detail,
    )
    grids = dict(zip(trace.observed.tolist(), trace.observations[:, 0, 2, detail], strict=True))
    event_row = np.repeat(np.arange(len(trace.keys)), trace.event_counts)
    observation, info = env.reset(seed=0)
    for row, keys in enumerate(trace.keys):
        terminated = truncated = False
        if row > 0:
            observation, _, terminated, truncated, info = env.step(buttons_of(int(keys)))
        assert info["distance"] == trace.rows["m_x"][row]
        assert info["time_left"] == trace.rows["m_timer"][row] // 1000
        assert info["coins"] == trace.rows["m_coins"][row]
        status = int(trace.rows["m_status"][row])
        assert info["status"] == (Status.RUNNING, Status.WIN, Status.DEAD, Status.TIME_OUT)[status]
        assert (terminated, truncated) == (status in (1, 2), status == 3)
        events = Counter(trace.events["ev_type"][event_row == row].tolist())
        for event, name in zip(Event, EVENT_COUNTS, strict=True):
            assert info[name] == events[int(event)], (row, name)
        if row in grids:
            np.testing.assert_array_equal(observation, grids[row])


def test_defaults_of_the_rules() -> None:
    env = make()
    _, info = env.reset(seed=0)
    assert info["mode"] == 0
    assert info["time_left"] == 199
    assert env.metadata["render_fps"] == 30
    assert MarioInfiniteEnv().metadata["render_fps"] == 24
    _, info = MarioInfiniteEnv().reset(seed=0)
    assert info["mode"] == 2
    assert not set(EVENT_COUNTS) & set(info)


def test_a_time_out_truncates_and_a_death_without_limit_does_not() -> None:
    env = make(level=FLAT, time_limit=1, actions="buttons", reward={"death": -1.0, "time": 1.0})
    env.reset(seed=0)
    total, ticks, terminated, truncated = 0.0, 1, False, False
    info: dict[str, Any] = {}
    while not (terminated or truncated):
        _, reward, terminated, truncated, info = env.step(WAIT)
        total += reward
        ticks += 1
    assert truncated
    assert not terminated
    assert info["status"] == Status.TIME_OUT
    assert ticks == 34
    assert total == pytest.approx(33 * 0.03)
    env = make(level=strip("M--------F", "X--------X"), time_limit=0, actions="buttons")
    env.reset(seed=0)
    while not (terminated and info["status"] == Status.DEAD):
        _, _, terminated, truncated, info = env.step(np.array([0, 1, 0, 0, 0]))
        assert not truncated
    assert info["time_left"] == 0
    assert info["event_lose"] == 1


def test_events_of_a_step_add_up_over_its_ticks() -> None:
    one = make(level=FLAT, actions="buttons")
    four = make(level=FLAT, actions="buttons", frame_skip=4)
    one.reset(seed=0)
    four.reset(seed=0)
    jump = np.array([0, 1, 0, 1, 0])
    for _ in range(12):
        infos = [one.step(jump)[4] for _ in range(4)]
        info = four.step(jump)[4]
        for name in EVENT_COUNTS:
            assert info[name] == sum(each[name] for each in infos)


def test_vector_environment() -> None:
    options: dict[str, Any] = {"rules": RULES, "level": PATH, "obs": "framework"}
    envs: Any = gym.make_vec(ENV_ID, num_envs=3, num_threads=2, **options)
    assert envs.metadata["render_fps"] == 30
    singles = [make(obs="framework") for _ in range(3)]
    observations, infos = envs.reset(seed=5)
    starts = [env.reset(seed=5 + i) for i, env in enumerate(singles)]
    running = np.ones(3, bool)
    rng = np.random.default_rng(0)
    for _ in range(120):
        for i in np.flatnonzero(running):
            np.testing.assert_array_equal(observations[i], starts[i][0])
            for key, value in starts[i][-1].items():
                assert infos[key][i] == value
        actions = rng.integers(0, 12, 3)
        observations, _, terminated, truncated, infos = envs.step(actions)
        starts = [
            env.step(actions[i]) if running[i] else starts[i] for i, env in enumerate(singles)
        ]
        running &= [not (s[2] or s[3]) if len(s) == 5 else True for s in starts]
        if (terminated | truncated).any():
            break
    model = envs.forward_model(1)
    assert model.mario_float_pos[0] == infos["distance"][1]
    with pytest.raises(OptionError, match="index"):
        envs.forward_model(3)


def test_states() -> None:
    env = make(actions="buttons")
    env.reset(seed=0)
    for _ in range(30):
        env.step(np.array([0, 1, 0, 1, 1]))
    other = make(actions="buttons")
    other.reset(seed=1, options={"state": env.get_state()})
    left, right = env.step(WAIT), other.step(WAIT)
    assert np.array_equal(left[0], right[0])
    assert left[1:] == right[1:]


def test_states_and_levels_of_other_rules_are_refused() -> None:
    new, old = make(), MarioInfiniteEnv()
    new.reset(seed=0)
    old.reset(seed=0)
    both = "rules {}, the environment plays by {}"
    names = ("competition-2009", RULES)
    before = new.get_state()
    with pytest.raises(StateError, match=both.format(*names)):
        new.set_state(old.get_state())
    with pytest.raises(StateError, match=both.format(*reversed(names))):
        old.set_state(new.get_state())
    with pytest.raises(StateError, match=both.format(*names)):
        new.reset(options={"state": old.get_state()})
    assert new.get_state() == before
    with pytest.raises(LevelError, match=both.format(*names)):
        new.reset(options={"level": generate(0)})
    with pytest.raises(LevelError, match=both.format(*reversed(names))):
        old.reset(options={"level": FLAT})
    with pytest.raises(LevelError, match=both.format(*reversed(names))):
        MarioInfiniteEnv(level=FLAT)
    with pytest.raises(LevelError, match=both.format(*names)):
        MarioInfiniteEnv(rules=RULES, level=generate(0))
    envs: Any = gym.make_vec(ENV_ID, num_envs=2, rules=RULES, level=PATH)
    envs.reset(seed=0)
    with pytest.raises(StateError, match=both.format(*names)):
        envs.set_state(old.get_state())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rules": "2019"}, "unknown rules '2019'; there are competition-2009, framework-2019"),
        ({"level": None}, "have no generator of their own: give level="),
        ({"level": 7}, "level must be a gym_mario_suite.levels.Level, got 7"),
        ({"timer": False}, "timer belongs to the rules competition-2009.*time_limit=0"),
        ({"creatures": False}, "creatures belongs to the rules competition-2009"),
        ({"invulnerable": True}, "invulnerable belongs to"),
        ({"obs": "framewor"}, "unknown observation mode .*framework"),
    ],
)
def test_bad_options(options, message) -> None:
    with pytest.raises(OptionError, match=message):
        MarioInfiniteEnv(**{"rules": RULES, "level": PATH, **options})


def test_what_belongs_to_2019_is_not_there_in_2009() -> None:
    with pytest.raises(OptionError, match="unknown observation mode 'framework'"):
        MarioInfiniteEnv(obs="framework")
    with pytest.raises(OptionError, match="also the path of a level text"):
        MarioInfiniteEnv(level=PATH)
    env = MarioInfiniteEnv()
    env.reset(seed=0)
    with pytest.raises(OptionError, match=r"that of the rules framework-2019"):
        env.forward_model()


# --- what is seen ---------------------------------------------------------------------------------


def frame(level: Level, **options: Any) -> np.ndarray:
    env = make(level=level, obs="rgb", hud=False, **options)
    return env.reset(seed=0)[0]


def test_every_tile_shows_but_the_hidden_ones() -> None:
    plain = strip("--------------", "M------------F", "X" * 14)
    for letters, shows in (
        ("X#SCUL@!Do|", True),
        ("12", False),
    ):
        for letter in letters:
            level = strip("----" + letter + "---------", "M------------F", "X" * 14)
            assert np.array_equal(frame(level), frame(plain)) != shows, letter
    for rows in (("%", "|"), ("%%", "||"), ("t", "t"), ("tt", "tt"), ("B", "b")):
        level = strip(*(f"----{row:-<10}" for row in rows), "M------------F", "X" * 14)
        empty = strip(*(f"{'':-<14}" for _ in rows), "M------------F", "X" * 14)
        assert not np.array_equal(frame(level), frame(empty)), rows


def test_ground_has_a_top_and_an_inside() -> None:
    picture = frame(strip("M-------F-", "X" * 10, "X" * 10, "X" * 10))
    # 10 columns are centred: the picture's ground begins at column 5.
    row = picture.shape[0] // 16
    top = picture[(row - 3) * 16 : (row - 2) * 16, 80:96]
    inside = picture[(row - 1) * 16 : row * 16, 80:96]
    assert not np.array_equal(top, inside)


@pytest.mark.parametrize("height", [8, 15, 16, 24, 60])
def test_mario_is_always_on_the_picture(height: int) -> None:
    """At the top and at the bottom of levels of any height."""
    rows = ["-" * 20] * (height - 2)
    for row in (0, height - 3):
        marked = list(rows)
        marked[row] = "---M" + "-" * 16
        level = read_framework_text("\n".join([*marked, "-" * 19 + "F", "X" * 20]))
        env = make(level=level, obs="rgb", hud=False)
        seen = env.reset(seed=0)[0]
        env.batch.worlds[0]["players"][0]["invulnerable_time"] = 2  # he blinks: not drawn
        env.batch.observe(env._buffer)
        assert not np.array_equal(seen, env._buffer[0]), row


def test_the_text_screen() -> None:
    env = make(render_mode="ansi")
    env.reset(seed=0)
    lines = env.render().split("\n")
    assert "time 199" in lines[0]
    assert len(lines[1:-1]) == 16
    assert {len(line) for line in lines[1:-1]} == {17}
    assert sum(line.count("M") for line in lines[1:-1]) == 1
    assert lines[-2] == "X" * 17


def test_the_grid_shows_2019_tiles_as_those_of_2009() -> None:
    level = strip("-----S@2-------F", "--M-----tt------", "X" * 16)
    grid = make(level=level).reset(seed=0)[0]
    # Mario's cell is [11, 11]; the start is column 2.
    assert grid[10, 14] == 16
    assert grid[10, 15] == 21
    assert grid[10, 16] == 0, "hidden"
    assert grid[11, 17:19].tolist() == [20, 20]
    assert (grid[12, 9:25] == -10).all()


def test_channels_know_the_cannon_and_hide_hidden_blocks() -> None:
    level = strip("-----D--2------F", "--M---B---------", "X" * 16)
    planes = make(level=level, obs="channels").reset(seed=0)[0]
    assert np.argwhere(planes[5]).tolist() == [[11, 15]], "a used block is no cannon"
    assert planes[3].sum() == 0
