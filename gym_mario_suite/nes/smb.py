"""The memory of Super Mario Bros.: a table of addresses, and what can be read from it.

RAM is a bytearray (or bytes) of 2 KiB, so that every value is a Python int: additions of numpy's
uint8 wrap around, which was a fault of older environments.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from enum import IntEnum

Ram = bytes | bytearray


class Address(IntEnum):
    """Where things are; one byte each, unless `DIGITS` gives their number."""

    BUTTONS = 0x000A  # A and B
    PLAYER_STATE = 0x000E
    ENEMY_ACTIVE = 0x000F  # 5 slots of enemies, and one of what comes out of blocks
    ENEMY_KIND = 0x0016  # 6 slots
    FLOAT_STATE = 0x001D
    ENEMY_STATE = 0x001E  # 6 slots
    MISC_STATE = 0x002A  # 9 slots
    FACING = 0x0033  # 1 right, 2 left
    X_SPEED = 0x0057  # signed, 1/16 px a frame
    ENEMY_X_SPEED = 0x0058  # 6 slots, signed
    X_PAGE = 0x006D
    ENEMY_PAGE = 0x006E  # 6 slots
    MISC_PAGE = 0x007A  # 9 slots
    X_ON_PAGE = 0x0086
    ENEMY_X_ON_PAGE = 0x0087  # 6 slots
    MISC_X_ON_PAGE = 0x0093  # 9 slots
    Y_SPEED = 0x009F  # signed, downward, px a frame
    ENEMY_Y_SPEED = 0x00A0  # 6 slots, signed
    Y_VIEWPORT = 0x00B5
    Y_ON_PAGE = 0x00CE
    ENEMY_Y = 0x00CF  # 6 slots
    MISC_Y = 0x00DB  # 9 slots
    AREA_DATA = 0x00E7  # where the present area is described, 2 bytes
    Y = 0x03B8
    TILES = 0x0500  # 2 pages of 13 rows of 16 metatiles
    MAZE_RIGHT = 0x06D9  # of the parts of a maze that have been passed, those on the right way
    MAZE_PARTS = 0x06DA
    AREA_CHANGE_TIMER = 0x06DE
    SWIMMING = 0x0704
    CROUCHING = 0x0714
    SCREEN_PAGE = 0x071A
    SCREEN_X_ON_PAGE = 0x071C
    DRAWN_PAGE = 0x0725  # of the next column of tiles that the game will make
    DRAWN_COLUMN = 0x0726
    IN_CLOUDS = 0x0743  # a bonus area of clouds, out of which one falls back
    AREA_POINTER = 0x0750
    POWER_UP = 0x0756
    TIME_IS_UP = 0x0759
    LIVES = 0x075A
    HALFWAY_PAGE = 0x075B
    STAGE = 0x075C
    WORLD = 0x075F
    AREA = 0x0760
    GAME_MODE = 0x0770
    TASK = 0x0772  # of the mode; playing, 0 to 2 make an area and 3 plays in it
    HURT_TIMER = 0x079E
    STAR_TIMER = 0x079F
    PRELEVEL_TIMER = 0x07A0
    SCORE = 0x07DE
    COINS = 0x07ED
    CLOCK = 0x07F8


# Decimal digits, one in a byte, the most significant first. The score's last one is always 0.
DIGITS = {Address.SCORE: 6, Address.COINS: 2, Address.CLOCK: 3}


class GameMode(IntEnum):
    """Values of GAME_MODE."""

    DEMO = 0
    PLAYING = 1
    WORLD_END = 2
    GAME_OVER = 3


class PlayerState(IntEnum):
    """Values of PLAYER_STATE."""

    LEFTMOST = 0x00
    VINE = 0x01
    SIDE_PIPE = 0x02
    DOWN_PIPE = 0x03
    AUTO_WALK = 0x04
    AUTO_WALK_OUT = 0x05
    DEAD = 0x06
    ENTERING = 0x07
    NORMAL = 0x08
    FROZEN = 0x09
    DYING = 0x0B
    CYCLING = 0x0C


# Of the American and Japanese console, 1789772.7 Hz / 29780.5; games count 60.
FRAMES_PER_SECOND = 60
# Scenes in which the player cannot act.
BUSY_STATES = frozenset({0, 1, 2, 3, 4, 5, 7})
SLIDING_DOWN = 3
FLAGPOLE_FLAG = 0x31
BOWSER = 0x2D
GOAL_KINDS = frozenset({FLAGPOLE_FLAG, BOWSER})
ENEMY_SLOTS = 5
# Hammers, and coins that jump out of blocks.
MISC_SLOTS = 9
NO_LIVES = 0xFF
WORLDS = 8
STAGES = 4
ALL_STAGES = tuple(itertools.product(range(1, WORLDS + 1), range(1, STAGES + 1)))
# Worlds whose second stage begins with a walk into a pipe, which is an area of its own.
_WORLDS_WITH_WALK_IN = frozenset({1, 2, 4, 7})
_LOST_LEVELS_WITH_WALK_IN = frozenset({1, 3})
# Where The Lost Levels begins, its table of areas names none of later worlds.
LOST_LEVELS_WORLDS = 4
TILE_ROWS = 13
TILE_COLUMNS = 16
TILE_PX = 16
# Pages from here on are those before the first one; the longest level has 64.
_LEFT_OF_START = 0x8000
# The rows of metatiles begin below the figures.
TILES_TOP_PX = 32


# The same as plain ints: what follows is called in every frame, and an IntEnum as an index costs
# more than the rest of it.
_PLAYER_STATE = int(Address.PLAYER_STATE)
_ENEMY_KIND = int(Address.ENEMY_KIND)
_ENEMY_KIND_END = _ENEMY_KIND + ENEMY_SLOTS
_FLOAT_STATE = int(Address.FLOAT_STATE)
_X_PAGE, _X_ON_PAGE = int(Address.X_PAGE), int(Address.X_ON_PAGE)
_SCREEN_PAGE = int(Address.SCREEN_PAGE)
_SCREEN_X_ON_PAGE = int(Address.SCREEN_X_ON_PAGE)
_Y_VIEWPORT = int(Address.Y_VIEWPORT)
_POWER_UP, _LIVES = int(Address.POWER_UP), int(Address.LIVES)
_GAME_MODE, _TASK = int(Address.GAME_MODE), int(Address.TASK)
_IN_CLOUDS, _TIME_IS_UP = int(Address.IN_CLOUDS), int(Address.TIME_IS_UP)
_COINS, _CLOCK = int(Address.COINS), int(Address.CLOCK)
_WORLD_END, _PLAYING = int(GameMode.WORLD_END), int(GameMode.PLAYING)
_NORMAL = int(PlayerState.NORMAL)
_IN_AREA = 3
_DYING, _DEAD = int(PlayerState.DYING), int(PlayerState.DEAD)


def number(ram: Ram, address: Address) -> int:
    """The number whose decimal digits are at `address`."""
    value = 0
    for digit in ram[address : address + DIGITS[address]]:
        value = 10 * value + digit
    return value


def clock(ram: Ram) -> int:
    """Units of game time that are left."""
    return 100 * ram[_CLOCK] + 10 * ram[_CLOCK + 1] + ram[_CLOCK + 2]


def score(ram: Ram) -> int:
    """The score as displayed."""
    return number(ram, Address.SCORE)


def coins(ram: Ram) -> int:
    """Coins, 0 to 99."""
    return 10 * ram[_COINS] + ram[_COINS + 1]


def x_px(ram: Ram) -> int:
    """The player's distance from the level's start.

    Less than 0 where a castle that sends him pages back has put him left of it.
    """
    return x_of_page(ram[_X_PAGE], ram[_X_ON_PAGE])


def x_of_page(page: int, on_page: int) -> int:
    """The same from the two bytes."""
    return _signed(256 * page + on_page)


def y_px(ram: Ram) -> int:
    """The player's height, px upward: 79 on most ground, 255 at the top edge, less than 0 below."""
    return 255 - ram[Address.Y] - 256 * (ram[_Y_VIEWPORT] - 1)


def screen_left_px(ram: Ram) -> int:
    """The left edge of the screen, from the level's start as `x_px`."""
    return _signed(256 * ram[_SCREEN_PAGE] + ram[_SCREEN_X_ON_PAGE])


def _signed(x: int) -> int:
    return x if x < _LEFT_OF_START else x - 0x10000


# Bytes that change, beside those of lives and float state, where `is_eventful` becomes true.
EVENTFUL_CHANGES = (_PLAYER_STATE, _Y_VIEWPORT, _GAME_MODE)


def is_eventful(ram: Ram) -> bool:
    """Whether one of the functions below may say more than that the player plays.

    One question in every frame instead of five: where this says no, all of them would.
    """
    return not (
        ram[_PLAYER_STATE] == _NORMAL
        and ram[_Y_VIEWPORT] <= 1
        and ram[_GAME_MODE] == _PLAYING
        and ram[_FLOAT_STATE] != SLIDING_DOWN
        and ram[_LIVES] != NO_LIVES
    )


def is_dying(ram: Ram) -> bool:
    """Whether the player is hurt to death or below the screen."""
    if ram[_PLAYER_STATE] == _DYING:
        return True
    return ram[_Y_VIEWPORT] > 1 and not _falls_out_of_clouds(ram)


def _falls_out_of_clouds(ram: Ram) -> bool:
    """Whether the player, below the screen, is on his way back to the level, or it is made."""
    return ram[_TIME_IS_UP] == 0 and (ram[_IN_CLOUDS] != 0 or ram[_TASK] != _IN_AREA)


def is_dead(ram: Ram) -> bool:
    """Whether the player has died."""
    return ram[_PLAYER_STATE] == _DEAD


def is_game_over(ram: Ram) -> bool:
    """Whether the last life is lost."""
    return ram[_LIVES] == NO_LIVES


def in_scene(ram: Ram) -> bool:
    """Whether a scene is played in which the player cannot act."""
    mode = ram[_GAME_MODE]
    return (
        ram[_PLAYER_STATE] in BUSY_STATES
        or mode == _WORLD_END
        or (mode == _PLAYING and ram[_TASK] != _IN_AREA)
        or (ram[_Y_VIEWPORT] > 1 and _falls_out_of_clouds(ram))
    )


def is_stage_cleared(ram: Ram) -> bool:
    """Whether the player slides down the flagpole, has beaten Bowser, or the world has ended.

    The float state is that of the flagpole on vines too, so the flag must be there.
    """
    if ram[_GAME_MODE] == _WORLD_END:
        return True
    return ram[_FLOAT_STATE] == SLIDING_DOWN and not GOAL_KINDS.isdisjoint(
        ram[_ENEMY_KIND:_ENEMY_KIND_END]
    )


def area_of_stage(world: int, stage: int, lost_levels: bool = False) -> int:
    """Number of the area in which a stage is played, from 1 on.

    Args:
        world: 1 to 8.
        stage: 1 to 4, as displayed.
        lost_levels: Of The Lost Levels, world 1 to 4.
    """
    walked_in = _LOST_LEVELS_WITH_WALK_IN if lost_levels else _WORLDS_WITH_WALK_IN
    return stage + (world in walked_in and stage > 1)


def mode(ram: Ram) -> int:
    """Power: 0 small, 1 large, 2 fire."""
    return min(ram[_POWER_UP], 2)


def metatile(ram: Ram, column: int, row: int) -> int:
    """The metatile of a column of the level and a row of the screen; 0 is empty.

    The game keeps two pages of 16 columns and writes new columns over old ones, so that it has
    only those near the screen.
    """
    page = column // TILE_COLUMNS % 2
    at = Address.TILES + (page * TILE_ROWS + row) * TILE_COLUMNS + column % TILE_COLUMNS
    return ram[at]


def ground_row(ram: Ram) -> int | None:
    """The lowest row under Mario's x on which he could stand; None above a pit."""
    column = (x_px(ram) + TILE_PX // 2) // TILE_PX
    empty = [metatile(ram, column, row) == 0 for row in range(TILE_ROWS)]
    for row in range(TILE_ROWS - 1, 1, -1):
        if not empty[row] and empty[row - 1] and empty[row - 2]:
            return row
    return None


def enemies(ram: Ram) -> Sequence[tuple[int, int, int]]:
    """Kind, x and y (px, the level's) of each enemy that is there."""
    return [
        (
            ram[Address.ENEMY_KIND + slot],
            _signed(256 * ram[Address.ENEMY_PAGE + slot] + ram[Address.ENEMY_X_ON_PAGE + slot]),
            ram[Address.ENEMY_Y + slot],
        )
        for slot in range(ENEMY_SLOTS)
        if ram[Address.ENEMY_ACTIVE + slot]
    ]
