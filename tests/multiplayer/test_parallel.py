"""The parallel environment and its vector form: agents, errors, states, equality."""

import copy
import pickle
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from gym_mario_suite.envs.infinite import MarioInfiniteEnv
from gym_mario_suite.errors import OptionError, StateError
from gym_mario_suite.levels import Level, generate
from gym_mario_suite.multiplayer import mario_coop_v0, mario_race_v0
from gym_mario_suite.multiplayer.options import PartyOptions
from gym_mario_suite.multiplayer.parallel import AgentError, MarioParallelEnv
from gym_mario_suite.multiplayer.vector import MarioPartyVectorEnv
from gym_mario_suite.multiplayer.views import OTHER_PLAYER
from gym_mario_suite.wrappers import VectorSkipFrames


def everybody(env, action):
    return dict.fromkeys(env.agents, action)


@pytest.mark.parametrize("obs", ["grid", "channels", "features", "terrain", "rgb_half", "gray84"])
def test_one_player_sees_and_earns_what_the_single_environment_gives(obs):
    party = MarioParallelEnv(players=1, contest="race", share="own", obs=obs, difficulty=2)
    single = MarioInfiniteEnv(obs=obs, difficulty=2)
    level = generate(77, 2)
    seen = party.reset(seed=0, options={"level": level})[0]["player_0"]
    other = single.reset(seed=0, options={"level": level})[0]
    for action in [3, 4, 4, 4, 3, 3, 1, 8, 4, 4] * 6:
        if obs == "channels":
            assert not seen[-1].any()
            seen = seen[:-1]
        np.testing.assert_array_equal(seen, other)
        if not party.agents:
            break
        step = party.step({"player_0": action})
        seen = step[0]["player_0"]
        other, reward, terminated, truncated, info = single.step(action)
        if terminated or truncated:
            assert step[2]["player_0"] == terminated
            break
        assert step[1]["player_0"] == pytest.approx(reward)
        assert step[4]["player_0"]["distance"] == info["distance"]


def test_the_others_are_seen():
    env = mario_race_v0.parallel_env(players=3, rivalry="none")
    seen = env.reset(seed=0)[0]
    assert [(grid == OTHER_PLAYER).sum() for grid in seen.values()] == [2, 2, 2]
    planes = mario_race_v0.parallel_env(players=3, obs="channels").reset(seed=0)[0]
    assert planes["player_1"][-1].sum() == 2
    numbers = mario_race_v0.parallel_env(players=3, obs="features").reset(seed=0)[0]
    first = numbers["player_0"][-12:]
    np.testing.assert_allclose(first[[0, 1, 6, 7]], [1, 16 / 320, 1, 32 / 320])


def test_ghosts_are_seen_and_not_felt():
    env = mario_race_v0.parallel_env(ghosts=True, obs="features", render_mode="rgb_array")
    seen = env.reset(seed=3)[0]
    for _ in range(30):
        seen = env.step(dict(zip(env.agents, (3, 0), strict=True)))[0]
    assert seen["player_1"][-6] == 1
    assert seen["player_1"][-5] > 0.2
    picture = env.render()
    assert picture is not None
    assert picture.shape == (240, 640, 3)


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        ({"player_0": 0}, "no action for player_1"),
        ({"player_0": 0, "player_1": 0, "luigi": 0}, "there is no agent 'luigi'"),
        ({"player_0": 0, "player_1": 99}, "player_1: an action .* from 0 to 11, got 99"),
        ({"player_0": 0, "player_1": 0.5}, "a whole number"),
        ([0, 0], r"actions must be a mapping by agent, got \[0, 0\]"),
        (None, "actions must be a mapping by agent, got None"),
    ],
)
def test_actions_of_the_wrong_agents(actions, message):
    env = mario_coop_v0.parallel_env()
    env.reset(seed=0)
    with pytest.raises((AgentError, OptionError), match=message):
        env.step(actions)


def test_agent_by_agent_a_wrong_action_is_refused_at_its_own_turn():
    env = mario_coop_v0.env()
    env.reset(seed=0)
    with pytest.raises(OptionError, match=r"player_0: an action .* from 0 to 11, got 99"):
        env.step(99)
    assert env.agent_selection == "player_0"
    env.step(0)
    assert env.agent_selection == "player_1"


def pit(players):
    """A race on flat ground, in which who runs on dies."""
    tiles = np.zeros((100, 15), np.uint8)
    tiles[:6, 13:] = 129  # and then an abyss
    level = Level(tiles, (), x_exit=90, y_exit=13)
    return mario_race_v0.parallel_env(level=level, players=players, rivalry="none")


def test_rewards_of_a_race_add_up_to_zero_also_when_a_player_is_out():
    env = pit(players=3)
    env.reset(seed=1)
    while len(env.agents) == 3:
        gained = env.step({"player_0": 1, "player_1": 0, "player_2": 0})[1]
        assert env.all_rewards == gained
    gained = env.step({"player_1": 1, "player_2": 0})[1]
    assert env.agents == ["player_1", "player_2"]
    assert {agent: env.all_rewards[agent] for agent in gained} == gained
    assert gained["player_1"] > 0
    assert env.all_rewards["player_0"] == gained["player_2"] < 0
    assert sum(env.all_rewards.values()) == pytest.approx(0)


def test_a_dead_agents_action():
    env = pit(players=2)
    env.reset(seed=1)
    while len(env.agents) == 2:
        env.step({"player_0": 1, "player_1": 0})
    assert env.agents == ["player_1"]
    with pytest.raises(AgentError, match="'player_0' plays no more"):
        env.step({agent: 0 for agent in env.possible_agents})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"players": 0}, "players must be a whole number from 1 to 4"),
        ({"players": 5}, "players must be a whole number from 1 to 4"),
        ({"contest": "golf"}, "contest must be one of coop, race, coins"),
        ({"rivalry": "bite"}, "rivalry must be one of none, push, stomp"),
        ({"share": "half"}, "share must be one of own, team, rivals"),
        ({"reward": {"style": 1}}, "there are distance, coins, win, death"),
        ({"reward": {"win": float("nan")}}, "finite"),
        ({"reward": ["win"]}, "mapping of weights for distance, coins, win, death"),
        ({"reward": {1: 1, "a": 2}}, "unknown reward term 1"),
        ({"reward": {"win": "much"}}, r"reward\['win'\] must be a finite number, got 'much'"),
        ({"reward": {"win": 10**400}}, "finite"),
        ({"share": ["own"]}, "share must be one of own, team, rivals"),
        ({"contest": ["race"]}, "contest must be one of coop, race, coins"),
        ({"rivalry": ""}, "rivalry must be one of none, push, stomp"),
        ({"obs": ["grid"]}, "unknown observation mode"),
        ({"actions": ["simple"]}, "unknown action set"),
        ({"max_cycles": 0}, "max_cycles must be"),
        ({"obs": "smell"}, "unknown observation mode"),
        ({"colour": "red"}, "colour"),
        ({"render_mode": "braille"}, "render_mode must be"),
    ],
)
def test_options_that_are_not_possible(options, message):
    with pytest.raises(OptionError, match=message):
        MarioParallelEnv(**options)
    if {"colour", "render_mode"}.isdisjoint(options):
        with pytest.raises(OptionError, match=message):
            PartyOptions(**options)


def test_states_of_others():
    two = mario_coop_v0.parallel_env(players=2)
    three = mario_coop_v0.parallel_env(players=3)
    ghosts = mario_coop_v0.parallel_env(players=2, ghosts=True)
    for env in (two, three, ghosts):
        env.reset(seed=0)
    state = two.get_state()
    with pytest.raises(StateError, match="2 players, this environment has 3"):
        three.set_state(state)
    with pytest.raises(StateError, match="ghosts"):
        ghosts.set_state(state)
    with pytest.raises(StateError, match="damaged"):
        two.set_state(state[:-1] + b"x")
    with pytest.raises(StateError, match="several players"):
        two.set_state(MarioInfiniteEnv().reset(seed=0) and b"GMSE" + state[4:])
    with pytest.raises(StateError, match="bytes"):
        two.set_state("text")  # type: ignore[arg-type]


def test_a_saved_game_goes_on_the_same():
    env = mario_race_v0.parallel_env(players=3, difficulty=3, obs="features")
    env.reset(seed=4)
    rng = np.random.default_rng(0)

    def play(env, steps):
        told = []
        for _ in range(steps):
            if not env.agents:
                env.reset()
            told.append(env.step({agent: int(rng.integers(12)) for agent in env.agents})[:2])
        return told

    play(env, 30)
    state = env.get_state()
    other = mario_race_v0.parallel_env(players=3, difficulty=3, obs="features")
    other.reset(options={"state": state})
    assert other.get_state() == state
    rng = np.random.default_rng(1)
    first = play(env, 150)
    rng = np.random.default_rng(1)
    second = play(other, 150)
    for a, b in zip(first, second, strict=True):
        assert a[1] == b[1]
        for agent in a[0]:
            np.testing.assert_array_equal(a[0][agent], b[0][agent])
    assert env.get_state() == other.get_state()


def test_reset_needed():
    env = mario_race_v0.parallel_env()
    with pytest.raises(gym.error.ResetNeeded):
        env.step({})
    with pytest.raises(gym.error.ResetNeeded):
        env.get_state()


@pytest.mark.parametrize("mode", list(AutoresetMode))
@pytest.mark.parametrize("contest", ["coop", "race"])
def test_vector_games_are_parallel_games(contest, mode):
    options = {"contest": contest, "players": 2, "difficulty": 8, "obs": "features"}
    games = 3
    vector = MarioPartyVectorEnv(games, autoreset_mode=mode, max_cycles=120, **options)
    singles = [MarioParallelEnv(max_cycles=120, **options) for _ in range(games)]
    rows, _ = vector.reset(seed=10)
    for g, env in enumerate(singles):
        first = env.reset(seed=10 + g)[0]
        np.testing.assert_array_equal(rows[2 * g : 2 * g + 2], list(first.values()))
    rng = np.random.default_rng(0)
    over = [False] * games
    ends = 0
    for _ in range(300):
        actions = np.where(rng.random(games * 2) < 0.7, 4, rng.integers(0, 12, games * 2))
        rows, rewards, terminated, truncated, infos = vector.step(actions)
        for g, env in enumerate(singles):
            if over[g] and mode == AutoresetMode.NEXT_STEP:
                first = env.reset()[0]
                np.testing.assert_array_equal(rows[2 * g : 2 * g + 2], list(first.values()))
                assert not rewards[2 * g : 2 * g + 2].any()
                over[g] = False
                continue
            acted = list(env.agents)
            held = {agent: int(actions[2 * g + int(agent[-1])]) for agent in acted}
            seen, gained, *_ = env.step(held)
            over[g] = not env.agents
            ends += over[g]
            for agent in acted:
                row = 2 * g + int(agent[-1])
                assert rewards[row] == gained[agent]
                last = rows[row]
                if over[g] and mode == AutoresetMode.SAME_STEP:
                    last = infos["final_obs"][row]
                np.testing.assert_array_equal(last, seen[agent])
            rows_of_game = slice(2 * g, 2 * g + 2)
            mine = {agent: rewards[2 * g + int(agent[-1])] for agent in env.possible_agents}
            assert mine == env.all_rewards
            assert (terminated | truncated)[rows_of_game].tolist() == [over[g]] * 2
            if over[g] and mode != AutoresetMode.NEXT_STEP:
                first = env.reset()[0]
                if mode == AutoresetMode.DISABLED:
                    mask = np.zeros(2 * games, bool)
                    mask[rows_of_game] = True
                    rows = vector.reset(options={"reset_mask": mask})[0]
                np.testing.assert_array_equal(rows[rows_of_game], list(first.values()))
                over[g] = False
    assert ends >= 3


def test_vector_masks_name_whole_games():
    env = MarioPartyVectorEnv(2, players=2)
    env.reset(seed=0)
    with pytest.raises(OptionError, match="all players of a game"):
        env.reset(options={"reset_mask": np.array([True, False, False, False])})
    with pytest.raises(StateError, match="2 states were expected"):
        env.set_state([])
    states = env.get_state()
    env.step(np.zeros(4, int))
    env.set_state(states)
    assert env.get_state() == states


def test_states_before_the_first_reset_are_taken_up_whole_or_not_at_all():
    other = MarioPartyVectorEnv(2, obs="features")
    other.reset(seed=4)
    states = other.get_state()
    env = MarioPartyVectorEnv(2, obs="features")
    for bad in ([states[0], states[1][:-1] + b"x"], [states[0], None], 3):
        with pytest.raises(StateError):
            env.set_state(bad)  # type: ignore[arg-type]
        assert not env.batch.started.any()
    env.set_state(states)
    assert env.get_state() == states
    for mine, theirs in zip(env.step([4] * 4)[:4], other.step([4] * 4)[:4], strict=True):
        np.testing.assert_array_equal(mine, theirs)
    env.set_state(states[1])
    assert env.get_state() == [states[1]] * 2


def test_step_some_leaves_whole_games_as_they_are():
    env = MarioPartyVectorEnv(2, players=2, obs="features", contest="race")
    env.reset(seed=0)
    before = env.get_state()
    with pytest.raises(OptionError, match="active must name all players of a game"):
        env.step_some([4] * 4, np.array([True, False, False, False]))
    rewards = env.step_some([4] * 4, np.array([False, False, True, True]))[1]
    after = env.get_state()
    assert [left == right for left, right in zip(before, after, strict=True)] == [True, False]
    assert not rewards[:2].any()


@pytest.mark.parametrize("mode", ["NEXT_STEP", "SAME_STEP"])
def test_actions_are_held_as_by_hand(mode):
    options: dict[str, Any] = {"players": 2, "obs": "gray84", "contest": "race", "time_limit": 3}
    held = VectorSkipFrames(MarioPartyVectorEnv(2, autoreset_mode=mode, **options), skip=4)
    env = MarioPartyVectorEnv(2, autoreset_mode="DISABLED", **options)
    held.reset(seed=0)
    seen, _ = env.reset(seed=0)
    actions = np.array([4, 3, 4, 2])
    over = np.zeros(4, bool)
    for _ in range(30):
        total = np.zeros(4)
        pictures, rewards, terminated, truncated, _ = held.step(actions)
        for _ in range(4):
            seen, gained, dead, cut, _ = env.step_some(actions, ~over)
            total += gained
            over |= dead | cut
        np.testing.assert_array_equal(rewards, total)
        np.testing.assert_array_equal(terminated | truncated, over)
        if over.any():
            break
        np.testing.assert_array_equal(pictures, seen)
    assert over.all()


def test_stable_baselines_takes_the_rows():
    sb3 = pytest.importorskip("stable_baselines3")
    from gym_mario_suite.integrations.sb3 import GymVecAdapter

    vector = MarioPartyVectorEnv(2, players=2, obs="features", autoreset_mode="SAME_STEP")
    model = sb3.PPO("MlpPolicy", GymVecAdapter(vector), n_steps=8, batch_size=16, n_epochs=1)
    model.learn(64)


def test_a_step_without_actions_after_the_end_is_empty():
    env = mario_race_v0.parallel_env(players=2, time_limit=1)
    with pytest.raises(gym.error.ResetNeeded):
        env.step({})
    env.reset(seed=0)
    with pytest.raises(AgentError, match="no action for player_0"):
        env.step({})
    while env.agents:
        env.step(everybody(env, 0))
    assert env.step({}) == ({}, {}, {}, {}, {})
    with pytest.raises(gym.error.ResetNeeded):
        env.step({"player_0": 0})


def test_the_random_stream_may_be_asked_for_before_the_reset():
    def digests(env, seed):
        env.reset(seed=seed)
        first = env.batch.levels.level(0).digest
        env.reset()
        return first, env.batch.levels.level(0).digest

    plain, asked = (mario_race_v0.parallel_env(players=2) for _ in range(2))
    assert asked.np_random is asked.np_random
    assert digests(plain, 3) == digests(asked, 3)
    never_seeded = mario_race_v0.parallel_env(players=2)
    never_seeded.np_random.random()
    assert len({*digests(never_seeded, None), *digests(plain, None)}) == 4


@pytest.mark.parametrize("obs", ["features", "gray84"])
def test_a_copy_goes_on_like_the_original(obs):
    env = mario_race_v0.parallel_env(players=2, obs=obs)
    env.reset(seed=0)
    env.step(everybody(env, 1))
    for other in (copy.deepcopy(env), pickle.loads(pickle.dumps(env))):
        for action in (1, 4, 4, 3):
            seen = other.step(everybody(other, action))[0]
        state = env.get_state()
        for action in (1, 4, 4, 3):
            went = env.step(everybody(env, action))[0]
        env.set_state(state)
        assert all(np.array_equal(seen[agent], went[agent]) for agent in seen)
