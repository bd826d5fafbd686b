"""What is seen around Mario, and where he is looked for."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from gym_mario_suite.datasets.tapes import Tapes  # noqa: E402
from gym_mario_suite.dream.body import Body, Finder  # noqa: E402
from gym_mario_suite.dream.facts import FACT, memory_of  # noqa: E402
from gym_mario_suite.dream.layers import cut  # noqa: E402
from gym_mario_suite.dream.losses import to_batch  # noqa: E402
from gym_mario_suite.dream.memory import MEMORY, MEMORY_SIZE, SCREEN, SCREEN_UNIT  # noqa: E402
from gym_mario_suite.dream.presets import (  # noqa: E402
    CONTEXT,
    HEAD_SIZE,
    DreamConfig,
    head_slices,
    preset,
)
from gym_mario_suite.dream.windows import TapeWindows, targets_of  # noqa: E402
from gym_mario_suite.errors import OptionError  # noqa: E402

SEEN = MEMORY.index("seen")


def test_a_cut_is_what_lies_there_and_nothing_outside() -> None:
    frames = torch.rand(3, 2, 9, 11)
    found = cut(frames, torch.tensor([2, -3, 7]), torch.tensor([4, 5, -2]), 5, 4)
    assert found.shape == (3, 3, 5, 4)
    assert torch.equal(found[0, :2], frames[0, :, 2:7, 4:8])
    assert bool((found[0, 2] == 1).all())
    assert not found[1, :, :3].any()
    assert torch.equal(found[1, :2, 3:], frames[1, :, :2, 5:9])
    assert torch.equal(found[2, :2, :2, 2:], frames[2, :, 7:9, :2])
    assert found[2, 2].sum() == 4


def test_mario_is_always_at_the_same_place_of_his_surroundings(tapes: Tapes) -> None:
    config = preset("xs")
    windows = TapeWindows(tapes, config.height_px, config.width_px, end_share=0)
    pieces = windows.batch(0, 0, 24, CONTEXT)
    body = Body(config)
    memory = torch.from_numpy(memory_of(pieces.facts[:, -1]))
    place = body.where(memory, torch.zeros(24, 2))
    context = torch.from_numpy(pieces.frames).movedim(-1, 2).flatten(1, 2).float()
    scenery = torch.from_numpy(pieces.scenery[:, -1]).movedim(-1, 1).float()
    around = body.surroundings(context, scenery, memory, place).near
    assert around.shape == (24, 10, 40, 40)
    for row in range(24):
        facts = pieces.facts[row, -1]
        # Frames are drawn at half size.
        left = int(facts[FACT["x"]] // 2 - facts[FACT["camera"]] // 2)
        feet = int(facts[FACT["y"]] // 2)
        if 20 <= left < 140 and 27 <= feet < 107:
            part = slice(feet - 27, feet + 13), slice(left - 20, left + 20)
            assert torch.equal(around[row, 3:6], context[row, 9:, *part])
            assert torch.equal(around[row, 6:9], scenery[row, :, *part])


def test_what_is_remembered_goes_before_what_is_found() -> None:
    body = Body(preset("tiny"))
    memory = torch.zeros(2, MEMORY_SIZE)
    memory[0, SEEN] = 1
    memory[0, SCREEN] = torch.tensor([160.0, 32.0])
    where = body.where(memory, torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    assert where.tolist() == [[160 / SCREEN_UNIT, 32 / SCREEN_UNIT], [3, 4]]


def test_the_screen_follows_from_the_moves(tapes: Tapes) -> None:
    config = preset("tiny")
    pieces = TapeWindows(tapes, config.height_px, config.width_px).batch(1, 0, 16, CONTEXT + 1)
    truth = targets_of(pieces.facts)
    before = memory_of(pieces.facts[:, CONTEXT - 1])[:, SCREEN]
    move = truth.move[:, -1]
    after = before + 2 * np.stack([move[:, 0] - move[:, 2], move[:, 1]], 1)
    assert np.abs(after - truth.screen[:, -1] * SCREEN_UNIT).max() < 1e-3
    body = Body(config)
    memory = torch.from_numpy(memory_of(pieces.facts[:, CONTEXT - 1]))
    place = body.where(memory, torch.zeros(16, 2))
    batch = to_batch(pieces)
    past = batch.frames[:, :CONTEXT].flatten(1, 2)
    around = body.surroundings(past, batch.scenery[:, CONTEXT - 1], memory, place)
    with torch.no_grad():
        head, *_ = body(around, place, memory, batch.buttons[:, :CONTEXT], None)
        more = torch.ones(16, HEAD_SIZE)
        other, *_ = body(around, place, memory, batch.buttons[:, :CONTEXT], more)
    said = head[:, head_slices()["move"]]
    way = torch.stack([said[:, 0] - said[:, 2], said[:, 1]], 1) * (2 / SCREEN_UNIT)
    assert torch.allclose(head[:, head_slices()["screen"]], place + way, atol=1e-5)
    reward = head_slices()["reward"]
    assert torch.allclose(other[:, reward], head[:, reward] + 1, atol=1e-5)


def test_a_finder_learns_where_mario_is() -> None:
    torch.manual_seed(0)
    finder = Finder(3)
    optimiser = torch.optim.Adam(finder.parameters(), lr=0.1)
    generator = torch.Generator().manual_seed(0)
    error = torch.zeros(())
    for _ in range(200):
        features = torch.rand(8, 3, 15, 20, generator=generator)
        row = torch.randint(15, (8,), generator=generator)
        column = torch.randint(20, (8,), generator=generator)
        features[torch.arange(8), 1, row, column] = 4.0
        truth = torch.stack([column + 0.5, row + 0.5], 1)
        error = (finder(features) - truth).abs().mean()
        optimiser.zero_grad()
        error.backward()
        optimiser.step()
    assert error < 0.2


def test_a_memory_and_a_focus_go_together() -> None:
    with pytest.raises(OptionError, match="a memory and a focus go together"):
        DreamConfig(name="x", memory=True)
    with pytest.raises(OptionError, match="sprite needs a memory"):
        DreamConfig(name="x", sprite=8)
