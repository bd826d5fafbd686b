"""The line at the top of the screen: power state, coins, kills, time left."""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.atlas import GLYPHS, ICON_PICTURES, ICONS, WIDTH_PX
from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.engine.draw_pictures import put_fixed
from gym_mario_suite.engine.world import MS_PER_SECOND, TICKS_PER_SECOND, Rules

_COMPETITION_2009 = int(Rules.COMPETITION_2009)
_COUNTERS = ICON_PICTURES + ICONS.index("coin")  # then kills, clock
_MODE = ICON_PICTURES + ICONS.index("small")  # then large, fire

_ZERO = GLYPHS + ord("0")
_LARGEST = np.array([0, 9, 99, 999, 9999], np.int64)  # by the number of digits
_GLYPH_PX = 8
_TOP_PX = 4
_ICON_GAP_PX = 2


@jit
def _put_number(view, frame, number, digits, x):
    """Draw a number with `digits` digits, 1 to 4; one that is too large shows as nines."""
    # No power of ten: a GPU would compute it with logarithms.
    number = min(max(number, 0), _LARGEST[digits])
    x += digits * _GLYPH_PX
    for _ in range(digits):
        x -= _GLYPH_PX
        put_fixed(view, frame, _ZERO + number % 10, x, _TOP_PX)
        number //= 10


@jit
def draw_hud(view, frame, world, player):
    """Draw a player's figures, and the world's."""
    width = np.int64(view.table[WIDTH_PX])
    edge = width // 40
    icon = _MODE + min(np.int64(player.large) + np.int64(player.fire), 2)
    put_fixed(view, frame, icon, edge, _TOP_PX)
    for i in range(3):
        if i == 0:
            number, digits = np.int64(player.coins), 3
            x = edge + width // 8
        elif i == 1:
            number, digits = np.int64(world.kills_total), 2
            x = edge + width * 15 // 32
        else:
            unit = TICKS_PER_SECOND if world.rules == _COMPETITION_2009 else MS_PER_SECOND
            number = np.int64(world.time_left) // unit
            digits = 3 if number < 1000 else 4
            x = width - edge - (digits + 1) * _GLYPH_PX - _ICON_GAP_PX
        put_fixed(view, frame, _COUNTERS + i, x, _TOP_PX)
        _put_number(view, frame, number, digits, x + _GLYPH_PX + _ICON_GAP_PX)
