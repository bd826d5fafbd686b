"""A level as an immutable value."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gym_mario_suite.engine.level_image import (
    AT_SPAWNS,
    CELLS,
    DRAFT_SPAWN_SHIFT,
    DRAFT_WINGED,
    FINISHED,
    HEIGHT,
    IMAGE_SIZE,
    MAX_HEIGHT,
    MAX_WIDTH,
    N_SPAWNS,
    RULES,
    START_X_PX,
    START_Y_PX,
    WIDTH,
    X_EXIT,
    X_START,
    Y_EXIT,
    Y_START,
    LevelImage,
    finish_image,
    image_capacity,
    start_image,
)
from gym_mario_suite.engine.tiles import TILE_PX, Tile, Tile2019
from gym_mario_suite.engine.world import SPENT_BITS, EnemyType, Rules
from gym_mario_suite.errors import UNREADABLE, LevelError, OptionError, as_integer

_THEMES = 3
_MAGIC = b"GMSL"
_VERSION = 2
_FIRST_VERSION = 1  # had no rules and no start: those of 2009
_HEADER_BYTES = len(_MAGIC) + 2 + 4
MAX_EXIT = 1 << 20
# A player stands in the middle of his cell, on its last pixel.
_FEET_X_PX = TILE_PX // 2
_FEET_Y_PX = TILE_PX - 1
_ANY = 1 << 62  # beyond all coordinates: where they may lie is checked against the size


@dataclass(frozen=True)
class Spawn:
    """A point where an enemy appears when the camera comes near.

    Attributes:
        x: Column.
        y: Row, from the top.
        enemy: Which enemy.
        winged: Whether it has wings (a flower never shows any).
    """

    x: int
    y: int
    enemy: EnemyType
    winged: bool = False


@dataclass(frozen=True, eq=False)
class Level:
    """A level: tiles, spawn points, start, exit, rules, and where it came from.

    Two levels are equal when all of these but the metadata are.

    Args:
        tiles: Tile bytes, uint8[width, height], column by column from the left, each from the
            top. Copied; the stored array is read-only.
        spawns: Spawn points, at most one in a cell.
        x_exit: Column of the exit: a player beyond 16 * x_exit px has won. It may lie outside the
            map, and then the level cannot be won.
        y_exit: Row of the ground at the exit (only drawn).
        metadata: What made the level: JSON-able, for example `generator`, `seed`, `difficulty`,
            `type`.
        rules: The rule set that the tile bytes belong to and that the level is played by.
        start: Column and row of the cell in which players start, row -1 for just above the map;
            None for the start of 2009, where they fall in at 32, 0 px.

    Raises:
        LevelError: When the size is out of bounds, a spawn point lies outside the map or shares a
            cell, the start lies outside the map, the rules are unknown, or there are more
            changeable tiles and spawn points than a world can remember.
    """

    tiles: NDArray[np.uint8]
    spawns: Sequence[Spawn]
    x_exit: int
    y_exit: int = 10
    metadata: Mapping[str, Any] = field(default_factory=dict)
    rules: Rules = Rules.COMPETITION_2009
    start: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        tiles = _checked_tiles(self.tiles)
        width, height = tiles.shape
        spawns = tuple(sorted(map(_checked_spawn, self.spawns), key=lambda s: (s.x, s.y)))
        taken: set[tuple[int, int]] = set()
        for spawn in spawns:
            if not (0 <= spawn.x < width and 0 <= spawn.y < height):
                raise LevelError(
                    f"the spawn point at column {spawn.x}, row {spawn.y} lies outside the level "
                    f"of {width} columns and {height} rows"
                )
            if (spawn.x, spawn.y) in taken:
                raise LevelError(
                    f"two spawn points at column {spawn.x}, row {spawn.y}; a cell holds one"
                )
            taken.add((spawn.x, spawn.y))
        x_exit = as_level_integer("x_exit", self.x_exit, -MAX_EXIT, MAX_EXIT)
        y_exit = as_level_integer("y_exit", self.y_exit, -MAX_EXIT, MAX_EXIT)
        object.__setattr__(self, "rules", _checked_rules(self.rules))
        object.__setattr__(self, "start", checked_start(self.start, width, height))
        object.__setattr__(self, "tiles", tiles)
        object.__setattr__(self, "spawns", spawns)
        object.__setattr__(self, "x_exit", x_exit)
        object.__setattr__(self, "y_exit", y_exit)
        object.__setattr__(self, "metadata", MappingProxyType(dict(self.metadata)))
        _ = self.image  # a level that the engine cannot hold is refused here, not in play

    @classmethod
    def from_image(cls, image: LevelImage, metadata: Mapping[str, Any] | None = None) -> Level:
        """The level that a finished level image holds."""
        width, height = int(image[WIDTH]), int(image[HEIGHT])
        tiles = (image[CELLS : CELLS + width * height] & 0xFF).astype(np.uint8)
        start = image[AT_SPAWNS]
        packed = image[start : start + image[N_SPAWNS]].tolist()
        spawns = [
            Spawn(p >> 12, (p >> 4) & 0xFF, EnemyType((p >> 1) & 7), bool(p & 1)) for p in packed
        ]
        return cls(
            tiles.reshape(width, height),
            spawns,
            int(image[X_EXIT]),
            int(image[Y_EXIT]),
            metadata or {},
            Rules(int(image[RULES])),
            _cell_of_start(int(image[X_START]), int(image[Y_START])),
        )

    @property
    def width(self) -> int:
        """Columns."""
        return self.tiles.shape[0]

    @property
    def height(self) -> int:
        """Rows."""
        return self.tiles.shape[1]

    @cached_property
    def image(self) -> LevelImage:
        """The engine's form of the level, int32, shared by all worlds made from it: never write.

        It is not flagged read-only: numba would compile the engine a second time for such arrays.
        """
        width, height = self.tiles.shape
        in_2009 = self.rules == Rules.COMPETITION_2009
        muzzle = Tile.CANNON_MUZZLE if in_2009 else Tile2019.CANNON_MUZZLE
        muzzles = int(np.count_nonzero(self.tiles == muzzle))
        image = np.zeros(image_capacity(width, height, len(self.spawns), 3 * muzzles), np.int32)
        start_image(image, width, height)
        drafts = self.tiles.astype(np.int32)
        for spawn in self.spawns:
            wings = DRAFT_WINGED if spawn.winged else 0
            drafts[spawn.x, spawn.y] |= (spawn.enemy + 1) << DRAFT_SPAWN_SHIFT | wings
        image[CELLS : CELLS + width * height] = drafts.ravel()
        image[X_EXIT] = self.x_exit
        image[Y_EXIT] = self.y_exit
        image[RULES] = self.rules
        if self.start is not None:
            image[X_START] = self.start[0] * TILE_PX + _FEET_X_PX
            image[Y_START] = self.start[1] * TILE_PX + _FEET_Y_PX
        if finish_image(image) != FINISHED:
            raise LevelError(
                "the level has too many coins, blocks and spawn points: "
                f"the engine keeps track of {SPENT_BITS:,} in all"
            )
        return image[: image[IMAGE_SIZE]].copy()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what the level is (all but the metadata), as hex."""
        return hashlib.sha256(self.image.tobytes()).hexdigest()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Level):
            return NotImplemented
        return np.array_equal(self.image, other.image)

    def __hash__(self) -> int:
        return hash(self.digest)

    def __reduce__(self) -> tuple[Any, ...]:
        return Level.from_bytes, (self.to_bytes(),)

    def __repr__(self) -> str:
        origin = ", ".join(f"{key}={value!r}" for key, value in self.metadata.items())
        rules = "" if self.rules == Rules.COMPETITION_2009 else f", {rules_name(self.rules)}"
        start = "" if self.start is None else f", start {self.start}"
        place = f"{self.width}x{self.height}{rules}{start}, exit {self.x_exit}"
        return f"<Level {place}{origin and ', '}{origin}>"

    @property
    def theme(self) -> int:
        """What it is drawn in: its `type`, where the metadata has one; 0 for overground."""
        value = self.metadata.get("type", 0)
        known = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _THEMES
        return int(value) if known else 0

    def to_bytes(self) -> bytes:
        """The level as bytes: a header, then compressed JSON, tiles and spawn points."""
        return self._bytes

    @cached_property
    def _bytes(self) -> bytes:
        head = json.dumps(
            {
                "width": self.width,
                "height": self.height,
                "x_exit": self.x_exit,
                "y_exit": self.y_exit,
                "spawns": [[s.x, s.y, int(s.enemy), int(s.winged)] for s in self.spawns],
                "metadata": dict(self.metadata),
                "rules": int(self.rules),
                "start": self.start,
            },
            sort_keys=True,
        ).encode()
        body = zlib.compress(len(head).to_bytes(4, "little") + head + self.tiles.tobytes(), 6)
        return (
            _MAGIC + _VERSION.to_bytes(2, "little") + zlib.crc32(body).to_bytes(4, "little") + body
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Level:
        """The level that `to_bytes` wrote.

        Raises:
            LevelError: When the bytes are not such a level, or of another version.
        """
        if data[: len(_MAGIC)] != _MAGIC or len(data) < _HEADER_BYTES:
            raise LevelError(f"not a level: expected bytes that start with {_MAGIC!r}")
        version = int.from_bytes(data[4:6], "little")
        if not _FIRST_VERSION <= version <= _VERSION:
            raise LevelError(
                f"level of version {version}; this program reads versions {_FIRST_VERSION} to "
                f"{_VERSION}"
            )
        body = data[_HEADER_BYTES:]
        if zlib.crc32(body) != int.from_bytes(data[6:10], "little"):
            raise LevelError(
                "the level is damaged: its checksum does not match; take another copy of it"
            )
        try:
            raw = zlib.decompress(body)
            size = int.from_bytes(raw[:4], "little")
            head = json.loads(raw[4 : 4 + size])
            tiles = np.frombuffer(raw, np.uint8, offset=4 + size)
            width = as_level_integer("width", head["width"], 1, MAX_WIDTH)
            height = as_level_integer("height", head["height"], 1, MAX_HEIGHT)
            return cls(
                tiles.reshape(width, height),
                [Spawn(x, y, kind, bool(w)) for x, y, kind, w in head["spawns"]],
                head["x_exit"],
                head["y_exit"],
                head["metadata"],
                head["rules"] if version > _FIRST_VERSION else Rules.COMPETITION_2009,
                head["start"] if version > _FIRST_VERSION else None,
            )
        except LevelError:
            raise
        except (zlib.error, *UNREADABLE) as error:
            raise LevelError(f"the level's contents cannot be read: {error}") from error


def as_level_integer(name: str, value: object, low: int, high: int) -> int:
    """`value` as an int in low .. high.

    Raises:
        LevelError: If it is no whole number or out of range; the message names `name`.
    """
    try:
        return as_integer(name, value, low, high)
    except OptionError as error:
        raise LevelError(str(error)) from None


def rules_name(rules: Rules) -> str:
    """The name of a rule set as options and messages have it: "framework-2019"."""
    return rules.name.lower().replace("_", "-")


def _checked_rules(rules: object) -> Rules:
    if isinstance(rules, bool) or rules not in set(Rules):
        known = ", ".join(f"{member.value} ({rules_name(member)})" for member in Rules)
        raise LevelError(f"a level's rules must be one of {known}; got {rules!r}")
    return Rules(rules)


def checked_start(start: object, width: int, height: int) -> tuple[int, int] | None:
    """Column and row of a start as plain ints; None stays None.

    Raises:
        LevelError: If it is no cell of the map, nor one just above it.
    """
    if start is None:
        return None
    if not isinstance(start, list | tuple) or len(start) != 2:
        raise LevelError(f"a start must be (column, row) or None, got {start!r}")
    return (
        as_level_integer("the column of the start", start[0], 0, width - 1),
        as_level_integer("the row of the start", start[1], -1, height - 1),
    )


def _cell_of_start(x: int, y: int) -> tuple[int, int] | None:
    if (x, y) == (START_X_PX, START_Y_PX):
        return None
    return (x - _FEET_X_PX) // TILE_PX, (y - _FEET_Y_PX) // TILE_PX


def _checked_spawn(spawn: Spawn) -> Spawn:
    """The spawn point with plain ints, if it is one."""
    x = as_level_integer("a spawn point's x", spawn.x, -_ANY, _ANY)
    y = as_level_integer("a spawn point's y", spawn.y, -_ANY, _ANY)
    if isinstance(spawn.enemy, bool) or spawn.enemy not in set(EnemyType):
        kinds = ", ".join(f"{kind.value} {kind.name.lower()}" for kind in EnemyType)
        raise LevelError(f"a spawn point's enemy must be one of {kinds}; got {spawn.enemy!r}")
    return Spawn(x, y, EnemyType(spawn.enemy), bool(spawn.winged))


def _checked_tiles(tiles: ArrayLike) -> NDArray[np.uint8]:
    try:
        array = np.asarray(tiles)
    except ValueError:
        raise LevelError("a level's tiles must be columns of the same length") from None
    if array.ndim != 2 or array.dtype != np.uint8:
        raise LevelError(
            f"tiles must be a uint8 array of [width, height], got {array.dtype} {array.shape}"
        )
    width, height = array.shape
    if not (1 <= width <= MAX_WIDTH and 1 <= height <= MAX_HEIGHT):
        raise LevelError(
            f"a level has 1 to {MAX_WIDTH} columns and 1 to {MAX_HEIGHT} rows, "
            f"got {width} and {height}"
        )
    array = np.array(array, order="C")
    array.setflags(write=False)
    return array
