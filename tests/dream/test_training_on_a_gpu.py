"""The dream on a pretended GPU: no devices are mixed, and what is learned is that of the CPU."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from gym_mario_suite.datasets.tapes import Tapes  # noqa: E402
from gym_mario_suite.dream.findings import Findings  # noqa: E402
from gym_mario_suite.dream.network import example_inputs  # noqa: E402
from gym_mario_suite.dream.presets import DreamConfig, UpsamplerConfig, preset  # noqa: E402
from gym_mario_suite.dream.runtime import TorchModel  # noqa: E402
from gym_mario_suite.dream.train_options import TrainOptions  # noqa: E402
from gym_mario_suite.dream.training import Trainer  # noqa: E402
from gym_mario_suite.dream.training_log import MemoryModel, dream_strip  # noqa: E402
from gym_mario_suite.dream.upsampling import train_upsampler  # noqa: E402
from gym_mario_suite.dream.windows import TapeWindows  # noqa: E402
from tests.pretended_gpu import PretendedGPU, pretended_gpu  # noqa: E402

TINY = preset("tiny")
# With a herd, which needs tiles of whole pixels.
SMALL = preset("xs", channels=(16, 24), blocks=(1, 1, 1), condition=16, laws=4, fine=8)


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch, rough_backdrops: None) -> Iterator[PretendedGPU]:
    torch.set_num_threads(1)
    with pretended_gpu(monkeypatch) as mode:
        yield mode


def same_weights(one: Any, other: Any) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(mine.cpu(), theirs.cpu()) for mine, theirs in pairs)


@pytest.mark.parametrize(
    ("config", "stage", "precision"),
    [
        (TINY, "motion", "fp32"),
        (TINY, "rollout", "fp32"),
        (TINY, "contact", "fp32"),
        (SMALL, "herd", "fp32"),
        (SMALL, "denoise", "bf16"),
    ],
)
def test_a_training_is_that_of_the_cpu(
    gpu: PretendedGPU,
    tapes: Tapes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    config: DreamConfig,
    stage: str,
    precision: str,
) -> None:
    if stage not in ("motion", "herd"):  # where it is tried that all is found
        monkeypatch.setattr("gym_mario_suite.dream.training.find", lambda *_: Findings())
    source = TapeWindows(tapes, config.height_px, config.width_px)
    options = TrainOptions(
        stage=stage, precision=precision, steps=2, batch=2, law_moments=100, backdrop_moments=64
    )
    expected, trainer = (Trainer(config, options, source, device) for device in ("cpu", "cuda"))
    for one in (expected, trainer):
        list(one.run())
    assert all(t.is_cuda for t in (*trainer.model.state_dict().values(), *trainer.average.values()))
    assert same_weights(trainer.model, expected.model)
    assert trainer.progress.loss == expected.progress.loss
    trainer.save(tmp_path)
    for device in ("cpu", "cuda"):
        on = Trainer(config, replace(options, steps=3), source, device)
        on.start_from(tmp_path)
        on = Trainer(config, options, source, device)
        assert on.load(tmp_path)
        assert {t.device.type for t in on.average.values()} == {device}
        on._step(*on._batch(2))
    strip = dream_strip(MemoryModel(config, trainer.averaged()), source, 0)
    assert strip.dtype == np.uint8


def test_a_gpu_is_not_waited_for_in_every_step_to_tell_the_loss(
    gpu: PretendedGPU, tapes: Tapes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gym_mario_suite.dream.training.find", lambda *_: Findings())
    monkeypatch.setattr("gym_mario_suite.dream.training._STEPS_BETWEEN_LOSSES", 3)
    source = TapeWindows(tapes, TINY.height_px, TINY.width_px)
    trainer = Trainer(TINY, TrainOptions(stage="motion", steps=5, batch=2), source, "cuda")
    told = [progress.loss for progress in trainer.run()]
    assert np.isfinite(told).all()
    assert [before != after for before, after in pairwise(told)] == [False, True, False, True]


def test_an_upsampler_is_trained_there_and_used_on_the_cpu(
    gpu: PretendedGPU, tapes: Tapes, tmp_path: Path
) -> None:
    config = UpsamplerConfig(
        channels=(8,) * 4, depths=(1,) * 4, attention=(False,) * 4, condition=16
    )
    source = TapeWindows(tapes, 240, 320)
    expected = train_upsampler(config, source, 2, 1)
    for steps in (1, 2):
        trained = train_upsampler(config, source, steps, 1, device="cuda", folder=tmp_path)
    assert not any(p.is_cuda for p in trained.parameters())
    assert same_weights(trained, expected)


def test_a_model_dreams_there_what_it_dreams_on_the_cpu(
    gpu: PretendedGPU, tiny_files: Path
) -> None:
    path = tiny_files / "tiny.safetensors"
    there, here = (TorchModel(path, 1, device) for device in ("cuda", "cpu"))
    inputs = {name: value.numpy() for name, value in example_inputs(there.config, 3).items()}
    for mine, theirs in zip(there.denoise(inputs), here.denoise(inputs), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-5)
