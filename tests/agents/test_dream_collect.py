import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gym_mario_suite import cli
from gym_mario_suite.agents import dream_collect
from gym_mario_suite.agents.dream_collect import (
    HELD_OUT_DIFFICULTIES,
    TRAINING_SEEDS,
    CollectOptions,
    collect,
    play_shard,
    shard_path,
)
from gym_mario_suite.agents.dream_data import dataset_card, recorded_episode
from gym_mario_suite.agents.dream_players import (
    COMBINATIONS,
    BalancingPolicy,
    Share,
    context_of,
    sticky_random,
    usual_mix,
)
from gym_mario_suite.datasets.diamond_hdf5 import load_diamond, save_diamond
from gym_mario_suite.datasets.tapes import Tapes
from gym_mario_suite.engine.game import Game
from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels import generate

SMALL = CollectOptions(ticks=600, shard_ticks=300, longest=60, guided=40, seed=3)


def test_collecting_goes_on_and_is_the_same_each_time(tmp_path: Path) -> None:
    done = list(collect(tmp_path / "a", SMALL, workers=1))
    assert [d for d, _ in done] == [1, 2]
    whole = Tapes.load(tmp_path / "a")
    assert whole.ticks >= 600
    shard_path(tmp_path / "a", 0, SMALL).unlink()
    assert [d for d, _ in collect(tmp_path / "a", SMALL, workers=1)] == [1, 2]
    assert Tapes.load(tmp_path / "a").digest() == whole.digest()
    # What was recorded is proved, and no level is one that tests are made of.
    for index in range(len(whole)):
        whole.replay(index)
    assert not set(whole.episodes["difficulty"].tolist()) & set(HELD_OUT_DIFFICULTIES)
    assert whole.episodes["seed"].min() >= TRAINING_SEEDS[0]


def test_windows_is_not_asked_for_more_processes_than_it_can_wait_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def pool(workers: int, _: object) -> None:
        asked.append(workers)
        raise InterruptedError

    monkeypatch.setattr(dream_collect, "ProcessPoolExecutor", pool)
    for platform in ("win32", "linux"):
        monkeypatch.setattr(sys, "platform", platform)
        with pytest.raises(InterruptedError):
            list(collect(tmp_path / platform, CollectOptions(ticks=1000), workers=100))
    assert asked == [61, 100]


def test_a_folder_goes_on_with_the_options_that_it_began_with(tmp_path: Path) -> None:
    (first,) = list(collect(tmp_path, replace(SMALL, ticks=300), workers=1))
    assert first[0] == 1
    for other in ({"agents": (("forward", 1000.0),)}, {"longest": 61}):
        with pytest.raises(OptionError, match="seed 3 were made with other options"):
            list(collect(tmp_path, replace(SMALL, **other), workers=1))
    forward = replace(SMALL, agents=(("forward", 2.0),), seed=4, ticks=300)
    assert [d for d, _ in collect(tmp_path, forward, workers=1)] == [1]
    assert [d for d, _ in collect(tmp_path, forward, workers=1)] == [1]
    assert [d for d, _ in collect(tmp_path, SMALL, workers=1)] == [1, 2]
    options = tmp_path / "seed3.json"
    options.write_text("{")
    with pytest.raises(OptionError, match="cannot read how the data began from"):
        list(collect(tmp_path, SMALL, workers=1))
    # As releases before left it.
    options.unlink()
    assert [d for d, _ in collect(tmp_path, replace(SMALL, longest=61), workers=1)] == [2]
    assert not options.exists()


def test_policies_are_callables_that_one_can_add() -> None:
    calls = []

    def make(rng: np.random.Generator):
        def policy(game: Game, rng: np.random.Generator) -> int:
            calls.append(float(game.x))
            return 2

        return policy

    mix = usual_mix({"mine": Share(1e9, make)})
    tapes = play_shard(0, CollectOptions(ticks=100, shard_ticks=100, guided=2), mix)
    assert "mine" in tapes.players
    assert len(calls) > 50
    unguided = CollectOptions(ticks=100, shard_ticks=100, guided=0)
    assert play_shard(0, unguided, {"mine": Share(1, make)}).ticks >= 100
    with pytest.raises(OptionError, match="guided must be a whole number from 0"):
        CollectOptions(guided=-1)
    with pytest.raises(OptionError, match="ticks must be a whole number from 16"):
        CollectOptions(ticks=3)
    with pytest.raises(OptionError, match="seed must be a whole number from 0"):
        CollectOptions(seed=-1)


def test_the_balancing_policy_evens_out_what_is_pressed() -> None:
    balancing = BalancingPolicy()
    rng = np.random.default_rng(0)
    game = Game(generate(5, 1).image)
    policy = balancing(rng)
    game.tick(0)
    for _ in range(600):
        game.tick(policy(game, rng))
    used = balancing.counts[balancing.counts.sum(1) > len(COMBINATIONS)]
    assert len(used)
    assert (used.max(1) - used.min(1) <= 1).all()
    assert 0 <= context_of(game) < 16


def test_random_buttons_are_held_and_never_contradict() -> None:
    rng = np.random.default_rng(1)
    policy = sticky_random(rng)
    game = Game(generate(5, 1).image)
    keys = [policy(game, rng) for _ in range(400)]
    assert all(k & 3 != 3 for k in keys)
    assert 20 < np.count_nonzero(np.diff(keys)) < 200


def test_the_card_and_the_earlier_system_s_files(tmp_path: Path) -> None:
    tapes = play_shard(0, SMALL, SMALL.mix())
    card = dataset_card(tapes)
    assert card["episodes"] == len(tapes)
    assert sum(card["action_histogram"].values()) == tapes.ticks
    assert set(card["events_in_episodes"]) >= {"coins", "kills", "hurts", "jumps"}
    recorded = recorded_episode(tapes, 0)
    assert recorded.frames.shape[1:] == (240, 256, 3)
    save_diamond(tmp_path / "e.hdf5", recorded)
    assert np.array_equal(load_diamond(tmp_path / "e.hdf5").frames, recorded.frames)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--agent forward=nan", "the share of forward must be a number from"),
        ("--agent forward=inf", "the share of forward must be a number from"),
        ("--agent forward=0", "the share of forward must be a number from"),
        ("--agent forward=1 --agent forward=2", "named twice"),
        ("--agent forward", "--agent must be NAME=SHARE"),
        ("--agent forward=much", "--agent must be NAME=SHARE"),
        ("--seed -1", "seed must be a whole number from 0"),
        ("--workers -1", "--workers must be a whole number from 0"),
        ("--replays nowhere", "there are no replays in nowhere"),
    ],
)
def test_what_cannot_be_collected_is_told_first(
    words: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["dream", "gen", "--out", str(tmp_path / "out"), *words.split()])
    assert ended.value.code == 2
    assert told in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
