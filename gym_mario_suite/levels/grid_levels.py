"""Tile grids as levels that can be played, and levels as tile grids.

How a grid becomes a level:

* Rows of air are put on top of grids lower than the screen (15 rows in 2009, 16 in 2019), so that
  the ground stays the last row; in 2009 it goes on below the map.
* Grids of up to 15 rows are played by the rules of 2009, where the camera stands still vertically;
  higher ones by those of 2019, where it follows Mario up and down. Either can be asked for.
* Mario starts at `tile_grid.start_cell`. The exit is the last column: who is in it has won, which
  is what the static solver calls solved as well.
* An enemy whose kind is not known is a piranha plant where it stands right above the right half of
  a pipe's top (as they are drawn in the corpus), else a goomba. A plant that stands on no pipe's
  top is a goomba as well.
* In 2009, ground is drawn by which of its neighbours are ground, and stair blocks stand where no
  ground picture fits (thinner than two cells). In 2019 the goal's pole replaces what the last
  column has above its ground, as in the framework.

The way back gives the same codes (but for the pole's column) for levels made here. Of other levels
it keeps what 13 codes can say: one-way platforms become ground of one cell, hidden blocks and
decoration become air, blocks lose what is hidden in them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.tiles import (
    LIKENESS_2009,
    TILE_BEHAVIOUR,
    Behaviour,
    Tile2019,
)
from gym_mario_suite.engine.tiles import Tile as Tile2009
from gym_mario_suite.engine.world import EnemyType, Rules
from gym_mario_suite.errors import as_integer
from gym_mario_suite.levels.framework_text import pole_rows
from gym_mario_suite.levels.generator_2009 import HEIGHT_2009
from gym_mario_suite.levels.level import Level, Spawn
from gym_mario_suite.levels.tile_grid import (
    Theme,
    Tile,
    TileGrid,
    standing_row,
    start_cell,
)

HEIGHT_2019 = 16
ROWS_OF_GRID = "grid_height"  # in the metadata of a level made of a grid

_TILES_2009 = {
    Tile.BRICK: Tile2009.BRICK,
    Tile.POWER_BLOCK: Tile2009.QUESTION_POWER,
    Tile.COIN_BLOCK: Tile2009.QUESTION_COIN,
    Tile.PIPE_TOP_LEFT: Tile2009.PIPE_TOP_LEFT,
    Tile.PIPE_TOP_RIGHT: Tile2009.PIPE_TOP_RIGHT,
    Tile.PIPE_LEFT: Tile2009.PIPE_BODY_LEFT,
    Tile.PIPE_RIGHT: Tile2009.PIPE_BODY_RIGHT,
    Tile.COIN: Tile2009.COIN,
    Tile.CANNON_TOP: Tile2009.CANNON_MUZZLE,
    Tile.CANNON_BODY: Tile2009.CANNON_BASE,
}
_TILES_2019 = {
    Tile.GROUND: Tile2019.STAIR_BLOCK,
    Tile.BRICK: Tile2019.BRICK,
    Tile.POWER_BLOCK: Tile2019.QUESTION_POWER,
    Tile.COIN_BLOCK: Tile2019.QUESTION_COIN,
    Tile.PIPE_TOP_LEFT: Tile2019.PIPE_TOP_LEFT,
    Tile.PIPE_TOP_RIGHT: Tile2019.PIPE_TOP_RIGHT,
    Tile.PIPE_LEFT: Tile2019.PIPE_BODY_LEFT,
    Tile.PIPE_RIGHT: Tile2019.PIPE_BODY_RIGHT,
    Tile.COIN: Tile2019.COIN,
    Tile.CANNON_TOP: Tile2019.CANNON_MUZZLE,
    Tile.CANNON_BODY: Tile2019.CANNON_BASE,
}
# The engine's ground pictures by which corners of a cell lie within ground, as in the generator of
# 2009: index top left * 8 + top right * 4 + bottom left * 2 + bottom right. 0: none fits. Pictures
# that do not block stand only where all four neighbours are ground.
_GROUND_BY_CORNERS = np.array(
    [0, 128, 130, 129, 160, 144, 145, 131, 162, 145, 146, 147, 161, 179, 163, 145], np.uint8
)


def _codes_of_2009() -> NDArray[np.uint8]:
    """The code most like each tile byte of 2009."""
    codes = np.full(256, Tile.EMPTY, np.uint8)
    codes[(TILE_BEHAVIOUR & (Behaviour.BLOCK_ALL | Behaviour.BLOCK_UPPER)) != 0] = Tile.GROUND
    for code, tile in _TILES_2009.items():
        codes[tile] = code
    codes[[Tile2009.BRICK_COIN, Tile2009.BRICK_POWER]] = Tile.BRICK
    codes[Tile2009.CANNON_NECK] = Tile.CANNON_BODY
    codes[(TILE_BEHAVIOUR & Behaviour.PICKUPABLE) != 0] = Tile.COIN
    codes[_GROUND_BY_CORNERS[1:]] = Tile.GROUND
    return codes


_CODES_2009 = _codes_of_2009()


def to_level(grid: TileGrid, rules: Rules | None = None) -> Level:
    """The level that a grid stands for (see the module's text).

    Args:
        grid: The grid.
        rules: The rule set; None for 2009 up to 15 rows, 2019 above.

    Raises:
        LevelError: When the engine cannot hold the level: more than 32,768 blocks, coins and
            enemies.
    """
    if rules is None:
        rules = Rules.COMPETITION_2009 if grid.height <= HEIGHT_2009 else Rules.FRAMEWORK_2019
    in_2009 = rules == Rules.COMPETITION_2009
    sky = max(0, (HEIGHT_2009 if in_2009 else HEIGHT_2019) - grid.height)
    codes = np.pad(grid.codes, ((sky, 0), (0, 0)), constant_values=Tile.EMPTY)
    tiles = np.zeros(codes.shape, np.uint8)
    for code, tile in (_TILES_2009 if in_2009 else _TILES_2019).items():
        tiles[codes == code] = tile
    neck = Tile2009.CANNON_NECK if in_2009 else Tile2019.CANNON_NECK
    body = codes == Tile.CANNON_BODY
    tiles[1:][body[1:] & (codes[:-1] == Tile.CANNON_TOP)] = neck
    ground = codes == Tile.GROUND
    if in_2009:
        tiles[ground] = _ground_pictures(ground)[ground]
    else:
        down_to_the_end = np.logical_and.accumulate(ground[::-1], axis=0)[::-1]
        tiles[down_to_the_end] = Tile2019.GROUND
    last = grid.width - 1
    floor = standing_row(codes, last)
    goal_row = len(codes) - 1 if floor is None else floor
    spawns = _spawns(grid, sky)
    if not in_2009:
        rows = pole_rows(goal_row)
        tiles[rows.start : rows.stop, last] = Tile2019.GOAL_POLE
        tiles[rows.start, last] = Tile2019.GOAL_TOP
    start = start_cell(codes)
    if start is None and not in_2009:
        start = (0, -1)
    metadata = {**grid.metadata, "type": int(grid.theme), ROWS_OF_GRID: grid.height}
    y_exit = goal_row + 1 if in_2009 else goal_row
    return Level(tiles.T, spawns, last, y_exit, metadata, rules, start)


def to_grid(level: Level, height: int | None = None) -> TileGrid:
    """The grid most like a level (see the module's text).

    Args:
        level: A level of either rule set.
        height: Rows of the grid: the top is cut off or filled with air. None for as many as the
            grid had of which the level was made, else the level's own.

    Raises:
        OptionError: For a height out of range.
    """
    if height is None:
        height = level.metadata.get(ROWS_OF_GRID, level.height)
    height = as_integer("height", height, 1, 255)
    tiles = level.tiles if level.rules == Rules.COMPETITION_2009 else LIKENESS_2009[level.tiles]
    codes = _CODES_2009[tiles].T.copy()
    enemies: dict[tuple[int, int], Spawn] = {}
    for spawn in level.spawns:
        x, y = spawn.x, spawn.y
        if spawn.enemy == EnemyType.FLOWER and _is_pipe_top(codes, x, y):
            x, y = x + 1, y - 1
        if y >= 0:
            enemies[x, y] = Spawn(x, y, spawn.enemy, spawn.winged)
    for x, y in enemies:
        codes[y, x] = Tile.ENEMY
    cut = level.height - height
    codes = np.pad(codes, ((max(-cut, 0), 0), (0, 0)), constant_values=Tile.EMPTY)[max(cut, 0) :]
    kept = [
        Spawn(spawn.x, spawn.y - cut, spawn.enemy, spawn.winged)
        for spawn in enemies.values()
        if spawn.y >= cut
    ]
    metadata = {key: value for key, value in level.metadata.items() if key != ROWS_OF_GRID}
    metadata.pop("type", None)
    theme = Theme(level.theme)
    grid = TileGrid(codes, theme, kept, metadata)
    return TileGrid(codes, theme, unusual_enemies(grid), metadata)


def unusual_enemies(grid: TileGrid) -> list[Spawn]:
    """The entries of `enemies` that `to_level` would not choose by itself."""
    return [spawn for spawn in grid.enemies if spawn != usual_enemy(grid.codes, spawn.x, spawn.y)]


def usual_enemy(codes: NDArray[np.uint8], x: int, y: int) -> Spawn:
    """The enemy that an ENEMY cell is where nothing says its kind."""
    kind = EnemyType.FLOWER if _is_pipe_top(codes, x - 1, y + 1) else EnemyType.GOOMBA
    return Spawn(x, y, kind)


def _is_pipe_top(codes: NDArray[np.uint8], x: int, y: int) -> bool:
    """Whether the cell is the left half of a complete pipe's top."""
    height, width = codes.shape
    return (
        0 <= x < width - 1
        and 0 <= y < height
        and codes[y, x] == Tile.PIPE_TOP_LEFT
        and codes[y, x + 1] == Tile.PIPE_TOP_RIGHT
    )


def _spawns(grid: TileGrid, sky: int) -> list[Spawn]:
    """The level's spawn points; a pipe's plant stands in the left half of the pipe's top."""
    known = {(spawn.x, spawn.y): spawn for spawn in grid.enemies}
    spawns: dict[tuple[int, int], Spawn] = {}
    for row, column in np.argwhere(grid.codes == Tile.ENEMY):
        x, y = int(column), int(row)
        spawn = known.get((x, y)) or usual_enemy(grid.codes, x, y)
        if spawn.enemy == EnemyType.FLOWER:
            tops = [left for left in (x - 1, x) if _is_pipe_top(grid.codes, left, y + 1)]
            if tops:
                x, y = tops[0], y + 1
            else:
                spawn = Spawn(x, y, EnemyType.GOOMBA)
        spawns.setdefault((x, y + sky), Spawn(x, y + sky, spawn.enemy, spawn.winged))
    return list(spawns.values())


def _ground_pictures(ground: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """A tile byte of 2009 for each cell that is ground, uint8[height, width].

    Beside the map and below it the nearest cells go on; above it is air.
    """
    around = np.pad(ground, 1, mode="edge")
    around[0] = False
    # corner [i, j] lies between the rows i - 1 and i and the columns j - 1 and j
    corner = around[:-1, :-1] & around[:-1, 1:] & around[1:, :-1] & around[1:, 1:]
    index = corner[:-1, :-1] * 8 + corner[:-1, 1:] * 4 + corner[1:, :-1] * 2 + corner[1:, 1:] * 1
    pictures = _GROUND_BY_CORNERS[index]
    return np.where(pictures == 0, np.uint8(Tile2009.STAIR_BLOCK), pictures)
