"""Drawing a world: 320x240 RGB, 160x120 RGB, or 84x84 grey.

The picture is drawn into a frame with margins, in the caller's scratch memory, back to front, and
then goes to the caller's buffer. Nothing is allocated. The half-size views are drawn at half size
from pictures averaged once, with the camera at an even pixel. The grey view is the average of the
half-size frame over the 84x84 squares, so that even a thin coin shows wherever it is.

Drawing only reads the world: what it shows follows from the world's bytes, the level image, the
theme and the HUD switch.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.atlas import (
    AT_BACKDROP,
    BACKDROP_NUMBERS,
    BACKDROP_WIDTH_PX,
    CHANNELS,
    FAR_AT,
    FRAME_BYTES,
    HEIGHT_PX,
    NEAR_AT,
    ORIGIN,
    PITCH,
    THEMES,
    WIDTH_PX,
    View,
    load_views,
)
from gym_mario_suite.engine.compiled import announce_first_compile, inline_jit, jit
from gym_mario_suite.engine.draw_effects import draw_effects
from gym_mario_suite.engine.draw_hud import draw_hud
from gym_mario_suite.engine.draw_sprites import draw_player, draw_sprite, is_behind_tiles, px
from gym_mario_suite.engine.draw_tiles import draw_backdrop, draw_goal, draw_tiles
from gym_mario_suite.engine.draw_words import (
    GROUP_OUTPUTS,
    copy32,
    squeeze_first,
    squeeze_second,
    squeeze_third,
    stack8,
)
from gym_mario_suite.engine.level_image import HEIGHT, RULES, WIDTH, LevelImage
from gym_mario_suite.engine.tiles import TILE_PX
from gym_mario_suite.engine.world import SCREEN_HEIGHT_PX, SCREEN_WIDTH_PX, Rules, Worlds
from gym_mario_suite.errors import OptionError

RGB_SHAPE = (SCREEN_HEIGHT_PX, SCREEN_WIDTH_PX, 3)
RGB_HALF_SHAPE = (SCREEN_HEIGHT_PX // 2, SCREEN_WIDTH_PX // 2, 3)
GRAY84_SHAPE = (84, 84)

_COMPETITION_2009 = int(Rules.COMPETITION_2009)
_RUN = 32
_GRAY_SIDE = 84
_HALF_ROWS = SCREEN_HEIGHT_PX // 2
# Sums of a row: 84 numbers of 16 bits, and room for the last group's unused lane.
_SUMS_PITCH = 2 * (_GRAY_SIDE + 4)
_SUMS_BYTES = _SUMS_PITCH * (_HALF_ROWS + 2)


@jit
def camera_on(image, body):
    """Left and top edge in px of the level of the screen that shows a player's body.

    A level narrower than the screen is centred. Only the 2019 rules, whose levels are usually a row
    higher than this screen, have it follow Mario up and down.
    """
    left = image[WIDTH] * TILE_PX - SCREEN_WIDTH_PX
    if left < 0:
        left >>= 1
    else:
        left = min(max(px(body.x) - SCREEN_WIDTH_PX // 2, 0), left)
    top = np.int64(0)
    if image[RULES] != _COMPETITION_2009:
        lowest = max(image[HEIGHT] * TILE_PX - SCREEN_HEIGHT_PX, 0)
        top = min(max(px(body.y) - SCREEN_HEIGHT_PX // 2, 0), lowest)
    return np.int64(left), np.int64(top)


@inline_jit
def camera(image, world):
    """`camera_on` the first player."""
    return camera_on(image, world.players[0].body)


@jit
def compose(view, frame, image, world, player, theme, hud):
    """Draw everything into the frame, from back to front, as the player of that index sees it."""
    cam = camera_on(image, world.players[player].body)
    clock = np.int64(world.start_time)
    draw_backdrop(view, frame, cam[0], theme)
    for i in range(world.n_sprites):
        s = world.sprites[world.order[i]]
        if is_behind_tiles(s):
            draw_sprite(view, frame, cam, s, clock)
    draw_tiles(view, frame, image, world, cam, theme)
    if image[RULES] == _COMPETITION_2009:
        draw_goal(view, frame, image, world, cam[0])
    for i in range(world.n_sprites):
        s = world.sprites[world.order[i]]
        if not is_behind_tiles(s):
            draw_sprite(view, frame, cam, s, clock)
    for p in range(world.n_players):
        if p != player:
            draw_player(view, frame, cam, world.players[p], clock)
    # Whose screen it is stands before the others.
    draw_player(view, frame, cam, world.players[player], clock)
    draw_effects(view, frame, world, cam)
    if hud:
        draw_hud(view, frame, world, world.players[player])


@jit
def copy_screen(view, frame, out):
    """Copy the screen out of the frame."""
    table = view.table
    row_bytes = table[WIDTH_PX] * table[CHANNELS]
    source = table[ORIGIN]
    target = 0
    for _ in range(table[HEIGHT_PX]):
        for i in range(0, row_bytes, _RUN):
            copy32(out, target + i, frame, source + i)
        source += table[PITCH]
        target += row_bytes


@jit
def shrink_to_84(view, frame, out):
    """Average the grey half-size screen to 84x84."""
    table = view.table
    sums = np.int64(table[FRAME_BYTES])
    source = np.int64(table[ORIGIN])
    target = sums
    for _ in range(_HALF_ROWS):
        for quarter in range(4):
            at = target + quarter * 6 * GROUP_OUTPUTS
            squeeze_first(frame, at, source + quarter * 40)
            squeeze_second(frame, at + 2 * GROUP_OUTPUTS, source + quarter * 40)
            squeeze_third(frame, at + 4 * GROUP_OUTPUTS, source + quarter * 40)
        source += table[PITCH]
        target += _SUMS_PITCH
    # In sevenths of a row, output row y covers [10 y, 10 y + 10).
    for y in range(_GRAY_SIDE):
        row = 10 * y // 7
        top = 7 - (10 * y - 7 * row)
        middle = min(7, 10 - top)
        bottom = 10 - top - middle
        at = sums + row * _SUMS_PITCH
        for x in range(0, _GRAY_SIDE, 8):
            # The last run of eight overlaps the one before.
            x = min(x, _GRAY_SIDE - 8)
            stack8(out, y * _GRAY_SIDE + x, frame, at + 2 * x, _SUMS_PITCH, top, middle, bottom)


@jit
def draw_rgb(view, scratch, image, world, theme, hud, out):
    """Draw `world` at 320x240 in colour, or at 160x120: as the view is.

    Args:
        view: `load_views().rgb` or `load_views().rgb_half`.
        scratch: uint8[scratch_bytes(view)], one for each thread.
        image: The level image.
        world: A `WORLD` record; only read.
        theme: 0 overground, 1 underground, 2 castle.
        hud: Whether to draw the line of figures at the top.
        out: uint8[240, 320, 3] or uint8[120, 160, 3], C-contiguous.
    """
    draw_rgb_of(view, scratch, image, world, 0, theme, hud, out)


@jit
def draw_rgb_of(view, scratch, image, world, player, theme, hud, out):
    """`draw_rgb` as the player of that index sees it."""
    compose(view, scratch, image, world, player, theme, hud)
    copy_screen(view, scratch, out)


@jit
def draw_scenery(view, scratch, image, world, theme, out):
    """`draw_rgb` without players, enemies, effects and figures: backdrop, tiles and goal.

    For worlds of one player under the rules of 2009.
    """
    cam = camera(image, world)
    draw_backdrop(view, scratch, cam[0], theme)
    draw_tiles(view, scratch, image, world, cam, theme)
    draw_goal(view, scratch, image, world, cam[0])
    copy_screen(view, scratch, out)


@jit
def draw_gray84(view, scratch, image, world, theme, hud, out):
    """Draw `world` at 84x84 in grey.

    Args:
        view: `load_views().grey_half`.
        scratch: uint8[scratch_bytes(view)], one for each thread.
        image: The level image.
        world: A `WORLD` record; only read.
        theme: 0 overground, 1 underground, 2 castle.
        hud: Whether to draw the line of figures at the top.
        out: uint8[84, 84], C-contiguous.
    """
    draw_gray84_of(view, scratch, image, world, 0, theme, hud, out)


@jit
def draw_gray84_of(view, scratch, image, world, player, theme, hud, out):
    """`draw_gray84` as the player of that index sees it."""
    compose(view, scratch, image, world, player, theme, hud)
    shrink_to_84(view, scratch, out)


# A compiled function takes an array of worlds from Python much faster than a record.
@jit
def _draw_rgb_at(view, scratch, image, worlds, index, player, theme, hud, out):
    draw_rgb_of(view, scratch, image, worlds[index], player, theme, hud, out)


@jit
def _draw_scenery_at(view, scratch, image, worlds, index, theme, out):
    draw_scenery(view, scratch, image, worlds[index], theme, out)


@jit
def _draw_gray84_at(view, scratch, image, worlds, index, player, theme, hud, out):
    draw_gray84_of(view, scratch, image, worlds[index], player, theme, hud, out)


def scratch_bytes(view: View) -> int:
    """Size of the scratch buffer that drawing in this view needs."""
    return int(view.table[FRAME_BYTES]) + (_SUMS_BYTES if view.table[CHANNELS] == 1 else 0)


class Renderer:
    """Draws worlds from Python; one per thread, because it has the scratch memory.

    Every method takes the level image, an array of worlds and which of them to draw, the theme
    (0 overground, 1 underground, 2 castle), whether to show the line of figures, a C-contiguous
    uint8 buffer to draw into (a new one is made without), and which player's screen it is.

    Raises:
        OptionError: For a theme, index, player or buffer that does not fit.
    """

    def __init__(self) -> None:
        announce_first_compile(_draw_rgb_at)
        self._views = load_views()
        self._scratch = np.zeros(max(map(scratch_bytes, self._views)), np.uint8)

    def rgb(
        self,
        image: LevelImage,
        worlds: Worlds,
        index: int = 0,
        theme: int = 0,
        hud: bool = True,
        out: NDArray[np.uint8] | None = None,
        player: int = 0,
    ) -> NDArray[np.uint8]:
        """The full view, uint8[240, 320, 3]."""
        out = _checked(worlds, index, player, theme, out, RGB_SHAPE)
        _draw_rgb_at(self._views.rgb, self._scratch, image, worlds, index, player, theme, hud, out)
        return out

    def rgb_still(
        self, image: LevelImage, worlds: Worlds, index: int = 0, theme: int = 0
    ) -> NDArray[np.uint8]:
        """`rgb` without figures, over a backdrop that does not move against the level.

        So pictures of neighbouring parts of a level make one picture without seams.
        """
        out = _checked(worlds, index, 0, theme, None, RGB_SHAPE)
        # The Python form of the compiled function takes a record with attributes.
        left = int(camera.py_func(image, worlds.view(np.recarray)[index])[0])
        view = _still_backdrop(self._views.rgb, left, theme)
        _draw_rgb_at(view, self._scratch, image, worlds, index, 0, theme, False, out)
        return out

    def rgb_half(
        self,
        image: LevelImage,
        worlds: Worlds,
        index: int = 0,
        theme: int = 0,
        hud: bool = True,
        out: NDArray[np.uint8] | None = None,
        player: int = 0,
    ) -> NDArray[np.uint8]:
        """The view at half size, uint8[120, 160, 3]."""
        out = _checked(worlds, index, player, theme, out, RGB_HALF_SHAPE)
        view = self._views.rgb_half
        _draw_rgb_at(view, self._scratch, image, worlds, index, player, theme, hud, out)
        return out

    def scenery_half(
        self, image: LevelImage, worlds: Worlds, index: int = 0, theme: int = 0
    ) -> NDArray[np.uint8]:
        """The half-size view without what moves, uint8[120, 160, 3]; see `draw_scenery`."""
        out = _checked(worlds, index, 0, theme, None, RGB_HALF_SHAPE)
        view = self._views.rgb_half
        _draw_scenery_at(view, self._scratch, image, worlds, index, theme, out)
        return out

    def gray84(
        self,
        image: LevelImage,
        worlds: Worlds,
        index: int = 0,
        theme: int = 0,
        hud: bool = True,
        out: NDArray[np.uint8] | None = None,
        player: int = 0,
    ) -> NDArray[np.uint8]:
        """The view for learners, uint8[84, 84], grey."""
        out = _checked(worlds, index, player, theme, out, GRAY84_SHAPE)
        view = self._views.grey_half
        _draw_gray84_at(view, self._scratch, image, worlds, index, player, theme, hud, out)
        return out


def _still_backdrop(view: View, cam: int, theme: int) -> View:
    """A view whose backdrop, drawn at this left edge of the screen, has gone as far as the level.

    See `draw_backdrop` for how far the two layers go by themselves.
    """
    table = view.table.copy()
    at, numbers = int(table[AT_BACKDROP]), int(table[HEIGHT_PX]) * BACKDROP_NUMBERS
    rows = table[at + theme * numbers :][:numbers].reshape(-1, BACKDROP_NUMBERS)
    for layer, gone in ((FAR_AT, cam >> 3), (NEAR_AT, cam * 3 >> 3)):
        there = rows[:, layer] >= 0
        missing = cam % BACKDROP_WIDTH_PX - gone % BACKDROP_WIDTH_PX
        rows[there, layer] += missing * int(table[CHANNELS])
    table.flags.writeable = False  # as the compiled functions know it
    return view._replace(table=table)


def _checked(
    worlds: Worlds,
    index: int,
    player: int,
    theme: int,
    out: NDArray[np.uint8] | None,
    shape: tuple[int, ...],
) -> NDArray[np.uint8]:
    """The buffer to draw into, after a look at the arguments: compiled code does not check."""
    if theme not in range(THEMES):
        raise OptionError(f"theme must be 0 overground, 1 underground or 2 castle, got {theme!r}")
    if not 0 <= index < len(worlds):
        raise OptionError(f"there is no world {index!r}: the array holds {len(worlds)}")
    if not 0 <= player < worlds[index]["n_players"]:
        count = int(worlds[index]["n_players"])
        raise OptionError(f"there is no player {player!r}: {count} play in this world")
    if out is None:
        return np.empty(shape, np.uint8)
    if out.shape != shape or out.dtype != np.uint8 or not out.flags.carray:
        raise OptionError(
            f"out must be a writable C-contiguous uint8 array of shape {shape}, "
            f"got {out.dtype} of shape {out.shape}"
        )
    return out
