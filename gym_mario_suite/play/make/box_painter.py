"""The boxes over the editor: forms, questions, files, help."""

from __future__ import annotations

import os
from typing import Any

from gym_mario_suite.play.canvas import (
    CREAM,
    GLYPH_PX,
    GOLD,
    GREEN,
    GREY,
    INK,
    RED,
    VIOLET,
    Canvas,
)
from gym_mario_suite.play.make.commands import MOUSE, SECTIONS
from gym_mario_suite.play.make.file_dialog import FileDialog
from gym_mario_suite.play.make.forms import ACCEPT, CANCEL, Form, HelpPage, Question
from gym_mario_suite.play.make.layout import Rect
from gym_mario_suite.play.make.lettering import wrapped, write, write_cased

Target = tuple[Rect, Any]
_ROW_PX = 17
_LABEL_PX = 92
_NOTE_PX = 10
_FILE_ROWS = 10


def paint_box(canvas: Canvas, box: Form | Question | HelpPage | FileDialog) -> list[Target]:
    """Paint a box over a dimmed editor; what can be clicked in it."""
    canvas.shade(0.45)
    if isinstance(box, Form):
        return _paint_form(canvas, box)
    if isinstance(box, FileDialog):
        found = _paint_files(canvas, box)
        if box.question is None:
            return found
        canvas.shade(0.45)
        return _paint_question(canvas, box.question)
    if isinstance(box, Question):
        return _paint_question(canvas, box)
    return _paint_help(canvas)


def _panel(canvas: Canvas, width: int, height: int, title: str) -> tuple[int, int]:
    """An empty panel in the middle; its left and top."""
    width, height = min(width, canvas.width_px - 8), min(height, canvas.height_px - 8)
    x, y = (canvas.width_px - width) // 2, (canvas.height_px - height) // 2
    canvas.panel(x, y, width, height, 0.97)
    canvas.text(x + (width - 2 * GLYPH_PX * len(title)) // 2, y + 11, title, GOLD, 2)
    return x, y


def _button(canvas: Canvas, x: int, y: int, label: str, lit: bool) -> Rect:
    width = GLYPH_PX * len(label) + 13
    canvas.fill(x, y + 1, width, 15, INK, 1)
    canvas.fill(x + 1, y, width - 2, 17, INK, 1)
    canvas.fill(x + 1, y + 1, width - 2, 15, GOLD if lit else VIOLET, 1)
    canvas.text(x + 7, y + 5, label, CREAM)
    return Rect(x, y, width, 17)


def _buttons(
    canvas: Canvas, x: int, y: int, width: int, labels: list[tuple[str, Any, bool]]
) -> list[Target]:
    """Buttons in the middle of a line."""
    wide = sum(GLYPH_PX * len(label) + 13 for label, _, _ in labels) + 10 * (len(labels) - 1)
    x += (width - wide) // 2
    found = []
    for label, target, lit in labels:
        rect = _button(canvas, x, y, label, lit)
        found.append((rect, target))
        x = rect.right + 10
    return found


def _paint_form(canvas: Canvas, form: Form) -> list[Target]:
    width = 440
    notes = wrapped(form.error or form.hint, (width - 32) // GLYPH_PX, 2)
    height = 92 + _ROW_PX * len(form.fields) + _NOTE_PX * (len(notes) - 1)
    x, y = _panel(canvas, width, height, form.title)
    top, found = y + 38, []
    for number, field in enumerate(form.fields):
        lit = number == form.focus
        row = top + number * _ROW_PX
        canvas.text(x + 16, row + 4, field.label, GOLD if lit else GREY)
        left, wide = x + 16 + _LABEL_PX, width - _LABEL_PX - 32
        canvas.fill(left, row, wide, 15, VIOLET if lit else (40, 32, 64), 1)
        room = (wide - 24) // GLYPH_PX if field.choices or field.number else (wide - 8) // GLYPH_PX
        value = field.value[-room:]
        if field.choices or field.number:
            found.append((Rect(left, row, wide, 15), number))
            for side, step, text in ((left, -1, "<"), (left + wide - 13, 1, ">")):
                canvas.text(side + 3, row + 4, text, GOLD if lit else GREY)
                found.append((Rect(side, row, 13, 15), (number, step)))
            end = write(canvas, left + 18, row + 4, value)
        else:
            found.append((Rect(left, row, wide, 15), number))
            end = write_cased(canvas, left + 4, row + 4, value)
        if lit and not field.choices:
            canvas.fill(end, row + 3, 1, 10, GOLD, 1)
    low = top + _ROW_PX * len(form.fields) + 4
    low = _write_notes(canvas, x + 16, low, notes, bool(form.error))
    buttons = [("OK", ACCEPT, True), ("CANCEL", CANCEL, False)]
    return [*found, *_buttons(canvas, x, low + 18, width, buttons)]


def _paint_question(canvas: Canvas, question: Question) -> list[Target]:
    labels = [
        (label, number, number == question.focus)
        for number, (_, label, _) in enumerate(question.answers)
    ]
    room = (canvas.width_px - 48) // GLYPH_PX
    lines = [part for line in question.lines for part in wrapped(line, room, 3)]
    widest = max(len(line) for line in lines)
    width = max(300, GLYPH_PX * widest + 40)
    height = 84 + 13 * len(lines)
    x, y = _panel(canvas, width, height, question.title)
    for number, line in enumerate(lines):
        left = x + (width - GLYPH_PX * len(line)) // 2
        write(canvas, left, y + 38 + 13 * number, line)
    return _buttons(canvas, x, y + height - 32, width, labels)


def _paint_files(canvas: Canvas, dialog: FileDialog) -> list[Target]:
    width = min(560, canvas.width_px - 24)
    hint = "TAB completes, the suffix says the format" if dialog.saving else "TAB completes"
    notes = wrapped(dialog.error or hint, (width - 32) // GLYPH_PX, 4)
    height = 100 + 13 * _FILE_ROWS + _NOTE_PX * (len(notes) - 1)
    x, y = _panel(canvas, width, height, dialog.title)
    found: list[Target] = []
    room = (width - 40) // GLYPH_PX
    canvas.fill(x + 14, y + 34, width - 28, 15, VIOLET, 1)
    text = dialog.text if len(dialog.text) <= room else ".." + dialog.text[2 - room :]
    end = write_cased(canvas, x + 18, y + 38, text)
    canvas.fill(end, y + 37, 1, 10, GOLD, 1)
    first = min(max(0, dialog.chosen - _FILE_ROWS // 2), max(0, len(dialog.entries) - _FILE_ROWS))
    for place, name in enumerate(dialog.entries[first : first + _FILE_ROWS]):
        number = first + place
        row = y + 55 + 13 * place
        if number == dialog.chosen:
            canvas.fill(x + 14, row - 2, width - 28, 12, GOLD, 0.35)
        colour = GOLD if number == dialog.chosen else GREEN if name.endswith(os.sep) else CREAM
        write_cased(canvas, x + 20, row, name[:room], colour)
        found.append((Rect(x + 14, row - 2, width - 28, 13), number))
    if len(dialog.entries) > _FILE_ROWS:
        tall = 13 * _FILE_ROWS
        share = _FILE_ROWS / len(dialog.entries)
        at = y + 53 + int(tall * first / len(dialog.entries))
        canvas.fill(x + width - 13, y + 53, 3, tall, INK, 1)
        canvas.fill(x + width - 13, at, 3, max(6, int(tall * share)), GREY, 1)
    low = y + 58 + 13 * _FILE_ROWS
    low = _write_notes(canvas, x + 16, low, notes, bool(dialog.error))
    label = "SAVE" if dialog.saving else "OPEN"
    buttons = [(label, ACCEPT, True), ("CANCEL", CANCEL, False)]
    return [*found, *_buttons(canvas, x, low + 14, width, buttons)]


def _write_notes(canvas: Canvas, x: int, y: int, notes: list[str], bad: bool) -> int:
    """Write a hint or what is wrong; the y of its last line."""
    for number, line in enumerate(notes):
        write(canvas, x, y + _NOTE_PX * number, line, RED if bad else GREY)
    return y + _NOTE_PX * (len(notes) - 1)


def _paint_help(canvas: Canvas) -> list[Target]:
    """Two columns of keys; any click closes it."""
    width, height = canvas.width_px - 16, canvas.height_px - 12
    x, y = _panel(canvas, width, height, "KEYS")
    blocks = [(name, [(row.label, row.meaning) for row in rows]) for name, rows in SECTIONS.items()]
    blocks.append(("MOUSE", list(MOUSE)))
    lines = sum(len(rows) for _, rows in blocks) + 2 * len(blocks)
    step = max(9, min(13, (height - 40) * 2 // (lines + 2)))
    half = (lines + 1) // 2
    column, row = 0, 0
    for name, rows in blocks:
        if column == 0 and row + (len(rows) + 1) // 2 > half:
            column, row = 1, 0
        left = x + 8 + column * (width // 2)
        top = y + 32
        canvas.text(left, top + row * step, name, GOLD)
        row += 1
        for label, meaning in rows:
            end = canvas.text(left + 4, top + row * step, label, GREEN)
            # In a small window what is too long for the column begins before it.
            latest = left + width // 2 - 14 - GLYPH_PX * len(meaning)
            at = max(min(left + 4 + 13 * GLYPH_PX, latest), end + GLYPH_PX)
            write(canvas, at, top + row * step, meaning)
            row += 1
        row += 1
    return [(Rect(0, 0, canvas.width_px, canvas.height_px), CANCEL)]
