"""Saved states as bytes that say which emulator, version and ROM they belong to."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any

from gym_mario_suite.errors import StateError
from gym_mario_suite.nes.backend import Backend

_MAGIC = b"GMSN"
_FORMAT = 1
# Magic, format, checksum of the rest, bytes of the JSON header.
_PREFIX = struct.Struct("<4sHII")


def pack_state(backend: Backend, extra: dict[str, Any], parts: dict[str, bytes]) -> bytes:
    """The state of a console and what goes with it.

    Args:
        backend: The console.
        extra: Values for JSON.
        parts: Further bytes, by name.
    """
    blocks = {"console": zlib.compress(backend.save(), 1), **parts}
    header = {
        **extra,
        "backend": backend.name,
        "version": backend.version,
        "rom": backend.rom.sha1,
        "blocks": {name: len(block) for name, block in blocks.items()},
    }
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    body = text + b"".join(blocks.values())
    return _PREFIX.pack(_MAGIC, _FORMAT, zlib.crc32(body), len(text)) + body


def unpack_state(state: bytes, backend: Backend) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The JSON header and the parts of a state, `console` (for `Backend.load`) among them.

    Raises:
        StateError: If the bytes are no state, are damaged, or belong to another backend, another
            version of it, or another ROM.
    """
    if not isinstance(state, bytes | bytearray | memoryview):
        raise StateError(f"a state is bytes, as get_state returns, got {type(state).__name__}")
    state = bytes(state)
    if len(state) < _PREFIX.size or state[:4] != _MAGIC:
        raise StateError(
            f"not a state of this environment: expected bytes that start with {_MAGIC!r}"
        )
    _, form, checksum, size = _PREFIX.unpack_from(state)
    if form != _FORMAT:
        raise StateError(
            f"a state of format {form}; this program reads format {_FORMAT}; "
            "install the release that wrote it"
        )
    body = state[_PREFIX.size :]
    if zlib.crc32(body) != checksum:
        raise StateError(
            "the state is damaged: its checksum does not match; take another copy of it"
        )
    try:
        header = json.loads(body[:size])
        blocks, start = {}, size
        for name, length in header["blocks"].items():
            blocks[name] = body[start : start + length]
            start += length
        made_by = header["backend"], header["version"]
        rom = header["rom"]
        if start != len(body):
            raise ValueError("sizes")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise StateError("the state is damaged: its header cannot be read") from None
    if made_by != (backend.name, backend.version):
        raise StateError(
            f"the state was saved by {' '.join(map(str, made_by))}; this environment runs "
            f"{backend.name} {backend.version}"
        )
    if rom != backend.rom.sha1:
        raise StateError(f"the state belongs to another ROM (SHA-1 {rom}, here {backend.rom.sha1})")
    try:
        blocks["console"] = zlib.decompress(blocks["console"])
    except (KeyError, zlib.error):
        raise StateError("the state is damaged: it holds no console") from None
    return header, blocks
