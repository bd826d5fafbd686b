"""What an ONNX file says of its model: settings, card, and where the network's weights are.

The exporter keeps a network's tensors as the graph's initializers, but some under names of its own
making and with their axes in another order, and some it folds away. So the file's metadata hold a
table, made by comparing values when the file is written, by which the network can be filled again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.dream.presets import DreamConfig
from gym_mario_suite.errors import OptionError, WeightsError

if TYPE_CHECKING:
    from torch import Tensor

# Keys of the file's metadata.
FORMAT_KEY, CONFIG_KEY, CARD_KEY = "dream_format", "dream_config", "dream_card"
TABLE_KEY = "dream_weights"
FORMAT = "1"
HALF = "_fp16"  # ends the names of initializers that are stored as halves; the table leaves it out
ROWS = "rows"  # the first dimension of all inputs and outputs
_FEW = 1024  # numbers of a tensor that the table may hold itself


def settings_of(texts: Mapping[str, str], path: Path | str) -> tuple[DreamConfig, dict[str, Any]]:
    """The settings and the card in a file's metadata.

    Raises:
        WeightsError: When the file is no dream model, or one of another version; the message names
            it.
    """
    if texts.get(FORMAT_KEY) != FORMAT:
        raise WeightsError(f"{path}: an ONNX file, but no dream model of this program's format")
    try:
        return DreamConfig.from_dict(json.loads(texts[CONFIG_KEY])), json.loads(texts[CARD_KEY])
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path}: the model's settings cannot be read: {error}") from error


def tensor_table(
    tensors: Mapping[str, NDArray[Any]], initializers: Mapping[str, NDArray[Any]]
) -> dict[str, Any]:
    """Where each tensor of a network is in its graph, JSON-able.

    Tensors of equal values may have become one initializer, and any that has a tensor's values will
    do; so values are compared, to the bit, and names only say where to look first.

    Args:
        tensors: The network's `state_dict`, any shapes and dtypes.
        initializers: Those of the graph, by name, before they are stored as halves.

    Returns:
        `{"stored": {name: [initializer, shape, axes]}, "values": {name: numbers}}`, so that
        `initializers[initializer].reshape(shape).transpose(axes)` is the tensor. What is not in the
        graph, such as switches that were folded away, is told by its numbers.

    Raises:
        OptionError: When a large tensor is not in the graph.
    """
    stored: dict[str, Any] = {}
    values: dict[str, Any] = {}
    for name, tensor in tensors.items():
        place = _place(name, tensor, initializers)
        if place is not None:
            stored[name] = place
        elif tensor.size <= _FEW:
            values[name] = tensor.tolist()
        else:
            raise OptionError(
                f"cannot export: {name} is not in the ONNX graph, so that the network could not be "
                "read from the file again"
            )
    return {"stored": stored, "values": values}


def _place(
    name: str, tensor: NDArray[Any], initializers: Mapping[str, NDArray[Any]]
) -> list[Any] | None:
    for key in (name, *initializers):
        found = initializers.get(key)
        if found is None or found.dtype != tensor.dtype or found.size != tensor.size:
            continue
        for order in permutations(range(tensor.ndim)):
            turned = tensor.transpose(order)
            if np.array_equal(turned, found.reshape(turned.shape)):
                return [key, list(turned.shape), np.argsort(order).tolist()]
    return None


def load_onnx_weights(path: Path) -> tuple[dict[str, Tensor], DreamConfig, dict[str, Any]]:
    """The weights in an .onnx file that `mario dream export` wrote, by name, its settings and card.

    Raises:
        OptionError: When `onnx` is missing.
        WeightsError: When the file is missing, damaged or something else, or does not say where its
            weights are; the message names it.
    """
    try:
        import onnx
        from google.protobuf.message import DecodeError  # comes with onnx
    except ImportError:
        raise OptionError(
            'the weights of an .onnx file need onnx: pip install "gym-mario-suite[dream-train]"'
        ) from None
    if not path.is_file():
        raise WeightsError(f"there is no model file {path}")
    try:
        # Bytes, so that no other file is ever read beside this one.
        model = onnx.load_from_string(path.read_bytes())
    except (DecodeError, OSError) as error:
        raise WeightsError(f"{path}: the model cannot be read: {error}") from error
    texts = {entry.key: entry.value for entry in model.metadata_props}
    config, card = settings_of(texts, path)
    if TABLE_KEY not in texts:
        raise WeightsError(
            f"{path}: the file does not say where its weights are, since an earlier version of "
            "this program wrote it; write it again with `mario dream export` from its checkpoint"
        )
    return _tensors(model.graph.initializer, texts[TABLE_KEY], path), config, card


def _tensors(initializers: Any, table: str, path: Path) -> dict[str, Tensor]:
    """The tensors of a table, which is as untrusted as the rest of the file."""
    import torch
    from onnx import external_data_helper, numpy_helper

    within = {
        part.name.removesuffix(HALF): part
        for part in initializers
        if not external_data_helper.uses_external_data(part)
    }
    name = "the table of weights"
    try:
        places = json.loads(table)
        tensors = {}
        for name, (key, shape, axes) in places["stored"].items():
            if key not in within:
                raise ValueError(f"the file does not hold {key}")
            array = numpy_helper.to_array(within[key]).reshape(shape).transpose(axes)
            tensors[name] = torch.from_numpy(array.copy())
        for name, numbers in places["values"].items():
            tensors[name] = torch.tensor(numbers)
        return tensors
    except Exception as error:
        # JSON, onnx, numpy and torch raise many kinds for what is no tensor.
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise WeightsError(f"{path}: {name} cannot be read: {reason}") from error
