"""A view for learners, from the memory of Super Mario Bros.: numbers of Mario, sprites, tiles.

It is what `engine.learner_views` is for Infinite Mario: the same window of tiles, relative to
Mario, after numbers in -1 .. 1. What the memory means is known from its public maps, and held to
the game in tests/nes/test_real_rom.py.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.compiled import inline_jit, jit
from gym_mario_suite.engine.learner_views import (
    TERRAIN_COLUMNS,
    TERRAIN_FIRST_COLUMN,
    TERRAIN_FIRST_ROW,
    TERRAIN_ROWS,
)
from gym_mario_suite.nes import smb
from gym_mario_suite.nes.smb import Address

PLAYER_FEATURES = (
    "x_in_tile",
    "y",
    "x_speed",
    "y_speed",
    "facing",
    "on_ground",
    "jump_held",
    "swimming",
    "ducking",
    "climbing",
    "small",
    "large",
    "fire",
    "invulnerable",
    "x_on_screen",
    "time_left",
    "progress",
    "area",
)
SPRITE_FEATURES = (
    "present",
    "dx",
    "dy",
    "x_speed",
    "y_speed",
    "stompable",
    "dangerous",
    "item",
    "platform",
)
# The five slots of enemies, that of what comes out of blocks, and thrown hammers.
NEAREST_SPRITES = 6
_SLOTS = smb.ENEMY_SLOTS + 1
_N_PLAYER, _N_SPRITE = len(PLAYER_FEATURES), len(SPRITE_FEATURES)
_TILES_AT = _N_PLAYER + NEAREST_SPRITES * _N_SPRITE
N_TERRAIN = _TILES_AT + TERRAIN_ROWS * TERRAIN_COLUMNS

# Largest speeds: 1/16 px a frame across, px a frame upright.
_X_SPEED, _Y_SPEED = 48.0, 8.0
_REACH_X_PX, _REACH_Y_PX = 128.0, 128.0
_FULL_CLOCK, _LONGEST_PX = 400.0, 4096.0
_FULL_TIMER = 32.0

_STOMPABLE, _HOSTILE, _ITEM, _PLATFORM = 1, 2, 4, 8
_SPINY = 0x12
_FIRST_FIREBAR, _LAST_FIREBAR = 0x1B, 0x1F
_FIREBAR_POSITIONS = 32
# Values of the slots' state: out of the game; a shell on its way; lying on the back or in the
# shell, from .. to of its low bits.
_DEFEATED, _KICKED, _LOW, _LYING_FROM, _LYING_TO = 0x20, 0x80, 0x07, 2, 4
_HAMMER = 0x80
_JUMP_BUTTON = 0x80
_LEFTWARD = 2
# Metatiles, by their upper two bits: from these on they can be climbed.
_CLIMBABLE_FROM = np.array([0x24, 0x6D, 0x8A, 0xC6], np.int64)
_COINS, _HIDDEN, _AXE = (0xC2, 0xC3), (0x5F, 0x60), 0xC5
_PASSABLE = 0.5


def _roles() -> NDArray[np.uint8]:
    """What each kind of sprite is to Mario."""
    roles = np.zeros(256, np.uint8)
    roles[[*range(0x07), 0x07, 0x08, 0x0A, 0x0B, 0x0E, 0x0F, 0x10, 0x11, 0x14, 0x33]] = (
        _STOMPABLE | _HOSTILE
    )
    roles[[0x0C, 0x0D, _SPINY, 0x15, *range(_FIRST_FIREBAR, _LAST_FIREBAR + 1), smb.BOWSER]] = (
        _HOSTILE
    )
    roles[[*range(0x24, 0x2D), 0x32]] = _PLATFORM
    roles[0x2E] = _ITEM
    return roles


_ROLES = _roles()

_AREA_POINTER = int(Address.AREA_POINTER)
_BUTTONS = int(Address.BUTTONS)
_CLOCK = int(Address.CLOCK)
_CROUCHING = int(Address.CROUCHING)
_DRAWN_COLUMN = int(Address.DRAWN_COLUMN)
_DRAWN_PAGE = int(Address.DRAWN_PAGE)
_ENEMY_ACTIVE = int(Address.ENEMY_ACTIVE)
_ENEMY_KIND = int(Address.ENEMY_KIND)
_ENEMY_PAGE = int(Address.ENEMY_PAGE)
_ENEMY_STATE = int(Address.ENEMY_STATE)
_ENEMY_X_ON_PAGE = int(Address.ENEMY_X_ON_PAGE)
_ENEMY_X_SPEED = int(Address.ENEMY_X_SPEED)
_ENEMY_Y = int(Address.ENEMY_Y)
_ENEMY_Y_SPEED = int(Address.ENEMY_Y_SPEED)
_FACING = int(Address.FACING)
_FLOAT_STATE = int(Address.FLOAT_STATE)
_HURT_TIMER = int(Address.HURT_TIMER)
_MISC_PAGE = int(Address.MISC_PAGE)
_MISC_STATE = int(Address.MISC_STATE)
_MISC_X_ON_PAGE = int(Address.MISC_X_ON_PAGE)
_MISC_Y = int(Address.MISC_Y)
_POWER_UP = int(Address.POWER_UP)
_SCREEN_PAGE = int(Address.SCREEN_PAGE)
_SCREEN_X_ON_PAGE = int(Address.SCREEN_X_ON_PAGE)
_STAR_TIMER = int(Address.STAR_TIMER)
_SWIMMING = int(Address.SWIMMING)
_TILES = int(Address.TILES)
_X_ON_PAGE = int(Address.X_ON_PAGE)
_X_PAGE = int(Address.X_PAGE)
_X_SPEED_AT = int(Address.X_SPEED)
_Y_ON_PAGE = int(Address.Y_ON_PAGE)
_Y_SPEED_AT = int(Address.Y_SPEED)
_Y_VIEWPORT = int(Address.Y_VIEWPORT)


@inline_jit
def _byte(ram, at):
    return np.int64(ram[at])


@inline_jit
def _signed(ram, at):
    value = np.int64(ram[at])
    return value - 256 if value >= 128 else value


@inline_jit
def _place(ram, page_at, x_at):
    """A distance from the level's start, px; less than 0 left of it, see `smb.x_px`."""
    return 256 * _signed(ram, page_at) + _byte(ram, x_at)


@inline_jit
def _clip(v):
    return np.float32(min(max(v, -1.0), 1.0))


@inline_jit
def _is_on(v):
    return np.float32(1.0 if v else 0.0)


@jit
def _write_player(ram, x, y, out):
    out[0] = _clip(((x + 8) % 16) / 16.0)
    out[1] = _clip(y / 240.0)
    out[2] = _clip(_signed(ram, _X_SPEED_AT) / _X_SPEED)
    out[3] = _clip(_signed(ram, _Y_SPEED_AT) / _Y_SPEED)
    out[4] = -1.0 if ram[_FACING] == _LEFTWARD else 1.0
    out[5] = _is_on(ram[_FLOAT_STATE] == 0)
    out[6] = _is_on(ram[_BUTTONS] & _JUMP_BUTTON)
    out[7] = _is_on(ram[_SWIMMING])
    out[8] = _is_on(ram[_CROUCHING])
    out[9] = _is_on(ram[_FLOAT_STATE] == smb.SLIDING_DOWN)
    out[10] = _is_on(ram[_POWER_UP] == 0)
    out[11] = _is_on(ram[_POWER_UP] == 1)
    out[12] = _is_on(ram[_POWER_UP] > 1)
    out[13] = _clip(max(_byte(ram, _HURT_TIMER), _byte(ram, _STAR_TIMER)) / _FULL_TIMER)
    out[14] = _clip(((_byte(ram, _X_ON_PAGE) - _byte(ram, _SCREEN_X_ON_PAGE)) % 256) / 256.0)
    clock = 100 * _byte(ram, _CLOCK) + 10 * _byte(ram, _CLOCK + 1) + _byte(ram, _CLOCK + 2)
    out[15] = _clip(clock / _FULL_CLOCK)
    out[16] = _clip(x / _LONGEST_PX)
    out[17] = _clip((_byte(ram, _AREA_POINTER) & 0x7F) / 128.0)


@jit
def _write_sprite(ram, slot, dx, dy, out, at):
    """A sprite of a slot of enemies; of a hammer, where `slot` is none of them."""
    out[at] = 1.0
    out[at + 1] = _clip(dx / _REACH_X_PX)
    out[at + 2] = _clip(dy / _REACH_Y_PX)
    if slot >= _SLOTS:
        out[at + 6] = 1.0
        return
    kind, state = _byte(ram, _ENEMY_KIND + slot), _byte(ram, _ENEMY_STATE + slot)
    role = _ROLES[kind]
    if _FIRST_FIREBAR <= kind <= _LAST_FIREBAR:
        # It keeps its turn where others keep their speeds: the direction it points in.
        turn = (_byte(ram, _ENEMY_Y_SPEED + slot) % _FIREBAR_POSITIONS) / _FIREBAR_POSITIONS
        out[at + 3] = np.float32(np.sin(2.0 * np.pi * turn))
        out[at + 4] = np.float32(-np.cos(2.0 * np.pi * turn))
    else:
        out[at + 3] = _clip(_signed(ram, _ENEMY_X_SPEED + slot) / _X_SPEED)
        out[at + 4] = _clip(_signed(ram, _ENEMY_Y_SPEED + slot) / _Y_SPEED)
    low = state & _LOW
    lies = kind != _SPINY and _LYING_FROM <= low <= _LYING_TO and not state & _KICKED
    harms = role & _HOSTILE and not state & _DEFEATED and not lies
    out[at + 5] = _is_on(harms and role & _STOMPABLE)
    out[at + 6] = _is_on(harms)
    out[at + 7] = _is_on(role & _ITEM)
    out[at + 8] = _is_on(role & _PLATFORM)


@jit
def _write_sprites(ram, x, y, out):
    """The nearest sprites, each once, nearest first; ties by slot."""
    last_distance, last_slot = -1, -1
    for k in range(NEAREST_SPRITES):
        best, best_distance, best_dx, best_dy = -1, 0, 0, 0
        for slot in range(_SLOTS + smb.MISC_SLOTS):
            if slot < _SLOTS:
                if not ram[_ENEMY_ACTIVE + slot]:
                    continue
                dx = _place(ram, _ENEMY_PAGE + slot, _ENEMY_X_ON_PAGE + slot) - x
                dy = _byte(ram, _ENEMY_Y + slot) - y
            else:
                misc = slot - _SLOTS
                if not ram[_MISC_STATE + misc] & _HAMMER:
                    continue
                dx = _place(ram, _MISC_PAGE + misc, _MISC_X_ON_PAGE + misc) - x
                dy = _byte(ram, _MISC_Y + misc) - y
            distance = abs(dx) + abs(dy)
            if distance < last_distance or (distance == last_distance and slot <= last_slot):
                continue
            if best < 0 or distance < best_distance:
                best, best_distance, best_dx, best_dy = slot, distance, dx, dy
        if best < 0:
            return
        last_distance, last_slot = best_distance, best
        _write_sprite(ram, best, best_dx, best_dy, out, _N_PLAYER + k * _N_SPRITE)


@jit
def _tile(metatile):
    """1 solid, 0.5 what can be touched and passed (coins, vines, flagpole, axe), 0 nothing."""
    if metatile == 0 or metatile == _HIDDEN[0] or metatile == _HIDDEN[1]:
        return np.float32(0.0)
    passable = metatile == _COINS[0] or metatile == _COINS[1] or metatile == _AXE
    if passable or metatile >= _CLIMBABLE_FROM[metatile >> 6]:
        return np.float32(_PASSABLE)
    return np.float32(1.0)


@jit
def _write_tiles(ram, x, y, out):
    left = (x + smb.TILE_PX // 2) // smb.TILE_PX + TERRAIN_FIRST_COLUMN
    top = (y + smb.TILE_PX + smb.TILE_PX // 2 - smb.TILES_TOP_PX) // smb.TILE_PX + TERRAIN_FIRST_ROW
    # Columns from here on are not there yet; their places still have those of two pages before.
    end = smb.TILE_COLUMNS * _signed(ram, _DRAWN_PAGE) + _byte(ram, _DRAWN_COLUMN)
    first = end - 2 * smb.TILE_COLUMNS
    if x >= 0:  # else a castle has sent him left of the level's start
        first = max(first, 0)
    at = _TILES_AT
    for r in range(top, top + TERRAIN_ROWS):
        for column in range(left, left + TERRAIN_COLUMNS):
            if r >= smb.TILE_ROWS:
                out[at] = -1.0
            elif r >= 0 and first <= column < end:
                page = column // smb.TILE_COLUMNS % 2
                row = page * smb.TILE_ROWS + r
                out[at] = _tile(
                    _byte(ram, _TILES + row * smb.TILE_COLUMNS + column % smb.TILE_COLUMNS)
                )
            at += 1


@jit
def write_terrain(ram, out):
    """What is around Mario into `out` (float32[296]), every number in -1 .. 1.

    First PLAYER_FEATURES; then SPRITE_FEATURES of each of the 6 nearest sprites (all 0 where there
    is none; of a firebar the direction it points in instead of speeds); then 14 rows of 16
    tiles from 7 above Mario's feet and 3 behind him: 1 where one is solid, 0.5 where it can be
    touched and passed, -1 below the level, 0 elsewhere.

    Args:
        ram: The memory, uint8[2048].
        out: Filled.
    """
    x = _place(ram, _X_PAGE, _X_ON_PAGE)
    y = _byte(ram, _Y_ON_PAGE) + 256 * (_byte(ram, _Y_VIEWPORT) - 1)
    out[:] = 0.0
    _write_player(ram, x, y, out)
    _write_sprites(ram, x, y, out)
    _write_tiles(ram, x, y, out)
