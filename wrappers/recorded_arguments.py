"""What `env.spec` tells of a wrapper's arguments."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np


def record_arguments(wrapper: gym.utils.RecordConstructorArgs, **arguments: Any) -> None:
    """Keep the arguments that a wrapper is made with as JSON has them, for `env.spec`."""
    gym.utils.RecordConstructorArgs.__init__(wrapper, **_plain(arguments))


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple | range):
        return [_plain(part) for part in value]
    return value
