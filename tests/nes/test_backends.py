"""What every backend must do, on a program of our own."""

import hashlib
import threading
from contextlib import suppress

import numpy as np
import pytest

from gym_mario_suite.errors import OptionError, StateError
from gym_mario_suite.nes.backend import (
    RAM_BYTES,
    SCREEN_SHAPE,
    Backend,
    BackendError,
    NESButton,
    Watch,
    choose_backend,
    open_backend,
)
from gym_mario_suite.nes.rom import Rom, parse_rom
from tests.nes.own_rom import START_X, own_rom
from tests.processes import run_python

PAD, FRAMES, X, STATE = 0x10, 0x11, 0x86, 0x0E


def ram_of(backend: Backend) -> bytearray:
    ram = bytearray(RAM_BYTES)
    backend.read_ram(ram)
    return ram


def script(seed: int, frames: int) -> list[int]:
    return np.random.default_rng(seed).integers(0, 256, frames).tolist()


def play(backend: Backend, buttons: list[int]) -> str:
    """Hash of the RAM after every frame."""
    digest = hashlib.sha1()
    ram = bytearray(RAM_BYTES)
    for held in buttons:
        backend.run(held)
        backend.read_ram(ram)
        digest.update(ram)
    return digest.hexdigest()


def start_game(backend: Backend) -> None:
    backend.run(0, 30)
    backend.run(NESButton.START)
    backend.run(0, 60)


def test_it_keeps_the_protocol(backend: Backend, backend_name: str, rom: Rom):
    assert backend.name == backend_name
    assert backend.version[0].isdigit()
    assert backend.rom is rom


def test_every_button_arrives_as_its_bit(backend: Backend):
    backend.run(0, 30)
    for button in NESButton:
        # The program starts with START; it reads the pad all the same.
        backend.run(int(button), 2)
        assert ram_of(backend)[PAD] == button


def test_frames_are_frames(backend: Backend):
    backend.run(0, 30)
    before = ram_of(backend)[FRAMES]
    backend.run(0, 100)
    assert ram_of(backend)[FRAMES] == before + 100


def test_frames_until_what_is_watched_happens(backend: Backend, backend_name: str):
    def watch(changes: list[int], becomes: tuple[int, int]) -> Watch:
        numbers = (np.array(part, np.int64) for part in (changes, becomes, [FRAMES, X]))
        return Watch(*numbers)

    def frames(most: int, watched: Watch) -> np.ndarray:
        ram = bytearray(RAM_BYTES)
        traces = backend.frames(int(NESButton.RIGHT), most, ram, watched)
        assert 1 <= len(traces) <= most
        assert traces.dtype == np.uint8
        assert ram == ram_of(backend)
        assert traces[-1].tolist() == [ram[FRAMES], ram[X]]
        return traces

    start_game(backend)
    all_at_once = backend_name == "builtin"
    # Nothing happens: as many as were asked for, each of them traced.
    first = ram_of(backend)[FRAMES]
    traces = frames(9, watch([STATE], (STATE, 77)))
    assert traces[:, 0].tolist() == [first + 1 + i for i in range(len(traces))]
    assert len(traces) == (9 if all_at_once else 1)
    # A byte changes: with the first step to the right.
    assert len(frames(9, watch([STATE, X], (STATE, 77)))) == 1
    # A byte becomes a value.
    last = (ram_of(backend)[FRAMES] + 4) % 256
    traces = frames(9, watch([], (FRAMES, last)))
    assert len(traces) == (4 if all_at_once else 1)
    # What it was before does not count.
    assert len(frames(3, watch([STATE], (STATE, 77)))) == (3 if all_at_once else 1)


def test_a_frame_with_its_ram(backend: Backend):
    start_game(backend)
    state, ram = backend.save(), bytearray(RAM_BYTES)
    for held in script(9, 50):
        backend.frame(held, ram)
        assert ram == ram_of(backend)
    backend.load(state)
    for held in script(9, 50):
        backend.run(held)
    assert ram_of(backend) == ram


def test_a_sprite_moves(backend: Backend):
    start_game(backend)
    assert ram_of(backend)[X] == START_X
    screen, moved = np.zeros(SCREEN_SHAPE, np.uint8), np.zeros(SCREEN_SHAPE, np.uint8)
    backend.screen(screen)
    backend.run(NESButton.RIGHT, 10)
    assert ram_of(backend)[X] == START_X + 20
    backend.screen(moved)
    rows, columns = np.nonzero((screen != moved).any(axis=2))
    # Sprites appear a line later than their y; the crop takes 8 px away on every side.
    assert set(rows.tolist()) <= set(range(176 + 1 - 8, 176 + 9 - 8))
    assert min(columns) >= START_X - 8
    assert max(columns) < START_X + 20 + 8
    assert len(np.unique(screen.reshape(-1, 3), axis=0)) >= 4


def test_ram_can_be_written(backend: Backend):
    start_game(backend)
    backend.write_ram(X, 7)
    backend.write_ram(0x7FF, 9)
    assert ram_of(backend)[X] == 7
    backend.run(NESButton.RIGHT)
    assert ram_of(backend)[X] == 9
    assert ram_of(backend)[0x7FF] == 9
    for address, value in ((0x800, 0), (-1, 0), (0, 256)):
        with pytest.raises(ValueError, match="cannot write"):
            backend.write_ram(address, value)


def test_switching_off_and_on_begins_anew(backend: Backend):
    first = play(backend, script(0, 300))
    backend.write_ram(X, 7)
    backend.reset()
    assert play(backend, script(0, 300)) == first


def test_reading_changes_nothing(backend: Backend):
    screen = np.zeros(SCREEN_SHAPE, np.uint8)
    buttons = script(1, 300)
    expected = play(backend, buttons)
    backend.reset()
    digest = hashlib.sha1()
    for held in buttons:
        backend.run(held)
        backend.screen(screen)
        backend.save()
        digest.update(ram_of(backend))
    assert digest.hexdigest() == expected


def test_saving_and_loading_in_the_middle(backend: Backend, rom: Rom, backend_name: str):
    start_game(backend)
    play(backend, script(2, 100))
    backend.write_ram(X, 99)
    state = backend.save()
    assert isinstance(state, bytes)
    future = play(backend, script(3, 200))
    backend.load(state)
    assert play(backend, script(3, 200)) == future
    other = open_backend(rom, backend_name)
    other.load(state)
    assert play(other, script(3, 200)) == future
    other.close()


def test_many_consoles_in_turns_equal_consoles_alone(rom: Rom, backend_name: str):
    """5,000 frames of random play in each of four consoles of one process."""
    count, frames = 4, 5000
    consoles = [open_backend(rom, backend_name) for _ in range(count)]
    scripts = [script(seed, frames) for seed in range(count)]
    digests = [hashlib.sha1() for _ in range(count)]
    ram = bytearray(RAM_BYTES)
    if backend_name == "nes-py":
        frames //= 5  # slower
        scripts = [buttons[:frames] for buttons in scripts]
    for t in range(frames):
        for console, buttons, digest in zip(consoles, scripts, digests, strict=True):
            console.run(buttons[t])
            console.read_ram(ram)
            digest.update(ram)
    for console in consoles:
        console.close()
    for buttons, digest in zip(scripts, digests, strict=True):
        alone = open_backend(rom, backend_name)
        assert play(alone, buttons) == digest.hexdigest()
        alone.close()


def test_the_picture_survives_another_console(rom: Rom, backend_name: str):
    first, second = open_backend(rom, backend_name), open_backend(rom, backend_name)
    start_game(first)
    first.run(NESButton.RIGHT, 30)
    expected, got = np.zeros(SCREEN_SHAPE, np.uint8), np.zeros(SCREEN_SHAPE, np.uint8)
    first.screen(expected)
    second.run(0, 50)
    first.screen(got)
    assert np.array_equal(expected, got)
    first.run(NESButton.RIGHT)
    second.run(0)
    first.screen(got)
    assert not np.array_equal(expected, got)
    first.close()
    second.close()


def test_consoles_with_different_games(rom: Rom, backend_name: str):
    other_rom = parse_rom(own_rom(variant=1))
    first, second = open_backend(rom, backend_name), open_backend(other_rom, backend_name)
    buttons = script(4, 5)  # each turn loads a game anew
    hashes = [hashlib.sha1(), hashlib.sha1()]
    for held in buttons:
        for console, digest in zip((first, second), hashes, strict=True):
            console.run(held)
            digest.update(ram_of(console))
    # The variants differ in a byte that the program does not read.
    assert hashes[0].digest() == hashes[1].digest()
    first.close()
    second.close()


def test_consoles_on_threads(rom: Rom, backend_name: str):
    expected = {}
    for seed in range(3):
        console = open_backend(rom, backend_name)
        expected[seed] = play(console, script(seed, 300))
        console.close()
    got = {}

    def work(seed: int) -> None:
        console = open_backend(rom, backend_name)
        got[seed] = play(console, script(seed, 300))
        console.close()

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == expected


_OTHER_PROCESS = """
import sys
from pathlib import Path
from gym_mario_suite.nes.backend import open_backend
from gym_mario_suite.nes.rom import parse_rom
from tests.nes.own_rom import own_rom
from tests.nes.test_backends import play, script
console = open_backend(parse_rom(own_rom()), sys.argv[1])
console.load(bytes.fromhex(sys.stdin.read()))
print(play(console, script(6, 300)))
"""


def test_states_hold_in_another_process(backend: Backend, backend_name: str):
    start_game(backend)
    play(backend, script(5, 100))
    backend.write_ram(X, 50)
    state = backend.save()
    expected = play(backend, script(6, 300))
    result = run_python(_OTHER_PROCESS, backend_name, given=state.hex())
    assert result.stdout.split()[-1] == expected


@pytest.mark.parametrize("cut", [1, 5])
def test_bytes_that_are_no_state(backend: Backend, cut: int):
    start_game(backend)
    before = ram_of(backend)
    for bad in (backend.save()[:-cut] + b"\0" * (cut - 1), b"nonsense", b"\0" * 3):
        with pytest.raises(StateError):
            backend.load(bad)
        assert ram_of(backend) == before


def test_closing(rom: Rom, backend_name: str):
    console = open_backend(rom, backend_name)
    console.run(0)
    console.close()
    console.close()
    with pytest.raises(BackendError, match="closed"):
        console.run(0)
    with pytest.raises(BackendError, match="closed"):
        console.save()


def test_unknown_and_missing_backends(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(OptionError, match="there are auto, builtin, fceumm, nes-py"):
        choose_backend("zsnes")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(BackendError, match=r"emulator nes-py is not installed: pip.*\[nes\]"):
        choose_backend("nes-py")
    other_cartridge = Rom(bytes(0x8000), bytes(0x2000), mapper=40)
    with pytest.raises(BackendError, match=r"cartridge.*suite\[fceumm\].*suite\[nes\]"):
        choose_backend("auto", other_cartridge)
    with pytest.raises(BackendError, match=r"NROM \(mapper 0.*mapper 40"):
        open_backend(other_cartridge, "builtin")


def test_auto_takes_the_fastest_that_is_there(monkeypatch: pytest.MonkeyPatch):
    there = {"stable_retro", "nes_py"}
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name in there or None)
    assert choose_backend().name == "builtin"
    other_cartridge = Rom(bytes(0x8000), bytes(0x2000), mapper=40)
    assert choose_backend("auto", other_cartridge).name == "fceumm"
    there.remove("stable_retro")
    assert choose_backend("auto", other_cartridge).name == "nes-py"


def test_somebody_elses_emulator_is_named(rom: Rom, rom_file):
    stable_retro = pytest.importorskip("stable_retro")
    theirs = stable_retro.RetroEmulator(str(rom_file))
    with pytest.raises(BackendError, match="one emulator in a process"):
        open_backend(rom, "fceumm")
    del theirs
    console = open_backend(rom, "fceumm")
    console.run(0)
    console.close()
    # Ours is given back too.
    del console
    theirs = stable_retro.RetroEmulator(str(rom_file))
    del theirs


@pytest.mark.parametrize("seed", range(3))
def test_a_program_of_noise_harms_nobody(backend_name: str, seed: int):
    rng = np.random.default_rng(seed)
    banks, pictures = int(rng.integers(1, 3)), int(rng.integers(0, 3))
    noise = rng.integers(0, 256, banks * 16384 + pictures * 8192, dtype=np.uint8).tobytes()
    noise_rom = parse_rom(b"NES\x1a" + bytes([banks, pictures]) + bytes(10) + noise)
    console = open_backend(noise_rom, backend_name)
    # Ours says where the noise makes no sense; the others go on somehow.
    with suppress(BackendError):
        console.run(NESButton.START, 2)
    assert console.picture().shape == SCREEN_SHAPE
    state = console.save()
    with suppress(BackendError):
        console.run(0)
    console.load(state)
    console.close()


def test_ram_is_read_where_the_core_does_not_tell_where_it_is(
    rom: Rom, monkeypatch: pytest.MonkeyPatch
):
    pytest.importorskip("stable_retro")
    from gym_mario_suite.nes import fceumm

    first = open_backend(rom, "fceumm")
    expected = play(first, script(8, 100))
    first.close()
    monkeypatch.setattr(fceumm, "_memory_of_core", lambda retro: None)
    fceumm._core.release()
    second = open_backend(rom, "fceumm")
    assert fceumm._core.ram is None
    assert play(second, script(8, 100)) == expected
    second.close()
    fceumm._core.release()
