"""The picture of a session: the game, what is laid over it, and the cards."""

from __future__ import annotations

import numpy as np

from gym_mario_suite.engine.draw import RGB_SHAPE
from gym_mario_suite.play.bindings import Bindings
from gym_mario_suite.play.canvas import Canvas, Pixels
from gym_mario_suite.play.cards import (
    draw_end,
    draw_pause,
    draw_signs,
    draw_title,
    shows_pause_card,
)
from gym_mario_suite.play.looks import LOOKS
from gym_mario_suite.play.session import Session, State


class Painter:
    """Paints sessions into one picture that it keeps.

    Args:
        bindings: The keys that the cards show.
    """

    def __init__(self, bindings: Bindings) -> None:
        self._bindings = bindings
        self._canvas = Canvas(np.zeros(RGB_SHAPE, np.uint8))
        self._frames = 0

    def paint(self, session: Session) -> Pixels:
        """The next frame, uint8[240, 320, 3], good until the next call."""
        canvas = self._canvas
        LOOKS[session.episode.kind].paint(canvas, session)
        if session.state is State.TITLE:
            draw_title(canvas, session, self._bindings, self._frames)
        elif session.card_shown:
            draw_end(canvas, session, self._bindings)
        elif shows_pause_card(session):
            draw_pause(canvas, session, self._bindings)
        if session.state is not State.TITLE:
            draw_signs(canvas, session)
        self._frames += 1
        return canvas.pixels
