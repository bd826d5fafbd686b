"""What tiles are there where laws lead."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from gym_mario_suite.datasets.tapes import Tapes  # noqa: E402
from gym_mario_suite.dream.body import Body  # noqa: E402
from gym_mario_suite.dream.facts import FACT, memory_of  # noqa: E402
from gym_mario_suite.dream.ground import Ground, TileKinds  # noqa: E402
from gym_mario_suite.dream.memory import MEMORY, MEMORY_SIZE  # noqa: E402
from gym_mario_suite.dream.presets import CONTEXT, DreamConfig, preset  # noqa: E402
from gym_mario_suite.dream.train_options import TrainOptions  # noqa: E402
from gym_mario_suite.dream.training import Trainer  # noqa: E402
from gym_mario_suite.dream.windows import TapeWindows  # noqa: E402
from gym_mario_suite.errors import OptionError  # noqa: E402

PLACED = MEMORY.index("placed")


def test_tiles_are_seen_whole_wherever_the_camera_stands(tapes: Tapes) -> None:
    config = preset("xs")
    pieces = TapeWindows(tapes, config.height_px, config.width_px).batch(3, 0, 32, CONTEXT)
    memory = torch.from_numpy(memory_of(pieces.facts[:, -1]))
    body = Body(config)
    assert body.tiles is not None
    last = torch.from_numpy(pieces.scenery[:, -1]).movedim(-1, 1).float()
    seen = body.tiles.seen(last, memory, body.where(memory, torch.zeros(32, 2)))
    assert seen.shape == (32, 4, 7 * 8, 5 * 8)
    compared = 0
    for row, facts in enumerate(pieces.facts[:, -1]):
        x, y = int(facts[FACT["x"]] // 16), int(facts[FACT["y"]] // 16)
        left = 8 * (x - 2) - int(facts[FACT["camera"]]) // 2
        top = 8 * (y - 4)
        if 0 <= left <= 120 and 0 <= top <= 64:
            expected = last[row, :, top : top + 56, left : left + 40]
            assert torch.equal(seen[row, :3], expected)
            assert seen[row, 3].all()
            compared += 1
    assert compared > 10


def test_without_a_place_nothing_is_known_of_tiles() -> None:
    kinds = TileKinds(preset("xs"))
    memory = torch.rand(2, MEMORY_SIZE)
    memory[:, PLACED] = torch.tensor([0.0, 1.0])
    found = kinds(torch.rand(2, 4, 56, 40), memory)
    assert found.shape == (2, 35, 8)
    assert not found[0].any()
    assert found[1].any()


def test_a_law_that_leads_into_a_tile_can_be_told_from_one_that_does_not() -> None:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    ground = Ground(count=2, numbers=1, state=3)
    optimiser = torch.optim.Adam(ground.parameters(), lr=3e-3)
    right = 0.0
    for step in range(400):
        kinds = torch.zeros(256, 35, 8)
        solid = torch.from_numpy(rng.random((256, 35)) < 0.5)
        kinds[..., 0] = solid.float()
        feet = torch.from_numpy(rng.uniform(0, 16, (256, 1, 2))).float().expand(-1, 2, -1).clone()
        feet[:, 1, 0] += 9  # the first law stays, the second goes 9 px to the right
        # Mario goes unless that would take him, who is 4 px broad to either side, into a tile.
        column = ((feet[:, 1, 0] + 4) // 16).long()
        blocked = solid[torch.arange(256), 4 * 5 + 2 + column]
        logits = ground(kinds, feet, torch.zeros(256, 2, 1), torch.zeros(256, 3))
        loss = torch.nn.functional.cross_entropy(logits, (~blocked).long())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step >= 380:
            right += float((logits.argmax(1) == (~blocked).long()).float().mean()) / 20
    assert right > 0.97


def test_ground_needs_laws_and_tiles_of_whole_pixels() -> None:
    assert preset("xs").tile_shape == (8, 8)
    assert preset("tiny").tile_shape is None
    with pytest.raises(OptionError, match="ground needs laws"):
        preset("xs", laws=0)
    with pytest.raises(OptionError, match="multiple of 20x15"):
        preset("tiny", ground=True)
    assert DreamConfig.from_dict(preset("xs").to_dict()).ground


@pytest.mark.usefixtures("rough_backdrops")
def test_a_model_that_asks_what_is_where_laws_lead_can_be_trained(tapes: Tapes) -> None:
    config = preset("xs", channels=(16, 24), blocks=(1, 1, 1), condition=32, laws=4)
    source = TapeWindows(tapes, config.height_px, config.width_px)
    options = TrainOptions(stage="motion", steps=2, batch=4, law_moments=256, backdrop_moments=8)
    trainer = Trainer(config, options, source)
    assert [progress.step for progress in trainer.run()] == [1, 2]
    laws = trainer.averaged().net.body.laws  # type: ignore[union-attr]
    assert laws.fitted  # type: ignore[union-attr]
    assert laws.across.any()  # type: ignore[union-attr]
