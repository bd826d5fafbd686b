"""Whether the emulators run, and whether there is a ROM for them."""

from __future__ import annotations

from gym_mario_suite.doctor.finding import Finding, State, first_line
from gym_mario_suite.errors import MarioError
from gym_mario_suite.nes.backend import BACKENDS, RAM_BYTES, BackendRow, open_backend
from gym_mario_suite.nes.rom import CHR_UNIT, PRG_UNIT, Rom
from gym_mario_suite.nes.rom_store import deciding_place, places

_MARK_AT = 0x10
_MARK = 0xA7
# Our own cartridge, so that an emulator can be tried without a game: it writes a byte into RAM and
# then waits for ever. 8000: LDA #$A7, STA $10, 8004: JMP $8004.
_PROGRAM = bytes([0xA9, _MARK, 0x85, _MARK_AT, 0x4C, 0x04, 0x80])
_VECTORS = bytes([0x00, 0x80] * 3)  # NMI, reset and IRQ, all at 8000


def own_cartridge() -> Rom:
    """A cartridge whose program writes 0xA7 to address 0x10."""
    program = _PROGRAM.ljust(2 * PRG_UNIT - len(_VECTORS), b"\0") + _VECTORS
    return Rom(program, bytes(CHR_UNIT))


def check_nes() -> list[Finding]:
    """A finding for each emulator, and one for the ROM."""
    return [*(_emulator(row) for row in BACKENDS.values()), _rom()]


def _emulator(row: BackendRow) -> Finding:
    name = f"NES {row.name}"
    if not row.installed:
        return Finding(name, State.NOTE, "not installed; none is needed beside ours", None)
    try:
        backend = open_backend(own_cartridge(), row.name)
        try:
            ram = bytearray(RAM_BYTES)
            backend.run(0, frames=3)
            backend.read_ram(ram)
            version = backend.version
        finally:
            backend.close()
    except Exception as error:  # a library of somebody else's
        return Finding(name, State.WARNING, f"does not run: {first_line(error)}", row.install)
    if ram[_MARK_AT] != _MARK:
        text = f"{version} does not run programs as an NES does"
        return Finding(name, State.WARNING, text, row.install)
    return Finding(name, State.OK, f"runs, version {version}")


def _rom() -> Finding:
    """The ROM that is used when none is named."""
    mend = "mario rom import FILE, with a ROM of your own"
    try:
        looked = places()
    except MarioError as error:
        return Finding("NES ROM", State.WARNING, first_line(error), mend)
    place = deciding_place(looked)
    if place is not None and place.rom is not None:
        return Finding("NES ROM", State.OK, f"{place.rom.title or 'unknown'}, {place.note}")
    chosen = [place.note for place in looked if place.path is not None]
    text = f"not usable: {chosen[0]}" if chosen else "none; `mario rom where` lists the places"
    return Finding("NES ROM", State.WARNING, text, mend)
