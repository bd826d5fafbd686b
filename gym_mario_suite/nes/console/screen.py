"""Drawing what the picture chip has noted: the picture of the last frame, when somebody wants it.

Names of tiles, sprites and colours are those of the moment of drawing, which is the end of the
frame: games change them in the vertical blank, before the picture, or with the picture off.
"""

from __future__ import annotations

from typing import Any

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
_TILES = SCREEN_COLUMNS // 8 + 1
_ATTRIBUTES = 0x3C0
_SPRITES, _SPRITES_OF_LINE, _TALLEST = 64, 8, 16
_BEHIND = 0x20
# In a dot of a line: a sprite has it, and the palettes of sprites.
_TAKEN, _OF_SPRITES = 0x80, 0x10
_ENTRY = 0x1F
_DOT_VALUES = 256
# What decides the tiles of a line: where it is, but not which line of the tiles, and their table.
_ROW_BITS = 0x0FFF | BACKGROUND_TABLE << LINE_CONTROL


def _spread() -> NDArray[np.uint64]:
    """By byte, its 8 bits as bytes of 0 or 1, the highest bit in the first byte in memory."""
    bits = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)
    return np.ascontiguousarray(bits).view(np.uint64)[:, 0]


_SPREAD = _spread()


class Drawing:
    """Memory to draw in, for one picture at a time.

    Attributes:
        dots: uint8[264], a line.
        tiles: The same memory as uint64[33].
        row: int64[66], patterns and palettes of the row of tiles that the line is in.
        colours: uint32[512], the colour of each value of a dot, with and without GRAY.
        sprites: uint8[240 * 64], the sprites that may be in a line, in their order.
        counts: uint8[240], how many these are.
    """

    def __init__(self) -> None:
        self.dots = np.zeros(8 * _TILES, np.uint8)
        self.tiles = self.dots.view(np.uint64)
        self.row = np.zeros(2 * _TILES, np.int64)
        self.colours = np.zeros(2 * _DOT_VALUES, np.uint32)
        self.sprites = np.zeros(LINES * _SPRITES, np.uint8)
        self.counts = np.zeros(LINES, np.uint8)

    def picture(
        self,
        memory: NDArray[Any],
        registers: NDArray[Any],
        lines: NDArray[Any],
        out: NDArray[np.uint8],
    ) -> None:
        """Draw the picture without its border.

        Args:
            memory: uint8[layout.BYTES].
            registers: int64[len(layout.R)].
            lines: int64[240].
            out: uint8[224, 240, 3], filled.
        """
        _draw(
            memory,
            registers,
            lines,
            self.tiles,
            self.dots,
            self.row,
            self.colours,
            self.sprites,
            self.counts,
            out.reshape(-1).view(np.uint32),
        )


@jit
def _draw(memory, registers, lines, tiles, dots, row, colours, sprites, counts, out):
    _find_colours(memory, colours)
    _find_sprites(memory, sprites, counts)
    at = 0
    known = -1
    for line_number in range(_BORDER, LINES - _BORDER):
        line = lines[line_number]
        shift = (line >> LINE_SHIFT) & 7
        mask = line >> LINE_MASK
        if mask & BACKGROUND:
            # Lines of one row of tiles differ in the line within the tiles alone.
            if line & _ROW_BITS != known:
                known = line & _ROW_BITS
                _find_row(memory, registers, line, row)
            _draw_background(memory, line, row, tiles, dots)
        else:
            for i in range(_TILES):
                tiles[i] = 0
        if mask & SPRITES_ON:
            sprites_at = line_number * _SPRITES
            found = sprites[sprites_at : sprites_at + counts[line_number]]
            _draw_sprites(memory, line_number, line, found, dots[shift:])
        table = colours[_DOT_VALUES:] if mask & GRAY else colours[:_DOT_VALUES]
        # Four dots are three words: a byte at a time costs four times as much.
        for x in range(shift + _BORDER, shift + SCREEN_COLUMNS - _BORDER, 4):
            first = table[dots[x]]
            second = table[dots[x + 1]]
            third = table[dots[x + 2]]
            fourth = table[dots[x + 3]]
            out[at] = first | second << _24
            out[at + 1] = second >> _8 | third << _16
            out[at + 2] = third >> _16 | fourth << _8
            at += 3


@jit
def _find_colours(memory, colours):
    for value in range(_DOT_VALUES):
        entry = memory[PALETTE + (value & _ENTRY)]
        colours[value] = _COLOURS[entry & 0x3F]
        colours[_DOT_VALUES + value] = _COLOURS[entry & 0x30]


@jit
def _find_sprites(memory, sprites, counts):
    for line in range(LINES):
        counts[line] = 0
    for sprite in range(_SPRITES):
        first = np.int64(memory[SPRITES + 4 * sprite]) + 1
        for line in range(first, min(first + _TALLEST, LINES)):
            sprites[line * _SPRITES + counts[line]] = sprite
            counts[line] += 1


@jit
def _find_row(memory, registers, line, row):
    """Patterns (their first line's place) and palettes (times 4) of the tiles in a row."""
    place = line & PLACE_BITS
    patterns = PATTERNS + (((line >> LINE_CONTROL) & BACKGROUND_TABLE) << 8)
    for i in range(_TILES):
        tile = np.int64(memory[name_table_byte(registers, place & 0x0FFF)])
        row[i] = patterns + (tile << 4)
        at = place & 0x0C00 | _ATTRIBUTES | (place >> 4) & 0x38 | (place >> 2) & 0x07
        # Two bits for each quarter of 2x2 tiles.
        quarter = (place >> 4) & 4 | place & 2
        row[_TILES + i] = ((memory[name_table_byte(registers, at)] >> quarter) & 3) << 2
        if place & COLUMN == COLUMN:
            place = (place & ~COLUMN) ^ RIGHT_TABLE
        else:
            place += 1


@jit
def _draw_background(memory, line, row, tiles, dots):
    """Entries of the palette; 0 where nothing is drawn."""
    tile_line = (line & PLACE_BITS) >> 12
    for i in range(_TILES):
        pattern = row[i] + tile_line
        low, high = memory[pattern], memory[pattern + 8]
        tiles[i] = (
            _SPREAD[low]
            | _SPREAD[high] << np.uint64(1)
            | _SPREAD[low | high] * np.uint64(row[_TILES + i])
        )
    if not (line >> LINE_MASK) & LEFT_BACKGROUND:
        shift = (line >> LINE_SHIFT) & 7
        for x in range(8):
            dots[shift + x] = 0


@jit
def _draw_sprites(memory, line_number, line, sprites, dots):
    """Sprites over the background, the first 8 of a line; earlier ones over later ones."""
    mask = line >> LINE_MASK
    first = 0 if mask & LEFT_SPRITES else 8
    control = line >> LINE_CONTROL
    height = _TALLEST if control & TALL_SPRITES else 8
    found = 0
    for sprite in sprites:
        at = SPRITES + 4 * sprite
        if line_number - (np.int64(memory[at]) + 1) >= height:
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
