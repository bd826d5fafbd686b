"""Courses as tile grids and as levels that can be played, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gym_mario_suite.engine.world import Rules
from gym_mario_suite.levels.grid_levels import (
    ROWS_OF_GRID,
    to_grid,
    to_level,
    unusual_enemies,
    usual_enemy,
)
from gym_mario_suite.levels.level import Level, Spawn
from gym_mario_suite.levels.maker.course import (
    DEFAULT_TIMER_S,
    MAX_TIMER_S,
    MIN_TIMER_S,
    CourseTheme,
    MakerCourse,
)
from gym_mario_suite.levels.maker.parts import (
    AIR,
    N_PARTS,
    PARTS,
    TILE_OF,
    part_of_enemy,
    part_of_tile,
)
from gym_mario_suite.levels.tile_grid import N_TILES, Theme, Tile, TileGrid

_THEMES = {CourseTheme.UNDERGROUND: Theme.UNDERGROUND, CourseTheme.CASTLE: Theme.CASTLE}
_PLAIN = np.array([part_of_tile(tile).code for tile in range(N_TILES)], np.uint8)


def course_to_grid(course: MakerCourse) -> TileGrid:
    """The tile grid most like a course: what 13 codes can say of its parts."""
    codes = TILE_OF[course.cells]
    enemies = []
    for row, column in np.argwhere(codes == Tile.ENEMY).tolist():
        part = PARTS[course.cells[row, column]]
        assert part.enemy is not None
        enemies.append(Spawn(column, row, part.enemy, part.winged))
    theme = _THEMES.get(course.theme, Theme.OVERGROUND)
    metadata = {"course": course.name, "timer_s": course.timer_s}
    grid = TileGrid(codes, theme, enemies, metadata)
    return TileGrid(codes, theme, unusual_enemies(grid), metadata)


def course_of_grid(grid: TileGrid) -> MakerCourse:
    """The course of a tile grid: `course_to_grid` gives the same grid again."""
    cells = _PLAIN[grid.codes]
    known = {(spawn.x, spawn.y): spawn for spawn in grid.enemies}
    for row, column in np.argwhere(grid.codes == Tile.ENEMY).tolist():
        spawn = known.get((column, row)) or usual_enemy(grid.codes, column, row)
        cells[row, column] = part_of_enemy(spawn.enemy, spawn.winged).code
    name = str(grid.metadata.get("course", ""))
    theme = CourseTheme(int(grid.theme))
    return MakerCourse(cells, name, theme=theme, timer_s=_timer_of(grid.metadata))


def _timer_of(metadata: Mapping[str, Any]) -> int:
    """The timer that metadata names, or the nearest that a course can have; the usual without."""
    timer_s = metadata.get("timer_s")
    if isinstance(timer_s, bool) or not isinstance(timer_s, int):
        return DEFAULT_TIMER_S
    return min(max(timer_s, MIN_TIMER_S), MAX_TIMER_S)


def course_to_level(course: MakerCourse, rules: Rules | None = None) -> Level:
    """The level of a course, with what the engine can do of its parts.

    Args:
        course: The course.
        rules: The rule set; None for that of 2009 up to 15 rows, of 2019 above.

    Raises:
        LevelError: When the engine cannot hold it.
    """
    level = to_level(course_to_grid(course), rules)
    sky = level.height - course.height
    tiles = level.tiles.copy()
    own = tiles[:, sky:]
    parts = course.cells.T
    by_rules = int(level.rules == Rules.FRAMEWORK_2019)
    # The framework's pole stands in the last column.
    columns = slice(None) if not by_rules else slice(0, course.width - 1)
    for part in PARTS:
        if part.engine is not None:
            own[columns][parts[columns] == part.code] = part.engine[by_rules]
    start = level.start
    if course.start is not None:
        start = (course.start[0], course.start[1] + sky)
    x_exit = course.goal_column if course.goal is not None else level.x_exit
    metadata = {**level.metadata, "unsupported": course.unsupported}
    return Level(tiles, level.spawns, x_exit, level.y_exit, metadata, level.rules, start)


def course_of_level(level: Level) -> MakerCourse:
    """The course most like a level; parts that 13 tile codes cannot tell apart are kept."""
    grid = to_grid(level)
    course = course_of_grid(grid)
    by_rules = int(level.rules == Rules.FRAMEWORK_2019)
    top = level.height - int(level.metadata.get(ROWS_OF_GRID, level.height))
    cells = course.cells.copy()
    engine_cells = level.tiles.T[top:]
    seen: set[int] = set()
    for code in range(N_PARTS):
        engine = PARTS[code].engine
        if engine is None or engine[by_rules] in seen or len(engine_cells) != len(cells):
            continue
        seen.add(engine[by_rules])  # several parts are played alike: the first one stands for all
        here = engine_cells == engine[by_rules]
        cells[here & ((cells == AIR) | (TILE_OF[cells] == PARTS[code].tile))] = code
    goal = level.x_exit if 0 <= level.x_exit < course.width - 1 else None
    return MakerCourse(
        cells,
        str(level.metadata.get("course", "")),
        theme=course.theme,
        timer_s=course.timer_s,
        start=_own_start(level, grid),
        goal=goal,
    )


def _own_start(level: Level, grid: TileGrid) -> tuple[int, int] | None:
    """The cell of the grid where the level starts; None where any level of the grid would."""
    usual = to_level(grid, level.rules)
    start, expected = (
        None if each.start is None else (each.start[0], each.start[1] - each.height + grid.height)
        for each in (level, usual)
    )
    if start is None or start == expected:
        return None
    return start[0], max(start[1], -1)
