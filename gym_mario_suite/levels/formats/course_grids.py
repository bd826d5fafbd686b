"""Courses of Super Mario Maker 2 as tile grids, and tile grids as courses.

A grid keeps what 13 codes can say of a course (`EXACT`), something like it (`ALIKE`), and lists the
rest in its metadata: `unsupported` counts what was left out, by name, `approximated` what became
something else. The ground under the start and under the goal, which a course does not list, is put
in: seven columns up to the start's height, and all columns from the goal's on.
"""

from __future__ import annotations

from collections import Counter
from enum import IntEnum

import numpy as np

from gym_mario_suite.engine.world import EnemyType
from gym_mario_suite.errors import LevelError
from gym_mario_suite.levels.formats.course import (
    GROUND,
    MAX_HEIGHT,
    MAX_WIDTH,
    OBJECT,
    PX_PER_TILE,
    UNITS_PER_TILE,
    Course,
    Style,
    empty_record,
    put_entries,
    put_text,
)
from gym_mario_suite.levels.grid_levels import unusual_enemies, usual_enemy
from gym_mario_suite.levels.level import Spawn
from gym_mario_suite.levels.tile_grid import Theme, Tile, TileGrid


class ObjectId(IntEnum):
    """Objects of a course, as far as they mean something here."""

    GOOMBA = 0
    KOOPA = 1
    PIRANHA_PLANT = 2
    HAMMER_BRO = 3
    BRICK = 4
    QUESTION_BLOCK = 5
    HARD_BLOCK = 6
    GROUND = 7
    COIN = 8
    PIPE = 9
    BILL_BLASTER = 13
    MUSHROOM_PLATFORM = 14
    SEMISOLID_PLATFORM = 16
    BRIDGE = 17
    SUPER_MUSHROOM = 20
    DONUT_BLOCK = 21
    CLOUD_BLOCK = 22
    NOTE_BLOCK = 23
    SPINY = 25
    GOAL_GROUND = 26
    GOAL = 27
    BUZZY_BEETLE = 28
    FIRE_FLOWER = 34
    STARTING_BRICK = 37
    STARTING_ARROW = 38
    MAGIKOOPA = 39
    SPIKE_TOP = 40
    BIG_MUSHROOM = 44
    ICE_BLOCK = 63
    BIG_COIN = 70
    HALF_COLLISION_PLATFORM = 71
    CHECKPOINT_FLAG = 90


WINGS = 0x2
RED = 0x40000  # a koopa of the other colour
_DIRECTION = 0x60  # of a pipe
_TO_THE_RIGHT = 0x00
UPWARD = 0x40
DOWNWARD = 0x60
_USUAL_FLAG = 0x6000040  # what the editor gives to objects without any properties

_POWER = frozenset({ObjectId.SUPER_MUSHROOM, ObjectId.FIRE_FLOWER, ObjectId.BIG_MUSHROOM})
_BLOCKS = {
    ObjectId.BRICK: Tile.BRICK,
    ObjectId.HARD_BLOCK: Tile.GROUND,
    ObjectId.GROUND: Tile.GROUND,
    ObjectId.COIN: Tile.COIN,
}
_LIKE_BLOCKS = {
    ObjectId.DONUT_BLOCK: Tile.GROUND,
    ObjectId.CLOUD_BLOCK: Tile.GROUND,
    ObjectId.NOTE_BLOCK: Tile.GROUND,
    ObjectId.ICE_BLOCK: Tile.GROUND,
    ObjectId.BIG_COIN: Tile.COIN,
}
# Of these the top row counts.
_PLATFORMS = frozenset(
    {
        ObjectId.MUSHROOM_PLATFORM,
        ObjectId.SEMISOLID_PLATFORM,
        ObjectId.BRIDGE,
        ObjectId.HALF_COLLISION_PLATFORM,
    }
)
_ENEMIES = {
    ObjectId.GOOMBA: EnemyType.GOOMBA,
    ObjectId.KOOPA: EnemyType.GREEN_KOOPA,
    ObjectId.PIRANHA_PLANT: EnemyType.FLOWER,
    ObjectId.SPINY: EnemyType.SPIKY,
}
_LIKE_ENEMIES = {
    ObjectId.HAMMER_BRO: EnemyType.GOOMBA,
    ObjectId.MAGIKOOPA: EnemyType.GOOMBA,
    ObjectId.BUZZY_BEETLE: EnemyType.GREEN_KOOPA,
    ObjectId.SPIKE_TOP: EnemyType.SPIKY,
}
# They are where the header says anyway, or change nothing that a grid knows.
_SILENT = frozenset(
    {
        ObjectId.GOAL_GROUND,
        ObjectId.GOAL,
        ObjectId.STARTING_BRICK,
        ObjectId.STARTING_ARROW,
        ObjectId.CHECKPOINT_FLAG,
    }
)
_STRUCTURES = frozenset({ObjectId.PIPE, ObjectId.BILL_BLASTER})
EXACT = frozenset({*_BLOCKS, *_ENEMIES, ObjectId.QUESTION_BLOCK}) | _STRUCTURES | _SILENT
ALIKE = frozenset({*_LIKE_BLOCKS, *_LIKE_ENEMIES, *_PLATFORMS})

_START_COLUMNS = 7
_GOAL_COLUMNS = 10
_THEMES = {1: Theme.UNDERGROUND, 2: Theme.CASTLE}
_STANDING_ROWS = 168  # of a sub area that is higher than wide


def course_grid(course: Course, area: int = 0) -> TileGrid:
    """The grid most like an area of a course.

    Args:
        course: The course.
        area: 0 the main area, 1 the sub area.

    Raises:
        LevelError: For an area of no possible size; that of an unused sub area is 0.
    """
    return _Reader(course, area).grid()


class _Reader:
    def __init__(self, course: Course, area: int) -> None:
        self.course = course
        self.area = area
        self.record = course.fields["areas"][area]
        self.width = int(self.record["right_px"]) // PX_PER_TILE
        self.height = int(self.record["top_px"]) // PX_PER_TILE
        if not (1 <= self.width <= MAX_WIDTH and 1 <= self.height <= _STANDING_ROWS):
            raise LevelError(
                f"area {area} of the course has {self.width} columns and {self.height} rows; "
                f"courses have 1 to {MAX_WIDTH} columns and 1 to {MAX_HEIGHT} rows "
                f"(standing ones {_STANDING_ROWS})"
            )
        self.codes = np.full((self.height, self.width), Tile.EMPTY, np.uint8)
        self.enemies: dict[tuple[int, int], Spawn] = {}
        self.unsupported: Counter[str] = Counter()
        self.approximated: Counter[str] = Counter()

    def grid(self) -> TileGrid:
        if self.area == 0:
            self._put_start_and_goal()
        for cell in self.course.entries("ground", self.area):
            self._put(int(cell["x"]), int(cell["y"]), Tile.GROUND)
        objects = self.course.entries("objects", self.area)
        # Enemies last: a cell holds one thing, and theirs must stay.
        for item in objects:
            if item["id"] not in _ENEMIES and item["id"] not in _LIKE_ENEMIES:
                self._put_object(item)
        for item in objects:
            if item["id"] in _ENEMIES or item["id"] in _LIKE_ENEMIES:
                self._put_enemy(item)
        for x, y in self.enemies:
            self.codes[y, x] = Tile.ENEMY
        metadata = {
            "course": self.course.name,
            "area": self.area,
            "timer_s": int(self.course.fields["timer_s"]),
            "unsupported": dict(sorted(self.unsupported.items())),
            "approximated": dict(sorted(self.approximated.items())),
        }
        theme = _THEMES.get(int(self.record["theme"]), Theme.OVERGROUND)
        grid = TileGrid(self.codes, theme, list(self.enemies.values()), metadata)
        return TileGrid(self.codes, theme, unusual_enemies(grid), metadata)

    def _put_start_and_goal(self) -> None:
        fields = self.course.fields
        start, goal = int(fields["start_y"]), int(fields["goal_y"])
        goal_column = max(int(fields["goal_x"]) // 10, 0)
        self.codes[max(self.height - start, 0) :, :_START_COLUMNS] = Tile.GROUND
        self.codes[max(self.height - goal, 0) :, goal_column:] = Tile.GROUND

    def _put(self, x: int, y: int, code: Tile) -> None:
        """Put a code at a column and a row counted from below; beyond the borders nothing is."""
        if 0 <= x < self.width and 0 <= y < self.height:
            self.codes[self.height - 1 - y, x] = code

    def _cells(self, item: np.void) -> tuple[int, int, int, int]:
        """Left column, lowest row, columns and rows of an object."""
        width, height = max(int(item["width"]), 1), max(int(item["height"]), 1)
        # x is the middle of all columns, y that of the lowest row.
        left = (int(item["x"]) - (width - 1) * UNITS_PER_TILE // 2) // UNITS_PER_TILE
        return left, int(item["y"]) // UNITS_PER_TILE, width, height

    def _put_object(self, item: np.void) -> None:
        kind = int(item["id"])
        left, bottom, width, height = self._cells(item)
        if kind in _SILENT:
            return
        if kind == ObjectId.PIPE:
            self._put_pipe(item, height)
        elif kind == ObjectId.QUESTION_BLOCK:
            power = int(item["child_id"]) in _POWER
            self._put(left, bottom, Tile.POWER_BLOCK if power else Tile.COIN_BLOCK)
        elif kind == ObjectId.BILL_BLASTER:
            for row in range(height):
                top = row == height - 1
                self._put(left, bottom + row, Tile.CANNON_TOP if top else Tile.CANNON_BODY)
        elif kind in _PLATFORMS:
            self.approximated[ObjectId(kind).name.lower()] += 1
            for column in range(width):
                self._put(left + column, bottom + height - 1, Tile.GROUND)
        elif kind in _BLOCKS or kind in _LIKE_BLOCKS:
            if kind in _LIKE_BLOCKS:
                self.approximated[ObjectId(kind).name.lower()] += 1
            code = _BLOCKS[ObjectId(kind)] if kind in _BLOCKS else _LIKE_BLOCKS[ObjectId(kind)]
            for column in range(width):
                for row in range(height):
                    self._put(left + column, bottom + row, code)
        else:
            self.unsupported[f"object {kind}"] += 1

    def _put_pipe(self, item: np.void, length: int) -> None:
        """Put the tiles of a pipe, whose length is its height whatever its direction.

        An upward pipe stands on the tile of its position and the next to the right; the others are
        this one turned. A hanging pipe has no mouth among the codes; lying ones are walls.
        """
        x, y = int(item["x"]) // UNITS_PER_TILE, int(item["y"]) // UNITS_PER_TILE
        direction = int(item["flag"]) & _DIRECTION
        if direction == UPWARD:
            for row in range(length):
                top = row == length - 1
                self._put(x, y + row, Tile.PIPE_TOP_LEFT if top else Tile.PIPE_LEFT)
                self._put(x + 1, y + row, Tile.PIPE_TOP_RIGHT if top else Tile.PIPE_RIGHT)
        elif direction == DOWNWARD:
            for row in range(length):
                self._put(x - 1, y - row, Tile.PIPE_LEFT)
                self._put(x, y - row, Tile.PIPE_RIGHT)
        else:
            self.approximated["pipe"] += 1
            step, side = (1, -1) if direction == _TO_THE_RIGHT else (-1, 1)
            for column in range(length):
                self._put(x + step * column, y, Tile.GROUND)
                self._put(x + step * column, y + side, Tile.GROUND)

    def _put_enemy(self, item: np.void) -> None:
        kind = ObjectId(int(item["id"]))
        x, y, _, _ = self._cells(item)
        enemy = _ENEMIES.get(kind)
        if enemy is None:
            enemy = _LIKE_ENEMIES[kind]
            self.approximated[kind.name.lower()] += 1
        flag = int(item["flag"])
        if enemy == EnemyType.GREEN_KOOPA and kind == ObjectId.KOOPA and flag & RED:
            enemy = EnemyType.RED_KOOPA
        row = self.height - 1 - y
        if not (0 <= x < self.width and 0 <= row < self.height):
            self.unsupported["object outside"] += 1
            return
        # One that sits in a pipe or in ground comes out above it.
        while row >= 0 and self.codes[row, x] not in (Tile.EMPTY, Tile.COIN):
            row -= 1
        if row < 0 or (x, row) in self.enemies:
            self.unsupported["object within another"] += 1
            return
        self.enemies[x, row] = Spawn(x, row, enemy, bool(flag & WINGS))


def course_of_grid(
    grid: TileGrid, name: str = "", style: Style = Style.SMB1, goal: int | None = None
) -> Course:
    """A course of which `course_grid` makes this grid again.

    The goal is in the column `goal`, by default the tenth from the right. Enemies whose kind is not
    known become goombas, or plants where they stand over the right half of a pipe. Halves of pipes
    without their partner and cannons' bodies without a top become hard blocks.

    Raises:
        LevelError: For a grid larger than 240x27, or with more than a course has room for.
    """
    if grid.width > MAX_WIDTH or grid.height > MAX_HEIGHT:
        raise LevelError(
            f"a course has at most {MAX_WIDTH} columns and {MAX_HEIGHT} rows, the level has "
            f"{grid.width} and {grid.height}"
        )
    record = empty_record()
    course, area = record[0], record["areas"][0, 0]
    codes = grid.codes
    goal_column = max(grid.width - _GOAL_COLUMNS, 0) if goal is None else goal
    start_y = _common_ground(codes[:, :_START_COLUMNS])
    goal_y = _common_ground(codes[:, goal_column:])
    course["start_y"], course["goal_y"] = start_y, goal_y
    course["goal_x"] = 10 * goal_column + 5
    course["timer_s"] = 300
    course["style"] = style
    put_text(course, "name", name or str(grid.metadata.get("course", "")))
    area["theme"] = int(grid.theme)
    area["right_px"], area["top_px"] = grid.width * PX_PER_TILE, grid.height * PX_PER_TILE
    listed = codes == Tile.GROUND
    listed[grid.height - start_y :, :_START_COLUMNS] = False
    listed[grid.height - goal_y :, goal_column:] = False
    cells = [(x, grid.height - 1 - y, 0, 0) for y, x in np.argwhere(listed).tolist()]
    put_entries(area, "ground", np.array(cells, GROUND))
    put_entries(area, "objects", _objects(grid))
    unused = record["areas"][0, 1]
    unused["right_px"], unused["top_px"] = MAX_WIDTH * PX_PER_TILE, MAX_HEIGHT * PX_PER_TILE
    return Course(record.tobytes())


def _common_ground(codes: np.ndarray) -> int:
    """Rows from below that are ground in all of these columns."""
    full = (codes == Tile.GROUND).all(axis=1)[::-1]
    return len(full) if full.all() else int(np.argmin(full))


_OBJECT_OF = {
    EnemyType.GOOMBA: (ObjectId.GOOMBA, 0),
    EnemyType.GREEN_KOOPA: (ObjectId.KOOPA, 0),
    EnemyType.RED_KOOPA: (ObjectId.KOOPA, RED),
    EnemyType.SPIKY: (ObjectId.SPINY, 0),
    EnemyType.FLOWER: (ObjectId.PIRANHA_PLANT, 0),
}


def _objects(grid: TileGrid) -> np.ndarray:
    """The objects of a grid, an array of OBJECT."""
    known = {(spawn.x, spawn.y): spawn for spawn in grid.enemies}
    codes = grid.codes
    items: list[tuple[int, ...]] = []

    def put(kind: int, x: int, y: int, width: int = 1, height: int = 1, **more: int) -> None:
        """Put an object whose lowest left tile is at column x, row y of the grid."""
        items.append(
            (
                x * UNITS_PER_TILE + UNITS_PER_TILE // 2,
                (grid.height - 1 - y) * UNITS_PER_TILE + UNITS_PER_TILE // 2,
                0,
                width,
                height,
                _USUAL_FLAG | more.get("flag", 0),
                0,
                0,
                kind,
                more.get("child", -1),
                -1,
                -1,
            )
        )

    done = np.zeros(codes.shape, bool)
    for y, x in np.argwhere((codes != Tile.EMPTY) & (codes != Tile.GROUND)).tolist():
        code = codes[y, x]
        if done[y, x]:
            continue
        if tuple(codes[y, x : x + 2]) == _PIPE_TOP:
            height = 1 + _run(codes[y + 1 :, x : x + 2], _PIPE_BODY)
            done[y : y + height, x : x + 2] = True
            put(ObjectId.PIPE, x, y + height - 1, 2, height)
        elif tuple(codes[y, x : x + 2]) == _PIPE_BODY:
            height = _run(codes[y:, x : x + 2], _PIPE_BODY)
            done[y : y + height, x : x + 2] = True
            put(ObjectId.PIPE, x + 1, y, 2, height, flag=DOWNWARD)
        elif code == Tile.CANNON_TOP:
            height = 1 + _run(codes[y + 1 :, x : x + 1], (Tile.CANNON_BODY,))
            done[y : y + height, x] = True
            put(ObjectId.BILL_BLASTER, x, y + height - 1, 1, height)
        elif code == Tile.ENEMY:
            spawn = known.get((x, y)) or usual_enemy(codes, x, y)
            kind, flag = _OBJECT_OF[spawn.enemy]
            put(kind, x, y, flag=flag | (WINGS if spawn.winged else 0))
        elif code == Tile.BRICK:
            put(ObjectId.BRICK, x, y)
        elif code == Tile.COIN:
            put(ObjectId.COIN, x, y)
        elif code == Tile.COIN_BLOCK:
            put(ObjectId.QUESTION_BLOCK, x, y, child=int(ObjectId.COIN))
        elif code == Tile.POWER_BLOCK:
            put(ObjectId.QUESTION_BLOCK, x, y, child=int(ObjectId.SUPER_MUSHROOM))
        else:
            put(ObjectId.HARD_BLOCK, x, y)
    return np.array(items, OBJECT)


_PIPE_TOP = (Tile.PIPE_TOP_LEFT, Tile.PIPE_TOP_RIGHT)
_PIPE_BODY = (Tile.PIPE_LEFT, Tile.PIPE_RIGHT)


def _run(rows: np.ndarray, wanted: tuple[Tile, ...]) -> int:
    """How many rows from the first on are `wanted`."""
    same = (rows == np.array(wanted)).all(axis=1)
    return len(same) if same.all() else int(np.argmin(same))
