"""The console as one of the environments' backends: `backend="builtin"`."""

from __future__ import annotations

from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.compiled import announce_first_compile
from gym_mario_suite.errors import StateError
from gym_mario_suite.nes.backend import RAM_BYTES, SCREEN_SHAPE, BackendError, Watch
from gym_mario_suite.nes.console.frames import run_frames, watch_frames
from gym_mario_suite.nes.console.layout import (
    BYTES,
    CLEAR_AT,
    CYCLE_DOTS,
    FRAME_DOTS,
    LINES,
    NAME_TABLES,
    NEVER,
    PATTERNS,
    PATTERNS_SIZE,
    PICTURE_AT,
    PROGRAM,
    PROGRAM_SIZE,
    RAM,
    REGISTERS,
    R,
)
from gym_mario_suite.nes.console.screen import Drawing
from gym_mario_suite.nes.rom import Rom

# Another number where the same buttons would give another RAM, or states another meaning.
_VERSION = "1"
_RESET_VECTOR = 0xFFFC
_RESET_CYCLES = 7
_FIRST_STACK, _FIRST_FLAGS = 0xFD, 0x04
# A console's RAM wakes up with anything. This is what FCEUmm has, so that all of it is the same.
_WAKES_WITH = 0xFF


class Console:
    """One NES with an NROM cartridge.

    A frame is what the processor does from one vertical blank to the next, and ends as the next one
    begins: with the picture whole and before the game reads the buttons again. There is no sound.

    Args:
        rom: The game.

    Raises:
        BackendError: If the cartridge is another than NROM.
    """

    name = "builtin"
    version = _VERSION
    redraws = True

    def __init__(self, rom: Rom) -> None:
        if rom.mapper != 0 or len(rom.prg) > PROGRAM_SIZE:
            raise BackendError(
                f"the built-in console has the cartridge NROM (mapper 0, program of 16 or 32 KiB), "
                f"the ROM is for mapper {rom.mapper} and has {len(rom.prg) // 1024} KiB"
            )
        self.rom = rom
        self._program = np.frombuffer(rom.prg * (PROGRAM_SIZE // len(rom.prg)), np.uint8)
        self._memory = np.zeros(BYTES, np.uint8)
        self._registers = np.zeros(REGISTERS, np.int64)
        self._lines = np.zeros(LINES, np.int64)
        # What changes, and so is in a state: patterns only where they are RAM.
        end = PATTERNS if rom.chr else BYTES
        self._changing = (
            self._memory[RAM : RAM + RAM_BYTES],
            self._memory[NAME_TABLES:end],
            self._registers,
            self._lines,
        )
        self._state_bytes = sum(part.nbytes for part in self._changing)
        self._ram = self._changing[0].data
        self._drawing = Drawing()
        self._closed = False
        self._has_watched = False
        announce_first_compile(run_frames)
        self.reset()

    def reset(self) -> None:
        """Switch the console off and on."""
        self._check_open()
        memory, registers = self._memory, self._registers
        memory[:] = 0
        memory[RAM : RAM + RAM_BYTES] = _WAKES_WITH
        memory[PROGRAM : PROGRAM + PROGRAM_SIZE] = self._program
        patterns = np.frombuffer(self.rom.chr[:PATTERNS_SIZE], np.uint8)
        memory[PATTERNS : PATTERNS + len(patterns)] = patterns
        self._lines[:] = 0
        registers[:] = 0
        registers[R.SIDEWAYS] = self.rom.vertical_mirroring
        registers[R.PATTERNS_IN_RAM] = not self.rom.chr
        registers[R.PC] = int(memory[_RESET_VECTOR]) | int(memory[_RESET_VECTOR + 1]) << 8
        registers[R.S], registers[R.P] = _FIRST_STACK, _FIRST_FLAGS
        registers[R.DOT] = _RESET_CYCLES * CYCLE_DOTS
        registers[R.FRAME_DOTS] = FRAME_DOTS
        registers[R.EVENT_AT] = CLEAR_AT
        registers[R.PICTURE_AT] = PICTURE_AT
        registers[R.HIT_AT] = NEVER

    def run(self, buttons: int, frames: int = 1) -> None:
        """Hold the buttons of the first controller for some frames.

        Raises:
            BackendError: If the program comes to an instruction that is not one.
        """
        self._check_open()
        if run_frames(self._memory, self._registers, self._lines, buttons, frames):
            self._refuse_halt()

    def frame(self, buttons: int, ram: bytearray) -> None:
        """One frame, and the RAM after it."""
        self.run(buttons)
        ram[:] = self._ram

    def frames(self, buttons: int, most: int, ram: bytearray, watch: Watch) -> NDArray[np.uint8]:
        """Some frames, until what is watched happens, and the RAM after them."""
        self._check_open()
        if not self._has_watched:
            announce_first_compile(watch_frames)
            self._has_watched = True
        before = np.empty(len(watch.changes), np.uint8)
        traces = np.empty((most, len(watch.traced)), np.uint8)
        console = self._memory, self._registers, self._lines
        ran = watch_frames(*console, buttons, most, watch, before, traces)
        if self._registers[R.HALTED]:
            self._refuse_halt()
        ram[:] = self._ram
        return traces[:ran]

    def read_ram(self, out: bytearray) -> None:
        """Copy the RAM into `out`."""
        self._check_open()
        out[:] = self._ram

    def write_ram(self, address: int, value: int) -> None:
        """Write one byte of RAM."""
        if not (0 <= address < RAM_BYTES and 0 <= value < 256):
            raise ValueError(f"cannot write {value} to address {address:#x}")
        self._check_open()
        self._memory[RAM + address] = value

    def screen(self, out: NDArray[np.uint8]) -> None:
        """Draw the picture of the last frame into `out`, uint8[224, 240, 3]; also after `load`."""
        np.copyto(out, self.picture())

    def picture(self) -> NDArray[np.uint8]:
        """The picture of the last frame, uint8[224, 240, 3]; also after `load`."""
        self._check_open()
        out = np.empty(SCREEN_SHAPE, np.uint8)
        self._drawing.picture(self._memory, self._registers, self._lines, out)
        return out

    def save(self) -> bytes:
        """The state of the console."""
        self._check_open()
        return b"".join([part.tobytes() for part in self._changing])

    def load(self, state: bytes) -> None:
        """Go on from a saved state."""
        self._check_open()
        if len(state) != self._state_bytes:
            raise StateError(
                f"not a state of this console, which has {self._state_bytes} bytes: {len(state)}"
            )
        ram, memory, registers, lines = self._changing
        at = ram.nbytes + memory.nbytes
        numbers = np.frombuffer(state, np.int64, REGISTERS, at)
        if (numbers < _SMALLEST).any() or (numbers > _LARGEST).any():
            raise StateError("not a state of this console: its registers hold impossible numbers")
        ram[:] = np.frombuffer(state, np.uint8, ram.nbytes)
        memory[:] = np.frombuffer(state, np.uint8, memory.nbytes, ram.nbytes)
        registers[:] = numbers
        lines[:] = np.frombuffer(state, np.int64, LINES, at + registers.nbytes)

    def close(self) -> None:
        """Closing twice does no harm."""
        self._closed = True

    def _refuse_halt(self) -> NoReturn:
        at = int(self._registers[R.PC])
        raise BackendError(
            f"the program in the console has stopped: byte {self._memory[at]:#04x} at "
            f"{at:#06x} is no documented instruction of the 6502; {self.rom.told}"
        )

    def _check_open(self) -> None:
        if self._closed:
            raise BackendError("this console has been closed; make another environment")


def _ranges() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What each register can hold; within them, no address leaves the memory and no loop hangs."""
    smallest, largest = np.zeros(REGISTERS, np.int64), np.ones(REGISTERS, np.int64)
    for bits, names in (
        (16, (R.PC,)),
        (8, (R.A, R.X, R.Y, R.S, R.P, R.CONTROL, R.MASK, R.STATUS)),
        (8, (R.SPRITE_ADDRESS, R.READ_BUFFER, R.BUTTONS, R.UNREAD_BUTTONS)),
        (15, (R.PLACE, R.START_PLACE)),
        (3, (R.SHIFT,)),
    ):
        largest[list(names)] = (1 << bits) - 1
    # Between frames the picture chip waits for the first event of the next.
    largest[R.EVENT] = 0
    smallest[R.EVENT_AT] = largest[R.EVENT_AT] = CLEAR_AT
    smallest[R.FRAME_DOTS] = largest[R.FRAME_DOTS] = FRAME_DOTS
    smallest[R.PICTURE_AT], largest[R.PICTURE_AT] = PICTURE_AT - 1, PICTURE_AT
    smallest[R.HIT_AT] = largest[R.HIT_AT] = NEVER
    # The last instruction of a frame, with a copy of sprites, ends in the next one.
    largest[R.DOT] = CLEAR_AT
    largest[R.PARITY] = 5
    return smallest, largest


_SMALLEST, _LARGEST = _ranges()
