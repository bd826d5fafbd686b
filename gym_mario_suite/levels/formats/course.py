"""Courses of Super Mario Maker 2, decrypted: 376,768 bytes as one NumPy record.

The layout is that of public reverse engineering (the Kaitai description in MariOver/toost and
TheGreatRambler/toost, MIT, read for its facts). Fields without a name there are raw bytes here, and
a course is kept as the bytes it was read from, so that writing gives them all back. Encrypted files
(`.bcd`) need keys that are not part of this project: give `read_course` a function that decrypts.
The published data set of courses (`mm2_level` on Hugging Face) has them decrypted and compressed by
zlib, which is read as well.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.errors import LevelError

COURSE_BYTES = 376_768
ENCRYPTED_BYTES = 376_832
MAX_WIDTH = 240
MAX_HEIGHT = 27
UNITS_PER_TILE = 160  # of an object's position; it lies in the middle of its lowest row
PX_PER_TILE = 16  # of an area's boundaries

OBJECT = np.dtype(
    [
        ("x", "<i4"),
        ("y", "<i4"),
        ("unknown", "<i2"),
        ("width", "u1"),
        ("height", "u1"),
        ("flag", "<i4"),
        ("child_flag", "<i4"),
        ("extended", "<i4"),
        ("id", "<i2"),
        ("child_id", "<i2"),  # what a block or a pipe holds, -1 for nothing
        ("link_id", "<i2"),
        ("sound_id", "<i2"),
    ]
)
GROUND = np.dtype([("x", "u1"), ("y", "u1"), ("id", "u1"), ("background_id", "u1")])
SOUND = np.dtype([("id", "u1"), ("x", "u1"), ("y", "u1"), ("unknown", "u1")])
TRACK = np.dtype(
    [
        ("unknown_1", "<u2"),
        ("flags", "u1"),
        ("x", "u1"),
        ("y", "u1"),
        ("type", "u1"),
        ("link_id", "<u2"),
        ("unknown_2", "<u2", (2,)),
    ]
)
ICICLE = np.dtype([("x", "u1"), ("y", "u1"), ("type", "u1"), ("unknown", "u1")])
_NODE = np.dtype([("unknown_1", "u1"), ("direction", "u1"), ("unknown_2", "<u2")])


def _path(nodes: int) -> np.dtype[Any]:
    """A creeper, ! block or block on tracks, with its way."""
    head = [("unknown_1", "u1"), ("index", "u1"), ("node_count", "u1"), ("unknown_2", "u1")]
    return np.dtype([*head, ("nodes", _NODE, (nodes,))])


SNAKE = np.dtype(
    [
        ("index", "u1"),
        ("node_count", "u1"),
        ("unknown", "<u2"),
        ("nodes", [("index", "<u2"), ("direction", "<u2"), ("unknown", "<u4")], (120,)),
    ]
)
_CLEAR_PIPE_NODE = np.dtype(
    [
        (name, "u1")
        for name in ("type", "index", "x", "y", "width", "height", "unknown", "direction")
    ]
)
CLEAR_PIPE = np.dtype(
    [
        ("index", "u1"),
        ("node_count", "u1"),
        ("unknown", "<u2"),
        ("nodes", _CLEAR_PIPE_NODE, (36,)),
    ]
)
# Pools of fixed size, with the fields that count their used entries; these come in the same order
# but for one unknown field before the ground's.
_POOLS: tuple[tuple[str, str, np.dtype[Any], int], ...] = (
    ("objects", "object_count", OBJECT, 2600),
    ("sounds", "sound_count", SOUND, 300),
    ("snakes", "snake_count", SNAKE, 5),
    ("clear_pipes", "clear_pipe_count", CLEAR_PIPE, 200),
    ("creepers", "creeper_count", _path(20), 10),
    ("exclamation_blocks", "exclamation_block_count", _path(10), 10),
    ("track_blocks", "track_block_count", _path(10), 10),
    ("ground", "ground_count", GROUND, 4000),
    ("tracks", "track_count", TRACK, 1500),
    ("icicles", "icicle_count", ICICLE, 300),
)
POOLS = {name: size for name, _, _, size in _POOLS}
_COUNT_OF = {name: count for name, count, _, _ in _POOLS}
_COUNTS = [(count, "<i4") for _, count, _, _ in _POOLS]

AREA = np.dtype(
    [
        ("theme", "u1"),
        ("autoscroll", "u1"),
        ("boundary_type", "u1"),
        ("orientation", "u1"),
        ("liquid_end_height", "u1"),
        ("liquid_mode", "u1"),
        ("liquid_speed", "u1"),
        ("liquid_start_height", "u1"),
        ("right_px", "<i4"),
        ("top_px", "<i4"),
        ("left_px", "<i4"),
        ("bottom_px", "<i4"),
        ("flag", "<i4"),
        *_COUNTS[:7],
        ("unknown_1", "<i4"),
        *_COUNTS[7:],
        *[(name, dtype, (size,)) for name, _, dtype, size in _POOLS],
        ("unknown_2", "V3516"),
    ]
)
COURSE = np.dtype(
    [
        ("start_y", "u1"),
        ("goal_y", "u1"),
        ("goal_x", "<i2"),  # tenths of a tile
        ("timer_s", "<i2"),
        ("clear_condition_magnitude", "<i2"),
        ("year", "<i2"),
        ("month", "i1"),
        ("day", "i1"),
        ("hour", "i1"),
        ("minute", "i1"),
        ("autoscroll_speed", "u1"),
        ("clear_condition_category", "u1"),
        ("clear_condition", "<i4"),
        ("unknown_version", "<i4"),
        ("management_flags", "<i4"),
        ("clear_attempts", "<i4"),
        ("clear_time", "<i4"),
        ("creation_id", "<u4"),
        ("upload_id", "<i8"),
        ("game_version", "<i4"),
        ("unknown_1", "V189"),
        ("style", "<i2"),
        ("unknown_2", "u1"),
        ("name", "V66"),
        ("description", "V202"),
        ("areas", AREA, (2,)),  # main area, sub area
    ]
)
assert COURSE.itemsize == COURSE_BYTES


class Style(IntEnum):
    """Game styles: the two letters that the file has, as a number."""

    SMB1 = 12621
    SMB3 = 13133
    SMW = 22349
    NSMBU = 21847
    SM3DW = 22323


@dataclass(frozen=True, eq=False)
class Course:
    """A course: its bytes, and their fields by name.

    Args:
        data: 376,768 bytes.

    Raises:
        LevelError: When they are more or less, or count more entries of a pool than it has.
    """

    data: bytes

    def __post_init__(self) -> None:
        data = bytes(self.data)
        if len(data) != COURSE_BYTES:
            raise LevelError(
                f"a decrypted course has {COURSE_BYTES:,} bytes, got {len(data):,}"
                + (": this one is still encrypted" if len(data) == ENCRYPTED_BYTES else "")
            )
        object.__setattr__(self, "data", data)
        for number, area in enumerate(self.fields["areas"]):
            for pool, count in _COUNT_OF.items():
                if not 0 <= area[count] <= POOLS[pool]:
                    raise LevelError(
                        f"area {number} of the course says it has {area[count]} {pool}; there is "
                        f"room for {POOLS[pool]}"
                    )

    @property
    def fields(self) -> np.void:
        """The fields of the whole course, a read-only record of COURSE."""
        return np.frombuffer(self.data, COURSE)[0]

    @property
    def name(self) -> str:
        """Its name."""
        return _text(self.fields["name"])

    @property
    def description(self) -> str:
        """Its description."""
        return _text(self.fields["description"])

    def entries(self, pool: str, area: int = 0) -> NDArray[np.void]:
        """The used entries of a pool of an area (0 main, 1 sub), read-only.

        Raises:
            LevelError: For an unknown pool or area.
        """
        if pool not in POOLS or area not in (0, 1):
            raise LevelError(
                f"a course has the areas 0 and 1 and the pools {', '.join(POOLS)}; got {area!r} "
                f"and {pool!r}"
            )
        record = self.fields["areas"][area]
        return record[pool][: record[_COUNT_OF[pool]]]

    def __eq__(self, other: object) -> bool:
        return self.data == other.data if isinstance(other, Course) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.data)

    def __repr__(self) -> str:
        counts = ", ".join(f"{len(self.entries(pool))} {pool}" for pool in ("objects", "ground"))
        return f"<Course {self.name!r}, {counts} in the main area>"


def read_course(data: bytes, decrypt: Callable[[bytes], bytes] | None = None) -> Course:
    """The course of a decrypted file, or of one compressed by zlib.

    Args:
        data: The file.
        decrypt: Turns the 376,832 bytes of an encrypted file into the 376,768 of a decrypted one.

    Raises:
        LevelError: When it is none.
    """
    if len(data) == ENCRYPTED_BYTES:
        if decrypt is None:
            raise LevelError(
                "the course is encrypted, and the keys are not part of this project: decrypt it, "
                "or give read_course a function that does"
            )
        data = decrypt(data)
    elif len(data) != COURSE_BYTES:
        try:
            reader = zlib.decompressobj()
            unpacked = reader.decompress(data, COURSE_BYTES + 1)
        except zlib.error as error:
            raise LevelError(
                f"not a course: expected {COURSE_BYTES:,} bytes, or these compressed by zlib, got "
                f"{len(data):,} ({error})"
            ) from None
        data = unpacked
        if not reader.eof and len(data) < COURSE_BYTES:
            raise LevelError(
                f"the compressed course is cut off: {len(data):,} of its {COURSE_BYTES:,} bytes "
                "are there; take another copy of it"
            )
    return Course(data)


def write_course(course: Course, *, compressed: bool = False) -> bytes:
    """The course as bytes: the very ones it was read from, if it was read."""
    return zlib.compress(course.data, 9) if compressed else course.data


def empty_record() -> NDArray[np.void]:
    """A record of zeros to fill, COURSE[1]; `Course(record.tobytes())` makes the course."""
    return np.zeros(1, COURSE)


def put_entries(area: np.void, pool: str, entries: NDArray[np.void]) -> None:
    """Fill a pool of an area's record from its first entry on, and set its count.

    Raises:
        LevelError: When there are more than fit.
    """
    if len(entries) > POOLS[pool]:
        raise LevelError(
            f"an area of a course holds {POOLS[pool]} {pool}, and the level has {len(entries)}"
        )
    area[pool][: len(entries)] = entries
    area[_COUNT_OF[pool]] = len(entries)


def put_text(record: np.void, field: str, text: str) -> None:
    """Write a course's name or description; what does not fit is cut off."""
    room = record.dtype[field].itemsize - 2  # a zero at the end
    encoded = text.encode("utf-16-le", errors="replace")[:room]
    # Never half a character of two units.
    encoded = encoded.decode("utf-16-le", errors="ignore").encode("utf-16-le")
    record[field] = np.void(encoded.ljust(room + 2, b"\0"))


def _text(raw: np.void) -> str:
    return raw.tobytes().decode("utf-16-le", errors="replace").split("\0")[0]
