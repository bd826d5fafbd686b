"""The screens of the players of a game, each with all players in their colours."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gym_mario_suite.engine.atlas import load_views
from gym_mario_suite.engine.compiled import announce_first_compile, jit
from gym_mario_suite.engine.draw import (
    camera_on,
    compose,
    copy_screen,
    scratch_bytes,
    shrink_to_84,
)
from gym_mario_suite.engine.draw_sprites import draw_player
from gym_mario_suite.multiplayer.party import player_of

VIEWS = ("rgb", "rgb_half", "gray84")


@jit
def _draw_seat(view, frame, images, rows, worlds, themes, seats, game, seat, hud):
    """Draw what a seat sees; players in worlds of their own are put over it as ghosts."""
    image = images[rows[game]]
    at = seats[game, seat, 0]
    world = worlds[at]
    compose(view, frame, image, world, seats[game, seat, 1], themes[game], hud)
    cam = camera_on(image, player_of(worlds, seats, game, seat).body)
    for p in range(seats.shape[1]):
        if seats[game, p, 0] != at:
            other = player_of(worlds, seats, game, p)
            draw_player(view, frame, cam, other, np.int64(world.start_time))


@jit
def _draw_all(
    view, scratch, hud, images, rows, worlds, themes, seats, memory, mask, first, end, small, out
):
    for g in range(first, end):
        for p in range(seats.shape[1]):
            if not mask[g]:
                continue
            if memory[g, p].ended:
                out[g, p] = 0
                continue
            _draw_seat(view, scratch, images, rows, worlds, themes, seats, g, p, hud)
            if small:
                shrink_to_84(view, scratch, out[g, p])
            else:
                copy_screen(view, scratch, out[g, p])


@jit
def _draw_one(view, scratch, hud, images, rows, worlds, themes, seats, game, seat, out):
    _draw_seat(view, scratch, images, rows, worlds, themes, seats, game, seat, hud)
    copy_screen(view, scratch, out)


class PartyPictures:
    """Draws what the players see; one for each thread, because it has the scratch memory.

    Args:
        name: "rgb", "rgb_half" or "gray84".
        hud: Whether to draw the line of figures at the top.
    """

    def __init__(self, name: str, hud: bool) -> None:
        # Both ways of drawing call it; a window only ever takes one of them.
        announce_first_compile(_draw_seat)
        views = load_views()
        self._view = (views.rgb, views.rgb_half, views.grey_half)[VIEWS.index(name)]
        self._small = name == "gray84"
        self._hud = bool(hud)
        self._scratch = np.zeros(scratch_bytes(self._view), np.uint8)

    def __call__(
        self,
        images: NDArray[np.int32],
        rows: NDArray[np.int64],
        worlds: NDArray[np.void],
        themes: NDArray[np.int64],
        seats: NDArray[np.int64],
        memory: NDArray[np.void],
        mask: NDArray[np.bool_],
        first: int,
        end: int,
        out: NDArray[np.uint8],
    ) -> None:
        """Draw the screens of the games `first` .. `end` - 1 where the mask is set."""
        _draw_all(
            self._view,
            self._scratch,
            self._hud,
            images,
            rows,
            worlds,
            themes,
            seats,
            memory,
            mask,
            first,
            end,
            self._small,
            out,
        )

    def one(
        self,
        images: NDArray[np.int32],
        rows: NDArray[np.int64],
        worlds: NDArray[np.void],
        themes: NDArray[np.int64],
        seats: NDArray[np.int64],
        game: int,
        seat: int,
    ) -> NDArray[Any]:
        """The screen of one seat, whether he still plays or not: uint8[240, 320, 3]."""
        out = np.empty((240, 320, 3), np.uint8)
        _draw_one(
            self._view,
            self._scratch,
            self._hud,
            images,
            rows,
            worlds,
            themes,
            seats,
            game,
            seat,
            out,
        )
        return out
