"""Levels of the 2019 rules as texts of the Mario AI Framework."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np

from gym_mario_suite.engine.tiles import Tile2019 as T
from gym_mario_suite.engine.world import EnemyType, Rules
from gym_mario_suite.errors import LevelError
from gym_mario_suite.levels.framework_text import (
    AIR,
    CANNON,
    ENEMIES,
    FLOWER_PIPE,
    GOAL,
    PLATFORM,
    START,
    TILES,
    pole_rows,
    read_framework_text,
)
from gym_mario_suite.levels.level import Level

_LETTERS: dict[int, str] = {
    **{int(tile): letter for letter, tile in TILES.items()},
    T.AIR: AIR,
    T.PLATFORM_SINGLE: PLATFORM,
    T.PLATFORM_LEFT: PLATFORM,
    T.PLATFORM_RIGHT: PLATFORM,
    T.PLATFORM: PLATFORM,
    T.NARROW_PIPE_TOP: "t",
    T.NARROW_PIPE_BODY: "t",
    T.QUESTION_POWER: "@",
    T.QUESTION_COIN: "!",
}
_ENEMY_LETTERS = {enemy: letter for letter, enemy in reversed(ENEMIES.items())}
_WIDE_PIPE = (T.PIPE_TOP_LEFT, T.PIPE_TOP_RIGHT, T.PIPE_BODY_LEFT, T.PIPE_BODY_RIGHT)
_LEFT_HALVES = (T.PIPE_TOP_LEFT, T.PIPE_BODY_LEFT)
_RIGHT_HALVES = (T.PIPE_TOP_RIGHT, T.PIPE_BODY_RIGHT)
_CANNON_TILES = (T.CANNON_MUZZLE, T.CANNON_NECK, T.CANNON_BASE)
_POLE_TILES = (T.GOAL_POLE, T.GOAL_TOP)
_GROUND = "X"


def write_framework_text(level: Level) -> str:
    """A text of which `read_framework_text` makes this level.

    Pipes are written as `t` and `T`, and by `<`, `>`, `[` and `]` where that does not read back
    right; cannons as `*`, or where that does not fit as `B` and `b`. Every text is read again
    before it is returned. Where a text mixes both ways of pipes within a few cells, or hides half
    a pipe under the goal's pole, a way to write its level again may not be found.

    Raises:
        LevelError: When the level has other rules than the framework's, or something that no text
            gives: the message names the first tile, spawn point or place that cannot be written.
    """
    if level.rules != Rules.FRAMEWORK_2019:
        raise LevelError("only levels of the rules framework-2019 have a framework text")
    problem = None
    for plain, mark_goal, mark_start, hidden in product(
        (False, True), (True, False), (True, False), (AIR, _GROUND)
    ):
        draft = _Draft(level, plain, mark_start, mark_goal, hidden)
        back = draft.repaired()
        if back == level:
            return draft.text()
        problem = problem or _difference(level, back)
    raise LevelError(f"the framework's level text cannot express {problem}")


class _Draft:
    """The letters of a level, column by column.

    Args:
        level: The level.
        plain: Prefer letters of pipe halves to `t`, and `B` and `b` to `*`.
        mark_start: Write an `M`; else the reader has to find the start.
        mark_goal: Write an `F`; else the reader has to find the goal.
        hidden: What to write under the top of the pole where no neighbour tells.
    """

    def __init__(
        self, level: Level, plain: bool, mark_start: bool, mark_goal: bool, hidden: str
    ) -> None:
        self.level = level
        tiles = level.tiles
        self.letters = np.full(tiles.shape, AIR)
        for tile, letter in _LETTERS.items():
            self.letters[tiles == tile] = letter
        if not plain:
            self.letters[np.isin(tiles, _WIDE_PIPE)] = "t"
        self.spawns = {(spawn.x, spawn.y) for spawn in level.spawns}
        self.fixed = ~np.isin(tiles, _POLE_TILES)
        self._write_under_pole(plain, hidden)
        self._write_spawns()
        if mark_start and level.start is not None:
            self._mark(START, *level.start)
        if mark_goal:
            self._mark(GOAL, level.x_exit, level.y_exit)
        for x in np.flatnonzero(np.isin(tiles, _CANNON_TILES).any(axis=1)):
            self._write_cannons(int(x), plain)

    def text(self) -> str:
        """The level as lines."""
        return "\n".join("".join(row) for row in self.letters.T) + "\n"

    def repaired(self) -> Level:
        """Write pipe tiles that read back wrong by letters that need no context.

        Returns:
            What the text reads back to in the end.
        """
        tiles = self.level.tiles
        while True:
            back = read_framework_text(self.text())
            wrong = (back.tiles != tiles) & (self.letters == "t") & np.isin(tiles, _WIDE_PIPE)
            if not wrong.any():
                return back
            # One by one, from the top left: a repaired tile may put its neighbours right.
            y, x = (int(v) for v in np.argwhere(wrong.T)[0])
            self.letters[x, y] = _LETTERS[int(tiles[x, y])]

    def _tile(self, x: int, y: int) -> int:
        width, height = self.level.tiles.shape
        inside = 0 <= x < width and 0 <= y < height
        return int(self.level.tiles[x, y]) if inside else T.AIR

    def _write_under_pole(self, plain: bool, hidden: str) -> None:
        """What the pole hides still shows in its neighbours."""
        x = self.level.x_exit
        if not 0 <= x < self.level.width:
            return
        rows = pole_rows(self.level.y_exit)
        self.letters[x, rows.start] = hidden
        for y in rows:
            left, right = self._tile(x - 1, y), self._tile(x + 1, y)
            if left in (T.PLATFORM_LEFT, T.PLATFORM) or right in (T.PLATFORM_RIGHT, T.PLATFORM):
                self.letters[x, y] = PLATFORM
                continue
            halved = left in _LEFT_HALVES or right in _RIGHT_HALVES
            if self._tile(x, y + 1) == T.NARROW_PIPE_BODY or (halved and not plain):
                self.letters[x, y] = "t"

    def _write_spawns(self) -> None:
        for spawn in self.level.spawns:
            x, y = spawn.x, spawn.y
            self.fixed[x, y] = True
            if spawn.enemy != EnemyType.FLOWER:
                self.letters[x, y] = _ENEMY_LETTERS[spawn.enemy, spawn.winged]
                continue
            self.letters[x, y] = FLOWER_PIPE
            # Alone it would be a narrow pipe, which has no flower.
            if self._tile(x + 1, y) in (T.PIPE_TOP_RIGHT, *_POLE_TILES):
                self.letters[x + 1, y] = "t"

    def _mark(self, letter: str, x: int, y: int) -> None:
        """Put `M` or `F` where there is room."""
        level = self.level
        if not (0 <= x < level.width and 0 <= y < level.height) or (x, y) in self.spawns:
            return
        if self._tile(x, y) in (T.AIR, *_POLE_TILES):
            self.letters[x, y] = letter
            self.fixed[x, y] = True

    def _write_cannons(self, x: int, plain: bool) -> None:
        """Find letters that give a column's cannons: what one is depends on the two above it."""
        tiles = self.level.tiles[x].tolist()
        column = self.letters[x].tolist()
        fixed = self.fixed[x].tolist()

        @cache
        def rest(y: int, above_that: str, above: str) -> tuple[str, ...] | None:
            """Letters from row `y` on, after these two."""
            if y == len(tiles):
                return ()
            for letter in candidates(y, above_that, above):
                seen = letter if letter in "B*" else AIR
                following = rest(y + 1, above, seen)
                if following is not None:
                    return (letter, *following)
            return None

        def candidates(y: int, above_that: str, above: str) -> list[str]:
            if tiles[y] not in _CANNON_TILES:
                return [column[y]] if fixed[y] else [column[y], "B", CANNON]
            stars = (above == CANNON) + (above_that == CANNON)
            letters = [CANNON] if tiles[y] == T.CANNON_MUZZLE + stars else []
            b = T.CANNON_BASE if above_that == "B" else T.CANNON_NECK
            if tiles[y] == T.CANNON_MUZZLE:
                letters.append("B")
            elif tiles[y] == b:
                letters.append("b")
            return letters[::-1] if plain else letters

        letters = rest(0, AIR, AIR)
        if letters is not None:
            self.letters[x] = letters


def _difference(level: Level, back: Level) -> str:
    """Where two levels of one size part first."""
    wrong = np.argwhere(level.tiles.T != back.tiles.T)
    if len(wrong):
        y, x = (int(v) for v in wrong[0])
        return f"the tile {int(level.tiles[x, y])} at row {y + 1}, column {x + 1}"
    for spawn in level.spawns:
        if spawn not in back.spawns:
            wings = " winged" if spawn.winged else ""
            return (
                f"the{wings} {spawn.enemy.name.lower()} at row {spawn.y + 1}, column {spawn.x + 1}"
            )
    if level.start != back.start:
        return f"a start at {level.start} (column, row from 0)"
    return f"a goal at {(level.x_exit, level.y_exit)} (column, row from 0)"
