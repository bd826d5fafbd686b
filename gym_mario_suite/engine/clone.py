"""Copying and saving worlds.

A copy leaves out the sprite slots that were never used and the `spent` words that the level does
not need, so that it costs little at any level length. Compiled code sees an array of worlds
through a second view, `words(worlds)`, because numba copies a record only as a whole.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.compiled import inline_jit, jit
from gym_mario_suite.engine.level_image import FINGERPRINT, N_CHANGEABLE, N_SPAWNS, LevelImage
from gym_mario_suite.engine.world import (
    BODY,
    DETACHED_SHELL,
    EVENT,
    EVENT_SLOTS,
    MAX_PLAYERS,
    MAX_SPRITES,
    WORLD,
    Kind,
    Rules,
    Worlds,
    empty_worlds,
)
from gym_mario_suite.errors import StateError


def _offset(name: str) -> int:
    fields: Any = WORLD.fields
    return fields[name][1]


_AT_SPRITES = _offset("sprites")
_AT_SPENT = _offset("spent")
_AT_EVENTS = _offset("events")
_EVENT_BYTES = EVENT.itemsize
_BODY_BYTES = BODY.itemsize
_SPRITE_KINDS = [kind for kind in Kind if kind > Kind.NONE]
_WORD = 8

_MAGIC = b"GMSW"
# Raised whenever the layout of WORLD or the meaning of a field changes.
STATE_VERSION = 1
_HEADER_BYTES = len(_MAGIC) + 2 + 4 + 2 + 2 + 2


def words(worlds: Worlds) -> NDArray[np.uint64]:
    """The memory of a contiguous array of worlds as uint64[n, words per world]."""
    return worlds.view(np.uint64).reshape(len(worlds), WORLD.itemsize // _WORD)


@jit
def copy_world(worlds, pool_words, source, target):
    """Copy world `source` over world `target` of the same array.

    Args:
        worlds: Array of WORLD.
        pool_words: `words(worlds)`, the same memory.
        source: Index of the world to copy.
        target: Index of the world to overwrite.
    """
    copy_world_between(worlds, pool_words, source, pool_words, target)


@inline_jit
def copy_world_between(worlds, source_words, source, target_words, target):
    """Copy world `source` of `worlds` over world `target` of another array.

    Args:
        worlds: Array of WORLD.
        source_words: `words(worlds)`, the same memory.
        source: Index of the world to copy.
        target_words: `words` of the other array.
        target: Index of the world to overwrite.
    """
    head = (_AT_SPRITES + np.int64(worlds[source].slots_used) * _BODY_BYTES + 7) // _WORD
    for i in range(head):
        target_words[target, i] = source_words[source, i]
    first = _AT_SPENT // _WORD
    last = (_AT_SPENT + np.int64(worlds[source].spent_words) * 4 + 7) // _WORD
    for i in range(first, last):
        target_words[target, i] = source_words[source, i]
    if worlds[source].n_events > 0:
        for i in range(_AT_EVENTS // _WORD, source_words.shape[1]):
            target_words[target, i] = source_words[source, i]


def world_to_bytes(world: np.void) -> bytes:
    """A world as bytes, without the parts that hold nothing (some 2 to 3 KB).

    The level is not in it: the same level must be at hand when the bytes are read.
    """
    slots = int(world["slots_used"])
    spent = int(world["spent_words"])
    events = int(world["n_events"])
    raw = world.tobytes()
    body = (
        raw[: _AT_SPRITES + slots * _BODY_BYTES]
        + raw[_AT_SPENT : _AT_SPENT + 4 * spent]
        + raw[_AT_EVENTS : _AT_EVENTS + events * _EVENT_BYTES]
    )
    return (
        _MAGIC
        + STATE_VERSION.to_bytes(2, "little")
        + zlib.crc32(body).to_bytes(4, "little")
        + slots.to_bytes(2, "little")
        + spent.to_bytes(2, "little")
        + events.to_bytes(2, "little")
        + body
    )


def world_from_bytes(data: bytes, image: LevelImage) -> Worlds:
    """The world that `world_to_bytes` wrote, as an array of one.

    Args:
        data: The bytes.
        image: Image of the level that the world was saved in.

    Raises:
        StateError: When the bytes are no saved world, are of another version, have the wrong
            size, are damaged, or belong to another level.
    """
    if not isinstance(data, bytes | bytearray | memoryview):
        raise StateError(f"a saved world is bytes, got {type(data).__name__}")
    data = bytes(data)
    if len(data) < _HEADER_BYTES or data[:4] != _MAGIC:
        raise StateError(
            f"not a saved world: expected bytes that start with {_MAGIC!r}, got {data[:4]!r}"
        )
    version = int.from_bytes(data[4:6], "little")
    if version != STATE_VERSION:
        raise StateError(
            f"the world was saved as version {version}; "
            f"this program reads version {STATE_VERSION}; "
            "install the release that wrote it"
        )
    slots = int.from_bytes(data[10:12], "little")
    spent = int.from_bytes(data[12:14], "little")
    events = int.from_bytes(data[14:16], "little")
    head = _AT_SPRITES + slots * _BODY_BYTES
    expected = _HEADER_BYTES + head + 4 * spent + events * _EVENT_BYTES
    if len(data) != expected:
        raise StateError(f"a saved world of {expected} bytes was expected, got {len(data)}")
    body = data[_HEADER_BYTES:]
    if zlib.crc32(body) != int.from_bytes(data[6:10], "little"):
        raise StateError(
            "the saved world is damaged: its checksum does not match; take another copy of it"
        )
    if (
        slots > MAX_SPRITES
        or events > EVENT_SLOTS
        or spent != (int(image[N_CHANGEABLE] + image[N_SPAWNS]) + 31) >> 5
    ):
        raise StateError("the saved world belongs to another level")
    raw = bytearray(WORLD.itemsize)
    raw[:head] = body[:head]
    raw[_AT_SPENT : _AT_SPENT + 4 * spent] = body[head : head + 4 * spent]
    raw[_AT_EVENTS : _AT_EVENTS + events * _EVENT_BYTES] = body[head + 4 * spent :]
    worlds = empty_worlds(1)
    worlds.view(np.uint8)[:] = np.frombuffer(raw, np.uint8)
    if worlds[0]["fingerprint"] != image[FINGERPRINT]:
        raise StateError("the saved world belongs to another level")
    _check_indices(worlds[0], slots, spent, int(image[N_SPAWNS]))
    return worlds


def _check_indices(world: np.void, slots: int, spent: int, spawns: int) -> None:
    """Refuse a world whose lists would lead outside its tables."""
    n = int(world["n_sprites"])
    free = int(world["n_free"])
    listed = np.concatenate([world["order"][: max(n, 0)], world["free"][: max(free, 0)]])
    sound = (
        n >= 0
        and free >= 0
        and world["n_added"] == 0
        and world["n_shells"] == 0
        and 0 <= world["n_fireballs"] <= 2 * MAX_SPRITES
        and np.array_equal(np.sort(listed), np.arange(MAX_SPRITES))
        and world["slots_used"] == slots
        and world["spent_words"] == spent
        and 0 <= world["n_events"] <= EVENT_SLOTS
        and 1 <= world["n_players"] <= MAX_PLAYERS
        and world["n_effects"] >= 0
        and int(world["rules"]) in set(Rules)
        and (world["order"][:n] < slots).all()
        and (world["fireballs"] < MAX_SPRITES).all()
    )
    carried = world["players"]["carried"]
    bodies = world["sprites"][world["order"][:n]] if sound else world["sprites"][:0]
    sound = (
        sound
        and np.isin(bodies["kind"], _SPRITE_KINDS).all()
        and ((bodies["spawn"] >= -1) & (bodies["spawn"] < spawns)).all()
        and (world["players"]["body"]["kind"] == Kind.MARIO).all()
    )
    if not sound or not ((carried >= DETACHED_SHELL) & (carried < MAX_SPRITES)).all():
        raise StateError("the saved world is not sound: its sprite lists contradict each other")
