import json
from dataclasses import replace

import numpy as np
import pytest

from gym_mario_suite.errors import OptionError, WeightsError
from gym_mario_suite.levels.corpus import (
    CorpusLevel,
    Domain,
    Split,
    read_corpus,
    split_by_level,
)

from .corpora import made_up_level, write_corpus

torch = pytest.importorskip("torch")

from gym_mario_suite import cli  # noqa: E402
from gym_mario_suite.levels.diffusion.generator import TileDiffusion  # noqa: E402
from gym_mario_suite.levels.diffusion.shape import NetworkShape  # noqa: E402
from gym_mario_suite.levels.diffusion.training import (  # noqa: E402
    DiffusionSettings,
    DiffusionTrainer,
)
from gym_mario_suite.levels.generators import generator_named  # noqa: E402
from gym_mario_suite.levels.trainer import CHECKPOINT  # noqa: E402
from gym_mario_suite.levels.vae.training import (  # noqa: E402
    CategoricalVAENetwork,
    VAESettings,
    VAETrainer,
)

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
    parts.run(ignore, ignore, SETTINGS.check_every + 1)  # to the second look
    resumed = DiffusionTrainer(split, tmp_path / "parts", SETTINGS, TINY)
    assert resumed.resume()
    assert resumed.step == 2 * SETTINGS.check_every
    resumed.run(ignore, ignore)
    assert whole.looks == resumed.looks
    a, b = state_of(whole), state_of(resumed)
    assert all(np.array_equal(a[name], b[name]) for name in a)
    other = DiffusionTrainer(split, tmp_path / "parts", replace(SETTINGS, seed=1), TINY)
    with pytest.raises(OptionError, match=r"made with other settings \(seed 0, now 1\); choose"):
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


DAMAGE = {
    "empty": b"",
    "no archive": b"something else",
    "half": None,
    "foreign": {"model": torch.zeros(3)},
    "a tensor": torch.zeros(3),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_checkpoint_is_told_by_its_name(damage, split, tmp_path):
    trainer = VAETrainer(split, tmp_path, VAESettings(steps=2, check_every=1))
    trainer.save()
    file = tmp_path / CHECKPOINT
    content = DAMAGE[damage]
    if content is None:
        file.write_bytes(file.read_bytes()[:-2000])
    elif isinstance(content, bytes):
        file.write_bytes(content)
    else:
        torch.save(content, file)
    with pytest.raises(WeightsError, match=r"checkpoint\.pt is damaged, .* delete it to begin"):
        trainer.resume()


def test_a_checkpoint_of_other_sizes_is_told_by_its_name(split, tmp_path):
    trainer = VAETrainer(split, tmp_path, VAESettings(steps=2, check_every=1))
    trainer.network = CategoricalVAENetwork(3)
    trainer.save()
    with pytest.raises(WeightsError, match="is damaged"):
        VAETrainer(split, tmp_path, VAESettings(steps=2, check_every=1)).resume()


def test_a_full_disk_leaves_the_checkpoint_that_was_there(split, tmp_path, monkeypatch):
    trainer = VAETrainer(split, tmp_path, VAESettings(steps=2, check_every=1))
    trainer.save()

    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", refuse)
    with pytest.raises(OptionError, match="No space left"):
        trainer.save()
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT]
    assert trainer.resume()


def run(*words) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main(["levels", "train", *map(str, words)])
    return int(ended.value.code or 0)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("vae --steps 0", "steps must be a whole number from 1"),
        ("diffusion --steps -3", "steps must be a whole number from 1"),
        ("vae --patience 0", "patience must be a whole number from 1"),
        ("diffusion --stop-at -1", "--stop-at must be a whole number from 1"),
        ("diffusion --stop-at 0", "--stop-at must be a whole number from 1"),
        ("ca --threads 0", "threads must be a whole number from 1"),
        ("ca --seed -1", "seed must be a whole number from 0"),
        ("vae --latent 0", "--latent must be a whole number from 1"),
        ("ca --out w.json", "--out must end in .safetensors"),
        ("vae --out absent/w.safetensors", "cannot write absent/w.safetensors"),
    ],
)
def test_what_cannot_be_trained_is_told_before_the_work(words, told, tmp_path, capsys):
    # There is no such corpus, which would be told of next.
    assert run(*words.split(), "--corpus", tmp_path / "none", "--folder", tmp_path / "run") == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert told in said


@pytest.mark.parametrize(
    ("kind", "names", "width", "needed"),
    [
        ("vae", ("sml", "sml"), 70, "to train on: levels of Super Mario Bros. with more than 14"),
        ("vae", ("smb", "sml"), 70, "to hold out: levels of Super Mario Bros. with more than 14"),
        ("vae", ("smb", "smb"), 14, "to train on: levels of Super Mario Bros. with more than 14"),
        ("ca", ("smb", "sml"), 70, "to hold out: levels of Super Mario Bros. or its sequel"),
        ("diffusion", ("smb", "smb"), 47, "to train on: levels of 48 columns or more"),
    ],
)
def test_a_corpus_that_a_training_cannot_use(
    kind, names, width, needed, tmp_path, monkeypatch, capsys
):
    sides = [
        (CorpusLevel(name, Domain[name.upper()], made_up_level(i, width)),)
        for i, name in enumerate(names)
    ]
    monkeypatch.setattr("gym_mario_suite.levels.train_command._split_of", lambda _: Split(*sides))
    assert run(kind, "--corpus", tmp_path, "--folder", tmp_path / "run") == 2
    assert needed in capsys.readouterr().err


def test_the_card_tells_all_options_that_matter(tmp_path, monkeypatch):
    # Told, not used: beside other tests, two threads of torch spend most of their time waiting.
    monkeypatch.setattr(torch, "set_num_threads", lambda threads: None)
    corpus = write_corpus(tmp_path / "my corpus")
    words = ["vae", "--corpus", corpus, "--steps", 4, "--latent", 3, "--threads", 2]
    assert run(*words, "--keep", "last", "--folder", tmp_path / "run") == 0
    card = json.loads((tmp_path / "run" / "categorical_vae.json").read_text())
    assert card["command"] == (
        "mario levels train vae --corpus 'my corpus' --steps 4 --latent 3 --threads 2 --keep last"
    )


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
