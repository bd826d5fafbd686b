"""Where ROMs are found: an argument, the environment, the store, another package's folder."""

from __future__ import annotations

import importlib.metadata
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from gym_mario_suite.nes.rom import KNOWN_GAMES, SUPER_MARIO_BROS, Rom, RomError, read_rom
from gym_mario_suite.whole_file import require_folder, write_whole

ROM_VARIABLE = "GYM_MARIO_ROM"
STORE_VARIABLE = "GYM_MARIO_ROM_STORE"
_SHA1 = re.compile(r"[0-9a-f]{40}")
_DISTRIBUTION = "gym-super-mario-bros"


@dataclass(frozen=True)
class Place:
    """A place where a ROM may be, and what was found there.

    Attributes:
        name: What the place is.
        path: The file, if the place has one.
        rom: The game, if it can be used.
        note: Why not, or what the place says.
    """

    name: str
    path: Path | None
    rom: Rom | None
    note: str


def store_folder() -> Path:
    """The folder that `mario rom import` fills.

    `GYM_MARIO_ROM_STORE` if set, else the user's data folder as the system has it.
    """
    chosen = os.environ.get(STORE_VARIABLE)
    if chosen:
        return Path(os.path.expanduser(chosen))
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        base = "~/Library/Application Support"
    else:
        base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(os.path.expanduser(base)) / "gym-mario-suite" / "roms"


def import_rom(rom: Rom) -> Path:
    """Copy a game into the store, under its hash; all or nothing.

    Raises:
        OptionError: If the store cannot be written.
    """
    target = require_folder(store_folder()) / f"{rom.sha1}.nes"
    write_whole(target, rom.to_ines())
    return target


def places() -> list[Place]:
    """Every place that is looked in when no ROM is named, in that order."""
    return [_variable_place(), _store_place(), _distribution_place()]


def deciding_place(looked: list[Place]) -> Place | None:
    """The place that decides which ROM is played; without one in it, none is."""
    for place in looked:
        # Somebody chose the variable's: playing another one instead would hide a mistake in it.
        chosen = place.name == ROM_VARIABLE and place.path is not None
        if place.rom is not None or chosen:
            return place
    return None


def find_rom(path: str | Path | None = None) -> Rom:
    """The ROM to play.

    Args:
        path: A file. Without one: the file that `GYM_MARIO_ROM` names, Super Mario Bros. in the
            store, and that inside an installed `gym-super-mario-bros` distribution, which is read
            as a file and never imported.

    Raises:
        RomError: If there is none, with each place looked in and the way to mend it; or if the one
            that was named cannot be used.
    """
    if path is not None:
        return read_rom(path)
    looked = places()
    place = deciding_place(looked)
    if place is not None:
        if place.rom is None:
            raise RomError(f"the ROM that {ROM_VARIABLE} names is not usable: {place.note}")
        return place.rom
    lines = "; ".join(f"({i}) {place.name}: {place.note}" for i, place in enumerate(looked, 1))
    raise RomError(
        "no ROM of Super Mario Bros. was found, and none comes with this package. Looked in: "
        f"{lines}. To mend it, take a ROM of your own and run `mario rom import FILE`, or set "
        f"{ROM_VARIABLE}=FILE, or pass rom=FILE"
    )


def find_rom_by_hash(sha1: str) -> Rom:
    """The ROM that a replay or a state was made with, wherever it is found.

    Args:
        sha1: Of its program and pictures.

    Raises:
        RomError: If it is in none of the places; the message says what is there instead.
    """
    chosen = os.environ.get(ROM_VARIABLE)
    stored = store_folder() / f"{sha1}.nes"
    candidates = [Path(chosen)] if chosen else []
    if _SHA1.fullmatch(sha1) and os.path.exists(stored):
        candidates.append(stored)
    candidates += _distributed_files()
    others = []
    for path in candidates:
        try:
            rom = read_rom(path)
        except RomError:
            continue
        if rom.sha1 == sha1:
            return rom
        others.append(rom.title or f"SHA-1 {rom.sha1}")
    wanted = KNOWN_GAMES.get(sha1, "a ROM")
    there = f"there is {', '.join(dict.fromkeys(others))}" if others else "there is none here"
    raise RomError(
        f"{wanted} with SHA-1 {sha1} is needed; {there}. To mend it, run `mario rom import FILE` "
        f"with that ROM, or set {ROM_VARIABLE}=FILE"
    )


def _variable_place() -> Place:
    value = os.environ.get(ROM_VARIABLE)
    if not value:
        return Place(ROM_VARIABLE, None, None, "not set")
    return _checked(ROM_VARIABLE, Path(os.path.expanduser(value)))


def _store_place() -> Place:
    name, folder = "the store", store_folder()
    for sha1 in SUPER_MARIO_BROS:
        path = folder / f"{sha1}.nes"
        if os.path.exists(path):
            return _checked(name, path, (sha1,))
    return Place(name, None, None, f"{folder} does not hold it")


def _distribution_place() -> Place:
    name = f"the installed distribution {_DISTRIBUTION}"
    try:
        importlib.metadata.distribution(_DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        return Place(name, None, None, "not installed")
    for file in _distributed_files():
        place = _checked(name, file, SUPER_MARIO_BROS)
        if place.rom is not None:
            return place
    return Place(name, None, None, "installed, but holds no file of that game")


def _distributed_files() -> list[Path]:
    """The ROM files inside the distribution, if it is installed."""
    try:
        distribution = importlib.metadata.distribution(_DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        return []
    files = [file for file in distribution.files or () if file.suffix == ".nes"]
    return [Path(str(distribution.locate_file(file))) for file in sorted(files, key=str)]


def _checked(name: str, path: Path, dumps: tuple[str, ...] = ()) -> Place:
    """The place with the ROM in it, if it is one of these dumps (of any, where none is named)."""
    try:
        rom = read_rom(path)
    except RomError as error:
        return Place(name, path, None, str(error))
    if dumps and rom.sha1 not in dumps:
        return Place(name, path, None, f"{path}: another game or dump (SHA-1 {rom.sha1})")
    return Place(name, path, rom, str(path))
