import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gym_mario_suite.nes.rom import (
    KNOWN_GAMES,
    SUPER_MARIO_BROS,
    RomError,
    parse_rom,
    read_rom,
)
from tests.nes.own_rom import own_rom

OWN = own_rom()


def changed(**flags: int) -> bytes:
    """Our ROM with other header bytes, `b6=0x10` and the like."""
    data = bytearray(OWN)
    for name, value in flags.items():
        data[int(name[1:])] = value
    return bytes(data)


def test_our_rom_is_read_and_written_back():
    rom = parse_rom(OWN)
    assert (len(rom.prg), len(rom.chr), rom.mapper) == (32768, 8192, 0)
    assert rom.vertical_mirroring
    assert rom.title is None
    assert rom.sha1 == hashlib.sha1(OWN[16:]).hexdigest()
    assert rom.to_ines() == OWN
    assert parse_rom(own_rom(variant=1)).sha1 != rom.sha1


def test_the_hash_leaves_the_header_out():
    dirty = OWN[:7] + b"DiskDude!" + OWN[16:]
    assert parse_rom(dirty).sha1 == parse_rom(OWN).sha1
    assert parse_rom(dirty).to_ines() == OWN


def test_a_known_game_has_its_own_cartridge_whatever_its_header_says(monkeypatch):
    sha1 = parse_rom(OWN).sha1
    monkeypatch.setattr("gym_mario_suite.nes.rom._NROM_GAMES", frozenset({sha1}))
    rom = parse_rom(changed(b6=0x10))
    assert (rom.mapper, rom.vertical_mirroring) == (0, True)
    assert rom.to_ines() == OWN


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "an empty file"),
        (b"Dear diary,\n" * 100, "no iNES header"),
        (OWN[:9], "cut off: 9 bytes, its header alone has 16"),
        (OWN[:16], "cut off: 16 bytes, its header promises 40976"),
        (OWN[:-1], "cut off: 40975 bytes"),
        (OWN + b"x", "1 bytes more"),
        (changed(b4=0), "no program"),
        (changed(b4=3) + bytes(16384), "room for 32 KiB"),
        (changed(b6=0x11), "mapper 1; Super Mario Bros. has 0"),
        (changed(b7=0x40), "mapper 64"),
        (changed(b6=0x05), "trainer"),
        (changed(b7=0x01), "arcade"),
        (changed(b9=0x01), "PAL"),
        (changed(b7=0x08, b12=0x01), "PAL"),
        (changed(b7=0x08, b9=0x01), "larger"),
    ],
)
def test_what_is_wrong_is_said(data: bytes, words: str):
    with pytest.raises(RomError) as raised:
        parse_rom(data)
    assert words in str(raised.value)


@given(st.binary(max_size=64), st.booleans())
def test_small_files_are_refused(data: bytes, with_magic: bool):
    with pytest.raises(RomError):
        parse_rom((b"NES\x1a" if with_magic else b"") + data)


@given(st.binary(min_size=12, max_size=12), st.integers(0, 40_960))
def test_any_header_over_our_rom_is_read_or_refused(header: bytes, length: int):
    data = b"NES\x1a" + header + OWN[16 : 16 + length]
    try:
        rom = parse_rom(data)
    except RomError:
        return
    assert len(rom.prg) + len(rom.chr) == length
    assert parse_rom(rom.to_ines()) == rom


def test_files_that_cannot_be_read(tmp_path: Path):
    for path, words in (
        (tmp_path / "none.nes", "No such file"),
        (tmp_path, "directory"),
        ("nul\0.nes", "null"),
    ):
        with pytest.raises(RomError, match=words):
            read_rom(path)
    large = tmp_path / "large.nes"
    with large.open("wb") as file:
        file.truncate(5_000_000)
    with pytest.raises(RomError, match="larger than"):
        read_rom(large)
    text = tmp_path / "text.nes"
    text.write_text("hello")
    with pytest.raises(RomError, match=r"text.nes: not an NES ROM"):
        read_rom(text)


def test_known_games_are_named():
    assert [KNOWN_GAMES[sha1] for sha1 in SUPER_MARIO_BROS] == [
        "Super Mario Bros. (World)",
        "Super Mario Bros. (Europe, revision A)",
    ]
    assert all(len(sha1) == 40 for sha1 in KNOWN_GAMES)
