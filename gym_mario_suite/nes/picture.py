"""From the NES's screen to the 84x84 grey picture of learners: one pass, in whole numbers.

The grey of a pixel is (77 r + 150 g + 29 b + 128) // 256, the luma of ITU-R BT.601. A small pixel
is the mean of the area it covers, 8/3 lines by 20/7 px, rounded; what lies across an edge counts
by its share, as OpenCV's INTER_AREA does.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.nes.backend import SCREEN_SHAPE

GRAY84_SHAPE = (84, 84)
# The line of figures: 32 of the NES's lines, of which the screen here leaves out 8.
HUD_LINES = 24
# The same in the small picture, without a rest.
GRAY84_HUD_LINES = HUD_LINES * 84 // 224
_LINES, _COLUMNS, _CHANNELS = SCREEN_SHAPE
_SIDE = 84
# In units of 1/3 line a small pixel is 8 high and a line 3. In units of 1/7 px it is 20 wide and a
# pixel 7; so 20 columns make 7 small pixels, and then the pattern repeats.
_HEIGHT, _LINE = 8, 3
_BLOCK, _MADE, _BLOCKS = 20, 7, 12
_ROUNDING, _AREA = np.int32(80), np.uint32(160)
_2, _3, _4, _5, _6, _7 = np.arange(2, 8, dtype=np.int32)


@jit
def _shrink(screen, other, luma, sums, out):
    """Fill `out` (uint8[84, 84]) from the larger of `screen` and `other` (uint8[161280], flat).

    `luma` (uint8[53760]) and `sums` (int32[240]) are scratch memory.
    """
    for i in range(luma.shape[0]):
        luma[i] = (
            np.uint32(77) * max(screen[3 * i], other[3 * i])
            + np.uint32(150) * max(screen[3 * i + 1], other[3 * i + 1])
            + np.uint32(29) * max(screen[3 * i + 2], other[3 * i + 2])
            + np.uint32(128)
        ) >> np.uint32(8)
    for row in range(_SIDE):
        # The columns' sums: a share of the first and of the last line, and those between whole.
        low = row * _HEIGHT
        first, last = low // _LINE, (low + _HEIGHT - 1) // _LINE
        first_share = np.int32(_LINE * (first + 1) - low)
        last_share = np.int32(low + _HEIGHT - _LINE * last)
        for x in range(_COLUMNS):
            sums[x] = first_share * np.int32(luma[first * _COLUMNS + x]) + last_share * np.int32(
                luma[last * _COLUMNS + x]
            )
        for line in range(first + 1, last):
            for x in range(_COLUMNS):
                sums[x] += _3 * np.int32(luma[line * _COLUMNS + x])
        # Written out, because a table of shares costs twice the time.
        for block in range(_BLOCKS):
            s = sums[block * _BLOCK : (block + 1) * _BLOCK]
            o = out[row, block * _MADE : (block + 1) * _MADE]
            o[0] = _mean(_7 * (s[0] + s[1]) + _6 * s[2])
            o[1] = _mean(s[2] + _7 * (s[3] + s[4]) + _5 * s[5])
            o[2] = _mean(_2 * s[5] + _7 * (s[6] + s[7]) + _4 * s[8])
            o[3] = _mean(_3 * s[8] + _7 * (s[9] + s[10]) + _3 * s[11])
            o[4] = _mean(_4 * s[11] + _7 * (s[12] + s[13]) + _2 * s[14])
            o[5] = _mean(_5 * s[14] + _7 * (s[15] + s[16]) + s[17])
            o[6] = _mean(_6 * s[17] + _7 * (s[18] + s[19]))


@jit
def _mean(total):
    return np.uint32(total + _ROUNDING) // _AREA


class Shrinker:
    """Makes 84x84 grey pictures; holds the memory in between, so one for each thread."""

    def __init__(self) -> None:
        self._luma = np.zeros(_LINES * _COLUMNS, np.uint8)
        self._sums = np.zeros(_COLUMNS, np.int32)

    def __call__(
        self, screen: NDArray[np.uint8], other: NDArray[np.uint8], out: NDArray[np.uint8]
    ) -> None:
        """Shrink the larger of two pictures (or twice the same), value by value.

        Args:
            screen: uint8[224, 240, 3], contiguous.
            other: Likewise.
            out: uint8[84, 84].
        """
        _shrink(screen.reshape(-1), other.reshape(-1), self._luma, self._sums, out)
