"""The processor against py65, another 6502: single instructions in random states."""

import numpy as np
import pytest
from numpy.typing import NDArray
from py65.devices.mpu6502 import MPU

from gym_mario_suite.nes.console import processor
from gym_mario_suite.nes.console.layout import (
    BYTES,
    CYCLE_DOTS,
    LINES,
    NEVER,
    PROGRAM,
    PROGRAM_SIZE,
    RAM_SIZE,
    REGISTERS,
    R,
)
from gym_mario_suite.nes.console.opcodes import FORMS, Operation
from gym_mario_suite.nes.console.processor import run_until

DOCUMENTED = np.flatnonzero(FORMS).tolist()
_DECIMAL, _BREAK, _ALWAYS = 0x08, 0x10, 0x20
_WHERE = PROGRAM + 0x4000
_STATES = 100
# DEC with an absolute address takes 6 cycles (MOS's manual, appendix B); py65 1.2.0 says 3.
_CYCLES_OF_OTHERS_FAULTS = {0xCE: 6}


class Pair:
    """The same memory and registers in both processors."""

    def __init__(self, rng: np.random.Generator, opcode: int) -> None:
        self.memory = np.zeros(BYTES, np.uint8)
        self.memory[:RAM_SIZE] = rng.integers(0, 256, RAM_SIZE)
        self.memory[PROGRAM : PROGRAM + PROGRAM_SIZE] = rng.integers(0, 256, PROGRAM_SIZE)
        # Addresses that are RAM or program, in the operand and in the zero page.
        upper = np.concatenate([np.arange(8), np.arange(0x80, 0x100)])
        self.memory[1:0x100:2] = rng.choice(upper, 128)
        self.memory[0:0x100:2] = rng.choice(upper, 128)
        self.memory[_WHERE] = opcode
        self.memory[_WHERE + 2] = rng.choice(upper)
        self.registers = np.zeros(REGISTERS, np.int64)
        self.registers[[R.A, R.X, R.Y, R.S]] = rng.integers(0, 256, 4)
        # py65 has the decimal mode that this processor lacks.
        self.registers[R.P] = rng.integers(0, 256) & ~(_DECIMAL | _BREAK | _ALWAYS)
        self.registers[R.PC] = _WHERE
        self.registers[[R.EVENT_AT, R.HIT_AT]] = NEVER
        other = self.memory[:0x10000].copy()
        # An index may lead behind RAM's end, where it is once more.
        self._again = self.memory[:0x100].copy()
        other[RAM_SIZE : RAM_SIZE + 0x100] = self._again
        self.other = MPU(memory=other.tolist(), pc=_WHERE)
        for name, register in (("a", R.A), ("x", R.X), ("y", R.Y), ("sp", R.S), ("p", R.P)):
            setattr(self.other, name, int(self.registers[register]))

    def run_other(self) -> int:
        """One instruction of py65; its cycles."""
        before = self.other.processorCycles
        self.other.step()
        return self.other.processorCycles - before

    def others_ram(self) -> NDArray[np.uint8]:
        memory = np.array(self.other.memory[: RAM_SIZE + 0x100], np.uint8)
        written = np.flatnonzero(memory[RAM_SIZE:] != self._again)
        memory[written] = memory[RAM_SIZE + written]
        return memory[:RAM_SIZE]

    def run_ours(self) -> int:
        run_until(self.memory, self.registers, np.zeros(LINES, np.int64), 1)
        return int(self.registers[R.DOT]) // CYCLE_DOTS


@pytest.mark.parametrize("opcode", DOCUMENTED, ids=[f"{opcode:02x}" for opcode in DOCUMENTED])
def test_an_instruction_does_what_it_does_elsewhere(opcode: int):
    rng = np.random.default_rng(opcode)
    for _ in range(_STATES):
        pair = Pair(rng, opcode)
        cycles = pair.run_other()
        expected = [getattr(pair.other, name) for name in ("pc", "a", "x", "y", "sp")]
        flags = pair.other.p & ~(_BREAK | _ALWAYS)
        reached = pair.run_ours()
        assert pair.registers[[R.PC, R.A, R.X, R.Y, R.S]].tolist() == expected
        assert pair.registers[R.P] == flags
        assert np.array_equal(pair.memory[:RAM_SIZE], pair.others_ram())
        assert reached == _CYCLES_OF_OTHERS_FAULTS.get(opcode, cycles)


def test_there_are_151_and_the_rest_stands_still():
    assert len(DOCUMENTED) == 151
    for opcode in set(range(256)) - set(DOCUMENTED):
        assert FORMS[opcode] == Operation.UNKNOWN
        pair = Pair(np.random.default_rng(0), opcode)
        run_until(pair.memory, pair.registers, np.zeros(LINES, np.int64), 1000)
        assert pair.registers[R.HALTED]
        assert pair.registers[R.PC] == _WHERE
        assert pair.registers[R.DOT] >= 1000


def test_decimal_mode_changes_nothing():
    pair = Pair(np.random.default_rng(0), 0x69)
    pair.memory[_WHERE + 1] = 0x05
    pair.registers[R.A], pair.registers[R.P] = 0x05, _DECIMAL
    pair.run_ours()
    assert pair.registers[R.A] == 0x0A
    assert pair.registers[R.P] & _DECIMAL


def test_the_interrupt_pushes_what_rti_pulls():
    pair = Pair(np.random.default_rng(1), 0xEA)
    memory, registers = pair.memory, pair.registers
    memory[0xFFFA:0xFFFC] = 0x00, 0x90
    memory[0x9000] = 0x40
    registers[R.NMI], registers[R.S], registers[R.P] = 1, 0x01, 0xC3
    lines = np.zeros(LINES, np.int64)
    run_until(memory, registers, lines, 1)
    assert registers[R.PC] == 0x9000
    # The stack goes on at its top.
    assert memory[[0x101, 0x100, 0x1FF]].tolist() == [_WHERE >> 8, _WHERE & 0xFF, 0xE3]
    assert registers[R.DOT] == 7 * CYCLE_DOTS
    run_until(memory, registers, lines, 7 * CYCLE_DOTS + 1)
    assert (registers[R.PC], registers[R.S], registers[R.P]) == (_WHERE, 0x01, 0xC3)


def test_jumps_through_a_pointer_stay_in_its_page():
    pair = Pair(np.random.default_rng(2), 0x6C)
    pair.memory[_WHERE + 1 : _WHERE + 3] = 0xFF, 0x02
    pair.memory[0x2FF], pair.memory[0x200], pair.memory[0x300] = 0x34, 0x92, 0x93
    pair.run_ours()
    assert pair.registers[R.PC] == 0x9234


def test_waiting_in_one_go_is_waiting(monkeypatch: pytest.MonkeyPatch):
    """The loops that are passed over, interpreted by Python round by round."""
    from gym_mario_suite.nes.console.console import Console
    from gym_mario_suite.nes.console.frames import run_frame, run_frames
    from gym_mario_suite.nes.rom import parse_rom
    from tests.nes.own_rom import own_rom

    quick, slow = Console(parse_rom(own_rom())), Console(parse_rom(own_rom()))
    passed_over = []
    original = processor._round_dots

    def never(memory, target, behind):
        passed_over.append(original(memory, target, behind))
        return 0

    quick.run(0, 30)
    slow.load(quick.save())
    monkeypatch.setattr(processor, "_round_dots", never)
    monkeypatch.setitem(run_frames.py_func.__globals__, "run_until", run_until.py_func)
    monkeypatch.setitem(run_frames.py_func.__globals__, "run_frame", run_frame.py_func)
    for buttons in (8, 0, 128, 0):
        quick.run(buttons)
        run_frames.py_func(slow._memory, slow._registers, slow._lines, buttons, 1)
        assert slow.save() == quick.save()
