"""Text, panels and lines in the look of the game, on a picture in memory."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.atlas import GLYPHS, atlas_picture

Colour = tuple[int, int, int]
Pixels = NDArray[np.uint8]

GLYPH_PX = 8
# Of the game's palette.
INK: Colour = (28, 20, 48)
CREAM: Colour = (255, 250, 236)
GREY: Colour = (162, 155, 184)
GOLD: Colour = (255, 212, 71)
RED: Colour = (255, 127, 99)
GREEN: Colour = (152, 218, 75)
BLUE: Colour = (134, 224, 245)
VIOLET: Colour = (106, 98, 133)
_NIGHT: Colour = (21, 23, 53)

KeyFace = tuple[Colour, Colour, Colour]  # its top, its side, its label
PLAIN: KeyFace = (CREAM, GREY, INK)
LIT: KeyFace = (GOLD, (166, 90, 30), INK)
UNLIT: KeyFace = ((71, 64, 98), (40, 30, 52), GREY)

_ARROWS = {
    "left": ("...#....", "..##....", ".#######", "########", ".#######", "..##....", "...#...."),
    "down": (".######.", ".######.", ".######.", "########", ".######.", "..####..", "...##..."),
    "up": ("...##...", "..####..", ".######.", "########", ".######.", ".######.", ".######."),
}


class Canvas:
    """Draws on `pixels`, uint8[height, width, 3]; what lies outside is left out."""

    def __init__(self, pixels: Pixels) -> None:
        self.pixels = pixels
        self.height_px, self.width_px = pixels.shape[:2]

    def shade(self, opacity: float, colour: Colour = _NIGHT) -> None:
        """Lay a veil over everything."""
        self._blend(self.pixels, colour, opacity)

    def fill(self, x: int, y: int, width: int, height: int, colour: Colour, opacity: float) -> None:
        """A rectangle."""
        box = self.pixels[max(0, y) : max(0, y + height), max(0, x) : max(0, x + width)]
        self._blend(box, colour, opacity)

    def panel(
        self,
        x: int,
        y: int,
        width: int,
        height: int,
        opacity: float = 0.88,
        shadow: bool = True,
    ) -> None:
        """A soft dark panel with rounded corners and a thin light edge."""
        if shadow:
            self.fill(x + 2, y + height, width - 4, 2, INK, 0.4)
        colours, shares = _panel(width, height, opacity)
        self.stamp_rgba(x, y, colours, shares)

    def text(self, x: int, y: int, text: str, colour: Colour = CREAM, scale: int = 1) -> int:
        """Write in the game's font, without accents; the x after it. `?` is what it lacks."""
        for character in text:
            shown, shadow = _glyph(character)
            if scale > 1:
                shown = shown.repeat(scale, 0).repeat(scale, 1)
                shadow = shadow.repeat(scale, 0).repeat(scale, 1)
            self._stamp(x, y, shadow, INK)
            self._stamp(x, y, shown, colour)
            x += GLYPH_PX * scale
        return x

    def centred(self, y: int, text: str, colour: Colour = CREAM, scale: int = 1) -> None:
        """Write in the middle of the line."""
        self.text((self.width_px - len(text) * GLYPH_PX * scale) // 2, y, text, colour, scale)

    def key_cap(self, x: int, y: int, label: str, face: KeyFace = PLAIN) -> int:
        """A key with its label or arrow; the x after it."""
        width = key_cap_width(label)
        top, side, ink = face
        self.fill(x + 1, y, width - 2, 13, INK, 1)
        self.fill(x, y + 1, width, 11, INK, 1)
        self.fill(x + 1, y + 9, width - 2, 3, side, 1)
        self.fill(x + 1, y + 1, width - 2, 9, top, 1)
        if label in _ARROW_MASKS:
            self._stamp(x + (width - 8) // 2, y + 2, _ARROW_MASKS[label], ink)
        else:
            left = x + (width - GLYPH_PX * len(label) + 1) // 2
            for character in label:
                self._stamp(left, y + 2, _glyph(character)[0], ink)
                left += GLYPH_PX
        return x + width

    def line(self, points: NDArray[np.floating], colour: Colour, opacity: float = 1) -> None:
        """A line through points, float[n, 2], x and y in px."""
        if len(points) == 0:
            return
        points = np.asarray(points, np.float64)
        steps = np.abs(np.diff(points, axis=0)).max(1) if len(points) > 1 else np.zeros(0)
        along = np.concatenate([[0.0], np.cumsum(np.maximum(steps, 1e-6))])
        at = np.linspace(0, along[-1], int(along[-1]) + 2)
        x = np.rint(np.interp(at, along, points[:, 0])).astype(np.int64)
        y = np.rint(np.interp(at, along, points[:, 1])).astype(np.int64)
        inside = (x >= 0) & (x < self.width_px) & (y >= 0) & (y < self.height_px)
        x, y = x[inside], y[inside]
        mixed = self.pixels[y, x] * (1 - opacity) + np.array(colour) * opacity
        self.pixels[y, x] = mixed.astype(np.uint8)

    def stamp_rgba(self, x: int, y: int, colours: Pixels, opacity: NDArray[np.floating]) -> None:
        """Lay a picture, uint8[h, w, 3], over this one where `opacity`, float[h, w], is not 0."""
        rows, columns, box = self._overlap(x, y, *opacity.shape)
        if box.size == 0:
            return
        share = opacity[rows, columns, None]
        box[:] = (box * (1 - share) + colours[rows, columns] * share).astype(np.uint8)

    def _overlap(self, x: int, y: int, height: int, width: int) -> tuple[slice, slice, Pixels]:
        """Rows and columns of a picture at (x, y) that are on the canvas, and where they lie."""
        top, left = max(0, -y), max(0, -x)
        bottom = max(top, min(height, self.height_px - y))
        right = max(left, min(width, self.width_px - x))
        box = self.pixels[y + top : y + bottom, x + left : x + right]
        if bottom == top or right == left:
            box = self.pixels[:0, :0]
        return slice(top, bottom), slice(left, right), box

    def _stamp(self, x: int, y: int, mask: NDArray[np.bool_], colour: Colour) -> None:
        rows, columns, box = self._overlap(x, y, *mask.shape)
        if box.size:
            box[mask[rows, columns]] = colour

    @staticmethod
    def _blend(box: Pixels, colour: Colour, opacity: float) -> None:
        if opacity >= 1:
            box[:] = colour
        else:
            box[:] = (box * (1 - opacity) + np.array(colour) * opacity).astype(np.uint8)


def key_cap_width(label: str) -> int:
    """Width of a key cap in px."""
    return 14 if label in _ARROW_MASKS else max(14, GLYPH_PX * len(label) + 5)


def base_letter(character: str) -> str:
    """A letter without its accents, which the font lacks; other characters as they are."""
    return unicodedata.normalize("NFKD", character)[0]


@lru_cache(maxsize=256)
def _glyph(character: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The strokes of a character and their shadow, bool[8, 8] each."""
    strokes = np.zeros((GLYPH_PX, GLYPH_PX), np.bool_)
    shadow = strokes.copy()
    base = base_letter(character)
    if base == " ":
        return strokes, shadow
    ink, solid, left, top = atlas_picture(GLYPHS + ord(base if base.isascii() else "?"))
    if not ink.size:
        return _glyph("?")
    # A picture's rows are padded to whole words.
    width = min(ink.shape[1], GLYPH_PX - left)
    box = np.s_[top : top + len(ink), left : left + width]
    light = ink[:, :width].max(2) > 128
    strokes[box] = solid[:, :width] & light
    shadow[box] = solid[:, :width] & ~light
    return strokes, shadow


@lru_cache(maxsize=32)
def _panel(width: int, height: int, opacity: float) -> tuple[Pixels, NDArray[np.floating]]:
    """Colours and opacity of a panel."""
    inside = np.ones((height + 2, width + 2), np.bool_)
    inside[[0, -1], :] = inside[:, [0, -1]] = False
    for row, inset in enumerate((3, 1, 1), 1):
        for side in (row, -1 - row):
            inside[side, : 1 + inset] = inside[side, -1 - inset :] = False
    core = inside[2:, 1:-1] & inside[:-2, 1:-1] & inside[1:-1, 2:] & inside[1:-1, :-2]
    inside = inside[1:-1, 1:-1]
    colours = np.where((inside & ~core)[..., None], np.array(VIOLET), np.array(INK))
    return colours.astype(np.uint8), inside * opacity


def _mask(rows: tuple[str, ...]) -> NDArray[np.bool_]:
    return np.array([[c == "#" for c in row] for row in rows])


_ARROW_MASKS = {name: _mask(rows) for name, rows in _ARROWS.items()}
_ARROW_MASKS["right"] = _ARROW_MASKS["left"][:, ::-1]
