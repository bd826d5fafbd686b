"""Networks filled again from their ONNX files."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

from gym_mario_suite import cli  # noqa: E402
from gym_mario_suite.datasets.tapes import Tapes  # noqa: E402
from gym_mario_suite.dream import runtime  # noqa: E402
from gym_mario_suite.dream.export import export_onnx  # noqa: E402
from gym_mario_suite.dream.network import Denoiser, example_inputs  # noqa: E402
from gym_mario_suite.dream.onnx_weights import TABLE_KEY, tensor_table  # noqa: E402
from gym_mario_suite.dream.presets import DreamConfig, preset  # noqa: E402
from gym_mario_suite.dream.runtime import open_model  # noqa: E402
from gym_mario_suite.dream.training import CHECKPOINT  # noqa: E402
from gym_mario_suite.dream.weights import (  # noqa: E402
    averages_of,
    load_model,
    load_tensors,
    save_model,
)
from gym_mario_suite.errors import OptionError, WeightsError  # noqa: E402

CARD = {"done_threshold": 0.75, "predictions": 40}
SMALL: dict[str, Any] = {"channels": (16, 24), "blocks": (1, 1, 1), "condition": 32, "fine": 8}
CONFIGS = {
    "tiny": preset("tiny"),
    "ci": preset("ci"),
    # All parts of the models that are shipped, and laws of more than a thousand numbers.
    "xs": preset("xs", **SMALL),
    "diamond": preset("diamond"),
}


def write_both(folder: Path, config: DreamConfig) -> Denoiser:
    """m.onnx and m.safetensors of a model no two tensors of which are alike."""
    torch.manual_seed(3)
    denoiser = Denoiser(config).eval()
    for tensor in denoiser.state_dict().values():
        tensor.copy_(0.1 * torch.randn(tensor.shape))
        if tensor.dtype == torch.bool:  # "found already", which a new model is not
            tensor.fill_(True)
    save_model(folder / "m.safetensors", denoiser, config, CARD)
    export_onnx(folder / "m.onnx", denoiser, config, CARD)
    return denoiser


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    write_both(folder, preset("tiny"))
    return folder


def assert_same_weights(one: Any, other: Any) -> None:
    own, theirs = one.state_dict(), other.state_dict()
    assert own.keys() == theirs.keys()
    for name, tensor in own.items():
        assert tensor.dtype == theirs[name].dtype, name
        assert torch.equal(tensor, theirs[name]), name


@pytest.mark.parametrize("name", CONFIGS)
def test_every_tensor_is_found_again(name: str, tmp_path: Path) -> None:
    written = write_both(tmp_path, CONFIGS[name])
    denoiser, config, card = load_model(tmp_path / "m.onnx")
    assert config == CONFIGS[name]
    assert card == CARD
    assert not denoiser.training
    assert_same_weights(denoiser, load_model(tmp_path / "m.safetensors")[0])
    model = onnx.load(tmp_path / "m.onnx")
    table = json.loads({p.key: p.value for p in model.metadata_props}[TABLE_KEY])
    switches = {n for n, t in written.state_dict().items() if not t.is_floating_point()}
    assert set(table["values"]) == switches
    # Else the test would not see a wrong order of axes.
    names = {part.name for part in model.graph.initializer}
    moved = [n for n in table["stored"] if n not in names and f"{n}_fp16" not in names]
    assert len(moved) > 5


def test_tensors_of_equal_values_are_found_too(tiny_files: Path) -> None:
    # A new model has many tensors of zeros and ones, of which the exporter makes one.
    assert_same_weights(
        load_model(tiny_files / "tiny.onnx")[0], load_model(tiny_files / "tiny.safetensors")[0]
    )


def test_torch_dreams_from_an_onnx_file(folder: Path) -> None:
    runs = open_model(folder / "m.onnx")
    reads = open_model(folder / "m.onnx", "torch")
    halved = open_model(folder / "m.safetensors", "torch")
    assert reads.config == runs.config
    assert reads.card == runs.card == CARD
    inputs = {k: v.numpy() for k, v in example_inputs(runs.config, 3).items()}
    for part, same, exact in zip(
        runs.denoise(inputs), reads.denoise(inputs), halved.denoise(inputs), strict=True
    ):
        assert np.ptp(part) > 0.01
        assert np.abs(part - same).max() < 1e-4
        assert np.array_equal(same, exact)


@pytest.mark.parametrize("shipped", [False, True])
def test_training_starts_from_an_onnx_file(
    shipped: bool, folder: Path, tapes: Tapes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "DATA", folder)
    tapes.save(tmp_path / "tapes.npz")
    command = ["dream", "train", "--data", str(tmp_path / "tapes.npz"), "--model", "tiny"]
    # With a learning rate of 0 the weights stay what they were in the beginning.
    command += ["--out", str(tmp_path / "run"), "--steps", "1", "--batch", "1", "--rate", "0"]
    start = "m" if shipped else str(folder / "m.onnx")
    made = CliRunner().invoke(
        cli.app, [*command, "--start", start], catch_exceptions=False, standalone_mode=False
    )
    assert "step 1 of 1, 41 predictions" in made.output  # those of the file's card count
    assert "finding laws" not in made.output  # the file has them
    begun = load_model(folder / "m.safetensors")[0].state_dict()
    tensors, _ = load_tensors(tmp_path / "run" / CHECKPOINT)
    average, _ = averages_of(tmp_path / "run" / CHECKPOINT)
    for name, tensor in begun.items():
        assert torch.equal(tensors[f"model.{name}"], tensor), name
        assert torch.allclose(average[name], tensor), name


def changed(folder: Path, path: Path, change: Callable[[Any, dict[str, Any]], object]) -> Path:
    """A copy of the file in which something is otherwise: of the graph, or of the table."""
    model = onnx.load(folder / "m.onnx")
    entry = next(p for p in model.metadata_props if p.key == TABLE_KEY)
    table = json.loads(entry.value)
    change(model, table)
    entry.value = json.dumps(table)
    path.write_bytes(model.SerializeToString())
    return path


NAME = "net.stem.weight"


def no_settings(model: Any, table: dict[str, Any]) -> None:
    next(p for p in model.metadata_props if p.key == "dream_config").value = '{"size": 3}'


def not_this_program(model: Any, table: dict[str, Any]) -> None:
    next(p for p in model.metadata_props if p.key == "dream_format").value = "another"


def other_file(model: Any, table: dict[str, Any]) -> None:
    """The weights are said to be in a file beside this one."""
    part = next(p for p in model.graph.initializer if p.name == f"{NAME}_fp16")
    part.data_location = onnx.TensorProto.EXTERNAL
    part.external_data.add(key="location", value="m.safetensors")


def too_few_bytes(model: Any, table: dict[str, Any]) -> None:
    part = next(p for p in model.graph.initializer if p.name == f"{NAME}_fp16")
    part.raw_data = part.raw_data[:-2]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (no_settings, "settings cannot be read: .*'size'"),
        (not_this_program, "no dream model of this program's format"),
        (other_file, f"{NAME} cannot be read: the file does not hold {NAME}"),
        (too_few_bytes, f"{NAME} cannot be read"),
        (lambda _, t: t["stored"].pop(NAME), f"{NAME} is missing"),
        (lambda _, t: t["values"].update(other=[1]), "other is not of this model"),
        (lambda _, t: t["stored"][NAME][1].append(1), f"{NAME} cannot be read: axes"),
        (lambda _, t: t["stored"][NAME][1].append(2), f"{NAME} cannot be read: cannot reshape"),
        (lambda _, t: t["stored"][NAME][2].sort(reverse=True), f"{NAME} must have the shape"),
        (lambda _, t: t["stored"].update({NAME: 3}), f"{NAME} cannot be read"),
        (lambda _, t: t["values"].update({NAME: "os"}), f"{NAME} cannot be read"),
        (lambda _, t: t["values"].update({NAME: [float("nan")]}), f"{NAME} must have the shape"),
        (lambda _, t: t.pop("stored"), "the table of weights cannot be read"),
    ],
)
def test_what_does_not_fit_is_refused(
    change: Callable[[Any, dict[str, Any]], object], fault: str, folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(WeightsError, match=rf"odd\.onnx: .*{fault}"):
        load_model(changed(folder, tmp_path / "odd.onnx", change))


def test_files_without_a_table_or_a_model_are_refused(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "odd.onnx"
    with pytest.raises(WeightsError, match=r"there is no model file .*odd\.onnx"):
        load_model(path)
    data = (folder / "m.onnx").read_bytes()
    for wrong in (data[: len(data) // 2], b"no model at all"):
        path.write_bytes(wrong)
        with pytest.raises(WeightsError, match=r"odd\.onnx: the model cannot be read"):
            load_model(path)
    model = onnx.load_from_string(data)
    del model.metadata_props[[p.key for p in model.metadata_props].index(TABLE_KEY)]
    path.write_bytes(model.SerializeToString())
    with pytest.raises(WeightsError, match=r"odd\.onnx: .*`mario dream export` from its check"):
        open_model(path, "torch")
    open_model(path)  # runs as before


def test_without_onnx_the_extra_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(OptionError, match=r"gym-mario-suite\[dream-train\]"):
        load_model(folder / "m.onnx")


def test_the_table_goes_by_values() -> None:
    matrix = np.arange(6, dtype=np.float32).reshape(2, 3)
    kernel = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    zeros = np.zeros(4, np.float32)
    graph = {
        "one": matrix.T.copy(),
        "two": kernel.transpose(1, 2, 0).reshape(12, 2),
        "zeros": zeros.reshape(4, 1, 1),
        "net.matrix": matrix + 1,  # its name says nothing
        "number": np.array(1, np.int64),
    }
    net = {"net.matrix": matrix, "net.kernel": kernel, "net.a": zeros, "net.b": zeros}
    table = tensor_table({**net, "net.on": np.array(True)}, graph)
    assert table["values"] == {"net.on": True}
    assert {name: place[0] for name, place in table["stored"].items()} == {
        "net.matrix": "one",
        "net.kernel": "two",
        "net.a": "zeros",
        "net.b": "zeros",
    }
    for name, (key, shape, axes) in json.loads(json.dumps(table))["stored"].items():
        assert np.array_equal(graph[key].reshape(shape).transpose(axes), net[name])
    with pytest.raises(OptionError, match=r"cannot export: net\.large is not in the ONNX graph"):
        tensor_table({"net.large": np.ones((50, 50), np.float32)}, graph)
