"""Weights of the tile diffusion: from the training network to the compiled one, and in files.

A file is a safetensors file of half-precision arrays with torch's names and layouts; its metadata
holds the network's shape and the card of the training run. Computation is in single precision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.levels.diffusion.inference import Weights
from gym_mario_suite.levels.diffusion.shape import NetworkShape, Passable
from gym_mario_suite.levels.weight_files import read_weights, write_weights

_HASHES = "window_hashes"
_FORMAT = "gym-mario-suite tile diffusion 1"


def save_network(
    path: Path,
    state: Mapping[str, NDArray[Any]],
    shape: NetworkShape,
    hashes: NDArray[np.uint64],
    card: Mapping[str, Any],
) -> None:
    """Write a weights file.

    Args:
        path: File to write.
        state: Parameters by their names in `DenoisingNetwork`, in torch's layouts.
        shape: The network's shape.
        hashes: Hashes of the training levels' windows, see `bench.patterns.window_hashes`.
        card: What the weights are and how they came about.

    Raises:
        OptionError: If it cannot be written.
    """
    arrays = {**state, _HASHES: np.unique(hashes)}
    write_weights(path, arrays, _FORMAT, {"shape": asdict(shape), "card": dict(card)})


def load_network(path: Path) -> tuple[NetworkShape, Weights, NDArray[np.uint64]]:
    """The shape, the weights and the hashes of training windows of a file.

    Raises:
        WeightsError: If there is no such file, or it holds no tile diffusion.
    """
    state, about = read_weights(path, _FORMAT)
    numbers = about["shape"]
    shape = NetworkShape(**{**numbers, "dilations": tuple(numbers["dilations"])})
    return shape, weights_of(state, shape), state[_HASHES]


def weights_of(state: Mapping[str, NDArray[Any]], shape: NetworkShape) -> Weights:
    """The compiled network's weights.

    Args:
        state: Parameters by their names in `DenoisingNetwork`, in torch's layouts.
        shape: The network's shape.
    """

    def value(name: str) -> NDArray[np.float32]:
        return np.asarray(state[name], np.float32)

    def taps(name: str) -> NDArray[np.float32]:
        """[out, in, h, w] to [h * w * in, out]."""
        kernel = value(name)
        return kernel.transpose(2, 3, 1, 0).reshape(-1, kernel.shape[0])

    def blocks(name: str, matrix: bool) -> NDArray[np.float32]:
        names = [f"blocks.{i}.{name}" for i in range(len(shape.dilations))]
        return np.stack([taps(each) if matrix else value(each) for each in names])

    tiles = value("tiles.weight").transpose(2, 3, 1, 0)
    up = value("up.weight")  # [in, out, 2, 2]
    weights = Weights(
        tiles=tiles.reshape(9, tiles.shape[2], tiles.shape[3]),
        tiles_bias=value("tiles.bias"),
        rows=value("rows"),
        condition=value("condition"),
        edges=value("edges"),
        down=taps("down.weight"),
        down_bias=value("down.bias"),
        coarse_rows=value("coarse_rows"),
        coarse_condition=value("coarse_condition"),
        spread=blocks("spread.weight", True),
        spread_bias=blocks("spread.bias", False),
        mix=blocks("mix.weight", True),
        mix_bias=blocks("mix.bias", False),
        dilations=np.array(shape.dilations, np.int64),
        up=up.transpose(2, 3, 0, 1).reshape(4, up.shape[0], up.shape[1]),
        up_bias=value("up.bias"),
        gather=taps("gather.weight"),
        gather_bias=value("gather.bias"),
        logits=taps("logits.weight"),
        logits_bias=value("logits.bias"),
    )
    return weights._make(np.ascontiguousarray(array) for array in weights)


def guided(weights: Weights, strength: float) -> Weights:
    """The weights with the condition "passable" moved away from "not passable".

    Classifier-free guidance goes on from one prediction of the network past another, which takes
    two looks. Here the conditions are vectors that are added to the features, and it is they that
    are moved on: that costs nothing.

    Args:
        weights: As they were trained.
        strength: 0 for no change; 1 doubles the difference between the two conditions.
    """

    def moved(table: NDArray[np.float32]) -> NDArray[np.float32]:
        by_condition = table.reshape(-1, len(Passable), table.shape[1]).copy()
        yes, no = by_condition[:, Passable.YES], by_condition[:, Passable.NO]
        by_condition[:, Passable.YES] = yes + np.float32(strength) * (yes - no)
        return by_condition.reshape(table.shape)

    return weights._replace(
        condition=moved(weights.condition), coarse_condition=moved(weights.coarse_condition)
    )
