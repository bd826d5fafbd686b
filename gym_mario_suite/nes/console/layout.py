"""Where everything of a console is kept: three arrays of plain data, which are its whole state."""

from __future__ import annotations

from enum import IntEnum

from gym_mario_suite.nes.backend import RAM_BYTES

# The bytes of the console, one after another. First what the processor's addresses mean: RAM, then
# a gap where other chips answer, then the program; so most of its reads are one load.
RAM = 0
RAM_SIZE = RAM_BYTES
PROGRAM = 0x8000
PROGRAM_SIZE = 0x8000
NAME_TABLES = PROGRAM + PROGRAM_SIZE
NAME_TABLES_SIZE = 0x800
SPRITES = NAME_TABLES + NAME_TABLES_SIZE
SPRITES_SIZE = 0x100
PALETTE = SPRITES + SPRITES_SIZE
PALETTE_SIZE = 0x20
# Of tiles: in most cartridges ROM, in some RAM.
PATTERNS = PALETTE + PALETTE_SIZE
PATTERNS_SIZE = 0x2000
BYTES = PATTERNS + PATTERNS_SIZE

# Lines of a picture, and dots of a line. A cycle of the processor takes 3 dots.
LINES, SCREEN_COLUMNS = 240, 256
LINE_DOTS = 341
CYCLE_DOTS = 3
# The time of a frame is counted in dots from the start of the vertical blank (line 241, dot 1),
# which ends with the line before the picture, 261: there the flags are cleared at dot 1, and the
# place in the name tables is taken over by dot 304.
CLEAR_AT = 20 * LINE_DOTS
TAKE_OVER_AT = CLEAR_AT + 303
# In odd frames the last dot of that line is left out if the picture is on.
SKIP_AT = CLEAR_AT + 338
PICTURE_AT = CLEAR_AT + 340
# In a line: from here on it is known where the next one begins in the name tables.
NEXT_LINE_DOT = 257
FRAME_DOTS = PICTURE_AT + (LINES + 1) * LINE_DOTS + 1
NEVER = 1 << 30


class R(IntEnum):
    """The numbers of the console: registers of its chips, and times in dots."""

    PC = 0
    A = 1
    X = 2
    Y = 3
    S = 4
    P = 5
    # An interrupt of the vertical blank is due.
    NMI = 6
    # The program has come to an instruction that is not one, and stands still.
    HALTED = 7
    # Time since the frame began, its length, and cycles since power-on modulo 2 at its begin,
    # times 3.
    DOT = 8
    FRAME_DOTS = 9
    PARITY = 10
    ODD_FRAME = 11
    # What the picture chip does next, and when; when the picture's first line begins.
    EVENT = 12
    EVENT_AT = 13
    PICTURE_AT = 14
    # When sprite 0 meets the background.
    HIT_AT = 15
    # The picture chip: its registers at $2000, $2001, $2002 and $2003, the place it draws or
    # writes, the place where the picture begins, the shift within a tile, whether the second half
    # of an address is awaited, and what a read of $2007 gives.
    CONTROL = 16
    MASK = 17
    STATUS = 18
    SPRITE_ADDRESS = 19
    PLACE = 20
    START_PLACE = 21
    SHIFT = 22
    SECOND_WRITE = 23
    READ_BUFFER = 24
    # The controller: what is held, what is left to read, whether it is being latched.
    BUTTONS = 25
    UNREAD_BUTTONS = 26
    LATCHING = 27
    # The cartridge: whether the name tables next to each other are different ones ("vertical
    # mirroring"; the console has memory for two of four), and whether its patterns are RAM.
    SIDEWAYS = 28
    PATTERNS_IN_RAM = 29


REGISTERS = len(R)

# A line of the picture is one number: the place (15 bits), the shift (3), six bits of $2000 (those
# of them that count), the eight of $2001.
LINE_SHIFT, LINE_CONTROL, LINE_MASK = 15, 18, 24
# Bits of $2000, of which lines keep three.
ADD_32, SPRITE_TABLE, BACKGROUND_TABLE, TALL_SPRITES, NMI_ON = 0x04, 0x08, 0x10, 0x20, 0x80
CONTROL_OF_LINE = SPRITE_TABLE | BACKGROUND_TABLE | TALL_SPRITES
# Of $2001, and of $2002.
GRAY, LEFT_BACKGROUND, LEFT_SPRITES, BACKGROUND, SPRITES_ON = 0x01, 0x02, 0x04, 0x08, 0x10
BLANK, HIT = 0x80, 0x40
