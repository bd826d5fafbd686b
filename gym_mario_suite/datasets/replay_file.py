"""Replays of all kinds: buttons and hashes of a run, and their file.

The file is a header with a checksum, then compressed JSON and parts of bytes.
"""

from __future__ import annotations

import json
import zlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Self

from gym_mario_suite.datasets.state_hash import HASH_BYTES
from gym_mario_suite.errors import UNREADABLE, ReplayError
from gym_mario_suite.whole_file import write_whole

MAGIC_BYTES = 4
# Which game a file with these first bytes is of, to say so where it is taken for the other.
GAMES = {b"GMSR": "Infinite Mario", b"GMNR": "the NES"}
TICKS_PER_HASH = 64
MAX_TICKS = 1 << 24  # 8 days
# More than the longest replay of the largest level takes.
_MAX_CONTENT_BYTES = 4 * MAX_TICKS
_HEADER_BYTES = MAGIC_BYTES + 2 + 4 + 4
# More than any replay takes; devices and other files have no end, or would fill the memory.
_MOST_FILE_BYTES = 1 << 27


def hash_count(ticks: int) -> int:
    """How many hashes a replay of that many ticks has (one, of the start, if there are none)."""
    return max(1, -(-ticks // TICKS_PER_HASH))


@dataclass(frozen=True, kw_only=True)
class ReplayFile(ABC):
    """A run that can be played again: what its kinds have in common.

    Attributes:
        keys: Button bits of each tick.
        hashes: After every 64 ticks and after the last, a chain.
        metadata: Whatever else is known, JSON-able: who played, for example.

    Raises:
        ReplayError: For parts that do not fit together.
    """

    magic: ClassVar[bytes]
    """Four bytes that files of this kind start with."""
    format_version: ClassVar[int]
    """Raised whenever a program of before could not read the file, or would play it differently."""
    tick_name: ClassVar[str]
    """What messages call a step of the game."""

    keys: bytes
    hashes: tuple[bytes, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not isinstance(self.keys, bytes):
            raise ReplayError(f"keys must be bytes, got {type(self.keys).__name__}")
        try:
            json.dumps(dict(self.metadata), sort_keys=True)  # as `pack` does
        except UNREADABLE as error:
            raise ReplayError(f"metadata must be a mapping that JSON can hold: {error}") from None
        ticks, unit = len(self.keys), self.tick_name
        if ticks > MAX_TICKS:
            raise ReplayError(f"a replay has at most {MAX_TICKS:,} {unit}, got {ticks:,}")
        expected = hash_count(ticks)
        if len(self.hashes) != expected or any(len(h) != HASH_BYTES for h in self.hashes):
            raise ReplayError(
                f"{ticks} {unit} need {expected} hashes of {HASH_BYTES} bytes, "
                f"got {len(self.hashes)}"
            )
        object.__setattr__(self, "metadata", MappingProxyType(dict(self.metadata)))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).from_bytes, (self.to_bytes(),)

    @property
    def ticks(self) -> int:
        """Length in ticks (frames of the NES)."""
        return len(self.keys)

    @abstractmethod
    def _own_contents(self) -> tuple[dict[str, Any], list[bytes]]:
        """What a kind's file has besides: entries of the JSON, and parts of bytes."""

    @classmethod
    @abstractmethod
    def _of_contents(cls, head: dict[str, Any], parts: list[bytes], **common: Any) -> Self:
        """The replay of what `_own_contents` gave; `common` are the fields that all kinds have."""

    def to_bytes(self) -> bytes:
        """The replay as bytes: a header, then compressed JSON, keys, hashes and the kind's own."""
        head, parts = self._own_contents()
        head["metadata"] = dict(self.metadata)
        common = [self.keys, b"".join(self.hashes)]
        return pack(self.magic, self.format_version, head, [*common, *parts])

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The replay that `to_bytes` wrote.

        Raises:
            ReplayError: When the bytes are no replay, of a later version, incomplete or damaged.
        """
        try:
            head, parts = unpack(cls.magic, cls.format_version, data, _MAX_CONTENT_BYTES)
            keys, hashes, *own = parts
            return cls._of_contents(
                head,
                own,
                keys=keys,
                hashes=tuple(hashes[i : i + HASH_BYTES] for i in range(0, len(hashes), HASH_BYTES)),
                metadata=head["metadata"],
            )
        except ReplayError:
            raise
        except UNREADABLE as error:
            raise ReplayError(f"the replay's contents cannot be read: {error}") from error

    def save(self, path: Path | str) -> None:
        """Write the replay to a file, whole or not at all.

        Raises:
            OptionError: When it cannot be written.
        """
        write_whole(Path(path), self.to_bytes())

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """Read a replay file.

        Raises:
            ReplayError: When the file cannot be read; the message names it.
        """
        data = read_replay(path)
        try:
            return cls.from_bytes(data)
        except ReplayError as error:
            raise ReplayError(f"{path}: {error}") from error


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
    other = GAMES.get(data[:MAGIC_BYTES])
    if other and magic in GAMES and other != GAMES[magic]:
        raise ReplayError(f"a replay of {other}, where one of {GAMES[magic]} is needed")
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
