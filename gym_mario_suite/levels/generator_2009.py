"""The 2009 competition's level generator, compiled, bit for bit.

A level is a function of width, seed, difficulty and type (0 overground, 1 underground,
2 castle). It begins with safe ground, goes on with zones drawn by weights that depend on the
difficulty, and ends with ground around the exit. Every draw is made in the original's order.

The functions write drafts (`engine.level_image`), so that a batch of worlds can make its levels
without leaving compiled code.
"""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.engine.level_image import (
    CELLS,
    DRAFT_SPAWN_SHIFT,
    DRAFT_TILE_MASK,
    DRAFT_WINGED,
    WIDTH,
    X_EXIT,
    Y_EXIT,
    finish_image,
    start_image,
)
from gym_mario_suite.engine.tiles import Tile
from gym_mario_suite.engine.world import EnemyType
from gym_mario_suite.levels.java_random import next_below, seed_java_random

HEIGHT_2009 = 15
OVERGROUND = 0
UNDERGROUND = 1
CASTLE = 2

# finish_image's codes are 0, 1, 2; this one is the generator's own.
NO_ZONE_POSSIBLE = 3

_AIR = int(Tile.AIR)
_GROUND = int(Tile.GROUND)
_STAIR = int(Tile.STAIR_BLOCK)
_COIN = int(Tile.COIN)
_BRICK = int(Tile.BRICK)
_BRICK_COIN = int(Tile.BRICK_COIN)
_BRICK_POWER = int(Tile.BRICK_POWER)
_QUESTION_COIN = int(Tile.QUESTION_COIN)
_QUESTION_POWER = int(Tile.QUESTION_POWER)
_PIPE_TOP_LEFT = int(Tile.PIPE_TOP_LEFT)
_PIPE_BODY_LEFT = int(Tile.PIPE_BODY_LEFT)
_MUZZLE = int(Tile.CANNON_MUZZLE)
_NECK = int(Tile.CANNON_NECK)
_BASE = int(Tile.CANNON_BASE)
_HILL_TOP_LEFT = int(Tile.HILL_TOP_LEFT)
_HILL_TOP_RIGHT = int(Tile.HILL_TOP_RIGHT)
_HILL_TOP_LEFT_OVER = int(Tile.HILL_TOP_LEFT_OVER)
_HILL_TOP_RIGHT_OVER = int(Tile.HILL_TOP_RIGHT_OVER)
_GOOMBA = int(EnemyType.GOOMBA)
_FLOWER = int(EnemyType.FLOWER)

_STRAIGHT = 0
_HILL = 1
_TUBES = 2
_JUMP = 3
_CANNONS = 4
_END_COLUMNS = 64
_EXIT_OFFSET = 8

# Ground art by which of a cell's corners lie inside the ground: index TL*8 + TR*4 + BL*2 + BR.
_GROUND_ART = np.array(
    [0, 128, 130, 129, 160, 144, 145, 131, 162, 145, 146, 147, 161, 179, 163, 145], np.int64
)


@jit
def _int32(v):
    """Wrap to a signed 32-bit int, as the original's arithmetic does."""
    return ((v + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)


@jit
def _put(image, x, y, tile):
    if 0 <= x < image[WIDTH] and 0 <= y < HEIGHT_2009:
        i = CELLS + x * HEIGHT_2009 + y
        image[i] = (image[i] & ~DRAFT_TILE_MASK) | tile


@jit
def _put_spawn(image, x, y, enemy_type, winged):
    if 0 <= x < image[WIDTH] and 0 <= y < HEIGHT_2009:
        i = CELLS + x * HEIGHT_2009 + y
        wings = DRAFT_WINGED if winged else 0
        image[i] = (image[i] & DRAFT_TILE_MASK) | (enemy_type + 1) << DRAFT_SPAWN_SHIFT | wings


@jit
def _put_ground(image, x, floor):
    for y in range(floor, HEIGHT_2009):
        _put(image, x, y, _GROUND)


@jit
def _draw_floor(rng):
    return HEIGHT_2009 - 1 - next_below(rng, 4)


@jit
def _put_enemy_line(image, rng, x0, x1, y, difficulty):
    """Perhaps an enemy in each column of x0 .. x1 - 1."""
    for x in range(x0, x1):
        if next_below(rng, 35) >= _int32(difficulty + 1):
            continue
        enemy_type = next_below(rng, 4)
        if difficulty < 1:
            enemy_type = _GOOMBA
        elif difficulty < 3:
            enemy_type = next_below(rng, 3)
        winged = next_below(rng, 35) < difficulty
        _put_spawn(image, x, y, enemy_type, winged)


@jit
def _decorate(image, rng, x0, x1, floor, difficulty):
    """Enemies on the ground, perhaps a row of coins, perhaps a row of blocks."""
    if floor < 1:
        return
    _put_enemy_line(image, rng, x0 + 1, x1 - 1, floor - 1, difficulty)
    start = next_below(rng, 4)
    end = next_below(rng, 4)
    if floor - 2 > 0 and (x1 - 1 - end) - (x0 + 1 + start) > 1:
        for x in range(x0 + 1 + start, x1 - 1 - end):
            _put(image, x, floor - 2, _COIN)
    start = next_below(rng, 4)
    end = next_below(rng, 4)
    if floor - 4 > 0 and (x1 - 1 - end) - (x0 + 1 + start) > 2:
        for x in range(x0 + 1 + start, x1 - 1 - end):
            inside = x != x0 + 1 and x != x1 - 2
            if inside and next_below(rng, 3) == 0:
                tile = _QUESTION_POWER if next_below(rng, 4) == 0 else _QUESTION_COIN
            elif next_below(rng, 4) == 0:
                tile = _BRICK_POWER if next_below(rng, 4) == 0 else _BRICK_COIN
            else:
                tile = _BRICK
            _put(image, x, floor - 4, tile)


@jit
def _build_straight(image, rng, x0, limit, safe, difficulty):
    length = next_below(rng, 10) + 2
    if safe:
        length = 10 + next_below(rng, 5)
    length = min(length, limit)
    floor = _draw_floor(rng)
    for x in range(x0, x0 + length):
        _put_ground(image, x, floor)
    if not safe and length > 5:
        _decorate(image, rng, x0, x0 + length, floor, difficulty)
    return length


@jit
def _put_hill(image, x0, width, top, floor):
    for x in range(x0, x0 + width):
        art = 4 if x == x0 else 6 if x == x0 + width - 1 else 5
        for y in range(top, floor):
            tile = art + 16 * (8 if y == top else 9)
            if not (0 <= x < image[WIDTH] and 0 <= y < HEIGHT_2009):
                continue
            present = image[CELLS + x * HEIGHT_2009 + y] & DRAFT_TILE_MASK
            if present == _AIR:
                _put(image, x, y, tile)
            elif present == _HILL_TOP_LEFT:
                _put(image, x, y, _HILL_TOP_LEFT_OVER)
            elif present == _HILL_TOP_RIGHT:
                _put(image, x, y, _HILL_TOP_RIGHT_OVER)


@jit
def _build_hills(image, rng, x0, limit, difficulty):
    length = min(next_below(rng, 10) + 10, limit)
    floor = _draw_floor(rng)
    for x in range(x0, x0 + length):
        _put_ground(image, x, floor)
    _put_enemy_line(image, rng, x0 + 1, x0 + length - 1, floor - 1, difficulty)
    top = floor
    occupied = 0  # a bit for each column of the zone (at most 19)
    while True:
        top = top - 2 - next_below(rng, 3)
        if top <= 0:
            break
        width = next_below(rng, 5) + 3
        left = next_below(rng, length - width - 2) + x0 + 1
        k = left - x0
        taken = 1 << k | 1 << (k + width) | 1 << (k - 1) | 1 << (k + width + 1)
        if occupied & taken:
            break
        occupied |= 1 << k | 1 << (k + width)
        _put_enemy_line(image, rng, left, left + width, top - 1, difficulty)
        is_last = next_below(rng, 4) == 0
        if is_last:
            _decorate(image, rng, left - 1, left + width + 1, top, difficulty)
        _put_hill(image, left, width, top, floor)
        if is_last:
            break
    return length


@jit
def _build_tubes(image, rng, x0, limit, difficulty):
    length = min(next_below(rng, 10) + 5, limit)
    floor = _draw_floor(rng)
    tube = x0 + 1 + next_below(rng, 4)
    tube_top = floor - next_below(rng, 2) - 2
    for x in range(x0, x0 + length):
        if x > tube + 1:
            tube = tube + 3 + next_below(rng, 4)
            tube_top = floor - next_below(rng, 2) - 2
        if tube >= x0 + length - 2:
            tube += 10
        if x == tube and next_below(rng, 11) < _int32(difficulty + 1):
            _put_spawn(image, x, tube_top, _FLOWER, False)
        _put_ground(image, x, floor)
        if x == tube or x == tube + 1:
            side = x - tube
            for y in range(max(tube_top, 0), floor):
                tile = _PIPE_TOP_LEFT if y == tube_top else _PIPE_BODY_LEFT
                _put(image, x, y, tile + side)
    return length


@jit
def _build_jump(image, rng, x0):
    bank = next_below(rng, 4) + 2
    gap = next_below(rng, 2) + 2
    length = 2 * bank + gap
    has_stairs = next_below(rng, 3) == 0
    floor = _draw_floor(rng)
    for x in range(x0, x0 + length):
        on_left = x < x0 + bank
        if not on_left and x <= x0 + length - bank - 1:
            continue
        _put_ground(image, x, floor)
        if has_stairs:
            stair_top = floor - (x - x0) + 1 if on_left else floor - (x0 + length - x) + 2
            for y in range(stair_top, floor):
                _put(image, x, y, _STAIR)
    return length


@jit
def _build_cannons(image, rng, x0, limit):
    length = min(next_below(rng, 10) + 2, limit)
    floor = _draw_floor(rng)
    cannon = x0 + 1 + next_below(rng, 4)
    for x in range(x0, x0 + length):
        if x > cannon:
            cannon = cannon + 2 + next_below(rng, 4)
        if cannon == x0 + length - 1:
            cannon += 10
        top = floor - next_below(rng, 4) - 1
        _put_ground(image, x, floor)
        if x == cannon:
            for y in range(top, floor):
                tile = _MUZZLE if y == top else _NECK if y == top + 1 else _BASE
                _put(image, x, y, tile)
    return length


@jit
def _put_ceiling(image, rng):
    thickness = 0
    run = 0
    for x in range(np.int64(image[WIDTH])):
        run_ended = run <= 0
        run -= 1
        if run_ended and x > 4:
            thickness = next_below(rng, 4)
            run = next_below(rng, 4) + 4
        for y in range(HEIGHT_2009):
            if (x > 4 and y <= thickness) or x < 1:
                _put(image, x, y, _GROUND)


@jit
def _solid_rows(image, x):
    """A bit for each row of column `x` (clamped to the map) that holds ground."""
    x = min(max(x, 0), image[WIDTH] - 1)
    rows = 0
    for y in range(HEIGHT_2009):
        if image[CELLS + x * HEIGHT_2009 + y] & DRAFT_TILE_MASK == _GROUND:
            rows |= 1 << y
    return rows


@jit
def _inner_vertices(left_rows, right_rows):
    """A bit for each vertex 0..15 between two columns whose four cells are all ground."""
    both = left_rows & right_rows
    bottom = HEIGHT_2009 - 1
    below = both | ((both >> bottom) & 1) << HEIGHT_2009
    above = both << 1 | both & 1
    return below & above


@jit
def _fix_walls(image, level_type):
    """Give ground cells the art that fits their neighbours (which also decides solidity)."""
    offset = 0
    if level_type == CASTLE:
        offset = 8
    elif level_type == UNDERGROUND:
        offset = 12
    here = _solid_rows(image, 0)
    left_vertices = _inner_vertices(here, here)
    for x in range(np.int64(image[WIDTH])):
        after = _solid_rows(image, x + 1)
        right_vertices = _inner_vertices(here, after)
        if x == image[WIDTH] - 1:
            right_vertices = _inner_vertices(here, here)
        for y in range(HEIGHT_2009):
            corners = (
                ((left_vertices >> y) & 1) << 3
                | ((right_vertices >> y) & 1) << 2
                | ((left_vertices >> (y + 1)) & 1) << 1
                | ((right_vertices >> (y + 1)) & 1)
            )
            if corners != 0:
                _put(image, x, y, _GROUND_ART[corners] + offset)
        left_vertices = right_vertices
        here = after


@jit
def _zone_starts(starts, difficulty, level_type):
    """Fill the five cumulative zone weights; returns their sum."""
    total = 0
    for zone in range(5):
        weight = 20
        if zone == _HILL:
            weight = 10 if level_type == OVERGROUND else 0
        elif zone == _TUBES:
            weight = _int32(2 + difficulty)
        elif zone == _JUMP:
            weight = _int32(2 * difficulty)
        elif zone == _CANNONS:
            weight = _int32(-10 + 5 * difficulty)
        starts[zone] = total
        total = _int32(total + max(weight, 0))
    return total


@jit
def generate_2009(image, rng, starts, width, seed, difficulty, level_type):
    """Make the level in `image` and finish it.

    Args:
        image: int32 array, long enough (`image_capacity`).
        rng: Scratch, uint64[1].
        starts: Scratch, int64[5].
        width: Columns, 1 or more.
        seed: 64-bit seed as uint64.
        difficulty: 32-bit int; may be negative.
        level_type: 0 overground, 1 underground, 2 castle (others: plain ground).

    Returns:
        0, or a code of `finish_image`, or NO_ZONE_POSSIBLE when the original aborts because the
        zone weights overflow.
    """
    start_image(image, width, HEIGHT_2009)
    seed_java_random(rng, seed)
    total = _zone_starts(starts, difficulty, level_type)
    length = _build_straight(image, rng, 0, width, True, difficulty)
    while length < width - _END_COLUMNS:
        if total <= 0:
            return NO_ZONE_POSSIBLE
        draw = next_below(rng, total)
        zone = 0
        for i in range(5):
            if starts[i] <= draw:
                zone = i
        limit = width - length
        if zone == _STRAIGHT:
            length += _build_straight(image, rng, length, limit, False, difficulty)
        elif zone == _HILL:
            length += _build_hills(image, rng, length, limit, difficulty)
        elif zone == _TUBES:
            length += _build_tubes(image, rng, length, limit, difficulty)
        elif zone == _JUMP:
            length += _build_jump(image, rng, length)
        else:
            length += _build_cannons(image, rng, length, limit)
    floor = _draw_floor(rng)
    for x in range(length, width):
        _put_ground(image, x, floor)
    if level_type == UNDERGROUND or level_type == CASTLE:
        _put_ceiling(image, rng)
    _fix_walls(image, level_type)
    image[X_EXIT] = length + _EXIT_OFFSET
    image[Y_EXIT] = floor
    return finish_image(image)
