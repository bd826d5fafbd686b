"""The pictures of the game, prepared for each view.

`atlas.npz` holds palette indices (see `art/compile_atlas.py`). The renderer wants bytes that it can
put down as they are: three per pixel for the RGB views, one for the grey view, at full or half
size. A `View` has them, with how much of what lies below each byte keeps: a byte of the screen
becomes ``ink + below * (keep + 1) // 256``. At half size a pixel is the mean of four, and `keep`
the share of the transparent ones among them.

Pictures are numbered the same in all views:

* frame f of `FRAMES`, looking right: 2 f, looking left: 2 f + 1
* character c of the font: `GLYPHS` + c
* icon i of `ICONS`: `ICON_PICTURES` + i
* piece i of `GOAL_PIECES`: `GOAL_PICTURES` + i
* then the tiles, which only the table `AT_TILES` refers to
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.tiles import LIKENESS_2009, TILE_PX, Tile, Tile2019
from gym_mario_suite.engine.world import MAX_PLAYERS, SCREEN_HEIGHT_PX, SCREEN_WIDTH_PX

THEMES = 3
PLAYER_POSES = (
    *("stand", "walk_0", "walk_1", "walk_2", "run_0", "run_1", "run_2", "jump", "fall", "skid"),
    *("duck", "carry_stand", "carry_walk_0", "carry_walk_1", "slide", "dead"),
)
PLAYER_FRAMES = tuple(
    f"{mode}_{pose}" for mode in ("small", "large", "fire") for pose in PLAYER_POSES
)
FRAMES = (
    *PLAYER_FRAMES,
    *("goomba_0", "goomba_1", "goomba_flat", "red_koopa_0", "red_koopa_1"),
    *("green_koopa_0", "green_koopa_1", "shell_0", "shell_1", "shell_2", "shell_3"),
    *("spiky_0", "spiky_1", "wing_0", "wing_1", "flower_0", "flower_1", "flower_stem"),
    *("bullet_bill", "mushroom", "mushroom_life", "fire_flower_0", "fire_flower_1"),
    *("fireball_0", "fireball_1", "fireball_2", "fireball_3"),
    *("coin_pop_0", "coin_pop_1", "coin_pop_2", "coin_pop_3", "particle_brick"),
    *("sparkle_0", "sparkle_1", "sparkle_2", "sparkle_3", "puff_0", "puff_1", "puff_2"),
    # The other players, in other colours.
    *(f"player_{p}_{name}" for p in range(2, MAX_PLAYERS + 1) for name in PLAYER_FRAMES),
)
ICONS = ("coin", "stomp", "clock", "small", "large", "fire")
GOAL_PIECES = ("goal_base", "goal_pole", "goal_flag_0", "goal_flag_1", "goal_top")
# A pose that has no picture of its own.
_STAND_INS = {
    f"{prefix}small_duck": f"{prefix}small_stand"
    for prefix in ("", *(f"player_{p}_" for p in range(2, MAX_PLAYERS + 1)))
}

GLYPHS = 2 * len(FRAMES)
ICON_PICTURES = GLYPHS + 128
GOAL_PICTURES = ICON_PICTURES + len(ICONS)
_FIRST_TILE = GOAL_PICTURES + len(GOAL_PIECES)
NO_PICTURE = -1
_UNDRAWN_TILES = ("hidden",)

# Header of `View.table`.
SHIFT = 0  # 1 at half size
CHANNELS = 1
WIDTH_PX = 2
HEIGHT_PX = 3
PITCH = 4  # bytes from one row of the frame to the next
ORIGIN = 5  # byte of the top left pixel: the frame has margins
FRAME_BYTES = 6
AT_PICTURES = 7
AT_TILES = 8  # [rules, theme, tile byte, 4 * animation step + variant]: picture
AT_BACKDROP = 9  # [theme, row]: four numbers
_HEADER = 16

# A picture's numbers.
PICTURE_NUMBERS = 8
PICTURE_AT = 0  # byte in `ink` and `keep`
PICTURE_ROWS = 1
PICTURE_WORDS = 2  # of 8 bytes, in a row
PICTURE_LEFT = 3  # px of the view from the picture's origin
PICTURE_TOP = 4
PICTURE_OPAQUE = 5

# A row of the backdrop.
BACKDROP_NUMBERS = 4
FAR_AT = 0
NEAR_AT = 1  # -1: nothing there
NEAR_OPAQUE = 2

# Where the table of the 2019 rules has the picture of ground with no ground above.
GROUND_TOP_2019 = 255
_GROUND_TOPS = (129, 141, 137)  # by theme
TILE_STEPS = 4
TILE_VARIANTS = 4
MARGIN_PX = 40  # of the frame, on all sides; no picture is larger
BACKDROP_WIDTH_PX = 640  # then it repeats

_WORD = 8


class View(NamedTuple):
    """What the compiled drawing functions need for one size and colour depth.

    Attributes:
        ink: Colour bytes of the pictures and the backdrops, already times their opacity.
        keep: How much of what is below shows, 0 to 255; as far as anything is translucent.
        table: Header, then the tables of pictures, tiles and backdrop rows.
    """

    ink: NDArray[np.uint8]
    keep: NDArray[np.uint8]
    table: NDArray[np.int32]


class Views(NamedTuple):
    """The three views of the game."""

    rgb: View
    rgb_half: View
    grey_half: View


@lru_cache(maxsize=1)
def load_views() -> Views:
    """The prepared pictures; made at the first call, then shared (read-only)."""
    with np.load(Path(__file__).with_name("atlas.npz")) as stored:
        atlas = {name: stored[name] for name in stored.files}
    colours = atlas["palette"].astype(np.int64)
    # Luma of ITU-R BT.601 in 256ths.
    grey = (colours @ np.array([77, 150, 29]) + 128) >> 8
    return Views(
        _ViewMaker(atlas, colours, 0).make(),
        _ViewMaker(atlas, colours, 1).make(),
        _ViewMaker(atlas, grey[:, None], 1).make(),
    )


def atlas_picture(number: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_], int, int]:
    """A picture at full size: colours, uint8[h, w, 3], where it is solid, its left and top px."""
    view = load_views().rgb
    at = int(view.table[AT_PICTURES]) + PICTURE_NUMBERS * number
    numbers = view.table[at : at + PICTURE_NUMBERS].tolist()
    rows, row_bytes = numbers[PICTURE_ROWS], 8 * numbers[PICTURE_WORDS]
    columns = row_bytes // 3
    part = slice(numbers[PICTURE_AT], numbers[PICTURE_AT] + rows * row_bytes)
    ink, keep = (
        channel[part].reshape(rows, row_bytes)[:, : 3 * columns].reshape(rows, columns, 3)
        for channel in (view.ink, view.keep)
    )
    return ink, keep[..., 0] == 0, numbers[PICTURE_LEFT], numbers[PICTURE_TOP]


class _ViewMaker:
    """Collects the bytes and numbers of one view."""

    def __init__(self, atlas: dict[str, NDArray[Any]], colours: NDArray[Any], shift: int) -> None:
        self.atlas = atlas
        self.colours = colours.astype(np.int64)
        self.shift = shift
        self.channels = colours.shape[1]
        self.ink: list[NDArray[np.uint8]] = []
        self.keep: list[NDArray[np.uint8]] = []
        self.used = 0
        self.pictures: list[list[int]] = []

    def make(self) -> View:
        atlas = self.atlas
        sprite = {str(name): i for i, name in enumerate(atlas["sprite_names"])}
        icon = {str(name): i for i, name in enumerate(atlas["icon_names"])}
        tile = {str(name): i for i, name in enumerate(atlas["tile_names"])}
        for name in FRAMES:
            pixels = atlas["sprites"][sprite[_STAND_INS.get(name, name)]]
            self._add(pixels, self.shift)
            self._add(pixels[:, ::-1], self.shift)
        # Text keeps its size in the half-size views: smaller than 8x8 nobody can read it.
        for pixels in atlas["glyphs"]:
            self._add(pixels, 0)
        for name in ICONS:
            self._add(atlas["icons"][icon[name]], 0)
        for name in GOAL_PIECES:
            self._add(atlas["tiles"][tile[name]], self.shift)
        for pixels in atlas["tiles"]:
            self._add(pixels, self.shift)
        for part in ("pipe_top", "pipe"):
            left, right = (atlas["tiles"][tile[f"{part}_{side}"]] for side in ("left", "right"))
            narrow = np.concatenate([left[:, : TILE_PX // 2], right[:, TILE_PX // 2 :]], axis=1)
            self._add(narrow, self.shift)
        near = [self._add_backdrop_rows(theme, layer=1) for theme in range(THEMES)]
        keep = np.concatenate(self.keep)
        far = [self._add_backdrop_rows(theme, layer=0) for theme in range(THEMES)]
        rows = np.zeros((THEMES, SCREEN_HEIGHT_PX >> self.shift, BACKDROP_NUMBERS), np.int32)
        for theme in range(THEMES):
            rows[theme, :, FAR_AT] = far[theme][:, 0]
            rows[theme, :, NEAR_AT : NEAR_OPAQUE + 1] = near[theme]
        ink = np.concatenate(self.ink)
        index = self._index(self._tile_table(), rows)
        for array in (ink, keep, index):
            array.setflags(write=False)
        return View(ink, keep, index)

    def _index(self, tiles: NDArray[np.int32], rows: NDArray[np.int32]) -> NDArray[np.int32]:
        header = np.zeros(_HEADER, np.int32)
        pictures = np.array(self.pictures, np.int32)
        width = SCREEN_WIDTH_PX >> self.shift
        height = SCREEN_HEIGHT_PX >> self.shift
        pitch = (width + 2 * MARGIN_PX) * self.channels
        header[SHIFT] = self.shift
        header[CHANNELS] = self.channels
        header[WIDTH_PX] = width
        header[HEIGHT_PX] = height
        header[PITCH] = pitch
        header[ORIGIN] = MARGIN_PX * pitch + MARGIN_PX * self.channels
        header[FRAME_BYTES] = pitch * (height + 2 * MARGIN_PX)
        header[AT_PICTURES] = _HEADER
        header[AT_TILES] = header[AT_PICTURES] + pictures.size
        header[AT_BACKDROP] = header[AT_TILES] + tiles.size
        return np.concatenate([header, pictures.ravel(), tiles.ravel(), rows.ravel()])

    def _tile_table(self) -> NDArray[np.int32]:
        """Picture of each [rules, theme, tile byte, 4 * step + variant], or NO_PICTURE."""
        of_id = self.atlas["tile_of_id"].astype(np.int32)
        variants = self.atlas["tile_variants"].astype(np.int32)
        names = self.atlas["tile_names"]
        picture = variants + _FIRST_TILE
        picture[np.isin(names, _UNDRAWN_TILES)] = NO_PICTURE
        table = np.where(of_id[..., None] >= 0, picture[of_id], NO_PICTURE).reshape(THEMES, 256, -1)
        table_2019 = table[:, LIKENESS_2009]
        table_2019[:, Tile2019.GROUND] = table[:, Tile.GROUND]
        for theme, top in enumerate(_GROUND_TOPS):
            table_2019[theme, GROUND_TOP_2019] = table[theme, top]
        table_2019[:, Tile2019.GOAL_TOP] = GOAL_PICTURES + GOAL_PIECES.index("goal_top")
        table_2019[:, Tile2019.GOAL_POLE] = GOAL_PICTURES + GOAL_PIECES.index("goal_pole")
        narrow = _FIRST_TILE + len(names)
        table_2019[:, Tile2019.NARROW_PIPE_TOP] = narrow
        table_2019[:, Tile2019.NARROW_PIPE_BODY] = narrow + 1
        return np.stack([table, table_2019])

    def _bytes(
        self, pixels: NDArray[np.uint8], shift: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Ink and keep of a picture, uint8[rows, columns, channels]."""
        solid = (pixels != 0).astype(np.int64)[:, :, None]
        ink = self.colours[pixels] * solid
        if shift:
            rows, columns = pixels.shape
            blocks = (rows // 2, 2, columns // 2, 2, -1)
            ink = (ink.reshape(blocks).sum((1, 3)) + 2) >> 2
            covered = solid.reshape(blocks).sum((1, 3))
        else:
            covered = 4 * solid
        keep = np.maximum(64 * (4 - covered) - 1, 0)
        return ink.astype(np.uint8), np.broadcast_to(keep, ink.shape).astype(np.uint8)

    def _add(self, pixels: NDArray[np.uint8], shift: int) -> None:
        """Add a picture, without its empty border."""
        ink, keep = self._bytes(pixels, shift)
        left = top = 0
        shown = (keep != 255).any(2)
        if shown.any():
            rows = np.flatnonzero(shown.any(1))
            columns = np.flatnonzero(shown.any(0))
            box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            ink, keep = ink[box], keep[box]
            left, top = int(columns[0]), int(rows[0])
        else:
            ink, keep = ink[:0], keep[:0]
        rows = len(ink)
        row_bytes = ink.shape[1] * self.channels
        words = -(-row_bytes // _WORD)
        pad = ((0, 0), (0, words * _WORD - row_bytes))
        opaque = int(not keep.any() and pad[1][1] == 0)
        numbers = [0] * PICTURE_NUMBERS
        numbers[PICTURE_AT] = self.used
        numbers[PICTURE_ROWS] = rows
        numbers[PICTURE_WORDS] = words
        numbers[PICTURE_LEFT] = left
        numbers[PICTURE_TOP] = top
        numbers[PICTURE_OPAQUE] = opaque
        self.pictures.append(numbers)
        self._append(
            np.pad(ink.reshape(rows, row_bytes), pad),
            np.pad(keep.reshape(rows, row_bytes), pad, constant_values=255),
        )

    def _append(self, ink: NDArray[np.uint8], keep: NDArray[np.uint8]) -> int:
        at = self.used
        self.ink.append(ink.ravel())
        self.keep.append(keep.ravel())
        self.used += ink.size
        return at

    def _add_backdrop_rows(self, theme: int, layer: int) -> NDArray[np.int32]:
        """Byte of each row (-1 when empty) and whether it hides all: int32[rows, 2].

        Rows are as long as the backdrop and the screen together, so that one run of bytes can be
        taken from any place.
        """
        ink, keep = self._bytes(self.atlas["backgrounds"][theme, layer], self.shift)
        table = np.empty((len(ink), 2), np.int32)
        extra = (SCREEN_WIDTH_PX >> self.shift) + _WORD * 4
        for y, (ink_row, keep_row) in enumerate(zip(ink, keep, strict=True)):
            if (keep_row == 255).all():
                table[y] = -1, 0
                continue
            table[y] = self.used, not keep_row.any()
            self._append(
                np.concatenate([ink_row, ink_row[:extra]]),
                np.concatenate([keep_row, keep_row[:extra]]),
            )
        return table
