"""`MarioMaker-v0`: edits, masks, limits, the solver under edits, rewards, states, bad input."""

import re
import warnings
from typing import Any

import gymnasium as gym
import hypothesis.strategies as st
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from hypothesis import given, settings

import gym_mario_suite  # noqa: F401  (registers the environments)
from gym_mario_suite.envs.maker import MarioMakerEnv
from gym_mario_suite.envs.maker_options import METRICS, REPRESENTATIONS, MakerOptions
from gym_mario_suite.envs.maker_vector import MarioMakerVectorEnv
from gym_mario_suite.errors import LevelError, OptionError, StateError
from gym_mario_suite.levels.maker.course import MakerCourse
from gym_mario_suite.levels.maker.parts import BY_NAME, TILE_OF
from gym_mario_suite.levels.maker.structures import broken_cells
from gym_mario_suite.levels.maker.style import corpus_bits
from gym_mario_suite.levels.tile_grid import LETTERS
from tests.levels.grids import grid_of

LIMITS = {"enemies": 4, "coins": 5, "objects": 60, "ground": 40}
SMALL = {
    "width": 20,
    "height": 10,
    "limits": LIMITS,
    "palette": "engine",
    "change_share": 1.0,
    "max_steps": 10_000,
    "weights": {"style": 0.5},
}


def ground_course(start, goal, name=""):
    """Flat ground that leads to a wall after column 14."""
    cells = np.zeros((10, 20), np.uint8)
    cells[-1] = cells[:, 15] = BY_NAME["ground"].code
    return MakerCourse(cells, name, start=start, goal=goal)


NAMED = ground_course((6, 3), 13, "named")


def equal(left, right):
    if isinstance(left, dict):
        return set(left) == set(right) and all(equal(left[key], right[key]) for key in left)
    left, right = np.asarray(left), np.asarray(right)
    if left.dtype == object:
        return all(equal(a, b) for a, b in zip(left, right, strict=True) if a is not None)
    return np.array_equal(left, right)


def fresh_metrics(env):
    """All metrics by a way of their own, from the course alone."""
    cells = env.course.cells
    codes = TILE_OF[cells]
    found = env.course.solution()
    counts = env.options.course_limits.counts(cells)
    windows = np.lib.stride_tricks.sliding_window_view(codes, (2, 2)).reshape(-1, 4).astype(int)
    numbers, times = np.unique(windows @ np.array([2197, 169, 13, 1]), return_counts=True)
    q = times / times.sum()
    p = 2.0 ** (corpus_bits()[numbers] / 2**20)
    return {
        "progress": max(found.furthest_column, 0) / env.course.goal_column,
        "solved": float(found.solved),
        "enemies": counts["enemies"],
        "coins": counts["coins"],
        "limits": 0.0,
        "structures": len(broken_cells(codes)),
        "style": pytest.approx(float((q * np.log2(q / p)).sum()), abs=1e-4),
    }, found


def check_board(env, observation, info):
    fresh, found = fresh_metrics(env)
    assert {name: info[name] for name in fresh} == fresh
    path = {(x, y) for x, y in found.path.tolist() if y >= 0}
    assert {(int(x), int(y)) for y, x in np.argwhere(observation["path"])} == path
    assert not env.options.course_limits.violations(env.course.cells)
    expected = np.bincount(observation["map"].ravel(), minlength=len(env.options.parts))
    assert np.array_equal(observation["counts"], expected)


@given(
    st.sampled_from(REPRESENTATIONS),
    st.sampled_from(["random", "empty", NAMED]),
    st.integers(0, 1 << 20),
    st.lists(st.integers(0, 1 << 30), min_size=1, max_size=40),
)
@settings(max_examples=150, deadline=None)
def test_after_every_edit_all_is_as_if_measured_anew(representation, init, seed, choices):
    env = MarioMakerEnv(representation=representation, init=init, freeze=0.1, **SMALL)
    observation, info = env.reset(seed=seed)
    check_board(env, observation, info)
    for choice in choices:
        frozen, before = observation["frozen"], observation["map"]
        rng = np.random.default_rng(choice)
        action = [rng.integers(size) for size in env.options.action_sizes]
        action = action[0] if len(action) == 1 else np.array(action)
        observation, _, terminated, truncated, info = env.step(action)
        check_board(env, observation, info)
        assert np.array_equal(observation["map"][frozen == 1], before[frozen == 1])
        assert info["changed"] == (observation["map"] != before).sum()
        if terminated or truncated:
            break


@given(
    st.sampled_from(["narrow", "turtle", "flat", "patch"]),
    st.integers(0, 1 << 20),
    st.integers(1, 60),
)
@settings(max_examples=60, deadline=None)
def test_masks_allow_just_what_is_not_refused(representation, seed, steps):
    """Each action from each state: allowed ones are never refused and keep the limits."""
    # A patch of one cell: in larger ones, cells can take the last free place from each other.
    env = MarioMakerEnv(representation=representation, freeze=0.1, patch=(1, 1), **SMALL)
    rng = np.random.default_rng(seed)
    _, info = env.reset(seed=seed)
    for _ in range(steps):
        allowed = np.flatnonzero(env.action_masks())
        assert len(allowed) > 0
        *_, terminated, truncated, info = env.step(rng.choice(allowed))
        assert info["invalid"] == 0
        assert not env.options.course_limits.violations(env.course.cells)
        if terminated or truncated:
            return
    state = env.get_state()
    mask = env.action_masks()
    for action in rng.choice(len(mask), 30):
        before = env.course.cells
        *_, info = env.step(int(action))
        assert (info["invalid"] == 0) == bool(mask[action])
        if not mask[action]:
            assert np.array_equal(env.course.cells, before)
        env.set_state(state)


@pytest.mark.parametrize("representation", ["wide", "patch", "grid"])
def test_masks_of_several_numbers_are_cut_as_the_docstring_says(representation):
    env = gym.make("MarioMaker-v0", representation=representation, **SMALL)
    _, info = env.reset(seed=3)
    space: Any = env.action_space
    pieces = np.split(info["action_mask"], np.cumsum(space.nvec)[:-1])
    space.seed(0)
    for _ in range(20):
        action = space.sample(mask=tuple(pieces))
        assert all(piece[number] for piece, number in zip(pieces, action, strict=True))


@pytest.mark.parametrize("representation", REPRESENTATIONS)
def test_masks_are_what_the_board_says(representation):
    """Each cell keeps its part; others where it is not frozen and no group that is full grows."""
    # Without any coins, no cell may hold one: `wide` leaves that part out.
    options = {**SMALL, "limits": {**LIMITS, "coins": 0}, "freeze": 0.4, "cursor": "random"}
    env = MarioMakerEnv(representation=representation, patch=(3, 2), **options)
    parts, limits = [part.code for part in env.options.parts], env.options.course_limits
    rng, full = np.random.default_rng(0), 0
    env.action_space.seed(0)
    groups = [limits.counts(np.array([[code]], np.uint8)) for code in parts]
    for seed in range(12):
        observation, _ = env.reset(seed=seed)
        for _ in range(rng.integers(40)):
            observation, _, terminated, truncated, _ = env.step(env.action_space.sample())
            if terminated or truncated:
                break
        board, frozen = observation["map"], observation["frozen"].astype(bool)
        held = limits.counts(env.course.cells)
        fits = np.array(
            [
                [
                    all(
                        held[group] < most or groups[new][group] <= groups[old][group]
                        for group, most in limits.most.items()
                    )
                    for new in range(len(parts))
                ]
                for old in range(len(parts))
            ]
        )
        full += not fits.all()
        own = np.eye(len(parts), dtype=bool)
        cells = (own | fits)[board]
        cells[frozen] = own[board[frozen]]
        x, y = observation["pos"]
        ways = [x > 0, x < 19, y > 0, y < 9]
        block = [
            cells[y + row, x + column] if y + row < 10 and x + column < 20 else own.any(0)
            for row in range(3)
            for column in range(2)
        ]
        held_now = np.unique(board)
        expected = {
            "narrow": [cells[y, x]],
            "turtle": [ways, cells[y, x]],
            "patch": block,
            "wide": [~frozen.all(0), ~frozen.all(1), (own | fits)[held_now].any(0)],
        }.get(representation, [cells.ravel()])
        assert np.array_equal(env.action_masks(), np.concatenate(expected))
    assert full > 0


def test_wide_and_grid_masks_hold_all_that_can_be_done():
    env = MarioMakerEnv(representation="wide", freeze=0.5, **SMALL)
    env.reset(seed=2)
    rng = np.random.default_rng(0)
    state, mask = env.get_state(), env.action_masks()
    for _ in range(300):
        column, row, part = action = rng.integers(0, [20, 10, len(env.options.parts)])
        *_, info = env.step(action)
        if info["changed"]:
            assert mask[column]
            assert mask[20 + row]
            assert mask[30 + part]
        env.set_state(state)


@pytest.mark.parametrize("representation", REPRESENTATIONS)
def test_check_env(representation):
    env = gym.make("MarioMaker-v0", representation=representation, width=16, height=8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*render.*")
        check_env(env.unwrapped, skip_render_check=True)


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
@pytest.mark.parametrize("representation", ["narrow", "turtle", "patch"])
def test_equals_gymnasiums_vector_of_single_environments(mode, representation):
    options = {**SMALL, "representation": representation, "max_steps": 30, "cursor": "random"}
    options |= {"control": {"enemies": (0, 4)}, "freeze": 0.2, "patch": (2, 3)}
    native = MarioMakerVectorEnv(5, autoreset_mode=mode, num_threads=2, **options)
    singles = SyncVectorEnv(
        [lambda: MarioMakerEnv(**options) for _ in range(5)], autoreset_mode=mode
    )
    assert native.single_observation_space == singles.single_observation_space
    assert native.action_space == singles.action_space
    left, right = native.reset(seed=4), singles.reset(seed=4)
    assert equal(left[0], right[0])
    singles.action_space.seed(0)
    ends = 0
    for _ in range(100):
        actions = singles.action_space.sample()
        left, right = native.step(actions), singles.step(actions)
        for a, b in zip(left[:4], right[:4], strict=True):
            assert equal(a, b)
        assert set(left[4]) == set(right[4])
        for key in left[4]:
            if not key.startswith("_") and not key.startswith("final"):
                assert np.array_equal(left[4][key], right[4][key]), key
        if "final_obs" in left[4]:
            assert equal(left[4]["final_obs"], right[4]["final_obs"])
            for key in METRICS:
                ended = left[4]["_final_info"]
                mine, theirs = left[4]["final_info"][key], right[4]["final_info"][key]
                assert np.array_equal(mine[ended], theirs[ended])
        ends += int((left[2] | left[3]).sum())
    assert ends >= 10


def test_dense_rewards_sum_to_the_change_of_the_score_and_sparse_pays_it_at_the_end():
    sums = {}
    for reward in ("dense", "sparse"):
        env = MarioMakerEnv(reward=reward, **{**SMALL, "max_steps": 50})
        _, info = env.reset(seed=1)
        begun, total, rewards = info["score"], 0.0, []
        ended = False
        rng = np.random.default_rng(0)
        while not ended:
            _, value, terminated, ended, info = env.step(int(rng.integers(39)))
            rewards.append(value)
            assert not terminated
        total = sum(rewards)
        assert total == pytest.approx(begun - info["score"])
        sums[reward] = total
        if reward == "sparse":
            assert not any(rewards[:-1])
    assert sums["dense"] == pytest.approx(sums["sparse"])


def test_all_targets_met_terminates_with_the_bonus():
    weights = dict.fromkeys(METRICS, 0.0) | {"coins": 1.0}
    options = {"init": "empty", "width": 16, "height": 8, "bonus": 7.0, "weights": weights}
    env = MarioMakerEnv(targets={"coins": (2, 3)}, representation="wide", **options)
    env.reset(seed=0)
    coin = [part.name for part in env.options.parts].index("coin")
    _, reward, terminated, _, _ = env.step([5, 2, coin])
    assert (reward, terminated) == (1.0, False)
    _, reward, terminated, _, _ = env.step([6, 2, coin])
    assert (reward, terminated) == (8.0, True)
    with pytest.raises(ResetNeeded):
        env.step([7, 2, coin])
    _, info = env.reset(options={"targets": {"coins": (4, 4)}})
    assert info["score"] == 4.0
    assert env.reset()[1]["score"] == 2.0


def test_budget_scans_and_cursor():
    env = MarioMakerEnv(width=16, height=8, scans=1, change_share=1.0, edges=0, limits="none")
    observation, _ = env.reset(seed=0)
    seen = []
    truncated = False
    while not truncated:
        seen.append(tuple(observation["pos"]))
        here = int(observation["map"][seen[-1][1], seen[-1][0]])
        observation, _, _, truncated, info = env.step(here)
        assert info["changed"] == 0
    assert seen == [(x, y) for y in range(8) for x in range(16)]
    env = MarioMakerEnv(width=16, height=8, change_share=0.05, edges=0, limits="none")
    env.reset(seed=0)
    rng = np.random.default_rng(0)
    while not env.step(int(rng.integers(20)))[3]:
        pass
    assert env.batch.board.episodes[0]["changes"] == 6


def test_frozen_cells_pins_and_edges():
    frozen = np.zeros((10, 20), bool)
    frozen[0] = True
    env = MarioMakerEnv(
        representation="grid", frozen=frozen, pinned=[(9, 4, "goomba")], **SMALL, edges=2
    )
    observation, _ = env.reset(seed=3)
    goomba = [part.name for part in env.options.parts].index("goomba")
    assert observation["map"][4, 9] == goomba
    assert observation["frozen"][4, 9] == 1
    assert observation["frozen"][0].all()
    assert observation["map"][-2:, [0, 1, -2, -1]].tolist() == [[1] * 4] * 2
    mask = env.action_masks().reshape(10, 20, -1)
    assert np.flatnonzero(mask[4, 9]).tolist() == [goomba]
    coin = [part.name for part in env.options.parts].index("coin")
    observation, *_, info = env.step(np.full(200, coin))
    assert info["coins"] == LIMITS["coins"]
    assert observation["map"][4, 9] == goomba


def test_begins_with_a_course_or_a_generator():
    grid = grid_of("----------\n--E----o--\nXXXXXX-XXX\nXXXXXX-XXX\n")
    cells = np.zeros((4, 10), np.uint8)
    cells[grid.codes == LETTERS.index("X")] = BY_NAME["ground"].code
    cells[1, 2] = BY_NAME["koopa"].code
    course = MakerCourse(cells, "mine")
    env = MarioMakerEnv(init=course, width=10, height=4, edges=0)
    _, info = env.reset(seed=0)
    assert env.course == course
    assert info["solved"] == 1
    other = MakerCourse(np.roll(cells, 1, axis=1), "mine")
    env.reset(options={"course": other})
    assert np.array_equal(env.course.cells, other.cells)
    env.reset()
    assert env.course == course
    generated = MarioMakerEnv(init="generator:ngram", width=40)
    generated.reset(seed=5)
    first = generated.course
    generated.reset()
    assert generated.course != first
    generated.reset(seed=5)
    assert generated.course == first


def test_a_courses_own_start_and_goal_count():
    options = {"width": 20, "height": 10, "representation": "flat", "palette": "engine"}
    env = MarioMakerEnv(init=NAMED, **options)
    observation, info = env.reset(seed=0)
    assert (info["progress"], info["solved"]) == (1, 1)
    assert observation["path"][3, 6]
    assert not observation["path"][:, :6].any()
    cases: list[tuple[Any, Any, float, float]] = [
        (None, None, 14 / 19, 0),
        (None, 14, 1, 1),
        (None, 18, 14 / 18, 0),
        ((17, 3), 19, 1, 1),
        ((15, 3), None, 0, 0),
        ((0, 3), 0, 1, 1),
    ]
    for start, goal, progress, solved in cases:
        course = ground_course(start, goal)
        _, info = env.reset(options={"course": course})
        assert (info["progress"], info["solved"]) == (progress, solved), course
        assert env.course == course
    with pytest.raises(LevelError, match="start in column 9 lies beyond its goal in column 3"):
        env.reset(options={"course": ground_course((9, 3), 3)})
    with pytest.raises(LevelError, match="beyond its goal"):
        MarioMakerEnv(init=ground_course((9, 3), 3), **options)


def test_a_course_given_at_reset_stays_itself_until_its_episode_is_over():
    course = ground_course((1, 2), 12, "given")
    options = {"width": 20, "height": 10, "max_steps": 2, "init": NAMED, "weights": {"jumps": 1}}
    env = MarioMakerEnv(**options)
    env.reset(seed=0, options={"course": course})
    assert env.course == course
    state = env.get_state()
    env.reset()
    assert env.course == NAMED
    env.reset(options={"state": state})
    assert (env.course.start, env.course.goal, env.course.name) == ((1, 2), 12, "named")
    with pytest.raises(StateError, match="another width and height"):
        MarioMakerEnv(
            **{**options, "width": 10, "height": 20, "init": "empty", "limits": "mm2"}
        ).set_state(state)
    for mode, steps in (("NEXT_STEP", 3), ("SAME_STEP", 2)):
        several = MarioMakerVectorEnv(3, autoreset_mode=mode, **options)
        several.reset(seed=0)
        mask = np.array([True, False, False])
        several.reset(options={"course": [course, None, None], "reset_mask": mask})
        assert [several.course(i) for i in range(3)] == [course, NAMED, NAMED]
        for _ in range(steps):
            several.step(np.zeros(3, int))
        assert several.course(0) == NAMED


@pytest.mark.parametrize("mode", ["NEXT_STEP", "SAME_STEP"])
def test_an_episode_that_was_over_begins_anew(mode):
    envs = MarioMakerVectorEnv(2, autoreset_mode=mode, **{**SMALL, "max_steps": 3})
    envs.reset(seed=0)
    ends = [envs.step_some(np.zeros(2, int), np.array([True, False]))[3] for _ in range(3)]
    assert ends[-1].tolist() == [True, False]
    states = envs.get_state()
    for _ in range(2):
        _, rewards, terminated, truncated, infos = envs.step(np.zeros(2, int))
        assert rewards[0] == 0
        assert not (terminated | truncated).any()
        assert "final_obs" not in infos
        envs.set_state(states)


def test_states_go_on_alike_and_are_checked():
    env = MarioMakerEnv(representation="turtle", **SMALL)
    env.reset(seed=0)
    rng = np.random.default_rng(0)
    for _ in range(40):
        env.step(int(rng.integers(43)))
    state = env.get_state()
    actions = rng.integers(0, 43, 40)
    ways = []
    for other in (env, MarioMakerEnv(representation="turtle", **SMALL)):
        observation, info = other.reset(options={"state": state})
        way = [(observation, info)]
        way += [other.step(int(action)) for action in actions]
        ways.append(way)
    for left, right in zip(*ways, strict=True):
        for a, b in zip(left, right, strict=True):
            assert equal(a, b)
    broken: list[Any] = [b"", state[:-1], state[:-1] + b"x", "text"]
    for bad in broken:
        with pytest.raises(StateError):
            env.set_state(bad)
    with pytest.raises(StateError, match="another width and height than 16x14"):
        MarioMakerEnv(width=16).set_state(state)
    # As many cells, and a cursor that would stand beside the map.
    turned = {"representation": "turtle", "limits": "none"}
    across = MarioMakerEnv(width=20, height=10, **turned)
    across.reset(seed=0)
    upright = MarioMakerEnv(width=10, height=20, **turned)
    upright.reset(seed=0)
    with pytest.raises(StateError, match="another width and height than 10x20"):
        upright.set_state(across.get_state())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"representation": "broad"}, "representation must be one of narrow"),
        ({"width": 3}, "width must be a whole number from 8"),
        ({"height": 0}, "height must be a whole number from 4"),
        ({"height": 20}, "the limits smb allow"),
        ({"palette": "few"}, "unknown palette 'few'"),
        ({"palette": ["ground", "air"]}, "air first"),
        ({"palette": ["air", "coin"]}, "use edges=0"),
        ({"limits": "moon"}, "unknown limits 'moon'"),
        ({"limits": {"ground": 3}}, "breaks the limits custom: 228 ground, at most 3"),
        ({"weights": {"beauty": 1}}, "unknown metric 'beauty'"),
        ({"weights": {"style": -1}}, "weights are 0 or more"),
        ({"targets": {"coins": (3, 1)}}, "must be in order"),
        ({"control": {"coins": 3}}, "must be two numbers"),
        ({"solver": "none", "weights": {"jumps": 1}}, "jumps needs the solver"),
        ({"init": "full"}, "init must be 'random'"),
        ({"init": "generator:nobody"}, "unknown level generator"),
        ({"pinned": [(1, 1, "moon")]}, "pinned holds columns"),
        ({"frozen": np.zeros((2, 2), bool)}, "frozen must be a bool array"),
        ({"change_share": 2}, "change_share must be a number from 0 to 1"),
        ({"patch": 3}, "patch must be rows and columns, got 3"),
        ({"pinned": None}, "pinned must be a list"),
        ({"pinned": [3]}, "pinned holds columns"),
        ({"palette": 3}, "palette must be a palette's name"),
        ({"palette": [["air"]]}, r"unknown part \['air'\]"),
        ({"init": np.zeros(3)}, "init must be 'random'"),
        ({"representation": np.zeros(2)}, "representation must be one of narrow"),
        ({"init": "generator:ngram", "generator_options": "x"}, "generator_options must be a map"),
        ({"frozen": [[True], [True, True]]}, "frozen must be a bool array"),
        ({"bonus": 10**400}, "bonus must be a finite number"),
    ],
)
def test_options_that_are_not_possible(options, message):
    with pytest.raises(OptionError, match=message):
        MakerOptions(**options)


def test_unknown_options_are_named():
    with pytest.raises(OptionError, match="moon"):
        MarioMakerEnv(moon=1)


def test_actions_in_another_order_are_refused():
    """A transposed array has as many numbers, and would be other edits."""
    envs = MarioMakerVectorEnv(2, width=16, representation="wide")
    envs.reset(seed=0)
    edits = np.array([[3, 4, 5], [6, 7, 8]])
    envs.step(edits)
    for wrong in (edits.T, edits.ravel()):
        with pytest.raises(OptionError, match=r"2 actions were expected, each 3 whole numbers"):
            envs.step(wrong)
    with pytest.raises(OptionError, match=r"\[15, 13, 19\], got \[6, 14, 8\]"):
        envs.step(np.add(edits, [[0, 0, 0], [0, 7, 0]]))


def test_actions_and_courses_that_are_not_possible():
    env = MarioMakerEnv(width=16)
    with pytest.raises(ResetNeeded):
        env.step(0)
    with pytest.raises(ResetNeeded, match="there is no course yet"):
        _ = env.course
    env.reset(seed=0)
    for action in (20, -1, 1.5, [1, 2], None):
        said = f"an action is a whole number from 0 to 19, got {action}"
        with pytest.raises(OptionError, match=re.escape(said)):
            env.step(action)
    for course, error in (
        (3, OptionError),
        (MakerCourse(np.zeros((9, 9), np.uint8)), LevelError),
        (MakerCourse(np.full((14, 16), BY_NAME["thwomp"].code, np.uint8)), LevelError),
        (MakerCourse(np.full((14, 16), BY_NAME["goomba"].code, np.uint8)), LevelError),
    ):
        with pytest.raises(error):
            env.reset(options={"course": course})
    many = MakerCourse(np.full((50, 200), BY_NAME["coin"].code, np.uint8))
    with pytest.raises(OptionError, match="10000 coins, at most 100 are allowed"):
        MarioMakerEnv(init=many, width=200, height=50, limits={"coins": 100})


def test_pictures():
    env = gym.make("MarioMaker-v0", width=20, render_mode="rgb_array")
    env.reset(seed=0)
    picture: Any = env.render()
    assert picture.shape == (15 * 16, 20 * 16, 3)
    env = gym.make("MarioMaker-v0", width=20, render_mode="ansi")
    env.reset(seed=0)
    text: Any = env.render()
    assert [len(row) for row in text.split("\n")] == [20] * 14
