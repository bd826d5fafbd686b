"""Courses as the files of Super Mario Maker 2 have them, and back.

Geometry is read by `formats.course_grids`: pipes, platforms and large objects become cells. Objects
of one tile are then put as the very part they are. What no cell can hold is kept as it is, and the
rest of the file (sub area, tracks, settings) goes back into the file that is written.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.errors import LevelError
from gym_mario_suite.levels.formats.course import (
    MAX_HEIGHT,
    MAX_WIDTH,
    OBJECT,
    POOLS,
    PX_PER_TILE,
    UNITS_PER_TILE,
    Course,
    Style,
    empty_record,
    put_entries,
    put_text,
)
from gym_mario_suite.levels.formats.course_grids import ObjectId, course_grid
from gym_mario_suite.levels.formats.course_grids import (
    course_of_grid as file_of_grid,
)
from gym_mario_suite.levels.maker.course import (
    CourseTheme,
    KeptObject,
    MakerCourse,
)
from gym_mario_suite.levels.maker.course_levels import course_of_grid, course_to_grid
from gym_mario_suite.levels.maker.parts import (
    AIR,
    N_IDS,
    PARTS,
    PLACED_BY_FIELDS,
    TILE_OF,
    UNSUPPORTED,
    Part,
    part_of_enemy,
    part_of_tile,
)
from gym_mario_suite.levels.tile_grid import Tile, TileGrid

_USUAL_FLAG = 0x6000040  # what the editor gives to objects without any properties
_OF_MANY_TILES = frozenset({ObjectId.PIPE, ObjectId.BILL_BLASTER, ObjectId.GROUND})


def course_of_file(course: Course) -> MakerCourse:
    """The main area of a course file.

    Raises:
        LevelError: For an area of no possible size, or an object id out of range.
    """
    base = course_of_grid(course_grid(course))
    cells = base.cells.copy()
    kept: list[KeptObject] = []
    for number, item in enumerate(course.entries("objects")):
        kind = int(item["id"])
        if not 0 <= kind < N_IDS:
            raise LevelError(
                f"object {number} of the course has the id {kind}, there are 0 to {N_IDS - 1}"
            )
        if kind in PLACED_BY_FIELDS or kind in _OF_MANY_TILES:
            continue
        part = _part_of(item)
        if not _put(cells, item, part) and (part is None or part.tier == UNSUPPORTED):
            kept.append(KeptObject(*(int(item[name]) for name in OBJECT.names or ())))
    fields = course.fields
    area = fields["areas"][0]
    styles = {style.value for style in Style}
    themes = {theme.value for theme in CourseTheme}
    style, theme = int(fields["style"]), int(area["theme"])
    return MakerCourse(
        cells,
        course.name,
        course.description,
        Style(style) if style in styles else Style.SMB1,
        CourseTheme(theme) if theme in themes else CourseTheme.GROUND,
        base.timer_s,
        goal=_goal(course, cells.shape[1]),
        kept=kept,
        origin=course,
    )


def _goal(course: Course, width: int) -> int | None:
    column = int(course.fields["goal_x"]) // 10
    return column if 0 < column < width - 1 else None


def _part_of(item: np.void) -> Part | None:
    """The part that an object of one tile is: of its id, the one with most of its properties."""
    flag, child = int(item["flag"]), int(item["child_id"])
    best: tuple[int, Part] | None = None
    for part in PARTS:
        if part.id != item["id"] or (flag & part.flag) != part.flag:
            continue
        score = 2 * bin(part.flag).count("1") + (part.child == child and child >= 0)
        if best is None or score > best[0]:
            best = score, part
    return None if best is None else best[1]


def _put(cells: NDArray[np.uint8], item: np.void, part: Part | None) -> bool:
    """Put a part of one tile where the geometry has what it looks like; whether it was."""
    if part is None or int(item["width"]) > 1 or int(item["height"]) > 1:
        return False
    column, row = int(item["x"]) // UNITS_PER_TILE, int(item["y"]) // UNITS_PER_TILE
    height, width = cells.shape
    row = height - 1 - row
    if not (0 <= column < width and 0 <= row < height):
        return False
    # Content that is neither a coin nor a power-up is not among the parts: the block stays plain.
    if TILE_OF[cells[row, column]] != part.tile or (
        part.tile == Tile.EMPTY and cells[row, column] != AIR
    ):
        return False
    cells[row, column] = part.code
    return True


def file_of_course(course: MakerCourse) -> Course:
    """The course file of a course; `course_of_file` makes the same cells of it again.

    Halves of pipes without their partner and bodies of blasters without a top become hard blocks,
    which is what they are when played.

    Raises:
        LevelError: For a course larger than 240x27 or with more than a file has room for.
    """
    if course.width > MAX_WIDTH or course.height > MAX_HEIGHT:
        raise LevelError(
            f"a course file has at most {MAX_WIDTH} columns and {MAX_HEIGHT} rows, the course has "
            f"{course.width} and {course.height}"
        )
    grid = course_to_grid(course)
    # Parts that a file of the grid would not have as they are become objects of their own.
    own = np.zeros(course.cells.shape, bool)
    for part in PARTS[1:]:
        plain = part_of_enemy(part.enemy, part.winged) if part.enemy else part_of_tile(part.tile)
        if part.tile == Tile.EMPTY or plain.code != part.code:
            own |= course.cells == part.code
    # Pipes, blasters, usual enemies and plain blocks are right as the grid has them.
    codes = grid.codes.copy()
    codes[own] = Tile.EMPTY
    enemies = [spawn for spawn in grid.enemies if not own[spawn.y, spawn.x]]
    plain_grid = TileGrid(codes, grid.theme, enemies)
    base = file_of_grid(plain_grid, course.name, course.style, course.goal)
    objects = [base.entries("objects"), _objects(course, own), _kept(course)]
    total = sum(map(len, objects))
    if total > POOLS["objects"]:
        raise LevelError(
            f"a course file has room for {POOLS['objects']} objects, the course has {total}"
        )
    record = empty_record()
    if course.origin is not None:
        record = np.frombuffer(course.origin.data, record.dtype).copy()
    fields, area, source = record[0], record["areas"][0, 0], base.fields
    for name in ("start_y", "goal_y", "goal_x"):
        fields[name] = source[name]
    fields["timer_s"], fields["style"] = course.timer_s, course.style
    put_text(fields, "name", course.name)
    put_text(fields, "description", course.description)
    area["theme"] = course.theme
    area["right_px"], area["top_px"] = course.width * PX_PER_TILE, course.height * PX_PER_TILE
    put_entries(area, "ground", base.entries("ground"))
    area["objects"] = np.zeros(1, OBJECT)[0]
    put_entries(area, "objects", np.concatenate(objects))
    if course.origin is None:
        record["areas"][0, 1] = source["areas"][1]
    return Course(record.tobytes())


def _objects(course: MakerCourse, own: NDArray[np.bool_]) -> NDArray[np.void]:
    half = UNITS_PER_TILE // 2
    items = []
    for row, column in np.argwhere(own).tolist():
        part = PARTS[course.cells[row, column]]
        x = column * UNITS_PER_TILE + half
        y = (course.height - 1 - row) * UNITS_PER_TILE + half
        items.append((x, y, 0, 1, 1, _USUAL_FLAG | part.flag, 0, 0, part.id, part.child, -1, -1))
    return np.array(items, OBJECT)


def _kept(course: MakerCourse) -> NDArray[np.void]:
    names = OBJECT.names or ()
    try:
        return np.array(
            [tuple(getattr(item, name) for name in names) for item in course.kept], OBJECT
        )
    except OverflowError as error:
        raise LevelError(f"a kept object has a number its field cannot hold: {error}") from None
