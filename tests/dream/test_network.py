import os
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from gym_mario_suite.datasets.tapes import Tapes  # noqa: E402
from gym_mario_suite.dream.diamond import Upsampler  # noqa: E402
from gym_mario_suite.dream.export import export_onnx  # noqa: E402
from gym_mario_suite.dream.losses import (  # noqa: E402
    NoiseOptions,
    denoising_loss,
    rollout_loss,
    to_batch,
)
from gym_mario_suite.dream.memory import CLOCK, MEMORY, NEAR  # noqa: E402
from gym_mario_suite.dream.network import (  # noqa: E402
    Denoiser,
    UnshuffleNet,
    count_parameters,
    example_inputs,
)
from gym_mario_suite.dream.presets import (  # noqa: E402
    HEAD_SIZE,
    PRESETS,
    DreamConfig,
    UpsamplerConfig,
    preset,
)
from gym_mario_suite.dream.runtime import OnnxModel, TorchModel  # noqa: E402
from gym_mario_suite.dream.weights import load_model, save_model  # noqa: E402
from gym_mario_suite.dream.windows import TapeWindows  # noqa: E402
from gym_mario_suite.errors import OptionError, WeightsError  # noqa: E402
from tests.processes import run_python  # noqa: E402


@pytest.mark.parametrize("name", ["tiny", "diamond"])
@pytest.mark.parametrize("stage", [denoising_loss, rollout_loss])
def test_gradients_reach_every_weight(name: str, stage: object, tapes: Tapes) -> None:
    config = preset(name)
    torch.manual_seed(0)
    model = Denoiser(config)
    if name == "diamond":
        # Zero at first, as there, so that blocks begin as identities.
        for part in model.modules():
            if isinstance(part, torch.nn.Conv2d):
                torch.nn.init.normal_(part.weight, std=0.05)
    windows = TapeWindows(tapes, config.height_px, config.width_px, end_share=0.5)
    batches = (to_batch(windows.batch(0, number, 4, 5)) for number in range(50))
    # Those who remember have a creature near them.
    batch = next(b for b in batches if (b.memory[2:, -2:, NEAR] > 0).all())
    # One who does not remember has to look for Mario.
    batch.memory[:2] = 0
    generator = torch.Generator().manual_seed(0)
    loss, head = stage(model.parts, config, batch, NoiseOptions(), generator, hint_share=1.0)  # type: ignore[operator]
    (loss + sum(head.values())).backward()
    dead = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    # The finder's shares are a softmax over all patches, to which a bias is nothing (but rounding).
    assert set(dead) <= {"net.finder.likely.bias"}


def test_presets_are_the_measured_layouts() -> None:
    # Beside the layouts that were measured: multi-hot buttons, a second noise level, another head.
    added = -448 + 192 + 2048
    for name, measured in (("ci", 2_854_228), ("s", 5_300_484)):
        with torch.device("meta"):
            bare = {"shifts": 0, "fine": 0, "focus": 0, "sprite": 0, "edge": 0, "laws": 0}
            bare |= {
                "ground": False,
                "memory": False,
                "level_hint": False,
                "panorama": False,
                "herd": False,
            }
            net = UnshuffleNet(preset(name, **bare))
        deep = preset(name).channels[1]
        measured_head = 64 * (deep + 1) + 4 * 65
        own = count_parameters(net) - count_parameters(net.head)
        assert own == measured - measured_head + added
    with torch.device("meta"):
        diamond = Denoiser(preset("diamond"))
        upsampler = Upsampler(UpsamplerConfig())
        whole = Denoiser(preset("xs"))
    # With all its parts a tenth smaller than the layout that was measured for its speed.
    assert count_parameters(whole) == pytest.approx(0.9 * 5_300_484, rel=0.02)
    own = count_parameters(diamond) - count_parameters(diamond.net.head)  # type: ignore[arg-type]
    assert own - 6 * 64 + 7 * 64 == 4_406_147
    assert count_parameters(upsampler) == 51_149_187


def test_the_upsampler_makes_four_times_the_size() -> None:
    small = UpsamplerConfig(channels=(8, 8), depths=(1, 1), attention=(False, True), condition=16)
    net = Upsampler(small)
    frames = net(
        torch.zeros(1, 3, 48, 64),
        torch.zeros(1, 3, 12, 16),
        torch.zeros(1, 3, 48, 64),
        torch.zeros(1, 2),
    )
    assert frames.shape == (1, 3, 48, 64)


@pytest.mark.parametrize("name", ["tiny", "xs"])
def test_what_is_not_hinted_at_does_not_count(name: str) -> None:
    torch.manual_seed(0)
    model = Denoiser(preset(name)).eval()
    inputs = example_inputs(model.config, 2)
    inputs["place"] = torch.tensor([[0.0, 0.0], [0.5, 1.0]])
    other = {**inputs, "tiles": (inputs["tiles"] + 1) % 16}
    with torch.no_grad():
        a, b = model(**inputs)[0], model(**other)[0]
    assert torch.equal(a[0], b[0])
    assert not torch.equal(a[1], b[1])


def test_a_clock_counts_where_it_is_known() -> None:
    torch.manual_seed(0)
    model = Denoiser(preset("tiny")).eval()
    inputs = example_inputs(model.config, 2)
    inputs["memory"][:, MEMORY.index("placed")] = torch.tensor([0.0, 1.0])
    inputs["memory"][:, CLOCK] = 5.0
    later = {**inputs, "memory": inputs["memory"].clone()}
    later["memory"][:, CLOCK] = 9.0
    with torch.no_grad():
        a, b = model.parts(**inputs).painted, model.parts(**later).painted
    assert torch.equal(a[0], b[0])
    assert not torch.equal(a[1], b[1])


def test_onnx_equals_torch(tiny_files: Path) -> None:
    onnx, torch_model = (
        OnnxModel(tiny_files / "tiny.onnx"),
        TorchModel(tiny_files / "tiny.safetensors"),
    )
    assert onnx.config == torch_model.config
    inputs = {k: v.numpy() for k, v in example_inputs(onnx.config, 5).items()}
    made, other = onnx.denoise(inputs), torch_model.denoise(inputs)
    assert made.frames.shape == made.scenery.shape == (5, 3, 60, 64)
    assert made.heads.shape == (5, HEAD_SIZE)
    for part, same in zip(made, other, strict=True):
        assert np.abs(part - same).max() < 1e-4


def test_rows_do_not_depend_on_each_other_nor_on_threads(tiny_files: Path) -> None:
    one, many = OnnxModel(tiny_files / "tiny.onnx"), OnnxModel(tiny_files / "tiny.onnx", threads=3)
    inputs = {k: v.numpy() for k, v in example_inputs(one.config, 8).items()}
    together = one.denoise(inputs)
    threaded = many.denoise(inputs)
    for row in range(8):
        alone = one.denoise({k: v[row : row + 1] for k, v in inputs.items()})
        for a, b, c in zip(alone, together, threaded, strict=True):
            assert a[0].tobytes() == b[row].tobytes() == c[row].tobytes()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_process_dreams_on_several_threads_too(tiny_files: Path, tmp_path: Path) -> None:
    program = (
        "import multiprocessing, sys\n"
        "import numpy as np\n"
        "from gym_mario_suite.dream.runtime import open_model\n"
        "model = open_model(sys.argv[1], threads=2)\n"
        "inputs = np.load(sys.argv[2])\n"
        "def dream():\n"
        "    print(float(model.denoise(dict(inputs)).frames.sum()), flush=True)\n"
        "dream()\n"
        "forked = multiprocessing.get_context('fork').Process(target=dream, daemon=True)\n"
        "forked.start(), forked.join(60)\n"
        "print(forked.exitcode)"
    )
    model = tiny_files / "tiny.onnx"
    inputs = tmp_path / "inputs.npz"
    np.savez(
        inputs, **{k: v.numpy() for k, v in example_inputs(OnnxModel(model).config, 4).items()}
    )
    here, forked, code = run_python(program, str(model), str(inputs)).stdout.split()
    assert (forked, code) == (here, "0")


def test_weights_are_stored_as_halves(tiny_files: Path) -> None:
    config = preset("tiny")
    parameters = count_parameters(Denoiser(config))
    assert (tiny_files / "tiny.safetensors").stat().st_size < 2.6 * parameters
    assert (tiny_files / "tiny.onnx").stat().st_size < 2 * parameters + 480_000  # the graph itself


def test_laws_are_stored_to_the_bit(tmp_path: Path) -> None:
    """As halves each tick would be wrong by a little, and dreams would leave the game's course."""
    onnx = pytest.importorskip("onnx")
    config = preset("tiny", laws=48)  # more numbers than are stored in full because they are few
    denoiser = Denoiser(config).eval()
    buffers = dict(denoiser.named_buffers())
    laws = ["net.body.laws.across", "net.body.laws.upright"]
    for name in laws:
        assert buffers[name].numel() > 1024
        buffers[name].copy_(torch.rand(buffers[name].shape))
    save_model(tmp_path / "m.safetensors", denoiser, config, {})
    again, _, _ = load_model(tmp_path / "m.safetensors")
    export_onnx(tmp_path / "m.onnx", denoiser, config, {})
    stored = {t.name: t for t in onnx.load(tmp_path / "m.onnx").graph.initializer}
    for name in laws:
        assert torch.equal(dict(again.named_buffers())[name], buffers[name])
        found = onnx.numpy_helper.to_array(stored[name])
        assert np.array_equal(found, buffers[name].numpy())


def test_what_is_no_model_is_refused(tiny_files: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="there is no model file"):
        OnnxModel(tmp_path / "missing.onnx")
    for name in ("tiny.onnx", "tiny.safetensors"):
        data = (tiny_files / name).read_bytes()
        (tmp_path / name).write_bytes(data[: len(data) // 2])
    with pytest.raises(WeightsError, match=r"tiny\.onnx: the model cannot be read"):
        OnnxModel(tmp_path / "tiny.onnx")
    with pytest.raises(WeightsError, match=r"tiny\.safetensors: the weights cannot be read"):
        TorchModel(tmp_path / "tiny.safetensors")


def test_no_pickle_is_read(tmp_path: Path) -> None:
    torch.save({"weights": torch.zeros(3)}, tmp_path / "model.safetensors")
    with pytest.raises(WeightsError, match="cannot be read"):
        TorchModel(tmp_path / "model.safetensors")
    source = Path(__file__).parents[2] / "gym_mario_suite" / "dream"
    for file in source.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        for forbidden in ("torch.load(", "import pickle", "allow_pickle=True"):
            assert forbidden not in text, f"{file.name}: {forbidden}"


def test_weights_of_another_shape_are_refused(tmp_path: Path) -> None:
    from gym_mario_suite.dream.weights import load_model, save_tensors

    config = preset("tiny")
    state = dict(Denoiser(config).state_dict())
    metadata = {"config": config.to_dict()}
    name = "net.stem.weight"
    for change, fault in (
        ({name: torch.zeros(3)}, rf"{name} must have the shape"),
        ({name: torch.full_like(state[name], float("nan"))}, rf"{name} holds numbers"),
        ({"other": torch.zeros(3)}, "other is not of this model"),
    ):
        save_tensors(tmp_path / "m.safetensors", {**state, **change}, metadata)
        with pytest.raises(WeightsError, match=fault):
            load_model(tmp_path / "m.safetensors")
    del state[name]
    save_tensors(tmp_path / "m.safetensors", state, metadata)
    with pytest.raises(WeightsError, match=f"{name} is missing"):
        load_model(tmp_path / "m.safetensors")
    save_tensors(tmp_path / "m.safetensors", state, {"config": {"size": 3}})
    with pytest.raises(WeightsError, match="setting 'size'"):
        load_model(tmp_path / "m.safetensors")


def test_configurations_are_checked_and_kept() -> None:
    for config in PRESETS.values():
        assert DreamConfig.from_dict(config.to_dict()) == config
    with pytest.raises(OptionError, match="does not divide into patches"):
        preset("xs", patch=7)
    with pytest.raises(OptionError, match="there are tiny, ci"):
        preset("huge")
