"""Small data and a small model with random weights, made once for all of the dream's tests."""

from pathlib import Path

import numpy as np
import pytest

from gym_mario_suite.datasets.tapes import Tapes, TapeWriter
from gym_mario_suite.dream.presets import preset
from gym_mario_suite.engine.game import Game
from gym_mario_suite.engine.world import Status
from gym_mario_suite.levels import generate


def played(seed: int, ticks: int, difficulty: int = 3) -> tuple[Game, dict[str, int], bytes]:
    """An episode of running and jumping to the right."""
    origin = {"seed": seed, "difficulty": difficulty, "type": seed % 3, "length": 160}
    origin |= {"mode": seed % 3, "time_limit": 200}
    game = Game(generate(seed, difficulty, seed % 3, 160).image, seed % 3)
    rng = np.random.default_rng(seed)
    keys = bytearray(1)
    held = 0
    game.tick(0)
    while game.status == Status.RUNNING and len(keys) < ticks:
        if len(keys) % 6 == 1:
            held = int(rng.choice([2, 10, 18, 26, 0, 1]))
        keys.append(held)
        game.tick(held)
    return game, origin, bytes(keys)


@pytest.fixture(scope="session")
def tapes() -> Tapes:
    writer = TapeWriter()
    for seed in range(12):
        game, origin, keys = played(seed, 400, difficulty=8)
        writer.add(game, origin, keys, "right" if seed % 2 else "also-right")
    tapes = writer.tapes()
    # Else the tests of ends would test nothing.
    assert (tapes.episodes["status"] == Status.DEAD).sum() >= 3
    return tapes


@pytest.fixture(scope="session")
def tiny_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tiny.onnx and tiny.safetensors of random weights."""
    torch = pytest.importorskip("torch")
    from gym_mario_suite.dream.export import export_onnx
    from gym_mario_suite.dream.network import Denoiser
    from gym_mario_suite.dream.weights import save_model

    folder = tmp_path_factory.mktemp("tiny")
    torch.manual_seed(0)
    config = preset("tiny")
    denoiser = Denoiser(config).eval()
    save_model(folder / "tiny.safetensors", denoiser, config, {"done_threshold": 0.9})
    export_onnx(folder / "tiny.onnx", denoiser, config, {"done_threshold": 0.9})
    return folder


@pytest.fixture
def rough_backdrops(monkeypatch: pytest.MonkeyPatch) -> None:
    """Backdrops are found roughly, in a twentieth of the time; test_panorama has them whole."""
    monkeypatch.setattr("gym_mario_suite.dream.panorama._STEPS", 25)
