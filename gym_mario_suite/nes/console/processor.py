"""The processor (2A03, a 6502 without decimal mode): the hot loop of the console.

Instruction by instruction; a register of another chip is read or written in the instruction's last
cycle. Two loops in which games do nothing but wait are passed over in one go, with the same result:
a jump to itself, and the question to the picture chip whether a flag has changed yet.
"""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.compiled import jit
from gym_mario_suite.nes.console.bus import read_elsewhere, write_elsewhere
from gym_mario_suite.nes.console.layout import (
    BLANK,
    CYCLE_DOTS,
    NEVER,
    PROGRAM,
    RAM_SIZE,
    R,
)
from gym_mario_suite.nes.console.opcodes import (
    ADDS_X,
    ADDS_Y,
    BYTES_AT,
    CROSSING,
    CYCLES_AT,
    FORMS,
    HAS_ADDRESS,
    IN_ZERO_PAGE,
    INDEXED,
    INDIRECT,
    READS,
    TWO_BYTES,
    Operation,
)
from gym_mario_suite.nes.console.video import CLEAR, catch_up

_NMI_VECTOR, _IRQ_VECTOR = 0xFFFA, 0xFFFE
_NMI_CYCLES = 7
_STACK = 0x0100
# Flags of the status register; BREAK and the bit above it are only in what is pushed.
_C, _Z, _I, _D, _BREAK, _ALWAYS, _N = 1, 2, 4, 8, 16, 32, 128
# LDA $2002; AND #flag; BEQ or BNE back to the LDA. The flag of the blank is another matter: a read
# clears it.
_LDA_ABSOLUTE, _AND_IMMEDIATE, _VIDEO_STATUS = 0xAD, 0x29, 0x2002
_WAIT_BYTES = 7
# BPL, BMI, BVC, BVS, BCC, BCS, BNE, BEQ.
_BRANCH_BITS, _BRANCH = 0x1F, 0x10
_LDA_DOTS, _LDA_AND_DOTS = 3 * CYCLE_DOTS, 6 * CYCLE_DOTS
_JUMP_DOTS = 3 * CYCLE_DOTS


@jit
def _word(memory, address):
    return np.int64(memory[address]) | np.int64(memory[address + 1]) << 8


@jit
def _pointed_at(memory, form, word, index):
    """The address that lies at an address, and what is still to be added to it."""
    if form & TWO_BYTES:
        # JMP (address): the upper half comes from the same page.
        above = (word & 0xFF00) | ((word + 1) & 0xFF)
        return np.int64(memory[word]) | np.int64(memory[above]) << 8, 0
    if form & ADDS_X:
        word, index = (word + index) & 0xFF, 0
    return np.int64(memory[word]) | np.int64(memory[(word + 1) & 0xFF]) << 8, index


@jit
def _round_dots(memory, target, behind):
    """The time of a round of the loop from `target` to a taken branch; 0 if it does not wait."""
    if not (
        memory[target] == _LDA_ABSOLUTE
        and _word(memory, target + 1) == _VIDEO_STATUS
        and memory[target + 3] == _AND_IMMEDIATE
        and memory[target + 4] & BLANK == 0
    ):
        return 0
    crosses = (target ^ behind) & 0xFF00 != 0
    return _LDA_AND_DOTS + (4 if crosses else 3) * CYCLE_DOTS


@jit
def _next_change(memory, registers, lines, until):
    """When a waiting program will first see another status, or `until`."""
    while (
        registers[R.HIT_AT] == NEVER
        and registers[R.EVENT] != CLEAR
        and registers[R.EVENT_AT] < until
    ):
        catch_up(memory, registers, lines, registers[R.EVENT_AT])
    return min(min(registers[R.HIT_AT], registers[R.EVENT_AT]), until)


@jit
def _flags(carry, overflow, zero_of, sign_of, rest):
    """The status register, of carry and overflow, the last result and the other flags."""
    zero = _Z if zero_of == 0 else 0
    return carry | zero | rest | overflow << 6 | sign_of & _N


@jit
def run_until(memory, registers, lines, until):
    """Run instructions until one ends at `until` (dots of this frame) or later.

    Args:
        memory: uint8[layout.BYTES].
        registers: int64[len(layout.R)].
        lines: int64[240], what the picture chip would draw.
        until: When.
    """
    pc, a, x, y = registers[R.PC], registers[R.A], registers[R.X], registers[R.Y]
    s, p = registers[R.S], registers[R.P]
    # Flags apart: those of the last result, and carry and overflow as 0 or 1.
    carry, overflow = p & _C, (p >> 6) & 1
    zero_of, sign_of = (p & _Z) ^ _Z, p & _N
    rest = p & (_I | _D)
    dot = registers[R.DOT]
    nmi = registers[R.NMI]
    halted = registers[R.HALTED]
    while dot < until:
        if halted:
            dot = until
            break
        if nmi:
            nmi = 0
            registers[R.NMI] = 0
            memory[_STACK | s] = pc >> 8
            memory[_STACK | (s - 1) & 0xFF] = pc & 0xFF
            flags = _flags(carry, overflow, zero_of, sign_of, rest)
            memory[_STACK | (s - 2) & 0xFF] = flags | _ALWAYS
            s = (s - 3) & 0xFF
            rest |= _I
            pc = _word(memory, _NMI_VECTOR)
            dot += _NMI_CYCLES * CYCLE_DOTS
            continue
        opcode = np.int64(memory[pc])
        if opcode & _BRANCH_BITS == _BRANCH:
            # One instruction of five; four flags, for both values.
            if opcode & 0x80:
                flag = (zero_of == 0) if opcode & 0x40 else (carry != 0)
            else:
                flag = (overflow != 0) if opcode & 0x40 else (sign_of & _N != 0)
            low = np.int64(memory[pc + 1])
            pc = (pc + 2) & 0xFFFF
            dot += 2 * CYCLE_DOTS
            if flag == (opcode & 0x20 != 0):
                target = (pc + low - ((low & 0x80) << 1)) & 0xFFFF
                dot += 2 * CYCLE_DOTS if (target ^ pc) & 0xFF00 else CYCLE_DOTS
                if target == pc - _WAIT_BYTES:
                    round_dots = _round_dots(memory, target, pc)
                    if round_dots:
                        change = _next_change(memory, registers, lines, until)
                        dot += max(0, change - (dot + _LDA_DOTS) - 1) // round_dots * round_dots
                pc = target
            continue
        form = FORMS[opcode]
        low = np.int64(memory[pc + 1])
        operation = form & 0xFF
        cycles = (form >> CYCLES_AT) & 0xF
        operand = address = low
        if form & HAS_ADDRESS:
            if form & TWO_BYTES:
                address |= np.int64(memory[pc + 2]) << 8
            if form & INDEXED:
                base, index = address, 0
                if form & ADDS_X:
                    index = x
                elif form & ADDS_Y:
                    index = y
                if form & INDIRECT:
                    base, index = _pointed_at(memory, form, base, index)
                address = (base + index) & (0xFF if form & IN_ZERO_PAGE else 0xFFFF)
                if form & CROSSING and (base ^ address) & 0xFF00:
                    cycles += 1
            if form & READS:
                operand = np.int64(memory[address])
                if RAM_SIZE <= address < PROGRAM:
                    at = dot + (cycles - 1) * CYCLE_DOTS
                    operand = read_elsewhere(memory, registers, lines, address, at)
        pc = (pc + ((form >> BYTES_AT) & 0xF)) & 0xFFFF
        # What is left to do after the switch: a result for the flags, a byte to be stored.
        result = -1
        stored = -1
        if operation == Operation.LDA:
            a = operand
            result = a
        elif operation == Operation.STA:
            stored = a
        elif operation == Operation.LDX:
            x = operand
            result = x
        elif operation == Operation.LDY:
            y = operand
            result = y
        elif operation == Operation.STX:
            stored = x
        elif operation == Operation.STY:
            stored = y
        elif operation == Operation.CMP:
            carry = 1 if a >= operand else 0
            result = (a - operand) & 0xFF
        elif operation == Operation.CPX:
            carry = 1 if x >= operand else 0
            result = (x - operand) & 0xFF
        elif operation == Operation.CPY:
            carry = 1 if y >= operand else 0
            result = (y - operand) & 0xFF
        elif operation == Operation.AND:
            a &= operand
            result = a
        elif operation == Operation.ORA:
            a |= operand
            result = a
        elif operation == Operation.EOR:
            a ^= operand
            result = a
        elif operation == Operation.ADC or operation == Operation.SBC:
            if operation == Operation.SBC:
                operand ^= 0xFF
            total = a + operand + carry
            overflow = ((a ^ total) & (operand ^ total)) >> 7 & 1
            carry = total >> 8
            a = total & 0xFF
            result = a
        elif operation == Operation.INX:
            x = (x + 1) & 0xFF
            result = x
        elif operation == Operation.INY:
            y = (y + 1) & 0xFF
            result = y
        elif operation == Operation.DEX:
            x = (x - 1) & 0xFF
            result = x
        elif operation == Operation.DEY:
            y = (y - 1) & 0xFF
            result = y
        elif operation == Operation.INC:
            result = (operand + 1) & 0xFF
            stored = result
        elif operation == Operation.DEC:
            result = (operand - 1) & 0xFF
            stored = result
        elif operation == Operation.TAX:
            x = a
            result = x
        elif operation == Operation.TAY:
            y = a
            result = y
        elif operation == Operation.TXA:
            a = x
            result = a
        elif operation == Operation.TYA:
            a = y
            result = a
        elif operation == Operation.TSX:
            x = s
            result = x
        elif operation == Operation.TXS:
            s = x
        elif operation == Operation.JMP:
            if address == (pc - 3) & 0xFFFF:
                dot += max(0, until - dot - 1) // _JUMP_DOTS * _JUMP_DOTS
            pc = address
        elif operation == Operation.JSR:
            back = (pc - 1) & 0xFFFF
            memory[_STACK | s] = back >> 8
            memory[_STACK | (s - 1) & 0xFF] = back & 0xFF
            s = (s - 2) & 0xFF
            pc = address
        elif operation == Operation.RTS:
            back = np.int64(memory[_STACK | (s + 1) & 0xFF])
            back |= np.int64(memory[_STACK | (s + 2) & 0xFF]) << 8
            s = (s + 2) & 0xFF
            pc = (back + 1) & 0xFFFF
        elif operation == Operation.ASL or operation == Operation.ASLA:
            value = a if operation == Operation.ASLA else operand
            carry = value >> 7
            result = (value << 1) & 0xFF
            if operation == Operation.ASLA:
                a = result
            else:
                stored = result
        elif operation == Operation.LSR or operation == Operation.LSRA:
            value = a if operation == Operation.LSRA else operand
            carry = value & 1
            result = value >> 1
            if operation == Operation.LSRA:
                a = result
            else:
                stored = result
        elif operation == Operation.ROL or operation == Operation.ROLA:
            value = a if operation == Operation.ROLA else operand
            result = (value << 1) & 0xFF | carry
            carry = value >> 7
            if operation == Operation.ROLA:
                a = result
            else:
                stored = result
        elif operation == Operation.ROR or operation == Operation.RORA:
            value = a if operation == Operation.RORA else operand
            result = value >> 1 | carry << 7
            carry = value & 1
            if operation == Operation.RORA:
                a = result
            else:
                stored = result
        elif operation == Operation.BIT:
            zero_of = a & operand
            sign_of = operand
            overflow = (operand >> 6) & 1
        elif operation == Operation.PHA:
            memory[_STACK | s] = a
            s = (s - 1) & 0xFF
        elif operation == Operation.PLA:
            s = (s + 1) & 0xFF
            a = np.int64(memory[_STACK | s])
            result = a
        elif operation == Operation.PHP or operation == Operation.BRK:
            flags = _flags(carry, overflow, zero_of, sign_of, rest)
            if operation == Operation.BRK:
                # The byte behind it is skipped.
                back = (pc + 1) & 0xFFFF
                memory[_STACK | s] = back >> 8
                memory[_STACK | (s - 1) & 0xFF] = back & 0xFF
                s = (s - 2) & 0xFF
                rest |= _I
                pc = _word(memory, _IRQ_VECTOR)
            memory[_STACK | s] = flags | _BREAK | _ALWAYS
            s = (s - 1) & 0xFF
        elif operation == Operation.PLP or operation == Operation.RTI:
            s = (s + 1) & 0xFF
            flags = np.int64(memory[_STACK | s])
            carry, overflow = flags & _C, (flags >> 6) & 1
            zero_of, sign_of = (flags & _Z) ^ _Z, flags & _N
            rest = flags & (_I | _D)
            if operation == Operation.RTI:
                pc = np.int64(memory[_STACK | (s + 1) & 0xFF])
                pc |= np.int64(memory[_STACK | (s + 2) & 0xFF]) << 8
                s = (s + 2) & 0xFF
        elif operation == Operation.CLC:
            carry = 0
        elif operation == Operation.SEC:
            carry = 1
        elif operation == Operation.CLI:
            rest &= ~_I
        elif operation == Operation.SEI:
            rest |= _I
        elif operation == Operation.CLV:
            overflow = 0
        elif operation == Operation.CLD:
            rest &= ~_D
        elif operation == Operation.SED:
            rest |= _D
        elif operation == Operation.UNKNOWN:
            halted = 1
        if result >= 0:
            zero_of = result
            sign_of = result
        if stored >= 0:
            if address < RAM_SIZE:
                memory[address] = stored
            elif address < PROGRAM:
                at = dot + (cycles - 1) * CYCLE_DOTS
                cycles += write_elsewhere(memory, registers, lines, address, stored, at)
                nmi = registers[R.NMI]
        dot += cycles * CYCLE_DOTS
    registers[R.PC], registers[R.A], registers[R.X], registers[R.Y] = pc, a, x, y
    registers[R.S] = s
    registers[R.P] = _flags(carry, overflow, zero_of, sign_of, rest)
    registers[R.DOT] = dot
    registers[R.HALTED] = halted
