"""Export: a denoiser as an ONNX file that stores its weights as fp16 and computes in fp32."""

from __future__ import annotations

import io
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from gym_mario_suite.dream.network import example_inputs
from gym_mario_suite.dream.onnx_weights import (
    CARD_KEY,
    CONFIG_KEY,
    FORMAT,
    FORMAT_KEY,
    HALF,
    ROWS,
    TABLE_KEY,
    tensor_table,
)
from gym_mario_suite.dream.presets import DreamConfig
from gym_mario_suite.dream.weights import is_halved
from gym_mario_suite.errors import OptionError
from gym_mario_suite.whole_file import write_whole

OPSET = 17
OUTPUTS = ("denoised", "head", "next_scenery", "next_memory")


def export_onnx(path: Path, denoiser: nn.Module, config: DreamConfig, card: dict[str, Any]) -> None:
    """Write a denoiser as ONNX, whole or not at all.

    Inputs and outputs have the names and shapes of `network.Denoiser.forward`; their first
    dimension, `ROWS`, is free. Weights are stored as fp16, each followed by a cast that the runtime
    folds when it opens the file. A table in the metadata says where each of them is (see
    `onnx_weights`).

    Raises:
        OptionError: When `onnx` is missing, a weight is not in the graph, or the file cannot be
            written.
    """
    try:
        import onnx
        from onnx import numpy_helper
    except ImportError:
        raise OptionError('export needs onnx: pip install "gym-mario-suite[dream-train]"') from None

    # Two rows: with one the tracer would take "the only row" for a constant.
    inputs = example_inputs(config, 2)
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            denoiser.eval().float(),
            tuple(inputs.values()),
            buffer,  # type: ignore[arg-type]  (this exporter takes it)
            input_names=list(inputs),
            output_names=list(OUTPUTS),
            dynamic_axes={name: {0: ROWS} for name in (*inputs, *OUTPUTS)},
            opset_version=OPSET,
            dynamo=False,
        )
    model = onnx.load_from_string(buffer.getvalue())
    # Before weights are halved, so that they are found by their values.
    table = tensor_table(
        {name: tensor.cpu().numpy() for name, tensor in denoiser.state_dict().items()},
        {part.name: numpy_helper.to_array(part) for part in model.graph.initializer},
    )
    _store_as_halves(model)
    for key, text in (
        (FORMAT_KEY, FORMAT),
        (CONFIG_KEY, json.dumps(config.to_dict(), sort_keys=True)),
        (CARD_KEY, json.dumps(card, sort_keys=True)),
        (TABLE_KEY, json.dumps(table)),
    ):
        entry = model.metadata_props.add()
        entry.key, entry.value = key, text
    write_whole(path, model.SerializeToString())


def _store_as_halves(model: Any) -> None:
    """Replace larger fp32 tensors by fp16 tensors with a cast behind them."""
    from onnx import TensorProto, helper, numpy_helper

    graph = model.graph
    casts = []
    for tensor in list(graph.initializer):
        name, size = tensor.name, int(np.prod(tensor.dims, dtype=int))
        if tensor.data_type != TensorProto.FLOAT or not is_halved(name, size):
            continue
        halves = numpy_helper.to_array(tensor).astype(np.float16)
        tensor.CopyFrom(numpy_helper.from_array(halves, f"{name}{HALF}"))
        casts.append(helper.make_node("Cast", [f"{name}{HALF}"], [name], to=TensorProto.FLOAT))
    for cast in reversed(casts):
        graph.node.insert(0, cast)
