"""What the processor's addresses mean where they are neither RAM nor the program."""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.nes.console.layout import CYCLE_DOTS, PROGRAM, RAM_SIZE, SPRITES, R
from gym_mario_suite.nes.console.video import catch_up, read_port, write_port

# RAM four times, then the picture chip's registers again and again.
_RAM_END = 0x2000
_VIDEO_END = 0x4000
_SPRITE_COPY, _CONTROLLER = 0x4014, 0x4016
_COPY_CYCLES = 513


@jit
def read_elsewhere(memory, registers, lines, address, dot):
    """Read from an address that is neither RAM's own nor the program's."""
    if address < _RAM_END:
        return np.int64(memory[address & (RAM_SIZE - 1)])
    if address < _VIDEO_END:
        catch_up(memory, registers, lines, dot)
        return read_port(memory, registers, address & 7, dot)
    if address == _CONTROLLER:
        if registers[R.LATCHING]:
            registers[R.UNREAD_BUTTONS] = registers[R.BUTTONS]
        bit = registers[R.UNREAD_BUTTONS] & 1
        # After eight bits the controller says 1.
        registers[R.UNREAD_BUTTONS] = (registers[R.UNREAD_BUTTONS] >> 1) | 0x80
        return 0x40 | bit
    # Nobody answers: the wires still hold the address's upper half.
    return address >> 8


@jit
def write_elsewhere(memory, registers, lines, address, value, dot):
    """Write to an address that is not RAM; returns the cycles that the processor waits."""
    if address < _RAM_END:
        memory[address & (RAM_SIZE - 1)] = value
    elif address < _VIDEO_END:
        catch_up(memory, registers, lines, dot)
        write_port(memory, registers, address & 7, value)
    elif address == _SPRITE_COPY:
        catch_up(memory, registers, lines, dot)
        to = registers[R.SPRITE_ADDRESS]
        for i in range(256):
            source = value << 8 | i
            if source < _RAM_END:
                byte = memory[source & (RAM_SIZE - 1)]
            elif source >= PROGRAM:
                byte = memory[source]
            else:
                byte = np.uint8(source >> 8)
            memory[SPRITES + ((to + i) & 0xFF)] = byte
        return _COPY_CYCLES + ((registers[R.PARITY] + dot) // CYCLE_DOTS & 1)
    elif address == _CONTROLLER:
        if registers[R.LATCHING] and not value & 1:
            registers[R.UNREAD_BUTTONS] = registers[R.BUTTONS]
        registers[R.LATCHING] = value & 1
    return 0
