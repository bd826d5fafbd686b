"""A small 6502 assembler, enough for the NES program that the tests run.

One instruction or label (`name:`) a line, `;` begins a comment. Operands are hexadecimal with `$`,
decimal, or a label; `.byte` lists bytes. The opcodes are those of the MOS 6502 data sheet.
"""

import re

# Mnemonic -> opcode by addressing mode. Modes: imp, imm, zp, zpx, abs, absx, rel.
OPCODES: dict[str, dict[str, int]] = {
    "adc": {"imm": 0x69, "zp": 0x65, "abs": 0x6D},
    "and": {"imm": 0x29, "zp": 0x25},
    "bcc": {"rel": 0x90},
    "bcs": {"rel": 0xB0},
    "beq": {"rel": 0xF0},
    "bit": {"zp": 0x24, "abs": 0x2C},
    "bne": {"rel": 0xD0},
    "bpl": {"rel": 0x10},
    "clc": {"imp": 0x18},
    "cld": {"imp": 0xD8},
    "cmp": {"imm": 0xC9, "zp": 0xC5, "abs": 0xCD},
    "dec": {"zp": 0xC6, "abs": 0xCE},
    "dex": {"imp": 0xCA},
    "inc": {"zp": 0xE6, "abs": 0xEE},
    "inx": {"imp": 0xE8},
    "jmp": {"abs": 0x4C},
    "jsr": {"abs": 0x20},
    "lda": {"imm": 0xA9, "zp": 0xA5, "abs": 0xAD, "absx": 0xBD},
    "ldx": {"imm": 0xA2, "zp": 0xA6},
    "lsr": {"imp": 0x4A},
    "pha": {"imp": 0x48},
    "pla": {"imp": 0x68},
    "ror": {"zp": 0x66},
    "rti": {"imp": 0x40},
    "rts": {"imp": 0x60},
    "sbc": {"imm": 0xE9, "zp": 0xE5},
    "sec": {"imp": 0x38},
    "sei": {"imp": 0x78},
    "sta": {"zp": 0x85, "zpx": 0x95, "abs": 0x8D, "absx": 0x9D},
    "stx": {"zp": 0x86, "abs": 0x8E},
    "tax": {"imp": 0xAA},
    "txa": {"imp": 0x8A},
    "txs": {"imp": 0x9A},
}
SIZES = {"imp": 1, "imm": 2, "zp": 2, "zpx": 2, "rel": 2, "abs": 3, "absx": 3}


def number(text: str, labels: dict[str, int]) -> int:
    """The value of an operand; a label that is not known yet is far away."""
    if text.startswith("$"):
        return int(text[1:], 16)
    if text.isdigit():
        return int(text)
    return labels.get(text, 0xFFFF)


def encode(line: str, address: int, labels: dict[str, int]) -> bytes:
    """One instruction at `address`."""
    mnemonic, _, operand = line.partition(" ")
    operand = operand.strip()
    if mnemonic == ".byte":
        return bytes(number(item.strip(), labels) for item in operand.split(","))
    modes = OPCODES[mnemonic]
    if not operand:
        return bytes([modes["imp"]])
    if operand.startswith("#"):
        return bytes([modes["imm"], number(operand[1:], labels)])
    text, indexed, _ = operand.partition(",x")
    value = number(text, labels)
    if "rel" in modes:
        offset = value - (address + 2) if text in labels else 0
        if not -128 <= offset <= 127:
            raise ValueError(f"the branch `{line}` goes {offset} bytes")
        return bytes([modes["rel"], offset & 0xFF])
    suffix = "x" if indexed else ""
    if value < 0x100 and f"zp{suffix}" in modes:
        return bytes([modes[f"zp{suffix}"], value])
    return bytes([modes[f"abs{suffix}"], value & 0xFF, value >> 8])


def assemble(source: str, origin: int) -> tuple[bytes, dict[str, int]]:
    """Machine code for `origin` on, and the addresses of the labels."""
    lines = [re.sub(r"\s+", " ", line.partition(";")[0].strip()) for line in source.splitlines()]
    labels: dict[str, int] = {}
    code = b""
    for _ in range(2):
        code = b""
        for line in filter(None, lines):
            if line.endswith(":"):
                labels[line[:-1]] = origin + len(code)
            else:
                code += encode(line, origin + len(code), labels)
    return code, labels
