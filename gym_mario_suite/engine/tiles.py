"""Tiles: what each tile byte is called and how it behaves.

A tile is one byte. Its behaviour is a mask of eight bits, looked up with the byte read as
unsigned; the table is the original program's.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag

import numpy as np
from numpy.typing import NDArray

TILE_PX = 16


class Behaviour(IntFlag):
    """Bits of a tile's behaviour mask."""

    BLOCK_UPPER = 1  # solid for downward motion only: a one-way platform
    BLOCK_ALL = 2
    BLOCK_LOWER = 4  # solid for upward motion only: a hidden block
    SPECIAL = 8  # a bump gives a power-up instead of a coin
    BUMPABLE = 16  # becomes USED_BLOCK when bumped
    BREAKABLE = 32  # a strong bump removes it
    PICKUPABLE = 64  # a coin
    ANIMATED = 128


class Tile(IntEnum):
    """Tile bytes (unsigned) that generated levels and editors use by name.

    The ground art 128..191 comes in three sets of nine roles; see `levels.generator_2009`.
    """

    AIR = 0
    HIDDEN_COIN_BLOCK = 1
    HIDDEN_POWER_BLOCK = 2
    USED_BLOCK = 4
    STAIR_BLOCK = 9
    PIPE_TOP_LEFT = 10
    PIPE_TOP_RIGHT = 11
    CANNON_MUZZLE = 14
    BRICK = 16
    BRICK_COIN = 17
    BRICK_POWER = 18
    QUESTION_COIN = 21
    QUESTION_POWER = 22
    PIPE_BODY_LEFT = 26
    PIPE_BODY_RIGHT = 27
    CANNON_NECK = 30
    COIN = 34
    CANNON_BASE = 46
    GROUND_TOP = 129
    HILL_TOP_LEFT = 132
    HILL_TOP = 133
    HILL_TOP_RIGHT = 134
    GROUND = 145
    HILL_LEFT = 148
    HILL_BODY = 149
    HILL_RIGHT = 150
    HILL_TOP_LEFT_OVER = 180
    HILL_TOP_RIGHT_OVER = 182


def _behaviour_table() -> NDArray[np.uint8]:
    """The 256 masks, by unsigned tile byte."""
    table = np.zeros(256, np.uint8)
    solid = Behaviour.BLOCK_ALL
    animated = solid | Behaviour.ANIMATED
    table[1] = Behaviour.BLOCK_LOWER | Behaviour.BUMPABLE
    table[2] = Behaviour.BLOCK_LOWER | Behaviour.BUMPABLE | Behaviour.SPECIAL
    table[4:8] = animated
    table[14] = animated | Behaviour.SPECIAL
    table[[16, 19]] = animated | Behaviour.BREAKABLE
    table[[17, 20, 21, 23]] = animated | Behaviour.BUMPABLE
    table[[18, 22]] = animated | Behaviour.BUMPABLE | Behaviour.SPECIAL
    table[32:36] = Behaviour.PICKUPABLE | Behaviour.ANIMATED
    table[[8, 9, 10, 11, 12, 24, 26, 27, 28, 30, 40, 41, 46, 56, 57]] = solid
    for first in (128, 136, 140, 152, 156, 160, 168, 172, 176):
        table[first : first + 3] = solid
    table[[144, 146]] = solid
    for first in (132, 180, 224):
        table[first : first + 3] = Behaviour.BLOCK_UPPER
    return table


class Tile2019(IntEnum):
    """Tile numbers of the 2019 framework."""

    AIR = 0
    GROUND = 1
    STAIR_BLOCK = 2
    CANNON_MUZZLE = 3
    CANNON_NECK = 4
    CANNON_BASE = 5
    BRICK = 6
    BRICK_COIN = 7
    QUESTION_POWER = 8
    QUESTION_COIN = 11
    USED_BLOCK = 14
    COIN = 15
    PIPE_TOP_LEFT = 18
    PIPE_TOP_RIGHT = 19
    PIPE_BODY_LEFT = 20
    PIPE_BODY_RIGHT = 21
    GOAL_TOP = 39
    GOAL_POLE = 40
    PLATFORM_SINGLE = 43
    PLATFORM_LEFT = 44
    PLATFORM_RIGHT = 45
    PLATFORM = 46
    PLATFORM_BACKGROUND = 47
    HIDDEN_LIFE_BLOCK = 48
    HIDDEN_COIN_BLOCK = 49
    BRICK_POWER = 50
    BRICK_LIFE = 51
    NARROW_PIPE_TOP = 52
    NARROW_PIPE_BODY = 53


# Under the 2019 rules the bit that no rule reads says that a block holds a life.
LIFE = Behaviour.ANIMATED


def _behaviour_table_2019() -> NDArray[np.uint8]:
    """The 256 masks under the 2019 rules."""
    table = np.zeros(256, np.uint8)
    solid = Behaviour.BLOCK_ALL
    bumpable = solid | Behaviour.BUMPABLE
    hidden = Behaviour.BLOCK_LOWER | Behaviour.BUMPABLE
    table[[1, 2, 3, 4, 5, 14, 18, 19, 20, 21, 52, 53]] = solid
    table[6] = solid | Behaviour.BREAKABLE
    table[[7, 11]] = bumpable
    table[[8, 50]] = bumpable | Behaviour.SPECIAL
    table[51] = bumpable | LIFE
    table[48] = hidden | LIFE
    table[49] = hidden
    table[15] = Behaviour.PICKUPABLE
    table[43:47] = Behaviour.BLOCK_UPPER
    return table


def _likeness() -> NDArray[np.uint8]:
    """The tile of 2009 that looks and behaves most like each tile of 2019.

    Hidden blocks and the goal's pole are like air.
    """
    table = np.zeros(256, np.uint8)
    for tile, like in {
        Tile2019.GROUND: Tile.GROUND_TOP,
        Tile2019.STAIR_BLOCK: Tile.STAIR_BLOCK,
        Tile2019.CANNON_MUZZLE: Tile.CANNON_MUZZLE,
        Tile2019.CANNON_NECK: Tile.CANNON_NECK,
        Tile2019.CANNON_BASE: Tile.CANNON_BASE,
        Tile2019.BRICK: Tile.BRICK,
        Tile2019.BRICK_COIN: Tile.BRICK_COIN,
        Tile2019.BRICK_POWER: Tile.BRICK_POWER,
        Tile2019.BRICK_LIFE: Tile.BRICK_POWER,
        Tile2019.QUESTION_POWER: Tile.QUESTION_POWER,
        Tile2019.QUESTION_COIN: Tile.QUESTION_COIN,
        Tile2019.USED_BLOCK: Tile.USED_BLOCK,
        Tile2019.COIN: Tile.COIN,
        Tile2019.PIPE_TOP_LEFT: Tile.PIPE_TOP_LEFT,
        Tile2019.PIPE_TOP_RIGHT: Tile.PIPE_TOP_RIGHT,
        Tile2019.PIPE_BODY_LEFT: Tile.PIPE_BODY_LEFT,
        Tile2019.PIPE_BODY_RIGHT: Tile.PIPE_BODY_RIGHT,
        Tile2019.NARROW_PIPE_TOP: Tile.PIPE_TOP_LEFT,
        Tile2019.NARROW_PIPE_BODY: Tile.PIPE_BODY_LEFT,
        Tile2019.PLATFORM_SINGLE: Tile.HILL_TOP,
        Tile2019.PLATFORM_LEFT: Tile.HILL_TOP_LEFT,
        Tile2019.PLATFORM: Tile.HILL_TOP,
        Tile2019.PLATFORM_RIGHT: Tile.HILL_TOP_RIGHT,
        Tile2019.PLATFORM_BACKGROUND: Tile.HILL_BODY,
    }.items():
        table[tile] = like
    return table


TILE_BEHAVIOUR: NDArray[np.uint8] = _behaviour_table()
TILE_BEHAVIOUR.setflags(write=False)
# By rule set, then by tile.
TILE_BEHAVIOURS: NDArray[np.uint8] = np.stack([TILE_BEHAVIOUR, _behaviour_table_2019()])
TILE_BEHAVIOURS.setflags(write=False)
LIKENESS_2009: NDArray[np.uint8] = _likeness()
LIKENESS_2009.setflags(write=False)
