"""Backdrops as pictures that go round."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from gym_mario_suite.datasets.tapes import Tapes  # noqa: E402
from gym_mario_suite.dream import panorama as module  # noqa: E402
from gym_mario_suite.dream.copies import choices, choose, expected_error  # noqa: E402
from gym_mario_suite.dream.findings import backdrop_moments, missing  # noqa: E402
from gym_mario_suite.dream.memory import CAMERA, CAMERA_PERIOD, MEMORY_SIZE, THEME  # noqa: E402
from gym_mario_suite.dream.network import Denoiser, example_inputs  # noqa: E402
from gym_mario_suite.dream.panorama import Panorama  # noqa: E402
from gym_mario_suite.dream.presets import DreamConfig, preset  # noqa: E402
from gym_mario_suite.dream.train_options import TrainOptions  # noqa: E402
from gym_mario_suite.dream.training import Trainer  # noqa: E402
from gym_mario_suite.dream.windows import TapeWindows  # noqa: E402
from gym_mario_suite.engine.draw import Renderer  # noqa: E402
from gym_mario_suite.engine.game import Game  # noqa: E402
from gym_mario_suite.errors import OptionError  # noqa: E402
from gym_mario_suite.levels import Level  # noqa: E402

CONFIG = preset("xs", channels=(16, 24), blocks=(1, 1, 1), condition=32, laws=4)


def _memory(camera: int, theme: int):
    memory = torch.zeros(1, MEMORY_SIZE)
    memory[0, CAMERA], memory[0, THEME] = camera, theme
    return memory


def _random_panorama() -> Panorama:
    torch.manual_seed(0)
    panorama = Panorama(CONFIG)
    panorama.far.copy_(torch.rand_like(panorama.far) * 2 - 1)
    panorama.near.copy_(torch.rand_like(panorama.near) * 2 - 1)
    panorama.near[:, 3].copy_((torch.rand_like(panorama.near[:, 3]) < 0.5).float())
    return panorama


def test_a_panorama_goes_round_with_the_camera() -> None:
    panorama, still = _random_panorama(), torch.zeros(1)
    here = panorama(_memory(40, 1), still)
    assert here.shape == (1, 3, 120, 160)
    assert torch.equal(panorama(_memory(37, 1), torch.full((1,), 3.0)), here)
    assert torch.equal(panorama(_memory(40 + CAMERA_PERIOD, 1), still), here)
    assert not torch.equal(panorama(_memory(43, 1), still), here)
    assert not torch.equal(panorama(_memory(40, 2), still), here)


def test_a_backdrop_of_the_engine_is_found_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_STEPS", 250)
    monkeypatch.setattr(module, "_BATCH", 12)
    level = Level(np.zeros((360, 15), np.uint8), [], 350)
    game, renderer = Game(level.image), Renderer()
    lefts = np.arange(0, 5300, 8)
    sceneries = []
    for left in lefts:
        game.worlds[0]["players"][0]["body"]["x"] = left + 160
        sceneries.append(renderer.scenery_half(game.image, game.worlds, 0, 1))
    seen = torch.from_numpy(np.stack(sceneries)).movedim(-1, 1)
    cameras = torch.from_numpy(lefts // 2 % CAMERA_PERIOD).float()
    themes = torch.ones(len(lefts), dtype=torch.long)
    panorama = Panorama(CONFIG)
    # Every other frame is looked at; the rest follows.
    panorama.fit(seen[::2], cameras[::2], themes[::2], 0)
    memory = torch.zeros(len(lefts), MEMORY_SIZE)
    memory[:, CAMERA], memory[:, THEME] = cameras, 1
    made = panorama(memory[1::2], torch.zeros(len(lefts) // 2))
    apart = ((made + 1) * 127.5 - seen[1::2]).abs().amax(1)
    assert (apart <= 4).float().mean() > 0.9


def test_pictures_are_found_behind_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_STEPS", 150)
    monkeypatch.setattr(module, "_BATCH", 12)
    true = Panorama(CONFIG)
    torch.manual_seed(1)
    blocks = torch.rand(3, 3, 30, 80).repeat_interleave(4, 2).repeat_interleave(4, 3) * 2 - 1
    true.far.copy_(blocks)
    opaque = (torch.rand(3, 1, 30, 80) < 0.3).float()
    near = torch.cat([torch.rand(3, 3, 30, 80) * 2 - 1, opaque], 1)
    true.near.copy_(near.repeat_interleave(4, 2).repeat_interleave(4, 3))
    cameras = torch.randint(0, CAMERA_PERIOD, (120,)).float()
    themes = torch.zeros(120, dtype=torch.long)
    memory = torch.zeros(120, MEMORY_SIZE)
    memory[:, CAMERA] = cameras
    seen = true(memory, torch.zeros(120))
    hidden = torch.rand(120, 1, 15, 20).repeat_interleave(8, 2).repeat_interleave(8, 3) < 0.2
    seen = torch.where(hidden, torch.rand(120, 3, 1, 1) * 2 - 1, seen)
    sceneries = ((seen + 1) * 127.5).round().byte()
    found = Panorama(CONFIG)
    found.fit(sceneries, cameras, themes, 0)
    assert found.fitted
    apart = (found(memory, torch.zeros(120)) - true(memory, torch.zeros(120))).abs()
    # All but single pixels are right, hidden ones as well.
    assert apart.median() < 0.02
    assert (apart < 0.1).float().mean() > 0.9


def test_what_the_panorama_shows_may_be_chosen() -> None:
    torch.manual_seed(0)
    painted, last, backdrop = (torch.rand(1, 3, 120, 160) for _ in range(3))
    logits = torch.zeros(1, choices(CONFIG), 60, 80)
    logits[:, -2, :30] = 9.0
    logits[:, -1, 30:] = 9.0
    made = choose(painted, logits, last, CONFIG, backdrop)
    assert torch.equal(made[:, :, :60], backdrop[:, :, :60])
    assert torch.equal(made[:, :, 60:], painted[:, :, 60:])
    one = torch.ones(1, 1, 1, 1)
    logits[:, -2] = 30.0
    error = expected_error(painted, logits, last, backdrop, one, CONFIG, backdrop, 0.0, 0.0, 0.0)
    assert error < 1e-6


def test_where_the_camera_is_not_known_the_scenery_stands_for_it() -> None:
    torch.manual_seed(0)
    model = Denoiser(CONFIG).eval()
    inputs = example_inputs(CONFIG, 1)
    inputs["memory"][:] = 0
    with torch.no_grad():
        parts = model.parts(**inputs)
    assert parts.backdrop is not None
    assert torch.allclose(parts.backdrop, inputs["scenery"], atol=1e-6)


def test_a_training_begins_with_finding_backdrops(
    tapes: Tapes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_STEPS", 3)
    source = TapeWindows(tapes, 120, 160)
    options = TrainOptions(stage="motion", steps=1, batch=2, law_moments=64, backdrop_moments=64)
    trainer = Trainer(CONFIG, options, source)
    assert missing(trainer.model)
    found = trainer.find()
    assert not missing(trainer.model)
    told = [line.split(":")[0] for line in found.lines()]
    assert told == ["laws of motion", "laws of creatures", "laws of the herd", "backdrops"]
    assert trainer.find().lines() == []
    average = trainer.averaged().net.panorama  # type: ignore[union-attr]
    assert average.fitted  # type: ignore[union-attr]
    assert average.far.any()  # type: ignore[union-attr]
    moments = backdrop_moments(source, 0, 64)
    assert moments is not None
    assert [len(part) for part in moments] == [64] * 3


def test_a_panorama_needs_a_memory_and_whole_pixels() -> None:
    with pytest.raises(OptionError, match="160x120"):
        preset("tiny", panorama=True)
    with pytest.raises(OptionError, match="panorama needs a memory"):
        DreamConfig(name="x", panorama=True)
