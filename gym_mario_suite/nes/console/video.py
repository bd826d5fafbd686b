"""The picture chip (2C02) between pictures: its registers, its clock, and where sprite 0 meets.

It is behind the processor, and catches up when it is asked something or told something. What it
would draw is noted line by line; `screen` draws it when somebody wants to see it.

After the descriptions of https://www.nesdev.org/wiki/PPU_rendering, PPU_scrolling, PPU_registers.
Left out, since this package's games do not use it: the flag of more than 8 sprites in a line, the
tint of $2001, and what happens when registers change within a line (they count from the next).
"""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.nes.console.layout import (
    ADD_32,
    BACKGROUND,
    BACKGROUND_TABLE,
    BLANK,
    CLEAR_AT,
    CONTROL_OF_LINE,
    HIT,
    LEFT_BACKGROUND,
    LEFT_SPRITES,
    LINE_CONTROL,
    LINE_DOTS,
    LINE_MASK,
    LINE_SHIFT,
    LINES,
    NAME_TABLES,
    NEVER,
    NEXT_LINE_DOT,
    NMI_ON,
    PALETTE,
    PATTERNS,
    SKIP_AT,
    SPRITE_TABLE,
    SPRITES,
    SPRITES_ON,
    TAKE_OVER_AT,
    TALL_SPRITES,
    R,
)
from gym_mario_suite.nes.console.layout import FRAME_DOTS as _FRAME_DOTS
from gym_mario_suite.nes.console.layout import PICTURE_AT as _PICTURE_AT

# Bits of a place: column and row of a tile, name table, line of the tile.
COLUMN, _ROW, RIGHT_TABLE, _LOWER_TABLE, _TILE_LINE = 0x001F, 0x03E0, 0x0400, 0x0800, 0x7000
_ACROSS = COLUMN | RIGHT_TABLE
PLACE_BITS = 0x7FFF
_LAST_ROW_OF_TABLE = 29 << 5
_DRAWS = BACKGROUND | SPRITES_ON
# Events of a frame in their order; from the fourth on two for each line.
CLEAR, _TAKE_OVER, _SKIP, _FIRST_LINE = 0, 1, 2, 3


@jit
def name_table_byte(registers, place):
    """Index of the byte at $2000 + `place`."""
    if registers[R.SIDEWAYS]:
        return NAME_TABLES + (place & 0x7FF)
    return NAME_TABLES + ((place >> 1) & 0x400) + (place & 0x3FF)


@jit
def palette_byte(address):
    """Index of the byte at `address` from $3F00 on; sprites have no backgrounds of their own."""
    entry = address & 0x1F
    if entry & 0x13 == 0x10:
        entry &= 0x0F
    return PALETTE + entry


@jit
def _background_colour(memory, registers, line, x):
    """Colour 0 (nothing there) to 3 of the background at column `x` of a noted line."""
    place = line & PLACE_BITS
    column = x + ((line >> LINE_SHIFT) & 7)
    tile_column = (place & COLUMN) + (column >> 3)
    if tile_column > COLUMN:
        place ^= RIGHT_TABLE
    place = (place & ~COLUMN) | (tile_column & COLUMN)
    tile = np.int64(memory[name_table_byte(registers, place & 0x0FFF)])
    at = ((line >> LINE_CONTROL) & BACKGROUND_TABLE) << 8
    at += (tile << 4) + (place >> 12)
    bit = 7 - (column & 7)
    low, high = np.int64(memory[PATTERNS + at]), np.int64(memory[PATTERNS + at + 8])
    return ((low >> bit) & 1) | (((high >> bit) & 1) << 1)


@jit
def sprite_row(memory, sprite, line_number, control):
    """The 8 px of a sprite in a line, as two bytes of bits (low, high), leftmost first.

    Returns:
        The bytes; 0, 0 where the sprite is not in that line.
    """
    at = SPRITES + 4 * sprite
    row = line_number - (np.int64(memory[at]) + 1)
    height = 16 if control & TALL_SPRITES else 8
    if row < 0 or row >= height:
        return 0, 0
    tile, attributes = np.int64(memory[at + 1]), np.int64(memory[at + 2])
    if attributes & 0x80:
        row = height - 1 - row
    if control & TALL_SPRITES:
        table = (tile & 1) << 12
        tile = (tile & 0xFE) + (row >> 3)
    else:
        table = (control & SPRITE_TABLE) << 9
    pattern = PATTERNS + table + (tile << 4) + (row & 7)
    low, high = np.int64(memory[pattern]), np.int64(memory[pattern + 8])
    if attributes & 0x40:
        low, high = _mirrored(low), _mirrored(high)
    return low, high


@jit
def _mirrored(bits):
    bits = ((bits & 0x0F) << 4) | (bits >> 4)
    bits = ((bits & 0x33) << 2) | ((bits >> 2) & 0x33)
    return ((bits & 0x55) << 1) | ((bits >> 1) & 0x55)


@jit
def _meeting_column(memory, registers, line_number, line):
    """The first column of a line in which sprite 0 and the background both are; -1 for none."""
    low, high = sprite_row(memory, 0, line_number, line >> LINE_CONTROL)
    bits = low | high
    if bits == 0:
        return -1
    left = np.int64(memory[SPRITES + 3])
    mask = line >> LINE_MASK
    clipped = not (mask & LEFT_BACKGROUND and mask & LEFT_SPRITES)
    for i in range(8):
        x = left + i
        # Not in the last column: a property of the chip.
        if x >= 255:
            break
        seen = (bits << i) & 0x80 and not (clipped and x < 8)
        if seen and _background_colour(memory, registers, line, x):
            return x
    return -1


@jit
def _line_below(place):
    """The place one line further down."""
    if place & _TILE_LINE != _TILE_LINE:
        return place + 0x1000
    place &= ~_TILE_LINE
    row = place & _ROW
    if row == _LAST_ROW_OF_TABLE:
        return (place & ~_ROW) ^ _LOWER_TABLE
    if row == _ROW:
        return place & ~_ROW
    return place + 0x20


@jit
def catch_up(memory, registers, lines, dot):
    """Let the picture chip do what it does until `dot`."""
    while registers[R.EVENT_AT] <= dot:
        event = registers[R.EVENT]
        drawing = registers[R.MASK] & _DRAWS
        place = registers[R.PLACE]
        if event >= _FIRST_LINE:
            line_number = (event - _FIRST_LINE) >> 1
            begins = registers[R.PICTURE_AT] + line_number * LINE_DOTS
            if (event - _FIRST_LINE) & 1 == 0:
                line = place | registers[R.SHIFT] << LINE_SHIFT
                line |= (registers[R.CONTROL] & CONTROL_OF_LINE) << LINE_CONTROL
                line |= registers[R.MASK] << LINE_MASK
                lines[line_number] = line
                if drawing == _DRAWS and registers[R.HIT_AT] == NEVER:
                    x = _meeting_column(memory, registers, line_number, line)
                    if x >= 0:
                        registers[R.HIT_AT] = begins + x + 2
                registers[R.EVENT_AT] = begins + NEXT_LINE_DOT
            else:
                if drawing:
                    place = _line_below(place)
                    registers[R.PLACE] = (place & ~_ACROSS) | (registers[R.START_PLACE] & _ACROSS)
                last = line_number == LINES - 1
                registers[R.EVENT_AT] = NEVER if last else begins + LINE_DOTS
        elif event == CLEAR:
            registers[R.STATUS] = 0
            registers[R.HIT_AT] = NEVER
            registers[R.EVENT_AT] = TAKE_OVER_AT
        elif event == _TAKE_OVER:
            if drawing:
                registers[R.PLACE] = registers[R.START_PLACE]
            registers[R.EVENT_AT] = SKIP_AT
        else:
            skipped = 1 if drawing and registers[R.ODD_FRAME] else 0
            registers[R.PICTURE_AT] = _PICTURE_AT - skipped
            registers[R.FRAME_DOTS] -= skipped
            registers[R.EVENT_AT] = registers[R.PICTURE_AT]
        registers[R.EVENT] = event + 1


@jit
def begin_frame(registers):
    """The vertical blank begins: the time is counted anew."""
    length = registers[R.FRAME_DOTS]
    registers[R.DOT] -= length
    registers[R.PARITY] = (registers[R.PARITY] + length) % 6
    registers[R.FRAME_DOTS] = _FRAME_DOTS
    registers[R.ODD_FRAME] ^= 1
    registers[R.EVENT] = CLEAR
    registers[R.EVENT_AT] = CLEAR_AT
    registers[R.STATUS] |= BLANK
    if registers[R.HIT_AT] != NEVER:
        registers[R.STATUS] |= HIT
    registers[R.HIT_AT] = NEVER
    if registers[R.CONTROL] & NMI_ON:
        registers[R.NMI] = 1


@jit
def read_port(memory, registers, port, dot):
    """Read a register of the picture chip, 0 to 7, that has caught up with `dot`."""
    if port == 2:
        status = registers[R.STATUS]
        if dot >= registers[R.HIT_AT]:
            status |= HIT
        registers[R.STATUS] = status & ~BLANK
        registers[R.SECOND_WRITE] = 0
        return status
    if port == 4:
        return np.int64(memory[SPRITES + registers[R.SPRITE_ADDRESS]])
    if port == 7:
        address = registers[R.PLACE] & 0x3FFF
        value = registers[R.READ_BUFFER]
        if address < 0x2000:
            registers[R.READ_BUFFER] = np.int64(memory[PATTERNS + address])
        else:
            registers[R.READ_BUFFER] = np.int64(memory[name_table_byte(registers, address)])
            if address >= 0x3F00:
                value = np.int64(memory[palette_byte(address)])
        _advance(registers)
        return value
    return 0


@jit
def write_port(memory, registers, port, value):
    """Write a register of the picture chip, 0 to 7, that has caught up."""
    start = registers[R.START_PLACE]
    second = registers[R.SECOND_WRITE]
    if port == 0:
        # Switched on within the blank, the interrupt comes at once.
        on = value & ~registers[R.CONTROL] & NMI_ON
        if on and registers[R.STATUS] & BLANK:
            registers[R.NMI] = 1
        registers[R.CONTROL] = value
        registers[R.START_PLACE] = (start & ~0x0C00) | ((value & 3) << 10)
    elif port == 1:
        registers[R.MASK] = value
    elif port == 3:
        registers[R.SPRITE_ADDRESS] = value
    elif port == 4:
        memory[SPRITES + registers[R.SPRITE_ADDRESS]] = value
        registers[R.SPRITE_ADDRESS] = (registers[R.SPRITE_ADDRESS] + 1) & 0xFF
    elif port == 5:
        if second:
            start &= ~(_TILE_LINE | _ROW)
            registers[R.START_PLACE] = start | ((value & 7) << 12) | ((value >> 3) << 5)
        else:
            registers[R.START_PLACE] = (start & ~COLUMN) | (value >> 3)
            registers[R.SHIFT] = value & 7
        registers[R.SECOND_WRITE] = 1 - second
    elif port == 6:
        if second:
            registers[R.START_PLACE] = (start & 0x7F00) | value
            registers[R.PLACE] = registers[R.START_PLACE]
        else:
            registers[R.START_PLACE] = (start & 0x00FF) | ((value & 0x3F) << 8)
        registers[R.SECOND_WRITE] = 1 - second
    elif port == 7:
        address = registers[R.PLACE] & 0x3FFF
        if address >= 0x3F00:
            memory[palette_byte(address)] = value & 0x3F
        elif address >= 0x2000:
            memory[name_table_byte(registers, address)] = value
        elif registers[R.PATTERNS_IN_RAM]:
            memory[PATTERNS + address] = value
        _advance(registers)


@jit
def _advance(registers):
    step = 32 if registers[R.CONTROL] & ADD_32 else 1
    registers[R.PLACE] = (registers[R.PLACE] + step) & PLACE_BITS
