"""The picture chip: its registers as programs use them, its clock, its picture."""

import numpy as np
import pytest

from gym_mario_suite.nes.backend import NESButton
from gym_mario_suite.nes.console import layout
from gym_mario_suite.nes.console.colours import colours
from gym_mario_suite.nes.console.console import Console
from gym_mario_suite.nes.console.layout import FRAME_DOTS, NAME_TABLES, NEVER, PALETTE, PATTERNS, R
from gym_mario_suite.nes.console.video import (
    begin_frame,
    catch_up,
    palette_byte,
    read_port,
    write_port,
)
from gym_mario_suite.nes.rom import Rom, parse_rom
from tests.nes.own_rom import own_rom

_CONTROL, _MASK, _STATUS, _SPRITE_PLACE, _SPRITE, _SCROLL, _ADDRESS, _DATA = range(8)
_SHOW_ALL = 0x1E
_SOLID, _LEFT_HALF = 1, 2


class Chip:
    """A console's picture chip, without its processor."""

    def __init__(self, *, sideways: bool = True) -> None:
        # Tiles: 0 empty, 1 full (colour 1), 2 full in its left half (colour 3).
        patterns = bytearray(0x2000)
        patterns[16 * _SOLID : 16 * _SOLID + 8] = b"\xff" * 8
        patterns[16 * _LEFT_HALF : 16 * _LEFT_HALF + 16] = b"\xf0" * 16
        self.console = Console(Rom(bytes(0x8000), bytes(patterns), vertical_mirroring=sideways))
        self.memory = self.console._memory
        self.registers = self.console._registers
        self.lines = self.console._lines

    def write(self, port: int, *values: int) -> None:
        for value in values:
            write_port(self.memory, self.registers, port, value)

    def read(self, port: int, dot: int = 0) -> int:
        return read_port(self.memory, self.registers, port, dot)

    def put(self, address: int, *values: int) -> None:
        self.write(_ADDRESS, address >> 8, address & 0xFF)
        self.write(_DATA, *values)

    def catch_up(self, dot: int) -> None:
        catch_up(self.memory, self.registers, self.lines, dot)

    def frame(self) -> None:
        self.catch_up(int(self.registers[R.FRAME_DOTS]))
        self.registers[R.DOT] = self.registers[R.FRAME_DOTS]
        begin_frame(self.registers)

    def colours_of(self) -> list[list[int]]:
        """The picture in colours 0 to 63, without its border."""
        picture = self.console.picture().astype(int)
        table = {tuple(rgb): index for index, rgb in reversed(list(enumerate(colours().tolist())))}
        return [[table[tuple(dot)] for dot in row] for row in picture.tolist()]


def dot_of(line: int, dot: int = 0) -> int:
    return layout.PICTURE_AT + line * layout.LINE_DOTS + dot


@pytest.mark.parametrize("sideways", [True, False])
def test_two_name_tables_serve_four(sideways: bool):
    chip = Chip(sideways=sideways)
    for table, tile in enumerate((3, 4, 5, 6)):
        chip.put(0x2000 + 0x400 * table + 7, tile)
    seen = [int(chip.memory[NAME_TABLES + 7]), int(chip.memory[NAME_TABLES + 0x407])]
    assert seen == ([5, 6] if sideways else [4, 6])


def test_reads_of_memory_are_one_behind_but_for_colours():
    chip = Chip()
    chip.put(0x2005, 11, 12, 13)
    chip.put(0x3F01, 0x55)
    chip.write(_ADDRESS, 0x20, 0x05)
    assert [chip.read(_DATA) for _ in range(4)][1:] == [11, 12, 13]
    chip.write(_ADDRESS, 0x3F, 0x01)
    # Colours have six bits.
    assert chip.read(_DATA) == 0x15
    chip.write(_ADDRESS, 0x00, 0x10)
    assert [chip.read(_DATA) for _ in range(2)][1] == 0xFF


def test_every_32nd_byte():
    chip = Chip()
    chip.write(_CONTROL, 0x04)
    chip.put(0x2000, 1, 2, 3)
    assert chip.memory[NAME_TABLES + np.array([0, 32, 64])].tolist() == [1, 2, 3]


def test_backgrounds_of_sprites_are_those_of_tiles():
    assert [palette_byte(0x3F00 + at) - PALETTE for at in (0x10, 0x14, 0x18, 0x1C, 0x11, 0x30)] == [
        0, 4, 8, 12, 17, 0
    ]  # fmt: skip


def test_patterns_are_written_only_where_they_are_ram():
    chip = Chip()
    chip.put(0x0010, 7)
    assert chip.memory[PATTERNS + 0x10] == 0xFF
    drawn = Console(Rom(bytes(0x8000), b""))
    write_port(drawn._memory, drawn._registers, _ADDRESS, 0x00)
    write_port(drawn._memory, drawn._registers, _ADDRESS, 0x10)
    write_port(drawn._memory, drawn._registers, _DATA, 7)
    assert drawn._memory[PATTERNS + 0x10] == 7
    state = drawn.save()
    drawn.reset()
    drawn.load(state)
    assert drawn._memory[PATTERNS + 0x10] == 7


def test_sprites_are_written_one_after_another():
    chip = Chip()
    chip.write(_SPRITE_PLACE, 0xFF)
    chip.write(_SPRITE, 1, 2)
    assert chip.memory[layout.SPRITES + 0xFF] == 1
    assert chip.memory[layout.SPRITES] == 2
    chip.write(_SPRITE_PLACE, 0xFF)
    assert chip.read(_SPRITE) == 1


def test_the_blank_is_said_once_and_cleared_before_the_picture():
    chip = Chip()
    chip.frame()
    assert chip.read(_STATUS) & 0x80
    assert not chip.read(_STATUS) & 0x80
    chip.frame()
    chip.catch_up(layout.CLEAR_AT - 1)
    assert chip.registers[R.STATUS] & 0x80
    chip.catch_up(layout.CLEAR_AT)
    assert not chip.registers[R.STATUS] & 0x80


def test_the_interrupt_comes_with_the_blank_or_when_it_is_switched_on_within():
    chip = Chip()
    chip.frame()
    assert not chip.registers[R.NMI]
    chip.write(_CONTROL, 0x80)
    assert chip.registers[R.NMI]
    chip.registers[R.NMI] = 0
    chip.write(_CONTROL, 0x80)
    assert not chip.registers[R.NMI]
    chip.frame()
    assert chip.registers[R.NMI]


def test_odd_frames_with_a_picture_are_a_dot_shorter():
    chip = Chip()
    lengths = []
    for mask in (0, 0, _SHOW_ALL, _SHOW_ALL):
        chip.write(_MASK, mask)
        before = chip.registers[R.FRAME_DOTS]
        assert before == FRAME_DOTS
        chip.catch_up(FRAME_DOTS)
        lengths.append(int(chip.registers[R.FRAME_DOTS]))
        chip.frame()
    assert sorted(lengths[:2]) == [FRAME_DOTS, FRAME_DOTS]
    assert sorted(lengths[2:]) == [FRAME_DOTS - 1, FRAME_DOTS]


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        (100, 40, (41, 100)),
        (96, 39, (40, 100)),  # the tile begins in the sprite's middle
        (0, 40, None),  # there is no background
        (254, 40, None),
        (100, 238, None),
    ],
)
def test_sprite_0_meets_the_background(x: int, y: int, expected: tuple[int, int] | None):
    chip = Chip()
    # The background: whole tiles in columns 100 to 103 of lines 40 to 47, by a shift of 4.
    chip.put(0x2000 + 32 * 5 + 13, _LEFT_HALF)
    chip.put(0x2000 + 32 * 5 + 31, _SOLID)
    chip.write(_SPRITE_PLACE, 0)
    chip.write(_SPRITE, y, _SOLID, 0, x)
    chip.write(_MASK, _SHOW_ALL)
    chip.read(_STATUS)
    chip.write(_SCROLL, 4, 0)
    chip.write(_CONTROL, 0)
    chip.catch_up(FRAME_DOTS)
    if expected is None:
        assert chip.registers[R.HIT_AT] == NEVER
    else:
        at = dot_of(*expected) + 2
        assert chip.registers[R.HIT_AT] == at
        assert not chip.read(_STATUS, at - 1) & 0x40
        assert chip.read(_STATUS, at) & 0x40
        chip.frame()
        assert chip.read(_STATUS) & 0x40
        chip.catch_up(layout.CLEAR_AT)
        assert not chip.read(_STATUS) & 0x40


@pytest.mark.parametrize(("mask", "column"), [(0x1E, 3), (0x1A, 8), (0x1C, 8), (0x18, 8)])
def test_sprite_0_meets_nothing_where_the_left_edge_is_hidden(mask: int, column: int):
    chip = Chip()
    chip.put(0x2000, _SOLID, _SOLID)
    chip.write(_SPRITE_PLACE, 0)
    chip.write(_SPRITE, 2, _SOLID, 0, 3)
    chip.write(_ADDRESS, 0, 0)
    chip.write(_MASK, mask)
    chip.catch_up(FRAME_DOTS)
    assert chip.registers[R.HIT_AT] == dot_of(3, column) + 2


def test_a_split_picture_scrolls_below_the_split():
    chip = Chip()
    chip.put(0x3F00, 0x01, 0x28, 0x16, 0x27)
    for row in (2, 20):
        chip.put(0x2000 + 32 * row + 2, _SOLID)
    chip.write(_ADDRESS, 0, 0)
    chip.write(_MASK, _SHOW_ALL)
    chip.frame()
    chip.read(_STATUS)
    chip.write(_SCROLL, 0, 0)
    chip.catch_up(dot_of(100, 300))
    chip.write(_SCROLL, 5, 0)
    chip.catch_up(FRAME_DOTS)
    seen = chip.colours_of()
    assert [x for x in range(240) if seen[16 - 8][x] == 0x28] == list(range(8, 16))
    assert [x for x in range(240) if seen[160 - 8][x] == 0x28] == list(range(3, 11))


def test_what_is_in_front():
    chip = Chip()
    chip.put(0x3F00, 0x01, 0x28, 0x16, 0x27)
    chip.put(0x3F11, 0x21, 0x22, 0x23)
    chip.put(0x3F15, 0x2A)
    chip.put(0x2000 + 32 * 5 + 5, _SOLID)
    chip.write(_SPRITE_PLACE, 0)
    # Behind the tile with its left half; where it is, later ones are hidden all the same.
    chip.write(_SPRITE, 39, _SOLID, 0x20, 44)
    chip.write(_SPRITE, 39, _SOLID, 0x01, 40)
    # Mirrored: the left half of tile 2 is at the right.
    chip.write(_SPRITE, 99, _LEFT_HALF, 0x40, 100)
    for other in range(3, 64):
        chip.write(_SPRITE, 0xFF, 0, 0, other)
    chip.write(_ADDRESS, 0, 0)
    chip.write(_SCROLL, 0, 0)
    chip.write(_MASK, _SHOW_ALL)
    chip.catch_up(FRAME_DOTS)
    row = chip.colours_of()[40 - 8]
    assert row[40 - 8 : 44 - 8] == [0x2A] * 4
    assert row[44 - 8 : 48 - 8] == [0x28] * 4
    assert row[48 - 8 : 52 - 8] == [0x21] * 4
    row = chip.colours_of()[100 - 8]
    assert row[100 - 8 : 108 - 8] == [0x01] * 4 + [0x23] * 4


def test_eight_sprites_in_a_line_are_seen():
    chip = Chip()
    chip.put(0x3F11, 0x21)
    chip.write(_SPRITE_PLACE, 0)
    for sprite in range(64):
        chip.write(_SPRITE, 60 if sprite < 9 else 0xFF, _SOLID, 0, 16 + 10 * sprite)
    chip.write(_MASK, _SHOW_ALL)
    chip.catch_up(FRAME_DOTS)
    assert chip.colours_of()[64 - 8].count(0x21) == 8 * 8


def test_sprites_of_two_tiles():
    chip = Chip()
    chip.put(0x3F11, 0x21, 0x22, 0x23)
    chip.write(_CONTROL, 0x20)
    chip.write(_SPRITE_PLACE, 0)
    # The tiles 0 (empty) and 1 of the first table; the same upside down.
    chip.write(_SPRITE, 59, 0, 0, 50)
    chip.write(_SPRITE, 59, 0, 0x80, 70)
    for _ in range(62):
        chip.write(_SPRITE, 0xFF, 0, 0, 0)
    chip.write(_MASK, _SHOW_ALL)
    chip.catch_up(FRAME_DOTS)
    seen = np.array(chip.colours_of()) == 0x21
    assert np.unique(np.nonzero(seen[:, 50 - 8 : 58 - 8])[0]).tolist() == list(range(60, 68))
    assert np.unique(np.nonzero(seen[:, 70 - 8 : 78 - 8])[0]).tolist() == list(range(52, 60))


def test_switched_off_a_picture_is_the_first_colour():
    chip = Chip()
    chip.put(0x3F00, 0x22)
    chip.put(0x2000, *[_SOLID] * 32)
    chip.catch_up(FRAME_DOTS)
    assert {colour for row in chip.colours_of() for colour in row} == {0x22}
    chip.write(_MASK, 0x01)
    chip.frame()
    chip.catch_up(FRAME_DOTS)
    assert {colour for row in chip.colours_of() for colour in row} == {0x20}


def test_colours_are_those_that_they_are_called():
    table = colours().astype(int)
    assert table.shape == (64, 3)
    assert (table[0x0F] == 0).all()
    assert (table[[0x20, 0x30]] == 255).all()
    grays = table[[0x00, 0x10, 0x2D, 0x3D]]
    assert (grays.max(axis=1) - grays.min(axis=1) == 0).all()
    red, green, blue = table[0x16], table[0x1A], table[0x12]
    assert red[0] > 2 * red[1:].max()
    assert green[1] > 2 * green[[0, 2]].max()
    assert blue[2] > 2 * blue[:2].max()
    # From level to level brighter.
    assert (np.diff(table.reshape(4, 16, 3)[:, :13].sum(axis=2), axis=0) >= 0).all()


def test_the_picture_needs_no_frame_after_loading():
    console = Console(parse_rom(own_rom()))
    console.run(0, 30)
    console.run(NESButton.START)
    console.run(NESButton.RIGHT, 40)
    seen, state = console.picture(), console.save()
    console.run(NESButton.RIGHT, 40)
    assert not np.array_equal(console.picture(), seen)
    console.load(state)
    assert np.array_equal(console.picture(), seen)
