"""Makers of courses: hill climbing, chance, and what the learning maker sees."""

from dataclasses import replace

import numpy as np
import pytest

from gym_mario_suite.agents.maker.measure import (
    MAP,
    idle_choice,
    measure_maker,
    random_choice,
)
from gym_mario_suite.agents.maker.search import HillClimber, hill_climbing_choice
from gym_mario_suite.envs.maker import MarioMakerEnv
from gym_mario_suite.envs.maker_vector import MarioMakerVectorEnv
from gym_mario_suite.errors import OptionError, WeightsError
from gym_mario_suite.levels.maker.course import MakerCourse
from gym_mario_suite.levels.maker.parts import BY_NAME, TILE_OF
from gym_mario_suite.levels.solver import solve

SMALL = {"width": 40, "change_share": 0.3}


def test_hill_climbing_makes_courses_that_can_be_finished_and_chance_does_not():
    climbed = measure_maker(lambda envs: hill_climbing_choice(envs, 20_000), 6, **SMALL)
    chance = measure_maker(lambda envs: random_choice, 6, **SMALL)
    starts = measure_maker(lambda envs: idle_choice, 6, played=2, **SMALL)
    assert starts.changes == 0
    assert starts.solved == starts.solved_at_start == climbed.solved_at_start
    assert starts.played == 2
    assert 0 <= starts.won <= 2
    assert climbed.solved >= 0.8
    assert chance.solved <= 0.3
    assert climbed.limit_violations == chance.limit_violations == 0
    assert climbed.changes <= int(0.3 * 40 * 14)


def test_a_plan_keeps_budget_limits_frozen_cells_and_the_environment_as_it_was():
    env = MarioMakerEnv(freeze=0.2, limits={"enemies": 5}, **SMALL)
    _, before = env.reset(seed=3)
    cells = env.course.cells
    state = env.get_state()
    plan = HillClimber(5000).plan(env, 0, seed=1)
    assert env.get_state() == state
    made = env.options.part_codes[plan]
    changed = made != cells
    assert 0 < changed.sum() <= env.options.max_changes
    assert not changed[env.batch.board.frozen[0] == 1].any()
    assert not env.options.course_limits.violations(made)
    assert solve(TILE_OF[made]).furthest_column / 39 >= before["progress"]
    assert np.array_equal(plan, HillClimber(5000).plan(env, 0, seed=1))
    assert not np.array_equal(plan, HillClimber(5000).plan(env, 0, seed=2))
    _, after = env.reset(options={"course": MakerCourse(made)})
    assert after["score"] <= before["score"]
    with pytest.raises(OptionError, match="tries must be"):
        HillClimber(0)


@pytest.mark.parametrize(("start", "goal"), [((22, 11), 50), ((22, 11), None)])
def test_a_plan_leads_from_a_course_s_own_start_to_its_own_goal(start, goal):
    """There are pits before the start and behind the goal, far too wide for the changes."""
    cells = np.zeros((14, 60), np.uint8)
    cells[-2:] = BY_NAME["ground"].code
    cells[-2:, 4:20] = 0
    cells[-2:, 32:37] = 0
    if goal is not None:
        cells[-2:, goal + 1 :] = 0
        cells[-2:, goal - 9 : goal - 3] = 0
    course = MakerCourse(cells, start=start, goal=goal)
    env = MarioMakerEnv(width=60, edges=0, change_share=0.02, targets={"solved": (1, 1)})
    env.reset(seed=0, options={"course": course})
    plan = HillClimber(20_000).plan(env, 0, seed=1)
    made = replace(course, cells=env.options.part_codes[plan])
    assert made.solution().solved


def test_column_views():
    from gym_mario_suite.agents.maker.column_views import ColumnViews

    envs = MarioMakerVectorEnv(3, autoreset_mode="same_step", max_steps=60, **MAP, **SMALL)
    views = ColumnViews(envs)
    observations, _ = views.reset(seed=0)
    assert observations.shape == (3, views.size)
    assert views.single_observation_space.contains(observations[0])
    solid = observations[:, : 9 * 14].reshape(3, 9, 14)
    assert solid[:, :4].all()  # left of the map
    board = envs.batch.board
    assert np.array_equal(solid[1, 4], TILE_OF[envs.course(1).cells[:, 0]] != 2)
    ends = 0
    chance = np.random.default_rng(0)
    for _ in range(130):
        actions = random_choice(None, None, views.action_masks(), chance)
        observations, _, terminated, truncated, infos = views.step(actions)
        assert not truncated.any()
        cursor = observations[:, 18 * 14 : 19 * 14].argmax(axis=1)
        assert np.array_equal(cursor, board.pos[:, 1])
        for index in np.flatnonzero(terminated):
            assert infos["final_obs"][index].shape == (views.size,)
            ends += 1
    assert ends == 6
    with pytest.raises(OptionError, match="narrow"):
        ColumnViews(MarioMakerVectorEnv(1, representation="wide", **SMALL))


@pytest.mark.parametrize(
    "text", [b"decisions,episodes\n5,3\n", b"steps,episodes\n5,x\n", b"\xff\xfe"]
)
def test_a_curve_of_something_else_is_refused(tmp_path, text):
    pytest.importorskip("sb3_contrib")
    from gym_mario_suite.agents.maker.ppo import curve

    (tmp_path / "curve.csv").write_bytes(text)
    with pytest.raises(OptionError, match="is no curve of a maker's run"):
        curve(tmp_path / "curve.csv", tmp_path / "curve.png")
    assert not (tmp_path / "curve.png").exists()


def test_a_curve_is_refused_in_a_line_and_drawn_as_png_alone(tmp_path):
    pytest.importorskip("sb3_contrib")
    from gym_mario_suite.agents.maker.ppo import curve

    (tmp_path / "curve.csv").write_bytes(b"\xff" * 5000)
    with pytest.raises(OptionError, match="UnicodeDecodeError") as caught:
        curve(tmp_path / "curve.csv", tmp_path / "curve.png")
    assert len(str(caught.value)) < 500
    with pytest.raises(OptionError, match=r"name ends in \.png"):
        curve(tmp_path / "curve.csv", tmp_path / "curve.xyz")
    with pytest.raises(OptionError, match="cannot write"):
        curve(tmp_path / "curve.csv", tmp_path / "absent" / "curve.png")


@pytest.mark.slow
def test_maskable_ppo_trains_saves_goes_on_and_is_measured(tmp_path):
    pytest.importorskip("sb3_contrib")
    from typer.testing import CliRunner

    from gym_mario_suite.agents.maker.ppo import app

    runner = CliRunner()
    command = ["train", "--out", str(tmp_path), "--steps", "60000"]
    first = runner.invoke(app, command)
    assert first.exit_code == 0, first.output
    rows = (tmp_path / "curve.csv").read_text().splitlines()
    assert rows[0].startswith("steps,seconds")
    refused = runner.invoke(app, command)
    assert isinstance(refused.exception, OptionError)
    assert "holds a run already" in str(refused.exception)
    assert (tmp_path / "curve.csv").read_text().splitlines() == rows
    spent = runner.invoke(app, [*command, "--resume"])
    assert spent.exit_code == 0
    assert "steps are made already, of 60,000: a larger --steps goes on" in spent.stderr
    assert (tmp_path / "curve.csv").read_text().splitlines() == rows
    assert runner.invoke(app, [*command[:-1], "80000", "--resume"]).exit_code == 0
    assert len((tmp_path / "curve.csv").read_text().splitlines()) > len(rows)
    policy = tmp_path / "policy.safetensors"
    with (tmp_path / "curve.csv").open("a") as file:
        file.write(file_row := rows[-1].replace(rows[-1].split(",")[0], "99999999", 1) + "\n")
    assert runner.invoke(app, ["export", "--out", str(tmp_path)]).exit_code == 0
    # It may be going on just now: its row after the checkpoint stays, and is not the policy's.
    assert (tmp_path / "curve.csv").read_text().endswith(file_row)
    assert not policy.with_suffix(".csv").read_text().endswith(file_row)
    found = runner.invoke(app, ["evaluate", "--policy", str(policy), "--seeds", "5"])
    assert "maskable-ppo: Measured(courses=5" in found.stdout
    picture = tmp_path / "curve.png"
    drawn = runner.invoke(app, ["curve", str(tmp_path / "curve.csv"), str(picture)])
    assert drawn.exit_code == 0, drawn.output
    assert picture.stat().st_size > 1000


def test_the_shipped_policy_finishes_nine_courses_of_ten():
    pytest.importorskip("safetensors")
    from gym_mario_suite.agents.maker.trained import SHIPPED, network_choice
    from gym_mario_suite.agents.network_agent import PolicyNetwork

    network = PolicyNetwork.load(SHIPPED)
    made = measure_maker(lambda envs: network_choice(network, envs), 20)
    assert made.solved >= 0.9
    assert made.limit_violations == 0
    with pytest.raises(WeightsError, match="the policy is for"):
        network_choice(network, MarioMakerVectorEnv(1, height=10, **MAP))
