"""Saved games of the Infinite Mario family: episode, world and level as bytes."""

from __future__ import annotations

import zlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.clone import world_from_bytes
from gym_mario_suite.envs.episode import EPISODE, take_stock
from gym_mario_suite.errors import LevelError, StateError
from gym_mario_suite.levels.level import Level

NO_SEED = -1  # the level seed of a level that has none

_MAGIC = b"GMSE"
_VERSION = 1
_HEADER_BYTES = len(_MAGIC) + 2 + 4 + 4 + 4


def seed_of(level: Level) -> int:
    """The seed that a level names in its metadata, or `NO_SEED` where that is no int64."""
    seed = level.metadata.get("seed")
    if isinstance(seed, int | np.integer) and -(1 << 63) <= seed < 1 << 63:
        return int(seed)
    return NO_SEED


def state_of_world(level: Level, world: bytes) -> bytes:
    """The state of an environment in which this world has come about.

    Args:
        level: The level.
        world: The world, as `engine.clone.world_to_bytes` saves it.

    Returns:
        Bytes for `set_state`. The random stream starts at 0, and no steps are counted.

    Raises:
        StateError: When the bytes are no world of this level.
    """
    worlds = world_from_bytes(world, level.image)
    episode = np.zeros(1, EPISODE)
    episode["level_seed"] = seed_of(level)
    take_stock(worlds, episode)
    return write_state(episode, world, level)


def write_state(episode: NDArray[np.void], world: bytes, level: Level) -> bytes:
    """A state: an episode record, EPISODE[1], a saved world and its level."""
    saved_level = level.to_bytes()
    body = episode.tobytes() + world + saved_level
    return (
        _MAGIC
        + _VERSION.to_bytes(2, "little")
        + zlib.crc32(body).to_bytes(4, "little")
        + len(world).to_bytes(4, "little")
        + len(saved_level).to_bytes(4, "little")
        + body
    )


@lru_cache(maxsize=256)
def _read_level(data: bytes) -> Level:
    """A planner loads many states of one level."""
    return Level.from_bytes(data)


def read_state(data: bytes) -> tuple[NDArray[np.void], NDArray[np.void], Level]:
    """The episode, the world and the level of a state.

    Raises:
        StateError: When the bytes are no state.
    """
    if not isinstance(data, bytes | bytearray | memoryview):
        raise StateError(f"a state is bytes, as get_state returns, got {type(data).__name__}")
    data = bytes(data)
    if len(data) < _HEADER_BYTES or data[:4] != _MAGIC:
        raise StateError(
            f"not a state of this environment: expected bytes that start with {_MAGIC!r}"
        )
    version = int.from_bytes(data[4:6], "little")
    if version != _VERSION:
        raise StateError(
            f"a state of version {version}; this program reads version {_VERSION}; "
            "install the release that wrote it"
        )
    world_size = int.from_bytes(data[10:14], "little")
    level_size = int.from_bytes(data[14:18], "little")
    expected = _HEADER_BYTES + EPISODE.itemsize + world_size + level_size
    if len(data) != expected:
        raise StateError(f"a state of {expected} bytes was expected, got {len(data)}")
    body = data[_HEADER_BYTES:]
    if zlib.crc32(body) != int.from_bytes(data[6:10], "little"):
        raise StateError(
            "the state is damaged: its checksum does not match; take another copy of it"
        )
    episode = np.frombuffer(body, EPISODE, 1).copy()
    episode["spare"] = 0  # older states have anything there
    at_level = EPISODE.itemsize + world_size
    try:
        level = _read_level(body[at_level:])
    except LevelError as error:
        raise StateError(f"the state's level cannot be read: {error}") from error
    return episode, world_from_bytes(body[EPISODE.itemsize : at_level], level.image), level
