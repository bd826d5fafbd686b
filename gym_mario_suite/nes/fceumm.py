"""FCEUmm, the libretro core that stable-retro carries: fast, with states that are bytes.

stable-retro allows one emulator in a process. So the one emulator is shared: a backend that runs
while another one's game is in the emulator first saves that game and loads its own, which costs a
few microseconds where a frame costs more than a hundred.

Only this module knows stable-retro's private `_retro` interface, and asks the core itself (the
library that stable-retro has loaded) where its RAM is: reading it there is quicker than any other
way by an order of magnitude.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import tempfile
import threading
import weakref
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.errors import StateError
from gym_mario_suite.nes.backend import (
    RAM_BYTES,
    SCREEN_SHAPE,
    BackendError,
    FrameByFrame,
    NESButton,
)
from gym_mario_suite.nes.rom import Rom

# libretro's order of the buttons; the second is the Y of other consoles.
_ORDER = (
    NESButton.B,
    None,
    NESButton.SELECT,
    NESButton.START,
    NESButton.UP,
    NESButton.DOWN,
    NESButton.LEFT,
    NESButton.RIGHT,
    NESButton.A,
)
_MASKS = np.array(
    [[bool(button and bits & button) for button in _ORDER] for bits in range(256)], np.uint8
)
_BLANK = np.zeros(SCREEN_SHAPE, np.uint8)
_BLANK.flags.writeable = False
_SYSTEM_RAM = 2  # RETRO_MEMORY_SYSTEM_RAM of libretro.h
# The states are FCEUX's: chunks, each with a name of four bytes and its size.
_RAM_CHUNK = b"RAM\0" + RAM_BYTES.to_bytes(4, "little")


class _Core:
    """The emulator of this process, and the backend whose game is in it."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.emulator: Any = None
        self.glue: Any = None
        self.ram_at = 0
        # The RAM of the emulator as it stands, where it can be had.
        self.ram: memoryview | None = None
        self.backends: weakref.WeakSet[FceummBackend] = weakref.WeakSet()
        self.owner: weakref.ref[FceummBackend] | None = None
        # What the emulator holds down; it is no part of its state.
        self.buttons = -1
        self._rom = ""
        # By ROM: the state in which every game begins, the same for all backends.
        self._power_on: dict[str, bytes] = {}

    def insert(self, rom: Rom) -> None:
        """Have this game in the emulator, in whatever state."""
        if self.emulator is not None and self._rom == rom.sha1:
            return
        self.release()
        retro = importlib.import_module("stable_retro")
        private = importlib.import_module("stable_retro._retro")
        # A file of our own: its name ends in .nes, and it holds the bytes that were checked.
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "game.nes"
            path.write_bytes(rom.to_ines())
            try:
                # Emulators that nobody can reach any more still count.
                gc.collect()
                emulator = retro.RetroEmulator(str(path))
            except RuntimeError as error:
                raise BackendError(_explain(error)) from None
        glue = private.GameDataGlue()
        emulator.configure_data(glue)
        state = emulator.get_state()
        self.ram_at = state.find(_RAM_CHUNK) + len(_RAM_CHUNK)
        if self.ram_at < len(_RAM_CHUNK):
            raise BackendError("this version of stable-retro keeps the RAM in an unknown place")
        self._power_on.setdefault(rom.sha1, state)
        self.buttons = -1
        self.ram = _memory_of_core(retro)
        if self.ram is not None and bytes(self.ram) != state[self.ram_at :][:RAM_BYTES]:
            self.ram = None
        self.emulator, self.glue, self._rom = emulator, glue, rom.sha1

    def power_on_state(self, rom: Rom) -> bytes:
        """The state of a console that has just been switched on."""
        if rom.sha1 not in self._power_on:
            self.evict()
            self.insert(rom)
        return self._power_on[rom.sha1]

    def evict(self) -> None:
        """Put the game that is in the emulator away, into the backend it belongs to."""
        owner = self.owner() if self.owner is not None else None
        if owner is not None:
            owner.put_away(self.emulator)
        self.owner = None

    def release(self) -> None:
        """Give the emulator back, for others in this process that want one."""
        self.owner = None
        self.ram = self.glue = self.emulator = None


_core = _Core()


def _memory_of_core(retro: Any) -> memoryview | None:
    """The core's own 2 KiB of RAM; None where the core cannot be asked for it."""
    for file in sorted((Path(retro.__file__).parent / "cores").glob("fceumm_libretro.*")):
        try:
            # Of a library that is loaded already, this is the loaded one.
            library = ctypes.CDLL(str(file))
            size, data = library.retro_get_memory_size, library.retro_get_memory_data
        except (OSError, AttributeError):
            continue
        size.restype, data.restype = ctypes.c_size_t, ctypes.c_void_p
        address = data(_SYSTEM_RAM)
        if address and size(_SYSTEM_RAM) == RAM_BYTES:
            return memoryview((ctypes.c_ubyte * RAM_BYTES).from_address(address)).cast("B")
    return None


def _explain(error: RuntimeError) -> str:
    if "multiple emulator" in str(error):
        return (
            "stable-retro allows one emulator in a process, and another part of this program has "
            "it: close its environment first (environments of this package share theirs)"
        )
    return f"FCEUmm does not take the ROM: {error}"


def _abandon() -> None:
    """Without backends there is no need for an emulator."""
    with _core.lock:
        if not _core.backends:
            _core.release()


class FceummBackend(FrameByFrame):
    """One NES among those that share this process's FCEUmm.

    Args:
        rom: The game.

    Raises:
        BackendError: If the emulator is held by somebody else or does not take the ROM.
    """

    name = "fceumm"
    redraws = False

    def __init__(self, rom: Rom) -> None:
        self.rom = rom
        self.version = version("stable-retro")
        with _core.lock:
            # While the game is not in the emulator, it is here.
            self._state = _core.power_on_state(rom)
            if _core.emulator is None:
                # At once, so that an error comes here and not at the first frame.
                _core.insert(rom)
            self._picture: NDArray[np.uint8] | None = None
            _core.backends.add(self)
        self._closer = weakref.finalize(self, _abandon)

    def reset(self) -> None:
        """Switch the console off and on."""
        with _core.lock:
            self.load(_core.power_on_state(self.rom))

    def run(self, buttons: int, frames: int = 1) -> None:
        """Hold the buttons of the first controller for some frames."""
        with _core.lock:
            emulator = self._enter()
            if _core.buttons != buttons:
                emulator.set_button_mask(_MASKS[buttons], 0)
                _core.buttons = buttons
            for _ in range(frames):
                emulator.step()
            self._picture = None

    def read_ram(self, out: bytearray) -> None:
        """Copy the RAM into `out`."""
        with _core.lock:
            if _core.ram is not None and self._inside():
                out[:] = _core.ram
                return
            # A state costs a microsecond; stable-retro's own way to read the RAM a hundred.
            state = self.save()
            out[:] = state[_core.ram_at : _core.ram_at + RAM_BYTES]

    def frame(self, buttons: int, ram: bytearray) -> None:
        """One frame, and the RAM after it."""
        core = _core
        with core.lock:
            emulator = self._enter()
            if core.buttons != buttons:
                emulator.set_button_mask(_MASKS[buttons], 0)
                core.buttons = buttons
            emulator.step()
            self._picture = None
            if core.ram is not None:
                ram[:] = core.ram
            else:
                self.read_ram(ram)

    def write_ram(self, address: int, value: int) -> None:
        """Write one byte of RAM."""
        if not (0 <= address < RAM_BYTES and 0 <= value < 256):
            raise ValueError(f"cannot write {value} to address {address:#x}")
        with _core.lock:
            self._enter()
            _core.glue.memory.assign(address, "|u1", value)

    def screen(self, out: NDArray[np.uint8]) -> None:
        """Copy the picture of the last frame into `out`, uint8[224, 240, 3]."""
        np.copyto(out, self.picture())

    def picture(self) -> NDArray[np.uint8]:
        """The picture of the last frame, uint8[224, 240, 3]."""
        with _core.lock:
            if self._picture is None and self._inside():
                self._picture = _core.emulator.get_screen()
            picture = self._picture
        if picture is None or picture.shape != SCREEN_SHAPE:
            return _BLANK
        return picture

    def save(self) -> bytes:
        """The state of the console."""
        with _core.lock:
            return _core.emulator.get_state() if self._inside() else self._open_state()

    def load(self, state: bytes) -> None:
        """Go on from a saved state."""
        with _core.lock:
            ram_at = _core.ram_at
            if (
                len(state) != len(self._open_state())
                or state[ram_at - len(_RAM_CHUNK) : ram_at] != _RAM_CHUNK
            ):
                raise StateError("not a state of FCEUmm with this ROM")
            self._picture = None
            self._state = bytes(state)
            if self._inside():
                _core.emulator.set_state(self._state)

    def put_away(self, emulator: Any) -> None:
        """Take the game out of the emulator; called by the core."""
        self._state = emulator.get_state()
        if self._picture is None:
            self._picture = emulator.get_screen()

    def close(self) -> None:
        """Give the emulator back if this was the last one that used it."""
        with _core.lock:
            if self._inside():
                _core.owner = None
            _core.backends.discard(self)
            self._state = b""
            _abandon()

    def _inside(self) -> bool:
        return _core.owner is not None and _core.owner() is self

    def _open_state(self) -> bytes:
        if not self._state:
            raise BackendError("this console has been closed")
        return self._state

    def _enter(self) -> Any:
        """The emulator, with this backend's game in it."""
        if not self._inside():
            state = self._open_state()
            _core.evict()
            _core.insert(self.rom)
            if not _core.emulator.set_state(state):
                raise BackendError("FCEUmm refused the state of a game that it had saved itself")
            _core.owner = weakref.ref(self)
        return _core.emulator
