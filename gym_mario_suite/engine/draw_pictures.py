"""Putting a picture of a view into a frame."""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.atlas import (
    AT_PICTURES,
    CHANNELS,
    HEIGHT_PX,
    MARGIN_PX,
    ORIGIN,
    PICTURE_AT,
    PICTURE_LEFT,
    PICTURE_NUMBERS,
    PICTURE_OPAQUE,
    PICTURE_ROWS,
    PICTURE_TOP,
    PICTURE_WORDS,
    PITCH,
    SHIFT,
    WIDTH_PX,
)
from gym_mario_suite.engine.compiled import inline_jit, jit
from gym_mario_suite.engine.draw_words import blend8, copy8

_WORD = 8
_SPRITE_LEFT_PX = 16
_SPRITE_TOP_PX = 31
# Not bools: for a literal True or False numba would compile everything once more.
UPRIGHT = np.int64(0)
UPSIDE_DOWN = np.int64(1)


@inline_jit
def put_picture(view, frame, picture, x, y, upside_down):
    """Draw `picture` with its origin at (x, y) px of the view; what is off the screen is left out.

    Pictures that reach over the edge of the screen end in the frame's margin.
    """
    table = view.table
    at = table[AT_PICTURES] + PICTURE_NUMBERS * picture
    left = x + table[at + PICTURE_LEFT]
    top = y + table[at + PICTURE_TOP]
    if not (-MARGIN_PX < left < table[WIDTH_PX] and -MARGIN_PX < top < table[HEIGHT_PX]):
        return
    rows = table[at + PICTURE_ROWS]
    words = table[at + PICTURE_WORDS]
    source = table[at + PICTURE_AT]
    opaque = table[at + PICTURE_OPAQUE]
    pitch = table[PITCH]
    step = words * _WORD
    if upside_down:
        source += (rows - 1) * step
        step = -step
    target = table[ORIGIN] + top * pitch + left * table[CHANNELS]
    if opaque:
        for _ in range(rows):
            for word in range(words):
                copy8(frame, target + word * _WORD, view.ink, source + word * _WORD)
            target += pitch
            source += step
    else:
        for _ in range(rows):
            for word in range(words):
                place = target + word * _WORD
                blend8(frame, place, frame, place, view.ink, view.keep, source + word * _WORD)
            target += pitch
            source += step


@jit
def put_sprite(view, frame, cam, picture, x, y, upside_down):
    """Draw a sprite's picture with its feet at (x, y) px of the level; `cam`: see `camera`."""
    shift = view.table[SHIFT]
    left = ((x - _SPRITE_LEFT_PX) >> shift) - (cam[0] >> shift)
    top = ((y - _SPRITE_TOP_PX) >> shift) - (cam[1] >> shift)
    put_picture(view, frame, np.int64(picture), left, top, np.int64(upside_down))


@jit
def put_fixed(view, frame, picture, x, y):
    """Draw a picture with its top left corner at (x, y) px of the view."""
    put_picture(view, frame, np.int64(picture), np.int64(x), np.int64(y), np.int64(UPRIGHT))
