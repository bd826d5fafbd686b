"""The 6502's 151 documented instructions as tables: what each does, on what, and how long.

From MOS Technology's programming manual of 1976; the NES's processor leaves decimal mode out.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Mode(IntEnum):
    """How an instruction finds its operand."""

    IMPLIED = 0
    IMMEDIATE = 1
    ZERO = 2
    ZERO_X = 3
    ZERO_Y = 4
    ABSOLUTE = 5
    ABSOLUTE_X = 6
    ABSOLUTE_Y = 7
    INDIRECT = 8
    INDIRECT_X = 9
    INDIRECT_Y = 10
    RELATIVE = 11


_MODES = {
    "": Mode.IMPLIED,
    "#": Mode.IMMEDIATE,
    "z": Mode.ZERO,
    "zx": Mode.ZERO_X,
    "zy": Mode.ZERO_Y,
    "a": Mode.ABSOLUTE,
    "ax": Mode.ABSOLUTE_X,
    "ay": Mode.ABSOLUTE_Y,
    "i": Mode.INDIRECT,
    "ix": Mode.INDIRECT_X,
    "iy": Mode.INDIRECT_Y,
    "r": Mode.RELATIVE,
}

# Opcode, mode and cycles of each form. A plus sign: one cycle more where the address that an index
# leads to is in another page. (Branches have their own rule: one more if taken, two into another
# page.)
_FORMS = """
ADC 69#2 65z3 75zx4 6Da4 7Dax4+ 79ay4+ 61ix6 71iy5+
AND 29#2 25z3 35zx4 2Da4 3Dax4+ 39ay4+ 21ix6 31iy5+
ASL 06z5 16zx6 0Ea6 1Eax7
ASLA 0A2
BCC 90r2
BCS B0r2
BEQ F0r2
BIT 24z3 2Ca4
BMI 30r2
BNE D0r2
BPL 10r2
BRK 007
BVC 50r2
BVS 70r2
CLC 182
CLD D82
CLI 582
CLV B82
CMP C9#2 C5z3 D5zx4 CDa4 DDax4+ D9ay4+ C1ix6 D1iy5+
CPX E0#2 E4z3 ECa4
CPY C0#2 C4z3 CCa4
DEC C6z5 D6zx6 CEa6 DEax7
DEX CA2
DEY 882
EOR 49#2 45z3 55zx4 4Da4 5Dax4+ 59ay4+ 41ix6 51iy5+
INC E6z5 F6zx6 EEa6 FEax7
INX E82
INY C82
JMP 4Ca3 6Ci5
JSR 20a6
LDA A9#2 A5z3 B5zx4 ADa4 BDax4+ B9ay4+ A1ix6 B1iy5+
LDX A2#2 A6z3 B6zy4 AEa4 BEay4+
LDY A0#2 A4z3 B4zx4 ACa4 BCax4+
LSR 46z5 56zx6 4Ea6 5Eax7
LSRA 4A2
NOP EA2
ORA 09#2 05z3 15zx4 0Da4 1Dax4+ 19ay4+ 01ix6 11iy5+
PHA 483
PHP 083
PLA 684
PLP 284
ROL 26z5 36zx6 2Ea6 3Eax7
ROLA 2A2
ROR 66z5 76zx6 6Ea6 7Eax7
RORA 6A2
RTI 406
RTS 606
SBC E9#2 E5z3 F5zx4 EDa4 FDax4+ F9ay4+ E1ix6 F1iy5+
SEC 382
SED F82
SEI 782
STA 85z3 95zx4 8Da4 9Dax5 99ay5 81ix6 91iy6
STX 86z3 96zy4 8Ea4
STY 84z3 94zx4 8Ca4
TAX AA2
TAY A82
TSX BA2
TXA 8A2
TXS 9A2
TYA 982
"""


class Operation(IntEnum):
    """What an instruction does. `UNKNOWN` ones stop the processor here."""

    UNKNOWN = 0
    ADC = 1
    AND = 2
    ASL = 3
    ASLA = 4
    BCC = 5
    BCS = 6
    BEQ = 7
    BIT = 8
    BMI = 9
    BNE = 10
    BPL = 11
    BRK = 12
    BVC = 13
    BVS = 14
    CLC = 15
    CLD = 16
    CLI = 17
    CLV = 18
    CMP = 19
    CPX = 20
    CPY = 21
    DEC = 22
    DEX = 23
    DEY = 24
    EOR = 25
    INC = 26
    INX = 27
    INY = 28
    JMP = 29
    JSR = 30
    LDA = 31
    LDX = 32
    LDY = 33
    LSR = 34
    LSRA = 35
    NOP = 36
    ORA = 37
    PHA = 38
    PHP = 39
    PLA = 40
    PLP = 41
    ROL = 42
    ROLA = 43
    ROR = 44
    RORA = 45
    RTI = 46
    RTS = 47
    SBC = 48
    SEC = 49
    SED = 50
    SEI = 51
    STA = 52
    STX = 53
    STY = 54
    TAX = 55
    TAY = 56
    TSX = 57
    TXA = 58
    TXS = 59
    TYA = 60


_ROWS = [line.split() for line in _FORMS.split("\n") if line]
_WITHOUT_READING = frozenset({"STA", "STX", "STY", "JMP", "JSR"})


# A form as one number, so that the processor finds it with one load: the operation (8 bits), cycles
# (4), bytes (4), and these.
CYCLES_AT, BYTES_AT = 8, 12
CROSSING, READS, ADDS_X, ADDS_Y, TWO_BYTES, IN_ZERO_PAGE, INDIRECT, INDEXED, HAS_ADDRESS = (
    1 << bit for bit in range(16, 25)
)
_BYTES = {Mode.IMPLIED: 1, Mode.ABSOLUTE: 3, Mode.ABSOLUTE_X: 3, Mode.ABSOLUTE_Y: 3}
_BYTES[Mode.INDIRECT] = 3


def _form(name: str, mode: Mode, cycles: int, crossing: bool) -> int:
    size = _BYTES.get(mode, 2)
    has_address = mode not in (Mode.IMPLIED, Mode.IMMEDIATE, Mode.RELATIVE)
    flags = (
        (CROSSING, crossing),
        (READS, has_address and name not in _WITHOUT_READING),
        (ADDS_X, mode in (Mode.ZERO_X, Mode.ABSOLUTE_X, Mode.INDIRECT_X)),
        (ADDS_Y, mode in (Mode.ZERO_Y, Mode.ABSOLUTE_Y, Mode.INDIRECT_Y)),
        (TWO_BYTES, size == 3),
        (IN_ZERO_PAGE, mode in (Mode.ZERO, Mode.ZERO_X, Mode.ZERO_Y)),
        (INDIRECT, mode in (Mode.INDIRECT, Mode.INDIRECT_X, Mode.INDIRECT_Y)),
        (INDEXED, has_address and mode not in (Mode.ZERO, Mode.ABSOLUTE)),
        (HAS_ADDRESS, has_address),
    )
    form = Operation[name] | cycles << CYCLES_AT | size << BYTES_AT
    return form + sum(flag for flag, holds in flags if holds)


def _forms() -> NDArray[np.int64]:
    forms = np.zeros(256, np.int64)
    for name, *texts in _ROWS:
        for text in texts:
            crossing = text.endswith("+")
            rest = text[2:].removesuffix("+")
            forms[int(text[:2], 16)] = _form(name, _MODES[rest[:-1]], int(rest[-1]), crossing)
    return forms


# By opcode, int64[256]; 0 (no bytes, no cycles) for those that are none.
FORMS = _forms()
