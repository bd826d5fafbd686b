"""ROM files: the iNES format (https://www.nesdev.org/wiki/INES), checked and named."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from gym_mario_suite.errors import MarioError, reason_of

HEADER_BYTES = 16
PRG_UNIT = 16 * 1024
CHR_UNIT = 8 * 1024
_MAGIC = b"NES\x1a"
_TRAINER = 0x04
# No file of this format that an NES game came in is larger.
_MAX_FILE_BYTES = 4 * 1024 * 1024

# SHA-1 of PRG and CHR without the header. The first of each game is what stable-retro's `rom.sha`
# files list; the others are the files inside gym-super-mario-bros 7.4 and 9.1.
#
# The dumps of the game that are looked for, the preferred one first. The second is what published
# results of gym-super-mario-bros come from: the European cartridge's revision A, whose physics are
# those of a 50 Hz console (Mario walks some pixels more in a frame), run on one of 60 Hz.
SUPER_MARIO_BROS = (
    "facee9c577a5262dbe33ac4930bb0b58c8c037f7",
    "0c4992fc08d2278697339d3b48066e7b5f943598",
)
# The Lost Levels: a dump of the disk, then the game as it was made over for NROM cartridges.
LOST_LEVELS = (
    "d2be67170dded1e1108eed2d4d8ca9d9cee9f9e2",
    "f3b998073241fe588e28ff6b6f63ba01b4c237bb",
    "2a82548e2f8fe32cd617408e5e1e3580dac6e64b",
)
KNOWN_GAMES: dict[str, str] = {
    SUPER_MARIO_BROS[0]: "Super Mario Bros. (World)",
    SUPER_MARIO_BROS[1]: "Super Mario Bros. (Europe, revision A)",
    "09e98cc66320c9a4210602008ab1890143237e38": "Super Mario Bros., downsampled pictures",
    "654e0715c470b812a284eeb22b775ce676558bb5": "Super Mario Bros. (Europe), pixel pictures",
    "f5a3ce83636b60cd9b4f6972bbb3b35da37e1bd1": "Super Mario Bros. (World), rectangle pictures",
    LOST_LEVELS[0]: "Super Mario Bros. 2 (The Lost Levels)",
    LOST_LEVELS[1]: "Super Mario Bros. 2 (The Lost Levels, for NROM cartridges)",
    LOST_LEVELS[2]: (
        "Super Mario Bros. 2 (The Lost Levels, for NROM cartridges), downsampled pictures"
    ),
}
# All of them but the disk are NROM cartridges with the two name tables side by side.
_NROM_GAMES = frozenset(KNOWN_GAMES) - {LOST_LEVELS[0]}


class RomError(MarioError, ValueError):
    """A ROM cannot be found, read or used; the message says why and what to do."""


@dataclass(frozen=True)
class Rom:
    """An NES game.

    Attributes:
        prg: The program.
        chr: The pictures; empty where the program draws its own.
        mapper: Number of the cartridge's circuit; 0 is NROM, that of Super Mario Bros.
        vertical_mirroring: How the two name tables are arranged.
    """

    prg: bytes
    chr: bytes
    mapper: int = 0
    vertical_mirroring: bool = True

    @cached_property
    def sha1(self) -> str:
        """SHA-1 of PRG and CHR, in hexadecimal: headers differ between dumps of one game."""
        return hashlib.sha1(self.prg + self.chr, usedforsecurity=False).hexdigest()

    @property
    def title(self) -> str | None:
        """Name of the game, where it is known."""
        return KNOWN_GAMES.get(self.sha1)

    @property
    def told(self) -> str:
        """Which game it is, as messages tell it."""
        if self.title is not None:
            return f"the ROM is {self.title}"
        return f"the ROM (SHA-1 {self.sha1}) is not a known dump of Super Mario Bros."

    def to_ines(self) -> bytes:
        """The file, with a header that says what is known here and nothing else."""
        header = _MAGIC + bytes(
            [
                len(self.prg) // PRG_UNIT,
                len(self.chr) // CHR_UNIT,
                (self.mapper & 0x0F) << 4 | self.vertical_mirroring,
                self.mapper & 0xF0,
            ]
        )
        return header.ljust(HEADER_BYTES, b"\0") + self.prg + self.chr


def parse_rom(data: bytes) -> Rom:
    """Read an iNES file.

    Raises:
        RomError: If it is none, is damaged, or is for another console than an NES with an NROM
            cartridge.
    """
    if data[:4] != _MAGIC:
        kind = "an empty file" if not data else "no iNES header (it must begin with 'NES\\x1a')"
        raise RomError(f"not an NES ROM: {kind}")
    if len(data) < HEADER_BYTES:
        raise RomError(f"the ROM is cut off: {len(data)} bytes, its header alone has 16")
    flags6, flags7 = data[6], data[7]
    nes2 = flags7 & 0x0C == 0x08
    if not nes2 and any(data[12:16]):
        # Old tools wrote their names over bytes 7 to 15: "DiskDude!" and the like.
        flags7 = 0
    if flags6 & _TRAINER:
        raise RomError("the ROM has a trainer (512 bytes before the program), which is not read")
    if flags7 & 0x03:
        raise RomError("the ROM is for an arcade machine (VS. System or PlayChoice-10)")
    pal = data[12] & 3 == 1 if nes2 else data[9] & 1 == 1 and not any(data[12:16])
    if pal:
        raise RomError("the ROM is a PAL one; the environment is that of the NTSC game")
    if nes2 and data[9]:
        raise RomError("the ROM is larger than any game for this environment (NES 2.0 sizes)")
    prg_size, chr_size = data[4] * PRG_UNIT, data[5] * CHR_UNIT
    if not prg_size:
        raise RomError("the ROM holds no program (0 PRG banks in its header)")
    end = HEADER_BYTES + prg_size + chr_size
    if len(data) < end:
        raise RomError(f"the ROM is cut off: {len(data)} bytes, its header promises {end}")
    if len(data) > end:
        raise RomError(f"the ROM has {len(data) - end} bytes more than its header promises")
    rom = Rom(
        prg=bytes(data[HEADER_BYTES : HEADER_BYTES + prg_size]),
        chr=bytes(data[HEADER_BYTES + prg_size : end]),
        mapper=flags6 >> 4 | (flags7 & 0xF0),
        vertical_mirroring=bool(flags6 & 1),
    )
    if rom.sha1 in _NROM_GAMES:
        # Headers of old dumps are often wrong; another cartridge would mix up the picture.
        rom = replace(rom, mapper=0, vertical_mirroring=True)
    if rom.title is None and rom.mapper != 0:
        raise RomError(
            f"the ROM's cartridge has mapper {rom.mapper}; Super Mario Bros. has 0 (NROM), "
            "so this is another game"
        )
    if rom.mapper == 0 and prg_size > 2 * PRG_UNIT:
        raise RomError(f"mapper 0 (NROM) has room for 32 KiB of program, the ROM has {prg_size}")
    return rom


def read_rom(path: str | Path) -> Rom:
    """Read a ROM file.

    Raises:
        RomError: If it cannot be read or is not usable; the message names the file.
    """
    file = Path(os.path.expanduser(path))
    try:
        with file.open("rb") as stream:
            data = stream.read(_MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        raise RomError(f"{file}: cannot be read: {reason_of(error)}") from None
    if len(data) > _MAX_FILE_BYTES:
        raise RomError(f"{file}: not an NES ROM: larger than {_MAX_FILE_BYTES} bytes")
    try:
        return parse_rom(data)
    except RomError as error:
        raise RomError(f"{file}: {error}") from None
