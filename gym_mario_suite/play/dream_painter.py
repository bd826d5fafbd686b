"""The picture of a dream being played: the dream, the engine beside it, the figures below."""

from __future__ import annotations

import numpy as np

from gym_mario_suite.dream.frames import Frames, resized
from gym_mario_suite.engine.draw import Renderer
from gym_mario_suite.engine.world import Status
from gym_mario_suite.play.canvas import CREAM, GOLD, GREEN, GREY, RED, Canvas, Pixels
from gym_mario_suite.play.dream_session import DreamSession

_WIDTH, _HEIGHT = 320, 240
_BAR_PX = 30
_THUMB = 60, 80
_BUTTONS = (("<", 1), (">", 2), ("V", 4), ("JUMP", 8), ("RUN", 16))
_GOOD_PX = 16.0
SIZE_PX = (2 * _WIDTH, _HEIGHT + _BAR_PX)


class DreamPainter:
    """Paints a session into one picture that it keeps, uint8[270, 640, 3]."""

    def __init__(self, session: DreamSession) -> None:
        self._session = session
        self._canvas = Canvas(np.zeros((SIZE_PX[1], SIZE_PX[0], 3), np.uint8))
        self._renderer = Renderer()

    def paint(self) -> Pixels:
        """The next frame, good until the next call."""
        session, canvas = self._session, self._canvas
        canvas.pixels[:] = 0
        beside = session.beside and session.engine is not None
        left = 0 if beside else _WIDTH // 2
        dream = session.frame
        scale = _HEIGHT // dream.shape[0]
        large = dream.repeat(scale, 0).repeat(scale, 1)[:_HEIGHT, :_WIDTH]
        canvas.pixels[:_HEIGHT, left : left + large.shape[1]] = large
        canvas.text(left + 6, 6, "DREAM", GOLD)
        if beside:
            self._paint_engine()
        if session.denoising:
            self._paint_stages(left)
        self._paint_figures(beside)
        if session.ended:
            self._banner(left, "THE DREAM ENDS: ENTER", RED)
        elif session.paused:
            self._banner(left, "PAUSED", CREAM)
        return canvas.pixels

    def _truth(self) -> Frames:
        """The engine's picture at 160x120, as models see it."""
        game = self._session.engine
        assert game is not None
        theme = int(self._session.spawn.origin.get("type", 0))
        return self._renderer.rgb_half(game.image, game.worlds, 0, theme, False)

    def _paint_engine(self) -> None:
        game = self._session.engine
        assert game is not None
        truth = self._truth().repeat(2, 0).repeat(2, 1)
        self._canvas.pixels[:_HEIGHT, _WIDTH:] = truth
        ended = {Status.DEAD: "DEAD", Status.WIN: "WON"}.get(game.status, "")
        self._canvas.text(_WIDTH + 6, 6, f"ENGINE {ended}".rstrip(), GREEN)

    def _paint_stages(self, left: int) -> None:
        """What was expected after each sampling step, in a row at the foot of the dream."""
        for number, stage in enumerate(self._session.stages[-4:]):
            small = resized(stage, *_THUMB)
            x, y = left + number * _THUMB[1], _HEIGHT - _THUMB[0]
            self._canvas.pixels[y : y + _THUMB[0], x : x + _THUMB[1]] = small
            self._canvas.text(x + 2, y + 2, str(number + 1), GOLD)

    def _paint_figures(self, beside: bool) -> None:
        session, canvas = self._session, self._canvas
        x, y = 6, _HEIGHT + 4
        for label, bit in _BUTTONS:
            x = canvas.text(x, y, label, CREAM if session.buttons & bit else GREY) + 6
        canvas.text(x + 10, y, f"TICK {session.ticks}", GREY)
        canvas.text(6, y + 13, f"{session.spawn.name} X{session.pace}".upper()[:32], GREY)
        if session.outcome is not None:
            text = f"END {session.outcome.p_done[0]:.2f} REWARD {session.outcome.reward[0]:+.2f}"
            canvas.text(250, y, text, CREAM)
        if beside:
            error = session.tracking_error_px
            if error is not None:
                canvas.text(
                    250, y + 13, f"OFF BY {error:.0f} PX", GREEN if error <= _GOOD_PX else RED
                )
            truth = resized(self._truth(), *session.frame.shape[:2])
            canvas.text(450, y + 13, f"PSNR {session.picture_error_db(truth):.1f} DB", CREAM)

    def _banner(self, left: int, text: str, colour: tuple[int, int, int]) -> None:
        width = 8 * len(text)
        x = left + (_WIDTH - width) // 2
        self._canvas.panel(x - 8, 100, width + 16, 22)
        self._canvas.text(x, 107, text, colour)
