"""What an NES emulator must do, and the table of those there are."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from enum import IntFlag
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.errors import MarioError, OptionError
from gym_mario_suite.nes.rom import Rom

RAM_BYTES = 0x800
# The NES draws 240 lines of 256 px; televisions hid the border of 8 px, where games draw rubbish.
SCREEN_SHAPE = (224, 240, 3)


class BackendError(MarioError):
    """An emulator is missing, busy or fails."""


class NESButton(IntFlag):
    """Bits of the controller byte, in the order in which the NES reads them."""

    A = 1
    B = 2
    SELECT = 4
    START = 8
    UP = 16
    DOWN = 32
    LEFT = 64
    RIGHT = 128


class Watch(NamedTuple):
    """What ends a series of frames, and what is told of each of them: addresses in RAM.

    Attributes:
        changes: int64[n]; another value than before the first frame ends it.
        becomes: int64[2], an address and the value that ends it.
        traced: int64[m], bytes that are told.
    """

    changes: NDArray[np.int64]
    becomes: NDArray[np.int64]
    traced: NDArray[np.int64]


class Backend(Protocol):
    """One NES with a game in it.

    Many may live in one process. Each is used by one thread at a time; different ones may be used
    by different threads.

    Attributes:
        name: Name in `BACKENDS`.
        version: Version of the emulator: the same script of buttons gives the same RAM at every
            frame on the same name and version, and may not on others.
        rom: The game.
        redraws: Whether there is a picture after `load`, the one that was there when it was saved.
    """

    name: str
    version: str
    rom: Rom
    redraws: bool

    def reset(self) -> None:
        """Switch the console off and on."""
        ...

    def run(self, buttons: int, frames: int = 1) -> None:
        """Hold the buttons (bits of `NESButton`) of the first controller for some frames."""
        ...

    def read_ram(self, out: bytearray) -> None:
        """Copy the 2 KiB of RAM into `out`.

        A bytearray, because its items are Python ints, which do not overflow as uint8 does.
        """
        ...

    def frame(self, buttons: int, ram: bytearray) -> None:
        """One frame with these buttons held, and the RAM after it: `run` and `read_ram` at once."""
        ...

    def frames(self, buttons: int, most: int, ram: bytearray, watch: Watch) -> NDArray[np.uint8]:
        """Frames with these buttons held, until what is watched happens, and the RAM after them.

        Args:
            buttons: Bits of `NESButton`.
            most: Frames at most, 1 or more; a backend may always stop after fewer.
            ram: Filled with the RAM.
            watch: What ends them.

        Returns:
            uint8[frames that were run, len(watch.traced)], the traced bytes after each.
        """
        ...

    def write_ram(self, address: int, value: int) -> None:
        """Write one byte of RAM, as games' cheat devices do."""
        ...

    def screen(self, out: NDArray[np.uint8]) -> None:
        """Copy the picture of the last frame that was run into `out`, uint8[224, 240, 3].

        After `reset` and `load` there is none until a frame has been run: the picture is undefined
        (after `load` only where the backend does not redraw).
        """
        ...

    def picture(self) -> NDArray[np.uint8]:
        """The same as an array that nobody changes any more, and that is not to be changed."""
        ...

    def save(self) -> bytes:
        """The state of the console, for `load` of a backend of the same name, version and ROM.

        It holds in other processes and on other machines.
        """
        ...

    def load(self, state: bytes) -> None:
        """Go on from a saved state.

        Raises:
            StateError: If the bytes are no state; the console is unchanged then.
        """
        ...

    def close(self) -> None:
        """Give everything back. Closing twice does no harm."""
        ...


class FrameByFrame:
    """`frames` of an emulator that runs one at a time."""

    def frames(
        self: Backend, buttons: int, most: int, ram: bytearray, watch: Watch
    ) -> NDArray[np.uint8]:
        """One frame, and the RAM after it."""
        self.frame(buttons, ram)
        return np.frombuffer(ram, np.uint8)[watch.traced][None]


@dataclass(frozen=True, kw_only=True)
class BackendRow:
    """One row of the table of backends.

    Attributes:
        name: Value of the environments' `backend` option.
        module: What it imports; the emulator is installed if that can be found. None for ours.
        factory: `module:class` of the backend.
        install: How to get it.
        threads: Whether several run at once on the threads of one process.
        mappers: The cartridges that it has; None for those of all games of this family.
    """

    name: str
    module: str | None
    factory: str
    install: str
    threads: bool
    mappers: frozenset[int] | None = None

    @property
    def installed(self) -> bool:
        """Whether the emulator is there; it is not imported to find out."""
        return self.module is None or importlib.util.find_spec(self.module) is not None

    def takes(self, rom: Rom) -> bool:
        """Whether it has this ROM's cartridge."""
        return self.mappers is None or rom.mapper in self.mappers


# The fastest first: `auto` takes the first that is installed and has the cartridge.
BACKENDS: dict[str, BackendRow] = {
    row.name: row
    for row in (
        BackendRow(
            name="builtin",
            module=None,
            factory="gym_mario_suite.nes.console.console:Console",
            install="pip install --force-reinstall gym-mario-suite",
            threads=True,
            mappers=frozenset({0}),
        ),
        BackendRow(
            name="fceumm",
            module="stable_retro",
            factory="gym_mario_suite.nes.fceumm:FceummBackend",
            install='pip install "gym-mario-suite[fceumm]"',
            threads=False,
        ),
        BackendRow(
            name="nes-py",
            module="nes_py",
            factory="gym_mario_suite.nes.nespy:NesPyBackend",
            install='pip install "gym-mario-suite[nes]" (Python 3.13 or later)',
            threads=True,
        ),
    )
}
BACKEND_NAMES = ("auto", *BACKENDS)


def choose_backend(name: str = "auto", rom: Rom | None = None) -> BackendRow:
    """The row of that name, or of the fastest emulator that is installed.

    Args:
        name: One of `BACKEND_NAMES`.
        rom: Only emulators that have its cartridge; None for that of Super Mario Bros.

    Raises:
        OptionError: If there is no such backend.
        BackendError: If the emulator is not installed; the message says how to install it.
    """
    if name not in BACKEND_NAMES:
        raise OptionError(f"unknown backend {name!r}; there are {', '.join(BACKEND_NAMES)}")
    rows = list(BACKENDS.values()) if name == "auto" else [BACKENDS[name]]
    if name == "auto" and rom is not None:
        rows = [row for row in rows if row.takes(rom)]
    for row in rows:
        if row.installed:
            return row
    ways = ", or ".join(f"{row.name}: {row.install}" for row in rows)
    if name == "auto":
        raise BackendError(f"no emulator for this ROM's cartridge is installed: {ways}")
    raise BackendError(f"the NES emulator {name} is not installed: {rows[0].install}")


def open_backend(rom: Rom, name: str = "auto") -> Backend:
    """Put a game into an emulator and switch it on.

    Raises:
        OptionError: If there is no such backend.
        BackendError: If the emulator is not installed, or fails.
    """
    module, _, factory = choose_backend(name, rom).factory.partition(":")
    return getattr(importlib.import_module(module), factory)(rom)
