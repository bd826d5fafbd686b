"""Texts of one letter for each tile: the checks that all such formats share."""

from __future__ import annotations

from gym_mario_suite.engine.level_image import MAX_HEIGHT, MAX_WIDTH
from gym_mario_suite.errors import LevelError


def decoded(data: bytes) -> str:
    """The text of a file.

    Raises:
        LevelError: When it is no UTF-8; the message names row and column.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        row = before.count(b"\n") + 1
        column = error.start - (before.rfind(b"\n") + 1) + 1
        raise LevelError(
            f"not a text: the byte 0x{data[error.start]:02x} at row {row}, column {column} belongs "
            "to no UTF-8 character"
        ) from None


def without_end_blanks(text: str) -> str:
    """The text without the blanks that editors leave at the ends of lines."""
    return "\n".join(line.rstrip() for line in text.split("\n"))


def checked_rows(text: str, known: str, what: str) -> list[str]:
    """The rows of a text, all of one length and of known letters.

    Args:
        text: Lines ended by LF or CR LF; empty lines at the end do not count.
        known: The letters of the format.
        what: Name of the format for messages.

    Raises:
        LevelError: For an empty text, a row of another length than the first or an unknown letter
            (all with row and column, counted from 1), or a size out of bounds.
    """
    rows = text.replace("\r\n", "\n").split("\n")
    while rows and not rows[-1]:
        rows.pop()
    if not rows:
        raise LevelError(f"the {what} is empty: expected rows of the letters {known}")
    width = len(rows[0])
    if not 1 <= width <= MAX_WIDTH or len(rows) > MAX_HEIGHT:
        raise LevelError(
            f"a {what} has 1 to {MAX_WIDTH} columns and 1 to {MAX_HEIGHT} rows, got {width} and "
            f"{len(rows)}"
        )
    for number, row in enumerate(rows, 1):
        for column, letter in enumerate(row, 1):
            if letter not in known:
                raise LevelError(
                    f"unknown letter {letter!r} at row {number}, column {column} of the {what}: "
                    f"expected one of {known}"
                )
        if len(row) != width:
            raise LevelError(
                f"row {number} of the {what} has {len(row)} columns, but the first row has "
                f"{width}: they part at row {number}, column {min(len(row), width) + 1}"
            )
    return rows
