"""`MarioMakerPlay-v0`: courses in the engine, by both rule sets, and samplers of courses."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import gym_mario_suite  # noqa: F401  (registers the environments)
from gym_mario_suite.engine.world import Rules
from gym_mario_suite.envs.maker_play import (
    CourseSampler,
    MarioMakerPlayEnv,
    MarioMakerPlayVectorEnv,
)
from gym_mario_suite.errors import LevelError, OptionError
from gym_mario_suite.levels.generators import generator_named
from gym_mario_suite.levels.maker.course import MakerCourse
from gym_mario_suite.levels.maker.course_files import write_course_file
from gym_mario_suite.levels.maker.course_levels import course_of_grid, course_to_level
from gym_mario_suite.levels.maker.parts import BY_NAME

RIGHT_AND_SPEED = 3  # of right_only: no operation, right, right + jump, right + speed, ...


def flat(rows=14, columns=30, **more):
    cells = np.zeros((rows, columns), np.uint8)
    cells[-2:] = BY_NAME["ground"].code
    return MakerCourse(cells, **more)


def play(env, steps=400):
    _, info = env.reset(seed=0)
    for _ in range(steps):
        _, _, terminated, truncated, info = env.step(RIGHT_AND_SPEED)
        if terminated or truncated:
            break
    return info


@pytest.mark.parametrize("rows", [14, 27])
def test_a_flat_course_is_won_by_the_rules_of_its_height(rows):
    env = MarioMakerPlayEnv(course=flat(rows), actions="right_only")
    expected = Rules.COMPETITION_2009 if rows == 14 else Rules.FRAMEWORK_2019
    assert env.options.rule_set == expected
    info = play(env)
    assert info["status"] == 1
    assert info["jumps"] == 0


def test_goal_timer_and_start_are_the_courses():
    far = play(MarioMakerPlayEnv(course=flat(), actions="right_only"))
    near = MarioMakerPlayEnv(course=flat(goal=12, start=(5, 11), timer_s=77), actions="right_only")
    _, info = near.reset(seed=0)
    assert info["time_left"] in (76, 77)
    assert 5 * 16 <= info["distance"] < 6 * 16
    assert 0 < play(near)["ticks"] < far["ticks"]


def test_a_one_way_platform_lets_mario_through_from_below_only():
    cells = np.array(flat(columns=40).cells)
    cells[9, :8] = BY_NAME["semisolid_platform"].code
    env = MarioMakerPlayEnv(course=MakerCourse(cells, start=(3, 11)), actions="buttons")
    env.reset(seed=0)
    feet = []
    for tick in range(60):
        env.step([0, 0, 0, int(2 < tick < 14), 0])
        feet.append(float(env.batch.worlds[0]["players"][0]["body"]["y"]))
    top = (9 + 1) * 16  # a row of sky is above the course
    assert feet[0] == top + 3 * 16 - 1
    assert min(feet) < top - 16
    assert feet[-1] == top - 1


def test_files_samplers_and_seed_ranges(tmp_path):
    courses = [flat(columns=width) for width in (20, 30, 40)]
    path = tmp_path / "a.mmc.json"
    write_course_file(path, courses[0])
    assert MarioMakerPlayEnv(course=path).level.width == 20
    env = MarioMakerPlayEnv(sampler=[path, *courses[1:]], level_seed=(1, 3))
    seen = set()
    for seed in range(12):
        _, info = env.reset(seed=seed)
        assert env.level.width == (20, 30, 40)[info["level_seed"] % 3]
        seen.add(info["level_seed"])
    assert seen == {1, 2}
    made = MarioMakerPlayEnv(sampler=lambda seed: flat(27, 20 + seed % 5), level_seed=(0, 100))
    made.reset(seed=0)
    assert made.level.height == 27
    held_out = {7: flat(columns=21), 8: flat(columns=22)}
    for chosen in (7, (7, 9)):
        of_few_seeds = MarioMakerPlayEnv(sampler=held_out.__getitem__, level_seed=chosen)
        _, info = of_few_seeds.reset(seed=0)
        assert of_few_seeds.level == course_to_level(held_out[info["level_seed"]])


def test_courses_of_a_generator():
    envs = gym.make_vec("MarioMakerPlay-v0", num_envs=2, sampler="ngram", obs="features")
    observations, infos = envs.reset(seed=5)
    for index in range(2):
        single = MarioMakerPlayEnv(sampler="ngram", obs="features")
        assert np.array_equal(single.reset(seed=5 + index)[0], observations[index])
        grid = generator_named("ngram").generate_grids([int(infos["level_seed"][index])])[0]
        assert single.level == course_to_level(course_of_grid(grid), Rules.COMPETITION_2009)


def test_without_a_course_it_makes_its_own():
    env: Any = gym.make("MarioMakerPlay-v0")
    _, info = env.reset(seed=3)
    source = CourseSampler("tile-diffusion")
    assert env.unwrapped.level == source.generate_batch([info["level_seed"]])[0]


def test_vector_equals_singles_and_check_env():
    sampler = [flat(columns=width) for width in (20, 30, 40)]
    envs = gym.make_vec("MarioMakerPlay-v0", num_envs=3, sampler=sampler, obs="features")
    assert isinstance(envs.unwrapped, MarioMakerPlayVectorEnv)
    observations, _ = envs.reset(seed=5)
    for index in range(3):
        single = MarioMakerPlayEnv(sampler=sampler, obs="features")
        assert np.array_equal(single.reset(seed=5 + index)[0], observations[index])
    check_env(MarioMakerPlayEnv(course=flat()), skip_render_check=True)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"course": flat(), "sampler": [flat()]}, OptionError, "not both"),
        ({"sampler": "ngran"}, OptionError, "did you mean 'ngram'"),
        ({"course": 3}, OptionError, "a course must be a MakerCourse"),
        ({"course": "no.mmc.json"}, LevelError, "cannot read no.mmc.json"),
        ({"course": flat(), "level": 1}, OptionError, "level cannot be given"),
        ({"course": flat(), "rules": "moon"}, OptionError, "unknown rules 'moon'"),
        ({"sampler": []}, OptionError, "a list of courses"),
        ({"sampler": lambda seed: seed}, LevelError, "which is no MakerCourse"),
        ({"level_seed": np.arange(2)}, OptionError, "level_seed must be a whole number"),
    ],
)
def test_options_that_are_not_possible(options, error, message):
    with pytest.raises(error, match=message):
        MarioMakerPlayEnv(**options)
