import numpy as np
import pytest

torch = pytest.importorskip("torch")

from gym_mario_suite.datasets.tapes import Tapes  # noqa: E402
from gym_mario_suite.dream.facts import memory_of  # noqa: E402
from gym_mario_suite.dream.memory import MEMORY, SCANS, no_memory  # noqa: E402
from gym_mario_suite.dream.presets import HEAD_SIZE, head_slices  # noqa: E402
from gym_mario_suite.dream.remembered import carried  # noqa: E402
from gym_mario_suite.dream.windows import TapeWindows, targets_of  # noqa: E402


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
        carried_on = carried(torch.from_numpy(memory), torch.from_numpy(head)).numpy()
        memory = np.concatenate([carried_on, truth[:, SCANS:]], 1)
        # Places go round; 15.99 px and 0.01 px are close.
        apart = np.abs(memory - truth)
        apart[:, 4:6] = np.minimum(apart[:, 4:6], 16 - apart[:, 4:6])
        apart[targets.done[:, step] > 0] = 0  # after an end nothing is remembered
        assert apart.max() < 1e-3, (step, MEMORY[int(apart.max(0).argmax())])


def test_places_that_are_not_known_stay_unknown() -> None:
    after = carried(torch.from_numpy(no_memory(2)), torch.ones(2, HEAD_SIZE))
    assert after.shape == (2, SCANS)
    assert (after[:, 0] == 1).all()
    assert not after[:, [1, 4, 5]].any()
