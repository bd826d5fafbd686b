from functools import partial
from pathlib import Path

import numpy as np
import pytest

from gym_mario_suite.datasets.tapes import Tapes
from gym_mario_suite.dream.dreamer import Dreamer
from gym_mario_suite.dream.facts import FACTS, memory_of
from gym_mario_suite.dream.memory import MEMORY, MEMORY_SIZE, SCANS, carried, no_memory
from gym_mario_suite.dream.presets import CONTEXT, HEAD_SIZE, head_slices
from gym_mario_suite.dream.runtime import OnnxModel
from gym_mario_suite.dream.spawns import Spawn, built_in_spawns, spawn_of_image
from gym_mario_suite.dream.windows import TapeWindows, targets_of
from gym_mario_suite.errors import OptionError


def test_a_head_that_is_right_carries_the_memory_along_the_truth(tapes: Tapes) -> None:
    facts = TapeWindows(tapes, 60, 64).batch(0, 0, 16, 12).facts.astype(np.float64)
    targets, slices = targets_of(facts), head_slices()
    memory = memory_of(facts[:, 0]).astype(np.float64)
    for step in range(11):
        head = np.zeros((16, HEAD_SIZE))
        head[:, slices["move"]] = targets.move[:, step]
        head[:, slices["speed"]] = targets.speed[:, step]
        head[:, slices["jump_time"]] = targets.jump_time[:, step, None]
        head[:, slices["screen"]] = targets.screen[:, step]
        head[:, slices["flags"]] = targets.flags[:, step] - 0.5
        head[np.arange(16), slices["power"].start + targets.power[:, step]] = 1
        head[:, slices["invulnerable"]] = targets.invulnerable[:, step, None]
        head[:, slices["near"]] = targets.near[:, step, None] - 0.5
        head[:, slices["nearest"]] = np.nan_to_num(targets.nearest[:, step])
        head[:, slices["kind"]] = np.nan_to_num(targets.kind[:, step]) - 0.5
        truth = memory_of(facts[:, step + 1])
        # The herd goes on by itself.
        carried_on = carried(memory, head, partial(np.concatenate, axis=1))
        memory = np.concatenate([carried_on, truth[:, SCANS:]], 1)
        # Places go round; 15.99 px and 0.01 px are close.
        apart = np.abs(memory - truth)
        apart[:, 4:6] = np.minimum(apart[:, 4:6], 16 - apart[:, 4:6])
        apart[targets.done[:, step] > 0] = 0  # after an end nothing is remembered
        assert apart.max() < 1e-3, (step, MEMORY[int(apart.max(0).argmax())])


def test_places_that_are_not_known_stay_unknown() -> None:
    after = carried(no_memory(2), np.ones((2, HEAD_SIZE)), partial(np.concatenate, axis=1))
    assert after.shape == (2, SCANS)
    assert (after[:, 0] == 1).all()
    assert not after[:, [1, 4, 5]].any()


def test_what_is_not_recorded_is_not_remembered() -> None:
    assert not memory_of(np.full((3, len(FACTS)), np.nan, np.float32)).any()


def test_spawns_of_the_game_know_how_mario_moves() -> None:
    for spawn in built_in_spawns():
        assert spawn.memory is not None
        body = spawn.game().worlds[0]["players"][0]["body"]
        assert spawn.memory[2:4] == (float(body["xa"]), float(body["ya"]))
    picture = spawn_of_image(np.zeros((120, 160, 3), np.uint8))
    assert picture.memory is None
    spawn = built_in_spawns()[0]
    with pytest.raises(OptionError, match=f"memory has {MEMORY_SIZE} numbers"):
        Spawn("s", spawn.frames, spawn.keys, memory=(1.0,))


def test_a_memory_changes_the_dream_and_is_carried(tiny_files: Path) -> None:
    dreamer = Dreamer(OnnxModel(tiny_files / "tiny.onnx"), 2)
    spawn = built_in_spawns()[3]
    for row, memory in enumerate((None, spawn.memory_array)):
        dreamer.begin(row, spawn.sized(60, 64), np.zeros(CONTEXT - 1, np.uint8), memory=memory)
    before = dreamer.memory.copy()
    _, outcome = dreamer.step(np.array([18, 18], np.uint8))
    assert not np.array_equal(outcome.move[0], outcome.move[1])
    assert not np.array_equal(dreamer.memory, before)
    # The model said itself how fast Mario is now.
    assert dreamer.memory[:, 0].tolist() == [1, 1]
    assert dreamer.memory[:, 1].tolist() == [0, 1]
