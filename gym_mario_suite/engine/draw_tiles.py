"""The backdrop, the tiles and the goal."""

from __future__ import annotations

from gym_mario_suite.engine.atlas import (
    AT_BACKDROP,
    AT_TILES,
    BACKDROP_NUMBERS,
    BACKDROP_WIDTH_PX,
    CHANNELS,
    FAR_AT,
    GOAL_PICTURES,
    GOAL_PIECES,
    GROUND_TOP_2019,
    HEIGHT_PX,
    NEAR_AT,
    NEAR_OPAQUE,
    NO_PICTURE,
    ORIGIN,
    PITCH,
    SHIFT,
    THEMES,
    TILE_STEPS,
    TILE_VARIANTS,
    WIDTH_PX,
)
from gym_mario_suite.engine.compiled import inline_jit, jit
from gym_mario_suite.engine.draw_pictures import UPRIGHT, put_picture
from gym_mario_suite.engine.draw_words import blend32, copy32
from gym_mario_suite.engine.level_image import CELLS, HEIGHT, RULES, WIDTH, X_EXIT, Y_EXIT, cell_at
from gym_mario_suite.engine.tiles import TILE_PX, Behaviour, Tile2019
from gym_mario_suite.engine.world import (
    EFFECT_SLOTS,
    SCREEN_HEIGHT_PX,
    SCREEN_WIDTH_PX,
    Effect,
    Rules,
)

_COMPETITION_2009 = int(Rules.COMPETITION_2009)
_GROUND_2019 = int(Tile2019.GROUND)
_BLOCK_BUMP = int(Effect.BLOCK_BUMP)
_MOVABLE = int(Behaviour.BLOCK_ALL) << 8
_ROWS = SCREEN_HEIGHT_PX // TILE_PX
_COLUMNS = SCREEN_WIDTH_PX // TILE_PX
_RUN = 32
_THEME_TILES = 256 * TILE_STEPS * TILE_VARIANTS

_TICKS_PER_STEP = 3
_BUMP_TICKS = 5

_BASE = GOAL_PICTURES + GOAL_PIECES.index("goal_base")
_POLE = GOAL_PICTURES + GOAL_PIECES.index("goal_pole")
_FLAG = GOAL_PICTURES + GOAL_PIECES.index("goal_flag_0")
_TOP = GOAL_PICTURES + GOAL_PIECES.index("goal_top")
_POLE_TILES = 8
_TICKS_PER_WAVE = 6


@jit
def draw_backdrop(view, frame, cam, theme):
    """Fill the screen: the far layer, and the near layer over it."""
    table = view.table
    channels = table[CHANNELS]
    shift = table[SHIFT]
    far_at = ((cam >> 3) % BACKDROP_WIDTH_PX >> shift) * channels
    near_at = ((cam * 3 >> 3) % BACKDROP_WIDTH_PX >> shift) * channels
    height = table[HEIGHT_PX]
    width = table[WIDTH_PX] * channels
    row = table[AT_BACKDROP] + theme * height * BACKDROP_NUMBERS
    target = table[ORIGIN]
    for _ in range(height):
        far = table[row + FAR_AT] + far_at
        near = table[row + NEAR_AT] + near_at
        if table[row + NEAR_AT] < 0:
            for i in range(0, width, _RUN):
                copy32(frame, target + i, view.ink, far + i)
        elif table[row + NEAR_OPAQUE]:
            for i in range(0, width, _RUN):
                copy32(frame, target + i, view.ink, near + i)
        else:
            for i in range(0, width, _RUN):
                blend32(frame, target + i, view.ink, far + i, view.ink, view.keep, near + i)
        row += BACKDROP_NUMBERS
        target += table[PITCH]


@inline_jit
def _animation_step(clock):
    """Step of coins and question blocks: the first one is held for a while."""
    step = clock // _TICKS_PER_STEP % (TILE_STEPS + 2)
    return step if step < TILE_STEPS else 0


@jit
def _bump_height(world, x, y):
    """How many px the block at cell (x, y) is up after a bump."""
    for i in range(EFFECT_SLOTS):
        effect = world.effects[i]
        if effect.kind == _BLOCK_BUMP and effect.x >> 4 == x and (effect.y >> 4) - 1 == y:
            age = world.start_time - effect.born
            if 0 <= age < _BUMP_TICKS:
                return 2 * min(age + 1, _BUMP_TICKS - age)
    return 0


@inline_jit
def _is_bumping(world):
    for i in range(EFFECT_SLOTS):
        effect = world.effects[i]
        if effect.kind == _BLOCK_BUMP and world.start_time - effect.born < _BUMP_TICKS:
            return True
    return False


@jit
def draw_tiles(view, frame, image, world, cam, theme):
    """Every tile on the screen; `cam`: its left and top edge."""
    table = view.table
    shift = table[SHIFT]
    bumping = _is_bumping(world)
    rules = image[RULES]
    in_2009 = rules == _COMPETITION_2009
    pictures = table[AT_TILES] + (rules * THEMES + theme) * _THEME_TILES
    step = TILE_VARIANTS * _animation_step(world.start_time)
    first_row = cam[1] >> 4
    rows = min(image[HEIGHT], first_row + _ROWS + (cam[1] & 15 != 0))
    first = cam[0] >> 4
    for x in range(max(first, 0), min(first + _COLUMNS + 1, image[WIDTH])):
        left = (x * TILE_PX >> shift) - (cam[0] >> shift)
        for y in range(first_row, rows):
            if image[CELLS + x * image[HEIGHT] + y] == 0:
                continue
            cell = cell_at(image, world, x, y)
            variant = (x * 73 ^ y * 151 ^ (x * y >> 1)) & (TILE_VARIANTS - 1)
            tile = cell & 0xFF
            # Ground of 2019 is one tile; which picture it has its neighbour tells.
            if not in_2009 and tile == _GROUND_2019 and y > 0:
                above = cell_at(image, world, x, y - 1) & 0xFF
                tile = tile if above == _GROUND_2019 else GROUND_TOP_2019
            picture = table[pictures + tile * (TILE_STEPS * TILE_VARIANTS) + step + variant]
            if picture == NO_PICTURE:
                continue
            top = y * TILE_PX - cam[1]
            if bumping and cell & _MOVABLE:
                top -= _bump_height(world, x, y)
            put_picture(view, frame, picture, left, top >> shift, UPRIGHT)


@jit
def draw_goal(view, frame, image, world, cam):
    """The flagpole at the exit (in 2019 it is part of the tiles)."""
    table = view.table
    shift = table[SHIFT]
    column = image[X_EXIT]
    ground = image[Y_EXIT]
    left = (column * TILE_PX >> shift) - (cam >> shift)
    if not -TILE_PX <= left < table[WIDTH_PX]:
        return
    flag = _FLAG + (world.start_time // _TICKS_PER_WAVE & 1)
    for i in range(1, _POLE_TILES + 1):
        picture = _POLE
        if i == 1:
            picture = _BASE
        elif i == _POLE_TILES:
            picture = _TOP
        elif i == _POLE_TILES - 1:
            picture = flag
        put_picture(view, frame, picture, left, (ground - i) * TILE_PX >> shift, UPRIGHT)
