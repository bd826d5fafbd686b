"""Pictures of parts and of the board, from the engine's own art."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.atlas import (
    AT_BACKDROP,
    AT_TILES,
    BACKDROP_NUMBERS,
    BACKDROP_WIDTH_PX,
    FAR_AT,
    FRAMES,
    NEAR_AT,
    NO_PICTURE,
    TILE_STEPS,
    TILE_VARIANTS,
    atlas_picture,
    load_views,
)
from gym_mario_suite.engine.tiles import TILE_PX
from gym_mario_suite.engine.world import SCREEN_HEIGHT_PX, EnemyType, Rules
from gym_mario_suite.errors import LevelError
from gym_mario_suite.levels.maker.course import CourseTheme, MakerCourse
from gym_mario_suite.levels.maker.course_levels import course_to_level
from gym_mario_suite.levels.maker.parts import AIR, N_PARTS, PARTS, UNSUPPORTED, Part
from gym_mario_suite.levels.tile_grid import Tile
from gym_mario_suite.play.canvas import (
    CREAM,
    GOLD,
    GREEN,
    INK,
    RED,
    VIOLET,
    Canvas,
    Pixels,
)
from gym_mario_suite.play.make.palette import CATEGORIES, tag_of

RGBA = NDArray[np.uint8]
_SPRITE_LEFT_PX, _SPRITE_TOP_PX = 8, 16  # of a sprite's frame, from the cell it stands in
_SPRITE_PX = 32
_FRAME_OF = {
    EnemyType.GOOMBA: "goomba_0",
    EnemyType.GREEN_KOOPA: "green_koopa_0",
    EnemyType.RED_KOOPA: "red_koopa_0",
    EnemyType.SPIKY: "spiky_0",
    EnemyType.FLOWER: "flower_0",
}
# Items that the engine knows, though not as objects of their own.
_ITEM_FRAMES = {
    "super_mushroom": "mushroom",
    "one_up_mushroom": "mushroom_life",
    "fire_flower": "fire_flower_0",
}
_KIND_COLOURS = {
    "TERRAIN": (120, 86, 60),
    "BLOCKS": (150, 104, 48),
    "PIPES": (52, 112, 60),
    "ENEMIES": (140, 56, 64),
    "ITEMS": (150, 116, 36),
    "GADGETS": VIOLET,
}
_CATEGORY = {e.part: name for name, entries in CATEGORIES.items() for e in entries}
_SKY_SHADE = 0.28
_THEMES = {CourseTheme.UNDERGROUND: 1, CourseTheme.CASTLE: 2}
_IS_ENEMY = np.array([part.enemy is not None for part in PARTS], bool)
TIER_COLOURS = (INK, GREEN, GOLD, RED)


def engine_theme(theme: CourseTheme) -> int:
    """What the engine draws for a course's theme."""
    return _THEMES.get(theme, 0)


def frame(name: str, left: bool = False) -> RGBA:
    """A sprite's frame, uint8[32, 32, 4]; its feet are in the middle, on the last row."""
    found = np.zeros((_SPRITE_PX, _SPRITE_PX, 4), np.uint8)
    _lay(found, 2 * FRAMES.index(name) + int(left), 0, 0)
    return found


def _lay(target: RGBA, number: int, x: int, y: int) -> None:
    ink, solid, left, top = atlas_picture(number)
    rows, columns = solid.shape
    x, y = x + left, y + top
    y0, x0 = max(0, y), max(0, x)
    y1, x1 = min(target.shape[0], y + rows), min(target.shape[1], x + columns)
    if y0 >= y1 or x0 >= x1:
        return
    shown = solid[y0 - y : y1 - y, x0 - x : x1 - x]
    box = target[y0:y1, x0:x1]
    box[shown, :3] = ink[y0 - y : y1 - y, x0 - x : x1 - x][shown]
    box[shown, 3] = 255


@lru_cache(maxsize=64)
def sprite(part: int) -> RGBA | None:
    """The enemy that a part is, uint8[32, 32, 4] around its cell; None for other parts."""
    found = PARTS[part]
    if found.enemy is None or found.enemy not in _FRAME_OF:
        return None
    drawn = np.zeros((_SPRITE_PX, _SPRITE_PX, 4), np.uint8)
    koopa = found.enemy in (EnemyType.GREEN_KOOPA, EnemyType.RED_KOOPA)
    wing = 2 * FRAMES.index("wing_0")
    if found.winged and not koopa:
        _lay(drawn, wing, 9, -7)
        _lay(drawn, wing + 1, -9, -7)
    _lay(drawn, 2 * FRAMES.index(_FRAME_OF[found.enemy]) + 1, 0, 0)
    if found.winged and koopa:
        _lay(drawn, wing, 8, -9)
    return drawn


@lru_cache(maxsize=512)
def mark(part: int) -> RGBA | None:
    """What is drawn over the cell of a part that has no picture of its own, uint8[16, 16, 4].

    Parts that are not played are signs with two letters; those that the engine shows like others
    have a letter in their corner.
    """
    found = PARTS[part]
    tag = tag_of(part)
    if not tag:
        return None
    canvas = Canvas(np.zeros((TILE_PX, TILE_PX, 3), np.uint8))
    solid = np.zeros((TILE_PX, TILE_PX), np.uint8)
    if found.name in _ITEM_FRAMES:
        drawn = frame(_ITEM_FRAMES[found.name])
        return drawn[_SPRITE_TOP_PX:, _SPRITE_LEFT_PX : _SPRITE_LEFT_PX + TILE_PX].copy()
    if found.tier == UNSUPPORTED or _is_unseen(found):
        colour = _KIND_COLOURS[_CATEGORY.get(part, "GADGETS")]
        canvas.fill(1, 0, 14, 16, INK, 1)
        canvas.fill(0, 1, 16, 14, INK, 1)
        canvas.fill(1, 1, 14, 14, colour, 1)
        canvas.fill(1, 1, 14, 1, CREAM, 0.35)
        canvas.fill(1, 14, 14, 1, INK, 0.35)
        canvas.text(0, 4, tag)
        solid[1:15, :] = solid[:, 1:15] = 255
    elif found.name == "hidden_block":
        canvas.fill(0, 0, 16, 16, CREAM, 1)
        edge = np.zeros((TILE_PX, TILE_PX), bool)
        edge[[0, -1], :] = edge[:, [0, -1]] = True
        dashes = (np.add.outer(np.arange(TILE_PX), np.arange(TILE_PX)) // 2) % 2 == 0
        solid[edge & dashes] = 255
        letter = Canvas(np.zeros((TILE_PX, TILE_PX, 3), np.uint8))
        letter.text(4, 4, "?", CREAM)
        shown = letter.pixels.any(2)
        solid[shown] = 255
    else:
        canvas.fill(8, 8, 8, 8, INK, 1)
        canvas.text(8, 8, tag[0], GOLD)
        solid[8:, 8:] = 255
    return np.dstack([canvas.pixels, solid])


def _is_unseen(part: Part) -> bool:
    return part.tile == Tile.EMPTY and part.engine is None


@lru_cache(maxsize=8)
def _tiles(theme: int) -> RGBA:
    """Pictures of the tile bytes of 2009, uint8[256, 16, 16, 4]."""
    table = load_views().rgb.table
    found = np.zeros((256, TILE_PX, TILE_PX, 4), np.uint8)
    at = int(table[AT_TILES]) + theme * 256 * TILE_STEPS * TILE_VARIANTS
    for byte in range(1, 256):
        number = int(table[at + byte * TILE_STEPS * TILE_VARIANTS])
        if number != NO_PICTURE:
            _lay(found[byte], number, 0, 0)
    return found


def _shrunk(pictures: RGBA, px: int) -> RGBA:
    """Pictures [..., 16, 16, 4] with cells of `px`: repeated or averaged by their opacity."""
    size = pictures.shape[-2]
    if px >= TILE_PX:
        factor = px // TILE_PX
        return pictures.repeat(factor, -3).repeat(factor, -2)
    factor = TILE_PX // px
    side = size // factor
    blocks = pictures.reshape(*pictures.shape[:-3], side, factor, side, factor, 4).astype(
        np.float64
    )
    share = blocks[..., 3:] / 255
    weight = share.sum((-4, -2))
    ink = (blocks[..., :3] * share).sum((-4, -2)) / np.maximum(weight, 1e-9)
    opacity = 255 * weight / factor**2
    return np.concatenate([ink, opacity], -1).astype(np.uint8)


@lru_cache(maxsize=16)
def _tiles_at(theme: int, px: int) -> RGBA:
    return _shrunk(_tiles(theme), px)


@lru_cache(maxsize=8)
def _marks_at(px: int) -> RGBA:
    found = np.zeros((N_PARTS, TILE_PX, TILE_PX, 4), np.uint8)
    for part in range(N_PARTS):
        drawn = mark(part)
        if drawn is not None:
            found[part] = drawn
    return _shrunk(found, px)


@lru_cache(maxsize=256)
def sprite_at(part: int, px: int) -> RGBA | None:
    """`sprite` with cells of another size."""
    drawn = sprite(part)
    return None if drawn is None else _shrunk(drawn, px)


@lru_cache(maxsize=4)
def backdrop(theme: int) -> Pixels:
    """The engine's backdrop with its near layer, uint8[240, 640, 3], a little darker."""
    view = load_views().rgb
    at = int(view.table[AT_BACKDROP]) + theme * SCREEN_HEIGHT_PX * BACKDROP_NUMBERS
    size = 3 * BACKDROP_WIDTH_PX
    rows = np.zeros((SCREEN_HEIGHT_PX, size), np.float64)
    for y in range(SCREEN_HEIGHT_PX):
        numbers = view.table[at + y * BACKDROP_NUMBERS :][:BACKDROP_NUMBERS]
        far, near = int(numbers[FAR_AT]), int(numbers[NEAR_AT])
        rows[y] = view.ink[far : far + size]
        if near >= 0:
            keep = view.keep[near : near + size].astype(np.float64)
            rows[y] = view.ink[near : near + size] + rows[y] * (keep + (keep > 0)) / 256
    picture = rows.reshape(SCREEN_HEIGHT_PX, BACKDROP_WIDTH_PX, 3)
    return (picture * (1 - _SKY_SHADE) + np.array(INK) * _SKY_SHADE).astype(np.uint8)


@lru_cache(maxsize=1024)
def icon(part: int, theme: int = 0, engine_byte: int | None = None) -> RGBA:
    """A part for the palette, uint8[20, 16, 4]; its cell is the lower 16 rows."""
    found = np.zeros((20, TILE_PX, 4), np.uint8)
    drawn = sprite(part)
    if drawn is not None:
        # What reaches beyond its cell is squeezed rather than cut.
        shown = np.flatnonzero(drawn[..., 3].any(1))
        top = min(12, int(shown[0])) if len(shown) else 12
        rows = np.linspace(top, _SPRITE_PX - 1, 20).round().astype(int)
        found[:] = drawn[rows, _SPRITE_LEFT_PX : _SPRITE_LEFT_PX + TILE_PX]
    elif part != AIR:
        tile = _tiles(theme)[single_byte(part)]
        found[4:][tile[..., 3] > 0] = tile[tile[..., 3] > 0]
    over = mark(part)
    if over is not None:
        found[4:][over[..., 3] > 0] = over[over[..., 3] > 0]
    return found


@lru_cache(maxsize=256)
def single_byte(part: int) -> int:
    """The tile byte of 2009 that a part is, standing alone."""
    cells = np.zeros((4, 5), np.uint8)
    cells[2, 2] = part
    if PARTS[part].name == "ground":
        cells[2:, :] = part  # alone it would look like a block
    level = course_to_level(MakerCourse(cells), Rules.COMPETITION_2009)
    return int(level.tiles[2, level.height - 2])


class BoardPictures:
    """Draws boards; keeps the tiles of the course it drew last."""

    def __init__(self) -> None:
        self._key: tuple[int, int] | None = None
        self._bytes = np.zeros((1, 1), np.uint8)

    def draw(
        self,
        course: MakerCourse,
        key: tuple[int, int],
        px: int,
        box: tuple[int, int, int, int],
    ) -> Pixels:
        """Cells of a course over the backdrop.

        Args:
            course: The course.
            key: Which course it is, and its version.
            px: Side of a cell.
            box: First column and row, and those after the last.

        Returns:
            uint8[px * rows, px * columns, 3].
        """
        if key != self._key:
            self._key, self._bytes = key, _engine_bytes(course)
        left, top, right, bottom = box
        theme = engine_theme(course.theme)
        rows, columns = bottom - top, right - left
        found = _backdrop_part(theme, px, left, top, columns, rows, course.height)
        tiles = _tiles_at(theme, px)[self._bytes[top:bottom, left:right]]
        _blend(found, _joined(tiles))
        cells = course.cells[top:bottom, left:right]
        marks = _marks_at(px)
        if any(mark(part) is not None for part in np.unique(cells).tolist()):
            _blend(found, _joined(marks[cells]))
        for part in np.unique(cells).tolist():
            drawn = sprite_at(part, px)
            if drawn is None:
                continue
            for row, column in np.argwhere(cells == part).tolist():
                x = column * px - _SPRITE_LEFT_PX * px // TILE_PX
                y = row * px - _SPRITE_TOP_PX * px // TILE_PX
                stamp(found, drawn, x, y)
        return found


def part_picture(part: int, px: int, theme: int) -> tuple[RGBA, int, int]:
    """A part by itself, and where it is from its cell's top left corner, in pixels."""
    drawn = sprite_at(part, px)
    if drawn is not None:
        return drawn, -_SPRITE_LEFT_PX * px // TILE_PX, -_SPRITE_TOP_PX * px // TILE_PX
    found = _tiles_at(theme, px)[single_byte(part)].copy()
    over = _marks_at(px)[part]
    found[over[..., 3] > 127] = over[over[..., 3] > 127]
    return found, 0, 0


def stamp(pixels: Pixels, drawn: RGBA, x: int, y: int, opacity: float = 1.0) -> None:
    """Lay a picture with opacity over pixels; what lies outside is left out."""
    Canvas(pixels).stamp_rgba(x, y, drawn[..., :3], drawn[..., 3] * (opacity / 255))


def _engine_bytes(course: MakerCourse) -> NDArray[np.uint8]:
    try:
        level = course_to_level(course, Rules.COMPETITION_2009)
    except LevelError:  # more enemies than the engine holds: the tiles can be drawn all the same
        calm = np.where(_IS_ENEMY[course.cells], AIR, course.cells).astype(np.uint8)
        level = course_to_level(MakerCourse(calm), Rules.COMPETITION_2009)
    return level.tiles.T[level.height - course.height :]


def _joined(cells: RGBA) -> RGBA:
    """Pictures [rows, columns, px, px, 4] as one."""
    rows, columns, px = cells.shape[:3]
    return cells.transpose(0, 2, 1, 3, 4).reshape(rows * px, columns * px, 4)


def _blend(found: Pixels, over: RGBA) -> None:
    opacity = over[..., 3:]
    if not ((opacity > 0) & (opacity < 255)).any():
        np.copyto(found, over[..., :3], where=opacity > 0)
        return
    share = opacity.astype(np.uint16)
    mixed = found * (255 - share) + over[..., :3] * share
    found[:] = (mixed // 255).astype(np.uint8)


def _backdrop_part(
    theme: int, px: int, left: int, top: int, columns: int, rows: int, height: int
) -> Pixels:
    """The backdrop behind some cells; above the screen's height its first row goes on."""
    whole = backdrop(theme)
    scale = TILE_PX / px
    x = ((left * px + np.arange(columns * px)) * scale).astype(int) % BACKDROP_WIDTH_PX
    bottom_up = (height - top) * TILE_PX - (np.arange(rows * px) * scale).astype(int)
    y = np.clip(SCREEN_HEIGHT_PX - bottom_up, 0, SCREEN_HEIGHT_PX - 1)
    return whole[y[:, None], x[None, :]]
