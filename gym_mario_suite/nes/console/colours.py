"""The console's 64 colours, computed from the video signal that it makes.

The chip makes no colours but a voltage that goes up and down 12 steps a colour cycle; a television
takes brightness from its mean, hue and saturation from its phase and amplitude against the burst,
which has hue 8. Voltages as in https://www.nesdev.org/wiki/NTSC_video; YUV to RGB as in BT.601.

Decoded so, skies are violet; players turned the knob for the tint until they were blue, and so does
this.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

# By level, in volts above sync.
_LOW = (0.350, 0.518, 0.962, 1.550)
_HIGH = (1.094, 1.506, 1.962, 1.962)
_BLACK, _WHITE = 0.518, 1.962
_BURST_HUE = 8
_TINT = math.radians(18)
_HUES = 12
_RED_OF_V, _GREEN_OF_U, _GREEN_OF_V, _BLUE_OF_U = 1.140, -0.395, -0.581, 2.032


def colours() -> NDArray[np.uint8]:
    """Red, green and blue of each colour, uint8[64, 3]."""
    return np.array([_colour(level, hue) for level in range(4) for hue in range(16)], np.uint8)


def _colour(level: int, hue: int) -> tuple[int, ...]:
    # The last two columns are black. Hue 0 has only the upper voltage, 13 only the lower one.
    level = level if hue < 14 else 1
    low, high = _LOW[level], _HIGH[level]
    low, high = (high if hue == 0 else low), (low if hue > _HUES else high)
    y = u = v = 0.0
    for step in range(_HUES):
        volts = high if (hue + step) % _HUES < _HUES // 2 else low
        signal = (volts - _BLACK) / (_WHITE - _BLACK) / _HUES
        # The burst, whose middle this angle is measured from, stands for -U.
        angle = 2 * math.pi * (_BURST_HUE + step - (_HUES // 2 - 1) / 2) / _HUES + _TINT
        y += signal
        u -= 2 * signal * math.cos(angle)
        v += 2 * signal * math.sin(angle)
    rgb = y + _RED_OF_V * v, y + _GREEN_OF_U * u + _GREEN_OF_V * v, y + _BLUE_OF_U * u
    return tuple(round(255 * min(max(value, 0.0), 1.0)) for value in rgb)
