"""Pictures of the atlas for people: the compact sheet and the labelled contact sheet."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SCALE = 3
SHEET_WIDTH_PX = 1320
MARGIN_PX = 12
BACKDROP = (88, 104, 128)
CELL = (104, 122, 148)
GAP_PX = 10
LABEL_LINE_PX = 9
THEME_NAMES = ("overground", "underground", "castle")

Picture = NDArray[np.uint8]


def encode_png(rgb: Picture) -> bytes:
    """Encode uint8[h, w, 3 or 4] as PNG (Pillow is needed for nothing else)."""
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, "PNG", optimize=True)
    return stream.getvalue()


def draw_atlas(arrays: Mapping[str, NDArray]) -> Picture:
    """All sprites, tiles, glyphs and icons at their own size, uint8[h, w, 4], see-through."""
    columns = 512
    bands = [
        _packed(arrays["sprites"], columns),
        _packed(arrays["tiles"], columns),
        _packed(np.concatenate([arrays["glyphs"][32:], arrays["icons"]]), columns),
    ]
    indices = np.concatenate(bands)
    rgba = np.zeros((*indices.shape, 4), np.uint8)
    rgba[..., :3] = arrays["palette"][indices]
    rgba[..., 3] = np.where(indices > 0, 255, 0)
    rgba[indices == 0] = 0
    return rgba


def draw_contact_sheet(arrays: Mapping[str, NDArray]) -> Picture:
    """Every frame and tile three times its size, with its name, and the backgrounds below."""
    painter = _Painter(arrays)
    codes = [*range(33, 96), ord("x")]
    parts = [
        painter.title("SPRITES"),
        painter.grid(arrays["sprites"], arrays["sprite_names"], trim=True),
        painter.title("TILES"),
        painter.grid(arrays["tiles"], arrays["tile_names"]),
        painter.title("FONT"),
        painter.grid(arrays["glyphs"][codes], [chr(code) for code in codes], hide_empty=True),
        painter.title("ICONS"),
        painter.grid(arrays["icons"], arrays["icon_names"]),
    ]
    for theme, name in enumerate(THEME_NAMES):
        parts += [painter.title(f"BACKGROUND: {name}"), painter.background(theme)]
    return np.concatenate(parts)


def _packed(pictures: Picture, width_px: int) -> Picture:
    """Lay out equal squares in rows of `width_px`."""
    count, side = len(pictures), pictures.shape[1]
    per_row = width_px // side
    rows = -(-count // per_row)
    padded = np.zeros((rows * per_row, side, side), np.uint8)
    padded[:count] = pictures
    return padded.reshape(rows, per_row, side, side).swapaxes(1, 2).reshape(rows * side, width_px)


class _Painter:
    """Draws indexed pictures and text of the atlas's own font onto rows of the sheet."""

    def __init__(self, arrays: Mapping[str, NDArray]) -> None:
        self._palette = arrays["palette"]
        self._glyphs = arrays["glyphs"]
        self._backgrounds = arrays["backgrounds"]

    def title(self, text: str) -> Picture:
        """A band with a heading."""
        band = self._band(30)
        self._text(band, MARGIN_PX, 10, text, scale=2)
        return band

    def grid(
        self,
        pictures: Picture,
        names: Iterable[str],
        *,
        trim: bool = False,
        hide_empty: bool = False,
    ) -> Picture:
        """Cells that flow from left to right, each as wide as its picture or its name."""
        cells = []
        for picture, name in zip(pictures, names, strict=True):
            if hide_empty and not picture.any():
                continue
            kept = _trimmed(picture) if trim else picture
            lines = _label_lines(str(name))
            width = max(kept.shape[1] * SCALE + 8, 8 * max(map(len, lines)))
            cells.append((kept, lines, width))
        rows: list[list[tuple[Picture, list[str], int]]] = [[]]
        used = MARGIN_PX
        for cell in cells:
            if used + cell[2] > SHEET_WIDTH_PX - MARGIN_PX:
                rows.append([])
                used = MARGIN_PX
            rows[-1].append(cell)
            used += cell[2] + GAP_PX
        return np.concatenate([self._row(row) for row in rows])

    def background(self, theme: int) -> Picture:
        """Far and near layer together, at double size as far as the sheet is wide."""
        far, near = self._backgrounds[theme]
        both = self._palette[np.where(near > 0, near, far)]
        large = both.repeat(2, axis=0).repeat(2, axis=1)
        band = self._band(large.shape[0] + MARGIN_PX)
        width = min(large.shape[1], SHEET_WIDTH_PX - 2 * MARGIN_PX)
        band[: large.shape[0], MARGIN_PX : MARGIN_PX + width] = large[:, :width]
        return band

    def _row(self, cells: Sequence[tuple[Picture, list[str], int]]) -> Picture:
        picture_px = max(picture.shape[0] for picture, _, _ in cells) * SCALE + 8
        label_px = max(len(lines) for _, lines, _ in cells) * LABEL_LINE_PX
        band = self._band(picture_px + label_px + GAP_PX)
        left = MARGIN_PX
        for picture, lines, width in cells:
            band[:picture_px, left : left + width] = CELL
            height_px, width_px = (side * SCALE for side in picture.shape)
            at_x = left + (width - width_px) // 2
            self._picture(band, at_x, picture_px - 4 - height_px, picture, SCALE)
            for number, line in enumerate(lines):
                self._text(band, left, picture_px + 2 + number * LABEL_LINE_PX, line)
            left += width + GAP_PX
        return band

    def _band(self, height_px: int) -> Picture:
        return np.full((height_px, SHEET_WIDTH_PX, 3), BACKDROP, np.uint8)

    def _text(self, band: Picture, x_px: int, y_px: int, text: str, scale: int = 1) -> None:
        for number, letter in enumerate(text.upper()):
            self._picture(band, x_px + 8 * scale * number, y_px, self._glyphs[ord(letter)], scale)

    def _picture(self, band: Picture, x_px: int, y_px: int, picture: Picture, scale: int) -> None:
        """Draw on the band; transparent pixels leave it as it is."""
        large = picture.repeat(scale, axis=0).repeat(scale, axis=1)
        place = band[y_px : y_px + large.shape[0], x_px : x_px + large.shape[1]]
        place[large > 0] = self._palette[large[large > 0]]


def _trimmed(picture: Picture) -> Picture:
    """Cut empty rows above and equal empty columns on both sides."""
    rows = np.flatnonzero(picture.any(axis=1))
    columns = np.flatnonzero(picture.any(axis=0))
    side = min(columns[0], picture.shape[1] - 1 - columns[-1])
    return picture[rows[0] :, side : picture.shape[1] - side]


def _label_lines(name: str, limit: int = 12) -> list[str]:
    """Break a name at underscores into lines of about `limit` letters."""
    lines = [""]
    for word in name.split("_") if len(name) > 1 else [name]:
        joined = f"{lines[-1]}_{word}" if lines[-1] else word
        if len(joined) <= limit or not lines[-1]:
            lines[-1] = joined
        else:
            lines.append(word)
    return lines
