"""Readers for the text form of the art: the palette and the pixel maps.

A palette line is ``KEY RRGGBB  words``. A key of one character may be used in pixel maps; longer
keys are names that only the background painters use. Index 0 is transparent, written ``.`` in a
map. A pixel map is a header line and its rows::

    [goomba_0] anchor=bottom-center
    ..kk..
    .kPPk.

    [fire_stand] = [large_stand] swap r>w,n>r
    [hill_right] = [hill_left] mirror

Lines that start with ``#`` are comments. Every problem is an `ArtError` that names file and line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

TRANSPARENT = "."
RESERVED_KEYS = frozenset(".#[>, ")
MAX_SIDE_PX = {"bottom-center": 32, "tile": 16, "glyph": 8}

_HEADER = re.compile(r"\[(?P<name>[^\[\]]+|\]|\[)\](?P<rest>.*)$")
_DERIVED = re.compile(r"=\s*\[(?P<base>[^\[\]]+)\](?P<steps>.*)$")


class ArtError(ValueError):
    """A mistake in an art file, with the place where it stands."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        """Compose the usual ``file:line: message``."""
        super().__init__(f"{path}:{line}: {message}")


@dataclass(frozen=True)
class Palette:
    """Up to 255 colours; index 0 is transparent.

    Attributes:
        index_of: palette index of every key, one-character keys and names alike.
        rgb: uint8[256, 3], unused entries black.
    """

    index_of: dict[str, int]
    rgb: NDArray[np.uint8]


@dataclass(frozen=True)
class PixelMap:
    """One named picture.

    Attributes:
        name: what stands between the brackets of its header.
        anchor: ``bottom-center``, ``tile`` or ``glyph``.
        pixels: palette indices, uint8[height, width].
        path: the file it is drawn in.
        line: the line of its header.
    """

    name: str
    anchor: str
    pixels: NDArray[np.uint8]
    path: Path
    line: int


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line number, stripped text) for the lines that are neither blank nor comments.

    Raises:
        ArtError: at the first line that is not plain ASCII.
    """
    content = path.read_text(encoding="utf-8", errors="replace")
    for number, text in enumerate(content.splitlines(), start=1):
        if not text.isascii():
            raise ArtError(path, number, "only ASCII is allowed")
        if text.strip() and not text.startswith("#"):
            yield number, text.strip()


def read_palette(path: Path) -> Palette:
    """Read ``palette.txt``; indices follow the order of the lines.

    Raises:
        ArtError: for a bad key, a bad colour, a key used twice or more than 255 colours.
    """
    index_of = {TRANSPARENT: 0}
    rgb = np.zeros((256, 3), np.uint8)
    for line, text in read_lines(path):
        if text.startswith("["):
            continue
        key, _, rest = text.partition(" ")
        value = rest.strip()[:6]
        if not re.fullmatch(r"[0-9a-fA-F]{6}", value):
            raise ArtError(path, line, f"colour of {key!r} is not RRGGBB: {value!r}")
        if len(key) == 1 and key in RESERVED_KEYS:
            raise ArtError(path, line, f"{key!r} has a meaning of its own and cannot be a key")
        if key in index_of:
            raise ArtError(path, line, f"key {key!r} is used twice")
        if len(index_of) > 255:
            raise ArtError(path, line, "more than 255 colours")
        rgb[len(index_of)] = list(bytes.fromhex(value))
        index_of[key] = len(index_of)
    return Palette(index_of, rgb)


def read_pixel_maps(paths: Iterable[Path], palette: Palette) -> dict[str, PixelMap]:
    """Read every block of the given files, in order; derived maps may use any earlier block.

    Raises:
        ArtError: for a name used twice, an unknown key, ragged rows, a map too large for its
            anchor, an odd width where the middle matters, or an unknown base or step.
    """
    maps: dict[str, PixelMap] = {}
    for path in paths:
        for line, header, rows in _blocks(path):
            match = _HEADER.match(header)
            if match is None:
                raise ArtError(path, line, f"not a header: {header!r}")
            name, rest = match["name"], match["rest"].strip()
            if name in maps:
                raise ArtError(path, line, f"{name!r} is drawn twice")
            if rest.startswith("="):
                if rows:
                    raise ArtError(path, rows[0][0], f"derived map {name!r} cannot have rows")
                maps[name] = _derive(path, line, name, rest, maps, palette)
            else:
                maps[name] = _draw(path, line, name, rest, rows, palette)
    return maps


def _blocks(path: Path) -> Iterator[tuple[int, str, list[tuple[int, str]]]]:
    """Yield (line number, header, rows) of each block."""
    block: tuple[int, str, list[tuple[int, str]]] | None = None
    for number, text in read_lines(path):
        if text.startswith("["):
            if block is not None:
                yield block
            block = (number, text, [])
        elif block is None:
            raise ArtError(path, number, "rows before the first [name]")
        else:
            block[2].append((number, text))
    if block is not None:
        yield block


def _draw(
    path: Path,
    line: int,
    name: str,
    options: str,
    rows: list[tuple[int, str]],
    palette: Palette,
) -> PixelMap:
    """Turn the rows of one block into palette indices."""
    words: dict[str, str] = {}
    for word in options.split():
        key, _, value = word.partition("=")
        words[key] = value
    anchor = words.pop("anchor", "")
    shadow = words.pop("shadow", "")
    if words or anchor not in MAX_SIDE_PX:
        raise ArtError(path, line, f"{name!r}: want anchor={'|'.join(MAX_SIDE_PX)} [shadow=KEY]")
    if not rows:
        raise ArtError(path, line, f"{name!r} has no rows")
    width, side = len(rows[0][1]), MAX_SIDE_PX[anchor]
    for number, row in rows:
        if len(row) != width:
            raise ArtError(path, number, f"{name!r}: {len(row)} pixels, the first row has {width}")
        unknown = sorted({key for key in row if key not in palette.index_of})
        if unknown:
            raise ArtError(path, number, f"{name!r}: no colour for {' '.join(unknown)}")
    if width > side or len(rows) > side:
        raise ArtError(path, line, f"{name!r}: {width}x{len(rows)} is larger than {side}x{side}")
    if anchor == "tile" and (width, len(rows)) != (side, side):
        raise ArtError(path, line, f"{name!r}: a tile is {side}x{side}, not {width}x{len(rows)}")
    if anchor == "bottom-center" and width % 2:
        raise ArtError(path, line, f"{name!r}: width {width} is odd, so it has no middle")
    indices = [[palette.index_of[key] for key in row] for _, row in rows]
    pixels = np.array(indices, np.uint8)
    if shadow:
        if shadow not in palette.index_of:
            raise ArtError(path, line, f"{name!r}: no colour for shadow {shadow!r}")
        pixels = _drop_shadow(pixels, palette.index_of[shadow])
    return PixelMap(name, anchor, pixels, path, line)


def _drop_shadow(pixels: NDArray[np.uint8], index: int) -> NDArray[np.uint8]:
    """Place a map in an 8x8 cell with a shadow one pixel to the right, below and between."""
    cell = np.zeros((8, 8), np.uint8)
    cell[: pixels.shape[0], : pixels.shape[1]] = pixels
    shade = np.zeros((9, 9), bool)
    for dy, dx in ((0, 1), (1, 0), (1, 1)):
        shade[dy : dy + 8, dx : dx + 8] |= cell > 0
    cell[shade[:8, :8] & (cell == 0)] = index
    return cell


def _derive(
    path: Path, line: int, name: str, rest: str, maps: dict[str, PixelMap], palette: Palette
) -> PixelMap:
    """Make a map from an earlier one by ``mirror``, ``flip`` and ``swap a>b,c>d`` steps."""
    match = _DERIVED.match(rest)
    if match is None:
        raise ArtError(path, line, f"{name!r}: want = [base] steps")
    base = maps.get(match["base"])
    if base is None:
        raise ArtError(path, line, f"{name!r}: no earlier map {match['base']!r}")
    pixels, words = base.pixels, match["steps"].split()
    while words:
        step = words.pop(0)
        if step == "mirror":
            pixels = pixels[:, ::-1]
        elif step == "flip":
            pixels = pixels[::-1]
        elif step == "swap" and words:
            table = np.arange(256, dtype=np.uint8)
            for pair in words.pop(0).split(","):
                old, _, new = pair.partition(">")
                if old not in palette.index_of or new not in palette.index_of:
                    raise ArtError(path, line, f"{name!r}: bad swap {pair!r}")
                table[palette.index_of[old]] = palette.index_of[new]
            pixels = table[pixels]
        else:
            raise ArtError(path, line, f"{name!r}: unknown step {step!r}")
    return PixelMap(name, base.anchor, np.ascontiguousarray(pixels), path, line)
