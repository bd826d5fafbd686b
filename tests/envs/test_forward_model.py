"""The forward model: it is the game, clones are independent, batches do the same."""

import copy
import gc
import pickle
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from gymnasium.error import ResetNeeded

from gym_mario_suite.engine.clone import world_to_bytes
from gym_mario_suite.engine.observe_2019 import MARIO, SCREEN
from gym_mario_suite.engine.world import Button, Event, Mode, Status
from gym_mario_suite.envs.forward_model import ForwardModel
from gym_mario_suite.envs.forward_model_batch import ForwardModelBatch
from gym_mario_suite.envs.forward_pool import button_bits
from gym_mario_suite.envs.infinite import MarioInfiniteEnv
from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels import generate
from tests.engine import recordings_2019

NAMES = recordings_2019.trace_names()
SAMPLE = range(0, len(NAMES), max(1, len(NAMES) // 12))
ENEMIES = range(2, 12)
RUN = int(Button.RIGHT | Button.SPEED)


def start(number: int = 0) -> tuple[ForwardModel, recordings_2019.Trace]:
    trace = recordings_2019.read_trace(number)
    return ForwardModel.start(trace.level, trace.mode, trace.time_limit), trace


@pytest.mark.parametrize("number", SAMPLE, ids=[NAMES[i] for i in SAMPLE])
def test_it_is_the_recorded_game(number: int) -> None:
    """Every query against what the framework's model said, along the episode."""
    model, trace = start(number)
    rows, sprites = trace.rows, trace.sprites
    ends = np.cumsum(trace.sprite_counts)
    event_row = np.repeat(np.arange(len(trace.keys)), trace.event_counts)
    seen = dict(zip(trace.observed.tolist(), trace.observations, strict=True))
    first = Counter(trace.events["ev_type"][event_row == 0].tolist())
    statuses = (Status.RUNNING, Status.WIN, Status.DEAD, Status.TIME_OUT)
    for row, keys in enumerate(trace.keys):
        if row > 0:
            model.advance(int(keys))
        assert model.mario_float_pos == (rows["m_x"][row], rows["m_y"][row])
        assert model.mario_float_velocity == (rows["m_xa"][row], rows["m_ya"][row])
        assert model.status == statuses[rows["m_status"][row]]
        assert model.running == (model.status == Status.RUNNING)
        if row % 10 and row != len(trace.keys) - 1:
            continue
        assert model.mario_mode == Mode(int(rows["m_large"][row]) + int(rows["m_fire"][row]))
        assert model.is_mario_on_ground == rows["m_on_ground"][row]
        assert model.may_mario_jump == rows["m_may_jump"][row]
        assert model.mario_can_jump_higher == (rows["m_jump_time"][row] > 0)
        assert model.remaining_time == rows["m_timer"][row]
        assert model.num_coins == rows["m_coins"][row]
        assert model.num_lives == rows["m_lives"][row]
        assert model.ticks == row + 1
        share = float(rows["m_x"][row]) / (16 * trace.level.x_exit)
        assert model.completion_percentage == pytest.approx(share)
        part = slice(ends[row] - trace.sprite_counts[row], ends[row])
        listed = np.column_stack([sprites[f"sp_{f}"][part] for f in ("type", "x", "y")])
        enemies = listed[np.isin(listed[:, 0], ENEMIES)].astype(np.float32)
        np.testing.assert_array_equal(model.enemies_float_pos, enemies)
        totals = Counter(trace.events["ev_type"][event_row <= row].tolist()) - first
        assert model.event_totals == {event: totals[int(event)] for event in Event}
        kills = [totals[int(e)] for e in Event if e.name.endswith("_KILL")]
        assert model.kills_total == sum(kills)
        by = [model.kills_by_stomp, model.kills_by_fire, model.kills_by_shell, model.kills_by_fall]
        assert by == kills
        if row not in seen:
            continue
        for detail in range(3):
            grids = [
                [model.mario_scene_observation(detail), model.mario_enemies_observation(detail)],
                [model.screen_scene_observation(detail), model.screen_enemies_observation(detail)],
            ]
            grids[MARIO].append(model.mario_complete_observation(detail, detail))
            grids[SCREEN].append(model.screen_complete_observation(detail, detail))
            np.testing.assert_array_equal(np.array(grids), seen[row][:, :, detail])


def pickled(model: Any) -> Any:
    return pickle.loads(pickle.dumps(model))


@pytest.mark.parametrize("copied", [ForwardModel.clone, copy.copy, copy.deepcopy, pickled])
def test_clones_are_independent(copied: Callable[[ForwardModel], ForwardModel]) -> None:
    model, trace = start(0)
    before = world_to_bytes(model.worlds[0])
    clone = copied(model)
    assert world_to_bytes(clone.worlds[0]) == before
    clone.advance(RUN)
    ahead = model.advanced(RUN)
    assert world_to_bytes(model.worlds[0]) == before
    assert world_to_bytes(clone.worlds[0]) == world_to_bytes(ahead.worlds[0]) != before
    assert clone.event_totals == ahead.event_totals
    assert clone.mario_float_pos == ahead.mario_float_pos != model.mario_float_pos
    assert clone.clone().mario_float_pos == ahead.mario_float_pos
    assert clone.level == model.level == trace.level
    del clone
    gc.collect()
    other = model.clone()
    other.advance(RUN)
    assert world_to_bytes(model.worlds[0]) == before


def test_a_tree_of_clones_grows_the_pool_and_gives_places_back() -> None:
    model, _ = start(0)
    keys = list(range(32)) * 10
    first = [model.advanced(k) for k in keys]
    expected = [world_to_bytes(m.worlds[0]) for m in first]
    second = [m.advanced(RUN) for m in first]
    room = len(model._pool.worlds)
    assert room >= 641
    assert [world_to_bytes(m.worlds[0]) for m in first] == expected
    assert len({id(m._pool) for m in (*first, *second)}) == 1
    taken = {m._index for m in (model, *first, *second)}
    assert len(taken) == 641
    assert taken.isdisjoint(model._pool.free)
    del first, second
    gc.collect()
    assert len(model._pool.free) == room - 1
    for _ in range(3000):
        model.clone().advance(RUN)
    assert len(model._pool.worlds) == room


def test_a_game_that_is_over_stays_as_it_is() -> None:
    model, _ = start(0)
    for _ in range(7000):
        if not model.running:
            break
        model.advance(RUN)
    assert not model.running
    before = world_to_bytes(model.worlds[0]), model.event_totals
    model.advance(RUN)
    assert (world_to_bytes(model.worlds[0]), model.event_totals) == before


def test_buttons() -> None:
    """Bits are ours, five booleans are in the framework's order."""
    assert button_bits([True, False, False, False, False]) == Button.LEFT
    assert button_bits((0, 1, 0, 1, 0)) == Button.RIGHT | Button.SPEED
    assert button_bits(np.array([0, 0, 1, 0, 1])) == Button.DOWN | Button.JUMP
    assert button_bits(np.int64(9)) == 9
    assert button_bits(Button.RIGHT) == 2
    bad: Any
    for bad in (32, -1, 1.5, "right", [1, 0], None):
        with pytest.raises(OptionError, match="buttons"):
            start(0)[0].advance(bad)
        with pytest.raises(OptionError, match="buttons"):
            start(0)[0].advanced(bad)


def test_from_an_environment() -> None:
    trace = recordings_2019.read_trace(0)
    env = MarioInfiniteEnv(rules="framework-2019", level=trace.level, mode="fire")
    with pytest.raises(ResetNeeded):
        env.forward_model()
    env.reset(seed=0)
    for _ in range(20):
        env.step(4)
    before = env.get_state()
    model = env.forward_model()
    ahead = model.clone()
    for _ in range(20):
        ahead.advance(26)
    assert env.get_state() == before
    for _ in range(20):
        env.step(4)  # right, jump, speed
    assert world_to_bytes(ahead.worlds[0]) == world_to_bytes(env.batch.worlds[0])


def test_only_for_the_frameworks_rules() -> None:
    with pytest.raises(OptionError, match=r"framework-2019; the level belongs to competition-2009"):
        ForwardModel.start(generate(0))
    level = recordings_2019.level(0)
    with pytest.raises(OptionError, match="mode"):
        ForwardModel.start(level, mode=3)
    with pytest.raises(OptionError, match="time_limit"):
        ForwardModel.start(level, time_limit=-1)
    model = ForwardModel.start(level)
    with pytest.raises(OptionError, match="detail must be 0, 1 or 2"):
        model.mario_scene_observation(3)


# --- batches --------------------------------------------------------------------------------------


def test_batches_do_what_models_do() -> None:
    model, _ = start(0)
    rng = np.random.default_rng(0)
    batch = ForwardModelBatch(model, 32)
    models = [model.clone() for _ in range(32)]

    def assert_same() -> None:
        for i, single in enumerate(models):
            assert world_to_bytes(batch.worlds[i]) == world_to_bytes(single.worlds[0])
            assert batch.totals[i].tolist()[1:] == list(single.event_totals.values())

    assert len(batch) == 32
    assert_same()
    for _ in range(60):
        keys = rng.integers(0, 32, 32)
        batch.advance(keys)
        for single, key in zip(models, keys.tolist(), strict=True):
            single.advance(key)
    assert_same()
    sources = rng.integers(0, 32, 32)
    batch.select(sources)
    models = [models[i].clone() for i in sources]
    assert_same()
    batch.select(np.arange(32)[::-1], 26)
    models = [single.advanced(26) for single in models[::-1]]
    assert_same()
    row = batch.model(7)
    assert world_to_bytes(row.worlds[0]) == world_to_bytes(batch.worlds[7])
    assert row.event_totals == models[7].event_totals
    batch.branch(row, range(32))
    models = [row.advanced(key) for key in range(32)]
    assert_same()
    assert batch.x.tolist() == [single.mario_float_pos[0] for single in models]
    assert batch.y.tolist() == [single.mario_float_pos[1] for single in models]
    assert batch.status.tolist() == [single.status for single in models]
    batch.load(model)
    models = [model] * 32
    assert_same()


@pytest.mark.parametrize("copied", [copy.deepcopy, pickled])
def test_copies_of_batches_go_on_by_themselves(
    copied: Callable[[ForwardModelBatch], ForwardModelBatch],
) -> None:
    model, _ = start(0)
    batch = ForwardModelBatch(model, 4)
    batch.select(range(4))  # so that there is spare room to copy, too
    before = batch.x.tolist()
    other = copied(batch)
    for _ in range(20):
        other.advance(RUN)
    went = other.x.tolist()
    assert batch.x.tolist() == before != went
    for _ in range(3):
        other.select(range(4))
        assert other.x.tolist() == went


def test_bad_arguments_of_batches() -> None:
    model, _ = start(0)
    batch = ForwardModelBatch(model, 4)
    for bad in ([1, 2], [1, 2, 3, 32], -1, 1.0, [[0, 0, 0, 0]]):
        with pytest.raises(OptionError, match="buttons"):
            batch.advance(bad)
    for bad in ([0, 1], [0, 1, 2, 4], [0, 1, 2, -1], [0.0] * 4):
        with pytest.raises(OptionError, match="sources"):
            batch.select(bad)
    with pytest.raises(OptionError, match="count"):
        ForwardModelBatch(model, 0)
    with pytest.raises(OptionError, match="index"):
        batch.model(4)
    other = ForwardModel.start(recordings_2019.level(1))
    with pytest.raises(OptionError, match="another level"):
        batch.load(other)
