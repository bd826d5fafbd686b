"""The console as a whole: against another emulator, and against bad input."""

from contextlib import suppress

import numpy as np
import pytest

from gym_mario_suite.errors import StateError
from gym_mario_suite.nes.backend import (
    BACKENDS,
    RAM_BYTES,
    SCREEN_SHAPE,
    BackendError,
    open_backend,
)
from gym_mario_suite.nes.console.console import Console
from gym_mario_suite.nes.console.layout import REGISTERS, R
from gym_mario_suite.nes.game import Game
from gym_mario_suite.nes.rom import Rom, parse_rom
from tests.nes.own_rom import own_rom

_FRAMES_OF_STAGE = 1000
_PROGRAM_BYTES = 0x4000
_PICTURES_EVERY = 97


def walks(seed: int, frames: int) -> list[int]:
    """Buttons of a player who mostly runs to the right, each held for a while."""
    rng = np.random.default_rng(seed)
    held = rng.choice([0x80, 0x81, 0x82, 0x83, 0x83, 0x40, 0x01, 0x00, 0x20, 0x10, 0x02], frames)
    return np.repeat(held, rng.integers(1, 25, frames))[:frames].tolist()


@pytest.fixture
def fceumm() -> str:
    if not BACKENDS["fceumm"].installed:
        pytest.skip("the emulator to compare with is not installed")
    return "fceumm"


def test_our_own_program_runs_as_on_another_emulator(fceumm: str):
    rom = parse_rom(own_rom())
    ours, theirs = open_backend(rom, "builtin"), open_backend(rom, fceumm)
    ram, expected = bytearray(RAM_BYTES), bytearray(RAM_BYTES)
    colours: dict[int, int] = {}
    for frame, buttons in enumerate(walks(0, 3000)):
        ours.frame(buttons, ram)
        theirs.frame(buttons, expected)
        assert ram == expected, f"frame {frame}"
        if frame % _PICTURES_EVERY == 0:
            match_colours(ours.picture(), theirs.picture(), colours)
    ours.close()
    theirs.close()


@pytest.mark.rom
@pytest.mark.parametrize("world", range(1, 9))
def test_the_real_game_has_the_same_memory_and_the_same_pictures(
    fceumm: str, real_rom: Rom, world: int
):
    """Every byte of RAM in every frame, and every dot, of all 32 stages."""
    ours, theirs = Game(open_backend(real_rom, "builtin")), Game(open_backend(real_rom, fceumm))
    colours: dict[int, int] = {}
    for stage in range(1, 5):
        ours.start((world, stage))
        theirs.start((world, stage))
        for frame, buttons in enumerate(walks(10 * world + stage, _FRAMES_OF_STAGE)):
            ours.frame(buttons)
            theirs.frame(buttons)
            assert ours.ram == theirs.ram, f"{world}-{stage}, frame {frame}"
            if frame % _PICTURES_EVERY == 0:
                match_colours(ours.backend.picture(), theirs.backend.picture(), colours)
    ours.backend.close()
    theirs.backend.close()


def match_colours(ours: np.ndarray, theirs: np.ndarray, colours: dict[int, int]) -> None:
    """The same picture, in other colours: one of theirs for each of ours, always the same."""
    weights = np.array([1 << 16, 1 << 8, 1])
    pairs = np.stack([ours.reshape(-1, 3) @ weights, theirs.reshape(-1, 3) @ weights], axis=1)
    for own, other in np.unique(pairs, axis=0).tolist():
        assert colours.setdefault(own, other) == other


def test_a_program_that_goes_astray_is_told_where():
    # The vectors lead to 8000, where there is no instruction.
    program = b"\x02" + bytes(_PROGRAM_BYTES - 7) + bytes([0x00, 0x80] * 3)
    console = Console(Rom(program, bytes(0x2000)))
    for _ in range(2):
        with pytest.raises(BackendError, match=r"stopped: byte 0x02 at 0x8000 .* not a known dump"):
            console.run(0)
    console.reset()
    assert console._registers[R.HALTED] == 0


def test_registers_of_a_state_are_checked():
    console = Console(parse_rom(own_rom()))
    console.run(0, 40)
    state = console.save()
    at = len(state) - console._lines.nbytes - 8 * REGISTERS
    for register in R:
        for value in (-1, 1 << 40):
            bad = bytearray(state)
            place = at + 8 * register
            bad[place : place + 8] = value.to_bytes(8, "little", signed=True)
            with pytest.raises(StateError, match="impossible"):
                console.load(bytes(bad))
            assert console.save() == state


@pytest.mark.parametrize("seed", range(5))
def test_states_of_noise_harm_nobody(seed: int):
    """Whatever the bytes: no address leaves the memory, and a frame ends."""
    console = Console(parse_rom(own_rom()))
    console.run(0, 10)
    rng = np.random.default_rng(seed)
    state = np.frombuffer(console.save(), np.uint8).copy()
    registers = len(state) - console._lines.nbytes - 8 * REGISTERS
    state[:registers] = rng.integers(0, 256, registers)
    state[registers + 8 * REGISTERS :] = rng.integers(0, 256, console._lines.nbytes)
    numbers = state[registers : registers + 8 * REGISTERS].view(np.int64)
    numbers[[R.PLACE, R.START_PLACE]] = rng.integers(0, 1 << 15, 2)
    numbers[[R.CONTROL, R.MASK, R.X, R.Y, R.S]] = rng.integers(0, 256, 5)
    console.load(state.tobytes())
    for _ in range(20):
        with suppress(BackendError):
            console.run(int(rng.integers(0, 256)))
        assert console.picture().shape == SCREEN_SHAPE
