"""Level texts of the Mario AI Framework (2019): one character for each tile, top row first.

`read_framework_text` makes a `Level` of a text as the framework does; `framework_text_writer` goes
the other way. The framework takes any character that it does not know for air and breaks on lines
of unequal length; here both are errors that name the place, unless `lenient` is set.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.level_image import MAX_HEIGHT, MAX_WIDTH
from gym_mario_suite.engine.tiles import Tile2019 as T
from gym_mario_suite.engine.world import EnemyType, Rules
from gym_mario_suite.errors import LevelError, reason_of
from gym_mario_suite.levels.level import Level, Spawn

START = "M"
GOAL = "F"
AIR = "-"
CANNON = "*"
PLATFORM = "%"
PIPES = "tT"
FLOWER_PIPE = "T"

# Characters that always mean the same tile.
TILES: dict[str, T] = {
    "X": T.GROUND,
    "#": T.STAIR_BLOCK,
    "S": T.BRICK,
    "C": T.BRICK_COIN,
    "U": T.BRICK_POWER,
    "L": T.BRICK_LIFE,
    "@": T.QUESTION_POWER,
    "?": T.QUESTION_POWER,
    "!": T.QUESTION_COIN,
    "Q": T.QUESTION_COIN,
    "D": T.USED_BLOCK,
    "1": T.HIDDEN_LIFE_BLOCK,
    "2": T.HIDDEN_COIN_BLOCK,
    "o": T.COIN,
    "|": T.PLATFORM_BACKGROUND,
    "<": T.PIPE_TOP_LEFT,
    ">": T.PIPE_TOP_RIGHT,
    "[": T.PIPE_BODY_LEFT,
    "]": T.PIPE_BODY_RIGHT,
    "B": T.CANNON_MUZZLE,
}
ENEMIES: dict[str, tuple[EnemyType, bool]] = {
    "g": (EnemyType.GOOMBA, False),
    "E": (EnemyType.GOOMBA, False),
    "G": (EnemyType.GOOMBA, True),
    "r": (EnemyType.RED_KOOPA, False),
    "R": (EnemyType.RED_KOOPA, True),
    "k": (EnemyType.GREEN_KOOPA, False),
    "K": (EnemyType.GREEN_KOOPA, True),
    "y": (EnemyType.SPIKY, False),
    "Y": (EnemyType.SPIKY, True),
}
_IN_CONTEXT = "b*%tT"  # what these mean depends on their neighbours
_AIR = "- ."
KNOWN = frozenset([*TILES, *ENEMIES, *_IN_CONTEXT, *_AIR, START, GOAL])
# What the search for a first floor takes for solid; not quite what is solid in play.
_FLOOR = frozenset("X#@!BCQ<>[]?SUD%tT")
POLE_ROWS = 11  # above the goal's row


def read_framework_text(
    text: str, *, lenient: bool = False, metadata: Mapping[str, Any] | None = None
) -> Level:
    """The level that the framework makes of `text`, under its rules.

    Args:
        text: Lines of one length, ended by LF or CR LF; empty lines at the end do not count.
        lenient: Take unknown characters for air, as the framework does, and lines that are too
            short as if air followed.
        metadata: The level's metadata.

    Raises:
        LevelError: For an empty text, a line of another length than the first, an unknown
            character (both with row and column, counted from 1), or a size out of bounds.
    """
    lines = _lines(text, lenient)
    width, height = len(lines[0]), len(lines)
    tiles = np.zeros((width, height), np.uint8)
    spawns: list[Spawn] = []
    start = goal = None
    for y, line in enumerate(lines):
        for x, letter in enumerate(line):
            if letter in TILES:
                tiles[x, y] = TILES[letter]
            elif letter in ENEMIES:
                spawns.append(Spawn(x, y, *ENEMIES[letter]))
            elif letter == START:
                start = (x, y)
            elif letter == GOAL:
                goal = (x, y)
            elif letter == PLATFORM:
                left = x > 0 and line[x - 1] == PLATFORM
                right = x < width - 1 and line[x + 1] == PLATFORM
                tiles[x, y] = T.PLATFORM_SINGLE + 2 * left + right
            elif letter in "b*":
                tiles[x, y] = _cannon(lines, x, y)
            elif letter in PIPES:
                tiles[x, y] = _pipe(lines, tiles, x, y)
                if letter == FLOWER_PIPE and tiles[x, y] == T.PIPE_TOP_LEFT:
                    spawns.append(Spawn(x, y, EnemyType.FLOWER))
    if start is None:
        start = (0, first_floor(lines, 0))
    if goal is None:
        goal = (width - 1, first_floor(lines, width - 1))
    put_pole(tiles, *goal)
    return Level(tiles, spawns, *goal, metadata or {}, Rules.FRAMEWORK_2019, start)


def load_framework_text(path: Path | str, *, lenient: bool = False) -> Level:
    """The level of a text file; its metadata has the file's name.

    Raises:
        LevelError: When the file cannot be read; the message names it.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LevelError(f"cannot read the level text {path}: {reason_of(error)}") from error
    try:
        return read_framework_text(text, lenient=lenient, metadata={"file": path.name})
    except LevelError as error:
        raise LevelError(f"{path}: {error}") from None


def first_floor(lines: list[str], x: int) -> int:
    """The row above the lowest run of solid characters of column `x`; -1 if there is none."""
    floor = False
    for y in range(len(lines) - 1, -1, -1):
        if lines[y][x] in _FLOOR:
            floor = True
        elif floor:
            return y
    return -1


def _lines(text: str, lenient: bool) -> list[str]:
    """The lines, all of one length and of known characters."""
    lines = text.replace("\r\n", "\n").split("\n")
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        raise LevelError("the level text is empty")
    width = len(lines[0])
    if not 1 <= width <= MAX_WIDTH or not 2 <= len(lines) <= MAX_HEIGHT:
        raise LevelError(
            f"a level text has 1 to {MAX_WIDTH} columns and 2 to {MAX_HEIGHT} rows, "
            f"got {width} and {len(lines)}"
        )
    for row, line in enumerate(lines, 1):
        if len(line) > width or (len(line) < width and not lenient):
            raise LevelError(
                f"row {row} of the level text has {len(line)} columns, but the first row has "
                f"{width}: they part at row {row}, column {min(len(line), width) + 1}"
            )
        lines[row - 1] = line.ljust(width, AIR)
        unknown = [c for c, letter in enumerate(line, 1) if letter not in KNOWN]
        if unknown and not lenient:
            column = unknown[0]
            raise LevelError(
                f"unknown character {line[column - 1]!r} at row {row}, column {column} of the "
                "level text"
            )
    return lines


def _cannon(lines: list[str], x: int, y: int) -> int:
    above = lines[y - 1][x] if y > 0 else AIR
    above_that = lines[y - 2][x] if y > 1 else AIR
    if lines[y][x] == "b":
        return T.CANNON_BASE if above_that == "B" else T.CANNON_NECK
    return T.CANNON_MUZZLE + (above == CANNON) + (above_that == CANNON)


def _pipe(lines: list[str], tiles: NDArray[np.uint8], x: int, y: int) -> int:
    line = lines[y]
    body = y > 0 and lines[y - 1][x] in PIPES
    inside = 0 < x < len(line) - 1
    if inside and line[x - 1] not in PIPES and line[x + 1] not in PIPES:
        return T.NARROW_PIPE_BODY if body else T.NARROW_PIPE_TOP
    right = x > 0 and tiles[x - 1, y] in (T.PIPE_TOP_LEFT, T.PIPE_BODY_LEFT)
    return T.PIPE_TOP_LEFT + 2 * body + right


def pole_rows(y: int) -> range:
    """The rows that a goal in row `y` writes its pole to; the first one gets the top."""
    return range(max(1, y - POLE_ROWS), max(1, y) + 1)


def put_pole(tiles: NDArray[np.uint8], x: int, y: int) -> None:
    """The goal's pole replaces what stood in its rows."""
    rows = pole_rows(y)
    tiles[x, rows.start : rows.stop] = T.GOAL_POLE
    tiles[x, rows.start] = T.GOAL_TOP
