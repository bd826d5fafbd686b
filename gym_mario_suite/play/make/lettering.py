"""Text in the game's font, and the low letters that it lacks, so that names show their case."""

from __future__ import annotations

import textwrap
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.play.canvas import CREAM, GLYPH_PX, INK, Canvas, Colour, base_letter

_TOP_PX = 2  # of the low letters, which stand on the same line as the others
_LOW = {
    "a": ".####. ##..## ###### ##..## ##..##",
    "b": "#####. ##..## #####. ##..## #####.",
    "c": ".##### ##.... ##.... ##.... .#####",
    "d": "#####. ##..## ##..## ##..## #####.",
    "e": "###### ##.... ####.. ##.... ######",
    "f": "###### ##.... ####.. ##.... ##....",
    "g": ".##### ##.... ##.### ##..## .#####",
    "h": "##..## ##..## ###### ##..## ##..##",
    "i": "###### ..##.. ..##.. ..##.. ######",
    "j": "....## ....## ....## ##..## .####.",
    "k": "##..## ##.##. ####.. ##.##. ##..##",
    "l": "##.... ##.... ##.... ##.... ######",
    "m": "##...## ###.### ####### ##.#.## ##...##",
    "n": "##...## ###..## ##.#.## ##..### ##...##",
    "o": ".####. ##..## ##..## ##..## .####.",
    "p": "#####. ##..## #####. ##.... ##....",
    "q": ".####. ##..## ##..## ##.##. .##.##",
    "r": "#####. ##..## #####. ##.##. ##..##",
    "s": ".##### ##.... .####. ....## #####.",
    "t": "###### ..##.. ..##.. ..##.. ..##..",
    "u": "##..## ##..## ##..## ##..## .####.",
    "v": "##..## ##..## ##..## .####. ..##..",
    "w": "##...## ##.#.## ####### ###.### ##...##",
    "x": "##..## .####. ..##.. .####. ##..##",
    "y": "##..## ##..## .####. ..##.. ..##..",
    "z": "###### ...##. ..##.. .##... ######",
}


def write(canvas: Canvas, x: int, y: int, text: str, colour: Colour = CREAM) -> int:
    """Write the editor's own words, all in capital letters; the x after them."""
    return canvas.text(x, y, text.upper(), colour)


def wrapped(text: str, room: int, most: int) -> list[str]:
    """Lines of at most `room` characters; what `most` lines do not hold ends in dots."""
    lines = textwrap.wrap(text, max(8, room)) or [""]
    if len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1][: room - 2] + ".."]
    return lines


def write_cased(canvas: Canvas, x: int, y: int, text: str, colour: Colour = CREAM) -> int:
    """Write a name or path: small letters are low capitals; the x after it."""
    for character in map(base_letter, text):
        if character in _LOW:
            mask = _mask(character)
            for shift, ink in ((1, INK), (0, colour)):
                drawn = np.broadcast_to(np.array(ink, np.uint8), (*mask.shape, 3))
                canvas.stamp_rgba(x + shift, y + _TOP_PX + shift, drawn, mask)
        else:
            canvas.text(x, y, character, colour)
        x += GLYPH_PX
    return x


@lru_cache(maxsize=32)
def _mask(character: str) -> NDArray[np.float64]:
    return np.array([[float(c == "#") for c in row] for row in _LOW[character].split()])
