"""Files of weights of the learned generators: safetensors, half precision, with a card.

A file holds one array for each name (those of whole numbers as they are), and a JSON object under
the metadata key `about`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.errors import WeightsError
from gym_mario_suite.whole_file import write_whole


def write_weights(
    path: Path, state: Mapping[str, NDArray[Any]], kind: str, about: Mapping[str, Any]
) -> None:
    """Write arrays, those of floating point rounded to half precision.

    Args:
        path: File to write.
        state: Arrays by name.
        kind: Name and version of what the arrays are.
        about: JSON-able facts.

    Raises:
        OptionError: If the file cannot be written.
    """
    from safetensors.numpy import save

    arrays = {
        name: np.ascontiguousarray(value, np.float16 if value.dtype.kind == "f" else None)
        for name, value in state.items()
    }
    metadata = {"kind": kind, "about": json.dumps(about, sort_keys=True)}
    write_whole(path, save(arrays, metadata))


def read_weights(path: Path, kind: str) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Arrays in single precision, and the facts.

    Raises:
        WeightsError: If the file cannot be read or holds something else than `kind`.
    """
    from safetensors import SafetensorError, safe_open

    # Of a folder the library says that there is no such device.
    if path.is_dir():
        raise WeightsError(f"the weights {path} are a folder; expected a *.safetensors file")
    try:
        with safe_open(path, "np") as file:
            metadata = file.metadata() or {}
            state = {name: _widened(file.get_tensor(name)) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise WeightsError(f"the weights {path} cannot be read: {error}") from None
    if metadata.get("kind") != kind:
        raise WeightsError(
            f"{path} does not hold what was expected ({kind}); it says {metadata.get('kind')!r}"
        )
    return state, json.loads(metadata["about"])


def _widened(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(np.float32) if array.dtype.kind == "f" else array
