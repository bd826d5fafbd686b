from pathlib import Path

import numpy as np
import pytest

from gym_mario_suite.dream.dreamer import Dreamer
from gym_mario_suite.dream.facts import FACTS, memory_of
from gym_mario_suite.dream.memory import MEMORY_SIZE
from gym_mario_suite.dream.presets import CONTEXT
from gym_mario_suite.dream.runtime import OnnxModel
from gym_mario_suite.dream.spawns import Spawn, built_in_spawns, spawn_of_image
from gym_mario_suite.errors import OptionError


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
