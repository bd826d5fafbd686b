"""The game's pictures as one PNG with an index, for pages that draw the game themselves."""

from __future__ import annotations

import base64
import struct
import zlib
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

TILE_PX = 16
_COLUMNS = 16


@lru_cache(maxsize=1)
def atlas_sheet() -> dict[str, Any]:
    """The sheet as JSON.

    Returns:
        `png` (data URI; sprites of 32x32 px in rows of 16, tiles of 16x16 px in rows of 32 below
        them), `sprites` (names), `tiles_y`, `tile_names`, `tile_of_id` [theme][tile byte][step],
        `tile_variants` [tile][4], and `skies`, data URIs of the far backdrops, by theme.
    """
    file = resources.files("gym_mario_suite.engine") / "atlas.npz"
    with resources.as_file(file) as path, np.load(path) as stored:
        atlas = {name: stored[name] for name in stored.files}
    palette = atlas["palette"]
    sprites = _rows_of(atlas["sprites"], _COLUMNS)
    tiles = _rows_of(atlas["tiles"], 2 * _COLUMNS)
    return {
        "png": _data_uri(np.concatenate([sprites, tiles]), palette),
        "sprites": [str(name) for name in atlas["sprite_names"]],
        "tiles_y": len(sprites),
        "tile_names": [str(name) for name in atlas["tile_names"]],
        "tile_of_id": atlas["tile_of_id"].tolist(),
        "tile_variants": atlas["tile_variants"].tolist(),
        "skies": [_data_uri(_flat(layers), palette) for layers in atlas["backgrounds"]],
    }


def _flat(layers: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The near layer over the far one."""
    far, near = layers
    return np.where(near != 0, near, far)


def _rows_of(pictures: NDArray[np.uint8], columns: int) -> NDArray[np.uint8]:
    """Square pictures side by side, in rows."""
    count, size, _ = pictures.shape
    rows = -(-count // columns)
    padded = np.zeros((rows * columns, size, size), np.uint8)
    padded[:count] = pictures
    grid = padded.reshape(rows, columns, size, size).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(grid.reshape(rows * size, columns * size))


def _data_uri(pixels: NDArray[np.uint8], palette: NDArray[np.uint8]) -> str:
    return "data:image/png;base64," + base64.b64encode(_png(pixels, palette)).decode()


def _png(pixels: NDArray[np.uint8], palette: NDArray[np.uint8]) -> bytes:
    """An indexed PNG whose colour 0 is transparent."""
    height, width = pixels.shape
    raw = np.zeros((height, width + 1), np.uint8)  # each row begins with its filter, 0
    raw[:, 1:] = pixels
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"PLTE", palette.tobytes()),
            _chunk(b"tRNS", b"\0"),
            _chunk(b"IDAT", zlib.compress(raw.tobytes(), 9)),
            _chunk(b"IEND", b""),
        ]
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)
