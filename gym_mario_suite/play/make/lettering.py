"""Text of people's own in the game's font, which has capital letters only."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from gym_mario_suite.play.canvas import CREAM, GLYPH_PX, Canvas, Colour, Pixels

# Rows of a capital letter that a small one is made of: two less, on the same line.
_ROWS_KEPT = (0, 1, 3, 4, 6)
_SMALL_TOP_PX = 2
_KEY: Colour = (255, 0, 255)


def write(canvas: Canvas, x: int, y: int, text: str, colour: Colour = CREAM) -> int:
    """Write the editor's own words, all in capital letters; the x after them."""
    return canvas.text(x, y, text.upper().replace(";", ","), colour)


def write_cased(canvas: Canvas, x: int, y: int, text: str, colour: Colour = CREAM) -> int:
    """Write a name or path: small letters are low capitals, so that case can be seen."""
    for character in text:
        if character.islower() and character.isascii():
            _stamp_low(canvas, x, y, character, colour)
        else:
            canvas.text(x, y, character, colour)
        x += GLYPH_PX
    return x


def _stamp_low(canvas: Canvas, x: int, y: int, character: str, colour: Colour) -> None:
    drawn, opacity = _low(character, colour)
    canvas.stamp_rgba(x, y, drawn, opacity)


@lru_cache(maxsize=256)
def _low(character: str, colour: Colour) -> tuple[Pixels, np.ndarray]:
    pixels = np.full((GLYPH_PX, GLYPH_PX, 3), _KEY, np.uint8)
    Canvas(pixels).text(0, 0, character.upper(), colour)
    shown = (pixels != _KEY).any(2)
    rows = np.flatnonzero((pixels == colour).all(2).any(1))
    top = int(rows[0]) if len(rows) else 0
    kept = [top + row for row in _ROWS_KEPT if top + row < GLYPH_PX]
    found = np.zeros_like(pixels)
    opacity = np.zeros((GLYPH_PX, GLYPH_PX))
    at = top + _SMALL_TOP_PX
    found[at : at + len(kept)] = pixels[kept][: GLYPH_PX - at]
    opacity[at : at + len(kept)] = shown[kept][: GLYPH_PX - at]
    return found, opacity
