"""Files of weights: safetensors with the model's settings. No pickle is ever read or written."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gym_mario_suite.dream.onnx_weights import load_onnx_weights
from gym_mario_suite.dream.presets import DreamConfig
from gym_mario_suite.errors import DeviceError, OptionError, WeightsError
from gym_mario_suite.whole_file import write_whole

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

SAFETENSORS = ".safetensors"
_SMALL = 1024  # tensors up to this size are stored as fp32
# Laws, too: as fp16 they would be wrong by some thousandths of a px in each tick, which adds up.
_EXACT = (".across", ".upright")
_FORMAT = "gym-mario-suite dream 1"


def require_training() -> None:
    """Fail now if what training needs is not installed.

    Raises:
        OptionError: Naming what is missing.
    """
    try:
        import safetensors.torch
        import torch  # noqa: F401
    except ImportError as error:
        raise OptionError(
            f'this needs {error.name}: pip install "gym-mario-suite[dream-train]"'
        ) from None
    assert safetensors.torch


def training_device(device: str) -> str:
    """The device to train on; "auto" is a GPU where there is one.

    Raises:
        OptionError: For a name that is not possible.
        DeviceError: For a GPU that there is not.
    """
    import torch

    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device == "auto":
        return "cuda" if gpus else "cpu"
    if re.fullmatch(r"cpu|cuda(:\d+)?", device) is None:
        raise OptionError(f"device must be auto, cpu, cuda or cuda:NUMBER, got {device!r}")
    if device != "cpu" and int(device.partition(":")[2] or 0) >= gpus:
        raise DeviceError(f"torch cannot use {device}: it sees {gpus or 'no'} GPUs; give cpu")
    return device


def is_halved(name: str, size: int) -> bool:
    """Whether a tensor of fp32 is stored as fp16 in a model's file."""
    return size > _SMALL and not name.endswith(_EXACT)


def save_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> None:
    """Write tensors with JSON-able metadata, whole or not at all.

    Raises:
        OptionError: When the file cannot be written.
    """
    from safetensors.torch import save

    text = {"format": _FORMAT, "json": json.dumps(dict(metadata), sort_keys=True)}
    contiguous = {name: t.detach().cpu().contiguous() for name, t in tensors.items()}
    write_whole(path, save(contiguous, metadata=text))


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and metadata that `save_tensors` wrote.

    Raises:
        WeightsError: When the file is missing, damaged or something else; the message names it.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise WeightsError(f"there is no file of weights {path}")
    try:
        with safe_open(str(path), framework="pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != _FORMAT:
                raise WeightsError(f"{path}: not weights of a dream model")
            return {name: file.get_tensor(name) for name in file.keys()}, json.loads(  # noqa: SIM118
                metadata["json"]
            )
    except (SafetensorError, OSError, KeyError, json.JSONDecodeError) as error:
        raise WeightsError(f"{path}: the weights cannot be read: {error}") from error


def load_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and metadata of a training's checkpoint.

    Raises:
        WeightsError: When the file cannot be read, or holds something else.
    """
    tensors, metadata = load_tensors(path)
    if not {"config", "options", "data", "progress"} <= metadata.keys():
        raise WeightsError(f"{path}: no checkpoint of `mario dream train`")
    return tensors, metadata


def averages_of(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The averaged weights of a training's checkpoint, and its metadata.

    Raises:
        WeightsError: When the file cannot be read, or holds something else.
    """
    tensors, metadata = load_checkpoint(path)
    prefix = "average."
    return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}, metadata


def mean_of(several: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of weights of the same names; of what is no floating-point number the first."""
    import torch

    return {
        name: torch.stack([weights[name] for weights in several]).mean(0)
        if first.is_floating_point()
        else first
        for name, first in several[0].items()
    }


def fill(module: nn.Module, tensors: Mapping[str, Tensor], path: Path | str) -> None:
    """Put weights into a network.

    Raises:
        WeightsError: When a tensor is missing, left over or of the wrong shape.
    """
    import torch

    own = module.state_dict()
    missing, left = sorted(set(own) - set(tensors)), sorted(set(tensors) - set(own))
    if missing or left:
        name, fault = (missing[0], "is missing") if missing else (left[0], "is not of this model")
        raise WeightsError(f"{path}: the weights do not fit: {name} {fault}")
    for name, tensor in tensors.items():
        if tensor.shape != own[name].shape:
            raise WeightsError(
                f"{path}: the weights do not fit: {name} must have the shape "
                f"{tuple(own[name].shape)}, got {tuple(tensor.shape)}"
            )
        if not torch.isfinite(tensor.float()).all():
            raise WeightsError(f"{path}: {name} holds numbers that are not finite")
    module.load_state_dict({name: t.to(own[name].dtype) for name, t in tensors.items()})


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """What an optimiser remembers of each weight, by name, for `save_tensors`."""
    import torch

    return {
        f"optimiser.{index}.{name}": torch.as_tensor(value)
        for index, state in optimiser.state_dict()["state"].items()
        for name, value in state.items()
    }


def fill_optimiser(optimiser: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Give an optimiser what `optimiser_tensors` made; other names are passed over."""
    states: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith("optimiser."):
            _, index, key = name.split(".", 2)
            states.setdefault(int(index), {})[key] = tensor
    groups = optimiser.state_dict()["param_groups"]
    optimiser.load_state_dict({"state": states, "param_groups": groups})


def save_model(path: Path, module: nn.Module, config: DreamConfig, card: dict[str, Any]) -> None:
    """Write a model's weights, all but small tensors as fp16, with its settings and its card."""
    import torch

    halves = {
        n: t.to(torch.float16) if t.is_floating_point() and is_halved(n, t.numel()) else t
        for n, t in module.state_dict().items()
    }
    save_tensors(path, halves, {"config": config.to_dict(), "card": card})


def load_model(path: Path) -> tuple[nn.Module, DreamConfig, dict[str, Any]]:
    """The denoiser of a file that `mario dream export` wrote, its settings and its card.

    Args:
        path: A .safetensors file of `save_model`, or an .onnx file.

    Raises:
        OptionError: For an .onnx file, when `onnx` is missing.
        WeightsError: When it cannot be read.
    """
    from gym_mario_suite.dream.network import Denoiser

    if path.suffix == ".onnx":
        tensors, config, card = load_onnx_weights(path)
    else:
        tensors, metadata = load_tensors(path)
        config, card = DreamConfig.from_dict(metadata.get("config", {})), metadata.get("card", {})
    denoiser = Denoiser(config)
    fill(denoiser, tensors, path)
    return denoiser.eval(), config, card
