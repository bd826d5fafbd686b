"""nes-py (version 9 or later): many emulators in a process, on threads of their own.

Its snapshots cannot leave the process. The states here are therefore the log of all that was done
since the console was switched on, which gives the same RAM when it is done again. Loading one is
quick in the console that saved it, and takes as long as playing it elsewhere. (A snapshot that is
loaded after its emulator has been freed crashes the process, so none goes from one to another.)
"""

from __future__ import annotations

import importlib
import os
import struct
import tempfile
from collections import OrderedDict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.errors import StateError
from gym_mario_suite.nes.backend import RAM_BYTES, SCREEN_SHAPE, BackendError, FrameByFrame
from gym_mario_suite.nes.rom import Rom

# A record of the log: buttons and a count of frames, or (count 0x8000 + address) a byte of RAM.
_RECORD = struct.Struct("<BH")
_WRITE = 0x8000
_MAX_RUN = _WRITE - 1
_KEPT_SNAPSHOTS = 512
_CROP = (slice(8, 232), slice(8, 248))


class NesPyBackend(FrameByFrame):
    """One NES emulated by nes-py.

    Args:
        rom: The game.

    Raises:
        BackendError: If nes-py is too old or does not take the ROM.
    """

    name = "nes-py"
    redraws = False

    def __init__(self, rom: Rom) -> None:
        self.rom = rom
        self.version = version("nes-py")
        if int(self.version.partition(".")[0]) < 9:
            raise BackendError(f"nes-py {self.version} is too old; 9 or later is needed")
        native = importlib.import_module("nes_py._native")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "game.nes"
            path.write_bytes(rom.to_ines())
            try:
                self._emulator: Any = native.NativeEmulator(os.fspath(path))
            except (RuntimeError, ValueError) as error:
                raise BackendError(f"nes-py does not take the ROM: {error}") from None
        self._emulator.reset()
        self._ram = self._emulator.ram_buffer()
        # A copy into a buffer in one call is quicker than reading the view of 32-bit pixels.
        self._picture = np.zeros((240, 256, 3), np.uint8)
        self._power_on = self._emulator.dump_state()
        self._log = bytearray()
        # Of this emulator, by log; the oldest go first.
        self._snapshots: OrderedDict[bytes, Any] = OrderedDict()

    def reset(self) -> None:
        """Switch the console off and on."""
        self._open().load_state(self._power_on)
        self._log = bytearray()

    def run(self, buttons: int, frames: int = 1) -> None:
        """Hold the buttons of the first controller for some frames."""
        emulator = self._open()
        self._note_frames(buttons, frames)
        for _ in range(frames):
            emulator.frame_advance(buttons)

    def read_ram(self, out: bytearray) -> None:
        """Copy the RAM into `out`."""
        self._open()
        out[:] = self._ram.data

    def frame(self, buttons: int, ram: bytearray) -> None:
        """One frame, and the RAM after it."""
        self.run(buttons)
        ram[:] = self._ram.data

    def write_ram(self, address: int, value: int) -> None:
        """Write one byte of RAM."""
        if not (0 <= address < RAM_BYTES and 0 <= value < 256):
            raise ValueError(f"cannot write {value} to address {address:#x}")
        self._open()
        self._log += _RECORD.pack(value, _WRITE + address)
        self._ram[address] = value

    def screen(self, out: NDArray[np.uint8]) -> None:
        """Copy the picture of the last frame into `out`, uint8[224, 240, 3]."""
        self._open().copy_screen_rgb(self._picture)
        np.copyto(out, self._picture[_CROP])

    def picture(self) -> NDArray[np.uint8]:
        """The picture of the last frame, uint8[224, 240, 3]."""
        out = np.empty(SCREEN_SHAPE, np.uint8)
        self.screen(out)
        return out

    def save(self) -> bytes:
        """The log since the console was switched on; a snapshot stays here."""
        log = bytes(self._log)
        self._keep(log, self._open().dump_state())
        return log

    def load(self, state: bytes) -> None:
        """Go on from a saved state: at once where it was saved, else by playing it."""
        state = bytes(state)
        if len(state) % _RECORD.size:
            raise StateError("not a state of nes-py: its log is cut off")
        records = list(_RECORD.iter_unpack(state))
        if any(count >= _WRITE + RAM_BYTES or count == 0 for _, count in records):
            raise StateError("not a state of nes-py: its log is damaged")
        emulator = self._open()
        snapshot = self._snapshots.get(state)
        if snapshot is not None:
            emulator.load_state(snapshot)
            self._snapshots.move_to_end(state)
        else:
            self.reset()
            for value, count in records:
                if count < _WRITE:
                    for _ in range(count):
                        emulator.frame_advance(value)
                else:
                    self._ram[count - _WRITE] = value
            self._keep(state, emulator.dump_state())
        self._log = bytearray(state)

    def close(self) -> None:
        """Give the emulator back."""
        self._snapshots.clear()
        if self._emulator is not None:
            self._emulator.close()
        self._emulator = None

    def _open(self) -> Any:
        if self._emulator is None:
            raise BackendError("this console has been closed")
        return self._emulator

    def _keep(self, log: bytes, snapshot: Any) -> None:
        self._snapshots[log] = snapshot
        self._snapshots.move_to_end(log)
        while len(self._snapshots) > _KEPT_SNAPSHOTS:
            self._snapshots.popitem(last=False)

    def _note_frames(self, buttons: int, frames: int) -> None:
        """Append to the log; frames with the same buttons in a row are one record."""
        if frames > 0 and self._log:
            last, count = _RECORD.unpack_from(self._log, len(self._log) - _RECORD.size)
            if last == buttons and count < _WRITE:
                more = min(frames, _MAX_RUN - count)
                _RECORD.pack_into(self._log, len(self._log) - _RECORD.size, buttons, count + more)
                frames -= more
        while frames > 0:
            run = min(frames, _MAX_RUN)
            self._log += _RECORD.pack(buttons, run)
            frames -= run
