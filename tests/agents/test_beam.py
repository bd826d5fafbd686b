"""Beam search: its plans are the game's, it wins, it gets more of a reward, and it is the same
everywhere."""

import math
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

pytest.importorskip("torch")
import torch

import gym_mario_suite  # noqa: F401  (registers the environments)
from gym_mario_suite.agents.beam import beam as beam_module
from gym_mario_suite.agents.beam import places, search
from gym_mario_suite.agents.beam.agent import BeamAgent
from gym_mario_suite.agents.beam.beam import Beam, BeamOptions, BeamPlan, Progress
from gym_mario_suite.agents.beam.seen import Seen
from gym_mario_suite.agents.registry import make_agent
from gym_mario_suite.competition.episode import play_level
from gym_mario_suite.engine import cuda_device
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import Mode, Status
from gym_mario_suite.envs.options import MODES
from gym_mario_suite.errors import DeviceError, OptionError
from gym_mario_suite.levels import generate
from gym_mario_suite.levels.formats import write_level
from gym_mario_suite.levels.framework_generate import generate_framework
from gym_mario_suite.levels.framework_text import read_framework_text
from gym_mario_suite.levels.grid_levels import to_level
from gym_mario_suite.levels.tile_grid import Tile, TileGrid
from tests.engine.device_code import DEVICES, choose_device
from tests.pretended_gpu import pretended_gpu

LENGTH = 120


def begun(seed: int = 3, difficulty: int = 3, length: int = LENGTH) -> Game:
    game = Game(generate(seed, difficulty, 0, length).image)
    game.tick(0)
    return game


def planned(game: Game, **options: Any) -> BeamPlan:
    return Beam(BeamOptions(**{"width": 64, **options})).plan(game.image, game.worlds)


def same(one: BeamPlan, other: BeamPlan) -> bool:
    return (
        one.keys.tobytes() == other.keys.tobytes()
        and one.positions.tobytes() == other.positions.tobytes()
        and one._replace(keys=other.keys, positions=other.positions) == other
    )


def test_a_plan_is_what_the_game_then_does() -> None:
    game = begun()
    before = game.to_bytes()
    plan = planned(game)
    assert game.to_bytes() == before
    assert plan.status == Status.WIN
    for keys, position in zip(plan.keys, plan.positions, strict=True):
        assert game.status == Status.RUNNING
        game.tick(int(keys))
        assert (game.x, game.y) == tuple(position)
    assert game.status == Status.WIN


@pytest.mark.parametrize("reward", ["fitness", {"coins": 2.0, "kills": 3.0, "mode": 1.0, "win": 9}])
def test_its_reward_is_that_of_the_environment(reward: Any) -> None:
    env: Any = gym.make(
        "MarioInfinite-v0", actions="buttons", reward=reward, difficulty=3, length=LENGTH
    ).unwrapped
    _, infos = env.reset(options={"seed": 3})
    game = begun()
    plan = planned(game, reward=reward)
    terms = dict.fromkeys(plan.terms, 0.0)
    ended = False
    for keys in plan.keys:
        assert not ended
        action = [int(keys) >> bit & 1 for bit in range(5)]
        _, _, terminated, truncated, infos = env.step(action)
        ended = terminated or truncated
        for term in terms:
            terms[term] += infos[f"reward_{term}"]
    assert ended
    for term, value in plan.terms.items():
        assert math.isclose(value, terms[term], abs_tol=1e-6), term
    assert math.isclose(plan.reward, sum(terms.values()), abs_tol=1e-6)


def test_it_gets_more_than_a_star_and_what_it_is_asked_for() -> None:
    game = begun(seed=5, difficulty=0, length=320)
    fitness = planned(game, width=128)
    racer = play_level(make_agent("astar-world"), Game(game.image))
    assert racer.status == fitness.status == Status.WIN
    of_racer = racer.distance - 32 + racer.coins - len(racer.act_times_ns) / 15 + 5000
    assert fitness.reward > of_racer
    coins = planned(game, width=128, reward={"coins": 1.0, "win": 1.0})
    assert coins.terms["coins"] > racer.coins
    # The one that is asked for distance alone runs past them, and is there first.
    distance = planned(game, width=128, reward="distance", tick_cost=1.0)
    assert len(distance.keys) < len(fitness.keys) < len(coins.keys)


def test_a_reward_that_comes_at_the_end_is_planned_for() -> None:
    assert planned(begun(), reward="sparse").reward == 1.0


def test_the_plan_is_the_same_on_any_number_of_threads_and_in_any_chunks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    game = begun(difficulty=5)
    plan = planned(game)
    assert same(planned(game), plan)
    assert same(planned(game, threads=3), plan)
    monkeypatch.setattr(places.Processor, "rows_at_once", 50)
    assert same(planned(game), plan)
    assert not same(planned(game, width=32), plan)


@pytest.mark.slow
@pytest.mark.parametrize("device", DEVICES)
def test_the_plan_is_the_same_on_a_gpu(device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    game = begun(length=60)
    expected = planned(game)
    choose_device(device, monkeypatch)
    if device != "a GPU":
        monkeypatch.setattr(places.GPU, "device", torch.device("cpu"))
    monkeypatch.setattr(places.GPU, "rows_at_once", 100)
    assert same(planned(game, device="cuda"), expected)


class PretendedPlace(places.Processor):
    """The processor, whose tensors are on a pretended GPU."""

    device = torch.device("cuda")

    def argument(self, tensor: torch.Tensor) -> Any:
        assert tensor.is_cuda
        with torch._C.DisableTorchFunction():
            return tensor.numpy()


def test_on_a_gpu_no_devices_are_mixed(monkeypatch: pytest.MonkeyPatch) -> None:
    game = begun(length=60)
    expected = planned(game)
    monkeypatch.setattr(beam_module, "make_place", lambda *_: PretendedPlace())
    with pretended_gpu(monkeypatch):
        assert same(planned(game, device="cuda"), expected)


def test_levels_of_2019_are_planned_by_their_rules() -> None:
    level = generate_framework(2, 3, 0, 100)
    game = Game(level.image, MODES["small"])
    game.tick(0)
    plan = planned(game, width=128)
    assert plan.status == Status.WIN
    ticks = len(plan.keys)
    assert math.isclose(plan.terms["time"], -0.03 * ticks, abs_tol=0.031)


def test_where_all_games_die_more_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    doomed = {"width": 1, "span": 4, "spread": 0.0}
    game = begun(seed=0, difficulty=10, length=200)
    rescued = planned(game, **doomed)
    monkeypatch.setattr(beam_module, "_DOUBLINGS", 0)
    lost = planned(game, **doomed)
    assert lost.status == Status.DEAD
    assert rescued.status == Status.WIN
    assert rescued.steps_played > lost.steps_played


@pytest.mark.parametrize(("max_ticks", "span"), [(1, 16), (5, 4), (6, 3)])
def test_a_plan_is_no_longer_than_asked_for(max_ticks: int, span: int) -> None:
    game = begun()
    plan = Beam(BeamOptions(width=8, max_ticks=max_ticks, span=span)).plan(game.image, game.worlds)
    assert len(plan.keys) == len(plan.positions) == max_ticks


def test_a_search_can_be_watched_and_stopped() -> None:
    game = begun()
    seen: list[Progress] = []

    def on_step(progress: Progress) -> bool:
        seen.append(progress)
        return len(seen) == 20

    plan = Beam(BeamOptions(width=64)).plan(game.image, game.worlds, on_step)
    assert plan.status == Status.RUNNING
    assert len(plan.keys) == len(plan.positions) == seen[-1].ticks == 40
    assert plan.positions[-1, 0] > plan.positions[0, 0] + 200
    assert [p.ticks for p in seen] == list(range(2, 41, 2))
    assert max(p.games for p in seen) == 64
    assert seen[-1].steps_played == plan.steps_played
    assert seen[0].best == -math.inf


def test_a_wider_search_that_is_stopped_does_not_take_the_way_so_far() -> None:
    codes = np.full((14, 90), Tile.EMPTY)
    codes[-2:, :40] = codes[-2:, 80:] = Tile.GROUND  # a gap that nobody jumps
    game = Game(to_level(TileGrid(codes)).image)
    game.tick(0)
    ticks: list[int] = []

    def stop(progress: Progress) -> bool:
        ticks.append(progress.ticks)
        return len(ticks) > 1 and ticks[-1] < ticks[-2]

    plan = Beam(BeamOptions(width=16)).plan(game.image, game.worlds, stop)
    assert ticks[-1] < ticks[-2] == len(plan.keys)
    assert plan.positions[-1, 0] > 640


def test_hopes_are_never_disappointed_downward() -> None:
    """What a game is hoped to bring is at least what it brings, where coins do not count."""
    game = begun()
    weights = {"distance": 1.0, "time": -1.0, "win": 5000.0}
    hopes: list[float] = []

    def on_step(progress: Progress) -> bool:
        hopes.append(progress.value)
        return False

    options = BeamOptions(width=64, reward=weights, tick_cost=0.0)
    plan = Beam(options).plan(game.image, game.worlds, on_step)
    assert plan.status == Status.WIN
    assert min(hopes) >= plan.reward - 1e-6


def test_of_games_that_are_alike_the_best_is_chosen() -> None:
    ranks = search._ranks(torch.tensor([7, 3, 7, 7, 3, 1]))
    assert ranks.tolist() == [0, 0, 1, 2, 1, 0]
    assert search._ranks(torch.tensor([], dtype=torch.int64)).tolist() == []
    assert search.first_of_the_greatest(torch.tensor([1.0, 5.0, 2.0, 5.0])) == 1


def test_more_games_than_fit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    choose_device("this processor", monkeypatch)
    monkeypatch.setattr(places.GPU, "device", torch.device("cpu"))
    monkeypatch.setattr(cuda_device, "free_bytes", lambda: 3 << 30)
    with pytest.raises(DeviceError, match=r"1,048,576 worlds do not fit .* fit$"):
        planned(begun(), device="cuda", width=1 << 20)


def test_a_way_back_is_found_out_of_a_dead_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tunnel that is closed at its end; the way leads back out, and over it."""
    air, roof, end = "-" * 60, "-" * 12 + "#" * 24 + "-" * 24, "-" * 35 + "#" + "-" * 24
    floor = "M" + "-" * 34 + "#" + "-" * 20 + "F" + "-" * 3
    rows = [*[air] * 11, roof, end, floor, "X" * 60, "X" * 60]
    game = Game(read_framework_text("\n".join(rows)).image, MODES["small"], 40)
    game.tick(0)
    few = {"width": 8, "spread": 0.0}
    plan = planned(game, **few)
    assert plan.status == Status.WIN
    # Without a memory of where they have been, those in the tunnel stay until the time is out.
    monkeypatch.setattr(Seen, "known", lambda _, cells, worth: torch.zeros_like(cells > 0))
    assert planned(game, **few).status == Status.TIME_OUT


def test_seen_cells_are_known_until_somebody_is_worth_more() -> None:
    seen = Seen(torch.device("cpu"))
    random = np.random.default_rng(0)
    best: dict[int, float] = {}
    for _ in range(100):
        cells = torch.from_numpy(np.unique(random.integers(0, 400, 30)))
        worth = torch.from_numpy(random.integers(0, 50, len(cells)).astype(float))
        known = seen.known(cells, worth)
        expected = [
            best.get(c, -1.0) >= w for c, w in zip(cells.tolist(), worth.tolist(), strict=True)
        ]
        assert known.tolist() == expected
        seen.add(cells[~known], worth[~known])
        best |= dict(zip(cells[~known].tolist(), worth[~known].tolist(), strict=True))
    assert len(best) > 350


@pytest.mark.parametrize(
    "options",
    [
        {"width": 0},
        {"span": 17},
        {"threads": 0},
        {"tick_cost": -1.0},
        {"cell_px": math.nan},
        {"spread": 1.5},
        {"max_ticks": 0},
        {"reward": "fame"},
        {"reward": {"fame": 1.0}},
        {"device": "tpu"},
    ],
)
def test_options_are_checked(options: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=next(iter(options))):
        Beam(BeamOptions(**options))


def test_the_agent_follows_its_plan_and_plans_anew_when_it_must() -> None:
    game = Game(generate(3, 3, 0, LENGTH).image)
    agent = make_agent("beam:width=64")
    record = play_level(agent, game)
    assert record.status == Status.WIN
    # The same object again: nothing is carried over.
    assert play_level(agent, game) == record
    (way,) = agent.trajectories()  # type: ignore[attr-defined]
    assert tuple(way[-1]) == (game.x, game.y)
    game.reset()
    agent.reset()
    game.tick(0)
    for meddled in range(200):
        keys = agent.act(game)
        game.tick(0 if 20 <= meddled < 30 else keys)
        if game.status != Status.RUNNING:
            break
    assert game.status == Status.WIN
    assert agent.act(game) == 0


def test_the_agent_needs_the_game_itself() -> None:
    with pytest.raises(OptionError, match="plans on the game itself"):
        BeamAgent().act(object())  # type: ignore[arg-type]


def test_the_program_shows_and_saves_a_plan(tmp_path: Path) -> None:
    from gym_mario_suite.agents.beam.program import PlanLevel, plan_level
    from gym_mario_suite.datasets.replay import Replay
    from gym_mario_suite.levels.maker.course import MakerCourse
    from gym_mario_suite.levels.maker.course_files import write_course_file
    from gym_mario_suite.levels.maker.parts import BY_NAME

    config = PlanLevel(seed=3, difficulty=3, length=LENGTH, width=32, replay=tmp_path / "r.mario")
    text = plan_level(config)
    assert text.splitlines()[0].startswith("beam: win after ")
    assert text.splitlines()[1].startswith("astar-world: win after ")
    game = begun()
    replay = Replay.load(tmp_path / "r.mario")
    plan = planned(game, width=32)
    assert np.frombuffer(replay.keys, np.uint8)[1:].tobytes() == plan.keys.tobytes()
    assert f"reward {plan.reward:.1f}" in text
    # A level of 2019 begins as it does everywhere else.
    write_level(tmp_path / "level.npz", generate_framework(3, length=60))
    plan_level(PlanLevel(level=tmp_path / "level.npz", width=16, replay=tmp_path / "r.mario"))
    assert Replay.load(tmp_path / "r.mario").mode == Mode.SMALL
    cells = np.zeros((14, 40), np.uint8)
    cells[-1] = BY_NAME["ground"].code
    write_course_file(tmp_path / "mine.mmc.json", MakerCourse(cells))
    plan_level(PlanLevel(level=tmp_path / "mine.mmc.json", width=16, replay=tmp_path / "r.mario"))
    assert Replay.load(tmp_path / "r.mario").level.width == 40
    only = plan_level(
        PlanLevel(length=60, width=16, beside="", reward='{"coins": 1, "win": 1}')
    ).splitlines()
    assert len(only) == 2
    with pytest.raises(OptionError, match="cannot write"):
        plan_level(PlanLevel(beside="nobody", replay=tmp_path / "absent" / "r.mario"))
    with pytest.raises(OptionError, match="type must be a whole number from 0 to 2, got 5"):
        plan_level(PlanLevel(type=5))
    with pytest.raises(OptionError, match="JSON object of numbers"):
        plan_level(PlanLevel(reward="{coins}"))
