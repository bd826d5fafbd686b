"""`mario rom`: bring a ROM of your own, and see which one is used."""

# No `from __future__ import annotations`: Typer reads the annotations.

from pathlib import Path
from typing import Annotated

import typer

from gym_mario_suite.nes.rom import HEADER_BYTES, Rom, RomError, read_rom
from gym_mario_suite.nes.rom_store import deciding_place, import_rom, places, store_folder

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
File = Annotated[Path, typer.Argument(metavar="FILE", help="An iNES file (.nes).")]


@app.callback()
def _rom() -> None:
    """Bring a ROM of your own, and see which one is used."""


def _describe(rom: Rom) -> str:
    size = HEADER_BYTES + len(rom.prg) + len(rom.chr)
    return (
        f"{rom.title or 'unknown game'}: {size} bytes, PRG {len(rom.prg) // 1024} KiB, "
        f"CHR {len(rom.chr) // 1024} KiB, mapper {rom.mapper}, SHA-1 {rom.sha1}"
    )


@app.command(name="import", epilog="Example: mario rom import game.nes")
def import_command(
    file: File,
    unknown: Annotated[
        bool, typer.Option("--unknown", help="Also where the game is not a known one.")
    ] = False,
) -> None:
    """Check a ROM and copy it into the store, where the environments find it."""
    rom = read_rom(file)
    if rom.title is None and not unknown:
        raise RomError(
            f"{file}: not a known dump (SHA-1 {rom.sha1}); --unknown stores it all the same, and "
            "rom=FILE plays it"
        )
    typer.echo(_describe(rom))
    typer.echo(f"stored as {import_rom(rom)}")


@app.command(epilog="Example: mario rom check game.nes")
def check(file: File) -> None:
    """Say what a file is, and whether it can be played."""
    rom = read_rom(file)
    typer.echo(_describe(rom))
    if rom.title is None:
        typer.echo("not a known dump: it can be played with rom=FILE, if it is the game")


@app.command(epilog="Example: mario rom where")
def where() -> None:
    """List the places that are looked in, and the ROM that is used."""
    typer.echo(f"store: {store_folder()}")
    looked = places()
    decides = deciding_place(looked)
    for place in looked:
        mark = "used" if place is decides and place.rom is not None else "    "
        typer.echo(f"{mark}  {place.name}: {place.note}")
    if decides is None:
        typer.echo("no ROM: take one of your own and run `mario rom import FILE`")
    elif decides.rom is None:
        typer.echo(f"no ROM is used: name another file in {decides.name}, or unset it")
