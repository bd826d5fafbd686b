import json
from dataclasses import replace

import numpy as np
import pytest

from gym_mario_suite.errors import OptionError
from gym_mario_suite.levels.corpus import read_corpus, split_by_level

from .corpora import write_corpus

torch = pytest.importorskip("torch")

from gym_mario_suite import cli  # noqa: E402
from gym_mario_suite.levels.diffusion.generator import TileDiffusion  # noqa: E402
from gym_mario_suite.levels.diffusion.shape import NetworkShape  # noqa: E402
from gym_mario_suite.levels.diffusion.training import (  # noqa: E402
    DiffusionSettings,
    DiffusionTrainer,
)
from gym_mario_suite.levels.generators import generator_named  # noqa: E402
from gym_mario_suite.levels.vae.training import VAESettings, VAETrainer  # noqa: E402

NAMES = {"vae": "vae", "ca": "context-ca"}
TINY = NetworkShape(fine=8, coarse=8, head=8, dilations=(1,))
SETTINGS = DiffusionSettings(steps=8, check_every=2, batch=3, columns=32, infinite=2)


@pytest.fixture(scope="module")
def split(tmp_path_factory):
    return split_by_level(read_corpus(write_corpus(tmp_path_factory.mktemp("corpus"))))


def state_of(trainer) -> dict[str, np.ndarray]:
    return {name: value.numpy().copy() for name, value in trainer.network.state_dict().items()}


def test_a_resumed_run_is_the_run_that_was_never_stopped(split, tmp_path):
    def ignore(*_) -> None: ...

    whole = DiffusionTrainer(split, tmp_path / "whole", SETTINGS, TINY)
    whole.run(ignore, ignore)
    parts = DiffusionTrainer(split, tmp_path / "parts", SETTINGS, TINY)
    parts.run(ignore, ignore, 4)
    resumed = DiffusionTrainer(split, tmp_path / "parts", SETTINGS, TINY)
    assert resumed.resume()
    assert resumed.step == 4
    resumed.run(ignore, ignore)
    assert whole.looks == resumed.looks
    a, b = state_of(whole), state_of(resumed)
    assert all(np.array_equal(a[name], b[name]) for name in a)
    other = DiffusionTrainer(split, tmp_path / "parts", replace(SETTINGS, seed=1), TINY)
    with pytest.raises(OptionError, match="other settings"):
        other.resume()


def test_training_stops_when_held_out_levels_get_no_better(split, tmp_path):
    settings = VAESettings(steps=400, check_every=2, patience=3, learning_rate=0.05)
    trainer = VAETrainer(split, tmp_path, settings)
    trainer.run(lambda *_: None, lambda *_: None)
    assert trainer.exhausted
    assert trainer.step < 400
    best = min(trainer.looks, key=lambda look: look.held_out)
    trainer.network.load_state_dict(trainer.best)
    assert trainer.held_out_loss() == pytest.approx(best.held_out, rel=1e-5)


@pytest.mark.parametrize("kind", ["vae", "ca"])
def test_the_commands_write_weights_and_a_card(kind, tmp_path, capsys):
    corpus = write_corpus(tmp_path / "corpus")
    words = ["levels", "train", kind, "--corpus", str(corpus), "--steps", "4"]
    out = tmp_path / "w.safetensors"
    with pytest.raises(SystemExit) as ended:
        cli.main([*words, "--folder", str(tmp_path / "run"), "--out", str(out)])
    assert not ended.value.code
    card = json.loads(out.with_suffix(".json").read_text())
    assert card["settings"]["steps"] == 4
    assert card["train_levels"]
    assert card["held_out_levels"]
    shipped, trained = (
        generator_named(NAMES[kind] + weights).generate_grid(0, width=28)
        for weights in ("", f":weights={out}")
    )
    assert shipped.digest != trained.digest


@pytest.mark.slow
@pytest.mark.train
def test_the_diffusion_command_trains_a_generator(tmp_path):
    corpus = write_corpus(tmp_path / "corpus")
    out = tmp_path / "w.safetensors"
    words = ["levels", "train", "diffusion", "--corpus", str(corpus), "--steps", "40"]
    with pytest.raises(SystemExit) as ended:
        cli.main([*words, "--folder", str(tmp_path / "run"), "--out", str(out), "--keep", "last"])
    assert not ended.value.code
    assert TileDiffusion(out).generate_grid(0, width=20, iterations=2).codes.shape == (14, 20)
