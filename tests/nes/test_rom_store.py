import importlib.metadata
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gym_mario_suite import cli
from gym_mario_suite.doctor.finding import State
from gym_mario_suite.doctor.nes import check_nes
from gym_mario_suite.errors import OptionError
from gym_mario_suite.nes import rom_store
from gym_mario_suite.nes.rom import Rom, RomError
from gym_mario_suite.nes.rom_store import (
    find_rom,
    find_rom_by_hash,
    import_rom,
    places,
    store_folder,
)
from tests.nes.own_rom import own_rom


@pytest.fixture(autouse=True)
def empty_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable, an empty store, no distribution."""
    monkeypatch.delenv("GYM_MARIO_ROM", raising=False)
    monkeypatch.setenv("GYM_MARIO_ROM_STORE", str(tmp_path / "store"))

    def none(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", none)


@pytest.fixture
def known(rom: Rom, monkeypatch: pytest.MonkeyPatch) -> str:
    """Our ROM plays the part of Super Mario Bros."""
    monkeypatch.setattr(rom_store, "SUPER_MARIO_BROS", ("0" * 40, rom.sha1))
    monkeypatch.setattr("gym_mario_suite.nes.rom.KNOWN_GAMES", {rom.sha1: "The game"})
    return rom.sha1


def test_without_a_rom_every_place_and_the_way_out_are_named(tmp_path: Path):
    with pytest.raises(RomError) as raised:
        find_rom()
    message = str(raised.value)
    for words in (
        "(1) GYM_MARIO_ROM: not set",
        f"(2) the store: {tmp_path / 'store'} does not hold it",
        "(3) the installed distribution gym-super-mario-bros: not installed",
        "mario rom import FILE",
        "rom=FILE",
    ):
        assert words in message


def test_the_order_of_the_places(
    tmp_path: Path, rom: Rom, known: str, monkeypatch: pytest.MonkeyPatch
):
    package = tmp_path / "package"
    package.mkdir()
    (package / "other.nes").write_bytes(own_rom(variant=7))
    (package / "smb.nes").write_bytes(own_rom())

    class Distribution:
        files = (
            importlib.metadata.PackagePath("package/other.nes"),
            importlib.metadata.PackagePath("package/smb.nes"),
            importlib.metadata.PackagePath("package/code.py"),
        )

        def locate_file(self, file: object) -> Path:
            return tmp_path / str(file)

    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: Distribution())
    assert find_rom() == rom
    assert [place.rom is not None for place in places()] == [False, False, True]
    import_rom(rom)
    assert [place.rom is not None for place in places()] == [False, True, True]
    chosen = tmp_path / "chosen.nes"
    chosen.write_bytes(own_rom(variant=3))
    monkeypatch.setenv("GYM_MARIO_ROM", str(chosen))
    assert find_rom().prg[0x7000] == 3
    named = tmp_path / "named.nes"
    named.write_bytes(own_rom(variant=4))
    assert find_rom(named).prg[0x7000] == 4


def test_a_named_rom_that_is_broken_is_not_passed_over(
    tmp_path: Path, rom: Rom, known: str, monkeypatch: pytest.MonkeyPatch
):
    import_rom(rom)
    broken = tmp_path / "broken.nes"
    broken.write_bytes(own_rom()[:-5])
    monkeypatch.setenv("GYM_MARIO_ROM", str(broken))
    with pytest.raises(RomError, match=r"GYM_MARIO_ROM names.*cut off"):
        find_rom()
    told = run("where")
    assert "used" not in told.replace("no ROM is used", "")
    assert "no ROM is used: name another file in GYM_MARIO_ROM, or unset it" in told
    assert [finding.state for finding in check_nes()][-1] is State.WARNING


def test_a_file_in_the_store_that_was_changed_is_noticed(rom: Rom, known: str):
    import_rom(rom).write_bytes(own_rom(variant=1))
    with pytest.raises(RomError, match="another game or dump"):
        find_rom()


def test_a_store_that_cannot_be_written(tmp_path: Path, rom: Rom, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GYM_MARIO_ROM_STORE", str(tmp_path / "file" / "store"))
    with pytest.raises(OptionError, match="cannot write into"):
        import_rom(rom)


@pytest.mark.skipif(os.name == "nt", reason="there are no such modes")
def test_a_stored_rom_has_the_mode_of_any_new_file(tmp_path: Path, rom: Rom):
    (tmp_path / "new").write_bytes(b"")
    assert import_rom(rom).stat().st_mode == (tmp_path / "new").stat().st_mode


def test_the_store_is_in_the_users_data_folder(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("GYM_MARIO_ROM_STORE")
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere")
    monkeypatch.setattr("sys.platform", "linux")
    assert store_folder() == Path("/somewhere/gym-mario-suite/roms")


def run(*arguments: object) -> str:
    result = CliRunner().invoke(cli.app, ["rom", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0
    return result.output


def test_the_rom_command(tmp_path: Path, rom: Rom, rom_file: Path):
    assert rom.sha1 in run("check", rom_file)
    assert "not a known dump" in run("check", rom_file)
    with pytest.raises(RomError, match="not a known dump"):
        run("import", rom_file)
    assert not (tmp_path / "store").exists()
    assert "stored as" in run("import", "--unknown", rom_file)
    stored = tmp_path / "store" / f"{rom.sha1}.nes"
    assert stored.read_bytes() == own_rom()
    assert [file.name for file in stored.parent.iterdir()] == [stored.name]
    assert "no ROM" in run("where")


def test_the_rom_command_with_a_known_game(rom: Rom, rom_file: Path, known: str):
    assert "The game: 40976 bytes" in run("import", rom_file)
    assert "used  the store" in run("where")


def test_homes_of_nobody_and_long_names_are_places_without_a_rom(monkeypatch: pytest.MonkeyPatch):
    """As shells hand them on: `~` and a name that no user has."""
    with pytest.raises(RomError, match=r"~nobody-here/game\.nes: cannot be read"):
        run("check", "~nobody-here/game.nes")
    monkeypatch.setenv("GYM_MARIO_ROM", "~nobody-here/game.nes")
    monkeypatch.setenv("GYM_MARIO_ROM_STORE", "s" * 300)
    named, store, _ = places()
    assert "cannot be read" in named.note
    assert "does not hold it" in store.note
    with pytest.raises(RomError, match="is needed"):
        find_rom_by_hash("0" * 40)


def test_an_error_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as left:
        cli.main(["rom", "check", str(tmp_path / "none.nes")])
    assert left.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
