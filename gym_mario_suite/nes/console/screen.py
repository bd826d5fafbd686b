"""Drawing what the picture chip has noted: the picture of the last frame, when somebody wants it.

Names of tiles, sprites and colours are those of the moment of drawing, which is the end of the
frame: games change them in the vertical blank, before the picture, or with the picture off.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.nes.console.colours import colours
from gym_mario_suite.nes.console.layout import (
    BACKGROUND,
    BACKGROUND_TABLE,
    GRAY,
    LEFT_BACKGROUND,
    LEFT_SPRITES,
    LINE_CONTROL,
    LINE_MASK,
    LINE_SHIFT,
    LINES,
    PALETTE,
    PATTERNS,
    SCREEN_COLUMNS,
    SPRITES,
    SPRITES_ON,
    TALL_SPRITES,
)
from gym_mario_suite.nes.console.video import (
    COLUMN,
    PLACE_BITS,
    RIGHT_TABLE,
    name_table_byte,
    sprite_row,
)

# Red in the lowest byte.
_COLOURS = colours().astype(np.uint32) @ np.array([1, 1 << 8, 1 << 16], np.uint32)
_8, _16, _24 = np.uint32(8), np.uint32(16), np.uint32(24)
# Without the border of 8 px that televisions hid.
_BORDER = 8
# A line is drawn in whole tiles, one more than fit.
DRAWN_DOTS = SCREEN_COLUMNS + 8
_TILES = DRAWN_DOTS // 8
_ATTRIBUTES = 0x3C0
_SPRITES, _SPRITES_OF_LINE = 64, 8
_BEHIND = 0x20
# In a dot of a line: a sprite has it, and the palettes of sprites.
_TAKEN, _OF_SPRITES = 0x80, 0x10
_ENTRY = 0x1F


def _spread() -> NDArray[np.uint64]:
    """By byte, its 8 bits as bytes of 0 or 1, the highest bit in the first byte in memory."""
    bits = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)
    return np.ascontiguousarray(bits).view(np.uint64)[:, 0]


_SPREAD = _spread()


@jit
def draw(memory, registers, lines, tiles, dots, out):
    """The picture without its border.

    Args:
        memory: uint8[layout.BYTES].
        registers: int64[len(layout.R)].
        lines: int64[240].
        tiles: uint64[33], scratch memory for one line.
        dots: The same memory as uint8[264].
        out: uint32[40320], filled: 224 lines of 240 px of red, green and blue, one byte each.
    """
    at = 0
    for line_number in range(_BORDER, LINES - _BORDER):
        line = lines[line_number]
        shift = (line >> LINE_SHIFT) & 7
        mask = line >> LINE_MASK
        _draw_background(memory, registers, line, tiles, dots)
        if mask & SPRITES_ON:
            _draw_sprites(memory, line_number, line, dots[shift:])
        kept = 0x30 if mask & GRAY else 0x3F
        # Four dots are three words: a byte at a time costs four times as much.
        for x in range(shift + _BORDER, shift + SCREEN_COLUMNS - _BORDER, 4):
            first = _COLOURS[memory[PALETTE + (dots[x] & _ENTRY)] & kept]
            second = _COLOURS[memory[PALETTE + (dots[x + 1] & _ENTRY)] & kept]
            third = _COLOURS[memory[PALETTE + (dots[x + 2] & _ENTRY)] & kept]
            fourth = _COLOURS[memory[PALETTE + (dots[x + 3] & _ENTRY)] & kept]
            out[at] = first | second << _24
            out[at + 1] = second >> _8 | third << _16
            out[at + 2] = third >> _16 | fourth << _8
            at += 3


@jit
def _draw_background(memory, registers, line, tiles, dots):
    """Entries of the palette; 0 where nothing is drawn."""
    mask = line >> LINE_MASK
    if not mask & BACKGROUND:
        for i in range(_TILES):
            tiles[i] = 0
        return
    place = line & PLACE_BITS
    patterns = PATTERNS + (((line >> LINE_CONTROL) & BACKGROUND_TABLE) << 8) + (place >> 12)
    for i in range(_TILES):
        tile = np.int64(memory[name_table_byte(registers, place & 0x0FFF)])
        pattern = patterns + (tile << 4)
        low, high = memory[pattern], memory[pattern + 8]
        at = place & 0x0C00 | _ATTRIBUTES | (place >> 4) & 0x38 | (place >> 2) & 0x07
        # Two bits for each quarter of 2x2 tiles.
        quarter = (place >> 4) & 4 | place & 2
        palette = (memory[name_table_byte(registers, at)] >> quarter) & 3
        tiles[i] = (
            _SPREAD[low]
            | _SPREAD[high] << np.uint64(1)
            | _SPREAD[low | high] * np.uint64(palette << 2)
        )
        if place & COLUMN == COLUMN:
            place = (place & ~COLUMN) ^ RIGHT_TABLE
        else:
            place += 1
    if not mask & LEFT_BACKGROUND:
        shift = (line >> LINE_SHIFT) & 7
        for x in range(8):
            dots[shift + x] = 0


@jit
def _draw_sprites(memory, line_number, line, dots):
    """Sprites over the background, the first 8 of a line; earlier ones over later ones."""
    mask = line >> LINE_MASK
    first = 0 if mask & LEFT_SPRITES else 8
    control = line >> LINE_CONTROL
    height = 16 if control & TALL_SPRITES else 8
    found = 0
    for sprite in range(_SPRITES):
        at = SPRITES + 4 * sprite
        row = line_number - (np.int64(memory[at]) + 1)
        if row < 0 or row >= height:
            continue
        found += 1
        if found > _SPRITES_OF_LINE:
            break
        low, high = sprite_row(memory, sprite, line_number, control)
        attributes = np.int64(memory[at + 2])
        left = np.int64(memory[at + 3])
        for i in range(8):
            x = left + i
            colour = ((low << i) & 0x80) >> 7 | ((high << i) & 0x80) >> 6
            if colour == 0 or x >= SCREEN_COLUMNS or x < first or dots[x] & _TAKEN:
                continue
            # Taken, even where the background is in front of it.
            if attributes & _BEHIND and dots[x] & 3:
                dots[x] |= _TAKEN
            else:
                dots[x] = _TAKEN | _OF_SPRITES | (attributes & 3) << 2 | colour
