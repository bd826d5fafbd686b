"""The form of replay files: a header with a checksum, then compressed JSON and parts of bytes."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gym_mario_suite.errors import ReplayError

MAGIC_BYTES = 4
_HEADER_BYTES = MAGIC_BYTES + 2 + 4 + 4
# More than any replay takes; devices and other files have no end, or would fill the memory.
_MOST_FILE_BYTES = 1 << 27


def pack(magic: bytes, version: int, head: dict[str, Any], parts: Sequence[bytes]) -> bytes:
    """A replay as bytes.

    Args:
        magic: Four bytes that say what kind of replay it is.
        version: Of its format.
        head: What is written as JSON; `sizes` of the parts is added.
        parts: Bytes that follow it.
    """
    text = json.dumps({**head, "sizes": [len(part) for part in parts]}, sort_keys=True).encode()
    body = zlib.compress(b"".join([len(text).to_bytes(4, "little"), text, *parts]), 9)
    return (
        magic
        + version.to_bytes(2, "little")
        + len(body).to_bytes(4, "little")
        + zlib.crc32(body).to_bytes(4, "little")
        + body
    )


def unpack(
    magic: bytes, version: int, data: bytes, max_content_bytes: int
) -> tuple[dict[str, Any], list[bytes]]:
    """What `pack` was given.

    Args:
        magic: As given to `pack`.
        version: Likewise.
        data: The bytes.
        max_content_bytes: A file that unfolds to more is refused.

    Raises:
        ReplayError: When the bytes are no replay of this kind, of a later version, incomplete or
            damaged.
        ValueError: When the JSON cannot be read; also KeyError, TypeError, RecursionError.
    """
    text, contents = _contents(magic, version, data, max_content_bytes)
    head = json.loads(text)
    return head, _split(contents, head["sizes"])


def read_replay(path: Path | str) -> bytes:
    """The bytes of a replay file.

    Raises:
        ReplayError: When it cannot be read, or is too large for one.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(_MOST_FILE_BYTES + 1)
    except OSError as error:
        raise ReplayError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:  # a name that no file can have
        raise ReplayError(f"cannot read {str(path)!r}: {error}") from None
    if len(data) > _MOST_FILE_BYTES:
        raise ReplayError(f"{path} is too large for a replay")
    return data


def _contents(
    magic: bytes, expected: int, data: bytes, max_content_bytes: int
) -> tuple[bytes, bytes]:
    """JSON text and the rest of the contents, after all checks of the header."""
    if len(data) < MAGIC_BYTES or data[:MAGIC_BYTES] != magic:
        raise ReplayError(f"not a replay: expected bytes that start with {magic!r}")
    version = int.from_bytes(data[4:6], "little")
    if len(data) >= 6 and version != expected:
        raise ReplayError(
            f"a replay of version {version}; this program reads version {expected}; "
            "install the release that wrote it"
        )
    size = int.from_bytes(data[6:10], "little")
    if len(data) < _HEADER_BYTES or len(data) < _HEADER_BYTES + size:
        raise ReplayError("the replay is incomplete: the end of the file is missing")
    body = data[_HEADER_BYTES:]
    if len(body) > size or zlib.crc32(body) != int.from_bytes(data[10:14], "little"):
        raise ReplayError(
            "the replay is damaged: its checksum does not match; take another copy of it"
        )
    unpacker = zlib.decompressobj()
    try:
        raw = unpacker.decompress(body, max_content_bytes)
    except zlib.error as error:
        raise ReplayError(f"the replay's contents cannot be read: {error}") from error
    if not unpacker.eof:
        raise ReplayError("the replay's contents cannot be read: there is no end to them")
    at_parts = 4 + int.from_bytes(raw[:4], "little")
    return raw[4:at_parts], raw[at_parts:]


def _split(contents: bytes, sizes: list[int]) -> list[bytes]:
    if min(sizes, default=0) < 0 or sum(sizes) != len(contents):
        raise ReplayError("the replay's contents cannot be read: their sizes contradict each other")
    parts: list[bytes] = []
    at = 0
    for size in sizes:
        parts.append(contents[at : at + size])
        at += size
    return parts
