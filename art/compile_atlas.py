"""Compile the text pixel maps into the atlas that the renderer loads.

    python art/compile_atlas.py            # write the atlas, its PNG and the contact sheet
    python art/compile_atlas.py --check    # only tell whether the atlas is up to date

The same input gives the same bytes: the zip members carry a fixed date and are written in a fixed
order. `atlas.npz` holds:

=================  =====================================================================
``palette``        uint8[256, 3]; index 0 is transparent
``sprites``        uint8[F, 32, 32]; feet on row 31, the middle between columns 15 and 16
``sprite_names``   unicode[F]
``tiles``          uint8[T, 16, 16]
``tile_names``     unicode[T]
``tile_of_id``     int16[theme, 256, animation step]: index into ``tiles``, -1 is air
``tile_variants``  int16[T, 4]: tiles to choose from by a hash of the cell, else itself
``backgrounds``    uint8[theme, layer (far, near), 240, 640]
``glyphs``         uint8[128, 8, 8] by ASCII code; codes without a picture are empty
``icons``          uint8[I, 8, 8]
``icon_names``     unicode[I]
=================  =====================================================================
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from backgrounds import paint_backgrounds
from contact_sheet import draw_atlas, draw_contact_sheet, encode_png
from numpy.typing import NDArray
from pixelmaps import ArtError, PixelMap, read_lines, read_palette, read_pixel_maps

if TYPE_CHECKING:
    from collections.abc import Mapping

ART = Path(__file__).resolve().parent
ATLAS = ART.parent / "gym_mario_suite" / "engine" / "atlas.npz"
SPRITE_SIDE_PX, TILE_SIDE_PX, GLYPH_SIDE_PX = 32, 16, 8
THEME_LETTERS = "ouc"
ANIMATION_STEPS = 4
VARIANT_SUFFIXES = ("", "_b", "_c")
FALLBACK_TILE = "unknown"

Arrays = dict[str, NDArray]


def build_atlas(art: Path = ART) -> Arrays:
    """Read every art file below `art` and assemble the arrays of ``atlas.npz``.

    Raises:
        ArtError: for any mistake in the files, with file and line.
    """
    palette = read_palette(art / "palette.txt")
    sprites = read_pixel_maps(sorted((art / "sprites").glob("*.txt")), palette)
    tiles = read_pixel_maps(sorted((art / "tiles").glob("*.txt")), palette)
    font = read_pixel_maps([art / "font.txt"], palette)
    icons = read_pixel_maps([art / "icons.txt"], palette)
    for maps, anchor in (
        (sprites, "bottom-center"),
        (tiles, "tile"),
        (font, "glyph"),
        (icons, "glyph"),
    ):
        for each in maps.values():
            if each.anchor != anchor:
                raise ArtError(each.path, each.line, f"{each.name!r} must have anchor={anchor}")
    tile_index = {name: index for index, name in enumerate(tiles)}
    return {
        "palette": palette.rgb,
        "sprites": np.array([_in_sprite_frame(each) for each in sprites.values()]),
        "sprite_names": np.array(list(sprites)),
        "tiles": np.array([each.pixels for each in tiles.values()]),
        "tile_names": np.array(list(tiles)),
        "tile_of_id": _read_tile_ids(art / "tile_ids.txt", tile_index),
        "tile_variants": _tile_variants(tile_index),
        "backgrounds": paint_backgrounds(palette),
        "glyphs": _glyph_table(font),
        "icons": np.array([_in_glyph_cell(each) for each in icons.values()]),
        "icon_names": np.array([name.removeprefix("icon_") for name in icons]),
    }


def encode_npz(arrays: Mapping[str, NDArray]) -> bytes:
    """Write what ``np.load`` reads, with fixed dates and order, so that bytes depend on content."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(array), version=(1, 0))
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, member.getvalue())
    return stream.getvalue()


def is_current(arrays: Mapping[str, NDArray], path: Path) -> bool:
    """Whether the file at `path` holds exactly these arrays (however it was compressed)."""
    if not path.exists():
        return False
    with np.load(path) as stored:
        return set(stored.files) == set(arrays) and all(
            stored[name].dtype == array.dtype and np.array_equal(stored[name], array)
            for name, array in arrays.items()
        )


def _in_sprite_frame(pixel_map: PixelMap) -> NDArray[np.uint8]:
    """Place a map with its bottom-centre at the bottom middle of a 32x32 frame."""
    frame = np.zeros((SPRITE_SIDE_PX, SPRITE_SIDE_PX), np.uint8)
    height, width = pixel_map.pixels.shape
    left = SPRITE_SIDE_PX // 2 - width // 2
    frame[SPRITE_SIDE_PX - height :, left : left + width] = pixel_map.pixels
    return frame


def _in_glyph_cell(pixel_map: PixelMap) -> NDArray[np.uint8]:
    """Place a map in the top left of an 8x8 cell."""
    cell = np.zeros((GLYPH_SIDE_PX, GLYPH_SIDE_PX), np.uint8)
    height, width = pixel_map.pixels.shape
    cell[:height, :width] = pixel_map.pixels
    return cell


def _glyph_table(font: Mapping[str, PixelMap]) -> NDArray[np.uint8]:
    """Index the font by ASCII code; lower case falls back to upper case."""
    table = np.zeros((128, GLYPH_SIDE_PX, GLYPH_SIDE_PX), np.uint8)
    for name, pixel_map in font.items():
        if len(name) != 1:
            raise ArtError(pixel_map.path, pixel_map.line, f"{name!r} is not one character")
        table[ord(name)] = _in_glyph_cell(pixel_map)
    for code in range(ord("a"), ord("z") + 1):
        if not table[code].any():
            table[code] = table[ord(chr(code).upper())]
    return table


def _read_tile_ids(path: Path, tile_index: Mapping[str, int]) -> NDArray[np.int16]:
    """Read ``tile_ids.txt``; returns int16[theme, tile id, animation step]."""
    table = np.full((len(THEME_LETTERS), 256, ANIMATION_STEPS), -1, np.int16)
    table[:, 1:] = tile_index[FALLBACK_TILE]
    for line, text in read_lines(path):
        letters, ids, *names = text.split()
        themes = list(THEME_LETTERS) if letters == "*" else list(letters)
        if not set(themes) <= set(THEME_LETTERS):
            raise ArtError(path, line, f"unknown theme in {letters!r}")
        if len(names) not in (1, ANIMATION_STEPS):
            raise ArtError(path, line, f"want 1 or {ANIMATION_STEPS} pictures, not {len(names)}")
        missing = [name for name in names if name not in tile_index]
        if missing:
            raise ArtError(path, line, f"no tile is called {missing[0]!r}")
        steps = [tile_index[name] for name in names] * (ANIMATION_STEPS // len(names))
        for word in ids.split(","):
            if not word.isdecimal() or not 1 <= int(word) <= 255:
                raise ArtError(path, line, f"{word!r} is not a tile id from 1 to 255")
            for theme in themes:
                table[THEME_LETTERS.index(theme), int(word)] = steps
    return table


def _tile_variants(tile_index: Mapping[str, int]) -> NDArray[np.int16]:
    """For each tile the four it may be swapped with: itself, or itself, ``_b`` and ``_c``."""
    table = np.empty((len(tile_index), 4), np.int16)
    for name, index in tile_index.items():
        family = [tile_index[name + end] for end in VARIANT_SUFFIXES if name + end in tile_index]
        table[index] = [family[slot % len(family)] for slot in range(4)]
        assert family[0] == index
    return table


def _write(path: Path, content: bytes) -> None:
    """Replace a file in one step, so that no reader sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(description="Compile the text pixel maps.")
    parser.add_argument("--art", type=Path, default=ART, help="folder of the text maps")
    parser.add_argument("--atlas", type=Path, default=ATLAS, help="the .npz to write")
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if out of date")
    options = parser.parse_args(arguments)
    try:
        arrays = build_atlas(options.art)
    except ArtError as error:
        print(error, file=sys.stderr)
        return 2
    if options.check:
        current = is_current(arrays, options.atlas)
        print(f"{options.atlas}: {'up to date' if current else 'out of date'}")
        return 0 if current else 1
    content = encode_npz(arrays)
    _write(options.atlas, content)
    _write(options.art / "atlas.png", encode_png(draw_atlas(arrays)))
    _write(options.art / "contact_sheet.png", encode_png(draw_contact_sheet(arrays)))
    print(
        f"{options.atlas}: {len(content)} bytes, crc {zlib.crc32(content):08x}, "
        f"{len(arrays['sprites'])} sprites, {len(arrays['tiles'])} tiles"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
